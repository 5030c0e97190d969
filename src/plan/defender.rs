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
use super::template::Template;
use crate::ids::{AccountId, RegionName};

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
/// Whether the Defender watches the file system, fixed when it is embedded.
pub const FILESYSTEM_MONITORING: &str = "FILESYSTEM_MONITORING";
/// In an application's container: the image it was embedded for.
pub const IMAGE_NAME: &str = "TW_IMAGE_NAME";
/// In an application's container: the name it had when it was embedded.
pub const CONTAINER_NAME_VARIABLE: &str = "TW_CONTAINER_NAME";
/// The family it was embedded for.
pub const FARGATE_TASK: &str = "FARGATE_TASK";
const DEFENDER_TYPE: &str = "DEFENDER_TYPE";
/// The one capability that embedding adds.
pub const CAPABILITY: &str = "SYS_PTRACE";

/// Every variable that any release is known to put into an application's container.
///
/// [`FIPS_ENABLED`], which sidecars carry since 22.12, is not among them: whether it is put there too is not public, applications
/// have variables of that name, and one that the Console does add is written down in a tag like any other that is not known.
/// Source: davidaavilar/fargate-defender, convertTask.py (the first four); uc-cdis/hatchery, prisma.go (the fifth).
pub const APPLICATION_VARIABLES: [&str; 5] =
    [IMAGE_NAME, CONTAINER_NAME_VARIABLE, DEFENDER_TYPE, FARGATE_TASK, FILESYSTEM_MONITORING];

/// Every variable that any release gives the sidecar. Source: as above, and public Terraform of Defender 34_03_138.
const SIDECAR_VARIABLES: [&str; 6] =
    [INSTALL_BUNDLE, DEFENDER_TYPE, FARGATE_TASK, WS_ADDRESS, FILESYSTEM_MONITORING, FIPS_ENABLED];

/// Members of a sidecar that are the Console's alone.
const SIDECAR_MEMBERS: [&str; 8] =
    ["name", "image", "entryPoint", "command", "environment", "healthCheck", "portMappings", "mountPoints"];

/// Members of a sidecar that owners tune, whatever the Console writes there.
const TUNED_MEMBERS: [&str; 6] = ["cpu", "memory", "memoryReservation", "essential", "stopTimeout", "logConfiguration"];

/// Returns whether a member of a sidecar stays when it is replaced by one that has this member or has it not.
pub fn is_tuning(key: &str, written_today: bool) -> bool {
    TUNED_MEMBERS.contains(&key) || !(written_today || SIDECAR_MEMBERS.contains(&key))
}

/// Returns whether a variable of the sidecar is the Defender's, and not its owner's.
pub fn is_sidecar_variable(name: &str) -> bool {
    SIDECAR_VARIABLES.contains(&name)
}

/// Returns whether a variable is one of those that embedding gives to applications, whose values repeat what a definition says
/// elsewhere: names of containers, images and families, or words of the vendor's. Hidden, they would hide what people need to read.
pub fn repeats_names(name: &str) -> bool {
    APPLICATION_VARIABLES.contains(&name)
}

/// Returns a variable of the Defender's that the sidecar has from a secret: the Console writes none, so that its owner did.
pub fn variable_from_secret(sidecar: &Container<'_>) -> Option<&'static str> {
    SIDECAR_VARIABLES.into_iter().find(|name| sidecar.has_secret(name))
}

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
            "name": SAMPLE,
            "image": "sample:1",
            "essential": true,
            "entryPoint": ["/bin/true"],
        }],
    })
}

/// The name of the sample's one container.
const SAMPLE: &str = "sample";

/// How the Console embeds today, besides the image: learnt from the sample, so that what a Console does not do is not missed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// What stands before an application's own entry point, up to and including the pair; an interpreter may come first.
    pub prefix: Vec<String>,
    /// The application's variables by name; of some the value is another in each container.
    pub application_variables: Vec<(String, String)>,
    /// Whether an application's container waits for the sidecar.
    pub waits: bool,
    /// Whether an application's container takes the sidecar's volumes.
    pub shares_volumes: bool,
    /// Whether an application's container may trace processes.
    pub traces: bool,
    /// The sidecar's own [`FILESYSTEM_MONITORING`], if it has one.
    pub monitoring: Option<String>,
    /// Whether the sidecar has [`FIPS_ENABLED`].
    pub knows_fips: bool,
    /// What the sidecar starts.
    pub starts: Vec<String>,
}

