//! How two task definitions differ, member by member: what one adds to the other, and what it changed.
//!
//! Used on the Console's answer, where an addition must be found wherever it hides, and on revisions, where two spellings of the
//! same thing must count as the same. Lists are compared without regard to order, because ECS reorders them.

use serde_json::{Map, Value};

use super::defender;
use super::edit::{Edit, JsonPath};
use super::forms::is_function;
use super::memory;

/// What a comparison found.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    /// What was added and is no part of embedding.
    pub(super) additions: Vec<JsonPath>,
    /// What was changed or left out.
    pub(super) put_back: Vec<JsonPath>,
}

impl Comparison {
    pub(super) fn refuse(&mut self, at: JsonPath) {
        self.additions.push(at);
    }

    pub(super) fn put_back(&mut self, at: JsonPath) {
        self.put_back.push(at);
    }

    /// Compares a member of the answer with the same member of the original, which may have none.
    pub(super) fn member(&mut self, original: Option<&Value>, answer: &Value, at: &JsonPath) {
        match original {
            None if is_nothing(answer) => {}
            None => self.refuse(at.clone()),
            Some(original) if original == answer => {}
            Some(original) => match (original, answer) {
                (Value::Object(theirs), Value::Object(answered)) => {
                    for (key, value) in answered {
                        self.member(theirs.get(key), value, &at.key(key));
                    }
                    self.dropped(original, answer, at, &[]);
                }
                (Value::Array(theirs), Value::Array(answered)) => self.list(theirs, answered, at),
                (original, answer) if is_nothing(original) && is_nothing(answer) => {}
                // Where nothing was, something is an addition, whatever way the nothing was written.
                (original, _) if is_nothing(original) => self.refuse(at.clone()),
                _ => self.put_back(at.clone()),
            },
        }
    }

    /// Tells the members that the answer left out.
    pub(super) fn dropped(&mut self, original: &Value, answer: &Value, at: &JsonPath, but: &[&str]) {
        let theirs = original.as_object().into_iter().flatten();
        let dropped =
            theirs.filter(|(key, value)| answer.get(key).is_none() && !was_left_out(value) && !but.contains(&key.as_str()));
        dropped.for_each(|(key, _)| self.put_back(at.key(key)));
    }

    /// Compares two lists: equal elements pair up wherever they stand, the rest in order, and what then remains was added.
    fn list(&mut self, theirs: &[Value], answered: &[Value], at: &JsonPath) {
        let mut unpaired: Vec<&Value> = theirs.iter().filter(|element| !is_function(element)).collect();
        let mut rest = Vec::new();
        for (index, element) in answered.iter().enumerate() {
            match unpaired.iter().position(|original| *original == element) {
                Some(pair) => {
                    unpaired.remove(pair);
                }
                None => rest.push((index, element)),
            }
        }
        let changed = unpaired.len();
        for (original, (index, element)) in unpaired.iter().zip(&rest) {
            self.member(Some(original), element, &at.index(*index));
        }
        if rest.len() < changed {
            self.put_back(at.clone());
        }
        for (index, _) in rest.into_iter().skip(changed) {
            self.refuse(at.index(index));
        }
    }

    /// Returns the elements that the answer adds to a list of named things, if they are of the kind that embedding adds; others
    /// are refused. Elements that the original names as well are the customer's and stay theirs.
    pub(super) fn new_elements(
        &mut self,
        original: &Value,
        answer: &Value,
        at: &JsonPath,
        key: &str,
        embedding: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let list = |value: &Value| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
        let (theirs, answered) = (list(original), list(answer));
        let at = at.key(key);
        let mut new: Vec<Value> = Vec::new();
        for (index, element) in answered.iter().enumerate() {
            let named = |other: &&Value| identity(other) == identity(element);
            if theirs.contains(element) || new.iter().any(|other| named(&other)) {
                continue;
            }
            match theirs.iter().find(named) {
                Some(original) => self.member(Some(original), element, &at.index(index)),
                // Only what is new loses its nulls: a customer's own may stand for anything, in places only they know.
                None if embedding(&without_nulls(element)) => new.push(without_nulls(element)),
                None => self.refuse(at.index(index)),
            }
        }
        let kept = |original: &&Value| answered.iter().any(|element| identity(element) == identity(original));
        if !theirs.iter().all(|original| kept(&original)) {
            self.put_back(at);
        }
        new
    }
}

/// Returns what tells an element of a task definition's list from the others.
fn identity(element: &Value) -> Vec<&Value> {
    let keys = ["name", "containerName", "sourceContainer", "sourceVolume", "containerPath"];
    let found: Vec<&Value> = keys.iter().filter_map(|key| element.get(key)).collect();
    if found.is_empty() { vec![element] } else { found }
}

