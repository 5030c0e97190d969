//! `ListServiceDeployments`, `DescribeServiceDeployments` and `StopServiceDeployment`.
//!
//! A service deployment is a deployment seen from its service, with what became of it, which ECS tells for 90 days. Going back is not
//! a deployment of its own: it is the end of the one that is taken back.
//!
//! Sources: Amazon ECS API Reference, ServiceDeployment, ListServiceDeployments, DescribeServiceDeployments, StopServiceDeployment
//! (read 2026-11).

use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::access::Caller;
use super::super::clock::epoch_seconds;
use super::super::errors::{AwsError, ErrorKind};
use super::super::state::State;
use super::super::stored::StoredService;
use super::rollout::{Deployment, Fate, Rollback, Rollout};
use super::{answer_page, cluster_name, invalid, texts};

/// Source: Amazon ECS API Reference, DescribeServiceDeployments, `serviceDeploymentArns` (read 2026-11).
const MOST_DESCRIBED: usize = 20;

/// Source: Amazon ECS API Reference, ListServiceDeployments, `maxResults` (read 2026-11).
const DEFAULT_PAGE: usize = 20;

/// Returns every deployment of a service, the newest first.
fn newest_first(service: &StoredService) -> Vec<&Deployment> {
    let mut all: Vec<&Deployment> = service.deployments.iter().chain(&service.earlier).collect();
    all.sort_by_key(|deployment| std::cmp::Reverse(deployment.number));
    all
}

fn prefix(state: &State, account: &str, region: &str, service: &StoredService) -> String {
    format!("arn:{}:ecs:{region}:{account}:service-deployment/{}/{}/", state.partition, service.cluster, service.name)
}

fn arn(state: &State, account: &str, region: &str, service: &StoredService, deployment: &Deployment) -> String {
    format!("{}{:016x}", prefix(state, account, region, service), deployment.number)
}

fn revision_arn(state: &State, account: &str, region: &str, service: &StoredService, deployment: &Deployment) -> String {
    let place = format!("{}/{}", service.cluster, service.name);
    format!("arn:{}:ecs:{region}:{account}:service-revision/{place}/{:019}", state.partition, deployment.number)
}

/// Returns the ARN of the newest one.
pub(super) fn current(state: &State, account: &str, region: &str, service: &StoredService) -> Option<String> {
    newest_first(service).first().map(|newest| arn(state, account, region, service, newest))
}

fn status(deployment: &Deployment) -> &'static str {
    match (deployment.rollback, deployment.was_completed, deployment.state) {
        (Some(Rollback::InProgress), _, _) => "ROLLBACK_IN_PROGRESS",
        (Some(Rollback::Successful), _, _) => "ROLLBACK_SUCCESSFUL",
        (Some(Rollback::Failed), _, _) => "ROLLBACK_FAILED",
        (None, true, _) => "SUCCESSFUL",
        (None, false, Rollout::Failed) => "STOPPED",
        (None, false, _) if deployment.replaced => "STOPPED",
        (None, false, _) => "IN_PROGRESS",
    }
}

pub(super) fn list(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let (account, region) = (caller.account(), caller.region.as_str());
    let given = input.get("service").and_then(Value::as_str).unwrap_or_default();
    let name = given.rsplit('/').next().unwrap_or_default();
    let service = state.place(account, region).and_then(|place| place.service(&cluster, name));
    let service = service.ok_or(ErrorKind::ServiceNotFound)?;
    let wanted = texts(input, "status");
    let told =
        newest_first(service).into_iter().filter(|it| wanted.is_empty() || wanted.contains(&status(it))).map(|deployment| {
            json!({
                "serviceDeploymentArn": arn(state, account, region, service, deployment),
                "serviceArn": state.service_arn(account, region, &cluster, name),
                "clusterArn": state.cluster_arn(account, region, &cluster),
                "createdAt": deployment.created_at,
                "startedAt": deployment.created_at,
                "targetServiceRevisionArn": revision_arn(state, account, region, service, deployment),
                "status": status(deployment),
            })
        });
    let mut told: Vec<Value> = told.collect();
    if service.oldest_deployment_first {
        told.reverse();
    }
    let name = format!("deployments of {cluster}/{name} {wanted:?}");
    answer_page(caller, input, &name, "serviceDeployments", &told, DEFAULT_PAGE)
}

