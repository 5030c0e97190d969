//! A service of a scenario.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Definition;
use super::network::{APP_GROUP, PRIVATE_SUBNET};

/// A service as it stands when the world starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// `cluster/service`.
    pub place: String,
    pub definition: Definition,
    /// Shown unless there are capacity providers.
    pub launch_type: String,
    pub capacity_providers: Vec<CapacityProvider>,
    /// `None` stands for ECS's own rolling deployments, which `DescribeServices` leaves unsaid.
    pub deployment_controller: Option<String>,
    pub status: String,
    pub platform_version: String,
    pub express_mode: bool,
    /// Container and port that a load balancer sends requests to.
    pub load_balancer: Option<(String, u16)>,
    /// Container and port that service discovery names.
    pub service_registry: Option<(String, u16)>,
    pub tags: BTreeMap<String, String>,
    pub deploying: Deploying,
    pub desired_count: u64,
    /// `None` stands for as many as are desired.
    pub running_count: Option<u64>,
    /// The minimum of tasks that stay healthy during a deployment and the maximum that run, as percentages.
    pub percents: (u64, u64),
    /// `None` leaves the deployment strategy unsaid, as a rolling one may be.
    pub strategy: Option<String>,
    /// How long both revisions run side by side when traffic has shifted, for other strategies than rolling ones.
    pub bake_minutes: u64,
    /// Whether it has a deployment circuit breaker, and whether that rolls back.
    pub circuit_breaker: Option<bool>,
    /// Whether it has deployment alarms, which roll back.
    pub alarms: bool,
    /// Whether `DescribeServices` leaves `currentServiceDeployment` out.
    pub untold_deployment: bool,
    /// Whether `ListServiceDeployments` begins with the oldest: nothing says in which order they come.
    pub oldest_deployment_first: bool,
    /// After how many looks all tasks of a deployment run; they start one after the other.
    pub looks_to_start: u32,
    /// `None` stands for tasks without a network interface of their own: no `networkConfiguration` is told.
    pub network: Option<TaskNetwork>,
}

/// Where a service's tasks get their network interfaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskNetwork {
    pub subnets: Vec<String>,
    /// None stands for the default group of the VPC, and is left out of `DescribeServices`.
    pub groups: Vec<String>,
    /// Whether tasks get a public address as well.
    pub public_address: bool,
}

impl Default for TaskNetwork {
    fn default() -> Self {
        Self { subnets: vec![PRIVATE_SUBNET.to_owned()], groups: vec![APP_GROUP.to_owned()], public_address: false }
    }
}

/// One item of a capacity provider strategy.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapacityProvider {
    pub name: String,
    /// `None` leaves the weight unsaid, as a strategy without weights does.
    #[serde(default)]
    pub weight: Option<u64>,
}

/// A customer's own deployment that is under way when the world starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deploying {
    #[default]
    Nothing,
    /// In progress at the first `DescribeServices`, completed at the next.
    Briefly,
    /// The same, and what is being deployed is another task definition.
    BrieflyTo(Definition),
    /// Never completes.
    Forever,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            place: String::new(),
            definition: Definition::default(),
            launch_type: "FARGATE".to_owned(),
            capacity_providers: Vec::new(),
            deployment_controller: None,
            status: "ACTIVE".to_owned(),
            platform_version: "LATEST".to_owned(),
            express_mode: false,
            load_balancer: None,
            service_registry: None,
            tags: BTreeMap::new(),
            deploying: Deploying::Nothing,
            desired_count: 1,
            running_count: None,
            percents: (100, 200),
            strategy: None,
            bake_minutes: 0,
            circuit_breaker: None,
            alarms: false,
            untold_deployment: false,
            oldest_deployment_first: false,
            looks_to_start: 0,
            network: Some(TaskNetwork::default()),
        }
    }
}

impl Service {
    /// Returns an active Fargate service of one task with a finished deployment.
    pub fn new(place: &str, definition: impl Into<Definition>) -> Self {
        Self { place: place.to_owned(), definition: definition.into(), ..Self::default() }
    }

    /// Returns the name of its cluster; a place without one is in the cluster `default`, as in ECS.
    pub fn cluster(&self) -> &str {
        self.place.split_once('/').map_or("default", |(cluster, _)| cluster)
    }

    /// Returns its name in the cluster.
    pub fn name(&self) -> &str {
        self.place.split_once('/').map_or(self.place.as_str(), |(_, name)| name)
    }

    /// Sets another launch type than FARGATE: `EC2`, `EXTERNAL` or `MANAGED_INSTANCES`.
    pub fn launch_type(mut self, launch_type: &str) -> Self {
        self.launch_type = launch_type.to_owned();
        self
    }