/// Returns whether a value says nothing: null, empty, or made of nothing but such.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Returns whether a value says nothing, or nothing that the Console was sent.
fn was_left_out(value: &Value) -> bool {
    match value {
        Value::Array(elements) => elements.iter().all(was_left_out),
        Value::Object(members) => members.values().all(was_left_out),
        value => is_nothing(value) || is_function(value),
    }
}

/// Returns a value without the nulls in it: ECS refuses them.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(elements) => elements.iter().filter(|element| !element.is_null()).map(without_nulls).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

/// Returns the edits that append elements to a list, which may not be there yet.
pub(super) fn appended(parent: &Value, at: &JsonPath, key: &str, elements: &[Value]) -> Vec<Edit> {
    let at = at.key(key);
    if elements.is_empty() {
        return Vec::new();
    }
    match parent.get(key) {
        Some(Value::Array(existing)) => {
            let next = existing.len();
            elements.iter().enumerate().map(|(n, value)| Edit::add(at.index(next + n), value.clone())).collect()
        }
        Some(before) => vec![Edit::Replace { at, before: before.clone(), after: Value::Array(elements.to_vec()) }],
        None => vec![Edit::add(at, Value::Array(elements.to_vec()))],
    }
}

/// Returns whether two revisions say the same, install bundle and all that we remember on them aside: rolling one out where the
/// other runs would change nothing.
pub fn same_but_for_memory(one: &Value, other: &Value) -> bool {
    let forgetful = |definition: &Value| {
        let mut definition = definition.clone();
        if let Some(Value::Array(tags)) = definition.get_mut("tags") {
            tags.retain(|tag| !tag.get("key").and_then(Value::as_str).is_some_and(memory::is_ours));
        }
        for container in definition.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
            *container = memory::without_labels(container);
        }
        definition
    };
    same_content(&forgetful(one), &forgetful(other))
}

/// Returns whether two revisions say the same, install bundle and run aside.
///
/// ECS writes definitions in its own way: empty lists, `cpu: 0`, host ports and protocols filled in, variables in another order
/// (seen in what `DescribeTaskDefinition` answers for definitions registered without them). The Console makes a new bundle at
/// each call, and each run has its own id.
pub fn same_content(one: &Value, other: &Value) -> bool {
    normal(one) == normal(other)
}

fn normal(definition: &Value) -> Value {
    let mut definition = definition.clone();
    if let Some(Value::Array(tags)) = definition.get_mut("tags") {
        let of_the_run = |tag: &Value| tag.get("key").and_then(Value::as_str).is_some_and(memory::is_of_one_run);
        tags.retain(|tag| !of_the_run(tag));
    }
    for container in definition.get_mut("containerDefinitions").and_then(Value::as_array_mut).into_iter().flatten() {
        let Value::Object(members) = container else { continue };
        let _ = members.entry("essential").or_insert(Value::Bool(true));
        if members.get("cpu").and_then(Value::as_u64) == Some(0) {
            members.shift_remove("cpu");
        }
        for mapping in members.get_mut("portMappings").and_then(Value::as_array_mut).into_iter().flatten() {
            if let Value::Object(mapping) = mapping {
                if let Some(port) = mapping.get("containerPort").cloned() {
                    let _ = mapping.entry("hostPort").or_insert(port);
                }
                let _ = mapping.entry("protocol").or_insert_with(|| Value::from("tcp"));
            }
        }
        let is_sidecar = members.get("name").and_then(Value::as_str) == Some(defender::CONTAINER_NAME);
        if let (true, Some(Value::Array(environment))) = (is_sidecar, members.get_mut("environment")) {
            // One is as good as another, and none is not.
            let is_bundle =
                |variable: &&mut Value| variable.get("name").and_then(Value::as_str) == Some(defender::INSTALL_BUNDLE);
            for bundle in environment.iter_mut().filter(is_bundle) {
                let is_one = bundle.get("value").and_then(Value::as_str).is_some_and(|value| !value.is_empty());
                bundle["value"] = if is_one { "a bundle" } else { "" }.into();
            }
        }
    }
    sorted(&definition)
}

/// Returns a value with members and named list elements in one order, and without what says nothing.
///
/// Lists of plain texts keep their order: it matters in an entry point.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut kept: Vec<(&String, Value)> =
                members.iter().filter(|(_, value)| !is_nothing(value)).map(|(key, value)| (key, sorted(value))).collect();
            kept.sort_by(|one, other| one.0.cmp(other.0));
            Value::Object(kept.into_iter().map(|(key, value)| (key.clone(), value)).collect::<Map<_, _>>())
        }
        Value::Array(elements) => {
            let mut elements: Vec<Value> = elements.iter().map(sorted).collect();
            if elements.iter().all(Value::is_object) {
                elements.sort_by_cached_key(Value::to_string);
            }
            Value::Array(elements)
        }
        other => other.clone(),
    }
}
