//! Why a run could not start, and the way out.

use crate::aws::AccessError;
use crate::aws::secrets::SecretError;
use crate::console::ConsoleError;
use crate::events::{Failure, Stage};
use crate::walk::AccountsError;

/// Why a run could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("could not get into AWS")]
    Access(#[source] AccessError),
    #[error("{what} needs AWS, and there are no credentials for it")]
    NoAws { what: &'static str },
    #[error("could not get the Console's address and credentials")]
    Secret(#[source] SecretError),
    #[error("the secret {name} holds a PCC_URL that cannot be used: {problem}")]
    SecretUrl { name: String, problem: String },
    #[error("the secret {name} holds a {setting} that cannot be used: {problem}")]
    SecretHolds { name: String, setting: String, problem: String },
    #[error("{setting} cannot be used: {problem}")]
    Setting { setting: String, problem: String },
    #[error("the Console was asked to embed {asked}, as DEFENDER_IMAGE says, and embedded {embedded}")]
    OtherImage { asked: String, embedded: String },
    #[error("could not make an HTTPS client: {0}")]
    Https(String),
    #[error("could not reach the Console")]
    Ping(#[source] ConsoleError),
    #[error("could not log in to the Console")]
    Login(#[source] ConsoleError),
    #[error("could not learn today's Defender from the Console")]
    Sample(#[source] ConsoleError),
    #[error("could not find out which accounts there are")]
    Accounts(#[source] AccountsError),
    #[error("could not listen for signals")]
    Signals(#[source] std::io::Error),
    #[error("the run was stopped before it began")]
    Interrupted,
    #[error("nobody said yes, so the run ended before it began, and nothing was changed")]
    Declined,
}

impl StartError {
    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Access(error) => error.hint(),
            Self::Secret(error) => error.hint(),
            Self::NoAws { .. } => Some("set AWS_PROFILE or AWS_ACCESS_KEY_ID, and AWS_REGION".to_owned()),
            Self::SecretUrl { .. } => Some("correct PCC_URL in the secret".to_owned()),
            Self::SecretHolds { setting, .. } => Some(format!("correct {setting} in the secret")),
            Self::Setting { .. } => Some("give both DOCKER_USER and DOCKER_PASS, in the environment or in the secret".to_owned()),
            Self::OtherImage { .. } => Some(
                "Consoles before 22.12 do not know that setting; leave it out if tasks can pull the other image, or upgrade the \
                 Console"
                    .to_owned(),
            ),
            Self::Ping(error) | Self::Login(error) | Self::Sample(error) => error.hint(),
            Self::Accounts(error) => error.hint(),
            Self::Declined => Some("answer y to go on, or give --yes, with which no run asks".to_owned()),
            Self::Https(_) | Self::Signals(_) | Self::Interrupted => None,
        }
    }

    /// Returns what went wrong as it is told.
    pub fn told(&self) -> Failure {
        let stage = match self {
            Self::Access(_) | Self::NoAws { .. } => Stage::Access,
            Self::Secret(_) | Self::SecretUrl { .. } | Self::SecretHolds { .. } | Self::Setting { .. } => Stage::Secret,
            Self::Ping(_) | Self::Login(_) | Self::Sample(_) | Self::OtherImage { .. } => Stage::Console,
            Self::Accounts(_) => Stage::Accounts,
            Self::Interrupted | Self::Declined => Stage::Interrupted,
            Self::Https(_) | Self::Signals(_) => Stage::Program,
        };
        Failure::new(stage, self, self.hint())
    }
}
