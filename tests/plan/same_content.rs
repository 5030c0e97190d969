//! Two revisions say the same when only ECS's own spelling, the bundle and the run differ, and in no other case.

use fargate_updater::plan::compare::same_content;
use proptest::prelude::*;
use serde_json::{Value, json};
use simulator::Console;

use crate::generate;
use crate::support::{described, policy, protect};

/// What ECS makes of a definition between registering and describing it: lists and numbers filled in, variables in its own order,
/// members in any order. Written from the simulated ECS (`tests/simulator/src/aws/ecs/defaults.rs`).
fn as_ecs_describes(definition: &Value) -> Value {
    let mut definition = definition.clone();
    for container in definition["containerDefinitions"].as_array_mut().expect("there are containers") {
        let members = container.as_object_mut().expect("a container is an object");
        members.sort_keys();
        let filled_in = [
            ("cpu", json!(0)),
            ("essential", json!(true)),
            ("portMappings", json!([])),
            ("environment", json!([])),
            ("mountPoints", json!([])),
            ("volumesFrom", json!([])),
            ("systemControls", json!([])),
        ];
        for (key, value) in filled_in {
            members.entry(key).or_insert(value);
        }
        for mapping in members["portMappings"].as_array_mut().expect("it is a list").iter_mut() {
            let port = mapping["containerPort"].clone();
            let mapping = mapping.as_object_mut().expect("a mapping is an object");
            mapping.entry("hostPort").or_insert(port);
            mapping.entry("protocol").or_insert(json!("tcp"));
        }
        members["environment"].as_array_mut().expect("it is a list").reverse();
    }
    for key in ["volumes", "placementConstraints"] {
        definition.as_object_mut().expect("it is an object").entry(key).or_insert(json!([]));
    }
    definition
}

/// The same revision from another run: another id, another bundle.
fn from_another_run(revision: &Value) -> Value {
    let mut revision = revision.clone();
    for tag in revision["tags"].as_array_mut().into_iter().flatten() {
        if tag["key"] == "fargate-updater:run-id" {
            tag["value"] = json!("fedcba9876543210");
        }
    }
    let containers = revision["containerDefinitions"].as_array_mut().into_iter().flatten();
    for container in containers.filter(|container| container["name"] == "TwistlockDefender") {
        *variable(container, "INSTALL_BUNDLE") = json!("another0bundle");
    }
    revision
}

fn variable<'a>(container: &'a mut Value, name: &str) -> &'a mut Value {
    let mut variables = container["environment"].as_array_mut().expect("it has variables").iter_mut();
    let variable = variables.find(|variable| variable["name"] == name).expect("it has this variable");
    &mut variable["value"]
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn what_ecs_describes_says_what_was_registered(definition in generate::task_definition(), console in generate::console()) {
        let (registered, _) = protect(&described(&definition, None).registrable(), &console, &policy());
        let described = as_ecs_describes(&from_another_run(&registered));
        prop_assert!(same_content(&described, &registered), "{}\n{}", described, registered);
        prop_assert!(same_content(&registered, &described));
    }

    #[test]
    fn what_was_not_protected_does_not_say_the_same(definition in generate::task_definition(), console in generate::console()) {
        let (registered, _) = protect(&described(&definition, None).registrable(), &console, &policy());
        prop_assert!(!same_content(&registered, &definition));
    }
}

/// A protected definition to change one thing of.
fn protected() -> Value {
    let definition = json!({
        "family": "checkout",
        "cpu": "256",
        "containerDefinitions": [{
            "name": "web", "image": "registry.example.test/web:1", "entryPoint": ["/bin/run", "a"], "command": ["b", "c"],
            "environment": [{ "name": "A", "value": "1" }], "portMappings": [{ "containerPort": 80 }],
            "futureField": [1.0, { "deep": "" }],
        }],
        "tags": [{ "key": "team", "value": "payments" }],
    });
    protect(&described(&definition, None).registrable(), &Console::default(), &policy()).0
}

#[test]
fn any_other_difference_is_another_content() {
    type Change = fn(&mut Value);
    let cases: [(&str, Change); 16] = [
        ("the image", |it| it["containerDefinitions"][0]["image"] = json!("registry.example.test/web:2")),
        ("a variable's value", |it| *variable(&mut it["containerDefinitions"][0], "A") = json!("2")),
        ("the order of an entry point", |it| {
            it["containerDefinitions"][0]["entryPoint"].as_array_mut().expect("a list").reverse()
        }),
        ("the order of a command", |it| it["containerDefinitions"][0]["command"] = json!(["c", "b"])),
        ("a port", |it| it["containerDefinitions"][0]["portMappings"][0]["containerPort"] = json!(81)),
        ("a host port", |it| it["containerDefinitions"][0]["portMappings"][0]["hostPort"] = json!(81)),
        ("a protocol", |it| it["containerDefinitions"][0]["portMappings"][0]["protocol"] = json!("udp")),
        ("whether it is essential", |it| it["containerDefinitions"][0]["essential"] = json!(false)),
        ("the cpu", |it| it["cpu"] = json!("512")),
        ("a container's cpu", |it| it["containerDefinitions"][0]["cpu"] = json!(128)),
        ("an unknown field", |it| it["containerDefinitions"][0]["futureField"][0] = json!(2)),
        ("an owner's tag", |it| it["tags"][0]["value"] = json!("orders")),
        ("the source", |it| it["tags"][1]["value"] = json!("checkout:8")),
        ("the Defender's image", |it| it["containerDefinitions"][1]["image"] = json!("defender")),
        ("the Defender's address", |it| *variable(&mut it["containerDefinitions"][1], "WS_ADDRESS") = json!("wss://x:443")),
        ("a bundle in an application's variable", |it| {
            let variable = json!({ "name": "INSTALL_BUNDLE", "value": "x" });
            it["containerDefinitions"][0]["environment"].as_array_mut().expect("a list").push(variable);
        }),
    ];
    let one = protected();
    assert!(same_content(&one, &from_another_run(&one)));
    for (name, change) in cases {
        let mut other = protected();
        change(&mut other);
        assert!(!same_content(&one, &other), "{name}");
        assert!(!same_content(&other, &one), "{name}");
    }
}
