//! How services end.

use std::fmt;

use super::Failure;
use crate::ids::TaskDefinitionArn;
use crate::plan::brake::MostFailures;
use crate::plan::{Outdated, SkipReason};

/// How a service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was moved to a revision with the Defender.
    Protected {
        from: TaskDefinitionArn,
        to: TaskDefinitionArn,
        roll_out: RollOut,
    },
    /// It was moved to a revision in which today's Defender stands in the place of another.
    Upgraded {
        from: TaskDefinitionArn,
        to: TaskDefinitionArn,
        why: Outdated,
        roll_out: RollOut,
    },
    /// It was moved back to a revision without a Defender.
    Undone {
        from: TaskDefinitionArn,
        to: TaskDefinitionArn,
        roll_out: RollOut,
    },
    /// It would be moved to another revision, in a run that changes nothing.
    Planned {
        from: TaskDefinitionArn,
        /// Why its Defender would be replaced, if it has one.
        why: Option<Outdated>,
    },
    /// It runs today's Defender already.
    UpToDate {
        task_definition: TaskDefinitionArn,
    },
    Skipped(SkipReason),
    Failed(Failure),
    NotAttempted(Unattempted),
}

/// How far the roll-out of a service is that was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollOut {
    /// Every task runs the new revision.
    Done,
    /// It goes on, and was not watched any longer: it took longer than it may, or the run was stopped.
    Going {
        running: u32,
        desired: u32,
        stopped: bool,
    },
    NotWatched,
}

impl RollOut {
    /// Returns that of a service whose roll-out was not watched any longer because the run was asked to stop.
    pub fn stopped() -> Self {
        Self::Going { running: 0, desired: 0, stopped: true }
    }

    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Going { .. } => "in progress",
            Self::NotWatched => "not watched",
        }
    }
}

impl fmt::Display for RollOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("rolled out"),
            Self::Going { stopped: true, .. } => f.write_str("roll-out still in progress when the run was stopped"),
            Self::Going { running, desired, .. } => {
                write!(f, "roll-out still in progress ({running} of {desired} new tasks run)")
            }
            Self::NotWatched => f.write_str("updated, roll-out not watched"),
        }
    }
}

/// Why a service's turn did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unattempted {
    /// The run was stopped before its turn.
    Stopped,
    /// One of the first roll-outs, the canaries, failed.
    CanaryFailed,
    /// As many roll-outs failed as `MAX_FAILURES` lets one run have.
    TooManyFailures { most: MostFailures },
    /// As many services were changed before as `MAX_CHANGES` lets one run change.
    MostChanges { most: usize },
}

impl Unattempted {
    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::CanaryFailed => "canary-failed",
            Self::TooManyFailures { .. } => "max-failures",
            Self::MostChanges { .. } => "max-changes",
        }
    }
}

impl fmt::Display for Unattempted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the run was stopped before its turn"),
            Self::CanaryFailed => f.write_str("one of the first roll-outs failed, and nothing else is started (CANARY)"),
            Self::TooManyFailures { most } => {
                write!(f, "as many roll-outs failed as may, and nothing new is started (MAX_FAILURES {most})")
            }
            Self::MostChanges { most } => {
                write!(f, "it would be changed, and one run changes {most} at most (MAX_CHANGES); the next run goes on")
            }
        }
    }
}
