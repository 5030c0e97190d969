//! What of the Console's answer becomes the change.
//!
//! The answer is not trusted with the customer's definition. The change is built up from the kinds of thing that embedding is
//! made of, and from nothing else: an entry point's prefix, appended variables, `dependsOn` and `volumesFrom` on the sidecar, new
//! scratch volumes and their mounts, `SYS_PTRACE`, and the sidecar. What the customer had and the answer changed or left out
//! stays as it was and is told. What the answer adds beyond that refuses the definition, with its place: an addition is never
//! silently kept, and never silently dropped.

use serde_json::{Value, json};

use super::compare::{Comparison, appended, is_nothing, without_nulls};
use super::defender;
use super::edit::{Change, Edit, JsonPath};
use super::policy::Policy;
use super::task_definition::{Container, Registrable, TaskDefinition, containers_of, object};

/// What was taken from the Console's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub change: Change,
    /// Places where the answer differed from what the customer had; the customer's stays.
    pub put_back: Vec<JsonPath>,
    /// `WAAS_PORT`, when no container has port mappings to add it to.
    pub waas_port_nowhere: Option<u16>,
}

/// Why the Console's answer cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the Console's answer is not a task definition")]
    NotATaskDefinition,
    #[error("the Console's answer holds {count} containers named TwistlockDefender instead of one")]
    Sidecars { count: usize },
    #[error("the Defender in the Console's answer has no {missing}")]
    IncompleteDefender { missing: &'static str },
    #[error("the Console's answer leaves container {container} without the Defender")]
    Unwrapped { container: String },
    #[error("the Console found no entry point and no command for container {container}")]
    NothingToRun { container: String },
    #[error("the Console's answer adds what is no part of embedding, at {}", places(.at))]
    Additions { at: Vec<JsonPath> },
}

fn places(paths: &[JsonPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns the change that embeds the Defender, taken from the Console's answer to this definition.
///
/// # Errors
///
/// When the answer lacks the Defender somewhere, or adds what is no part of embedding.
pub fn accept(definition: &TaskDefinition<Registrable>, answer: &Value, policy: &Policy) -> Result<Accepted, Refusal> {
    let original = definition.json();
    if !answer.get("containerDefinitions").is_some_and(Value::is_array) {
        return Err(Refusal::NotATaskDefinition);
    }
    let count = containers_of(answer).filter(|container| container.name() == defender::CONTAINER_NAME).count();
    if count != 1 {
        return Err(Refusal::Sidecars { count });
    }
    let mut comparison = Comparison::default();
    let mut change = Change::default();

    // Tags were not sent, so that whatever the answer says of them is an addition.
    for (key, value) in answer.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "containerDefinitions" | "volumes") {
            comparison.member(original.get(key).filter(|_| key != "tags"), value, &JsonPath::root().key(key));
        }
    }
    comparison.dropped(original, answer, &JsonPath::root(), &["tags"]);
    let scratch = new_volumes(original, answer, &mut comparison);
    change.extend(appended(original, &JsonPath::root(), "volumes", &scratch));

    let containers = JsonPath::root().key("containerDefinitions");
    let mut known = 0;
    for (index, theirs) in definition.containers().enumerate() {
        let at = containers.index(index);
        let name = theirs.name();
        let Some(answered) = containers_of(answer).find(|container| container.name() == name) else {
            return Err(Refusal::Unwrapped { container: name.to_owned() });
        };
        known += 1;
        change.extend(container_edits(theirs, answered, &at, &scratch, &mut comparison)?);
    }
    for (index, container) in containers_of(answer).enumerate() {
        // A second container by a customer's name is as strange as one by another name.
        let second = containers_of(answer).take(index).any(|before| before.name() == container.name());
        let known_by_name = definition.containers().any(|theirs| theirs.name() == container.name());
        if container.name() != defender::CONTAINER_NAME && (second || !known_by_name) {
            comparison.refuse(containers.index(index));
        }
        if container.name() == defender::CONTAINER_NAME {
            check_sidecar(container, &containers.index(index), &scratch, &mut comparison)?;
            let at = containers.index(known);
            change.push(Edit::add(at, sidecar(container, policy)));
        }
    }
    if !comparison.additions.is_empty() {
        return Err(Refusal::Additions { at: comparison.additions });
    }
    let (waas, waas_port_nowhere) = waas_edits(definition, policy.waas_port);
    change.extend(waas);
    Ok(Accepted { change, put_back: comparison.put_back, waas_port_nowhere })
}

