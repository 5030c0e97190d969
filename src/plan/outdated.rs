//! Is a Defender that is there the one that would be embedded today, in the way it would be? If not, what is different.
//!
//! What is compared is what the Console embeds today ([`DefenderToday`]), never what the settings ask for alone: a Console that
//! does not know a setting must not have its tasks rolled out again at every run. A new install bundle alone is no difference: the
//! Console makes another one at each call.

use std::collections::BTreeSet;

use super::defender::{self, DefenderToday};
use super::entrypoint::Selection;
use super::memory::Record;
use super::policy::Policy;
use super::strip::NamedPorts;
use super::task_definition::{Container, TaskDefinition};
use super::waas;

/// What a definition is held against.
#[derive(Clone, Copy)]
pub struct Measure<'a> {
    pub today: &'a DefenderToday,
    /// Today's image in the definition's account and Region.
    pub image: &'a str,
    pub policy: &'a Policy,
    pub selection: &'a Selection,
    /// What the load balancers and service registries of its services name.
    pub named_ports: &'a NamedPorts,
}

/// Why a Defender is replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outdated {
    Version {
        installed: String,
        today: String,
    },
    /// The same version from another place.
    Image,
    RegistryToken,
    Address {
        today: String,
    },
    Monitoring,
    Fips,
    WaasPort,
    Unwrapped {
        container: String,
    },
    /// It is a log router, or its owner leaves it out now.
    LeftOut {
        container: String,
    },
    /// The program in front of the entry point, or its interpreter, is another one.
    Prefix {
        container: String,
    },
    /// It says an image, a name or a family that is not this container's: somebody copied a protected definition.
    Copied {
        container: String,
        variable: String,
    },
    Wiring {
        container: String,
        missing: String,
    },
    /// `REEMBED` asks for it.
    Asked,
}

impl Outdated {
    /// Returns a fixed word for machines and for counting: `version`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Version { .. } => "version",
            Self::Image => "image",
            Self::RegistryToken => "registry-token",
            Self::Address { .. } => "address",
            Self::Monitoring => "file-system-monitoring",
            Self::Fips => "fips",
            Self::WaasPort => "waas-port",
            Self::Unwrapped { .. } => "unwrapped",
            Self::LeftOut { .. } => "left-out",
            Self::Prefix { .. } => "prefix",
            Self::Copied { .. } => "copied",
            Self::Wiring { .. } => "wiring",
            Self::Asked => "reembed",
        }
    }

    /// Returns the sentence for people, without a full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::Version { installed, today } => format!("it carries Defender {installed}, today's is {today}"),
            Self::Image => "its Defender's image is not the one that is embedded today".into(),
            Self::RegistryToken => "the registry token in its Defender's image has changed".into(),
            Self::Address { today } => format!("its Defender connects elsewhere than to {today}"),
            Self::Monitoring => "its file-system monitoring is not what FS_MONITOR says".into(),
            Self::Fips => "its FIPS mode is not what FIPS_ENABLED says".into(),
            Self::WaasPort => "its WAAS port is not what WAAS_PORT says".into(),
            Self::Unwrapped { container } => format!("its container {container} is not wrapped by the Defender"),
            Self::LeftOut { container } => format!("its container {container} is wrapped by the Defender and must not be"),
            Self::Prefix { container } => format!("its container {container} is started in another way than today"),
            Self::Copied { container, variable } => {
                format!("{variable} of its container {container} names something else: the definition was copied")
            }
            Self::Wiring { container, missing } => format!("its container {container} lacks {missing}"),
            Self::Asked => "REEMBED asks for it".into(),
        }
    }

    /// One of each.
    pub fn examples() -> Vec<Self> {
        let container = || "web".to_owned();
        vec![
            Self::Version { installed: "33.01.137".to_owned(), today: "34.03.138".to_owned() },
            Self::Image,
            Self::RegistryToken,
            Self::Address { today: "wss://us-east1.cloud.twistlock.com:443".to_owned() },
            Self::Monitoring,
            Self::Fips,
            Self::WaasPort,
            Self::Unwrapped { container: container() },
            Self::LeftOut { container: container() },
            Self::Prefix { container: container() },
            Self::Copied { container: container(), variable: defender::IMAGE_NAME.to_owned() },
            Self::Wiring { container: container(), missing: "`volumesFrom` the Defender".to_owned() },
            Self::Asked,
        ]
    }
}

/// Returns why the Defender in a definition is to be replaced, if it is.
pub fn outdated<Stage>(definition: &TaskDefinition<Stage>, sidecar: Container<'_>, measure: &Measure<'_>) -> Option<Outdated> {
    every_reason(definition, sidecar, measure).into_iter().next()
}

