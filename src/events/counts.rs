//! How many services ended how: what the exit code and the last line of a report come from.

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

    /// Returns whether everything in scope is protected or skipped for a reason.
    pub fn complete(&self) -> bool {
        self.failed + self.not_attempted + self.unseen_failed + self.unseen_not_attempted + self.bugs == 0
    }
}