/// Returns the volumes that the answer adds, if they are scratch space of the task and nothing more.
fn new_volumes(original: &Value, answer: &Value, comparison: &mut Comparison) -> Vec<Value> {
    let at = JsonPath::root().key("volumes");
    let name_of = |volume: &Value| volume.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let theirs = || original.get("volumes").and_then(Value::as_array).into_iter().flatten();
    let mut scratch = Vec::new();
    for (index, volume) in answer.get("volumes").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let at = at.index(index);
        if let Some(existing) = theirs().find(|existing| name_of(existing) == name_of(volume)) {
            comparison.member(Some(existing), volume, &at);
            continue;
        }
        let beyond = volume.as_object().into_iter().flatten().filter(|(key, value)| *key != "name" && !is_nothing(value));
        let beyond: Vec<_> = beyond.map(|(key, _)| at.key(key)).collect();
        if name_of(volume).is_empty() {
            comparison.refuse(at);
        } else if beyond.is_empty() {
            scratch.push(without_nulls(volume));
        } else {
            beyond.into_iter().for_each(|at| comparison.refuse(at));
        }
    }
    let answered = |volume: &&Value| {
        let mut list = answer.get("volumes").and_then(Value::as_array).into_iter().flatten();
        list.any(|answered| name_of(answered) == name_of(volume))
    };
    if answer.get("volumes").is_some() && !theirs().all(|volume| answered(&volume)) {
        comparison.put_back(at);
    }
    scratch
}

/// Returns the edits that put one application container under the Defender.
fn container_edits(
    theirs: Container<'_>,
    answered: Container<'_>,
    at: &JsonPath,
    scratch: &[Value],
    comparison: &mut Comparison,
) -> Result<Vec<Edit>, Refusal> {
    let mut edits = entry_point_edits(theirs, answered, at, comparison)?;

    let environment = comparison.new_elements(theirs.0, answered.0, at, "environment", |variable| {
        variable.get("value").is_some_and(Value::is_string) && variable.as_object().is_some_and(|members| members.len() == 2)
    });
    edits.extend(appended(theirs.0, at, "environment", &environment));
    let depends_on =
        comparison.new_elements(theirs.0, answered.0, at, "dependsOn", |it| on_sidecar(it, "containerName", "condition"));
    edits.extend(appended(theirs.0, at, "dependsOn", &depends_on));
    let is_source = |it: &Value| on_sidecar(it, "sourceContainer", "readOnly");
    let volumes_from = comparison.new_elements(theirs.0, answered.0, at, "volumesFrom", is_source);
    edits.extend(appended(theirs.0, at, "volumesFrom", &volumes_from));
    let mounts = comparison.new_elements(theirs.0, answered.0, at, "mountPoints", |mount| mounts_one_of(mount, scratch));
    edits.extend(appended(theirs.0, at, "mountPoints", &mounts));
    edits.extend(capability_edits(theirs, answered, at, comparison));

    // Without the sidecar's files the wrapped entry point does not exist, and the container could not start.
    let has_files = theirs.list("volumesFrom").chain(&volumes_from).any(is_source) || !mounts.is_empty();
    if !has_files && comparison.additions.is_empty() {
        return Err(Refusal::Unwrapped { container: theirs.name().to_owned() });
    }
    // Lists that were compared by their elements tell for themselves what is missing, entry points too.
    comparison.dropped(
        theirs.0,
        answered.0,
        at,
        &["entryPoint", "command", "environment", "dependsOn", "volumesFrom", "mountPoints"],
    );
    for (key, value) in answered.0.as_object().into_iter().flatten() {
        let handled = ["entryPoint", "command", "environment", "dependsOn", "volumesFrom", "mountPoints", "linuxParameters"];
        if !handled.contains(&key.as_str()) {
            comparison.member(theirs.0.get(key), value, &at.key(key));
        }
    }
    Ok(edits)
}

