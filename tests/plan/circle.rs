//! A container that waits for itself never starts: through what it depends on, takes volumes from, or logs through.

use fargate_updater::plan::circle::circle;
use serde_json::{Value, json};

use crate::support::container;

fn with(name: &str, members: Value) -> Value {
    let mut container = container(name);
    for (key, value) in members.as_object().expect("members").clone() {
        container[key] = value;
    }
    container
}

#[test]
fn a_circle_is_found_whatever_it_is_made_of() {
    let on = |name: &str| json!({ "dependsOn": [{ "containerName": name, "condition": "START" }] });
    let from = |name: &str| json!({ "volumesFrom": [{ "sourceContainer": name }] });
    let through_router = json!({ "logConfiguration": { "logDriver": "awsfirelens" } });
    let router = |mut members: Value| {
        members["firelensConfiguration"] = json!({ "type": "fluentbit" });
        with("router", members)
    };
    let both = |one: Value, other: Value| {
        let mut members = one;
        members.as_object_mut().expect("members").extend(other.as_object().expect("members").clone());
        members
    };
    let cases = [
        ("nobody waits", vec![container("web"), container("db")], vec![]),
        ("one waits", vec![with("web", on("db")), container("db")], vec![]),
        ("for somebody who is not there", vec![with("web", on("nobody"))], vec![]),
        ("each for the other", vec![with("web", on("db")), with("db", on("web")), container("x")], vec!["db", "web"]),
        ("for itself", vec![with("web", on("web"))], vec!["web"]),
        ("through volumes", vec![with("web", on("db")), with("db", from("web"))], vec!["db", "web"]),
        ("logs alone", vec![with("web", through_router.clone()), router(json!({}))], vec![]),
        (
            "the sidecar logs through a router that waits for it",
            vec![with("web", on("sidecar")), with("sidecar", through_router.clone()), router(on("sidecar"))],
            vec!["router", "sidecar", "web"],
        ),
        (
            "the router waits for a container that waits for the sidecar, which logs through it",
            vec![with("web", both(on("sidecar"), through_router.clone())), with("sidecar", through_router), router(on("web"))],
            vec!["router", "sidecar", "web"],
        ),
    ];
    for (name, containers, expected) in cases {
        assert_eq!(circle(&json!({ "containerDefinitions": containers })), expected, "{name}");
    }
}
