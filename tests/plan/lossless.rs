//! The promise that matters most: nothing the customer wrote is lost or altered between look and register, and a second look at
//! the result finds nothing to do.
//!
//! The checker in here knows nothing of the program: it walks the original and looks for every part of it in the result.

use fargate_updater::plan::service::Condition;
use fargate_updater::plan::task_definition::READ_ONLY_KEYS;
use proptest::prelude::*;
use serde_json::{Value, json};
use simulator::Console;

use crate::generate::{self, SCANNED};
use crate::support::{Setup, described, embed_pinned, image_runs, pins_of, policy, protect, seen, today};

/// Looks for all of the original in the result, and returns the first place where something is missing or altered.
///
/// Members stand in their order, though others may stand between them. A list begins with what it was; only an entry point ends
/// with it instead, since the Defender comes first.
fn lost(original: &Value, result: &Value, at: &str) -> Option<String> {
    match (original, result) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let kept: Vec<&String> = ours.keys().filter(|key| theirs.contains_key(*key)).collect();
            if kept != theirs.keys().collect::<Vec<_>>() {
                return Some(format!("{at}: the members are {kept:?}"));
            }
            theirs.iter().find_map(|(key, value)| lost(value, &ours[key], &format!("{at}/{key}")))
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            let from_the_end = is_an_entry_point(at);
            let Some(more) = ours.len().checked_sub(theirs.len()) else {
                return Some(format!("{at}: {} elements of {} are left", ours.len(), theirs.len()));
            };
            let ours = if from_the_end { &ours[more..] } else { &ours[..theirs.len()] };
            let pairs = theirs.iter().zip(ours).enumerate();
            pairs.into_iter().find_map(|(index, (theirs, ours))| lost(theirs, ours, &format!("{at}/{index}")))
        }
        // Compared as text: `1.0` is not `1`, however equal they are.
        (original, result) => {
            let (theirs, ours) = (original.to_string(), result.to_string());
            (theirs != ours).then(|| format!("{at}: it is another value"))
        }
    }
}

/// Whether this is a container's own entry point, and not something deeper of the same name.
fn is_an_entry_point(at: &str) -> bool {
    let steps: Vec<&str> = at.split('/').collect();
    matches!(steps.as_slice(), ["", "containerDefinitions", _, "entryPoint"])
}

