//! What is in an account: clusters, services and task definitions as they are kept, and how a service changes. Its network is kept in
//! [`super::network`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

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
    pub(super) network: Option<scenario::TaskNetwork>,
    pub(super) tags: Vec<Value>,
    /// The PRIMARY one first.
    pub(super) deployments: Vec<Deployment>,
    /// After how many looks the PRIMARY deployment is completed; `None` stands for never.
    pub(super) looks_left: Option<u32>,
    /// Fields `UpdateService` may set and that only come back: `networkConfiguration` and the like.
    pub(super) settings: Map<String, Value>,
    pub(super) created_at: Value,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Deployment {
    pub(super) id: String,
    pub(super) task_definition: String,
    pub(super) completed: bool,
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
            network: service.network.clone(),
            tags: tag_list(&service.tags),
            created_at: deployment.created_at.clone(),
            deployments: vec![deployment],
            looks_left: Some(0),
            settings: Map::new(),
        }
    }

    /// Makes a deployment PRIMARY; the older ones stay until it is completed, after this many looks.
    pub(super) fn roll_out(&mut self, deployment: Deployment, looks: Option<u32>) {
        self.task_definition.clone_from(&deployment.task_definition);
        self.deployments.insert(0, deployment);
        self.looks_left = looks;
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

    /// Completes the PRIMARY deployment and drains the others.
    pub(super) fn complete(&mut self) {
        self.deployments.truncate(1);
        for deployment in &mut self.deployments {
            deployment.completed = true;
        }
    }
}

fn tag_list(tags: &BTreeMap<String, String>) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}
