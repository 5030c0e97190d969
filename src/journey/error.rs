//! Why a job could not be finished: what was attempted, at which stage, and the way out.

use crate::aws::AwsError;
use crate::aws::error::Kind;
use crate::console::ConsoleError;
use crate::events::{Failure, Outcome, Stage};
use crate::ids::Family;
use crate::plan::accept::Refusal;
use crate::plan::edit::EditError;
use crate::plan::entrypoint::CommandOnly;

/// Why a job could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum JourneyError {
    #[error("ECS names no task definition for the service")]
    NoTaskDefinition,
    #[error("could not read the task definition {name}")]
    Look { name: String, source: AwsError },
    #[error("could not find every container's entry point")]
    EntryPoint(#[source] CommandOnly),
    #[error("could not ask the Console about the image {image}")]
    Image { image: String, source: ConsoleError },
    #[error("could not embed the Defender into {family}")]
    Embed { family: Family, looked_up: bool, source: ConsoleError },
    #[error("could not accept what the Console made of {family}")]
    Accept { family: Family, source: Refusal },
    #[error("could not put the change into {family}")]
    Edit { family: Family, source: EditError },
    #[error("could not read the newest revision of {family}")]
    Newest { family: Family, source: AwsError },
    #[error("could not look at the service again before changing it")]
    LookAgain { source: AwsError },
    #[error("ECS did not describe the service again: {reason}")]
    NotDescribed { reason: String },
    #[error("could not register a new revision of {family}")]
    Register { family: Family, source: AwsError },
    #[error("could not move the service to {revision}; the next run uses that revision")]
    Update { revision: String, source: AwsError },
}

impl JourneyError {
    fn stage(&self) -> Stage {
        match self {
            Self::NoTaskDefinition
            | Self::Look { .. }
            | Self::LookAgain { .. }
            | Self::NotDescribed { .. }
            | Self::Newest { .. } => Stage::Look,
            Self::EntryPoint(_) | Self::Image { .. } => Stage::EntryPoint,
            Self::Embed { .. } => Stage::Embed,
            Self::Accept { .. } | Self::Edit { .. } => Stage::Accept,
            Self::Register { .. } => Stage::Register,
            Self::Update { .. } => Stage::Update,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Look { source, .. } | Self::LookAgain { source } | Self::Newest { source, .. } => source.hint(),
            Self::Register { source, .. } | Self::Update { source, .. } => source.hint(),
            Self::EntryPoint(_) => {
                Some("add the image's own entry point as `entryPoint` to the container in the task definition".to_owned())
            }
            Self::Embed { looked_up: true, source, .. } if source.hint().is_none() => Some(
                "add `entryPoint` to the containers that have none, or have the Console scan their images' registry, or set \
                 REGISTRY_TYPE and CREDENTIAL_ID to a credential of the Console for it"
                    .to_owned(),
            ),
            Self::Image { source, .. } | Self::Embed { source, .. } => source.hint(),
            Self::Accept { source: Refusal::Additions { .. }, .. } => Some(
                "this version does not know what the Console added; look for a newer one, and report the place named above"
                    .to_owned(),
            ),
            Self::Accept { source: Refusal::NothingToRun { .. }, .. } => {
                Some("add `entryPoint` or `command` to the container in the task definition".to_owned())
            }
            Self::NoTaskDefinition | Self::NotDescribed { .. } | Self::Accept { .. } | Self::Edit { .. } => None,
        }
    }
}

impl JourneyError {
    /// Returns how the services of the job end with this.
    pub fn outcome(&self, stopping: bool) -> Outcome {
        // A run that is asked to stop gives up waiting. As long as nothing is written, that is no failure of the service.
        let nothing_written = match self {
            Self::Update { source, .. } | Self::Register { source, .. } => source.kind() == Kind::Throttled,
            _ => true,
        };
        if nothing_written && stopping {
            return Outcome::NotAttempted;
        }
        Outcome::Failed(Failure::new(self.stage(), self, self.hint()))
    }
}
