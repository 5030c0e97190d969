//! Why a job could not be finished: what was attempted, at which stage, and the way out.

use std::collections::BTreeMap;
use std::fmt;

use super::take_back::TakenBack;
use crate::aws::AwsError;
use crate::console::ConsoleError;
use crate::events::{Failure, Outcome, Stage, Unattempted};
use crate::ids::Family;
use crate::network::NetworkError;
use crate::plan::SkipReason;
use crate::plan::accept::Refusal;
use crate::plan::edit::EditError;
use crate::plan::memory;
use crate::registry::ImageError;

/// Why a job could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum JourneyError {
    #[error("ECS names no task definition for the service")]
    NoTaskDefinition,
    #[error("could not read the task definition {name}")]
    Look { name: String, source: AwsError },
    #[error("could not find the entry point of {}", .source.containers())]
    EntryPoint { source: NobodyKnows },
    #[error("DEFENDER_IMAGE names {image}, which is not there, and no task could start with it")]
    NoDefenderImage { image: String, source: Box<ImageError> },
    #[error("could not take the older Defender out of {family}")]
    Strip { family: Family, source: EditError },
    #[error("container {container} is left out, and nothing but its command stood behind the Defender that it had")]
    LostEntryPoint { container: String },
    #[error("could not embed the Defender into {family}")]
    Embed { family: Family, source: ConsoleError },
    #[error("could not accept what the Console made of {family}")]
    Accept { family: Family, source: Refusal },
    #[error("could not put the change into {family}")]
    Edit { family: Family, source: EditError },
    #[error(transparent)]
    Network(Box<NetworkError>),
    #[error("could not read the newest revision of {family}")]
    Newest { family: Family, source: AwsError },
    #[error("could not register the newest code of {family} again, on top of a revision of ours, which no service is moved to")]
    OnTop { family: Family, source: AwsError },
    #[error(
        "could not note on the service that its protection is undone, and the next run would protect it again; it keeps its Defender"
    )]
    Remember { source: AwsError },
    #[error("could not look at the service again before changing it")]
    LookAgain { source: AwsError },
    #[error("ECS did not describe the service again: {reason}")]
    NotDescribed { reason: String },
    #[error("could not register a new revision of {family}")]
    Register { family: Family, source: AwsError },
    #[error("could not deregister {revision}, which no service is to run; what is started by its family's name may get it")]
    Deregister { revision: String, source: AwsError },
    #[error("could not move the service to {revision}{}", if *.in_a_run { "; the next run uses that revision" } else { "" })]
    Update { revision: String, in_a_run: bool, source: AwsError },
    #[error("the roll-out of {to} {}", became(.taken_back))]
    RollOut { to: String, reason: String, taken_back: Box<TakenBack>, unremembered: Option<Box<AwsError>> },
    #[error("the service was moved to {to}, and ECS did not tell what became of that")]
    Unseen { to: String, source: Box<Self> },
}

impl JourneyError {
    fn stage(&self) -> Stage {
        match self {
            Self::NoTaskDefinition
            | Self::Look { .. }
            | Self::LookAgain { .. }
            | Self::NotDescribed { .. }
            | Self::Newest { .. } => Stage::Look,
            Self::EntryPoint { .. } | Self::LostEntryPoint { .. } => Stage::EntryPoint,
            Self::Embed { .. } | Self::NoDefenderImage { .. } => Stage::Embed,
            Self::Accept { .. } | Self::Edit { .. } | Self::Strip { .. } => Stage::Accept,
            Self::Network(_) => Stage::Network,
            Self::Register { .. } | Self::OnTop { .. } | Self::Deregister { .. } => Stage::Register,
            Self::Update { .. } | Self::Remember { .. } => Stage::Update,
            Self::RollOut { .. } | Self::Unseen { .. } => Stage::RollOut,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Look { source, .. } | Self::LookAgain { source } | Self::Newest { source, .. } | Self::Remember { source } => {
                source.hint()
            }
            Self::Register { source, .. }
            | Self::OnTop { source, .. }
            | Self::Deregister { source, .. }
            | Self::Update { source, .. } => source.hint(),
            Self::Network(source) => source.hint(),
            Self::RollOut { taken_back, unremembered, .. } => Some(hint_after(taken_back, unremembered.as_deref())),
            Self::Unseen { .. } => Some("look at the service; the next run judges its roll-out again".to_owned()),
            Self::EntryPoint { source } => source.hint(),
            Self::LostEntryPoint { container } => Some(format!(
                "without an `entryPoint` of its own its image's would come before that command; say in the task definition what \
                 {container} is to start with"
            )),
            Self::NoDefenderImage { .. } => {
                let cache = "if it is a pull-through cache, pull it once";
                Some(format!("copy the Console's Defender image there under this name, or correct DEFENDER_IMAGE; {cache}"))
            }
            Self::Embed { source, .. } => source.hint(),
            Self::Accept { source: Refusal::Additions { .. }, .. } => Some(
                "this version does not know what the Console added; look for a newer one, and report the place named above"
                    .to_owned(),
            ),
            Self::NoTaskDefinition | Self::NotDescribed { .. } | Self::Accept { .. } | Self::Edit { .. } | Self::Strip { .. } => {
                None
            }
        }
    }
}

impl JourneyError {
    /// Returns it for the report.
    pub fn failure(&self) -> Failure {
        Failure::new(self.stage(), self, self.hint())
    }

