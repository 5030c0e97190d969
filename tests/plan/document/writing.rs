//! What new values look like: words of YAML, and strings that stand for source.

use fargate_updater::plan::document::{Document, Substitute, Substitutes};
use serde_json::json;

use super::support::{add, document, edited, replace};

#[test]
fn strings_are_plain_where_every_reader_agrees() {
    for text in [
        "a",
        "a b",
        "/bin/sh",
        "a:b",
        "image:1.2.3",
        "ä",
        "SYS_PTRACE",
        "arn:aws:iam::aws:policy/X",
        "a#b",
        "it's",
        "10.0.0.0/16",
        "$x",
        "a-b",
        "nope",
    ] {
        assert_eq!(edited("a: 1\n", &add("/b", json!(text))), format!("a: 1\nb: {text}\n"));
    }
    for text in [
        "",
        " ",
        "a ",
        " a",
        "yes",
        "No",
        "ON",
        "off",
        "y",
        "N",
        "true",
        "False",
        "null",
        "~",
        "1",
        "-1",
        "+1",
        "1.5",
        "1e3",
        "0x1F",
        "0o7",
        "1_000",
        "12:30",
        "2012-10-17",
        "2001-12-14t21:59:43.10-05:00",
        "1.2.3",
        ".inf",
        ".NaN",
        "-a",
        "- a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "&a",
        "*a",
        "!a",
        "|",
        ">",
        "'a'",
        "\"a\"",
        "%a",
        "@a",
        "`a",
        "[a]",
        "{a}",
        ",a",
        "?a",
        "? a",
        ":a",
        "<<",
        "=",
        "a\nb",
        "a\tb",
        "\u{1}",
        "\u{85}",
        "\u{2028}",
        "a\u{feff}",
        "---",
        "...",
        "012",
    ] {
        let found = edited("a: 1\n", &add("/b", json!(text)));
        assert!(found.starts_with("a: 1\nb: \"") && found.ends_with("\"\n") && found.lines().count() == 2, "{text:?}: {found}");
        assert_eq!(document(&found).root().value(), json!({ "a": 1, "b": text }));
    }
    for text in ["a,b", "a]", "{a", "a:b"] {
        assert_eq!(edited("a: [x]\n", &add("/a/1", json!(text))), format!("a: [x, \"{text}\"]\n"));
    }
    assert_eq!(edited("a: 1\n", &add("/on", json!({ "a b": 1, "c: d": 2 }))), "a: 1\n\"on\":\n  a b: 1\n  \"c: d\": 2\n");
}

fn substitutes() -> Substitutes {
    let mut substitutes = Substitutes::default();
    substitutes.insert("<1>".into(), Substitute { full: json!({ "Fn::Sub": "x" }), source: Some("!Sub \"x\"".into()) });
    substitutes
        .insert("<2>".into(), Substitute { full: json!({ "Fn::GetAtt": ["A", "B.C"] }), source: Some("!GetAtt A.B.C".into()) });
    substitutes.insert("<3>".into(), Substitute { full: json!({ "Fn::Join": ["", ["a", { "Ref": "B" }]] }), source: None });
    substitutes.insert("<4>".into(), Substitute { full: json!({ "Ref": "A" }), source: Some("!Ref B".into()) });
    substitutes
}

#[test]
fn tokens_are_written_as_what_they_stand_for() {
    let value = json!({ "a": "<1>", "b": ["<2>", "<3>"], "c": " <1>" });
    for (text, expected) in [
        (
            "{\n  \"x\": 1\n}",
            r#"{
  "x": 1,
  "w": {
    "a": {
      "Fn::Sub": "x"
    },
    "b": [
      {
        "Fn::GetAtt": [
          "A",
          "B.C"
        ]
      },
      {
        "Fn::Join": [
          "",
          [
            "a",
            {
              "Ref": "B"
            }
          ]
        ]
      }
    ],
    "c": " <1>"
  }
}"#,
        ),
        (
            "x: 1\n",
            "x: 1\nw:\n  a: !Sub \"x\"\n  b:\n    - !GetAtt A.B.C\n    - {\"Fn::Join\": [\"\", [a, {Ref: B}]]}\n  c: \" <1>\"\n",
        ),
        (
            "--- {x: 1}\n",
            "--- {x: 1, w: {a: !Sub \"x\", b: [!GetAtt A.B.C, {\"Fn::Join\": [\"\", [a, {Ref: B}]]}], c: \" <1>\"}}\n",
        ),
    ] {
        let mut document = document(text);
        document.edit(&add("/w", value.clone()), &substitutes()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(document.text(), expected);
    }
}

#[test]
fn what_a_token_stands_for_already_stays_as_it_is_written() {
    let mut document = document("e:\n  - !Sub 'x' # c\n  - Fn::Sub: x\n  - !GetAtt 'A.B.C'\n");
    let after = json!(["new", "<1>", "<1>", "<2>"]);
    document.edit(&replace("/e", after), &substitutes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(document.text(), "e:\n  - new\n  - !Sub 'x' # c\n  - Fn::Sub: x\n  - !GetAtt 'A.B.C'\n");
}

#[test]
fn a_source_that_means_something_else_is_refused() {
    let mut document = document("a: 1\n");
    assert!(document.edit(&add("/b", json!("<4>")), &substitutes()).is_err());
    assert_eq!(document.text(), "a: 1\n");
}

#[test]
fn values_inside_tags_are_edited() {
    let mut document = document("a: !If\n  - C\n  - [x]\n  - !Ref B\n");
    for edit in [add("/a/1/1", json!("w")), replace("/a/2", json!("z"))] {
        document.edit(&edit, &Substitutes::default()).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(document.text(), "a: !If\n  - C\n  - [x, w]\n  - z\n");
    assert!(Document::parse(document.text()).is_ok());
}