/// Only the prefix is taken; what the container ran before stays behind it, word for word. A container that said nothing runs
/// what the Console found in its image.
fn entry_point_edits(
    theirs: Container<'_>,
    answered: Container<'_>,
    at: &JsonPath,
    comparison: &mut Comparison,
) -> Result<Vec<Edit>, Refusal> {
    let unwrapped = || Refusal::Unwrapped { container: theirs.name().to_owned() };
    let answer = answered.entry_point();
    let (prefix, found) = answer.split_at(defender::wrapped_at(&answer).ok_or_else(unwrapped)?);
    let (own, own_command) = (theirs.entry_point(), theirs.command());
    let mut edits = Vec::new();
    if own.is_empty() {
        let command = answered.command();
        if !own_command.is_empty() && command != own_command {
            comparison.put_back(at.key("command"));
        }
        if found.is_empty() && command.is_empty() && own_command.is_empty() {
            return Err(Refusal::NothingToRun { container: theirs.name().to_owned() });
        }
        if own_command.is_empty() && !command.is_empty() {
            edits.push(put(theirs.0, at, "command", json!(command)));
        }
    } else {
        if own != found {
            comparison.put_back(at.key("entryPoint"));
        }
        match answered.0.get("command") {
            Some(added) if own_command.is_empty() && !is_nothing(added) => comparison.refuse(at.key("command")),
            _ if answered.command() != own_command => comparison.put_back(at.key("command")),
            _ => {}
        }
    }
    let own = if own.is_empty() { found } else { own.as_slice() };
    edits.insert(0, put(theirs.0, at, "entryPoint", json!([prefix, own].concat())));
    Ok(edits)
}

/// Returns the edits that add `SYS_PTRACE` if the answer does; any other capability, and whatever else it adds to the
/// container's Linux parameters, is no part of embedding.
fn capability_edits(theirs: Container<'_>, answered: Container<'_>, at: &JsonPath, comparison: &mut Comparison) -> Vec<Edit> {
    let added = |container: Container<'_>| {
        let list = container.0.pointer("/linuxParameters/capabilities/add").and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|capability| capability == defender::CAPABILITY))
    };
    let at = at.key("linuxParameters");
    let wanted = added(answered) && !added(theirs);
    if let Some(parameters) = answered.0.get("linuxParameters") {
        let mut rest = parameters.clone();
        if let (true, Some(Value::Array(list))) = (wanted, rest.pointer_mut("/capabilities/add")) {
            list.retain(|capability| capability != defender::CAPABILITY);
        }
        // Without parameters of its own the container has empty ones, so that an addition is named where it stands.
        let nothing = json!({"capabilities": {"add": []}});
        comparison.member(Some(theirs.0.get("linuxParameters").unwrap_or(&nothing)), &rest, &at);
    }
    if !wanted {
        return Vec::new();
    }
    let parameters = theirs.0.get("linuxParameters").filter(|parameters| parameters.is_object());
    let capabilities = parameters.and_then(|parameters| parameters.get("capabilities")).filter(|it| it.is_object());
    let one = json!([defender::CAPABILITY]);
    match (parameters, capabilities) {
        (Some(_), Some(capabilities)) => {
            appended(capabilities, &at.key("capabilities"), "add", &[Value::from(defender::CAPABILITY)])
        }
        (Some(parameters), None) => vec![put(parameters, &at, "capabilities", object([("add", one)]))],
        (None, _) => {
            let value = object([("capabilities", object([("add", one)]))]);
            vec![match theirs.0.get("linuxParameters") {
                Some(before) => Edit::Replace { at, before: before.clone(), after: value },
                None => Edit::add(at, value),
            }]
        }
    }
}

/// Returns the edit that gives a member of an object this value, whether or not it has one.
fn put(parent: &Value, at: &JsonPath, key: &str, value: Value) -> Edit {
    match parent.get(key) {
        Some(before) => Edit::Replace { at: at.key(key), before: before.clone(), after: value },
        None => Edit::add(at.key(key), value),
    }
}

/// Returns whether an element names the sidecar and says nothing beyond what such elements say.
fn on_sidecar(element: &Value, name: &str, detail: &str) -> bool {
    let named = element.get(name).and_then(Value::as_str) == Some(defender::CONTAINER_NAME);
    named && element.as_object().is_some_and(|members| members.keys().all(|key| key == name || key == detail))
}

