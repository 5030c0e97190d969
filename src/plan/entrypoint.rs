//! What each container runs behind the Defender, and where that was found out.
//!
//! A container that says its own `entryPoint` runs that. For one that does not, its image knows: its configuration is asked first,
//! then what an earlier run of ours filled in for the same image, then the Console's scan of it, then what the Console itself can
//! look up while it embeds. **Arguments never move from `command`
//! into `entryPoint`**: scheduled tasks and `run-task` override `command`, and a moved one would run twice. So a scan, which joins
//! ENTRYPOINT and CMD, is of no use to a container that has a command of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::defender;
use super::image::{EcrRegistry, Runs};
use super::memory;
use super::policy::Policy;
use super::strip::Earlier;
use super::task_definition::{Container, TaskDefinition};

/// The containers of a definition that are put under the Defender: all but log routers and those that their owner left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    wrapped: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl Selection {
    /// Chooses; `skipped` names containers that the services leave out, beside those that the definition's own tag names.
    ///
    /// ECS starts a log router before the containers that log through it. One behind the Defender would wait for it, and the
    /// Defender may log through the router (aws/aws-for-fluent-bit#39).
    pub fn of<Stage>(definition: &TaskDefinition<Stage>, skipped: &BTreeSet<String>) -> Self {
        let by_tag = memory::skipped_containers(definition.tags());
        let sidecar = defender::sidecar_in(definition).map(|sidecar| sidecar.name());
        let wrapped = definition.containers().filter(|container| {
            let name = container.name();
            !(container.is_log_router() || skipped.contains(name) || by_tag.contains(name) || sidecar == Some(name))
        });
        let wrapped = wrapped.map(|container| container.name().to_owned()).collect();
        let is_known = |name: &String| definition.containers().any(|container| container.name() == name);
        let unknown = skipped.iter().chain(&by_tag).filter(|name| !is_known(name)).cloned().collect();
        Self { wrapped, unknown }
    }

    /// Returns whether a container is put under the Defender.
    pub fn wraps(&self, container: &str) -> bool {
        self.wrapped.contains(container)
    }

    /// Returns the names that an owner's tags leave out and that no container has: mistyped ones, as likely as not.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.unknown.iter().map(String::as_str)
    }

    /// Returns whether there is nothing to put under the Defender.
    pub fn is_empty(&self) -> bool {
        self.wrapped.is_empty()
    }
}

/// A container that does not say its entry point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silent {
    pub container: String,
    pub image: String,
    /// Its own command, which may be empty.
    pub command: Vec<String>,
    /// The secret that its image is pulled with.
    pub pull_secret: Option<String>,
}

/// Returns the selected containers that do not say their entry points.
pub fn silent<Stage>(definition: &TaskDefinition<Stage>, selection: &Selection) -> Vec<Silent> {
    let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect();
    let silent = definition.containers().filter(|it| selection.wraps(it.name()) && it.entry_point().is_empty());
    let silent = silent.map(|container: Container<'_>| Silent {
        container: container.name().to_owned(),
        image: container.image().to_owned(),
        command: owned(container.command()),
        pull_secret: container.pull_secret().map(str::to_owned),
    });
    silent.collect()
}

/// Where a container's entry point was found. `joined`: it may be ENTRYPOINT and CMD in one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FoundIn {
    /// The image's configuration, read from its registry.
    Image,
    /// The Console's scan of the image, which joins ENTRYPOINT and CMD.
    Scan,
    /// The Console looked it up while it embedded.
    Console { joined: bool },
    /// What an earlier run filled in for the same image.
    EarlierRevision { joined: bool },
    /// Nothing but its command stood behind an older Defender, and it runs like that.
    Running,
}

impl FoundIn {
    /// Returns whether ENTRYPOINT and CMD may have been joined.
    pub fn is_joined(self) -> bool {
        match self {
            Self::Scan => true,
            Self::Console { joined } | Self::EarlierRevision { joined } => joined,
            Self::Image | Self::Running => false,
        }
    }

    /// Returns whether it is ours and not the container's own.
    pub fn is_filled_in(self) -> bool {
        self != Self::Running
    }
}

