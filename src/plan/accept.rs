//! What of the Console's answer becomes the change.
//!
//! The answer is not trusted with the customer's definition. The change is built up from the kinds of thing that embedding is
//! made of, and from nothing else: an entry point's prefix, appended variables, `dependsOn` and `volumesFrom` on the sidecar, new
//! scratch volumes and their mounts, `SYS_PTRACE`, and the sidecar. What the customer had and the answer changed or left out
//! stays as it was and is told. What the answer adds beyond that refuses the definition, with its place: an addition is never
//! silently kept, and never silently dropped.

use serde_json::{Value, json};

use super::circle::circle;
use super::compare::{Comparison, appended, is_nothing, without_nulls};
use super::defender;
use super::edit::{Change, Edit, JsonPath};
use super::entrypoint::{Entries, Entry, FoundIn, Selection};
use super::memory::{self, Item, Record};
use super::policy::Policy;
use super::sidecar;
use super::strip::Stripped;
use super::task_definition::{Container, Registrable, TaskDefinition, containers_of, object};
use super::waas::{self, WaasPort};

/// What the Defender is embedded into, and how.
#[derive(Clone, Copy)]
pub struct Embedding<'a> {
    /// A definition without a Defender.
    pub definition: &'a TaskDefinition<Registrable>,
    pub selection: &'a Selection,
    /// What the containers run that do not say it themselves.
    pub entries: &'a Entries,
    pub policy: &'a Policy,
    /// What was taken out before.
    pub stripped: &'a Stripped,
}

