//! The properties of an `AWS::ECS::TaskDefinition`, read as `RegisterTaskDefinition` takes them.
//!
//! A function is nothing that the Console could take (vendor's Fargate guide, on CloudFormation templates: intrinsic functions are not
//! supported), and nothing that it needs to. A placeholder stands for it, which is sent where ECS takes a text, left out of what is
//! sent elsewhere ([`crate::plan::question`]), and written back as the function. Only where embedding has to read or write a list itself
//! a function stands in its way.

use serde_json::{Map, Number, Value, json};

use super::{Obstacle, intrinsic, names};
use crate::plan::document::{Document, Kind, Node, Substitutes};

/// What was read.
pub(super) struct Reading {
    pub(super) members: Map<String, Value>,
    pub(super) obstacles: Vec<Obstacle>,
    pub(super) guesses: Vec<Obstacle>,
    pub(super) substitutes: Substitutes,
}

/// Members that are numbers to ECS, and often texts in templates. `cpu` and `memory` are numbers in containers alone.
const NUMBERS: [&str; 16] = [
    "containerPort",
    "hostPort",
    "cpu",
    "memory",
    "memoryReservation",
    "startTimeout",
    "stopTimeout",
    "interval",
    "timeout",
    "retries",
    "startPeriod",
    "hardLimit",
    "softLimit",
    "sizeInGiB",
    "size",
    "sharedMemorySize",
];

/// Members that are true or false to ECS.
const BOOLEANS: [&str; 7] =
    ["essential", "readOnly", "privileged", "readonlyRootFilesystem", "initProcessEnabled", "interactive", "pseudoTerminal"];

/// Lists of texts.
const LISTS_OF_TEXTS: [&str; 4] = ["entryPoint", "command", "add", "drop"];

/// Lists that embedding appends to, and what names their elements: an element that is a function keeps its place.
const APPENDED: [(&str, &str); 7] = [
    ("environment", "name"),
    ("dependsOn", "containerName"),
    ("volumesFrom", "sourceContainer"),
    ("mountPoints", "sourceVolume"),
    ("portMappings", "name"),
    ("volumes", "name"),
    ("tags", "key"),
];

impl Reading {
    /// Reads the properties of a resource.
    pub(super) fn of(document: &Document, properties: &Node) -> Self {
        let mut reader = Reader { document, substitutes: Substitutes::default() };
        let members = match reader.value(properties, "", Words::Ecs) {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let substitutes = reader.substitutes;
        let (obstacles, guesses) = (obstacles(document, properties), guesses(document, properties));
        Self { members, obstacles, guesses, substitutes }
    }
}

/// Whose words the members of an object are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    Ecs,
    /// Their owners', and their values are texts.
    Owners,
}

struct Reader<'a> {
    document: &'a Document,
    substitutes: Substitutes,
}

impl Reader<'_> {
    /// Returns a value in ECS's words.
    fn value(&mut self, node: &Node, key: &str, words: Words) -> Value {
        if intrinsic::is_function(node) {
            return self.placeholder(node).into();
        }
        match &node.kind {
            Kind::Object(members) if words == Words::Owners => {
                members.iter().map(|member| (member.key.clone(), self.text(&member.value))).collect::<Map<_, _>>().into()
            }
            Kind::Object(members) => {
                let mut read = Map::new();
                for member in members {
                    let name = names::of_ecs(&member.key);
                    let words = if names::are_free_in(&name) { Words::Owners } else { Words::Ecs };
                    let value = self.value(&member.value, &name, words);
                    // What is null stays in the template.
                    if !value.is_null() {
                        read.insert(name, value);
                    }
                }
                Value::Object(read)
            }
            Kind::Array(elements) => elements.iter().map(|element| self.element(element, key)).collect(),
            Kind::Scalar(value) => typed(value, key),
        }
    }

    fn text(&mut self, node: &Node) -> Value {
        match &node.kind {
            Kind::Scalar(value) if !intrinsic::is_function(node) => as_text(value),
            _ => self.placeholder(node).into(),
        }
    }

    fn element(&mut self, element: &Node, list: &str) -> Value {
        match (intrinsic::is_function(element), &element.kind) {
            (false, Kind::Scalar(value)) if LISTS_OF_TEXTS.contains(&list) => as_text(value),
            (false, _) => self.container_or(element, list),
            (true, _) => match APPENDED.iter().find(|(appended, _)| *appended == list) {
                // Nothing is ever written for it, since it stays as it is.
                Some((_, name)) => json!({ (*name): self.placeholder(element) }),
                None => self.placeholder(element).into(),
            },
        }
    }

    fn container_or(&mut self, element: &Node, list: &str) -> Value {
        let mut value = self.value(element, list, Words::Ecs);
        for key in ["cpu", "memory"].into_iter().filter(|_| list == "containerDefinitions") {
            if let Some(number) = value.get(key).and_then(Value::as_str).and_then(number) {
                value[key] = number;
            }
        }
        value
    }

    fn placeholder(&mut self, node: &Node) -> String {
        let placeholder = intrinsic::placeholder(node);
        self.substitutes.insert(placeholder.clone(), intrinsic::substitute(self.document, node));
        placeholder
    }
}

/// Returns a scalar as ECS takes it.
fn typed(value: &Value, key: &str) -> Value {
    match value {
        Value::Null => Value::Null,
        // Of a task they are texts, of a container numbers; whoever reads containers makes numbers of them.
        _ if ["cpu", "memory"].contains(&key) => as_text(value),
        Value::String(text) if NUMBERS.contains(&key) => number(text).unwrap_or_else(|| value.clone()),
        Value::String(text) if BOOLEANS.contains(&key) => text.parse::<bool>().map_or_else(|_| value.clone(), Value::from),
        Value::Number(_) if NUMBERS.contains(&key) => value.clone(),
        Value::Bool(_) if BOOLEANS.contains(&key) => value.clone(),
        other => as_text(other),
    }
}

