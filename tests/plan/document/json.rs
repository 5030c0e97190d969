//! Edits of JSON.

use fargate_updater::plan::edit::{Edit, JsonPath};
use serde_json::json;

use super::support::{add, at, document, edited, holds, holds_both_ways, remove, replace};

#[test]
fn what_is_added_is_written_as_what_is_around_it_and_goes_without_a_trace() {
    holds_both_ways([
        ("a member of a compact object", r#"{"a":1}"#, add("/b", json!([1, { "c": 2 }])), r#"{"a":1,"b":[1,{"c":2}]}"#),
        ("after colons with a blank", r#"{"a": 1}"#, add("/b", json!([1, 2])), r#"{"a": 1, "b": [1, 2]}"#),
        ("after odd colons", r#"{"a" :1}"#, add("/b", json!(2)), r#"{"a" :1,"b" :2}"#),
        ("as the items before it", r#"{"a":[1 , 2],"b": 3}"#, add("/a/2", json!(3)), r#"{"a":[1 , 2 , 3],"b": 3}"#),
        (
            "as padded objects",
            r#"{ "a": { "b": 1 } }"#,
            add("/c", json!({ "d": 2 })),
            r#"{ "a": { "b": 1 }, "c": {  "d": 2 } }"#.replace("  ", " ").leak(),
        ),
        (
            "a member over lines",
            "{\n    \"a\": 1\n}\n",
            add("/b", json!({ "c": [1], "d": {}, "e": [] })),
            "{\n    \"a\": 1,\n    \"b\": {\n        \"c\": [\n            1\n        ],\n        \"d\": {},\n\
             \x20       \"e\": []\n    }\n}\n",
        ),
        (
            "with tabs",
            "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}",
            add("/a/c", json!([1])),
            "{\n\t\"a\": {\n\t\t\"b\": 1,\n\t\t\"c\": [\n\t\t\t1\n\t\t]\n\t}\n}",
        ),
        (
            "with carriage returns",
            "{\r\n  \"a\": 1\r\n}\r\n",
            add("/b", json!([1])),
            "{\r\n  \"a\": 1,\r\n  \"b\": [\r\n    1\r\n  ]\r\n}\r\n",
        ),
        ("behind a byte order mark", "\u{feff}{\"ä\": \"ö\"}", add("/b", json!("ü")), "\u{feff}{\"ä\": \"ö\", \"b\": \"ü\"}"),
        ("without any indentation", "{\n\"a\": 1\n}", add("/b", json!([2])), "{\n\"a\": 1,\n\"b\": [\n2\n]\n}"),
        (
            "an element where the first begins beside its bracket",
            "{\n  \"a\": [{\n    \"b\": 1\n  }]\n}",
            add("/a/1", json!({ "b": 2 })),
            "{\n  \"a\": [{\n    \"b\": 1\n  }, {\n    \"b\": 2\n  }]\n}",
        ),
        (
            "an element on one line as those before it",
            "{\n  \"a\": [\n    {\"n\": 1},\n    {\"n\": 2}\n  ]\n}",
            add("/a/2", json!({ "n": 3 })),
            "{\n  \"a\": [\n    {\"n\": 1},\n    {\"n\": 2},\n    {\"n\": 3}\n  ]\n}",
        ),
        (
            "a list of strings over lines where there is no other",
            "{\n  \"a\": 1\n}",
            add("/b", json!(["x", "y"])),
            "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    \"y\"\n  ]\n}",
        ),
        (
            "a list of strings on one line where all others are",
            "{\n  \"a\": [\"b\", \"c\"]\n}",
            add("/b", json!(["x", "y"])),
            "{\n  \"a\": [\"b\", \"c\"],\n  \"b\": [\"x\", \"y\"]\n}",
        ),
        (
            "a list of strings over lines where one other is",
            "{\n  \"a\": [\"b\"],\n  \"c\": [\n    \"d\"\n  ]\n}",
            add("/e", json!(["x"])),
            "{\n  \"a\": [\"b\"],\n  \"c\": [\n    \"d\"\n  ],\n  \"e\": [\n    \"x\"\n  ]\n}",
        ),
        (
            "a list of records on one line each where all others are",
            "{\n  \"a\": [\n    { \"n\": 1 }\n  ]\n}",
            add("/b", json!([{ "n": 2 }, { "n": 3 }])),
            "{\n  \"a\": [\n    { \"n\": 1 }\n  ],\n  \"b\": [\n    { \"n\": 2 },\n    { \"n\": 3 }\n  ]\n}",
        ),
        ("before the first element", r#"["a", "b"]"#, add("/0", json!("x")), r#"["x", "a", "b"]"#),
        ("before an element over lines", "[\n  1,\n  2\n]", add("/1", json!(9)), "[\n  1,\n  9,\n  2\n]"),
        ("into an empty list", r#"{"a": []}"#, add("/a/0", json!(1)), r#"{"a": [1]}"#),
        (
            "into an empty list between lines",
            "{\n  \"a\": []\n}",
            add("/a/0", json!({ "b": 1 })),
            "{\n  \"a\": [\n    {\n      \"b\": 1\n    }\n  ]\n}",
        ),
        ("into an empty document", "{}", add("/a", json!({ "b": 1 })), r#"{"a": {"b": 1}}"#),
        ("strings with all that is escaped", "[]", add("/0", json!("\"\\\n\u{1}ä")), "[\"\\\"\\\\\\n\\u0001ä\"]"),
    ]);
}

#[test]
fn a_member_is_put_back_among_the_others() {
    let edit = Edit::Add { at: at("/b"), value: json!(2), place: Some(1) };
    holds_both_ways([("in the middle", "{\n  \"a\": 1,\n  \"c\": 3\n}", edit, "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}")]);
}

#[test]
fn what_is_taken_away_takes_one_comma_with_it() {
    holds([
        ("the first", r#"[1 , 2,  3]"#, remove("/0"), r#"[2,  3]"#),
        ("one between", r#"[1 , 2,  3]"#, remove("/1"), r#"[1 , 3]"#),
        ("the last", r#"[1 , 2,  3]"#, remove("/2"), r#"[1 , 2]"#),
        ("the only one", "{ \"a\": [ 1\n ] }", remove("/a/0"), "{ \"a\": [] }"),
        ("the only member", "{ \"a\": 1 }", remove("/a"), "{}"),
        ("a member", "{\n  \"a\": 1,\n  \"b\": 2\n}", remove("/a"), "{\n  \"b\": 2\n}"),
    ]);
}

#[test]
fn what_two_values_have_in_common_stays_as_it_is_written() {
    holds([
        ("a scalar", r#"{"a" : 1 }"#, replace("/a", json!("x")), r#"{"a" : "x" }"#),
        (
            "the end of a list",
            r#"{"a":[ "b" ,"c"]}"#,
            replace("/a", json!(["x", "y", "b", "c"])),
            r#"{"a":[ "x" ,"y" ,"b" ,"c"]}"#,
        ),
        ("the beginning of a list", r#"["a" ,"b"]"#, replace("/0", json!("a")), r#"["a" ,"b"]"#),
        ("both ends of a list", r#"{"a":[ 1 ,2,  3]}"#, replace("/a", json!([1, 9, 8, 3])), r#"{"a":[ 1 ,9,  8,  3]}"#),
        ("a shorter list", r#"{"a":[ 1 ,2,  3]}"#, replace("/a", json!([1, 3])), r#"{"a":[ 1 ,3]}"#),
        ("the first of two alike", r#"{"a":["b" ,"\u0062"]}"#, replace("/a", json!(["b"])), r#"{"a":["b"]}"#),
        ("a list with nothing left", r#"{"a":[ 1 ,2]}"#, replace("/a", json!([])), r#"{"a":[]}"#),
        (
            "an object's members",
            r#"{"a":{ "b" : 1 ,"c":[ 2 ], "d":4}}"#,
            replace("/a", json!({ "b": 1, "x": 0, "c": [2, 3], "y": 5 })),
            r#"{"a":{ "b" : 1 ,"x":0 ,"c":[ 2,3 ], "y":5}}"#,
        ),
        ("an object by a list", r#"{"a": {"b": 1}}"#, replace("/a", json!([1])), r#"{"a": [1]}"#),
        ("a null that is added to", r#"{"a":  null}"#, add("/a", json!([1])), r#"{"a":  [1]}"#),
        ("a list by one over lines", "{\n  \"a\": null\n}", add("/a", json!([1])), "{\n  \"a\": [\n    1\n  ]\n}"),
    ]);
}

#[test]
fn raw_text_brings_back_what_an_edit_cannot() {
    for (text, place) in [
        ("{\"a\": {\"environment\" :  [ ] }}", "/a/environment"),
        ("{\"a\": {\"environment\":null}}", "/a/environment"),
        ("{\"a\": {\"environment\"\n:\n[\n\n]}}", "/a/environment"),
        ("a:\n  environment: [ ] # none\n", "/a/environment"),
        ("a:\n  environment:   ~ # none\n", "/a/environment"),
        ("a:\n  environment: # none\nb: 1\n", "/a/environment"),
        ("a:\n  environment: {  }\nb: 1\n", "/a/environment"),
    ] {
        let mut changed = document(text);
        let raw = changed.raw(&at(place)).expect("it is there").to_owned();
        let value = json!([{ "name": "A" }]);
        for edit in [replace(place, value.clone()), replace(place, json!("x"))] {
            changed.edit(&edit, &Default::default()).unwrap_or_else(|error| panic!("{error} in {text}"));
            assert_ne!(changed.text(), text);
        }
        changed.put_raw(&at(place), &raw).unwrap_or_else(|error| panic!("{error} in {text}"));
        assert_eq!(changed.text(), text);
    }
}

#[test]
fn raw_text_that_changes_what_is_around_it_is_refused() {
    for raw in [" 1, \"c\": 2", " ]", "", " 1}"] {
        let mut document = document(r#"{"a": 1, "b": 2}"#);
        let error = document.put_raw(&at("/a"), raw).expect_err(raw);
        assert!(error.to_string().starts_with("could not edit the text at /a: "), "{error}");
        assert_eq!(document.text(), r#"{"a": 1, "b": 2}"#);
    }
}

#[test]
fn edits_that_do_not_fit_leave_the_text_alone() {
    for (name, edit) in [
        ("a member that is there", add("/a", json!(1))),
        ("an element behind the end", add("/b/2", json!(1))),
        ("an element of an object", add("/0", json!(1))),
        ("a member of a list", add("/b/x", json!(1))),
        ("below nothing", add("/x/y", json!(1))),
        ("below a scalar", add("/a/y", json!(1))),
        ("nothing to take away", remove("/x")),
        ("nothing to replace", replace("/b/1", json!(1))),
        ("the whole document", Edit::Replace { at: JsonPath::root(), before: json!(null), after: json!(1) }),
    ] {
        for text in [r#"{"a": 1, "b": [1]}"#, "a: 1\nb:\n  - 1\n", "---\n{a: 1, b: [1]}\n"] {
            let mut document = document(text);
            assert!(document.edit(&edit, &Default::default()).is_err(), "{name}");
            assert_eq!(document.text(), text, "{name}");
        }
    }
    assert_eq!(edited(r#"{"a": 1}"#, &replace("/a", json!(1))), r#"{"a": 1}"#);
}