    /// Adds a capacity provider; `launchType` is then left out of `DescribeServices`, as AWS does.
    pub fn capacity_provider(mut self, name: &str, weight: Option<u64>) -> Self {
        self.capacity_providers.push(CapacityProvider { name: name.to_owned(), weight });
        self
    }

    /// Sets `CODE_DEPLOY` or `EXTERNAL`; `ECS` is then said, although it is the default.
    pub fn deployment_controller(mut self, controller: &str) -> Self {
        self.deployment_controller = Some(controller.to_owned());
        self
    }

    /// Sets `DRAINING` or `INACTIVE`.
    ///
    /// Such a service is still listed, as though it had been deleted between the listing and the look; AWS itself stops listing it.
    pub fn status(mut self, status: &str) -> Self {
        self.status = status.to_owned();
        self
    }

    pub fn platform_version(mut self, version: &str) -> Self {
        self.platform_version = version.to_owned();
        self
    }

    /// Makes it an Express Mode service, which has an API of its own.
    pub fn express_mode(mut self) -> Self {
        self.express_mode = true;
        self
    }

    /// Has a load balancer send requests to a container's port.
    pub fn load_balancer(mut self, container: &str, port: u16) -> Self {
        self.load_balancer = Some((container.to_owned(), port));
        self
    }

    /// Has service discovery name a container's port.
    pub fn service_registry(mut self, container: &str, port: u16) -> Self {
        self.service_registry = Some((container.to_owned(), port));
        self
    }

    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Starts a customer's deployment of the same task definition: in progress at the first look, completed at the next.
    pub fn deploying(mut self) -> Self {
        self.deploying = Deploying::Briefly;
        self
    }

    /// Starts a customer's deployment of another task definition: in progress at the first look, completed at the next.
    pub fn deploying_to(mut self, definition: impl Into<Definition>) -> Self {
        self.deploying = Deploying::BrieflyTo(definition.into());
        self
    }

    /// Starts a customer's deployment that never completes.
    pub fn stuck_deploying(mut self) -> Self {
        self.deploying = Deploying::Forever;
        self
    }

    pub fn desired_count(mut self, tasks: u64) -> Self {
        self.desired_count = tasks;
        self
    }

    /// Has another number of tasks run than are desired.
    pub fn running_count(mut self, tasks: u64) -> Self {
        self.running_count = Some(tasks);
        self
    }

    /// Sets `minimumHealthyPercent` and `maximumPercent`.
    pub fn percents(mut self, minimum_healthy: u64, maximum: u64) -> Self {
        self.percents = (minimum_healthy, maximum);
        self
    }

    /// Sets the deployment strategy: `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    pub fn strategy(mut self, strategy: &str) -> Self {
        self.strategy = Some(strategy.to_owned());
        self
    }

    /// Lets both revisions run side by side for so long before a deployment that is not rolling is complete. A minute is a look.
    pub fn bake_minutes(mut self, minutes: u64) -> Self {
        self.bake_minutes = minutes;
        self
    }

    /// Gives it a deployment circuit breaker, which rolls back or only gives up.
    pub fn circuit_breaker(mut self, rolls_back: bool) -> Self {
        self.circuit_breaker = Some(rolls_back);
        self
    }

    /// Gives it deployment alarms that roll back as soon as a task of a deployment fails.
    pub fn alarms(mut self) -> Self {
        self.alarms = true;
        self
    }

    /// Leaves `currentServiceDeployment` out of `DescribeServices`.
    pub fn untold_deployment(mut self) -> Self {
        self.untold_deployment = true;
        self
    }

    /// Has `ListServiceDeployments` begin with the oldest.
    pub fn oldest_deployment_first(mut self) -> Self {
        self.oldest_deployment_first = true;
        self
    }

    /// Has the tasks of a deployment start one after the other, until all of them run after this many looks.
    pub fn looks_to_start(mut self, looks: u32) -> Self {
        self.looks_to_start = looks;
        self
    }

    /// Runs its tasks in these subnets with these groups; without groups, the VPC's default one is meant and none is told.
    pub fn network(mut self, subnets: &[&str], groups: &[&str]) -> Self {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let public_address = self.network.is_some_and(|network| network.public_address);
        self.network = Some(TaskNetwork { subnets: owned(subnets), groups: owned(groups), public_address });
        self
    }

    /// Gives its tasks public addresses.
    pub fn public_address(mut self) -> Self {
        self.network.get_or_insert_default().public_address = true;
        self
    }

    /// Leaves its tasks without network interfaces of their own, as those of other network modes than awsvpc are.
    pub fn without_network(mut self) -> Self {
        self.network = None;
        self
    }
}
