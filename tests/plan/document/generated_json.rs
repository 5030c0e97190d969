//! JSON of any content and any blanks: what is added and taken away again leaves no trace.

use fargate_updater::plan::document::{Document, Kind, Node, Substitutes};
use fargate_updater::plan::edit::{Edit, JsonPath};
use proptest::prelude::*;
use serde_json::Value;

use super::parts::parts_are_as_the_whole;
use super::support::document;

pub(super) fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        (-1000.0..1000.0).prop_map(Value::from),
        "[a-zA-Zé日 :#,\\[\\]{}\"\\\\/\n\t|>&*!%@`'~.0-9_-]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-zé:# ]{0,5}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A document is an object with one member at least: what is between the root's own brackets is not brought back.
pub(super) fn roots() -> impl Strategy<Value = Value> {
    prop::collection::vec(("[a-zé:# ]{1,5}", values()), 1..5).prop_map(|members| Value::Object(members.into_iter().collect()))
}

/// Numbers that decide, one after the other, what is done.
#[derive(Debug)]
pub(super) struct Choices(pub Vec<u16>, pub usize);

impl Choices {
    pub(super) fn next(&mut self, count: usize) -> usize {
        self.1 += 1;
        usize::from(self.0[self.1 % self.0.len()]) % count
    }
}

pub(super) fn choices() -> impl Strategy<Value = Choices> {
    prop::collection::vec(any::<u16>(), 1..200).prop_map(|numbers| Choices(numbers, 0))
}

/// Returns a value as JSON with any blanks wherever blanks may be, or in a formatter's ways.
fn written(value: &Value, way: usize, choices: &mut Choices) -> String {
    const BLANKS: [&str; 8] = ["", "", "", " ", "  ", "\n", "\n    ", "\r\n\t"];
    match way {
        0 => return value.to_string(),
        1 => return format!("{value:#}"),
        2 => return format!("{value:#}\n").replace('\n', "\r\n"),
        _ => {}
    }
    let blank = |choices: &mut Choices| BLANKS[choices.next(BLANKS.len())];
    let items: Vec<String> = match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| {
                let (before, after) = (blank(choices), blank(choices));
                format!("{}{before}:{after}{}", Value::from(key.as_str()), written(value, way, choices))
            })
            .collect(),
        Value::Array(elements) => elements.iter().map(|element| written(element, way, choices)).collect(),
        scalar => return scalar.to_string(),
    };
    let (open, close) = if value.is_object() { ("{", "}") } else { ("[", "]") };
    let mut text = open.to_owned() + blank(choices);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text = text + blank(choices) + "," + blank(choices);
        }
        text += item;
    }
    text + blank(choices) + close
}

/// Returns every collection of a document, with its place.
pub(super) fn collections<'a>(node: &'a Node, at: JsonPath, found: &mut Vec<(JsonPath, &'a Node)>) {
    match &node.kind {
        Kind::Object(members) => members.iter().for_each(|it| collections(&it.value, at.key(&it.key), found)),
        Kind::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, it)| collections(it, at.index(index), found));
        }
        Kind::Scalar(_) => return,
    }
    found.push((at, node));
}

/// Adds values at any places of a document and takes them away in the opposite order.
pub(super) fn adding_leaves_no_trace(text: &str, added: Vec<Value>, choices: &mut Choices) {
    let mut document = document(text);
    let mut undo: Vec<(Edit, Option<(JsonPath, String)>)> = Vec::new();
    for value in added {
        let mut places = Vec::new();
        collections(document.root(), JsonPath::root(), &mut places);
        let (parent, node) = &places[choices.next(places.len())];
        // What stood between empty brackets is brought back as it was.
        let raw = (node.members().is_empty() && node.elements().is_empty())
            .then(|| document.raw(parent).map(|raw| (parent.clone(), raw.to_owned())))
            .flatten();
        let edit = match &node.kind {
            Kind::Object(members) => {
                let place = choices.next(members.len() + 2);
                let place = (place <= members.len()).then_some(place);
                Edit::Add { at: parent.key("brand new"), value, place }
            }
            _ => Edit::add(parent.index(choices.next(node.elements().len() + 1)), value),
        };
        if let Edit::Add { at, .. } = &edit
            && document.find(at).is_some()
            && matches!(node.kind, Kind::Object(_))
        {
            continue;
        }
        document.edit(&edit, &Substitutes::default()).unwrap_or_else(|error| panic!("{error} in\n{}", document.text()));
        let Edit::Add { at, value, place } = edit else { continue };
        undo.push((Edit::Remove { at, value, place }, raw));
    }
    for (edit, raw) in undo.into_iter().rev() {
        document.edit(&edit, &Substitutes::default()).unwrap_or_else(|error| panic!("{error} in\n{}", document.text()));
        if let Some((at, raw)) = raw {
            document.put_raw(&at, &raw).unwrap_or_else(|error| panic!("{error} in\n{}", document.text()));
        }
    }
    assert_eq!(document.text(), text);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn json_comes_back(
        root in roots(),
        way in 0_usize..6,
        added in prop::collection::vec(values(), 1..6),
        mut choices in choices(),
    ) {
        let text = written(&root, way, &mut choices);
        prop_assert_eq!(document(&text).root().value(), root);
        parts_are_as_the_whole(&text, added.clone(), &mut choices);
        adding_leaves_no_trace(&text, added, &mut choices);
    }

    #[test]
    fn one_value_is_made_another_and_back(one in roots(), other in roots(), way in 0_usize..6, mut choices in choices()) {
        let one = serde_json::json!({ "a": one });
        let other = serde_json::json!({ "a": other });
        let mut document = document(&written(&one, way, &mut choices));
        let at = JsonPath::root().key("a");
        for (before, after) in [(&one, &other), (&other, &one)] {
            let edit = Edit::Replace { at: at.clone(), before: before["a"].clone(), after: after["a"].clone() };
            prop_assert_eq!(document.edit(&edit, &Substitutes::default()), Ok(()));
            prop_assert_eq!(&document.root().value(), after);
        }
    }

    #[test]
    fn no_text_makes_reading_fail_badly(text in "[\\[\\]{}:,\"' \n\r\t#&*!|>%@a-c0é-]{0,40}") {
        if let Ok(document) = Document::parse(&text) {
            document.root().value();
            prop_assert_eq!(document.text(), text);
        }
    }
}
