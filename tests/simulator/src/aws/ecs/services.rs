//! `ListServices` and `DescribeServices`.
//!
//! Roll-outs have no clock: they move on when somebody looks. See [`super::rollout`].

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::super::access::Caller;
use super::super::clock::epoch_seconds;
use super::super::errors::AwsError;
use super::super::state::State;
use super::super::stored::StoredService;
use super::rollout::{Deployment, Fate, Rollout};
use super::{answer_page, cluster_name, deployments, includes_tags, invalid, texts};

/// Source: Amazon ECS API Reference, ListServices, `maxResults` (read 2026-11).
const DEFAULT_PAGE: usize = 10;

/// Source: Amazon ECS API Reference, DescribeServices, `services` (read 2026-11).
const MOST_DESCRIBED: usize = 10;

pub(super) fn list(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let launch_type = input.get("launchType").and_then(Value::as_str);
    let services = state.place(caller.account(), &caller.region).map_or(&[][..], |place| &place.services);
    let wanted = services.iter().filter(|service| {
        let shown = service.capacity_providers.is_empty().then_some(service.launch_type.as_str());
        service.cluster == cluster && launch_type.is_none_or(|wanted| shown == Some(wanted))
    });
    let arns: Vec<String> =
        wanted.map(|service| state.service_arn(caller.account(), &caller.region, &cluster, &service.name)).collect();
    answer_page(caller, input, &format!("services of {cluster}"), "serviceArns", &arns, DEFAULT_PAGE)
}

pub(super) fn describe(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let asked = texts(input, "services");
    if asked.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if asked.len() > MOST_DESCRIBED {
        return Err(invalid("Services cannot be more than 10."));
    }
    let (account, region) = (caller.account().to_owned(), caller.region.clone());
    let prefix = state.service_arn(&account, &region, &cluster, "");
    let mut services = Vec::new();
    let mut failures = Vec::new();
    let now = epoch_seconds(SystemTime::now());
    for given in asked {
        let name = given.strip_prefix(&prefix).unwrap_or(given);
        let Some(service) = state.place_mut(&account, &region).service_mut(&cluster, name) else {
            let arn = if given.starts_with("arn:") { given.to_owned() } else { format!("{prefix}{name}") };
            failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            continue;
        };
        service.look(&now);
        let service = service.clone();
        services.push(shown(state, &account, &region, &service, includes_tags(input)));
    }
    Ok(json!({ "services": services, "failures": failures }))
}

/// Returns a service as `DescribeServices` shows it; that it was looked at is not for here.
pub(crate) fn shown(state: &State, account: &str, region: &str, service: &StoredService, with_tags: bool) -> Value {
    let controller = service.deployment_controller.as_deref().unwrap_or("ECS");
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| {
        shown.insert(key.to_owned(), value);
    };
    put("serviceArn", state.service_arn(account, region, &service.cluster, &service.name).into());
    put("serviceName", service.name.as_str().into());
    put("clusterArn", state.cluster_arn(account, region, &service.cluster).into());
    let group = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/simulated/0123456789abcdef";
    let balancer =
        |(container, port): &(String, u16)| json!({ "targetGroupArn": group, "containerName": container, "containerPort": port });
    put("loadBalancers", service.load_balancer.iter().map(balancer).collect());
    let registry = |(container, port): &(String, u16)| {
        let arn = "arn:aws:servicediscovery:us-east-1:111122223333:service/srv-simulated";
        json!({ "registryArn": arn, "containerName": container, "containerPort": port })
    };
    put("serviceRegistries", service.service_registry.iter().map(registry).collect());
    put("status", service.status.as_str().into());
    put("desiredCount", service.desired_count.into());
    put("runningCount", service.running_count.into());
    put("pendingCount", 0.into());
    // The model: omitted when the service was created with a capacity provider strategy, or runs task sets of another owner.
    if !service.capacity_providers.is_empty() {
        put("capacityProviderStrategy", strategy(service));
    } else if controller != "EXTERNAL" {
        put("launchType", service.launch_type.as_str().into());
    }
    if is_on_fargate(service) {
        put("platformVersion", service.platform_version.as_str().into());
        put("platformFamily", platform_family(state, service).into());
    }
    if controller != "EXTERNAL" {
        put("taskDefinition", service.task_definition.as_str().into());
    }
    let (minimum_healthy, maximum) = service.percents;
    let mut configuration = json!({
        "deploymentCircuitBreaker": {
            "enable": service.circuit_breaker.is_some(),
            "rollback": service.circuit_breaker.unwrap_or(false),
        },
        "maximumPercent": maximum,
        "minimumHealthyPercent": minimum_healthy,
    });
    if let Some(strategy) = &service.strategy {
        configuration["strategy"] = strategy.as_str().into();
    }
    if service.bake_minutes > 0 {
        configuration["bakeTimeInMinutes"] = service.bake_minutes.into();
    }
    if service.alarms {
        configuration["alarms"] = json!({ "alarmNames": ["errors"], "enable": true, "rollback": true });
    }
    put("deploymentConfiguration", configuration);
    if controller == "ECS" {
        put("deployments", service.deployments.iter().enumerate().map(|at| deployment(service, at)).collect());
        if let Some(current) = deployments::current(state, account, region, service).filter(|_| !service.untold_deployment) {
            put("currentServiceDeployment", current.into());
        }
    } else {
        // Services of another controller are described by task sets instead.
        put("taskSets", json!([task_set(service)]));
        put("deployments", json!([]));
    }
    put(
        "roleArn",
        format!("arn:{}:iam::{account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", state.partition).into(),
    );
    put("events", service.events.clone().into());
    put("createdAt", service.created_at.clone());
    put("placementConstraints", json!([]));
    put("placementStrategy", json!([]));
    if let Some(network) = service.network_configuration() {
        put("networkConfiguration", network);
    }
    put("healthCheckGracePeriodSeconds", 0.into());
    put("schedulingStrategy", "REPLICA".into());
    if let Some(controller) = &service.deployment_controller {
        put("deploymentController", json!({ "type": controller }));
    }
    put("createdBy", format!("arn:{}:iam::{account}:role/CustomerPipeline", state.partition).into());
    put("enableECSManagedTags", true.into());
    put("propagateTags", "NONE".into());
    put("enableExecuteCommand", false.into());
    if service.express_mode {
        put("resourceManagementType", "ECS".into());
    }
    if with_tags && !service.tags.is_empty() {
        put("tags", service.tags.clone().into());
    }
    for (key, value) in &service.settings {
        put(key, value.clone());
    }
    Value::Object(shown)
}

