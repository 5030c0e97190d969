//! What `DescribeServices` answers, passed on as plain facts.

use std::time::{Duration, SystemTime};

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, DeploymentControllerType, DeploymentRolloutState, DeploymentStrategy,
    ResourceManagementType, Service,
};

use super::{AwsError, Cluster, Operation, pairs, parsed};
use crate::ids::TaskDefinitionArn;
use crate::plan::network::facts::TaskNetwork;
use crate::plan::rollout::{Percents, Tasks};
use crate::plan::service::{Details, ServiceFacts};
use crate::plan::watch::{Deployment, Health, Rollout};

/// ECS tells the latest hundred; the newest few are enough to say what became of a deployment.
const MOST_EVENTS: usize = 5;

/// Passes a service on as plain facts.
pub(super) fn facts(operation: &'static Operation, cluster: &Cluster, service: &Service) -> Result<ServiceFacts, AwsError> {
    let deployments: Vec<Deployment> =
        service.deployments().iter().map(|it| deployment(operation, it)).collect::<Result<_, _>>()?;
    let in_progress = |deployment: &Deployment| deployment.rollout == Some(Rollout::InProgress);
    let controller = service.deployment_controller().map_or(&DeploymentControllerType::Ecs, |controller| controller.r#type());
    Ok(ServiceFacts {
        arn: parsed(operation, service.service_arn())?,
        cluster: cluster.arn.clone(),
        task_definition: task_definition_of(operation, service)?,
        status: service.status().unwrap_or_default().to_owned(),
        launch_type: service.launch_type().map(|launch_type| launch_type.as_str().to_owned()),
        capacity_providers: service.capacity_provider_strategy().iter().map(|item| item.capacity_provider().to_owned()).collect(),
        deployment_controller: controller.as_str().to_owned(),
        platform_version: service.platform_version().map(str::to_owned),
        platform_family: service.platform_family().map(str::to_owned),
        express_mode: service.resource_management_type() == Some(&ResourceManagementType::Ecs),
        deploying: deployments.len() > 1 || deployments.iter().any(in_progress),
        task_sets: service
            .task_sets()
            .iter()
            .filter_map(|task_set| task_set.task_definition())
            .map(|arn| parsed(operation, Some(arn)))
            .collect::<Result<_, _>>()?,
        service_deployment: service.current_service_deployment().map(str::to_owned),
        bake: bake(service),
        events: events(service),
        deployments,
        cluster_opted_out: crate::plan::memory::opts_out(cluster.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))),
        tasks: tasks(service),
        network: service.network_configuration().and_then(|it| it.awsvpc_configuration()).map(network),
        named_ports: named_ports(service).collect(),
        tags: pairs(service.tags()),
        details: details(service),
    })
}

fn details(service: &Service) -> Details {
    let configuration = service.deployment_configuration();
    Details {
        strategy: configuration.and_then(|it| it.strategy()).map(|strategy| strategy.as_str().to_owned()),
        circuit_breaker: configuration.and_then(|it| it.deployment_circuit_breaker()).map(|it| (it.enable(), it.rollback())),
    }
}

fn deployment(operation: &'static Operation, deployment: &aws_sdk_ecs::types::Deployment) -> Result<Deployment, AwsError> {
    let task_definition = deployment.task_definition().map(|arn| parsed(operation, Some(arn))).transpose()?;
    let began = deployment.created_at().and_then(|time| SystemTime::try_from(*time).ok());
    Ok(Deployment {
        id: deployment.id().unwrap_or_default().to_owned(),
        task_definition,
        primary: deployment.status() == Some("PRIMARY"),
        rollout: match deployment.rollout_state() {
            Some(DeploymentRolloutState::Completed) => Some(Rollout::Completed),
            Some(DeploymentRolloutState::Failed) => Some(Rollout::Failed),
            Some(DeploymentRolloutState::InProgress) => Some(Rollout::InProgress),
            _ => None,
        },
        reason: deployment.rollout_state_reason().unwrap_or_default().to_owned(),
        tasks: Health {
            desired: number(deployment.desired_count()),
            running: number(deployment.running_count()),
            failed: number(deployment.failed_tasks()),
        },
        age: began.and_then(|began| SystemTime::now().duration_since(began).ok()).unwrap_or_default(),
    })
}