impl Manner {
    /// Returns what the sidecar's [`FIPS_ENABLED`] is to be: the setting's value, where the Console knows of it or it is wanted.
    pub fn fips(&self, wanted: bool) -> Option<String> {
        (self.knows_fips || wanted).then(|| wanted.to_string())
    }
}

/// What the Console embeds today. Its image names the registry token and its bundle holds keys, so both are secrets.
#[derive(Clone)]
pub struct DefenderToday {
    image: SecretString,
    /// `DEFENDER_IMAGE`, and the Console's version for it.
    mirror: Option<(Template, String)>,
    bundle: SecretString,
    /// The version its tag names, such as `34.03.138`; a mirrored image may have another kind of tag.
    pub version: Option<String>,
    /// Where it connects to, `wss://host:port`.
    pub ws_address: String,
    /// How it is embedded.
    pub manner: Manner,
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
    /// When the sidecar, its image, its bundle or its address is not there, or the sample is not wrapped.
    pub fn from_sample(answer: &Value) -> Result<Self, NoDefender> {
        let missing = |missing| NoDefender { missing };
        let named = |name: &str| containers_of(answer).find(|container| container.name() == name);
        let sidecar = named(CONTAINER_NAME).ok_or_else(|| missing("container TwistlockDefender"))?;
        let given =
            |text: Option<&str>, what| text.filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(|| missing(what));
        let image = given(Some(sidecar.image()), "Defender image")?;
        let application = named(SAMPLE).ok_or_else(|| missing("container of the sample's"))?;
        Ok(Self {
            version: version_of(&image),
            image: SecretString::from(image),
            mirror: None,
            bundle: SecretString::from(given(sidecar.variable(INSTALL_BUNDLE), "INSTALL_BUNDLE")?),
            ws_address: given(sidecar.variable(WS_ADDRESS), "WS_ADDRESS")?,
            manner: manner(application, sidecar).ok_or_else(|| missing("wrapped entry point"))?,
        })
    }

    /// Has `DEFENDER_IMAGE` filled in for each account and Region. Only for a Console that embedded it in the sample.
    #[must_use]
    pub fn mirrored(self, template: Template, console_version: &str) -> Self {
        Self { mirror: Some((template, console_version.to_owned())), ..self }
    }

    /// Returns the image that is embedded in an account's Region today.
    pub fn image_in(&self, account: &AccountId, region: &RegionName) -> String {
        match &self.mirror {
            Some((template, version)) => template.fill(account, region, version),
            None => self.image.expose_secret().to_owned(),
        }
    }

    /// Returns what `defenderImage` is to be asked of the Console for an account's Region.
    pub fn asked_image(&self, account: &AccountId, region: &RegionName) -> Option<String> {
        self.mirror.as_ref().map(|(template, version)| template.fill(account, region, version))
    }

    /// Returns the version for people: `34.03.138`, or that its tag names none.
    pub fn version_text(&self) -> &str {
        version_text(self.version.as_deref())
    }

    /// Returns whether the sample was embedded with this image.
    pub fn is_image(&self, image: &str) -> bool {
        self.image.expose_secret() == image
    }

    /// Returns the image that the sample was embedded with, the registry token masked.
    pub fn public_image(&self) -> String {
        public_image(self.image.expose_secret())
    }

    /// Returns the values that must never be printed: the image and the bundle.
    pub fn secrets(&self) -> [&str; 2] {
        [self.image.expose_secret(), self.bundle.expose_secret()]
    }
}

/// Returns what a container starts, as far as it says.
pub fn starts(container: &Container<'_>) -> Vec<String> {
    [container.entry_point(), container.command()].concat().into_iter().map(str::to_owned).collect()
}

fn manner(application: Container<'_>, sidecar: Container<'_>) -> Option<Manner> {
    let entry_point = application.entry_point();
    let prefix = entry_point[..wrapped_at(&entry_point)?].iter().map(|word| (*word).to_owned()).collect();
    let variable = |name: &str| Some((name.to_owned(), application.variable(name)?.to_owned()));
    Some(Manner {
        prefix,
        application_variables: APPLICATION_VARIABLES.iter().filter_map(|name| variable(name)).collect(),
        waits: application.waits_for(sidecar.name()),
        shares_volumes: application.takes_volumes_from(sidecar.name()),
        traces: application.has_capability(CAPABILITY),
        monitoring: sidecar.variable(FILESYSTEM_MONITORING).map(str::to_owned),
        knows_fips: sidecar.variable(FIPS_ENABLED).is_some(),
        starts: starts(&sidecar),
    })
}

