//! Every fact about the vendor's App-Embedded Defender: its names, its markers, how its version is written.
//!
//! No other file knows them, so that a second embedder is a second file. Sources are the vendor's documentation of
//! `POST /defenders/fargate.json` and "Install App-Embedded Defender for Fargate" (docs.prismacloud.io, read 2026-11), and
//! where they are silent, protected task definitions that their owners published.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::redact::{MASK, Redactor};
use super::task_definition::{Container, TaskDefinition, containers_of};

/// The sidecar's name. Source: the vendor's Fargate guide, "the task should include the TwistlockDefender container".
pub const CONTAINER_NAME: &str = "TwistlockDefender";

/// What every Defender image has in its name, mirrored ones included as long as the repository's path is kept.
const IMAGE_MARKERS: [&str; 2] = ["/twistlock/defender:", "/twistlock/defender@"];

/// The words with which every wrapped entry point goes on after the Defender's path.
/// The path itself changed three times (20.12, 32.x) and may again, so nothing looks at it.
const ENTRY_POINT_PAIR: [&str; 2] = ["fargate", "entrypoint"];

/// Holds certificates and keys of this customer's Console: a secret.
pub const INSTALL_BUNDLE: &str = "INSTALL_BUNDLE";
/// Where the Defender connects to, `wss://host:port`.
pub const WS_ADDRESS: &str = "WS_ADDRESS";
/// Whether the Defender uses validated cryptography; no parameter of the embed call sets it.
pub const FIPS_ENABLED: &str = "FIPS_ENABLED";
/// The one capability that embedding adds.
pub const CAPABILITY: &str = "SYS_PTRACE";

/// First words of the entry points that other vendors' agents put in front of an application's own.
///
/// Source: public task definitions, patching scripts and guides that carry each of them, found by the text itself (2026-11).
const OTHER_AGENTS: [(&str, &str); 5] = [
    ("/opt/draios/bin/instrument", "Sysdig"),
    ("/tmp/CrowdStrike/", "CrowdStrike Falcon"),
    ("/.aquasec/bin/microenforcer", "Aqua MicroEnforcer"),
    ("/var/lib/lacework-backup/lacework-sidecar.sh", "Lacework"),
    ("/cws-instrumentation-volume/cws-instrumentation", "Datadog"),
];

/// The task definition that is embedded once at the start of a run, to learn what the Console embeds today.
pub fn sample() -> Value {
    json!({
        "family": "fargate-updater-sample",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{
            "name": "sample",
            "image": "sample:1",
            "essential": true,
            "entryPoint": ["/bin/true"],
        }],
    })
}

/// What the Console embeds today. Its image names the registry token and its bundle holds keys, so both are secrets.
#[derive(Clone)]
pub struct DefenderToday {
    image: SecretString,
    bundle: SecretString,
    /// The version its tag names, such as `34.03.138`; a mirrored image may have another kind of tag.
    pub version: Option<String>,
    /// Where it connects to, `wss://host:port`.
    pub ws_address: String,
}

/// An answer to the embedded sample in which the Defender cannot be found whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the Console's answer to the sample task definition has no {missing}")]
pub struct NoDefender {
    missing: &'static str,
}

impl DefenderToday {
    /// Reads today's Defender from the Console's answer to [`sample`], by name and never by position.
    ///
    /// # Errors
    ///
    /// When the sidecar, its image, its bundle or its address is not there.
    pub fn from_sample(answer: &Value) -> Result<Self, NoDefender> {
        let missing = |missing| NoDefender { missing };
        let sidecar = containers_of(answer)
            .find(|container| container.name() == CONTAINER_NAME)
            .ok_or_else(|| missing("container TwistlockDefender"))?;
        let given =
            |text: Option<&str>, what| text.filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| missing(what));
        let image = given(Some(sidecar.image()), "Defender image")?;
        Ok(Self {
            version: version_of(&image),
            image: SecretString::from(image),
            bundle: SecretString::from(given(sidecar.variable(INSTALL_BUNDLE), "INSTALL_BUNDLE")?),
            ws_address: given(sidecar.variable(WS_ADDRESS), "WS_ADDRESS")?,
        })
    }

    /// Returns the version for people: `34.03.138`, or that its tag names none.
    pub fn version_text(&self) -> &str {
        version_text(self.version.as_deref())
    }

    /// Returns whether this image is the one that is embedded today.
    pub fn is_image(&self, image: &str) -> bool {
        self.image.expose_secret() == image
    }

    /// Returns the values that must never be printed: the image and the bundle.
    pub fn secrets(&self) -> [&str; 2] {
        [self.image.expose_secret(), self.bundle.expose_secret()]
    }
}

/// Shows the version and the address only.
impl fmt::Debug for DefenderToday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DefenderToday({}, {})", self.version_text(), self.ws_address)
    }
}

/// Returns a version for people, known or not.
pub fn version_text(version: Option<&str>) -> &str {
    version.unwrap_or("of unknown version")
}

/// Returns the version that a Defender image's tag names: `…/defender:defender_34_03_138` gives `34.03.138`.
///
/// Source: the vendor's image names; two digits, two digits and three digits, dots written as underscores.
pub fn version_of(image: &str) -> Option<String> {
    let tag = image.rsplit_once("defender_")?.1;
    let parts: Vec<&str> = tag.split('_').collect();
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(number)).then(|| parts.join("."))
}

/// Returns a Defender's image name with the registry token masked.
pub fn public_image(image: &str) -> String {
    let parts: Vec<&str> = image.split('/').map(|part| if part.starts_with("tw_") { MASK } else { part }).collect();
    parts.join("/")
}

/// Returns the Defender's container, by its name in any position, or by its image if its owner renamed it.
pub fn sidecar_in<Stage>(definition: &TaskDefinition<Stage>) -> Option<Container<'_>> {
    let by_name = definition.containers().find(|container| container.name() == CONTAINER_NAME);
    by_name.or_else(|| {
        definition.containers().find(|container| IMAGE_MARKERS.iter().any(|marker| container.image().contains(marker)))
    })
}

/// Returns what hides the Defender's own secrets in texts from elsewhere: its bundle, and its image with the registry token.
pub fn redactor<Stage>(definition: &TaskDefinition<Stage>) -> Redactor {
    let sidecar = sidecar_in(definition);
    let bundle = sidecar.and_then(|sidecar| sidecar.variable(INSTALL_BUNDLE));
    Redactor::hiding(bundle.into_iter().chain(sidecar.map(|sidecar| sidecar.image())))
}

/// Returns where an entry point's own words begin, if a Defender wraps it.
pub fn wrapped_at(entry_point: &[&str]) -> Option<usize> {
    entry_point.windows(2).position(|pair| pair == ENTRY_POINT_PAIR).map(|at| at + ENTRY_POINT_PAIR.len())
}

/// Returns the vendor of another agent that wraps this entry point.
pub fn other_agent(entry_point: &[&str]) -> Option<&'static str> {
    let first = entry_point.first()?;
    OTHER_AGENTS.iter().find(|(start, _)| first.starts_with(start)).map(|(_, vendor)| *vendor)
}
