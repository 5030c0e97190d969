//! What ECS fills into a task definition on registration, as far as `DescribeTaskDefinition` shows it.
//!
//! A customer's definition never comes back exactly as it was registered; a program that compares the two has to know.
//! From memory of what `DescribeTaskDefinition` answers; no page of AWS lists it, and ECS may fill in more.

use serde_json::{Map, Value, json};

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
            if awsvpc && let Some(port) = mapping.get("containerPort").cloned() {
                mapping.entry("hostPort").or_insert(port);
            }
            mapping.entry("protocol").or_insert_with(|| json!("tcp"));
        }
    }
    if let Some(Value::Array(variables)) = container.get_mut("environment") {
        // The order of variables is not kept; here it is that of their names, so that nobody relies on the one they were sent in.
        variables.sort_by(|a, b| name(a).cmp(name(b)));
    }
}

fn name(variable: &Value) -> &str {
    variable.get("name").and_then(Value::as_str).unwrap_or_default()
}
