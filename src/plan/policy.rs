//! What this run wants of every Defender. Where it is to be wanted is [`super::scope`].

/// The settings that decide what a protected task definition looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// File-system monitoring, fixed when the Defender is embedded (`FS_MONITOR`).
    pub file_system_monitoring: bool,
    /// FIPS mode of the Defender (`FIPS_ENABLED`).
    pub fips: bool,
    /// An extra container port for WAAS (`WAAS_PORT`).
    pub waas_port: Option<u16>,
    /// Whether an older Defender may be replaced (`UPGRADE`).
    pub upgrade: bool,
    /// Whether ARM64 tasks are protected although the vendor lists no support (`ALLOW_ARM64`).
    pub allow_arm64: bool,
    /// How the Console reads an image's entry point from a registry it has not scanned (`REGISTRY_TYPE`).
    pub registry_type: String,
    /// The Console's credential for that registry (`CREDENTIAL_ID`); none stands for the account id of the image's ECR host.
    pub credential_id: Option<String>,
}
