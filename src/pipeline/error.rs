//! Why a command on a file could not do what it is for, and the way out.

use std::io;

use crate::aws::{AccessError, AwsError};
use crate::events::{Failure, Stage};
use crate::exit;
use crate::journey::{JourneyError, NotMovable};
use crate::plan::SkipReason;
use crate::plan::document::NotADocument;
use crate::plan::explain;
use crate::plan::forms::{NotWritten, Spot, Unusable};
use crate::run::StartError;
use crate::settings::Problems;

/// Why a command on a file could not do what it is for.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("could not read {name}")]
    Read { name: String, source: io::Error },
    #[error("{name} is not UTF-8 text")]
    NotText { name: String },
    #[error("could not make sense of {name}")]
    NotADocument { name: String, source: NotADocument },
    #[error("{name} cannot be used")]
    Unusable { name: String, source: Unusable },
    #[error("{0}")]
    Arguments(String),
    #[error(transparent)]
    Settings(#[from] Problems),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("could not get into AWS")]
    Access(#[source] AccessError),
    /// Each definition that is about, and what of it stands in the way.
    #[error("{}", in_the_way(name, of))]
    Obstacles { name: String, of: Vec<(String, Vec<String>)> },
    #[error("{label} gets no Defender: {}", reason.sentence())]
    LeftAlone { label: String, reason: Box<SkipReason> },
    /// The failure is told with what functions of a template are, and not with what stands for them.
    #[error("could not put today's Defender into {label}")]
    Journey { label: String, failure: Failure },
    #[error("could not write the change of {label}")]
    NotWritten { label: String, source: NotWritten },
    #[error("what was written for {label} is not what it should be; nothing was given out")]
    NotSame { label: String },
    #[error("could not read the task definition {name}")]
    Describe { name: String, source: AwsError },
    #[error("could not register {family}")]
    Register { family: String, source: AwsError },
    #[error("could not move the service {name}, and nothing was registered")]
    NotMovable { name: String, source: NotMovable, hint: String },
    #[error("the service {name} does not run the new revision {to}: {told}")]
    NotUpdated { name: String, to: String, told: String, hint: Option<String> },
    #[error("could not write {name}")]
    Write { name: String, source: io::Error },
}

fn in_the_way(name: &str, of: &[(String, Vec<String>)]) -> String {
    let told =
        of.iter().map(|(label, texts)| format!("{label} in {name} cannot get a Defender as it is written: {}", texts.join("; ")));
    told.collect::<Vec<_>>().join(". ")
}

impl FileError {
    /// Takes why a change could not be written, of whichever definition that is.
    pub(super) fn not_written(spots: &[Spot], source: NotWritten) -> Self {
        let is_about = |spot: &&Spot| matches!(&source, NotWritten::DoesNotFit(error) if spot.holds(error.at()));
        let label = spots.iter().find(is_about).or(spots.first()).map(|spot| spot.label.clone());
        Self::NotWritten { label: label.unwrap_or_default(), source }
    }

    /// Takes why a definition could not be remade.
    pub(super) fn journey(spot: &Spot, error: &JourneyError) -> Self {
        let Failure { stage, causes, hint } = error.failure();
        let causes = causes.iter().map(|cause| spot.readable(cause)).collect();
        let hint = hint.map(|hint| spot.readable(&hint));
        Self::Journey { label: spot.label.clone(), failure: Failure { stage, causes, hint } }
    }

    /// Returns the exit code of a command that ends with this.
    pub fn code(&self) -> u8 {
        match self {
            Self::Read { .. }
            | Self::NotText { .. }
            | Self::NotADocument { .. }
            | Self::Unusable { .. }
            | Self::Arguments(_)
            | Self::Settings(_) => exit::BAD_SETTINGS,
            Self::Start(_) | Self::Access(_) => exit::COULD_NOT_START,
            Self::NotSame { .. } => exit::BUG,
            _ => exit::NOT_ALL,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unusable { source: Unusable::NoDefinition, .. } => Some(
                "give the input of register-task-definition, the output of describe-task-definition, or a template".to_owned(),
            ),
            Self::Read { .. } => {
                Some("give the path of a file, or - for standard input; inspect takes a whole ARN as well".to_owned())
            }
            Self::Start(error) => error.hint(),
            Self::Access(error) => error.hint(),
            Self::Obstacles { .. } => {
                Some("write the list or text itself there, or have the function choose between values in it".to_owned())
            }
            Self::LeftAlone { reason, .. } => Some(explain::after_skipped(reason)),
            Self::Journey { failure, .. } => failure.hint.clone(),
            Self::Describe { source, .. } | Self::Register { source, .. } => source.hint(),
            Self::NotMovable { hint, .. } => Some(hint.clone()),
            Self::NotUpdated { hint, .. } => hint.clone(),
            Self::NotSame { .. } => {
                Some("report it with the form of the file; strip --form register gives the plain form".to_owned())
            }
            _ => None,
        }
    }

    /// Returns what went wrong as it is told.
    pub fn told(&self) -> Failure {
        match self {
            // Its own words are the first cause.
            Self::Start(error) => error.told(),
            Self::Journey { failure, .. } => {
                let causes = std::iter::once(self.to_string()).chain(failure.causes.iter().cloned());
                Failure { causes: causes.collect(), ..failure.clone() }
            }
            error => Failure::new(Stage::Program, error, error.hint()),
        }
    }
}