/// Shows the version and the address only.
impl fmt::Debug for DefenderToday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DefenderToday({}, {})", self.version_text(), self.ws_address)
    }
}

/// Returns whether a certificate with these names is one for this host; one without names tells nothing and is taken for one.
///
/// A name may begin with `*.`, which stands for one label. Source: RFC 6125, section 6.4.3.
pub fn certifies(names: &[String], host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let is_for = |name: &String| {
        let name = name.to_ascii_lowercase();
        let wildcard = name.strip_prefix('*').is_some_and(|rest| {
            rest.len() > 1 && host.split_once('.').is_some_and(|(first, _)| !first.is_empty() && host[first.len()..] == *rest)
        });
        name == host || wildcard
    };
    names.is_empty() || names.iter().any(is_for)
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
    registry_token(image).map_or_else(|| image.to_owned(), |token| image.replace(token, MASK))
}

/// Returns the Defenders' containers, by their name in any position, or by their image if their owner renamed them.
pub fn sidecars_in<Stage>(definition: &TaskDefinition<Stage>) -> impl Iterator<Item = Container<'_>> {
    definition.containers().filter(is_sidecar)
}

/// Returns the Defender's container.
pub fn sidecar_in<Stage>(definition: &TaskDefinition<Stage>) -> Option<Container<'_>> {
    let by_name = definition.containers().find(|container| container.name() == CONTAINER_NAME);
    by_name.or_else(|| sidecars_in(definition).next())
}

fn is_sidecar(container: &Container<'_>) -> bool {
    container.name() == CONTAINER_NAME || IMAGE_MARKERS.iter().any(|marker| container.image().contains(marker))
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

/// What a program that starts others is called when it is a shell, which the vendor's guide has owners of images without one name
/// themselves ("Embed App-Embedded Defender", on INTERPRETER).
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "zsh", "busybox"];

/// Returns what stands before the Defender's own program in what is put before an entry point: an interpreter, or a wrapper of the
/// owner's such as `tini --`.
pub fn before_program<'a>(prefix: &'a [&'a str]) -> &'a [&'a str] {
    &prefix[..prefix.len().saturating_sub(ENTRY_POINT_PAIR.len() + 1)]
}

/// Returns what the Console puts before an entry point with what a container has before the Defender's program until now.
///
/// A wrapper stays. So does an interpreter where the Console names none and its program is a script, which could not start without
/// it in an image without a shell; a program that is no script needs none.
pub fn prefix_with<'a>(todays: &'a [impl AsRef<str>], before: &[&'a str]) -> Vec<&'a str> {
    let todays: Vec<&str> = todays.iter().map(AsRef::as_ref).collect();
    let names_one = !before_program(&todays).is_empty();
    // The Console's is one word, and may be no shell; then it is only known by the one that takes its place.
    let (wrapper, interpreter) = if names_one && before.len() == 1 { (&[][..], before) } else { split(before) };
    let is_script = todays.first().is_some_and(|program| program.ends_with(".sh"));
    let interpreter = if is_script && !names_one { interpreter } else { &[] };
    [wrapper, interpreter, &todays].concat()
}

/// Returns a wrapper of the owner's without the interpreter of the Defender's program.
pub fn wrapper_of<'a>(before: &'a [&'a str]) -> &'a [&'a str] {
    split(before).0
}

fn split<'a, 'b>(before: &'a [&'b str]) -> (&'a [&'b str], &'a [&'b str]) {
    let is_shell = |word: &&str| SHELLS.contains(&word.rsplit('/').next().unwrap_or(word));
    before.split_at(before.len() - usize::from(before.last().is_some_and(is_shell)))
}

/// Returns the token that an image's name has in its path, if it is in the vendor's own registry.
pub fn registry_token(image: &str) -> Option<&str> {
    image.split('/').find(|part| part.starts_with("tw_"))
}

/// Returns whether embedding has touched a container: its entry point is wrapped, or it carries what no one else writes.
pub fn touches(container: &Container<'_>) -> bool {
    let marked = |name: &&str| container.variable(name).is_some();
    wrapped_at(&container.entry_point()).is_some() || [IMAGE_NAME, CONTAINER_NAME_VARIABLE].iter().any(marked)
}

/// Returns the vendor of another agent that wraps this entry point.
pub fn other_agent(entry_point: &[impl AsRef<str>]) -> Option<&'static str> {
    let first = entry_point.first()?.as_ref();
    OTHER_AGENTS.iter().find(|(start, _)| first.starts_with(start)).map(|(_, vendor)| *vendor)
}
