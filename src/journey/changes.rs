//! How many services one run may change: `MAX_CHANGES`. What is left of it is shared by all journeys.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::Outcome;
use super::errand::Errand;
use crate::events::{ServiceEnded, Unattempted};

/// The changes that a run may make, and what is left of them.
pub struct Changes {
    most: usize,
    left: AtomicUsize,
}

impl Changes {
    /// Without a bound there are more than anybody has services.
    pub fn at_most(most: Option<usize>) -> Self {
        let most = most.unwrap_or(usize::MAX);
        Self { most, left: AtomicUsize::new(most) }
    }

    /// Returns how many of so many changes may be made, and takes them.
    fn take(&self, wanted: usize) -> usize {
        let before = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(wanted)));
        before.unwrap_or_else(|unchanged| unchanged).min(wanted)
    }

    /// Gives back what was taken and not needed.
    fn give_back(&self, unneeded: usize) {
        self.left.fetch_add(unneeded, Ordering::Relaxed);
    }
}

impl Errand<'_> {
    /// Takes a change for each open service before anything is opened, registered or moved for it, and leaves the services for
    /// which there is none.
    pub(super) fn leave_beyond_most(&mut self) {
        self.taken = self.rules.changes.take(self.open.len());
        let most = self.rules.changes.most;
        for service in self.open.split_off(self.taken) {
            self.end(&service, Outcome::NotAttempted(Unattempted::MostChanges { most }));
        }
    }

    /// Gives the changes back that came to nothing. A move that failed may have been made all the same, and counts.
    pub(super) fn give_back(&self) {
        let is_planned = |ended: &&ServiceEnded| matches!(&*ended.outcome, Outcome::Planned { .. });
        let planned = self.ended.outcomes.iter().filter(is_planned).count();
        self.rules.changes.give_back(self.taken.saturating_sub(self.changed + planned));
    }
}