/// What was taken from the Console's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    pub change: Change,
    /// Places where the answer differed from what the customer had; the customer's stays.
    pub put_back: Vec<JsonPath>,
    /// `WAAS_PORT`, when no container has port mappings to add it to.
    pub waas_port_nowhere: Option<u16>,
    /// What nobody can see on the result.
    pub record: Record,
    /// The containers whose entry points were filled in, and where those were found.
    pub filled: Vec<(String, FoundIn)>,
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
    #[error(
        "the Console may have joined ENTRYPOINT and CMD of container {container}, which has a command of its own; it would run twice"
    )]
    Joined { container: String },
    #[error("the image of container {container} starts with another agent ({vendor})")]
    OtherAgent { container: String, vendor: &'static str },
    #[error("the containers {} would wait for each other in a circle", .containers.join(", "))]
    Circle { containers: Vec<String> },
    #[error("the Console's answer adds what is no part of embedding, at {}", places(.at))]
    Additions { at: Vec<JsonPath> },
    #[error("what was taken from the Console's answer does not fit")]
    Edit(#[source] super::edit::EditError),
}

fn places(paths: &[JsonPath]) -> String {
    paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Returns the change that embeds the Defender, taken from the Console's answer to this definition.
///
/// # Errors
///
/// When the answer lacks the Defender somewhere, or adds what is no part of embedding.
pub fn accept(embedding: &Embedding<'_>, answer: &Value) -> Result<Accepted, Refusal> {
    let definition = embedding.definition;
    let original = definition.json();
    if !answer.get("containerDefinitions").is_some_and(Value::is_array) {
        return Err(Refusal::NotATaskDefinition);
    }
    let count = containers_of(answer).filter(|container| container.name() == defender::CONTAINER_NAME).count();
    if count != 1 {
        return Err(Refusal::Sidecars { count });
    }
    let mut taken = Taken { embedding, comparison: Comparison::default(), record: Record::default(), filled: Vec::new() };
    let mut change = Change::default();

    // Tags were not sent, so that whatever the answer says of them is an addition.
    for (key, value) in answer.as_object().into_iter().flatten() {
        if !matches!(key.as_str(), "containerDefinitions" | "volumes") {
            taken.comparison.member(original.get(key).filter(|_| key != "tags"), value, &JsonPath::root().key(key));
        }
    }
    taken.comparison.dropped(original, answer, &JsonPath::root(), &["tags"]);
    let scratch = new_volumes(original, answer, &mut taken.comparison);
    let scratch_names = scratch.iter().filter_map(|volume| volume.get("name")?.as_str());
    taken.record.volumes = scratch_names.map(str::to_owned).collect();
    change.extend(appended(original, &JsonPath::root(), "volumes", &scratch));

    let containers = JsonPath::root().key("containerDefinitions");
    for (index, theirs) in definition.containers().enumerate() {
        let name = theirs.name();
        if !embedding.selection.wraps(name) {
            continue;
        }
        let Some(answered) = containers_of(answer).find(|container| container.name() == name) else {
            return Err(Refusal::Unwrapped { container: name.to_owned() });
        };
        change.extend(taken.container_edits(theirs, answered, &containers.index(index), &scratch)?);
    }
    let mut defender = None;
    for (index, container) in containers_of(answer).enumerate() {
        // A second container by a customer's name is as strange as one by another name, or one that was not sent.
        let second = containers_of(answer).take(index).any(|before| before.name() == container.name());
        if container.name() == defender::CONTAINER_NAME {
            let is_scratch = |mount: &Value| mounts_one_of(mount, &scratch);
            let checked = sidecar::check(container, &containers.index(index), is_scratch, &mut taken.comparison);
            checked.map_err(|missing| Refusal::IncompleteDefender { missing })?;
            defender = Some(sidecar::sidecar(container, embedding));
        } else if second || !embedding.selection.wraps(container.name()) {
            taken.comparison.refuse(containers.index(index));
        }
    }
    let Taken { comparison, mut record, filled, .. } = taken;
    if !comparison.additions.is_empty() {
        return Err(Refusal::Additions { at: comparison.additions });
    }
    let mut waas_port_nowhere = None;
    match waas::waas_port(definition, embedding.selection, embedding.policy.waas_port) {
        WaasPort::Nothing => {}
        WaasPort::Added { edits, item } => {
            change.extend(edits);
            record.waas_port = Some(item);
        }
        WaasPort::Nowhere { port } => waas_port_nowhere = Some(port),
    }
    let last = containers.index(definition.containers().count());
    change.extend(defender.into_iter().map(|defender| Edit::add(last.clone(), defender)));
    let change = without_a_circle(definition, change, &last)?;
    Ok(Accepted { change, put_back: comparison.put_back, waas_port_nowhere, record, filled })
}

/// Returns the change if every container can start after it. Where the Defender itself waits for the log router because its owner
/// has it log there, it logs like the router instead.
fn without_a_circle(definition: &TaskDefinition<Registrable>, mut change: Change, last: &JsonPath) -> Result<Change, Refusal> {
    let mut revision = change.apply(definition.json()).map_err(Refusal::Edit)?;
    if circle(&revision).is_empty() {
        return Ok(change);
    }
    if let Some(Value::Object(defender)) = last.find(&revision) {
        let mut other = defender.clone();
        sidecar::log_like_the_router(&mut other, definition);
        let (before, after) = (Value::Object(defender.clone()), Value::Object(other));
        if before != after {
            change.push(Edit::Replace { at: last.clone(), before, after });
            revision = change.apply(definition.json()).map_err(Refusal::Edit)?;
        }
    }
    let containers = circle(&revision);
    if containers.is_empty() { Ok(change) } else { Err(Refusal::Circle { containers }) }
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

/// What is being taken from an answer.
struct Taken<'a> {
    embedding: &'a Embedding<'a>,
    comparison: Comparison,
    record: Record,
    filled: Vec<(String, FoundIn)>,
}

impl Taken<'_> {
    /// Returns the edits that put one application container under the Defender.
    fn container_edits(
        &mut self,
        theirs: Container<'_>,
        answered: Container<'_>,
        at: &JsonPath,
        scratch: &[Value],
    ) -> Result<Vec<Edit>, Refusal> {
        let mut edits = self.entry_point_edits(theirs, answered, at)?;
        let comparison = &mut self.comparison;

        let environment = comparison.new_elements(theirs.0, answered.0, at, "environment", |variable| {
            variable.get("value").is_some_and(Value::is_string) && variable.as_object().is_some_and(|members| members.len() == 2)
        });
        edits.extend(appended(theirs.0, at, "environment", &environment));
        let names = environment.iter().filter_map(|variable| variable.get("name")?.as_str());
        let unknown = names.filter(|name| !defender::APPLICATION_VARIABLES.contains(name));
        self.record.variables.extend(unknown.map(|name| Item::new(theirs.name(), name)));
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
        let compared = ["entryPoint", "command", "environment", "dependsOn", "volumesFrom", "mountPoints"];
        comparison.dropped(theirs.0, answered.0, at, &compared);
        for (key, value) in answered.0.as_object().into_iter().flatten() {
            if !compared.contains(&key.as_str()) && key != "linuxParameters" {
                comparison.member(theirs.0.get(key), value, &at.key(key));
            }
        }
        let of_theirs = defender::APPLICATION_VARIABLES.into_iter().filter(|name| theirs.variable(name).is_some());
        let traces = theirs.has_capability(defender::CAPABILITY).then_some(defender::CAPABILITY);
        self.record.theirs.extend(of_theirs.chain(traces).map(|what| Item::new(theirs.name(), what)));
        Ok(edits)
    }

    /// Only the prefix is taken; what the container ran before stays behind it, word for word. A container that said nothing runs
    /// what was found in its image, by us or by the Console.
    fn entry_point_edits(&mut self, theirs: Container<'_>, answered: Container<'_>, at: &JsonPath) -> Result<Vec<Edit>, Refusal> {
        let name = || theirs.name().to_owned();
        let answer = answered.entry_point();
        let wrapped_at = defender::wrapped_at(&answer).ok_or_else(|| Refusal::Unwrapped { container: name() })?;
        let (prefix, found) = answer.split_at(wrapped_at);
        let own_command = theirs.command();
        let (own, filled_command, found_in) = match self.embedding.entries.get(theirs.name()) {
            Some(Entry::Known { runs, found_in }) => {
                let command = if own_command.is_empty() { as_texts(&runs.command) } else { Vec::new() };
                (as_texts(&runs.entry_point), command, Some(*found_in))
            }
            Some(Entry::Asked(_)) => {
                let command = answered.command();
                match (own_command.is_empty(), command.is_empty()) {
                    (true, true) if found.is_empty() => return Err(Refusal::NothingToRun { container: name() }),
                    // Nobody can tell whether the image has no CMD or whether it stands behind the entry point.
                    (false, true) => return Err(Refusal::Joined { container: name() }),
                    (true, joined) => (found.to_vec(), command, Some(FoundIn::Console { joined })),
                    (false, false) => (found.to_vec(), Vec::new(), Some(FoundIn::Console { joined: false })),
                }
            }
            None => {
                let own = theirs.entry_point();
                if own != found {
                    self.comparison.put_back(at.key("entryPoint"));
                }
                match answered.0.get("command") {
                    Some(added) if own_command.is_empty() && !is_nothing(added) => self.comparison.refuse(at.key("command")),
                    _ if answered.command() != own_command => self.comparison.put_back(at.key("command")),
                    _ => {}
                }
                (own, Vec::new(), None)
            }
        };
        if let Some(found_in) = found_in {
            if let Some(vendor) = defender::other_agent(&own) {
                return Err(Refusal::OtherAgent { container: name(), vendor });
            }
            self.filled.push((name(), found_in));
            if found_in.is_filled_in() {
                let what = if found_in.is_joined() { memory::JOINED } else { memory::ENTRY_POINT };
                self.record.fill(theirs.name(), what, &own);
            }
        }
        let before = self.embedding.stripped.before_program.get(theirs.name()).map(Vec::as_slice).unwrap_or_default();
        let before = as_texts(before);
        let prefix = defender::prefix_with(prefix, &before);
        let mut edits = vec![put(theirs.0, at, "entryPoint", json!([prefix, own].concat()))];
        if !filled_command.is_empty() {
            self.record.fill(theirs.name(), memory::COMMAND, &filled_command);
            edits.push(put(theirs.0, at, "command", json!(filled_command)));
        }
        Ok(edits)
    }
}

fn as_texts(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// Returns the edits that add `SYS_PTRACE` if the answer does; any other capability, and whatever else it adds to the
/// container's Linux parameters, is no part of embedding.
fn capability_edits(theirs: Container<'_>, answered: Container<'_>, at: &JsonPath, comparison: &mut Comparison) -> Vec<Edit> {
    let at = at.key("linuxParameters");
    let wanted = answered.has_capability(defender::CAPABILITY) && !theirs.has_capability(defender::CAPABILITY);
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
