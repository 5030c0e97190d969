//! Exit codes: a public contract, since pipelines and alarms look at them.

use crate::events::Counts;

/// Every service in scope is protected, or skipped for a reason.
pub const DONE: u8 = 0;
/// A bug of ours.
pub const BUG: u8 = 1;
/// Bad flags or settings.
pub const BAD_SETTINGS: u8 = 2;
/// The run finished or was interrupted, and something in scope failed or was not attempted.
pub const NOT_ALL: u8 = 3;
/// Could not start: credentials, secret, Console, Organizations.
pub const COULD_NOT_START: u8 = 4;

/// Returns the exit code of a run that started.
pub fn of(counts: &Counts) -> u8 {
    if counts.bugs > 0 {
        BUG
    } else if counts.complete() {
        DONE
    } else {
        NOT_ALL
    }
}