pub(super) fn describe(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let asked = texts(input, "serviceDeploymentArns");
    if asked.is_empty() || asked.len() > MOST_DESCRIBED {
        return Err(invalid("serviceDeploymentArns must hold between 1 and 20."));
    }
    let (account, region) = (caller.account(), caller.region.as_str());
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for wanted in asked {
        let services = state.place(account, region).map_or(&[][..], |place| &place.services);
        let deployment = services.iter().find_map(|service| {
            let all = newest_first(service);
            Some((service, all.into_iter().find(|it| arn(state, account, region, service, it) == wanted)?))
        });
        match deployment {
            Some((service, deployment)) => found.push(shown(state, (account, region), service, deployment)),
            None => failures.push(json!({ "arn": wanted, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "serviceDeployments": found, "failures": failures }))
}

fn shown(state: &State, (account, region): (&str, &str), service: &StoredService, deployment: &Deployment) -> Value {
    let pending = match deployment.fate {
        Fate::Hangs { pending: false } => 0,
        _ => service.desired_count.saturating_sub(deployment.running),
    };
    let mut shown = json!({
        "serviceDeploymentArn": arn(state, account, region, service, deployment),
        "serviceArn": state.service_arn(account, region, &service.cluster, &service.name),
        "clusterArn": state.cluster_arn(account, region, &service.cluster),
        "createdAt": deployment.created_at,
        "startedAt": deployment.created_at,
        "status": status(deployment),
        "statusReason": deployment.reason,
        "targetServiceRevision": {
            "arn": revision_arn(state, account, region, service, deployment),
            "requestedTaskCount": service.desired_count,
            "runningTaskCount": deployment.running,
            "pendingTaskCount": pending,
        },
        "deploymentCircuitBreaker": {
            "status": if service.circuit_breaker.is_some() { "MONITORING" } else { "DISABLED" },
            "failureCount": deployment.failed,
        },
    });
    if deployment.rollback.is_some() {
        shown["rollback"] = json!({ "reason": deployment.reason, "startedAt": deployment.created_at });
    }
    shown
}

pub(super) fn stop(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let wanted = input.get("serviceDeploymentArn").and_then(Value::as_str).unwrap_or_default().to_owned();
    if input.get("stopType").and_then(Value::as_str).is_some_and(|kind| kind != "ROLLBACK") {
        return Err(invalid("stopType must be ROLLBACK."));
    }
    let (account, region) = (caller.account().to_owned(), caller.region.clone());
    let missing = || AwsError::from(ErrorKind::ServiceDeploymentNotFound);
    let services = state.place(&account, &region).map_or(&[][..], |place| &place.services);
    let at =
        services.iter().position(|service| wanted.starts_with(&prefix(state, &account, &region, service))).ok_or_else(missing)?;
    let service = services[at].clone();
    let is_it = |deployment: &&Deployment| arn(state, &account, &region, &service, deployment) == wanted;
    let stopped = newest_first(&service).into_iter().find(is_it).ok_or_else(missing)?.number;
    let goes_back_to = service.deployments.iter().find(|deployment| deployment.state == Rollout::Completed);
    let Some(goes_back_to) = goes_back_to else { return Err(ErrorKind::ServiceDeploymentOver.into()) };
    let is_active = super::task_definitions::revision_of_arn(state, &goes_back_to.task_definition).is_some_and(|it| it.active);
    let now = epoch_seconds(SystemTime::now());
    let service = &mut state.place_mut(&account, &region).services[at];
    match service.deployments.first_mut() {
        Some(primary) if primary.number == stopped && primary.state == Rollout::InProgress => {
            if !is_active {
                primary.state = Rollout::Failed;
                primary.rollback = Some(Rollback::Failed);
                primary.reason = "Service deployment rollback failed: TaskDefinition is inactive".to_owned();
            } else {
                primary.reason = "Service deployment stopped by a request, rolling back.".to_owned();
                service.go_back(&now);
            }
            Ok(json!({ "serviceDeploymentArn": wanted }))
        }
        _ => Err(ErrorKind::ServiceDeploymentOver.into()),
    }
}
