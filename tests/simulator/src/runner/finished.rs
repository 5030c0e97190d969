//! What a run left behind: its exit, its output, its files; and whether a secret is in there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Places;

/// A program that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finished {
    /// `None` when a signal ended it.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did: 15 after SIGTERM, 9 after SIGKILL.
    pub signal: Option<i32>,
    pub stdout: String,
    /// With a last line by the watchdog when that one ended it.
    pub stderr: String,
    /// Whether the watchdog ended it.
    pub timed_out: bool,
    /// How long it ran; for people, no test should depend on it.
    pub took: Duration,
    pub(super) places: Arc<Places>,
}

impl Finished {
    /// Returns the lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Returns the lines of standard error.
    pub fn error_lines(&self) -> Vec<&str> {
        self.stderr.lines().collect()
    }

    /// Returns the working directory, which goes when the last clone of this does.
    pub fn working_directory(&self) -> &Path {
        self.places.working_directory()
    }

    /// Returns a file the program left in its working directory.
    pub fn file(&self, name: impl AsRef<Path>) -> Option<String> {
        std::fs::read_to_string(self.working_directory().join(name)).ok()
    }

    /// Returns where any of the secrets shows in an output, one text each: the stream, the line and the secret. Nothing is the
    /// only good answer. A secret is also found as JSON would write it, and in an output that breaks it over lines.
    pub fn leaks(&self, secrets: &[String]) -> Vec<String> {
        let mut leaks = Vec::new();
        for (stream, output) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
                leaks.extend(find(output, secret).map(|place| format!("{stream}, {place}: {secret}")));
            }
        }
        leaks
    }
}

/// Returns the first place a secret shows up.
fn find(output: &str, secret: &str) -> Option<String> {
    let escaped = serde_json::Value::from(secret).to_string();
    let escaped = escaped.trim_matches('"');
    let line = output.lines().position(|line| line.contains(secret) || line.contains(escaped));
    if let Some(line) = line {
        return Some(format!("line {}", line + 1));
    }
    // Wrapped output, such as a table's or a help text's. Short words would be found where there is nothing.
    let without_breaks = |text: &str| text.split_whitespace().collect::<String>();
    let secret = without_breaks(secret);
    (secret.len() >= 16 && without_breaks(output).contains(&secret)).then(|| "broken over lines".to_owned())
}
