//! How many services ended how: what the exit code and the last line of a report come from.

use std::fmt;

use super::{Event, Outcome, Protection, RollOut, Stage, Unseen};

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
    /// How much of what is in scope is protected.
    pub coverage: Coverage,
    /// Bugs of ours.
    pub bugs: u64,
    /// Services each of whose tasks shows a connected Defender.
    pub verified: u64,
    /// Services with tasks that show none, and should.
    pub not_connected: u64,
    /// Services of which nobody can tell.
    pub unverified: u64,
    /// Tasks that were looked for, and those of them that show a connected Defender.
    pub tasks_looked_for: u64,
    pub tasks_connected: u64,
}

/// How much of an organization, or of a part of it, is protected.
///
/// The same as [`Protection`] says of single services: **in scope** are the Fargate services that were seen and run; **protected** are those
/// of them that have a Defender at the end, be it today's, an older one or one that somebody else put there. What could not be seen is not
/// in it; the places that failed are told beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    pub protected: u64,
    pub in_scope: u64,
}

impl Coverage {
    /// Counts a service.
    pub fn add(&mut self, outcome: &Outcome) {
        let protection = Protection::of(outcome, false);
        self.protected += u64::from(matches!(protection, Protection::Today | Protection::Other));
        self.in_scope += u64::from(protection != Protection::OutOfScope);
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
        if let Event::Service(ended) = event {
            self.coverage.add(&ended.outcome);
            if let Outcome::Protected { roll_out, .. } | Outcome::Upgraded { roll_out, .. } | Outcome::Undone { roll_out, .. } =
                &*ended.outcome
            {
                self.under_way += u64::from(*roll_out != RollOut::Done);
            }
        }
        if let Event::Verified(verified) = event {
            self.tasks_looked_for += u64::from(verified.connections.tasks().unwrap_or(0));
            self.tasks_connected += u64::from(verified.connections.connected);
        }
        if let Event::Unverified { services, .. } = event {
            self.unverified += *services as u64;
        }
        let counter = match event {
            Event::Verified(verified) if verified.connections.is_whole() => &mut self.verified,
            Event::Verified(verified) if verified.connections.missing > 0 => &mut self.not_connected,
            Event::Verified(_) => &mut self.unverified,
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

    /// Returns how many services the run has changed.
    pub fn changed(&self) -> u64 {
        self.protected + self.upgraded + self.undone
    }

    /// Returns of how many services it was looked, or to be looked, whether their Defenders are connected.
    pub fn services_verified(&self) -> u64 {
        self.verified + self.not_connected + self.unverified
    }

    /// Returns whether everything in scope is protected or skipped for a reason.
    pub fn complete(&self) -> bool {
        self.failed + self.not_attempted + self.unseen_failed + self.unseen_not_attempted + self.bugs == 0
    }
}
