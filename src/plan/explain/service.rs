//! Who is asked, the service as ECS describes it, and whether its turn has come.

use super::{Decision, Fact, Part, Section, each, one};
use crate::ids::TaskDefinitionArn;
use crate::plan::memory::{LEFT_ALONE_TAG, PROTECTED_TAG, SKIP_CONTAINERS_TAG, SKIP_TAG};
use crate::plan::service::{ServiceFacts, Turn, refuse_service};
use crate::plan::watch::{Deployment, Rollout};

/// Tells as whom AWS is asked, and with which settings.
pub fn asked(role: Option<&str>, settings: &[(&'static str, String)]) -> Part {
    let by = match role {
        Some(role) => format!("the member role {role}, in a session that may only read"),
        None => "the caller's own credentials (ASSUME_ROLE is false)".to_owned(),
    };
    let settings: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let facts = vec![one("asked_as", by), one("settings", settings.join(", "))];
    let decision = "this one service is looked at, and nothing is changed".to_owned();
    Part { section: Section::Asked, facts, decision: Decision::GoesOn(decision) }
}

/// Tells what ECS says of a service, and whether that alone keeps it from being changed.
pub fn service(service: &ServiceFacts) -> Part {
    let mut facts = vec![one("status", service.status.as_str()), one("runs_on", runs_on(service))];
    if let Some(version) = &service.platform_version {
        let family = service.platform_family.as_deref().unwrap_or("of unknown family");
        facts.push(one("platform", format!("version {version}, {family}")));
    }
    facts.push(one("controller", controller(service)));
    facts.extend(roll_out(service));
    facts.push(tags(service));
    let decision = match refuse_service(service) {
        Some(reason) => Decision::Ends(format!("it is left alone: {}", reason.sentence())),
        None => Decision::GoesOn("nothing about the service itself keeps it from being changed".to_owned()),
    };
    Part { section: Section::Service, facts, decision }
}

fn runs_on(service: &ServiceFacts) -> String {
    let providers = &service.capacity_providers;
    match (&service.launch_type, providers.is_empty()) {
        (Some(launch_type), true) => format!("launch type {launch_type}"),
        (None, false) => format!("capacity providers {}", providers.join(", ")),
        (Some(launch_type), false) => format!("launch type {launch_type}, capacity providers {}", providers.join(", ")),
        (None, true) => "neither launch type nor capacity provider is told".to_owned(),
    }
}

fn controller(service: &ServiceFacts) -> String {
    let mode = if service.express_mode { ", Express Mode" } else { "" };
    match service.deployment_controller.as_str() {
        "ECS" => format!("ECS, strategy {}{mode}", service.details.strategy.as_deref().unwrap_or("ROLLING")),
        other => format!("{other}{mode}"),
    }
}

fn roll_out(service: &ServiceFacts) -> Vec<Fact> {
    let ServiceFacts { tasks, details, deployments, .. } = service;
    let percents = tasks.percents.map_or_else(
        || "its strategy uses none".to_owned(),
        |it| format!("minimumHealthyPercent {}, maximumPercent {}", it.minimum_healthy, it.maximum),
    );
    let breaker = match details.circuit_breaker {
        Some((true, true)) => "on, and rolls back",
        Some((true, false)) => "on, and does not roll back",
        Some((false, _)) => "off",
        None => "ECS does not tell",
    };
    vec![
        one("tasks", format!("{} of {} run", tasks.running, tasks.desired)),
        one("percentages", percents),
        each("deployments", deployments.iter().map(deployment)),
        one("circuit_breaker", breaker),
    ]
}

fn deployment(it: &Deployment) -> String {
    let definition = it.task_definition.as_ref().map_or_else(|| "no task definition".to_owned(), TaskDefinitionArn::short);
    let status = if it.primary { "PRIMARY" } else { "ACTIVE" };
    let state = match it.rollout {
        None => "",
        Some(Rollout::InProgress) => " IN_PROGRESS",
        Some(Rollout::Completed) => " COMPLETED",
        Some(Rollout::Failed) => " FAILED",
    };
    let failed = if it.tasks.failed == 0 { String::new() } else { format!(", {} failed", it.tasks.failed) };
    format!("{status}{state}: {definition}, {} of {} tasks run{failed}", it.tasks.running, it.tasks.desired)
}

/// Values are told of the tags that matter here; the others are counted.
fn tags(service: &ServiceFacts) -> Fact {
    let matters = |key: &str| [SKIP_TAG, SKIP_CONTAINERS_TAG, LEFT_ALONE_TAG, PROTECTED_TAG].contains(&key);
    let told = service.tag_pairs().filter(|(key, _)| matters(key)).map(|(key, value)| format!("{key} = {value}"));
    let of_cluster = service.cluster_opted_out.then(|| format!("{SKIP_TAG} on its cluster {}", service.cluster.name()));
    let others = service.tag_pairs().filter(|(key, _)| !matters(key)).count();
    let others = match others {
        0 => None,
        1 => Some("1 of its owner's that does not matter here".to_owned()),
        more => Some(format!("{more} of its owner's that do not matter here")),
    };
    each("tags", told.chain(of_cluster).chain(others))
}

/// Tells whether a service that is to be changed is changed now.
pub fn turn(service: &ServiceFacts, turn: &Turn, last_look: bool) -> Part {
    let look = match last_look {
        false => "the first",
        true => "the second, because it was deploying or short of tasks at the first",
    };
    let state = if service.deploying { "one is in progress" } else { "none is in progress" };
    let facts = vec![one("look", look), one("deployment", state)];
    let decision = match turn {
        Turn::Protect => Decision::GoesOn("it can be changed now".to_owned()),
        Turn::Wait => Decision::Ends("its owner goes first: it is looked at again".to_owned()),
        Turn::Leave(reason) => Decision::Ends(format!("it is left alone: {}", reason.sentence())),
    };
    Part { section: Section::Turn, facts, decision }
}
