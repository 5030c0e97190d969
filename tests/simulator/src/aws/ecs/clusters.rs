//! `ListClusters` and `DescribeClusters`.

use serde_json::{Value, json};

use super::super::access::Caller;
use super::super::errors::AwsError;
use super::super::state::State;
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
        let services = place.services.iter().filter(|service| service.cluster == name);
        let tags = if includes_tags(input) { cluster.tags.clone() } else { Vec::new() };
        clusters.push(json!({
            "clusterArn": arn,
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": services.clone().map(|service| service.desired_count).sum::<u64>(),
            "pendingTasksCount": 0,
            "activeServicesCount": services.filter(|service| service.status == "ACTIVE").count(),
            "statistics": [],
            "tags": tags,
            "settings": [],
            "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
            "defaultCapacityProviderStrategy": [],
        }));
    }
    Ok(json!({ "clusters": clusters, "failures": failures }))
}
