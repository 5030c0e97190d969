//! What ECS describes becomes a task definition, or is not one; its prints and its redactor keep the customer's values secret.

use fargate_updater::plan::TaskDefinition;
use fargate_updater::plan::task_definition::Described;
use serde_json::{Value, json};

use crate::support::{container, definition_of};

const ARN: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7";

#[test]
fn a_description_without_what_a_journey_needs_is_malformed() {
    let body = |definition: Value| json!({ "taskDefinition": definition });
    let cases = [
        ("nothing is described", json!({}), "definition"),
        ("the definition is no object", json!({ "taskDefinition": [] }), "definition"),
        (
            "the family is missing",
            body(json!({ "taskDefinitionArn": ARN, "containerDefinitions": [{ "name": "web" }] })),
            "family",
        ),
        (
            "the family is empty",
            body(json!({ "family": "", "taskDefinitionArn": ARN, "containerDefinitions": [{ "name": "web" }] })),
            "family",
        ),
        ("there are no containers", body(json!({ "family": "checkout", "taskDefinitionArn": ARN })), "containers"),
        (
            "a container has no name",
            body(json!({ "family": "checkout", "taskDefinitionArn": ARN, "containerDefinitions": [{ "image": "web" }] })),
            "containers",
        ),
        (
            "the ARN is missing",
            body(json!({ "family": "checkout", "containerDefinitions": [{ "name": "web" }] })),
            "taskDefinitionArn",
        ),
    ];
    for (name, body, missing) in cases {
        let error = TaskDefinition::<Described>::described(&body).expect_err(name);
        assert_eq!(error.to_string(), format!("the task definition that ECS describes has no usable {missing}"), "{name}");
    }
}

#[test]
fn tags_are_taken_from_beside_the_definition_and_absent_ones_are_not_invented() {
    let definition = json!({ "family": "checkout", "taskDefinitionArn": ARN, "containerDefinitions": [{ "name": "web" }] });
    let cases = [
        ("two tags", json!([{ "key": "a", "value": "1" }, { "key": "b" }]), vec![("a", "1"), ("b", "")]),
        ("no tags", json!([]), vec![]),
        ("null instead of tags", Value::Null, vec![]),
    ];
    for (name, tags, expected) in cases {
        let body = json!({ "taskDefinition": definition, "tags": tags });
        let described = TaskDefinition::<Described>::described(&body).expect("it is whole");
        assert_eq!(described.tags().collect::<Vec<_>>(), expected, "{name}");
        assert_eq!(described.json().get("tags").is_some(), !expected.is_empty(), "{name}");
    }
}

#[test]
fn a_definition_prints_its_family_and_nothing_else() {
    let mut web = container("web");
    web["environment"] = json!([{ "name": "PASSWORD", "value": "hunter2hunter2" }]);
    assert_eq!(format!("{:?}", definition_of(&[web])), "TaskDefinition(checkout)");
}

#[test]
fn its_redactor_hides_environment_values_and_secret_log_options() {
    let mut web = container("web");
    web["environment"] = json!([{ "name": "PASSWORD", "value": "hunter2hunter2" }, { "name": "ON", "value": "1" }]);
    web["logConfiguration"] = json!({ "logDriver": "splunk", "options": {
        "splunk-token": "collector0token", "splunk-url": "https://splunk.example.test", "Api-Key": "key0value0key",
    } });
    let cases = [
        ("an environment value", "refused hunter2hunter2 there", "refused *** there"),
        ("a log driver's token", "bad collector0token", "bad ***"),
        ("an option named in capitals", "bad key0value0key", "bad ***"),
        ("an option that is no secret", "at https://splunk.example.test", "at https://splunk.example.test"),
        ("a value too short to be one", "line 1", "line 1"),
        ("a variable's name", "PASSWORD", "PASSWORD"),
    ];
    let redactor = definition_of(&[container("first"), web]).redactor();
    for (name, text, expected) in cases {
        assert_eq!(redactor.clean(text), expected, "{name}");
    }
}

#[test]
fn tags_that_only_aws_may_set_are_not_registered_again() {
    let tags = |keys: &[&str]| keys.iter().map(|key| json!({ "key": key, "value": "x" })).collect::<Vec<_>>();
    for (tagged, expected) in [
        (vec!["team", "aws:cloudformation:stack-name"], Some(tags(&["team"]))),
        (vec!["aws:cloudformation:stack-name"], None),
        (vec!["team", "awsome"], Some(tags(&["team", "awsome"]))),
    ] {
        let body = json!({
            "taskDefinition": {
                "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7",
                "family": "checkout",
                "containerDefinitions": [{ "name": "web", "image": "registry.example.test/web:1" }],
            },
            "tags": tags(&tagged),
        });
        let registrable = TaskDefinition::described(&body).expect("it is a definition").registrable();
        assert_eq!(registrable.json().get("tags").cloned(), expected.map(Value::Array), "{tagged:?}");
    }
}