#[test]
fn the_checker_finds_what_is_lost() {
    let original = json!({
        "a": 1.0, "b": [1, 2], "c": { "d": "" },
        "containerDefinitions": [{ "entryPoint": ["x", "y"], "x": { "entryPoint": ["z"] } }],
    });
    let text = original.to_string();
    let cases = [
        ("nothing", text.clone(), None),
        ("a wrapped entry point", text.replace(r#"["x","#, r#"["p","x","#), None),
        ("more elements", text.replace("[1,2]", "[1,2,3]"), None),
        ("more members", text.replace(r#""d":"#, r#""e":0,"d":"#), None),
        ("a number written in another way", text.replace("1.0", "1"), Some("/a")),
        ("a shorter list", text.replace("[1,2]", "[1]"), Some("/b")),
        ("a list in another order", text.replace("[1,2]", "[2,1]"), Some("/b/0")),
        ("an empty text", text.replace(r#""d":"""#, ""), Some("/c")),
        ("an element put in front", text.replace("[1,2]", "[0,1,2]"), Some("/b/0")),
        (
            "something put behind an entry point",
            text.replace(r#""y"]"#, r#""y","z"]"#),
            Some("/containerDefinitions/0/entryPoint/0"),
        ),
        ("a prefix deeper down", text.replace(r#"["z"]"#, r#"["p","z"]"#), Some("/containerDefinitions/0/x/entryPoint/0")),
        ("members in another order", text.replace(r#"{"a":1.0,"b":[1,2],"#, r#"{"b":[1,2],"a":1.0,"#), Some(":")),
    ];
    for (name, result, expected) in cases {
        let result: Value = serde_json::from_str(&result).expect("the result is JSON");
        let found = lost(&original, &result, "");
        match expected {
            None => assert_eq!(found, None, "{name}"),
            Some(place) => assert!(found.as_ref().is_some_and(|found| found.starts_with(place)), "{name}: {found:?}"),
        }
    }
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn what_is_put_away_comes_back_as_it_was(definition in generate::task_definition()) {
        let registrable = described(&definition, None).registrable();
        prop_assert_eq!(registrable.packed().unpacked().json().to_string(), definition.to_string());
    }

    #[test]
    fn nothing_is_lost_and_a_second_look_says_up_to_date(
        definition in generate::task_definition(),
        console in generate::console(),
        fips in any::<bool>(),
        waas_port in prop::option::of(8081_u16..8083),
    ) {
        let policy = fargate_updater::plan::Policy { fips, waas_port, ..policy() };
        let today = today(&console);
        let registrable = described(&definition, None).registrable();
        prop_assert_eq!(registrable.json().to_string(), definition.to_string(), "describing and registering changed it");
        prop_assert_eq!(seen(&registrable, &today, &policy), Condition::Unprotected);

        let (result, change) = protect(&registrable, &console, &policy);
        prop_assert_eq!(lost(&definition, &result, ""), None);
        let back = change.invert().apply(&result).expect("the change can be taken back");
        prop_assert_eq!(back.to_string(), definition.to_string());

        let again = described(&result, None);
        prop_assert_eq!(seen(&again.registrable(), &today, &policy), Condition::Current);
    }

    #[test]
    fn nothing_but_the_name_of_an_image_changes_when_it_is_pinned(
        definition in generate::task_definition(),
        console in generate::console(),
    ) {
        let registrable = described(&definition, None).registrable();
        let pins = pins_of(&registrable);
        let setup = Setup::reading(&registrable, &policy(), &image_runs());
        let (result, change) = embed_pinned(&setup, &console, &pins);
        let mut expected = definition.clone();
        for container in expected["containerDefinitions"].as_array_mut().expect("containers") {
            let pinned = pins.image_of(container["name"].as_str().expect("a name")).map(ToOwned::to_owned);
            let is_by_tag = container["image"] == SCANNED[0];
            prop_assert_eq!(pinned.is_some(), is_by_tag);
            if let Some(pinned) = pinned {
                container["image"] = json!(pinned);
            }
        }
        prop_assert_eq!(lost(&expected, &result, ""), None);
        let back = change.invert().apply(&result).expect("the change can be taken back");
        prop_assert_eq!(back.to_string(), definition.to_string());
        let again = described(&result, None);
        prop_assert_eq!(seen(&again.registrable(), &today(&console), &policy()), Condition::Current);
    }

    #[test]
    fn the_order_of_the_answer_does_not_matter(definition in generate::task_definition(), console in generate::console()) {
        let registrable = described(&definition, None).registrable();
        let setup = Setup::reading(&registrable, &policy(), &image_runs());
        let answer = setup.answer(&console);
        let mut turned = turned_round(&answer);
        turned["containerDefinitions"].as_array_mut().expect("an answer has containers").reverse();
        let one = setup.accept(&answer).expect("the answer is accepted");
        let other = setup.accept(&turned).expect("the turned answer is accepted");
        prop_assert_eq!(one.change, other.change);
    }
}

/// Returns a value with every object's members the other way round.
fn turned_round(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().rev().map(|(key, value)| (key.clone(), turned_round(value))).collect())
        }
        Value::Array(elements) => elements.iter().map(turned_round).collect(),
        other => other.clone(),
    }
}

#[test]
fn the_text_of_every_number_survives() {
    let numbers = r#"[1.0,1e5,1E-7,18446744073709551616,-0.0,1.10]"#;
    let numbers: Value = serde_json::from_str(numbers).expect("the numbers are JSON");
    let definition = json!({
        "family": "checkout",
        "futureNumbers": numbers,
        "containerDefinitions": [{ "name": "web", "image": SCANNED[0], "entryPoint": ["/bin/run"], "futureNumbers": numbers }],
    });
    let (result, _) = protect(&described(&definition, None).registrable(), &Console::default(), &policy());
    assert_eq!(result["futureNumbers"].to_string(), numbers.to_string());
    assert_eq!(result["containerDefinitions"][0]["futureNumbers"].to_string(), numbers.to_string());
    for number in ["1.0", "18446744073709551616", "-0.0", "1.10"] {
        assert!(result["futureNumbers"].to_string().contains(number), "{number} is written as it was");
    }
}

#[test]
fn exactly_nine_keys_are_left_out_and_only_on_the_top_level() {
    let inner: Value =
        READ_ONLY_KEYS.iter().map(|key| ((*key).to_owned(), json!("stays"))).collect::<serde_json::Map<_, _>>().into();
    let definition = json!({
        "family": "checkout",
        "futureField": inner,
        "containerDefinitions": [{ "name": "web", "image": SCANNED[0], "futureField": inner }],
    });
    let described = described(&definition, Some(json!([{ "key": "team", "value": "" }])));
    for key in READ_ONLY_KEYS {
        assert!(described.json().get(key).is_some(), "{key} is described");
    }
    let mut expected = definition;
    expected["tags"] = json!([{ "key": "team", "value": "" }]);
    let registrable = described.registrable();
    let keys = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(registrable.json(), &expected);
    assert_eq!(keys(registrable.json()), keys(&expected));
}
