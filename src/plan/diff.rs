//! How two revisions of a task definition differ, in lines for people: what is added, changed and taken away, and where.
//!
//! Lists are compared without regard to order where their elements have names, because ECS reorders them. Values are shown only where
//! they cannot be secrets; of everything else the place is named. No value of an environment is ever part of a line.

use std::collections::BTreeSet;

use serde_json::Value;

use super::defender::public_image;
use super::edit::name_of;
use super::redact::Redactor;

/// Members whose values are shown: what a person wants to know of a change, and what holds no secret but in an image's name.
const SHOWN: [&str; 8] = ["image", "entryPoint", "cpu", "memory", "memoryReservation", "essential", "condition", "add"];

/// Our own tags are shown with their values.
const OUR_TAGS: &str = "fargate-updater:";

/// Tells each difference in a line, in the order of the later revision: `+ containerDefinitions/web/environment/TW_IMAGE_NAME`.
pub fn differences(before: &Value, after: &Value, secrets: &Redactor) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", before, after, &mut lines);
    lines.into_iter().map(|line| secrets.clean(&line)).collect()
}

fn compare(at: &str, before: &Value, after: &Value, lines: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in ours {
                let at = below(at, key);
                match theirs.get(key) {
                    Some(before) => compare(&at, before, value, lines),
                    None => added(&at, value, lines),
                }
            }
            let gone = theirs.iter().filter(|(key, _)| !ours.contains_key(*key));
            lines.extend(gone.map(|(key, value)| format!("- {}{}", below(at, key), shown(&below(at, key), value))));
        }
        (Value::Array(theirs), Value::Array(ours)) if are_named(theirs) && are_named(ours) => named(at, theirs, ours, lines),
        _ => lines.push(format!("~ {at}{}", changed(at, before, after))),
    }
}

/// Compares two lists whose elements have names of their own.
fn named(at: &str, before: &[Value], after: &[Value], lines: &mut Vec<String>) {
    let find = |list: &'_ [Value], name: &str| list.iter().find(|element| name_of(element) == Some(name)).cloned();
    for element in after {
        let name = name_of(element).unwrap_or_default();
        match find(before, name) {
            Some(before) if holds_values(at) && before != *element => lines.push(format!("~ {}", below(at, name))),
            Some(before) => compare(&below(at, name), &before, element, lines),
            None => lines.push(format!("+ {}{}", below(at, name), of_element(element))),
        }
    }
    let gone = before.iter().filter_map(name_of).filter(|name| find(after, name).is_none());
    lines.extend(gone.map(|name| format!("- {}", below(at, name))));
}

/// Tells something new; of a list with names, each element.
fn added(at: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Array(elements) if are_named(elements) && !elements.is_empty() => named(at, &[], elements, lines),
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(key, value)| added(&below(at, key), value, lines));
        }
        _ => lines.push(format!("+ {at}{}", shown(at, value))),
    }
}

fn below(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}/{key}") }
}

/// Returns whether every element has a name, and each another one.
fn are_named(list: &[Value]) -> bool {
    let names: BTreeSet<&str> = list.iter().filter_map(name_of).collect();
    names.len() == list.len()
}

/// Returns whether a list's elements hold what may be a secret: variables, secrets and what is like them.
fn holds_values(at: &str) -> bool {
    ["environment", "secrets", "secretOptions"].contains(&last(at))
}

fn last(at: &str) -> &str {
    at.rsplit('/').next().unwrap_or(at)
}

/// Tells of a new element what makes it worth a line: a container's image, a tag of ours.
fn of_element(element: &Value) -> String {
    let text = |key: &str| element.get(key).and_then(Value::as_str);
    match (text("image"), text("key"), text("value")) {
        (Some(image), ..) => format!(" (image {})", public_image(image)),
        (None, Some(key), Some(value)) if key.starts_with(OUR_TAGS) => format!(": {value}"),
        _ => String::new(),
    }
}

fn shown(at: &str, value: &Value) -> String {
    if SHOWN.contains(&last(at)) { format!(": {}", plain(at, value)) } else { String::new() }
}

fn changed(at: &str, before: &Value, after: &Value) -> String {
    if !SHOWN.contains(&last(at)) {
        return String::new();
    }
    format!(": {} -> {}", plain(at, before), plain(at, after))
}

fn plain(at: &str, value: &Value) -> String {
    match value {
        Value::String(text) if last(at) == "image" => public_image(text),
        Value::String(text) => text.clone(),
        Value::Array(words) => words.iter().map(|word| plain(at, word)).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