/// Returns how long a deployment goes on by design after its tasks run: both revisions side by side, and traffic that shifts in steps.
/// Source: Amazon ECS API Reference, DeploymentConfiguration, LinearConfiguration and CanaryConfiguration (read 2026-11).
fn bake(service: &Service) -> Duration {
    let Some(configuration) = service.deployment_configuration() else { return Duration::ZERO };
    let minutes = |minutes: Option<i32>| u64::from(number(minutes.unwrap_or(0)));
    let linear = configuration.linear_configuration().map_or(0, |linear| {
        let steps = linear.step_percent().filter(|percent| *percent >= 1.0).map_or(1, steps_of);
        minutes(linear.step_bake_time_in_minutes()) * steps
    });
    let canary = configuration.canary_configuration().map_or(0, |canary| minutes(canary.canary_bake_time_in_minutes()));
    Duration::from_secs(60 * (minutes(configuration.bake_time_in_minutes()) + linear + canary))
}

/// Returns in how many steps of so many percent everything has shifted.
fn steps_of(percent: f64) -> u64 {
    (1..=100_u32).find(|steps| f64::from(*steps) * percent >= 100.0).map_or(100, u64::from)
}

/// Returns what the newest events say.
fn events(service: &Service) -> Vec<String> {
    service.events().iter().take(MOST_EVENTS).filter_map(|event| event.message()).map(str::to_owned).collect()
}

fn number(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn tasks(service: &Service) -> Tasks {
    let configuration = service.deployment_configuration();
    // Only a rolling deployment replaces tasks by percentages, and it is what a service has that names no strategy.
    let strategy = configuration.and_then(|configuration| configuration.strategy());
    let rolling = strategy.is_none_or(|strategy| *strategy == DeploymentStrategy::Rolling);
    let usual = Percents::default();
    let percents = Percents {
        minimum_healthy: configuration.and_then(|it| it.minimum_healthy_percent()).map_or(usual.minimum_healthy, number),
        maximum: configuration.and_then(|it| it.maximum_percent()).map_or(usual.maximum, number),
    };
    Tasks {
        desired: number(service.desired_count()),
        running: number(service.running_count()),
        percents: rolling.then_some(percents),
    }
}

fn network(configuration: &AwsVpcConfiguration) -> TaskNetwork {
    TaskNetwork {
        subnets: configuration.subnets().iter().map(|id| id.as_str().into()).collect(),
        security_groups: configuration.security_groups().iter().map(|id| id.as_str().into()).collect(),
        public_address: configuration.assign_public_ip() == Some(&AssignPublicIp::Enabled),
    }
}

/// Returns the containers and ports that load balancers and service registries name.
fn named_ports(service: &Service) -> impl Iterator<Item = (String, u16)> {
    let balancers = service.load_balancers().iter().map(|it| (it.container_name(), it.container_port()));
    let registries = service.service_registries().iter().map(|it| (it.container_name(), it.container_port()));
    balancers.chain(registries).filter_map(|(name, port)| Some((name?.to_owned(), port?.try_into().ok()?)))
}

/// Returns what a service runs; one with an EXTERNAL controller says so in its task sets, and nothing before it has one.
fn task_definition_of(operation: &'static Operation, service: &Service) -> Result<Option<TaskDefinitionArn>, AwsError> {
    let of_task_set = || service.task_sets().iter().find_map(|task_set| task_set.task_definition());
    let arn = service.task_definition().filter(|arn| !arn.is_empty()).or_else(of_task_set);
    arn.map(|arn| parsed(operation, Some(arn))).transpose()
}