fn number(text: &str) -> Option<Value> {
    text.trim().parse::<u64>().ok().map(|number| Value::Number(Number::from(number)))
}

fn as_text(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Null => value.clone(),
        other => other.to_string().into(),
    }
}

/// Finds the functions that say what embedding goes by: for which platform it is.
fn guesses(document: &Document, properties: &Node) -> Vec<Obstacle> {
    let Some(platform) = properties.member("RuntimePlatform") else { return Vec::new() };
    let parts = ["CpuArchitecture", "OperatingSystemFamily"].iter().filter_map(|key| Some((*key, platform.member(key)?)));
    let all = std::iter::once(("RuntimePlatform", platform)).chain(parts);
    let guess = |(key, node): (&str, &Node)| {
        let text = format!("{key} is {}, and what is embedded is for Linux on X86_64", intrinsic::name_of(node)?);
        Some(Obstacle { container: None, text, position: document.position(node) })
    };
    all.filter_map(guess).collect()
}

/// Finds the functions that stand where embedding reads or writes.
fn obstacles(document: &Document, properties: &Node) -> Vec<Obstacle> {
    let told = |container: Option<&str>, node: &Node, text: String| Obstacle {
        container: container.map(str::to_owned),
        text,
        position: document.position(node),
    };
    if let Some(function) = intrinsic::name_of(properties) {
        return vec![told(None, properties, format!("Properties is {function}"))];
    }
    if let Some((key, node)) = intrinsic::brought_into(properties) {
        return vec![told(None, node, format!("{key} brings properties along that are not seen here"))];
    }
    let Some(containers) = properties.member("ContainerDefinitions") else { return Vec::new() };
    let Kind::Array(elements) = &containers.kind else {
        let function = intrinsic::name_of(containers).unwrap_or_else(|| "no list".to_owned());
        return vec![told(None, containers, format!("ContainerDefinitions is {function}"))];
    };
    let mut found = Vec::new();
    for element in elements {
        if let Some(function) = intrinsic::name_of(element) {
            found.push(told(None, element, format!("a container is {function}")));
            continue;
        }
        let name = element.member("Name").map(|name| match intrinsic::is_function(name) {
            true => intrinsic::placeholder(name),
            false => name.value().as_str().unwrap_or_default().to_owned(),
        });
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            found.push(told(None, element, "a container has no Name".to_owned()));
            continue;
        };
        for (node, text) in in_container(element) {
            found.push(told(Some(&name), node, text));
        }
        let written = WRITTEN_INTO.iter().filter_map(|key| Some((*key, element.member(key)?)));
        for (what, node) in written.chain([("it", element)]) {
            found.extend(document.alias_of(node).map(|alias| told(Some(&name), alias, repeated(what))));
        }
    }
    for node in document.around(containers) {
        found.extend(document.alias_of(node).map(|alias| told(None, alias, repeated("what holds its containers"))));
    }
    found
}

/// Members of a container that embedding may write into.
const WRITTEN_INTO: [&str; 7] =
    ["EntryPoint", "Environment", "DependsOn", "VolumesFrom", "MountPoints", "LinuxParameters", "PortMappings"];

fn repeated(what: &str) -> String {
    format!("{what} is repeated by a YAML alias, which would get the Defender as well: write out what stands there")
}

/// Finds what stands in the way in one container.
fn in_container(container: &Node) -> Vec<(&Node, String)> {
    let mut found = Vec::new();
    let parameters = container.member("LinuxParameters");
    let written_into = [Some(container), parameters, parameters.and_then(|it| it.member("Capabilities"))];
    for (key, node) in written_into.into_iter().flatten().filter_map(intrinsic::brought_into) {
        found.push((node, format!("{key} brings along what is not seen here, and embedding may have to write into it")));
    }
    for key in ["EntryPoint", "Environment", "DependsOn", "VolumesFrom", "MountPoints", "LinuxParameters"] {
        if let Some(node) = container.member(key).filter(|node| intrinsic::is_function(node)) {
            found.push((node, format!("{key} is {}, and embedding has to write into it", name(node))));
        }
    }
    let capabilities = parameters.and_then(|parameters| parameters.member("Capabilities"));
    for node in capabilities.into_iter().chain(capabilities.and_then(|it| it.member("Add"))) {
        if intrinsic::is_function(node) {
            found.push((node, format!("its capabilities are {}, and embedding has to write into them", name(node))));
        }
    }
    let says = |key: &str| container.member(key).is_some_and(|node| !matches!(&node.kind, Kind::Array(list) if list.is_empty()));
    if !says("EntryPoint") {
        if let Some(image) = container.member("Image").filter(|image| intrinsic::name_of(image).is_some()) {
            let text = format!(
                "Image is {}, so that nobody can look up what it starts: give the container its EntryPoint and, if it has one, Command",
                name(image)
            );
            found.push((image, text));
        }
        if let Some(command) = container.member("Command").filter(|command| intrinsic::is_function(command)) {
            found.push((
                command,
                format!("Command is {} and there is no EntryPoint before it: give the EntryPoint", name(command)),
            ));
        }
    }
    found
}

fn name(node: &Node) -> String {
    intrinsic::name_of(node).unwrap_or_default()
}
