//! What is said of Defenders that are connected, or are not, once the roll-outs are over.

use std::fmt;

use super::ServiceId;
use crate::plan::verify::Connections;

/// What to look at where a task shows no connected Defender.
pub const NOT_CONNECTED_HINT: &str = "a Defender may need longer; if none appears, see whether those tasks reach the address that their \
    Defenders connect to (their network), and whether its name is in the Console's certificate (PCC_SAN)";

/// A service whose tasks' Defenders were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub service: ServiceId,
    pub connections: Connections,
}

/// Why no service could be verified, or not all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// The run was asked to stop.
    Stopped,
    /// The Console does not tell.
    Console { causes: Vec<String>, hint: Option<String> },
    /// One run verifies so many at most.
    TooMany { most: usize },
}

impl Unverified {
    /// Returns a fixed word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Console { .. } => "console",
            Self::TooMany { .. } => "too-many",
        }
    }

    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Console { hint, .. } => hint.as_deref(),
            Self::Stopped | Self::TooMany { .. } => None,
        }
    }
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the run was stopped before the Console had told which Defenders are connected"),
            Self::Console { causes, .. } => f.write_str(&causes.join(": ")),
            Self::TooMany { most } => write!(f, "one run verifies {most} at most"),
        }
    }
}
