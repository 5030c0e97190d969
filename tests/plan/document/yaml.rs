//! Edits of YAML, in block and in flow style.

use fargate_updater::plan::edit::Edit;
use serde_json::json;

use super::support::{add, at, document, holds, holds_both_ways, remove, replace};

#[test]
fn what_is_added_to_blocks_goes_without_a_trace() {
    holds_both_ways([
        ("a member", "a: 1\n", add("/b", json!("x")), "a: 1\nb: x\n"),
        ("without a last line end", "a: 1", add("/b", json!([1])), "a: 1\nb:\n  - 1"),
        ("with carriage returns", "a:\r\n  b: 1\r\n", add("/a/c", json!({ "d": 1 })), "a:\r\n  b: 1\r\n  c:\r\n    d: 1\r\n"),
        ("behind a byte order mark", "\u{feff}ä: ö\n", add("/b", json!("ü")), "\u{feff}ä: ö\nb: ü\n"),
        ("before the end of the document", "---\na: 1\n...\n", add("/b", json!(2)), "---\na: 1\nb: 2\n...\n"),
        (
            "with its own unit",
            "a:\n    b:\n        c: 1\n",
            add("/a/d", json!({ "e": { "f": [1] } })),
            "a:\n    b:\n        c: 1\n    d:\n        e:\n            f:\n                - 1\n",
        ),
        (
            "dashes below their key",
            "a:\n  - b: 1\n",
            add("/c", json!([{ "d": 1, "e": [2, 3] }])),
            "a:\n  - b: 1\nc:\n  - d: 1\n    e:\n      - 2\n      - 3\n",
        ),
        (
            "dashes at their key",
            "a:\n- b: 1\n",
            add("/c", json!([{ "d": 1, "e": [2] }])),
            "a:\n- b: 1\nc:\n- d: 1\n  e:\n  - 2\n",
        ),
        (
            "wide dashes",
            "a:\n-   b: 1\n    c: 1\n",
            add("/a/1", json!({ "d": 1, "e": [[2]] })),
            "a:\n-   b: 1\n    c: 1\n-   d: 1\n    e:\n    -   - 2\n",
        ),
        ("an element", "a:\n  - x\nb: 1\n", add("/a/1", json!("w")), "a:\n  - x\n  - w\nb: 1\n"),
        (
            "an element before another",
            "a:\n  - x\nb: 1\n",
            add("/a/0", json!({ "c": 1, "d": 2 })),
            "a:\n  - c: 1\n    d: 2\n  - x\nb: 1\n",
        ),
        ("an element in a list in a list", "- - a\n  - b\n- c\n", add("/0/2", json!(1)), "- - a\n  - b\n  - 1\n- c\n"),
        ("before the first of a list in a list", "- - a\n  - b\n", add("/0/0", json!(1)), "- - 1\n  - a\n  - b\n"),
        ("a member behind a dash", "- a: 1\n- b: 1\n", add("/0/c", json!(2)), "- a: 1\n  c: 2\n- b: 1\n"),
        ("a member below a lonely dash", "-\n  a: 1\n-\n  b: 1\n", add("/0/c", json!(2)), "-\n  a: 1\n  c: 2\n-\n  b: 1\n"),
        ("below a nested end", "a:\n  b:\n    - c: 1\nd: 1\n", add("/a/e", json!(2)), "a:\n  b:\n    - c: 1\n  e: 2\nd: 1\n"),
        (
            "below a literal",
            "a:\n  b: |\n    x\n    # w\n\nc: 1\n",
            add("/a/d", json!(1)),
            "a:\n  b: |\n    x\n    # w\n  d: 1\n\nc: 1\n",
        ),
        ("below a literal at the end", "a: |\n  x", add("/b", json!(1)), "a: |\n  x\nb: 1"),
        ("below a literal that keeps its line ends", "a: |+\n  x\n\n\n", add("/b", json!(1)), "a: |+\n  x\n\n\nb: 1\n"),
        ("below a folded scalar", "- >-\n  x\n  w\n\n- z\n", add("/0", json!("a")), "- a\n- >-\n  x\n  w\n\n- z\n"),
        (
            "below a folded last element",
            "a:\n  - >-\n    x\n    w\n\nb: z\n",
            add("/a/1", json!("m")),
            "a:\n  - >-\n    x\n    w\n  - m\n\nb: z\n",
        ),
        (
            "below a plain scalar over lines",
            "a:\n  b: x\n    w\n    z\nc: 1\n",
            add("/a/d", json!(1)),
            "a:\n  b: x\n    w\n    z\n  d: 1\nc: 1\n",
        ),
        (
            "below a quoted scalar over lines",
            "a:\n  b: \"x\n    w\"\nc: 1\n",
            add("/a/d", json!(1)),
            "a:\n  b: \"x\n    w\"\n  d: 1\nc: 1\n",
        ),
        ("below an empty value", "a:\n  b:\nc: 1\n", add("/a/d", json!(1)), "a:\n  b:\n  d: 1\nc: 1\n"),
        ("below an empty element", "a:\n  -\nc: 1\n", add("/a/1", json!(1)), "a:\n  -\n  - 1\nc: 1\n"),
        (
            "below a flow collection over lines",
            "a:\n  b: [1,\n    2]\nc: 1\n",
            add("/a/d", json!(1)),
            "a:\n  b: [1,\n    2]\n  d: 1\nc: 1\n",
        ),
        ("beside an anchor", "a: &x\n  b: 1\nc: *x\n", add("/a/d", json!(2)), "a: &x\n  b: 1\n  d: 2\nc: *x\n"),
        ("below an alias", "a: &x 1\nb: *x\n", add("/d", json!(2)), "a: &x 1\nb: *x\nd: 2\n"),
        ("in a tag", "a: !T\n  - 1\n", add("/a/1", json!(2)), "a: !T\n  - 1\n  - 2\n"),
        (
            "a flow element among flow elements",
            "a:\n  - {m: 1, v: 2}\n",
            add("/a/1", json!({ "m": 2, "v": [1, "x:w"] })),
            "a:\n  - {m: 1, v: 2}\n  - {m: 2, v: [1, \"x:w\"]}\n",
        ),
        (
            "empty collections",
            "a: 1\n",
            add("/b", json!({ "c": [], "d": {}, "e": null })),
            "a: 1\nb:\n  c: []\n  d: {}\n  e: null\n",
        ),
    ]);
}

