//! `UpdateService`.
//! Source: Amazon ECS API Reference, UpdateService (read 2026-11).

use serde_json::{Value, json};

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::state::State;
use super::super::stored::Revision;
use super::task_definitions::{find, revision_of_arn};
use super::{cluster_name, fate, invalid};

/// Fields that only come back in `DescribeServices`. Others are accepted and forgotten, but [`State::updates`] has them.
const KEPT: [&str; 6] = [
    "networkConfiguration",
    "deploymentConfiguration",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
];

/// The first platform version that takes SYS_PTRACE.
/// Source: aws.amazon.com/about-aws/whats-new/2020/04/aws-fargate-launches-platform-version-14.
const PTRACE_SINCE: (u32, u32) = (1, 4);

/// Starts a roll-out, whose fate is decided now and shows when somebody looks.
pub(super) fn update(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let Some(given) = input.get("service").and_then(Value::as_str).filter(|service| !service.is_empty()) else {
        return Err(invalid("Service cannot be empty."));
    };
    let (account, region) = (caller.account().to_owned(), caller.region.clone());
    let prefix = state.service_arn(&account, &region, &cluster, "");
    let name = given.strip_prefix(&prefix).unwrap_or(given);
    let service = state.place(&account, &region).and_then(|place| place.service(&cluster, name));
    let service = service.ok_or(ErrorKind::ServiceNotFound)?.clone();
    if service.status != "ACTIVE" {
        return Err(ErrorKind::ServiceNotActive.into());
    }

    let wanted = input.get("taskDefinition").and_then(Value::as_str);
    let forced = input.get("forceNewDeployment").and_then(Value::as_bool) == Some(true);
    let platform_version = input.get("platformVersion").and_then(Value::as_str).unwrap_or(&service.platform_version);
    if wanted.is_some() {
        match service.deployment_controller.as_deref() {
            Some("CODE_DEPLOY") => return Err(ErrorKind::CodeDeployService.into()),
            Some("EXTERNAL") => return Err(ErrorKind::ExternalService.into()),
            _ => {}
        }
    }
    let mut task_definition = service.task_definition.clone();
    if let Some(wanted) = wanted {
        let (arn, revision) = find(state, &account, &region, wanted).ok_or(ErrorKind::TaskDefinitionNotFound)?;
        if !revision.active {
            return Err(ErrorKind::InactiveTaskDefinition.into());
        }
        if needs_ptrace(revision) && version(platform_version).is_some_and(|version| version < PTRACE_SINCE) {
            return Err(ErrorKind::IncompatiblePlatform.into());
        }
        let mut named = service.load_balancer.iter().chain(&service.service_registry);
        if let Some((container, port)) = named.find(|(container, port)| !maps(revision, container, *port)) {
            return Err(invalid(&format!("The container {container} did not have a container port {port} defined.")));
        }
        task_definition = arn;
    }

    // Naming the revision that runs already starts nothing, as in ECS.
    let rolls_out = forced || task_definition != service.task_definition || platform_version != service.platform_version;
    let target = revision_of_arn(state, &task_definition).ok_or(ErrorKind::TaskDefinitionNotFound)?;
    let fate = fate::fate(state, &account, &region, &service, target);
    let deployment = state.deployment(&task_definition, fate);
    state.keep_update(input);
    let Some(service) = state.place_mut(&account, &region).service_mut(&cluster, name) else {
        return Err(ErrorKind::ServiceNotFound.into());
    };
    service.platform_version = platform_version.to_owned();
    if let Some(tasks) = input.get("desiredCount").and_then(Value::as_u64) {
        service.desired_count = tasks;
        service.running_count = tasks;
    }
    for key in KEPT {
        if let Some(value) = input.get(key) {
            service.settings.insert(key.to_owned(), value.clone());
        }
    }
    if rolls_out {
        service.roll_out(deployment);
    }
    let service = service.clone();
    Ok(json!({ "service": super::services::shown(state, &account, &region, &service, false) }))
}

/// Returns whether a container has the port that a load balancer or service discovery names, which its task definition must have.
fn maps(revision: &Revision, container: &str, port: u16) -> bool {
    let mut containers = revision.definition.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
    let container = containers.find(|it| it.get("name").and_then(Value::as_str) == Some(container));
    let ports = container.and_then(|it| it.get("portMappings")).and_then(Value::as_array).into_iter().flatten();
    ports.filter_map(|mapping| mapping.get("containerPort")?.as_u64()).any(|mapped| mapped == u64::from(port))
}

fn needs_ptrace(revision: &Revision) -> bool {
    let containers = revision.definition.get("containerDefinitions").and_then(Value::as_array);
    containers.into_iter().flatten().any(|container| {
        let added = container.pointer("/linuxParameters/capabilities/add").and_then(Value::as_array);
        added.into_iter().flatten().any(|capability| capability == "SYS_PTRACE")
    })
}

/// Returns major and minor; `None` for LATEST.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.').map(str::parse);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    }
}
