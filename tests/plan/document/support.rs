//! Short ways to edits and their results.

use fargate_updater::plan::document::{Document, Substitutes};
use fargate_updater::plan::edit::{Edit, JsonPath};
use serde_json::Value;

/// Returns the place that a JSON Pointer names. Numbers are indices.
pub(super) fn at(pointer: &str) -> JsonPath {
    pointer.split('/').skip(1).fold(JsonPath::root(), |path, step| match step.parse() {
        Ok(index) => path.index(index),
        Err(_) => path.key(step),
    })
}

pub(super) fn add(pointer: &str, value: Value) -> Edit {
    Edit::add(at(pointer), value)
}

pub(super) fn remove(pointer: &str) -> Edit {
    Edit::Remove { at: at(pointer), value: Value::Null, place: None }
}

pub(super) fn replace(pointer: &str, after: Value) -> Edit {
    Edit::Replace { at: at(pointer), before: Value::Null, after }
}

pub(super) fn document(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

/// Returns a text after an edit that fits.
pub(super) fn edited(text: &str, edit: &Edit) -> String {
    let mut document = document(text);
    document.edit(edit, &Substitutes::default()).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    document.text().to_owned()
}

/// Holds every row of a table to what it expects: a name, a text, an edit and the text after it.
pub(super) fn holds(rows: impl IntoIterator<Item = (&'static str, &'static str, Edit, &'static str)>) {
    for (name, text, edit, expected) in rows {
        let found = edited(text, &edit);
        assert_eq!(found, expected, "{name}\n--- found\n{found}\n--- expected\n{expected}");
    }
}

/// Holds rows to the same, and to this: a member or element that was added goes again without a trace.
pub(super) fn holds_both_ways(rows: impl IntoIterator<Item = (&'static str, &'static str, Edit, &'static str)>) {
    for (name, text, edit, expected) in rows {
        holds([(name, text, edit.clone(), expected)]);
        let Edit::Add { at, value, place } = edit else { panic!("{name}: only what is added is taken away again") };
        let found = edited(expected, &Edit::Remove { at, value, place });
        assert_eq!(found, text, "{name}, taken away again\n--- found\n{found}\n--- expected\n{text}");
    }
}
