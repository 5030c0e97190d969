//! Commands that people copy into a shell.

/// Returns a text as it is typed in a shell.
pub fn typed(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/.:_-".contains(letter);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
