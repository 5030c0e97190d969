//! Texts from elsewhere lose what must not be seen: known values, and what is secret by its shape.

use fargate_updater::plan::TaskDefinition;
use fargate_updater::plan::redact::Redactor;
use proptest::prelude::*;
use serde_json::json;

use crate::generate;

#[test]
fn what_is_secret_by_its_shape_is_hidden_without_being_known() {
    let bundle = "QUJD".repeat(25);
    let cases = [
        (
            "the token in the Defender's image",
            "pull registry-auth.twistlock.com/tw_abc0token/twistlock/defender:defender_34_03_138 failed",
            "pull registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138 failed",
        ),
        ("a token of three parts", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln today", "got *** today"),
        ("a bearer token", "Authorization: Bearer abc.def-ghi=", "Authorization: ***"),
        ("a bearer token in capitals", "BEARER  0123", "***"),
        ("a bundle", &format!("value {bundle}== too long"), "value *** too long"),
        ("a short base64 text", "value QUJDQUJD is fine", "value QUJDQUJD is fine"),
        ("an ARN", "arn:aws:iam::111122223333:role/deploy", "arn:aws:iam::111122223333:role/deploy"),
        ("nothing", "", ""),
    ];
    for (name, text, expected) in cases {
        assert_eq!(Redactor::default().clean(text), expected, "{name}");
    }
}

#[test]
fn known_values_are_hidden_wherever_they_stand() {
    let cases = [
        ("in the middle", vec!["hunter2"], "ahunter2b", "a***b"),
        ("twice", vec!["hunter2"], "hunter2 hunter2", "*** ***"),
        ("the longer one first", vec!["hunt", "hunter2"], "hunter2 hunt", "*** ***"),
        ("in any order", vec!["hunter2", "hunt"], "hunter2 hunt", "*** ***"),
        ("a value too short to hide", vec!["on"], "based on it", "based on it"),
        ("an empty value", vec![""], "as it was", "as it was"),
        ("special characters", vec!["$(a).*"], "x$(a).*y", "x***y"),
    ];
    for (name, values, text, expected) in cases {
        assert_eq!(Redactor::hiding(values).clean(text), expected, "{name}");
    }
}

#[test]
fn a_value_is_hidden_in_the_spelling_of_json_too() {
    let redactor = Redactor::hiding(["pass\"word\\with\nlines"]);
    let error = serde_json::json!({ "err": "refused pass\"word\\with\nlines" }).to_string();
    assert_eq!(redactor.clean(&error), r#"{"err":"refused ***"}"#);
}

#[test]
fn an_error_is_told_with_its_causes_each_once() {
    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Cause {
        text: &'static str,
        source: Option<Box<Self>>,
    }
    let cause = |text, source: Option<Cause>| Cause { text, source: source.map(Box::new) };
    let error = cause("no answer", Some(cause("connect to tw_abc: refused", Some(cause("refused", None)))));
    assert_eq!(Redactor::hiding([]).clean_chain(&error), "no answer: connect to ***: refused");
}

#[test]
fn two_redactors_make_one_that_hides_what_either_hides() {
    let both = Redactor::hiding(["hunter2"]).and(&Redactor::hiding(["swordfish"]));
    assert_eq!(both.clean("hunter2, swordfish, tw_abc"), "***, ***, ***");
}

#[test]
fn a_redactor_prints_no_value() {
    assert_eq!(format!("{:?}", Redactor::hiding(["hunter2"])), "Redactor(1)");
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn no_hidden_value_is_left(values in prop::collection::vec("[a-zA-Z0-9\"\\\\/$.-]{4,20}", 1..5), before in ".{0,20}", after in ".{0,20}") {
        let redactor = Redactor::hiding(values.iter().map(String::as_str));
        for value in &values {
            let clean = redactor.clean(&format!("{before}{value}{after}"));
            // What the text holds without the value may look like it; that is nobody's secret.
            prop_assume!(!before.contains(value.as_str()) && !after.contains(value.as_str()));
            prop_assert!(!clean.contains(value.as_str()), "{}", clean);
        }
    }
}

/// Names of containers and images stand in the Defender's variables too, and a plan of an upgrade names them.
#[test]
fn variables_of_the_defenders_that_repeat_names_hide_nothing() {
    let environment = json!([
        { "name": "TW_CONTAINER_NAME", "value": "checkout" },
        { "name": "DEFENDER_TYPE", "value": "fargate" },
        { "name": "PASSWORD", "value": "planted" },
        { "name": "INSTALL_BUNDLE", "value": "a-bundle" },
    ]);
    let definition = json!({ "containerDefinitions": [{ "name": "checkout", "environment": environment }] });
    let redactor = TaskDefinition::from_json(definition).redactor();
    let text = "+ tags/fargate-updater:source of checkout: planted, a-bundle";
    assert_eq!(redactor.clean(text), "+ tags/fargate-updater:source of checkout: ***, ***");
}
