//! What is in an account: clusters, services and task definitions as they are kept, and how a service changes. Its network is kept in
//! [`super::network`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::ecs::rollout::{Deployment, StoppedTask};
use super::ecs::tasks::StoredTask;
use super::network::StoredNetwork;
use crate::scenario;

/// What is in one Region of one account.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Place {
    pub(super) clusters: Vec<StoredCluster>,
    pub(super) services: Vec<StoredService>,
    /// The revisions of each family, the first one at index 0.
    pub(super) families: BTreeMap<String, Vec<Revision>>,
    pub(super) network: StoredNetwork,
    pub(super) tasks: Vec<StoredTask>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StoredCluster {
    pub(super) name: String,
    pub(super) tags: Vec<Value>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Revision {
    /// What was registered, tags taken out, with the defaults ECS fills in.
    pub(super) definition: Map<String, Value>,
    pub(super) tags: Vec<Value>,
    pub(super) active: bool,
    pub(super) registered_at: Value,
    pub(super) registered_by: String,
    pub(super) deregistered_at: Option<Value>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct StoredService {
    pub(super) cluster: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) task_definition: String,
    pub(super) launch_type: String,
    pub(super) capacity_providers: Vec<scenario::CapacityProvider>,
    pub(super) deployment_controller: Option<String>,
    pub(super) platform_version: String,
    pub(super) express_mode: bool,
    pub(super) load_balancer: Option<(String, u16)>,
    pub(super) service_registry: Option<(String, u16)>,
    pub(super) desired_count: u64,
    pub(super) running_count: u64,
    pub(super) percents: (u64, u64),
    pub(super) strategy: Option<String>,
    pub(super) bake_minutes: u64,
    pub(super) circuit_breaker: Option<bool>,
    pub(super) alarms: bool,
    pub(super) untold_deployment: bool,
    pub(super) oldest_deployment_first: bool,
    pub(super) looks_to_start: u32,
    pub(super) network: Option<scenario::TaskNetwork>,
    pub(super) tags: Vec<Value>,
    /// Those that `DescribeServices` tells, the PRIMARY one first.
    pub(super) deployments: Vec<Deployment>,
    /// Those that are over, the newest first.
    pub(super) earlier: Vec<Deployment>,
    /// The newest first.
    pub(super) events: Vec<Value>,
    /// Tasks of it that stopped by themselves, the newest first.
    pub(super) stopped: Vec<StoppedTask>,
    /// Fields `UpdateService` may set and that only come back: `networkConfiguration` and the like.
    pub(super) settings: Map<String, Value>,
    pub(super) created_at: Value,
}

impl Place {
    pub(super) fn add_cluster(&mut self, name: &str, tags: &BTreeMap<String, String>) {
        if !self.clusters.iter().any(|cluster| cluster.name == name) {
            self.clusters.push(StoredCluster { name: name.to_owned(), tags: tag_list(tags) });
        }
    }

    pub(crate) fn service(&self, cluster: &str, name: &str) -> Option<&StoredService> {
        self.services.iter().find(|service| service.cluster == cluster && service.name == name)
    }

    pub(super) fn service_mut(&mut self, cluster: &str, name: &str) -> Option<&mut StoredService> {
        self.services.iter_mut().find(|service| service.cluster == cluster && service.name == name)
    }
}

impl StoredService {
    pub(super) fn new(service: &scenario::Service, task_definition: String, deployment: Deployment) -> Self {
        Self {
            cluster: service.cluster().to_owned(),
            name: service.name().to_owned(),
            status: service.status.clone(),
            task_definition,
            launch_type: service.launch_type.clone(),
            capacity_providers: service.capacity_providers.clone(),
            deployment_controller: service.deployment_controller.clone(),
            platform_version: service.platform_version.clone(),
            express_mode: service.express_mode,
            load_balancer: service.load_balancer.clone(),
            service_registry: service.service_registry.clone(),
            desired_count: service.desired_count,
            running_count: service.running_count.unwrap_or(service.desired_count),
            percents: service.percents,
            strategy: service.strategy.clone(),
            bake_minutes: service.bake_minutes,
            circuit_breaker: service.circuit_breaker,
            alarms: service.alarms,
            untold_deployment: service.untold_deployment,
            oldest_deployment_first: service.oldest_deployment_first,
            looks_to_start: service.looks_to_start,
            network: service.network.clone(),
            tags: tag_list(&service.tags),
            created_at: deployment.created_at.clone(),
            deployments: vec![deployment],
            earlier: Vec::new(),
            events: Vec::new(),
            stopped: Vec::new(),
            settings: Map::new(),
        }
    }

    /// Returns where its tasks have their network interfaces: what `UpdateService` said last, or what it began with.
    pub(super) fn network_configuration(&self) -> Option<Value> {
        if let Some(updated) = self.settings.get("networkConfiguration") {
            return Some(updated.clone());
        }
        let network = self.network.as_ref()?;
        let mut told = json!({ "subnets": network.subnets });
        if !network.groups.is_empty() {
            told["securityGroups"] = json!(network.groups);
        }
        told["assignPublicIp"] = if network.public_address { "ENABLED" } else { "DISABLED" }.into();
        Some(json!({ "awsvpcConfiguration": told }))
    }
}

fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}
