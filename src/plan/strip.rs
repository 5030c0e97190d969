//! The inverse of embedding: takes away exactly what it added, by name and never by position.
//!
//! The vendor does not support that image and bundle of a Defender are edited by hand ("You cannot upgrade an App-Embedded Defender
//! for Fargate, and must redeploy a new task definition", prisma-cloud-docs, upgrade_process_saas.adoc), so an upgrade is this and
//! embedding again. What cannot be seen on a definition, an earlier run wrote on it ([`Record`]); without such a record, what
//! embedding adds is taken to be embedding's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::compare::is_nothing;
use super::defender;
use super::edit::{Change, Editing, JsonPath};
use super::entrypoint::Selection;
use super::image::Runs;
use super::memory::{self, Item, Record};
use super::task_definition::{Container, Registrable, TaskDefinition};
use super::waas;

/// What taking a Defender away comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stripped {
    pub change: Change,
    /// What is known, by container, of what it ran until now besides what it said itself.
    pub earlier: BTreeMap<String, Earlier>,
    /// What stood before the Defender's program, by container: an interpreter, or a wrapper of the owner's.
    pub before_program: BTreeMap<String, Vec<String>>,
    /// The Defender's container, whose owner may have tuned it.
    pub sidecar: Option<Value>,
}

impl Stripped {
    /// Returns a container that is left out now and had nothing but its command: without the Defender its image's entry point would
    /// come before that, and make it another program.
    pub fn without_entry_point(&self, selection: &Selection) -> Option<&str> {
        let alone = self.earlier.iter().filter(|(_, earlier)| **earlier == Earlier::CommandAlone);
        alone.map(|(name, _)| name.as_str()).find(|name| !selection.wraps(name))
    }
}

/// What a container ran behind a Defender that was taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// What an earlier run filled in for the image that the container still has. `joined`: ENTRYPOINT and CMD in one list.
    Filled { runs: Runs, joined: bool },
    /// Its command and nothing before it, which no earlier run of ours wrote down: the tool that embedded the Defender lost its
    /// image's entry point, or there was none.
    CommandAlone,
}

/// Containers and ports that load balancers and service registries of services name.
pub type NamedPorts = BTreeSet<(String, u16)>;

/// Returns what takes the Defender out of a definition, and what an earlier one left behind where there is none any more.
///
/// A port that a load balancer or service registry of a service names stays, whoever added it: ECS would refuse to move the service without it.
/// Source: Amazon ECS API Reference, `LoadBalancer`, `containerPort`, "must correspond to a containerPort in the task definition"
/// (read 2026-11).
pub fn strip(definition: &TaskDefinition<Registrable>, selection: &Selection, named_ports: &NamedPorts) -> Stripped {
    let sidecar = defender::sidecar_in(definition);
    let name = sidecar.map(|sidecar| sidecar.name());
    let record = Record::of(definition);
    let volumes = volumes_of_defender(definition, sidecar, &record);
    let root = JsonPath::root();
    let containers = root.key("containerDefinitions");
    let mut editing = Editing::of(definition.json());
    let mut stripped = Stripped { sidecar: sidecar.map(|sidecar| memory::without_labels(sidecar.0)), ..Stripped::default() };
    for (index, container) in definition.containers().enumerate().filter(|(_, it)| Some(it.name()) != name) {
        let mut removal = Removal { container, at: containers.index(index), record: &record, editing: &mut editing };
        let touched = defender::touches(&container);
        if touched {
            removal.entry_point(selection.wraps(container.name()), &mut stripped);
            removal.environment();
            removal.capability();
        }
        for (list, key) in [("dependsOn", "containerName"), ("volumesFrom", "sourceContainer")] {
            match name {
                Some(name) if touched => removal.take_out(list, |it| names(it, key, name)),
                // Its owner made another container wait for the Defender, and today's has the vendor's name.
                Some(name) if name != defender::CONTAINER_NAME => removal.rename(list, key, name),
                _ => {}
            }
        }
        removal.image();
        removal.take_out("mountPoints", |it| volumes.iter().any(|volume| names(it, "sourceVolume", volume)));
        removal.waas_port(named_ports);
    }
    editing.take_out(&containers, |container| name.is_some_and(|name| names(container, "name", name)));
    editing.take_out(&root.key("volumes"), |volume| volumes.iter().any(|name| names(volume, "name", name)));
    let is_ours = |tag: &Value| tag.get("key").and_then(Value::as_str).is_some_and(memory::is_ours);
    editing.take_out(&root.key("tags"), is_ours);
    stripped.change = editing.finish();
    stripped
}

fn names(element: &Value, key: &str, name: &str) -> bool {
    element.get(key).and_then(Value::as_str) == Some(name)
}

