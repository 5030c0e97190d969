//! The extra container port that WAAS needs: the Defender is a reverse proxy there, and the Console does not add its port.
//!
//! Source: PaloAltoNetworks/pcs-cwp-fargate-deploy, protectFargateTasks.py, which adds it to the first container that has ports.

use serde_json::{Value, json};

use super::compare::appended;
use super::defender;
use super::edit::{Edit, JsonPath};
use super::entrypoint::Selection;
use super::memory::{Item, Record};
use super::outdated::Measure;
use super::strip::NamedPorts;
use super::task_definition::{Container, Registrable, TaskDefinition};

/// What becomes of `WAAS_PORT` in a definition.
#[derive(Clone, Debug, PartialEq)]
pub enum WaasPort {
    /// It is not wanted, or a container maps it already.
    Nothing,
    Added {
        edits: Vec<Edit>,
        item: Item,
    },
    /// No container has port mappings to add it to.
    Nowhere {
        port: u16,
    },
}

/// Decides about a definition without a Defender. Only a container that gets it can have its port.
pub fn waas_port(definition: &TaskDefinition<Registrable>, selection: &Selection, port: Option<u16>) -> WaasPort {
    let Some(port) = port else { return WaasPort::Nothing };
    if definition.containers().any(|container| maps(&container, port)) {
        return WaasPort::Nothing;
    }
    let may_have_it = |container: &Container<'_>| selection.wraps(container.name()) && has_ports(container);
    let Some((index, container)) = definition.containers().enumerate().find(|(_, container)| may_have_it(container)) else {
        return WaasPort::Nowhere { port };
    };
    let mapping = json!({"containerPort": port, "hostPort": port, "protocol": "tcp"});
    let at = JsonPath::root().key("containerDefinitions").index(index);
    let edits = appended(container.0, &at, "portMappings", &[mapping]);
    WaasPort::Added { edits, item: Item::new(container.name(), &port.to_string()) }
}

/// Returns whether a protected definition has not the port it is to have: the wanted one can be added, or one that an earlier run
/// added is not wanted any more.
pub fn is_outdated<Stage>(definition: &TaskDefinition<Stage>, record: &Record, measure: &Measure<'_>) -> bool {
    let port = measure.policy.waas_port;
    let sidecar = defender::sidecar_in(definition).map(|sidecar| sidecar.name());
    let others = || definition.containers().filter(|container| sidecar != Some(container.name()));
    let mut selected = others().filter(|container| measure.selection.wraps(container.name()));
    let is_missing = port.is_some_and(|port| selected.any(|it| has_ports(&it)) && !others().any(|it| maps(&it, port)));
    let of_before = record.waas_port.as_ref().and_then(|item| Some((item, item.what.parse::<u16>().ok()?)));
    let is_left_over = of_before.is_some_and(|(item, added)| {
        let stays = |container: &str| is_named(item, container, measure.named_ports);
        let has_it = |it: &Container<'_>| it.list("portMappings").any(|mapping| is_as_added(mapping, item));
        port != Some(added) && others().any(|it| item.is_of(it.name()) && has_it(&it) && !stays(it.name()))
    });
    is_missing || is_left_over
}

/// Returns whether a mapping is the one that was added, and not its owner's since: ECS fills in nothing but these.
pub fn is_as_added(mapping: &Value, added: &Item) -> bool {
    let plain = ["containerPort", "hostPort", "protocol"];
    let is_plain = mapping.as_object().is_some_and(|it| it.keys().all(|key| plain.contains(&key.as_str())));
    is_plain && mapping.get("containerPort").and_then(Value::as_u64) == added.what.parse().ok()
}

/// Returns whether a load balancer or service registry names a port that was added to a container.
pub fn is_named(added: &Item, container: &str, named_ports: &NamedPorts) -> bool {
    named_ports.iter().any(|(name, port)| name == container && added.what == port.to_string())
}

fn has_ports(container: &Container<'_>) -> bool {
    container.list("portMappings").next().is_some()
}

fn maps(container: &Container<'_>, port: u16) -> bool {
    container.list("portMappings").any(|mapping| {
        let single = mapping.get("containerPort").and_then(Value::as_u64) == Some(u64::from(port));
        let range = mapping.get("containerPortRange").and_then(Value::as_str).and_then(|range| range.split_once('-'));
        let bounds = range.and_then(|(first, last)| Some(first.parse::<u16>().ok()?..=last.parse::<u16>().ok()?));
        single || bounds.is_some_and(|bounds| bounds.contains(&port))
    })
}
