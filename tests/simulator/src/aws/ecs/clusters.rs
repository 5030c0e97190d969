//! `ListClusters`, `DescribeClusters` and `CreateCluster`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::access::{Caller, permit};
use super::super::errors::{AwsError, Service};
use super::super::state::State;
use super::super::stored::{Place, StoredCluster};
use super::{answer_page, includes_tags, invalid, texts};

pub(super) fn list(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let clusters = state.place(caller.account(), &caller.region).map_or(&[][..], |place| &place.clusters);
    let arns: Vec<String> =
        clusters.iter().map(|cluster| state.cluster_arn(caller.account(), &caller.region, &cluster.name)).collect();
    answer_page(caller, input, "clusters", "clusterArns", &arns, 100)
}

pub(super) fn describe(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let mut asked = texts(input, "clusters");
    if asked.len() > 100 {
        return Err(invalid("Clusters cannot be more than 100."));
    }
    if asked.is_empty() {
        asked.push("default");
    }
    let prefix = state.cluster_arn(caller.account(), &caller.region, "");
    let place = state.place(caller.account(), &caller.region);
    let mut clusters = Vec::new();
    let mut failures = Vec::new();
    for given in asked {
        let name = given.strip_prefix(&prefix).unwrap_or(given);
        let arn = state.cluster_arn(caller.account(), &caller.region, name);
        let known = place.and_then(|place| place.clusters.iter().find(|cluster| cluster.name == name));
        let (Some(place), Some(cluster)) = (place, known) else {
            failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            continue;
        };
        clusters.push(shown(&arn, place, cluster, includes_tags(input)));
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}

/// Makes a cluster; one that is there already stays as it is, and is the answer.
/// Source: Amazon ECS API Reference, CreateCluster (read 2026-11); that a second time is no error: from memory.
pub(super) fn create(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let name = input.get("clusterName").and_then(Value::as_str).unwrap_or("default");
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if name.is_empty() || name.len() > 255 || !name.chars().all(allowed) {
        return Err(invalid("Cluster names have 1 to 255 letters, numbers, underscores and hyphens."));
    }
    let arn = state.cluster_arn(caller.account(), &caller.region, name);
    let mut tags = BTreeMap::new();
    for tag in input.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| tag.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        tags.insert(text("key"), text("value"));
    }
    if !tags.is_empty() {
        permit(state, caller, Service::Ecs, "ecs:TagResource", &arn)?;
    }
    let place = state.place_mut(caller.account(), &caller.region);
    place.add_cluster(name, &tags);
    let cluster = place.clusters.iter().find(|cluster| cluster.name == name);
    Ok(json!({ "cluster": cluster.map(|cluster| shown(&arn, place, cluster, true)) }))
}

fn shown(arn: &str, place: &Place, cluster: &StoredCluster, with_tags: bool) -> Value {
    let services = place.services.iter().filter(|service| service.cluster == cluster.name);
    let tasks = |is_running: bool| {
        place.tasks.iter().filter(move |task| task.cluster == cluster.name && task.counts_as(is_running)).count() as u64
    };
    json!({
        "clusterArn": arn,
        "clusterName": cluster.name,
        "status": "ACTIVE",
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": services.clone().map(|service| service.desired_count).sum::<u64>() + tasks(true),
        "pendingTasksCount": tasks(false),
        "activeServicesCount": services.filter(|service| service.status == "ACTIVE").count(),
        "statistics": [],
        "tags": if with_tags { cluster.tags.clone() } else { Vec::new() },
        "settings": [],
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    })
}