impl fmt::Display for FoundIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Image => "the image's configuration",
            Self::Scan => {
                "the Console's scan of the image, which joins ENTRYPOINT and CMD: a task that overrides `command` gets both"
            }
            Self::Console { joined: false } => "the Console, which looked it up",
            Self::Console { joined: true } => {
                "the Console, which looked it up and may have joined ENTRYPOINT and CMD: a task that overrides `command` gets both"
            }
            Self::EarlierRevision { .. } => "the revision it replaces, since the image could not be read again",
            Self::Running => {
                "the revision it replaces, where nothing but its command stood behind the Defender: that is what runs today, and \
                 if the image has an entry point, it has been lost; add it to the task definition to get it back"
            }
        })
    }
}

/// What a container runs behind the Defender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It was found out: what is registered as `entryPoint` behind the prefix, and as `command`.
    Known { runs: Runs, found_in: FoundIn },
    /// The Console is to look it up while it embeds.
    Asked(Lookup),
}

/// The entries of the silent containers by name; every other container says its own.
pub type Entries = BTreeMap<String, Entry>;

impl Entry {
    /// Takes an image's configuration, or nothing when the container would have nothing to run.
    pub fn from_image(silent: &Silent, image: &Runs) -> Option<Self> {
        Self::known(silent, image, FoundIn::Image)
    }

    /// Takes what an earlier run filled in, or nothing when that was nothing, or is of no use like a scan.
    pub fn from_earlier_revision(silent: &Silent, earlier: &Earlier) -> Option<Self> {
        match earlier {
            Earlier::Filled { joined: true, .. } if !silent.command.is_empty() => None,
            Earlier::Filled { runs, joined } => Self::known(silent, runs, FoundIn::EarlierRevision { joined: *joined }),
            Earlier::CommandAlone => None,
        }
    }

    /// Takes what runs behind an older Defender, if that is the container's command and nothing before it: whatever its image
    /// says, another entry point would make it another program.
    pub fn from_command_alone(silent: &Silent, earlier: &Earlier) -> Option<Self> {
        let alone = *earlier == Earlier::CommandAlone;
        alone.then(|| Self::known(silent, &Runs::default(), FoundIn::Running)).flatten()
    }

    /// Takes a scan, or nothing where it is of no use: the container has a command of its own, or the scan is empty.
    pub fn from_scan(silent: &Silent, joined: &[String]) -> Option<Self> {
        if !silent.command.is_empty() {
            return None;
        }
        Self::known(silent, &Runs { entry_point: joined.to_vec(), command: Vec::new() }, FoundIn::Scan)
    }

    fn known(silent: &Silent, found: &Runs, found_in: FoundIn) -> Option<Self> {
        // With an entry point of the task's own Docker forgets the image's CMD; these have none.
        let command = if silent.command.is_empty() { found.command.clone() } else { silent.command.clone() };
        let runs = Runs { entry_point: found.entry_point.clone(), command };
        if runs.is_nothing() { None } else { Some(Self::Known { runs, found_in }) }
    }
}

/// How the Console is to look an entry point up: in its own scans, or in a registry that it has a credential for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lookup {
    pub registry_type: Option<String>,
    pub credential_id: Option<String>,
}

/// What the Console calls ECR among the types of registries.
const ECR: &str = "aws";

/// Returns how the Console can find this image's entry point.
///
/// For ECR the credential is the account id of the image's own host unless a setting names one: that is how the Console names the
/// credentials of imported AWS accounts, as far as the vendor's own tool tells. `aws` is for ECR and nothing else.
pub fn lookup(image: &str, scanned: bool, policy: &Policy) -> Lookup {
    let own = policy.registry_type.as_deref().unwrap_or(ECR);
    match EcrRegistry::of(image) {
        _ if scanned => Lookup::default(),
        Some(ecr) => Lookup {
            registry_type: Some(ECR.to_owned()),
            credential_id: Some(policy.credential_id.clone().filter(|_| own == ECR).unwrap_or_else(|| ecr.account.to_string())),
        },
        None if own == ECR => Lookup::default(),
        None => Lookup { registry_type: Some(own.to_owned()), credential_id: policy.credential_id.clone() },
    }
}
