//! Members that are edited by themselves: in a part of the text where that can be read alone, in the whole where it cannot.

use fargate_updater::plan::document::{Member, Parts, Substitutes};
use fargate_updater::plan::edit::{Edit, JsonPath};
use serde_json::{Value, json};

use super::generated_json::{Choices, collections};
use super::support::{add, at, document, remove, replace};

const TEMPLATE: &str = "# A shop.
Resources:
  # The first.
  Web: # the shop itself
    Type: T
    Properties:
      Names:
      - a # one

  # The second.
  Worker:
    Type: T
    Properties: {Names: [b]}
    # as big as it gets
Outputs: {}
";

/// Returns the text that a member is edited in, and where it is there.
fn part(text: &str, member: &str) -> (String, String) {
    let mut parts = Parts::of(document(text));
    let (part, inside) = parts.with(&at(member)).expect("nothing was edited");
    (part.text().to_owned(), inside.to_string())
}

#[test]
fn a_member_of_yamls_blocks_is_its_lines() {
    let web = "  Web: # the shop itself\n    Type: T\n    Properties:\n      Names:\n      - a # one\n\n  # The second.\n";
    assert_eq!(part(TEMPLATE, "/Resources/Web"), (web.to_owned(), "/Web".to_owned()));
    let worker = "  Worker:\n    Type: T\n    Properties: {Names: [b]}\n    # as big as it gets\n";
    assert_eq!(part(TEMPLATE, "/Resources/Worker"), (worker.to_owned(), "/Worker".to_owned()));
}

#[test]
fn a_member_of_json_is_its_brackets_behind_the_blanks_of_their_line() {
    let text = "{\n  \"Resources\": {\n    \"Web\": {\n      \"Names\": []\n    }, \"Worker\": {}\n  }\n}\n";
    assert_eq!(part(text, "/Resources/Web"), ("    {\n      \"Names\": []\n    }".to_owned(), String::new()));
    assert_eq!(part(text, "/Resources/Worker"), ("    {}".to_owned(), String::new()));
    assert_eq!(part(r#"{"a":{"b":[{"c":1}]}}"#, "/a/b"), (r#"[{"c":1}]"#.to_owned(), String::new()));
}

#[test]
fn what_cannot_be_read_by_itself_is_edited_in_the_whole() {
    let rows = [
        ("brackets in YAML", "a: {b: {c: 1}}\n", "/a"),
        ("a block inside of brackets' YAML", "a: [b: 1]\n", "/a/0"),
        ("behind a dash", "a:\n- b: 1\n", "/a/0"),
        ("a scalar", "a: 1\n", "/a"),
        ("a scalar of JSON", "{\"a\": 1}", "/a"),
        ("a tag", "a: !Sub\n  b: 1\n", "/a"),
        ("an anchor", "a: &x\n  b: 1\n", "/a"),
        ("an alias of something outside", "x: &x 1\na:\n  b: *x\n", "/a"),
        ("a key behind another one's question mark", "? a\n: b: 1\n", "/a"),
        ("nothing", "a: 1\n", "/b"),
    ];
    for (name, text, member) in rows {
        assert_eq!(part(text, member), (text.to_owned(), member.to_owned()), "{name}");
    }
}

#[test]
fn parts_and_the_whole_are_edited_in_turn() {
    let text = "{\"a\": {\"b\": 1}, \"c\": 2, \"d\": {\"e\": 3}}";
    let mut parts = Parts::of(document(text));
    let mut edit = |member: &str, edit: Edit| {
        let (document, _) = parts.with(&at(member)).expect("what came before fits");
        document.edit(&edit, &Substitutes::default()).expect("it fits");
    };
    edit("/a", add("/new", json!("longer than before")));
    edit("/d", replace("/e", json!(33)));
    // Twice the same part.
    edit("/a", remove("/b"));
    // The whole, which has the others in it by then.
    edit("/c", replace("/c", json!([2])));
    edit("/d", add("/f", Value::Null));
    let whole = parts.into_whole().expect("all of it fits");
    assert_eq!(whole.text(), r#"{"a": {"new": "longer than before"}, "c": [2], "d": {"e": 33, "f": null}}"#);
}

#[test]
fn what_is_added_to_a_part_is_written_as_elsewhere_in_the_document() {
    let text = "Other:\n    List:\n        -   Name: x\nWeb:\n    A: 1\n";
    let mut parts = Parts::of(document(text));
    let (part, inside) = parts.with(&at("/Web")).expect("nothing was edited");
    part.edit(&Edit::add(inside.key("List"), json!([{"Name": "y", "B": {"C": 1}}])), &Substitutes::default()).expect("it fits");
    let whole = parts.into_whole().expect("it fits");
    assert_eq!(whole.text(), text.to_owned() + "    List:\n        -   Name: \"y\"\n            B:\n                C: 1\n");
}

/// Adds values to members of a document, each by itself, and holds the text to the one that comes of adding them to the whole.
pub(super) fn parts_are_as_the_whole(text: &str, added: Vec<Value>, choices: &mut Choices) {
    let mut whole = document(text);
    let mut parts = Parts::of(whole.clone());
    let mut edits = Vec::new();
    for (number, value) in added.into_iter().enumerate() {
        let members = whole.root().members();
        let member = JsonPath::root().key(&members[choices.next(members.len())].key);
        let (part, inside) = parts.with(&member).expect("what came before fits");
        let mut places = Vec::new();
        collections(part.find(&inside).expect("the member"), member.clone(), &mut places);
        // Empty brackets look like what is around them.
        places.retain(|(_, node)| !node.members().is_empty() || !node.elements().is_empty());
        if places.is_empty() {
            continue;
        }
        let (parent, node) = &places[choices.next(places.len())];
        let at = match node.elements().len() {
            0 => parent.key(&format!("brand new {number}")),
            count => parent.index(choices.next(count + 1)),
        };
        let edit = Edit::add(at.moved(&member, &inside), value.clone());
        part.edit(&edit, &Substitutes::default()).unwrap_or_else(|error| panic!("{error} in\n{}", part.text()));
        edits.push(Edit::add(at, value));
    }
    // What is added goes by the indentation of its line, which members that share one give to each other.
    let begins_a_line = |member: &Member| {
        let line = text[..member.key_span().start].rsplit('\n').next().unwrap_or_default();
        line.trim_start_matches('\u{feff}').trim().is_empty()
    };
    let have_their_own_lines = whole.root().members().iter().all(begins_a_line);
    whole.edit_all(&edits, &Substitutes::default()).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    let together = parts.into_whole().expect("all of it fits");
    assert_eq!(together.root().value(), whole.root().value());
    if have_their_own_lines || edits.len() < 2 {
        assert_eq!(together.text(), whole.text());
    }
}
