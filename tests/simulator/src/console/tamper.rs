//! What a scenario makes the Console put into its answers, or take out of them, by JSON pointer.
//!
//! A pointer is RFC 6901's, with one addition: an element of a list may be given by its `name` or `Name` instead of its index,
//! since containers have names and tests should not count them. A pointer that leads nowhere does nothing: the definitions of one
//! run differ, the client's own sample among them.

use serde_json::{Map, Value};

/// Adds a value, creating objects and lists on the way; `-` stands for the end of a list.
pub(super) fn add(document: &mut Value, pointer: &str, value: Value) {
    let tokens = tokens(pointer);
    let Some((last, parents)) = tokens.split_last() else { return };
    let mut at = document;
    for (index, token) in parents.iter().enumerate() {
        let Some(next) = step(at, token, true) else { return };
        if next.is_null() {
            *next = if tokens[index + 1] == "-" { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        at = next;
    }
    match at {
        Value::Object(fields) => {
            fields.insert(last.clone(), value);
        }
        Value::Array(elements) if last == "-" => elements.push(value),
        Value::Array(elements) => match position(elements, last) {
            Some(index) => elements.insert(index, value),
            None if last.parse() == Ok(elements.len()) => elements.push(value),
            None => {}
        },
        _ => {}
    }
}

/// Replaces what is there, or removes it.
pub(super) fn change(document: &mut Value, pointer: &str, value: Option<Value>) {
    let tokens = tokens(pointer);
    let Some((last, parents)) = tokens.split_last() else { return };
    let mut at = document;
    for token in parents {
        let Some(next) = step(at, token, false) else { return };
        at = next;
    }
    match (value, at) {
        (Some(value), parent) => {
            if let Some(found) = step(parent, last, false) {
                *found = value;
            }
        }
        (None, Value::Object(fields)) => {
            fields.shift_remove(last);
        }
        (None, Value::Array(elements)) => {
            if let Some(index) = position(elements, last) {
                elements.remove(index);
            }
        }
        (None, _) => {}
    }
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

fn step<'a>(parent: &'a mut Value, token: &str, create: bool) -> Option<&'a mut Value> {
    match parent {
        Value::Object(fields) => {
            if create && !fields.contains_key(token) {
                fields.insert(token.to_owned(), Value::Null);
            }
            fields.get_mut(token)
        }
        Value::Array(elements) => {
            let index = position(elements, token)?;
            elements.get_mut(index)
        }
        _ => None,
    }
}

/// Returns the index of an existing element.
fn position(elements: &[Value], token: &str) -> Option<usize> {
    let index = token.parse::<usize>().ok().filter(|index| *index < elements.len());
    index.or_else(|| elements.iter().position(|element| element["name"] == token || element["Name"] == token))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{add, change};

    #[test]
    fn additions_create_what_is_missing_and_append() {
        let cases = [
            ("/taskRoleArn", json!({ "containers": [{ "name": "a" }], "taskRoleArn": 1 })),
            ("/containers/0/x/y", json!({ "containers": [{ "name": "a", "x": { "y": 1 } }] })),
            ("/containers/a/list/-", json!({ "containers": [{ "name": "a", "list": [1] }] })),
            ("/containers/-", json!({ "containers": [{ "name": "a" }, 1] })),
            ("/containers/0", json!({ "containers": [1, { "name": "a" }] })),
            ("/containers/7/x", json!({ "containers": [{ "name": "a" }] })),
        ];
        for (pointer, expected) in cases {
            let mut document = json!({ "containers": [{ "name": "a" }] });
            add(&mut document, pointer, json!(1));
            assert_eq!(document, expected, "{pointer}");
        }
    }

    #[test]
    fn changes_touch_only_what_is_there() {
        let cases: [(&str, Option<Value>, Value); 5] = [
            ("/cpu", Some(json!("512")), json!({ "cpu": "512", "list": [{ "name": "a", "x": 1 }] })),
            ("/memory", Some(json!("512")), json!({ "cpu": "256", "list": [{ "name": "a", "x": 1 }] })),
            ("/cpu", None, json!({ "list": [{ "name": "a", "x": 1 }] })),
            ("/list/a/x", None, json!({ "cpu": "256", "list": [{ "name": "a" }] })),
            ("/list/0", None, json!({ "cpu": "256", "list": [] })),
        ];
        for (pointer, value, expected) in cases {
            let mut document = json!({ "cpu": "256", "list": [{ "name": "a", "x": 1 }] });
            change(&mut document, pointer, value);
            assert_eq!(document, expected, "{pointer}");
        }
    }
}
