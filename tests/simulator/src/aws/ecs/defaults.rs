//! What ECS fills into a task definition on registration, as far as `DescribeTaskDefinition` shows it.
//!
//! A customer's definition never comes back exactly as it was registered; a program that compares the two has to know.
//! From memory of what `DescribeTaskDefinition` answers; no page of AWS lists it, and ECS may fill in more. What is marked with
//! Terraform is what hashicorp/terraform-provider-aws, internal/service/ecs/container_definitions.go, has to reduce before it
//! compares the two. Containers, which it sorts as well, keep their order here.

use serde_json::{Map, Value, json};

/// Returns a task definition as ECS keeps it, its defaults filled in. Tags inside it stay as they are.
pub fn as_ecs_stores(definition: Value) -> Value {
    match definition {
        Value::Object(mut definition) => {
            fill_in(&mut definition);
            Value::Object(definition)
        }
        other => other,
    }
}

pub(crate) fn fill_in(definition: &mut Map<String, Value>) {
    let awsvpc = definition.get("networkMode").and_then(Value::as_str) == Some("awsvpc");
    if let Some(Value::Array(containers)) = definition.get_mut("containerDefinitions") {
        for container in containers.iter_mut().filter_map(Value::as_object_mut) {
            fill_in_container(container, awsvpc);
        }
    }
    definition.entry("volumes").or_insert_with(|| json!([]));
    definition.entry("placementConstraints").or_insert_with(|| json!([]));
}

fn fill_in_container(container: &mut Map<String, Value>, awsvpc: bool) {
    container.entry("cpu").or_insert_with(|| json!(0));
    container.entry("essential").or_insert_with(|| json!(true));
    for list in ["portMappings", "environment", "mountPoints", "volumesFrom", "systemControls"] {
        container.entry(list).or_insert_with(|| json!([]));
    }
    if let Some(Value::Array(mappings)) = container.get_mut("portMappings") {
        for mapping in mappings.iter_mut().filter_map(Value::as_object_mut) {
            fill_in_port(mapping, awsvpc);
        }
    }
    if let Some(Value::Object(check)) = container.get_mut("healthCheck") {
        // Terraform.
        for (setting, default) in [("interval", 30), ("timeout", 5), ("retries", 3)] {
            check.entry(setting).or_insert_with(|| json!(default));
        }
    }
    for list in ["environment", "secrets"] {
        if let Some(Value::Array(variables)) = container.get_mut(list) {
            // The order of variables is not kept; here it is that of their names, so that nobody relies on the one they were sent
            // in. Terraform, too.
            variables.sort_by(|a, b| name(a).cmp(name(b)));
        }
    }
}

fn fill_in_port(mapping: &mut Map<String, Value>, awsvpc: bool) {
    if awsvpc && let Some(port) = mapping.get("containerPort").cloned() {
        // Terraform: 0 is as good as nothing.
        let host_port = mapping.entry("hostPort").or_insert_with(|| port.clone());
        if *host_port == json!(0) {
            *host_port = port;
        }
    }
    mapping.entry("protocol").or_insert_with(|| json!("tcp"));
}

fn name(variable: &Value) -> &str {
    variable.get("name").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_filled_in_and_the_rest_stays() {
        let registered = json!({
            "family": "web",
            "networkMode": "awsvpc",
            "tags": [{ "key": "team", "value": "web" }],
            "containerDefinitions": [{
                "name": "app",
                "portMappings": [{ "containerPort": 80 }, { "containerPort": 81, "hostPort": 0 }],
                "environment": [{ "name": "B", "value": "2" }, { "name": "A", "value": "1" }],
                "secrets": [{ "name": "D", "valueFrom": "d" }, { "name": "C", "valueFrom": "c" }],
                "healthCheck": { "command": ["CMD", "true"], "retries": 1 },
                "unknown": null,
            }],
        });
        let stored = as_ecs_stores(registered.clone());
        let container = &stored["containerDefinitions"][0];
        for (pointer, expected) in [
            (
                "/portMappings",
                json!([
                    { "containerPort": 80, "hostPort": 80, "protocol": "tcp" },
                    { "containerPort": 81, "hostPort": 81, "protocol": "tcp" },
                ]),
            ),
            ("/environment/0/name", json!("A")),
            ("/secrets/0/name", json!("C")),
            ("/healthCheck", json!({ "command": ["CMD", "true"], "retries": 1, "interval": 30, "timeout": 5 })),
            ("/unknown", Value::Null),
            ("/cpu", json!(0)),
            ("/mountPoints", json!([])),
        ] {
            assert_eq!(container.pointer(pointer), Some(&expected), "{pointer}");
        }
        assert_eq!((&stored["tags"], &stored["volumes"]), (&registered["tags"], &json!([])));
        assert_eq!(as_ecs_stores(stored.clone()), stored, "twice is as good as once");
        assert_eq!(as_ecs_stores(json!([])), json!([]));
    }
}
