//! A change is applied, taken back and told, and does not fit anything but what it was made for.

use fargate_updater::plan::edit::{Change, Edit, JsonPath};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate;

fn root() -> JsonPath {
    JsonPath::root()
}

fn replace(at: JsonPath, before: Value, after: Value) -> Edit {
    Edit::Replace { at, before, after }
}

fn document() -> Value {
    json!({
        "family": "checkout",
        "containerDefinitions": [{ "name": "web", "environment": [{ "name": "PATH", "value": "/hunter2" }] }],
        "cpu": "256",
    })
}

fn web() -> JsonPath {
    root().key("containerDefinitions").index(0)
}

#[test]
fn each_edit_does_what_it_says() {
    let removed = |at| Edit::remove(&document(), at).expect("it is there");
    let cases = [
        (
            "a new member becomes the last",
            Edit::add(root().key("memory"), json!(512)),
            r#"{"family":"checkout","containerDefinitions":[{"name":"web","environment":[{"name":"PATH","value":"/hunter2"}]}],"cpu":"256","memory":512}"#,
        ),
        (
            "a new element is pushed in before the one that stands there",
            Edit::add(web().key("environment").index(0), json!({})),
            r#"{"family":"checkout","containerDefinitions":[{"name":"web","environment":[{},{"name":"PATH","value":"/hunter2"}]}],"cpu":"256"}"#,
        ),
        (
            "an element may be added behind the last",
            Edit::add(web().key("environment").index(1), json!(1.0)),
            r#"{"family":"checkout","containerDefinitions":[{"name":"web","environment":[{"name":"PATH","value":"/hunter2"},1.0]}],"cpu":"256"}"#,
        ),
        (
            "a replaced member keeps its place",
            replace(root().key("family"), json!("checkout"), json!("payment")),
            r#"{"family":"payment","containerDefinitions":[{"name":"web","environment":[{"name":"PATH","value":"/hunter2"}]}],"cpu":"256"}"#,
        ),
        (
            "the members round a removed one keep their order",
            removed(root().key("family")),
            r#"{"containerDefinitions":[{"name":"web","environment":[{"name":"PATH","value":"/hunter2"}]}],"cpu":"256"}"#,
        ),
        (
            "a removed element leaves no gap",
            removed(web().key("environment").index(0)),
            r#"{"family":"checkout","containerDefinitions":[{"name":"web","environment":[]}],"cpu":"256"}"#,
        ),
    ];
    for (name, edit, expected) in cases {
        let edited = Change::from_iter([edit]).apply(&document());
        assert_eq!(edited.map(|value| value.to_string()), Ok(expected.to_owned()), "{name}");
    }
}

#[test]
fn an_edit_that_does_not_fit_is_an_error_that_names_the_place_and_no_value() {
    let other = Edit::remove(&json!({ "cpu": "hunter2" }), root().key("cpu")).expect("it is there");
    let cases = [
        ("a member is there already", Edit::add(root().key("cpu"), json!("512")), "/cpu: something is there already"),
        ("something else is there", other, "/cpu: something else is there"),
        ("before is not what is there", replace(root().key("cpu"), json!("512"), json!("1")), "/cpu: something else is there"),
        ("nothing is there to replace", replace(root().key("memory"), json!(1), json!(2)), "/memory: something else is there"),
        ("the list is shorter", Edit::add(web().key("environment").index(2), json!(1)), "/environment/2: the list is shorter"),
        ("the parent is missing", Edit::add(root().key("volumes").index(0), json!(1)), "/volumes/0: there is no such place"),
        (
            "a list has no members",
            Edit::add(web().key("environment").key("x"), json!(1)),
            "/environment/x: something else is there",
        ),
        ("an object has no elements", Edit::add(root().index(0), json!(1)), "/0: something else is there"),
        ("the whole document stays", replace(root(), document(), json!({})), ": the whole document cannot be edited"),
    ];
    for (name, edit, expected) in cases {
        let error = Change::from_iter([edit]).apply(&document()).expect_err(name).to_string();
        assert!(error.ends_with(expected), "{name}: {error}");
        assert!(!error.contains("hunter2"), "{name}: {error}");
    }
}

#[test]
fn nothing_can_be_removed_where_nothing_is() {
    assert_eq!(Edit::remove(&document(), root().key("memory")), None);
    assert_eq!(Edit::remove(&document(), root()), None);
}

#[test]
fn an_error_leaves_the_original_as_it_was() {
    let original = document();
    let change = Change::from_iter([Edit::add(root().key("memory"), json!(1)), Edit::add(root().key("cpu"), json!(1))]);
    assert!(change.apply(&original).is_err());
    assert_eq!(original.to_string(), document().to_string());
}

#[test]
fn a_change_is_told_by_name_and_never_by_value() {
    let environment = web().key("environment");
    let change = Change::from_iter([
        Edit::add(environment.index(1), json!({ "name": "TW_IMAGE_NAME", "value": "hunter2" })),
        replace(environment.index(0).key("value"), json!("/hunter2"), json!("hunter2")),
        Edit::Remove { at: root().key("cpu"), value: json!("256"), place: None },
        Edit::add(root().key("tags"), json!([])),
        Edit::add(root().key("tags").index(0), json!({ "key": "team", "value": "hunter2" })),
        Edit::add(root().key("missing").key("hunter"), json!("hunter2")),
    ]);
    assert_eq!(
        change.tell(&document()),
        [
            "+ /containerDefinitions/web/environment/TW_IMAGE_NAME",
            "~ /containerDefinitions/web/environment/PATH/value",
            "- /cpu",
            "+ /tags",
            "+ /tags/team",
            "? /missing/hunter",
        ]
    );
    assert!(!format!("{change:?}").contains("hunter2"), "{change:?}");
}

#[test]
fn a_place_is_printed_as_a_json_pointer() {
    let cases = [(root(), ""), (web().key("name"), "/containerDefinitions/0/name"), (root().key("a/b~c"), "/a~1b~0c")];
    for (at, expected) in cases {
        assert_eq!(at.to_string(), expected);
    }
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn taking_a_change_back_gives_the_original_key_order_included((document, edits) in generate::document_and_edits()) {
        let change = Change::from_iter(edits);
        let edited = change.apply(&document).expect("the edits were made for this document");
        let back = change.invert().apply(&edited).expect("the inverse fits what the change made");
        prop_assert_eq!(back.to_string(), document.to_string());
        prop_assert_eq!(&change.invert().invert(), &change);
        // Told line by line, and every edit fits.
        let told = change.tell(&document);
        prop_assert_eq!(told.len(), change.into_iter().count());
        prop_assert!(told.iter().all(|line| !line.starts_with('?')), "{:?}", told);
    }
}