/// Returns every reason to replace the Defender in a definition, each once, the one that is told first.
pub fn every_reason<Stage>(definition: &TaskDefinition<Stage>, sidecar: Container<'_>, measure: &Measure<'_>) -> Vec<Outdated> {
    let Measure { today, policy, .. } = *measure;
    let variable = |name| sidecar.variable(name).map(str::to_owned);
    let address = sidecar.variable(defender::WS_ADDRESS).unwrap_or_default();
    let mut reasons: Vec<Outdated> = image(sidecar.image(), measure.image).into_iter().collect();
    if address != today.ws_address {
        reasons.push(Outdated::Address { today: today.ws_address.clone() });
    }
    if variable(defender::FILESYSTEM_MONITORING) != today.manner.monitoring {
        reasons.push(Outdated::Monitoring);
    }
    if variable(defender::FIPS_ENABLED) != today.manner.fips(policy.fips) {
        reasons.push(Outdated::Fips);
    }
    let lacks = [
        (sidecar.variable(defender::INSTALL_BUNDLE).is_none_or(str::is_empty), defender::INSTALL_BUNDLE),
        (defender::starts(&sidecar) != today.manner.starts, "today's program"),
    ];
    let lacking = lacks.into_iter().filter(|(lacks, _)| *lacks);
    reasons.extend(
        lacking.map(|(_, missing)| Outdated::Wiring { container: sidecar.name().to_owned(), missing: missing.to_owned() }),
    );
    let record = Record::of(definition);
    let family = definition.text("family").unwrap_or_default();
    for it in definition.containers().filter(|container| container.name() != sidecar.name()) {
        reasons.extend(Look { it, sidecar: sidecar.name(), family, record: &record, measure }.reasons());
    }
    if waas::is_outdated(definition, &record, measure) {
        reasons.push(Outdated::WaasPort);
    }
    if policy.reembed {
        reasons.push(Outdated::Asked);
    }
    let mut seen = BTreeSet::new();
    reasons.retain(|reason| seen.insert(reason.clone()));
    reasons
}

/// Compares whole images: a mirrored one may have a tag that names no version.
fn image(installed: &str, today: &str) -> Option<Outdated> {
    let version = |image: &str| defender::version_text(defender::version_of(image).as_deref()).to_owned();
    let (installed_version, todays_version) = (version(installed), version(today));
    if installed == today {
        None
    } else if installed_version != todays_version {
        Some(Outdated::Version { installed: installed_version, today: todays_version })
    } else if defender::public_image(installed) == defender::public_image(today) {
        Some(Outdated::RegistryToken)
    } else {
        Some(Outdated::Image)
    }
}

/// A look at one container of an application.
struct Look<'a> {
    it: Container<'a>,
    sidecar: &'a str,
    family: &'a str,
    record: &'a Record,
    measure: &'a Measure<'a>,
}

impl Look<'_> {
    fn reasons(&self) -> Vec<Outdated> {
        let container = self.it.name().to_owned();
        let entry_point = self.it.entry_point();
        let wrapped_at = defender::wrapped_at(&entry_point);
        match (self.measure.selection.wraps(self.it.name()), wrapped_at) {
            (false, None) => Vec::new(),
            (false, Some(_)) => vec![Outdated::LeftOut { container }],
            (true, None) => vec![Outdated::Unwrapped { container }],
            (true, Some(at)) => {
                let prefix = (!self.is_todays_prefix(&entry_point[..at])).then_some(Outdated::Prefix { container });
                prefix.into_iter().chain(self.variables()).chain(self.wiring()).collect()
            }
        }
    }

    fn is_todays_prefix(&self, prefix: &[&str]) -> bool {
        defender::prefix_with(&self.measure.today.manner.prefix, defender::before_program(prefix)) == prefix
    }

    fn variables(&self) -> impl Iterator<Item = Outdated> {
        let container = || self.it.name().to_owned();
        self.measure.today.manner.application_variables.iter().filter_map(move |(name, value)| {
            let (expected, of_this) = match name.as_str() {
                defender::IMAGE_NAME => (self.record.own_image(self.it), true),
                defender::CONTAINER_NAME_VARIABLE => (self.it.name(), true),
                defender::FARGATE_TASK => (self.family, true),
                _ => (value.as_str(), false),
            };
            match self.it.variable(name) {
                _ if self.record.is_theirs(self.it.name(), name) => None,
                Some(found) if found == expected => None,
                Some(_) if of_this => Some(Outdated::Copied { container: container(), variable: name.clone() }),
                Some(_) if name == defender::FILESYSTEM_MONITORING => Some(Outdated::Monitoring),
                _ => Some(Outdated::Wiring { container: container(), missing: format!("today's {name}") }),
            }
        })
    }

    fn wiring(&self) -> impl Iterator<Item = Outdated> {
        let manner = &self.measure.today.manner;
        let lacks = [
            (manner.waits && !self.it.waits_for(self.sidecar), "`dependsOn` the Defender"),
            (manner.shares_volumes && !self.it.takes_volumes_from(self.sidecar), "`volumesFrom` the Defender"),
            (manner.traces && !self.it.has_capability(defender::CAPABILITY), "the capability SYS_PTRACE"),
        ];
        let container = self.it.name();
        let missing = lacks.into_iter().filter(|(lacks, _)| *lacks);
        missing.map(move |(_, missing)| Outdated::Wiring { container: container.to_owned(), missing: missing.to_owned() })
    }
}
