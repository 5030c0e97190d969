//! What a run has taken, and whose Defenders it has found connected: for programs by name, for people in words.

use super::totals::{Totals, many};
use crate::events::Counts;
use crate::progress::Spent;
use crate::report::standing::{grouped, throttled};

impl Totals {
    /// Returns all of it by the names that the last line for machines has for it. What is not known is not there.
    pub fn numbers(&self) -> [(&'static str, Option<u64>); 9] {
        let Counts { verified, not_connected, unverified, tasks_looked_for, tasks_connected, .. } = self.counts;
        let spent = |number: fn(&Spent) -> u64| self.spent.as_ref().map(number);
        [
            ("calls", spent(|it| it.calls)),
            ("throttled", spent(|it| it.throttled)),
            ("console_calls", spent(|it| it.console_calls)),
            ("console_throttled", spent(|it| it.console_throttled)),
            ("verified", Some(verified)),
            ("not_connected", Some(not_connected)),
            ("unverified", Some(unverified)),
            ("tasks_looked_for", Some(tasks_looked_for)),
            ("tasks_connected", Some(tasks_connected)),
        ]
    }

    /// Returns how many calls the run has made to AWS, such as `2,310, none of them throttled`.
    pub fn calls_to_aws(&self) -> Option<String> {
        self.spent.map(|it| format!("{}, {}", grouped(it.calls), throttled(it.throttled)))
    }

    /// Returns the same of the Console, if it was asked.
    pub fn calls_to_console(&self) -> Option<String> {
        let asked = self.spent.filter(|it| it.console_calls > 0);
        asked.map(|it| format!("{}, {}", grouped(it.console_calls), throttled(it.console_throttled)))
    }

    /// Returns how many of the tasks that were looked at show a connected Defender, such as `3 of 4 tasks`.
    pub fn connected(&self) -> Option<String> {
        let Counts { tasks_looked_for, tasks_connected, .. } = self.counts;
        let looked = self.counts.services_verified() > 0;
        looked.then(|| format!("{} of {}", grouped(tasks_connected), many(tasks_looked_for, "task")))
    }
}
