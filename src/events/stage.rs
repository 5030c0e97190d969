//! What fails, and where in a run.

use std::error::Error;

/// What a failure happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Getting into AWS: Region, credentials, the caller's identity.
    Access,
    /// Reading the Console's address and credentials.
    Secret,
    /// Reaching the Console, logging in, learning today's Defender.
    Console,
    /// Finding out which accounts there are.
    Accounts,
    /// Stopped before the walk: by a signal, or by whoever was asked whether to go on.
    Interrupted,
    AssumeRole,
    Regions,
    Clusters,
    Services,
    Look,
    EntryPoint,
    Embed,
    Accept,
    /// Whether the new tasks reach the Console, and can pull the Defender's image.
    Network,
    Register,
    Update,
    /// What became of the service's deployment.
    RollOut,
    /// A bug of ours.
    Program,
}

impl Stage {
    /// Every stage, in the order of a run.
    pub const ALL: [Self; 18] = [
        Self::Access,
        Self::Secret,
        Self::Console,
        Self::Accounts,
        Self::Interrupted,
        Self::AssumeRole,
        Self::Regions,
        Self::Clusters,
        Self::Services,
        Self::Look,
        Self::EntryPoint,
        Self::Embed,
        Self::Accept,
        Self::Network,
        Self::Register,
        Self::Update,
        Self::RollOut,
        Self::Program,
    ];

    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Secret => "secret",
            Self::Console => "console",
            Self::Accounts => "accounts",
            Self::Interrupted => "interrupted",
            Self::AssumeRole => "assume-role",
            Self::Regions => "regions",
            Self::Clusters => "clusters",
            Self::Services => "services",
            Self::Look => "look",
            Self::EntryPoint => "entry-point",
            Self::Embed => "embed",
            Self::Accept => "accept",
            Self::Network => "network",
            Self::Register => "register",
            Self::Update => "update",
            Self::RollOut => "roll-out",
            Self::Program => "program",
        }
    }
}

/// Something that failed: in what, why, and the way out if we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub stage: Stage,
    /// What was attempted, then what it failed from, down to the first cause.
    pub causes: Vec<String>,
    pub hint: Option<String>,
}

impl Failure {
    /// Takes an error and the errors it came from.
    pub fn new(stage: Stage, error: &(dyn Error + 'static), hint: Option<String>) -> Self {
        let mut causes = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { stage, causes, hint }
    }
}
