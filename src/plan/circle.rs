//! Does a container wait for itself? ECS refuses such a definition, or its tasks never start.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::task_definition::{Container, containers_of};

/// Returns the containers of a definition that wait for each other in a circle, by name; none when every one can start.
///
/// A container waits for those it depends on, for those whose volumes it takes, and, if it logs through the task's log router, for
/// that one. Sources: aws/amazon-ecs-agent, `agent/engine/dependencygraph`; Amazon ECS Developer Guide, "Firelens", on the order
/// in which containers start (read 2026-11).
pub fn circle(definition: &Value) -> Vec<String> {
    let router = containers_of(definition).find(Container::is_log_router).map(|container| container.name());
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> =
        containers_of(definition).map(|container| (container.name(), waits_for(container, router))).collect();
    loop {
        let free: Vec<&str> =
            waiting.iter().filter(|(_, on)| !on.iter().any(|name| waiting.contains_key(name))).map(|(name, _)| *name).collect();
        if free.is_empty() {
            break;
        }
        for name in free {
            waiting.remove(name);
        }
    }
    waiting.into_keys().map(str::to_owned).collect()
}

fn waits_for<'a>(container: Container<'a>, router: Option<&'a str>) -> BTreeSet<&'a str> {
    let named = |list: &str, key: &'static str| {
        container.list(list).filter_map(move |it| it.get(key)?.as_str()).collect::<Vec<_>>().into_iter()
    };
    let through_router = router.filter(|_| container.logs_to_router() && !container.is_log_router());
    named("dependsOn", "containerName").chain(named("volumesFrom", "sourceContainer")).chain(through_router).collect()
}
