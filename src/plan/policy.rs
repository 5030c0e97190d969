//! What this run wants of every Defender. Where it is to be wanted is [`super::scope`].

use super::template::Template;
use crate::ids::{AccountId, RegionName};

/// What is done about a service that its owner puts back to the very revision that we moved it away from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reverted {
    /// It is protected again twice, and then reported.
    #[default]
    Twice,
    /// It is protected again at every run.
    Reprotect,
    /// It is reported.
    Report,
}

impl Reverted {
    /// Returns whether a service that was moved away so often is moved once more.
    pub fn protects_again(self, times: u32) -> bool {
        match self {
            Self::Twice => times < 3,
            Self::Reprotect => true,
            Self::Report => times < 1,
        }
    }
}

/// The settings that decide what a protected task definition looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// File-system monitoring, fixed when the Defender is embedded (`FS_MONITOR`).
    pub file_system_monitoring: bool,
    /// FIPS mode of the Defender (`FIPS_ENABLED`).
    pub fips: bool,
    /// An extra container port for WAAS (`WAAS_PORT`).
    pub waas_port: Option<u16>,
    /// Whether a Defender that is not today's may be replaced (`UPGRADE`).
    pub upgrade: bool,
    /// Whether every Defender is replaced, today's included (`REEMBED`).
    pub reembed: bool,
    /// Whether what was rolled back or undone before is tried again (`RETRY_FAILED`).
    pub retry_failed: bool,
    /// What is done about a service that its owner puts back to the revision that we moved it away from (`REVERTED`).
    pub reverted: Reverted,
    /// Whether ARM64 tasks are protected although the vendor lists no support (`ALLOW_ARM64`).
    pub allow_arm64: bool,
    /// Whether a revision names the images that run where their tags name others by now (`PIN_IMAGES`).
    pub pin_images: bool,
    /// What starts the Defender's program in images without a shell (`INTERPRETER`).
    pub interpreter: Option<String>,
    /// Where Defenders' images are mirrored (`DEFENDER_IMAGE`).
    pub defender_image: Option<Template>,
    /// The secret that they are pulled with (`DEFENDER_IMAGE_PULL_SECRET`).
    pub defender_image_pull_secret: Option<Template>,
    /// How the Console reads an image's entry point from a registry it has not scanned (`REGISTRY_TYPE`); none stands for `aws`,
    /// and for ECR only.
    pub registry_type: Option<String>,
    /// The Console's credential for that registry (`CREDENTIAL_ID`); none stands for the account id of the image's ECR host.
    pub credential_id: Option<String>,
}

impl Policy {
    /// Returns the secret that a mirrored Defender image is pulled with in an account's Region.
    pub fn pull_secret_in(&self, account: &AccountId, region: &RegionName) -> Option<String> {
        // The settings refuse a secret's name with a version in it.
        self.defender_image_pull_secret.as_ref().map(|template| template.fill(account, region, ""))
    }
}
