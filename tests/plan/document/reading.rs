//! Reading: what a text says and where, and what is wrong with one.

use fargate_updater::plan::document::{Document, Kind, Syntax};
use serde_json::{Value, json};

use super::support::{at, document};

#[test]
fn json_begins_like_json_and_all_else_is_yaml() {
    for (text, expected) in [
        ("{}", Syntax::Json),
        (" \r\n[1]", Syntax::Json),
        ("\u{feff}{}", Syntax::Json),
        ("a: 1", Syntax::Yaml),
        ("\u{feff}a: 1", Syntax::Yaml),
        ("---\n{}", Syntax::Yaml),
        ("# {\na: 1", Syntax::Yaml),
    ] {
        assert_eq!(document(text).syntax(), expected, "{text}");
    }
}

#[test]
fn yaml_is_what_the_core_schema_says() {
    let exponent: Value = serde_json::from_str("1e3").expect("a number");
    for (text, expected) in [
        ("a: 1", json!({ "a": 1 })),
        (
            "a: -0.5\nb: 1e3\nc: .5\nd: +7\ne: 0x1F\nf: 0o17\ng: 012",
            json!({ "a": -0.5, "b": exponent, "c": 0.5, "d": 7, "e": 31, "f": 15, "g": 12 }),
        ),
        (
            "[true, False, ~, null, '', yes, 1.2.3, 2012-10-17, .inf, '1']",
            json!([true, false, null, null, "", "yes", "1.2.3", "2012-10-17", ".inf", "1"]),
        ),
        ("a:\nb: !Ref 1\nc: !!str 1\nd: !!int 1\ne: ! 1", json!({ "a": null, "b": "1", "c": "1", "d": 1, "e": "1" })),
        (
            "a: |\n  x\n\n  # y\nb: >-\n  x\n  y\nc: |+\n  z\n\nd: 1",
            json!({ "a": "x\n\n# y\n", "b": "x y", "c": "z\n\n", "d": 1 }),
        ),
        ("a: x\n  y\n  z\nb: 'q\n  r'", json!({ "a": "x y z", "b": "q r" })),
        ("- - a\n  - b\n-\n  c: 1\n-\n- d: 1\n  e: 2", json!([["a", "b"], { "c": 1 }, null, { "d": 1, "e": 2 }])),
        ("a:\n- 1\nb:\n  - 2", json!({ "a": [1], "b": [2] })),
        ("a: { b: [1,\n  2], c }\n", json!({ "a": { "b": [1, 2], "c": null } })),
        ("a: &x [1]\nb: *x", json!({ "a": [1], "b": null })),
        ("a: [b: 1]", json!({ "a": [{ "b": 1 }] })),
        ("? a\n: 1", json!({ "a": 1 })),
        ("%YAML 1.2\n---\na: 1\n...\n", json!({ "a": 1 })),
    ] {
        let text = if text.starts_with('[') { format!("--- {text}") } else { text.to_owned() };
        let found = document(&text).root().value();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn tags_and_aliases_are_told() {
    let document = document(
        "a: !Sub \"x\"\nb: !GetAtt c.d\ne: !If [f, !Ref G, {}]\nh: &i !T\n  - 1\nj: *i\nk: !Sub |\n  x\n\
         l: !!str 1\nm: 1\nn: !Ref\n",
    );
    for (place, tag) in [
        ("/a", Some("Sub")),
        ("/b", Some("GetAtt")),
        ("/e", Some("If")),
        ("/e/1", Some("Ref")),
        ("/e/2", None),
        ("/h", Some("T")),
        ("/h/0", None),
        ("/j", Some("*i")),
        ("/k", Some("Sub")),
        ("/l", Some("!str")),
        ("/m", None),
        ("/n", Some("Ref")),
    ] {
        assert_eq!(document.find(&at(place)).expect(place).tag.as_deref(), tag, "{place}");
    }
}

#[test]
fn places_are_found_in_any_text() {
    let yaml = "\u{feff}é: 日本\nb: |\n  line\n\nc:\n  - 'x' # ü\n  - {d: ö, e: [1]} # y\n  -\n\
                f: # nothing\ng: !Sub \"é\" # z\nh: >+\n  k\n\n";
    for (place, span, raw, position) in [
        ("/é", "日本", " 日本", "line 1, column 4"),
        ("/b", "|\n  line", " |\n  line", "line 2, column 4"),
        ("/c", "- 'x' # ü\n  - {d: ö, e: [1]} # y\n  -", "\n  - 'x' # ü\n  - {d: ö, e: [1]} # y\n  -", "line 6, column 3"),
        ("/c/0", "'x'", " 'x'", "line 6, column 5"),
        ("/c/1", "{d: ö, e: [1]}", " {d: ö, e: [1]}", "line 7, column 5"),
        ("/c/1/d", "ö", " ö", "line 7, column 9"),
        ("/c/1/e/0", "1", "1", "line 7, column 16"),
        ("/c/2", "", "", "line 8, column 4"),
        ("/f", "", " # nothing", "line 9, column 3"),
        ("/g", "!Sub \"é\"", " !Sub \"é\"", "line 10, column 4"),
        ("/h", ">+\n  k\n", " >+\n  k\n", "line 11, column 4"),
    ] {
        for text in [yaml.to_owned(), yaml.replace('\n', "\r\n")] {
            let document = document(&text);
            let node = document.find(&at(place)).expect(place);
            assert_eq!(document.text()[node.span()].replace("\r\n", "\n"), span, "{place}");
            assert_eq!(document.source(node), &document.text()[node.span()], "{place}");
            assert_eq!(document.raw(&at(place)).expect(place).replace("\r\n", "\n"), raw, "{place}");
            assert_eq!(document.position(node).to_string(), position, "{place}");
        }
    }
    let json = document("\u{feff}{\"é\" :\t\"日本\",\r\n \"b\": [ 1, {} ]}");
    for (place, raw, position) in
        [("/é", "\t\"日本\"", "line 1, column 8"), ("/b", " [ 1, {} ]", "line 2, column 7"), ("/b/1", "{}", "line 2, column 12")]
    {
        assert_eq!(json.raw(&at(place)), Some(raw), "{place}");
        assert_eq!(json.position(json.find(&at(place)).expect(place)).to_string(), position, "{place}");
    }
    assert!(json.find(&at("/b")).is_some_and(|node| node.is_flow()));
    let Kind::Object(members) = &json.root().kind else { panic!("an object") };
    assert_eq!(&json.text()[members[0].key_span()], "\"é\"");
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_never_with_the_text() {
    for (text, expected) in [
        ("{\"hunter2\": 1,\n \"é\": 1, \"hunter2\": 2}", "line 2, column 10: this key is in its object twice"),
        ("{\"a\": hunter2}", "line 1, column 7: this is no JSON: expected value"),
        ("{\"é\": 1,}", "line 1, column 9: this is no JSON: trailing comma"),
        ("{\"a\": 1} // hunter2", "line 1, column 10: this is no JSON: trailing characters"),
        ("{\"a\": 012}", "line 1, column 8: this is no JSON: invalid number"),
        ("{\"a\": [1", "line 1, column 8: this is no JSON: EOF while parsing a list"),
        ("{'a': 1}", "line 1, column 2: this is no JSON: key must be a string"),
        ("", "line 1, column 1: there is nothing in it"),
        ("# hunter2\n", "line 1, column 1: there is nothing in it"),
        ("a: 1\nb:\n  é: 1\n  hunter2: 1\n  é: 2\n", "line 5, column 3: this key is in its mapping twice"),
        ("a: 1\n---\nb: 1\n", "line 2, column 1: a second document begins here; one is expected"),
        ("? [hunter2]\n: b\n", "line 1, column 3: a key is a word or a string"),
        ("a: [hunter2\n", "line 2, column 1: this is no YAML"),
        ("a: @hunter2\n", "line 1, column 4: this is no YAML: unexpected character:"),
        ("a: *hunter2\n", "line 1, column 4: this is no YAML"),
        ("a: b: c\n", "line 1, column "),
    ] {
        let error = Document::parse(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}\n{error}\nis not\n{expected}");
        assert!(!error.contains("hunter2") && !error.contains('@'), "{error}");
    }
    let deep = "[".repeat(100_000);
    assert!(Document::parse(&deep).is_err());
    assert!(Document::parse(&format!("a: {}", "[".repeat(1000))).is_err());
}

#[test]
fn no_value_is_shown_for_debugging() {
    for text in ["{\"a\": \"hunter2\"}", "a: hunter2\n"] {
        let document = document(text);
        let shown = format!("{document:?} {:?} {:?}", document.root(), document.find(&at("/a")));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    assert_eq!(document("{}").root().value(), Value::Object(Default::default()));
}
