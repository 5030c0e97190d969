//! What the Console is sent, and how its answers become one.
//!
//! A container whose entry point is known is sent with it, or with something else in its place where it has none: the Console must
//! only be made to answer, because nothing but its prefix is taken. It is never sent a `command` without an `entryPoint`: it would
//! build the container from the command alone and lose the image's entry point without a word (vendor's Fargate guide, note on
//! GH#38203). Containers that are not put under the Defender are not sent.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::accept::Embedding;
use super::entrypoint::{Entry, Lookup};
use super::forms;
use super::task_definition::{Container, containers_of};

/// One embed call: what is sent, how the Console is to look entry points up, and the containers the answer counts for.
#[derive(Clone, PartialEq)]
pub struct Question {
    pub body: Value,
    pub lookup: Option<Lookup>,
    /// Containers whose entry points it is to look up.
    pub looked_up: Vec<String>,
}

/// Stands for an entry point that is none, or that another question asks for.
const PLACEHOLDER: &str = "/fargate-updater/entry-point";

/// Returns the embed calls for a definition: one, or one for each way of looking entry points up.
///
/// The Console takes one registry type and one credential a call, however many containers there are.
pub fn questions(embedding: &Embedding<'_>) -> Vec<Question> {
    let mut by_lookup: BTreeMap<Option<&Lookup>, Vec<String>> = BTreeMap::new();
    for (container, entry) in embedding.entries {
        if let Entry::Asked(lookup) = entry {
            by_lookup.entry(Some(lookup)).or_default().push(container.clone());
        }
    }
    if by_lookup.is_empty() {
        by_lookup.insert(None, Vec::new());
    }
    let question = |(lookup, looked_up): (Option<&Lookup>, Vec<String>)| Question {
        body: body(embedding, &looked_up),
        lookup: lookup.cloned(),
        looked_up,
    };
    by_lookup.into_iter().map(question).collect()
}

/// Returns what the Console is sent: the containers that get the Defender, and no tags, which are none of its business.
fn body(embedding: &Embedding<'_>, looked_up: &[String]) -> Value {
    let mut body = embedding.definition.json().clone();
    if let Value::Object(members) = &mut body {
        members.shift_remove("tags");
    }
    if let Some(Value::Array(containers)) = body.get_mut("containerDefinitions") {
        containers.retain(|container| embedding.selection.wraps(Container(container).name()));
    }
    forms::leave_out_functions(&mut body);
    let placeholder = [PLACEHOLDER.to_owned()];
    for container in containers_mut(&mut body) {
        let name = Container(container).name().to_owned();
        let Value::Object(members) = container else { continue };
        let mut says = |key: &str, words: &[String]| {
            // Empty lists say as little as none, and the vendor's own tool removes them as well.
            if words.is_empty() {
                members.shift_remove(key);
            } else {
                members.insert(key.to_owned(), json!(words));
            }
        };
        match embedding.entries.get(&name) {
            Some(Entry::Known { runs, .. }) => {
                says("entryPoint", if runs.entry_point.is_empty() { &placeholder } else { &runs.entry_point });
                says("command", &runs.command);
            }
            Some(Entry::Asked(_)) => {
                let asked_here = looked_up.contains(&name);
                says("entryPoint", if asked_here { &[] } else { &placeholder });
                // With a command the Console would not look the entry point up. The container's own is put back.
                says("command", &[]);
            }
            None => {
                if members.get("command").and_then(Value::as_array).is_some_and(Vec::is_empty) {
                    members.shift_remove("command");
                }
            }
        }
    }
    body
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

fn containers_mut(body: &mut Value) -> impl Iterator<Item = &mut Value> {
    body.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten()
}
