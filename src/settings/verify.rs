//! Whether and when it is looked whose Defenders are connected.

use std::time::Duration;

use super::reader::Reader;
use crate::cli::Given;

/// How it is verified that Defenders are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifySettings {
    /// A task that is older than this should show its Defender.
    pub connects_after: Duration,
    /// Longest that a run waits for its youngest tasks to be so old.
    pub longest_wait: Duration,
}

/// What is missing is looked for once more after this part of the longest wait.
const RETRY_PART: u32 = 4;

impl VerifySettings {
    /// Returns how long it takes until what is missing is looked for once more.
    pub fn retry_after(&self) -> Duration {
        self.longest_wait / RETRY_PART
    }
}

impl Reader {
    /// Reads whether a run verifies what it has rolled out (`VERIFY`).
    pub(super) fn verify(&mut self, given: &Given) -> Option<VerifySettings> {
        let connects_after = Duration::from_millis(given.connects_after_ms.into());
        let longest_wait = Duration::from_millis(given.verify_wait_ms.into());
        self.boolean("VERIFY", given.verify.clone(), true).then_some(VerifySettings { connects_after, longest_wait })
    }
}
