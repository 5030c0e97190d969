//! Whether an answer to "Go on?" is a yes.

/// Returns whether somebody agrees: `y` or `yes`, in any case. Everything else, no answer included, is a no.
pub fn agrees(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
