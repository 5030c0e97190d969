//! How many services ended how: what the exit code and the last line of a report come from.

use std::fmt;

use super::{Event, Outcome, RollOut, Stage, Unseen};

/// What has been counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub protected: u64,
    pub upgraded: u64,
    pub undone: u64,
    pub planned: u64,
    pub up_to_date: u64,
    pub skipped: u64,
    pub failed: u64,
    pub not_attempted: u64,
    /// Roll-outs that were started and not seen to the end.
    pub under_way: u64,
    /// Accounts, Regions and clusters that failed or were not attempted.
    pub unseen_failed: u64,
    pub unseen_not_attempted: u64,
    /// Bugs of ours.
    pub bugs: u64,
}

/// How much of an organization, or of a part of it, is protected.
///
/// **Protected** is a service that ended protected, upgraded or up to date: it runs today's Defender, or is about to. **In scope** is
/// every service that was seen, those that are skipped too, whatever the reason: whoever reads it wants to know what is not protected,
/// and a service that is skipped with somebody else's Defender, or with an older one, is nothing that this program vouches for. What
/// could not be seen is not in it; the places that failed are told beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub protected: u64,
    pub in_scope: u64,
}

impl Coverage {
    /// Counts a service.
    pub fn add(&mut self, outcome: &Outcome) {
        let is_protected = matches!(outcome, Outcome::Protected { .. } | Outcome::Upgraded { .. } | Outcome::UpToDate { .. });
        self.protected += u64::from(is_protected);
        self.in_scope += 1;
    }

    /// Returns how many services are not protected.
    pub fn missing(self) -> u64 {
        self.in_scope - self.protected
    }

    /// Returns how much is protected in tenths of a percent, rounded down: only all is 1000. There is none of nothing.
    pub fn per_mille(self) -> Option<u64> {
        (self.protected * 1000).checked_div(self.in_scope)
    }
}

/// `66.6%`, or `-` of nothing.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.per_mille() {
            Some(1000) => f.pad("100%"),
            Some(tenths) => f.pad(&format!("{}.{}%", tenths / 10, tenths % 10)),
            None => f.pad("-"),
        }
    }
}

impl Counts {
    /// Counts an event.
    pub fn add(&mut self, event: &Event) {
        if let Event::Service(ended) = event
            && let Outcome::Protected { roll_out, .. } | Outcome::Upgraded { roll_out, .. } | Outcome::Undone { roll_out, .. } =
                &*ended.outcome
        {
            self.under_way += u64::from(*roll_out != RollOut::Done);
        }
        let counter = match event {
            Event::Service(ended) => match &*ended.outcome {
                Outcome::Protected { .. } => &mut self.protected,
                Outcome::Upgraded { .. } => &mut self.upgraded,
                Outcome::Undone { .. } => &mut self.undone,
                Outcome::Planned { .. } => &mut self.planned,
                Outcome::UpToDate { .. } => &mut self.up_to_date,
                Outcome::Skipped(_) => &mut self.skipped,
                Outcome::Failed(failure) => {
                    self.bugs += u64::from(failure.stage == Stage::Program);
                    &mut self.failed
                }
                Outcome::NotAttempted(_) => &mut self.not_attempted,
            },
            Event::Bug { .. } => &mut self.bugs,
            Event::Unseen { why: Unseen::Failed(_), .. } => &mut self.unseen_failed,
            Event::Unseen { why: Unseen::NotAttempted, .. } => &mut self.unseen_not_attempted,
            _ => return,
        };
        *counter += 1;
    }

    /// Returns how many services were seen.
    pub fn services(&self) -> u64 {
        self.protected
            + self.upgraded
            + self.undone
            + self.planned
            + self.up_to_date
            + self.skipped
            + self.failed
            + self.not_attempted
    }

    /// Returns how much of what is in scope is protected.
    pub fn coverage(&self) -> Coverage {
        Coverage { protected: self.protected + self.upgraded + self.up_to_date, in_scope: self.services() }
    }

    /// Returns how many services the run has changed.
    pub fn changed(&self) -> u64 {
        self.protected + self.upgraded + self.undone
    }

    /// Returns whether everything in scope is protected or skipped for a reason.
    pub fn complete(&self) -> bool {
        self.failed + self.not_attempted + self.unseen_failed + self.unseen_not_attempted + self.bugs == 0
    }
}