/// Returns the names of the volumes that came with the Defender: those that an earlier run wrote down. Without a record it is those
/// of the vendor's name that hold nothing of anybody's, and that the sidecar mounts.
fn volumes_of_defender(
    definition: &TaskDefinition<Registrable>,
    sidecar: Option<Container<'_>>,
    record: &Record,
) -> BTreeSet<String> {
    let volumes = definition.json().get("volumes").and_then(Value::as_array).into_iter().flatten();
    let is_scratch =
        |volume: &Value| volume.as_object().is_some_and(|it| it.iter().all(|(key, value)| key == "name" || is_nothing(value)));
    let name_of = |volume: &Value| volume.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let by_name = |name: &str| ["twistlock", "defender"].iter().any(|part| name.to_ascii_lowercase().contains(part));
    let mounts = || sidecar.into_iter().flat_map(|sidecar| sidecar.list("mountPoints"));
    let mounted = |name: &str| mounts().any(|mount| names(mount, "sourceVolume", name));
    let of_defender = volumes.filter(|volume| is_scratch(volume)).map(name_of);
    of_defender.filter(|name| record.volumes.contains(name) || (by_name(name) && mounted(name))).collect()
}

/// The removal of what embedding added to one container.
struct Removal<'a> {
    container: Container<'a>,
    at: JsonPath,
    record: &'a Record,
    editing: &'a mut Editing,
}

impl Removal<'_> {
    /// Leaves the container's own entry point, or none where it said none, and tells what it ran besides. A wrapper of its owner's
    /// stays before it, unless it is to stand before the Defender again.
    fn entry_point(&mut self, is_wrapped_again: bool, stripped: &mut Stripped) {
        let (container, name) = (self.container, self.container.name().to_owned());
        let (entry_point, command) = (container.entry_point(), container.command());
        let Some(wrapped_at) = defender::wrapped_at(&entry_point) else { return };
        let (prefix, own) = entry_point.split_at(wrapped_at);
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let before = defender::before_program(prefix);
        if !before.is_empty() {
            stripped.before_program.insert(name.clone(), owned(before));
        }
        let wrapper = if is_wrapped_again { &[] } else { defender::wrapper_of(before) };
        let joined = self.record.has_filled(&name, memory::JOINED, own);
        let filled = joined || self.record.has_filled(&name, memory::ENTRY_POINT, own);
        let with_command = filled && self.record.has_filled(&name, memory::COMMAND, &command);
        let at = self.at.key("entryPoint");
        if wrapper.is_empty() && (own.is_empty() || filled) {
            self.editing.remove(&at);
        } else {
            self.editing.replace(&at, [wrapper, own].concat().into());
        }
        if with_command {
            self.editing.remove(&self.at.key("command"));
        }
        let same_image = container.variable(defender::IMAGE_NAME) == Some(self.record.own_image(container));
        if filled && same_image {
            let command = if with_command { owned(&command) } else { Vec::new() };
            stripped.earlier.insert(name, Earlier::Filled { runs: Runs { entry_point: owned(own), command }, joined });
        } else if !filled && own.is_empty() && !command.is_empty() {
            stripped.earlier.insert(name, Earlier::CommandAlone);
        }
    }

    /// Leaves the image the name that its owner gave it.
    fn image(&mut self) {
        self.editing.replace(&self.at.key("image"), self.record.own_image(self.container).into());
    }

    fn environment(&mut self) {
        let (record, container) = (self.record, self.container.name());
        self.take_out("environment", |variable| {
            let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
            let added = defender::APPLICATION_VARIABLES.contains(&name) || record.variables.contains(&Item::new(container, name));
            added && !record.is_theirs(container, name)
        });
    }

    /// Takes `SYS_PTRACE` away, and with it the lists and objects that then say nothing any more.
    fn capability(&mut self) {
        if self.record.is_theirs(self.container.name(), defender::CAPABILITY) {
            return;
        }
        let parameters = self.at.key("linuxParameters");
        let capabilities = parameters.key("capabilities");
        let before = self.container.has_capability(defender::CAPABILITY);
        self.editing.take_out(&capabilities.key("add"), |capability| capability == defender::CAPABILITY);
        for at in [capabilities, parameters] {
            if before && self.editing.at(&at).is_some_and(is_nothing) {
                self.editing.remove(&at);
            }
        }
    }

    /// Takes the WAAS port away that an earlier run added, unless its owner has made it theirs since.
    fn waas_port(&mut self, named_ports: &NamedPorts) {
        let name = self.container.name();
        let Some(item) = self.record.waas_port.as_ref().filter(|item| item.is_of(name)) else { return };
        if waas::is_named(item, name, named_ports) {
            return;
        }
        self.take_out("portMappings", |mapping| waas::is_as_added(mapping, item));
    }

    /// Has what names the Defender name today's.
    fn rename(&mut self, list: &str, key: &str, name: &str) {
        for (index, element) in self.container.list(list).enumerate() {
            if names(element, key, name) {
                self.editing.replace(&self.at.key(list).index(index).key(key), defender::CONTAINER_NAME.into());
            }
        }
    }

    fn take_out(&mut self, list: &str, of_embedding: impl Fn(&Value) -> bool) {
        self.editing.take_out(&self.at.key(list), of_embedding);
    }
}