fn mounts_one_of(mount: &Value, volumes: &[Value]) -> bool {
    let volume = mount.get("sourceVolume");
    let known = ["sourceVolume", "containerPath", "readOnly"];
    let plain = mount.as_object().is_some_and(|members| members.keys().all(|key| known.contains(&key.as_str())));
    plain && volume.is_some() && volumes.iter().any(|scratch| scratch.get("name") == volume)
}

/// Checks that the sidecar can work, and that it takes nothing of the customer's: no port, no privilege, no volume of theirs.
fn check_sidecar(sidecar: Container<'_>, at: &JsonPath, scratch: &[Value], comparison: &mut Comparison) -> Result<(), Refusal> {
    let missing = |missing| Err(Refusal::IncompleteDefender { missing });
    if sidecar.image().is_empty() {
        return missing("image");
    }
    for variable in [defender::INSTALL_BUNDLE, defender::WS_ADDRESS] {
        if sidecar.variable(variable).is_none_or(str::is_empty) {
            return missing(variable);
        }
    }
    for key in ["portMappings", "dependsOn", "volumesFrom"] {
        if sidecar.list(key).next().is_some() {
            comparison.refuse(at.key(key));
        }
    }
    if sidecar.0.get("privileged") == Some(&Value::Bool(true)) {
        comparison.refuse(at.key("privileged"));
    }
    for (index, mount) in sidecar.list("mountPoints").enumerate() {
        if !mounts_one_of(mount, scratch) {
            comparison.refuse(at.key("mountPoints").index(index));
        }
    }
    let capabilities = sidecar.0.pointer("/linuxParameters/capabilities/add").and_then(Value::as_array);
    for (index, capability) in capabilities.into_iter().flatten().enumerate() {
        if capability != defender::CAPABILITY {
            comparison.refuse(at.key("linuxParameters").key("capabilities").key("add").index(index));
        }
    }
    Ok(())
}

/// Returns the sidecar as it is registered: without nulls, which ECS refuses, and in the FIPS mode that the settings ask for.
///
/// The embed call has no parameter for FIPS, so that the variable is edited here; a Console too old to know the variable gets it
/// only when FIPS is wanted.
fn sidecar(answered: Container<'_>, policy: &Policy) -> Value {
    let mut sidecar = without_nulls(answered.0);
    let Some(Value::Array(environment)) = sidecar.get_mut("environment") else {
        return sidecar;
    };
    let wanted = json!({"name": defender::FIPS_ENABLED, "value": policy.fips.to_string()});
    let name = |variable: &Value| variable.get("name").and_then(Value::as_str) == Some(defender::FIPS_ENABLED);
    match environment.iter_mut().find(|variable| name(variable)) {
        Some(variable) => *variable = wanted,
        None if policy.fips => environment.push(wanted),
        None => {}
    }
    sidecar
}

/// Returns the edit that adds the WAAS port to the first container that has port mappings, unless some container has it already,
/// and the port itself when there is no container to add it to.
fn waas_edits(definition: &TaskDefinition<Registrable>, port: Option<u16>) -> (Vec<Edit>, Option<u16>) {
    let Some(port) = port else { return (Vec::new(), None) };
    let has_it = |mapping: &Value| {
        let single = mapping.get("containerPort").and_then(Value::as_u64) == Some(u64::from(port));
        let range = mapping.get("containerPortRange").and_then(Value::as_str).and_then(|range| range.split_once('-'));
        let bounds = range.and_then(|(first, last)| Some(first.parse::<u16>().ok()?..=last.parse::<u16>().ok()?));
        single || bounds.is_some_and(|bounds| bounds.contains(&port))
    };
    if definition.containers().any(|container| container.list("portMappings").any(has_it)) {
        return (Vec::new(), None);
    }
    let first = definition.containers().enumerate().find(|(_, container)| container.list("portMappings").next().is_some());
    let Some((index, container)) = first else {
        return (Vec::new(), Some(port));
    };
    let mapping = json!({"containerPort": port, "hostPort": port, "protocol": "tcp"});
    let at = JsonPath::root().key("containerDefinitions").index(index);
    (appended(container.0, &at, "portMappings", &[mapping]), None)
}