/// Only Fargate has platform versions. Its capacity providers are FARGATE and FARGATE_SPOT; others are a customer's own.
fn is_on_fargate(service: &StoredService) -> bool {
    match service.capacity_providers.as_slice() {
        [] => service.launch_type == "FARGATE",
        providers => providers.iter().any(|provider| matches!(provider.name.as_str(), "FARGATE" | "FARGATE_SPOT")),
    }
}

fn strategy(service: &StoredService) -> Value {
    let items = service.capacity_providers.iter().map(|provider| match provider.weight {
        Some(weight) => json!({ "capacityProvider": provider.name, "weight": weight }),
        None => json!({ "capacityProvider": provider.name }),
    });
    items.collect()
}

/// Returns `Linux`, or the family of Windows the task definition asks for.
fn platform_family(state: &State, service: &StoredService) -> String {
    let revision = super::task_definitions::revision_of_arn(state, &service.task_definition);
    let family = revision.and_then(|revision| revision.definition.get("runtimePlatform")?.get("operatingSystemFamily")?.as_str());
    match family {
        Some(family) if family != "LINUX" => family.to_owned(),
        _ => "Linux".to_owned(),
    }
}

fn deployment(service: &StoredService, (at, deployment): (usize, &Deployment)) -> Value {
    let primary = at == 0;
    let rollout = match deployment.state {
        Rollout::InProgress => "IN_PROGRESS",
        Rollout::Completed => "COMPLETED",
        Rollout::Failed => "FAILED",
    };
    // While the new tasks start, the ones of the deployment before go on running.
    let running = if deployment.state == Rollout::Completed { service.desired_count } else { deployment.running };
    let wanted = if primary && deployment.state != Rollout::Failed { service.desired_count } else { 0 };
    let pending = if deployment.fate == (Fate::Hangs { pending: false }) { 0 } else { wanted.saturating_sub(running) };
    let mut shown = json!({
        "id": deployment.id,
        "status": if primary { "PRIMARY" } else { "ACTIVE" },
        "taskDefinition": deployment.task_definition,
        "desiredCount": wanted,
        "pendingCount": pending,
        "runningCount": running,
        "failedTasks": deployment.failed,
        "createdAt": deployment.created_at,
        "updatedAt": deployment.created_at,
    });
    if service.capacity_providers.is_empty() {
        shown["launchType"] = service.launch_type.as_str().into();
    } else {
        shown["capacityProviderStrategy"] = strategy(service);
    }
    if is_on_fargate(service) {
        // Deployments tell the version LATEST stood for.
        let version = if service.platform_version == "LATEST" { "1.4.0" } else { service.platform_version.as_str() };
        shown["platformVersion"] = version.into();
    }
    // Source: Amazon ECS API Reference, Deployment, `rolloutState`: only of rolling services (read 2026-11).
    if service.is_rolling() {
        shown["rolloutState"] = rollout.into();
        shown["rolloutStateReason"] = deployment.reason.as_str().into();
    }
    shown
}

fn task_set(service: &StoredService) -> Value {
    json!({
        "id": "ecs-svc/0000000000000000000",
        "status": "PRIMARY",
        "taskDefinition": service.task_definition,
        "computedDesiredCount": service.desired_count,
        "pendingCount": 0,
        "runningCount": service.desired_count,
        "createdAt": service.created_at,
        "launchType": service.launch_type,
        "scale": { "value": 100.0, "unit": "PERCENT" },
        "stabilityStatus": "STEADY_STATE",
    })
}