#[test]
fn what_is_added_in_brackets_goes_without_a_trace() {
    holds_both_ways([
        ("an element", "a: [x, 'w']  # z\n", add("/a/2", json!("m")), "a: [x, 'w', m]  # z\n"),
        ("a member", "a: { b: 1 }\n", add("/a/c", json!({ "d": [1] })), "a: { b: 1, c: { d: [1] } }\n"),
        ("a member of quoted ones", "a: {\"b\": 1}\n", add("/a/c", json!("x")), "a: {\"b\": 1, \"c\": \"x\"}\n"),
        ("into an empty list", "a: []\nb: 1\n", add("/a/0", json!({ "m": "A", "v": "b" })), "a: [{m: A, v: b}]\nb: 1\n"),
        (
            "over lines",
            "a: [\n    x,\n    w\n  ]\n",
            add("/a/2", json!({ "b": 1 })),
            "a: [\n    x,\n    w,\n    {\n        b: 1\n    }\n  ]\n",
        ),
        ("before a last comma", "a: [x, w,]\n", add("/a/2", json!("z")), "a: [x, w, z,]\n"),
        (
            "before comments",
            "a: [\n  x, # first\n  w # second\n]\n",
            add("/a/2", json!("z")),
            "a: [\n  x, # first\n  w,\n  z # second\n]\n",
        ),
        ("without the comment between", "a: [x, # first\n  w]\n", add("/a/2", json!("z")), "a: [x, # first\n  w,\n  z]\n"),
    ]);
}

#[test]
fn blocks_lose_what_is_taken_away_and_no_more() {
    holds(
        [
            ("the first member", "a: 1\nb: 2\n", remove("/a"), "b: 2\n"),
            ("the first member behind a dash", "- a: 1\n  b: 2\n", remove("/0/a"), "- b: 2\n"),
            ("the last member", "a: 1\nb:\n  - 2\n", remove("/b"), "a: 1\n"),
            ("the last member before the end", "a: 1\nb: 2\n...\n", remove("/b"), "a: 1\n...\n"),
            ("an element between", "- a\n- b:\n    c: 1\n- d\n", remove("/1"), "- a\n- d\n"),
            ("a literal", "a: 1\nb: |\n  # x\nc: 1\n", remove("/b"), "a: 1\nc: 1\n"),
            ("a last literal", "a: 1\nb: |\n  # x\n\n", remove("/b"), "a: 1\n\n"),
            ("an only element", "a:\n  - x\nb: 1\n", remove("/a/0"), "a: []\nb: 1\n"),
            ("an only member", "a:\n  x: 1\nb: 1\n", remove("/a/x"), "a: {}\nb: 1\n"),
            ("an only element in an element", "- - x\n- w\n", remove("/0/0"), "- []\n- w\n"),
            ("an only member of an element", "- x: 1\n- w\n", remove("/0/x"), "- {}\n- w\n"),
            ("an only element below a tag", "a: !T\n  - x\nb: 1\n", remove("/a/0"), "a: !T []\nb: 1\n"),
            ("all there is", "a: 1\n", remove("/a"), "{}\n"),
        ]
        .into_iter()
        .filter(|(name, ..)| *name != "all there is"),
    );
}

