//! Who is protected at the end of a run: what an outcome says of the Defender that a service is left with.

use super::Outcome;
use crate::plan::{Outdated, SkipReason};

/// What a service is left with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protection {
    /// Today's Defender.
    Today,
    /// A Defender that is not today's, or not known to be.
    Other,
    /// No Defender, or none that the run knows of: what failed is not called protected.
    None,
    /// It is no Fargate service that runs, so that no App-Embedded Defender is missing there.
    OutOfScope,
}

impl Protection {
    /// Every state, the best first.
    pub const ALL: [Self; 4] = [Self::Today, Self::Other, Self::None, Self::OutOfScope];

    /// Reads an outcome of a run, or of one that takes Defenders out again.
    pub fn of(outcome: &Outcome, undoes: bool) -> Self {
        match outcome {
            Outcome::Protected { .. } | Outcome::Upgraded { .. } | Outcome::UpToDate { .. } => Self::Today,
            Outcome::Planned { why: Some(_), .. } => Self::Other,
            Outcome::Planned { why: None, .. } if undoes => Self::Other,
            // What could not be taken out is there still.
            Outcome::Failed(_) | Outcome::NotAttempted(_) if undoes => Self::Other,
            Outcome::Planned { .. } | Outcome::Undone { .. } | Outcome::Failed(_) | Outcome::NotAttempted(_) => Self::None,
            Outcome::Skipped(reason) => Self::of_skipped(reason),
        }
    }

    fn of_skipped(reason: &SkipReason) -> Self {
        match reason {
            SkipReason::NotFargate { .. } | SkipReason::NotActive { .. } => Self::OutOfScope,
            SkipReason::UpgradesAreOff { .. }
            | SkipReason::NotOurs
            | SkipReason::AnotherRun
            | SkipReason::SecondDefender
            | SkipReason::UnknownDefender { .. }
            | SkipReason::ManagedByItsOwner { .. } => Self::Other,
            _ => Self::None,
        }
    }

    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Today => "protected",
            Self::Other => "other-defender",
            Self::None => "not-protected",
            Self::OutOfScope => "out-of-scope",
        }
    }

    /// Returns the words for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Today => "protected",
            Self::Other => "another Defender",
            Self::None => "not protected",
            Self::OutOfScope => "not on Fargate",
        }
    }
}

/// What is known of the Defender in a service's tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carries {
    Version(String),
    Nothing,
    Unknown,
}

impl Carries {
    /// Returns a version, `none`, or nothing where it is not known.
    pub fn told(self) -> Option<String> {
        match self {
            Self::Version(version) => Some(version),
            Self::Nothing => Some("none".to_owned()),
            Self::Unknown => None,
        }
    }
}

/// Returns which Defender a service had before the run and has now, as far as its outcome tells; `today` is the one that is embedded.
pub fn versions(outcome: &Outcome, today: Option<&str>, undoes: bool) -> (Carries, Carries) {
    let todays = || today.map_or(Carries::Unknown, |version| Carries::Version(version.to_owned()));
    let installed = |why: &Outdated| match why {
        Outdated::Version { installed, .. } if installed.starts_with(|first: char| first.is_ascii_digit()) => {
            Carries::Version(installed.clone())
        }
        // An image that names no version, or one of another place: which version it was is nobody's to guess.
        Outdated::Version { .. } | Outdated::Image => Carries::Unknown,
        // For any other reason it is replaced by its own version.
        _ => todays(),
    };
    match outcome {
        Outcome::Protected { .. } => (Carries::Nothing, todays()),
        Outcome::Upgraded { why, .. } => (installed(why), todays()),
        Outcome::UpToDate { .. } => (todays(), todays()),
        Outcome::Planned { why: Some(why), .. } | Outcome::Skipped(SkipReason::UpgradesAreOff { outdated: why }) => {
            (installed(why), installed(why))
        }
        Outcome::Undone { .. } => (Carries::Unknown, Carries::Nothing),
        Outcome::Planned { why: None, .. } if !undoes => (Carries::Nothing, Carries::Nothing),
        Outcome::Skipped(SkipReason::NoDefender) => (Carries::Nothing, Carries::Nothing),
        Outcome::Planned { .. } | Outcome::Skipped(_) | Outcome::Failed(_) | Outcome::NotAttempted(_) => {
            (Carries::Unknown, Carries::Unknown)
        }
    }
}
