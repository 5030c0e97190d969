//! What differs between releases of the Console in the task definitions it hands back.
//!
//! The profile is chosen apart from the version a Console reports, so that a version can be raised without changing what
//! embedding looks like, and the other way round.

use serde::{Deserialize, Serialize};

/// The shape of one generation of embedded task definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Profile {
    /// Up to 20.04. Only the prefix is public; the rest is taken from 21.04.
    V20_04,
    /// 20.12 to 22.01.
    V21_04,
    /// 22.06: file-system monitoring, entry point extraction and a health check.
    V22_06,
    /// 22.12 to 31: a Defender image of one's own, and `FIPS_ENABLED`.
    V22_12,
    /// 32 to 34: the prefix is a binary instead of a script.
    #[default]
    V34,
}

/// What a [`Profile`] stands for.
#[derive(Debug)]
pub(super) struct Traits {
    /// The program that starts the customer's own, from the sidecar's volume.
    pub(super) prefix: &'static str,
    /// The sidecar's variables, in the Console's order.
    pub(super) sidecar_variables: &'static [&'static str],
    /// Those appended to every application container, in the Console's order.
    pub(super) application_variables: &'static [&'static str],
    /// Whether the sidecar has a health check.
    pub(super) health_check: bool,
    /// Whether the sidecar says `portMappings: []` instead of nothing.
    pub(super) port_mappings: bool,
    /// What application containers wait for; [`super::Console::dependency`] overrides it.
    pub(super) dependency: &'static str,
    /// The query parameters that exist; others are ignored.
    pub(super) parameters: &'static [&'static str],
}

/// Every parameter, oldest first; a profile knows the first so many of them.
/// Source: PaloAltoNetworks/pan.dev, openapi-specs/compute, `/defenders/fargate.json` of 22.01, 22.06 and 22.12 to 34.04.
const PARAMETERS: [&str; 10] = [
    "consoleaddr",
    "defenderType",
    "interpreter",
    "cloudFormation",
    "filesystemMonitoring",
    "extractEntrypoint",
    "registryType",
    "registryCredentialID",
    "defenderImage",
    "defenderImagePullSecret",
];

/// Source: uc-cdis/hatchery, hatchery/prisma.go (the first five); a public Terraform module with Defender 34_03_138 (all six).
const SIDECAR_VARIABLES: [&str; 6] =
    ["INSTALL_BUNDLE", "DEFENDER_TYPE", "FARGATE_TASK", "WS_ADDRESS", "FILESYSTEM_MONITORING", "FIPS_ENABLED"];

/// Whether `FIPS_ENABLED` is among them in 34 is not public; it is left out.
/// Source: davidaavilar/fargate-defender, convertTask.py (the first four); public Terraform of Defenders from 22.06 on (all).
const APPLICATION_VARIABLES: [&str; 5] =
    ["TW_IMAGE_NAME", "TW_CONTAINER_NAME", "DEFENDER_TYPE", "FARGATE_TASK", "FILESYSTEM_MONITORING"];

/// Source: GitHub issue aws/aws-for-fluent-bit#39 (May 2020).
const PREFIX_20_04: &str = "/twistlock/fargate_defender.sh";

/// Source: erickrazr/PC_AWS_FARGATE_Clouformation, Sample_Protected_Task.yaml; davidaavilar/fargate-defender, convertTask.py.
const PREFIX_20_12: &str = "/var/lib/twistlock/fargate/fargate_defender.sh";

/// The release in which it changed is not public; October 2024 (32.x) is the first sighting.
/// Source: PaloAltoNetworks/pcs-cwp-fargate-deploy, protectFargateTasks.py at 3c5e474.
const PREFIX_32: &str = "/var/lib/twistlock/fargate/defender";

/// Verified for 20.12 to 21.08 only; with the health check of later releases it may be `HEALTHY`.
/// Source: erickrazr/PC_AWS_FARGATE_Clouformation, Sample_Protected_Task.yaml.
const START: &str = "START";

impl Profile {
    /// Every profile, oldest first.
    pub const ALL: [Self; 5] = [Self::V20_04, Self::V21_04, Self::V22_06, Self::V22_12, Self::V34];

    pub(super) fn traits(self) -> Traits {
        let (prefix, sidecar, application, parameters) = match self {
            Self::V20_04 => (PREFIX_20_04, 4, 4, 1),
            Self::V21_04 => (PREFIX_20_12, 4, 4, 3),
            Self::V22_06 => (PREFIX_20_12, 5, 5, 8),
            Self::V22_12 => (PREFIX_20_12, 6, 5, 10),
            Self::V34 => (PREFIX_32, 6, 5, 10),
        };
        Traits {
            prefix,
            sidecar_variables: &SIDECAR_VARIABLES[..sidecar],
            application_variables: &APPLICATION_VARIABLES[..application],
            // First seen in uc-cdis/hatchery, whose variables are those of 22.06.
            health_check: matches!(self, Self::V22_06 | Self::V22_12 | Self::V34),
            // Seen in 34.03.138 only.
            port_mappings: matches!(self, Self::V34),
            dependency: START,
            parameters: &PARAMETERS[..parameters],
        }
    }
}