#[test]
fn a_text_never_turns_from_yaml_into_json() {
    let mut document = document("a: 1\n");
    assert!(document.edit(&remove("/a"), &Default::default()).is_err());
    assert_eq!(document.text(), "a: 1\n");
    holds([("behind its beginning", "---\na: 1\n", remove("/a"), "---\n{}\n")]);
}

#[test]
fn values_of_blocks_are_replaced_where_they_stand() {
    holds([
        ("a scalar", "a:   'x'  # c\nb: 1\n", replace("/a", json!("w z")), "a:   w z  # c\nb: 1\n"),
        ("a tagged scalar", "a: !Sub 'x'\n", replace("/a", json!("w")), "a: w\n"),
        ("a scalar by a list", "a: x # c\nb: 1\n", replace("/a", json!([1])), "a: # c\n  - 1\nb: 1\n"),
        ("a list by a scalar", "a: # c\n  - 1\n  - 2 # d\nb: 1\n", replace("/a", json!("x")), "a: x # c # d\nb: 1\n"),
        ("a mapping by a list", "a: # c\n  d: 1\nb: 1\n", replace("/a", json!([1])), "a: # c\n  - 1\nb: 1\n"),
        ("nothing by a scalar", "a: # c\nb: 1\n", add("/a", json!("x")), "a: x # c\nb: 1\n"),
        ("nothing by a list", "a: # c\nb: 1\n", add("/a", json!([1])), "a: # c\n  - 1\nb: 1\n"),
        ("null by a list", "a: null # c\nb: 1\n", add("/a", json!([1])), "a: # c\n  - 1\nb: 1\n"),
        ("an empty element", "- a\n-\n- c\n", replace("/1", json!({ "x": 1, "w": 2 })), "- a\n- x: 1\n  w: 2\n- c\n"),
        ("an element by a mapping", "- a # c\n- b\n", replace("/0", json!({ "x": 1, "w": 2 })), "- x: 1 # c\n  w: 2\n- b\n"),
        ("a literal", "a: | # c\n  x\n  w\nb: 1\n", replace("/a", json!("z")), "a: z # c\nb: 1\n"),
        ("a scalar on the next line", "a:\n  'x' # c\nb: 1\n", replace("/a", json!("z")), "a: z # c\nb: 1\n"),
        (
            "the end of a list",
            "e:\n  - x\n  - w # c\n",
            replace("/e", json!(["a", "b", "x", "w"])),
            "e:\n  - a\n  - b\n  - x\n  - w # c\n",
        ),
        (
            "the end of a flow list",
            "e: [ \"x\", 'w' ]\n",
            replace("/e", json!(["a", "b", "x", "w"])),
            "e: [ a, b, \"x\", 'w' ]\n",
        ),
        (
            "members",
            "a:\n  b: 1 # b\n  # c\n  c: [ 1 ]\n",
            replace("/a", json!({ "b": 1, "c": [1, 2], "d": 3 })),
            "a:\n  b: 1 # b\n  # c\n  c: [ 1, 2 ]\n  d: 3\n",
        ),
        ("a value in brackets", "a: { b: 'x', c: 1 }\n", replace("/a/b", json!([1, "w"])), "a: { b: [1, w], c: 1 }\n"),
        ("nothing in brackets", "a: { b: , c: 1 }\n", add("/a/b", json!(2)), "a: { b: 2 , c: 1 }\n"),
    ]);
}

#[test]
fn what_cannot_be_edited_is_refused() {
    for (name, text, edit) in [
        ("a pair without braces", "a: [b: 1]\n", add("/a/0/c", json!(1))),
        ("an anchor that is used", "a: &x 1\nb: *x\nc: 1\n", remove("/a")),
        ("comments in brackets that go", "a: [\n  # c\n  { b: 1,\n    # d\n    e: 2 }\n]\n", replace("/a/0", json!(1))),
        ("a word without a colon", "a: { b, c: 1 }\n", add("/a/b", json!(1))),
    ] {
        let mut document = document(text);
        let error = document.edit(&edit, &Default::default()).expect_err(name);
        assert!(error.to_string().starts_with("could not edit the text at /"), "{error}");
        assert_eq!(document.text(), text, "{name}");
    }
}

#[test]
fn a_member_is_put_back_among_the_others() {
    let edit = Edit::Add { at: at("/b"), value: json!([1]), place: Some(1) };
    holds_both_ways([("in the middle", "a: 1\n# c\nc: 3\n", edit, "a: 1\n# c\nb:\n  - 1\nc: 3\n")]);
}
