//! Where each container's entry point comes from, and what the Console must be asked to find those that only images know.
//!
//! A container that says its own `entryPoint` needs nothing. One that says neither `entryPoint` nor `command` can be looked up by
//! the Console. One that says only `command` cannot: the Console would build it from the command alone and the image's own
//! entry point would be lost without a word (vendor's Fargate guide, note on GH#38203), so it is never asked to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::policy::Policy;
use super::task_definition::{Container, Registrable, TaskDefinition, containers_of};

/// A container whose entry point only its image knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    pub container: String,
    pub image: String,
}

/// A container that says a command and no entry point.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "container {container} says `command` and no `entryPoint`, and embedding would lose the entry point of its image {image}"
)]
pub struct CommandOnly {
    pub container: String,
    pub image: String,
}

/// Returns the containers whose entry point must be looked up.
///
/// # Errors
///
/// When a container says only `command`.
pub fn unknown(definition: &TaskDefinition<Registrable>) -> Result<Vec<Unknown>, CommandOnly> {
    let silent = definition.containers().filter(|container| container.entry_point().is_empty());
    silent
        .map(|container| {
            let (name, image) = (container.name().to_owned(), container.image().to_owned());
            if container.command().is_empty() {
                Ok(Unknown { container: name, image })
            } else {
                Err(CommandOnly { container: name, image })
            }
        })
        .collect()
}

/// How the Console can find an image's entry point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It has scanned the image.
    Scanned,
    /// It asks the image's registry, if it has a credential for it.
    Registry { registry_type: String, credential_id: Option<String> },
}

/// Returns how the Console can find this image's entry point.
///
/// The credential is the account id of the image's own ECR host unless a setting names one: that is how the Console names the
/// credentials of imported AWS accounts, as far as the vendor's own tool tells.
pub fn source(image: &str, scanned: bool, policy: &Policy) -> Source {
    if scanned {
        return Source::Scanned;
    }
    let credential_id = policy.credential_id.clone().or_else(|| ecr_account(image).map(str::to_owned));
    Source::Registry { registry_type: policy.registry_type.clone(), credential_id }
}

/// Returns the account of a private ECR image: `111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1`.
///
/// Source: Amazon ECR User Guide, "Amazon ECR private registries" (dual-stack hosts: `….dkr-ecr.eu-west-1.on.aws`).
fn ecr_account(image: &str) -> Option<&str> {
    let host = image.split('/').next()?;
    let (account, rest) = host.split_once('.')?;
    let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (rest.starts_with("dkr.ecr") || rest.starts_with("dkr-ecr"))).then_some(account)
}

/// Returns whether an element of `GET /registry` is exactly this image: the Console also returns images whose name goes on.
pub fn is_scan_of(element: &Value, image: &str) -> bool {
    let part = |key: &str| element.pointer(&format!("/repoTag/{key}")).and_then(Value::as_str).unwrap_or_default();
    let (registry, repository) = (part("registry"), part("repo"));
    let repository = if registry.is_empty() { repository.to_owned() } else { format!("{registry}/{repository}") };
    if let Some((wanted, digest)) = image.split_once('@') {
        // `repository:tag@digest` is allowed; the digest alone decides.
        let wanted = split_tag(wanted).0;
        return wanted == repository && part("digest") == digest;
    }
    let (wanted, tag) = split_tag(image);
    wanted == repository && part("tag") == tag.unwrap_or("latest")
}

/// Splits the tag off an image's name; a colon before the last slash is a port.
fn split_tag(image: &str) -> (&str, Option<&str>) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (image, None),
    }
}

/// One embed call: what is sent, how the Console is to look entry points up, and the containers the answer counts for.
#[derive(Clone, PartialEq)]
pub struct Question {
    pub body: Value,
    pub lookup: Option<Source>,
    looked_up: Vec<String>,
}

/// Stands for the entry point of a container that another question asks for.
const PLACEHOLDER: &str = "/fargate-updater/asked-elsewhere";

/// Returns the embed calls for a definition: one, or one for each way of looking entry points up.
///
/// The Console takes one registry type and one credential a call, however many containers there are.
pub fn questions(definition: &TaskDefinition<Registrable>, sources: &BTreeMap<String, Source>) -> Vec<Question> {
    let mut by_source: BTreeMap<&Source, Vec<String>> = BTreeMap::new();
    for (container, source) in sources {
        by_source.entry(source).or_default().push(container.clone());
    }
    let body = body_for_console(definition);
    if by_source.is_empty() {
        return vec![Question { body, lookup: None, looked_up: Vec::new() }];
    }
    let question = |(source, looked_up): (&Source, Vec<String>)| {
        let elsewhere = |name: &str| sources.contains_key(name) && !looked_up.iter().any(|container| container == name);
        let mut body = body.clone();
        for container in containers_mut(&mut body) {
            let name = Container(container).name().to_owned();
            if let (true, Value::Object(members)) = (elsewhere(&name), container) {
                members.insert("entryPoint".to_owned(), json!([PLACEHOLDER]));
            }
        }
        Question { body, lookup: Some(source.clone()), looked_up }
    };
    by_source.into_iter().map(question).collect()
}

/// Returns the answers to a definition's questions as one: each container as the question that looked it up answered it. What
/// only a later answer adds is added here too, so that it is judged like the rest.
pub fn one_answer(answers: Vec<(Question, Value)>) -> Value {
    let mut answers = answers.into_iter();
    let Some((_, mut whole)) = answers.next() else {
        return Value::Null;
    };
    for (question, answer) in answers {
        add_what_is_new(&mut whole, &answer);
        for container in containers_mut(&mut whole) {
            let name = Container(container).name().to_owned();
            if question.looked_up.contains(&name) {
                let better = containers_of(&answer).find(|container| container.name() == name);
                // Without it the container is missing, and refused as such: the placeholder must never be accepted.
                *container = better.map_or(Value::Null, |better| better.0.clone());
            }
        }
    }
    whole
}

fn add_what_is_new(whole: &mut Value, answer: &Value) {
    let Value::Object(members) = whole else { return };
    for (key, value) in answer.as_object().into_iter().flatten() {
        members.entry(key).or_insert_with(|| value.clone());
    }
    let known: Vec<String> = containers_of(whole).map(|container| container.name().to_owned()).collect();
    let new = containers_of(answer).filter(|container| !known.iter().any(|name| name == container.name()));
    let new: Vec<Value> = new.map(|container| container.0.clone()).collect();
    if let Some(Value::Array(containers)) = whole.get_mut("containerDefinitions") {
        containers.extend(new);
    }
}

/// Returns what the Console is sent: without tags, which are none of its business, and without empty entry points and commands,
/// which say as little as none and which the vendor's own tool removes as well.
fn body_for_console(definition: &TaskDefinition<Registrable>) -> Value {
    let mut body = definition.json().clone();
    if let Value::Object(members) = &mut body {
        members.shift_remove("tags");
    }
    for container in containers_mut(&mut body) {
        if let Value::Object(members) = container {
            for key in ["entryPoint", "command"] {
                if members.get(key).and_then(Value::as_array).is_some_and(Vec::is_empty) {
                    members.shift_remove(key);
                }
            }
        }
    }
    body
}

fn containers_mut(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
}
