//! Which events are told in a line of their own. All are counted, and told as numbers at the end.
//!
//! A run over a protected organization is told in a few lines, however many services there are: whoever keeps its log pays for each.

use crate::events::{Event, Finding, Outcome, Unseen};
use crate::settings::Verbosity;

/// Returns from which verbosity on an event is told.
pub(super) fn told_from(event: &Event) -> Verbosity {
    match event {
        Event::Service(ended) => match &*ended.outcome {
            Outcome::UpToDate { .. } | Outcome::Skipped(_) if !ended.findings.iter().any(Finding::is_warning) => {
                Verbosity::Verbose
            }
            // They are told together at the end.
            Outcome::NotAttempted(_) => Verbosity::Verbose,
            _ => Verbosity::Quiet,
        },
        Event::Unseen { why, .. } => match why {
            Unseen::NotActive { .. } | Unseen::NotEnabled | Unseen::DeniedByOrganization => Verbosity::Verbose,
            Unseen::Failed(_) | Unseen::NotAttempted => Verbosity::Quiet,
        },
        // What is well is in the summary's numbers.
        Event::Verified(verified) if verified.connections.missing == 0 && verified.connections.unknown == 0 => Verbosity::Verbose,
        // Nothing is known to be wrong.
        Event::Verified(verified) if verified.connections.missing == 0 => Verbosity::Normal,
        Event::Verifying { .. } => Verbosity::Normal,
        Event::Began(_) | Event::UndoBegan(_) | Event::AccountsListed { .. } => Verbosity::Normal,
        Event::AnotherRun { .. }
        | Event::Asking { .. }
        | Event::Warning { .. }
        | Event::Planned(_)
        | Event::Opened(_)
        | Event::Closed(_)
        | Event::KeptOpen(_)
        | Event::Explained(_)
        | Event::Bug { .. }
        | Event::Stopping { .. }
        | Event::Verified(_)
        | Event::Unverified { .. } => Verbosity::Quiet,
    }
}