    /// Returns how the services of the job end with this.
    pub fn outcome(&self, stopping: bool) -> Outcome {
        // A run that is asked to stop gives up waiting. As long as nothing is written, that is no failure of the service.
        let nothing_written = match self {
            Self::Update { source, .. } | Self::Register { source, .. } | Self::OnTop { source, .. } => source.is_throttled(),
            Self::RollOut { .. } | Self::Unseen { .. } => false,
            _ => true,
        };
        if nothing_written && stopping {
            return Outcome::NotAttempted(Unattempted::Stopped);
        }
        if let Self::Accept { source: Refusal::OtherAgent { vendor, .. }, .. } = self {
            return Outcome::Skipped(SkipReason::OtherAgent { vendor: (*vendor).to_owned() });
        }
        let mut failure = self.failure();
        if let Self::RollOut { reason, .. } = self {
            failure.causes.push(reason.clone());
        }
        Outcome::Failed(failure)
    }
}

/// What became of a roll-out that failed, as the end of a sentence.
fn became(taken_back: &TakenBack) -> String {
    match taken_back {
        TakenBack::Done { to, .. } => format!("failed, and the service was put back to {}", to.short()),
        TakenBack::ByEcs => {
            "failed, and ECS put the service back (its circuit breaker or alarm, or somebody who stopped the deployment)"
                .to_owned()
        }
        TakenBack::Overtaken => "failed, and somebody changed the service meanwhile, which was left as it is".to_owned(),
        TakenBack::GoingOn => "failed, and the service is on its way back to what it ran before".to_owned(),
        TakenBack::Refused { to, error } => format!("failed, and the service could not be put back to {to} ({error})"),
        TakenBack::NoWay => "failed, and nobody knows what the service ran before".to_owned(),
        TakenBack::Left => "failed, and the service was left on it (ROLLBACK is false)".to_owned(),
        TakenBack::Unfinished => "has not come to an end, and this run does not follow roll-outs".to_owned(),
    }
}

fn hint_after(taken_back: &TakenBack, unremembered: Option<&AwsError>) -> String {
    if let Some(error) = unremembered.filter(|_| !matches!(taken_back, TakenBack::Refused { .. })) {
        return format!(
            "the service could not be tagged ({error}), so that the next run tries again: put the tag {} on it until the cause is mended",
            memory::SKIP_TAG
        );
    }
    match taken_back {
        TakenBack::Done { .. } | TakenBack::ByEcs | TakenBack::Overtaken | TakenBack::GoingOn => format!(
            "mend the cause, then run with RETRY_FAILED=true or take the tag {} off the service; a new task definition or Defender is \
             tried by itself",
            memory::LEFT_ALONE_TAG
        ),
        TakenBack::Refused { .. } | TakenBack::NoWay | TakenBack::Left | TakenBack::Unfinished => {
            "move the service to a revision that runs, and tag it with fargate-updater:skip until the cause is mended".to_owned()
        }
    }
}

/// Why one container's entry point was not found without the Console's look-up.
#[derive(Clone, Debug)]
pub struct NotFound {
    /// Nothing, when the image was read and says nothing.
    pub registry: Option<ImageError>,
    /// What became of the Console's scan, in words.
    pub scan: &'static str,
}

impl NotFound {
    fn hint(&self) -> String {
        let add = "add `entryPoint` or `command` to the container in the task definition";
        self.registry.as_ref().map_or_else(|| add.to_owned(), ImageError::hint)
    }
}

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.registry {
            Some(error) => write!(f, "{error}; {}", self.scan),
            None => write!(f, "the image names no ENTRYPOINT and no CMD, and the container no command"),
        }
    }
}

/// Containers by name, and why their entry points were not found.
pub(super) type Missed = BTreeMap<String, NotFound>;

/// Entry points that nobody knows: what the registries and the Console's scans had to say, and what the Console answered last.
#[derive(Debug)]
pub struct NobodyKnows {
    missed: Missed,
    answer: Option<Answer>,
}

/// What the Console answered when it was to look entry points up.
#[derive(Debug)]
pub enum Answer {
    Refused(ConsoleError),
    Useless(Refusal),
}

impl NobodyKnows {
    /// The Console was not asked: it cannot know more.
    pub fn unasked(container: &str, not_found: NotFound) -> Self {
        Self { missed: Missed::from([(container.to_owned(), not_found)]), answer: None }
    }

    pub fn asked(missed: Missed, answer: Answer) -> Self {
        Self { missed, answer: Some(answer) }
    }

    fn containers(&self) -> String {
        let names: Vec<&str> = self.missed.keys().map(String::as_str).collect();
        let word = if names.len() == 1 { "container" } else { "containers" };
        format!("{word} {}", names.join(", "))
    }

    fn hint(&self) -> Option<String> {
        let first = self.missed.values().next().map(NotFound::hint)?;
        match &self.answer {
            None => Some(first),
            Some(Answer::Refused(error)) if error.hint().is_some() => error.hint(),
            Some(_) => {
                let console = "have the Console scan the image's registry, or set REGISTRY_TYPE and CREDENTIAL_ID to a credential \
                               of the Console for it";
                Some(format!("{first}; or {console}"))
            }
        }
    }
}

impl fmt::Display for NobodyKnows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<String> = self.missed.values().map(ToString::to_string).collect();
        f.write_str(&each.join("; "))
    }
}

impl std::error::Error for NobodyKnows {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.answer.as_ref()? {
            Answer::Refused(error) => Some(error),
            Answer::Useless(refusal) => Some(refusal),
        }
    }
}
