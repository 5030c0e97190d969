//! May this service be protected, and if not, why not: plain facts in, one decision out.
//!
//! Everything that could refuse the update, or make the new task fail, is decided in here **before** anything is registered, so
//! that no revision is left behind that nothing runs. Service facts come first: they cost no call of their own.

use std::time::Duration;

use super::defender::{self, DefenderToday};
use super::image::Platform;
use super::memory::{self, LeftAlone};
use super::network::facts::TaskNetwork;
use super::outdated::{Measure, Outdated, outdated};
use super::policy::Policy;
use super::rollout::{Deployable, Tasks};
use super::skip_reason::SkipReason;
use super::strip::{NamedPorts, strip};
use super::task_definition::{Registrable, TaskDefinition};
use super::watch::Deployment;
use crate::ids::{ClusterArn, ServiceArn, TaskDefinitionArn};

/// What `DescribeServices` tells about a service, as far as it matters to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    pub arn: ServiceArn,
    pub cluster: ClusterArn,
    /// Services with an EXTERNAL deployment controller may run none.
    pub task_definition: Option<TaskDefinitionArn>,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// Omitted by ECS for services with a capacity provider strategy.
    pub launch_type: Option<String>,
    /// The providers of the strategy; their weights do not matter, ECS may start a task on any of them.
    pub capacity_providers: Vec<String>,
    /// `ECS` when ECS tells none.
    pub deployment_controller: String,
    /// `LATEST`, or a version such as `1.4.0`; only Fargate has them.
    pub platform_version: Option<String>,
    /// `Linux`, or a Windows such as `Windows Server 2019 Core`; only Fargate has them.
    pub platform_family: Option<String>,
    /// Whether ECS manages the service itself (Express Mode).
    pub express_mode: bool,
    /// Whether a deployment is under way.
    pub deploying: bool,
    /// Its deployments, the one that it is to run first.
    pub deployments: Vec<Deployment>,
    /// What its task sets run, where another deployment controller has it.
    pub task_sets: Vec<TaskDefinitionArn>,
    /// The ARN of its newest service deployment, if ECS tells it.
    pub service_deployment: Option<String>,
    /// How long a deployment of it goes on by design after all its tasks run.
    pub bake: Duration,
    /// What ECS said of it last, the newest first.
    pub events: Vec<String>,
    /// How many tasks it has, and how they may be replaced.
    pub tasks: Tasks,
    /// Whether the cluster's owner wants all of it left alone.
    pub cluster_opted_out: bool,
    /// Where its tasks' network interfaces are; none without an `awsvpcConfiguration`.
    pub network: Option<TaskNetwork>,
    /// What its load balancers and service registries name.
    pub named_ports: NamedPorts,
    pub tags: Vec<(String, String)>,
    /// What nothing is decided by, for whoever asks about the service.
    pub details: Details,
}

/// How a service is deployed, beside what is decided by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// `ROLLING`, `BLUE_GREEN`, ...; nothing when ECS tells none, which is `ROLLING`.
    pub strategy: Option<String>,
    /// Whether it has a deployment circuit breaker, and whether that rolls back; nothing when ECS does not tell.
    pub circuit_breaker: Option<(bool, bool)>,
}

impl ServiceFacts {
    /// Returns what it is to run, what its deployments run that are on their way in or out, and what its task sets run.
    pub fn task_definitions(&self) -> impl Iterator<Item = &TaskDefinitionArn> {
        let deployed = self.deployments.iter().filter_map(|deployment| deployment.task_definition.as_ref());
        self.task_definition.iter().chain(deployed).chain(&self.task_sets)
    }

    /// Returns whether it needs a revision: it runs it, or is being deployed within its family and may have to go back to it.
    pub fn needs(&self, revision: &TaskDefinitionArn) -> bool {
        let mut all = self.task_definitions();
        all.any(|runs| runs == revision || (self.deploying && runs.family() == revision.family()))
    }

    /// Returns its tags as pairs of texts.
    pub fn tag_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// `RegisterTaskDefinition` takes at most ten containers.
/// Source: Amazon ECS Developer Guide, "Amazon ECS endpoints and quotas" (read 2026-11).
pub const MOST_CONTAINERS: usize = 10;

/// Decides by what is known of the service alone.
pub fn refuse_service(service: &ServiceFacts) -> Option<SkipReason> {
    if service.status != "ACTIVE" {
        return Some(SkipReason::NotActive { status: service.status.clone() });
    }
    if let Some(runs_on) = not_fargate(service) {
        return Some(SkipReason::NotFargate { runs_on });
    }
    // Windows has platform versions of its own, which say nothing about SYS_PTRACE.
    if service.platform_family.as_deref().is_some_and(|family| family.to_ascii_lowercase().starts_with("windows")) {
        return Some(SkipReason::Windows);
    }
    if service.express_mode {
        return Some(SkipReason::ExpressMode);
    }
    if service.deployment_controller != "ECS" {
        return Some(SkipReason::OtherController { controller: service.deployment_controller.clone() });
    }
    if memory::opts_out(service.tag_pairs()) {
        return Some(SkipReason::OptedOut { tagged: "service" });
    }
    if service.cluster_opted_out {
        return Some(SkipReason::OptedOut { tagged: "cluster" });
    }
    let too_old = service.platform_version.as_deref().filter(|version| predates_1_4(version));
    if let Some(version) = too_old {
        return Some(SkipReason::OldPlatform { version: version.to_owned() });
    }
    None
}

/// Decides, by what is known of the service alone, whether its Defender can be taken out again. An owner's tag that keeps us away does
/// not keep a Defender in.
pub fn refuse_undo(service: &ServiceFacts) -> Option<SkipReason> {
    if service.status != "ACTIVE" {
        return Some(SkipReason::NotActive { status: service.status.clone() });
    }
    if service.express_mode {
        return Some(SkipReason::ExpressMode);
    }
    if service.deployment_controller != "ECS" {
        return Some(SkipReason::OtherController { controller: service.deployment_controller.clone() });
    }
    match (service.tasks.deployable(), service.tasks.percents) {
        (Deployable::Never, Some(percents)) => Some(SkipReason::CannotDeploy { desired: service.tasks.desired, percents }),
        _ => None,
    }
}

/// Returns what a service runs on if that is not Fargate.
///
/// `launchType` is omitted for services with a capacity provider strategy, and a provider without weight still counts: ECS uses
/// it for the strategy's base, and its owner may raise it at any time.
/// Source: Amazon ECS API Reference, `Service.launchType`, `CapacityProviderStrategyItem` (read 2026-11).
fn not_fargate(service: &ServiceFacts) -> Option<String> {
    let is_fargate = |name: &str| matches!(name, "FARGATE" | "FARGATE_SPOT");
    let runs_on: Vec<&str> =
        service.launch_type.as_deref().into_iter().chain(service.capacity_providers.iter().map(String::as_str)).collect();
    match runs_on.first() {
        _ if runs_on.iter().any(|name| is_fargate(name)) => None,
        Some(first) => Some((*first).to_owned()),
        // With another controller each task set says what it runs on, and the controller is the reason to tell.
        None if service.deployment_controller != "ECS" => None,
        None => Some("EC2".to_owned()),
    }
}

/// Returns whether a platform version is below 1.4.0, the first that takes `SYS_PTRACE`.
/// Source: Amazon ECS API Reference, `KernelCapabilities` (read 2026-11). `LATEST` and texts that are no version are not below.
fn predates_1_4(version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    match numbers.as_slice() {
        [] => false,
        [major, rest @ ..] => (*major, rest.first().copied().unwrap_or(0)) < (1, 4),
    }
}

/// What a task definition is, seen from the Defender of today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It carries no Defender and may get one.
    Unprotected,
    /// It carries a Defender that is to be replaced.
    Outdated(Outdated),
    /// It carries today's Defender.
    Current,
    /// It is left alone.
    Refused(SkipReason),
}

/// Decides by the task definition and its tags.
pub fn condition(definition: &TaskDefinition<Registrable>, measure: &Measure<'_>) -> Condition {
    if memory::opts_out(definition.tags()) {
        return Condition::Refused(SkipReason::OptedOut { tagged: "task definition" });
    }
    if definition.runtime_platform("operatingSystemFamily").is_some_and(|family| family.starts_with("WINDOWS")) {
        return Condition::Refused(SkipReason::Windows);
    }
    let Some(sidecar) = defender::sidecar_in(definition) else {
        return refuse_embedding(definition, measure).map_or(Condition::Unprotected, Condition::Refused);
    };
    if defender::sidecars_in(definition).count() > 1 {
        return Condition::Refused(SkipReason::SecondDefender);
    }
    if let Some(variable) = defender::variable_from_secret(&sidecar) {
        return Condition::Refused(SkipReason::ManagedByItsOwner { variable });
    }
    let Some(outdated) = outdated(definition, sidecar, measure) else { return Condition::Current };
    if !measure.policy.upgrade {
        return Condition::Refused(SkipReason::UpgradesAreOff { outdated });
    }
    let stripped = definition.changed_by(&strip(definition, measure.selection, measure.named_ports).change);
    let refused = stripped.ok().and_then(|stripped| refuse_embedding(&stripped, measure));
    refused.map_or(Condition::Outdated(outdated), Condition::Refused)
}

/// Decides about a definition without a Defender.
fn refuse_embedding(definition: &TaskDefinition<Registrable>, measure: &Measure<'_>) -> Option<SkipReason> {
    // Never one on top of another, not even of one whose container was renamed and whose image lies in a mirror.
    let wrapped = definition.containers().find(|container| defender::wrapped_at(&container.entry_point()).is_some());
    if let Some(container) = wrapped {
        return Some(SkipReason::UnknownDefender { container: container.name().to_owned() });
    }
    if Platform::of(definition) == Platform::Arm64 && !measure.policy.allow_arm64 {
        return Some(SkipReason::Arm64);
    }
    let mut selected = definition.containers().filter(|container| measure.selection.wraps(container.name()));
    if let Some(vendor) = selected.find_map(|container| defender::other_agent(&container.entry_point())) {
        return Some(SkipReason::OtherAgent { vendor: vendor.to_owned() });
    }
    if measure.selection.is_empty() {
        return Some(SkipReason::NothingToWrap);
    }
    (definition.containers().count() >= MOST_CONTAINERS).then_some(SkipReason::TooManyContainers)
}

/// What to do with one service whose task definition is to get a Defender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    Protect,
    /// Its owner's deployment goes first: look again at the end of the run.
    Wait,
    Leave(SkipReason),
}

/// What is attempted with a service.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub today: &'a DefenderToday,
    pub policy: &'a Policy,
    /// Whether it has no Defender yet.
    pub unprotected: bool,
    /// Whether it was put back before and is not put back again.
    pub last_look: bool,
}

/// Decides whether a service that is to get a Defender, or another one, is touched now.
pub fn turn(service: &ServiceFacts, attempt: &Attempt<'_>) -> Turn {
    let Attempt { today, policy, unprotected, last_look } = *attempt;
    let left_alone = |definition| memory::left_alone(service.tag_pairs(), definition, today.version.as_deref());
    match service.task_definition.as_ref().and_then(left_alone).filter(|_| !policy.retry_failed) {
        Some(LeftAlone::RolledBack) => return Turn::Leave(SkipReason::RolledBackBefore),
        Some(LeftAlone::Undone) => return Turn::Leave(SkipReason::Undone),
        None => {}
    }
    let times = service.task_definition.as_ref().filter(|_| unprotected);
    let times = times.map_or(0, |source| memory::times_protected(service.tag_pairs(), source));
    if !policy.reverted.protects_again(times) {
        return Turn::Leave(SkipReason::Reverted { times });
    }
    let Tasks { running, desired, percents } = service.tasks;
    if let (Deployable::Never, Some(percents)) = (service.tasks.deployable(), percents) {
        return Turn::Leave(SkipReason::CannotDeploy { desired, percents });
    }
    match (service.deploying, service.tasks.are_missing(), last_look) {
        (false, false, _) => Turn::Protect,
        (_, _, false) => Turn::Wait,
        (true, _, true) => Turn::Leave(SkipReason::DeploymentInProgress),
        (false, true, true) => Turn::Leave(SkipReason::TasksMissing { running, desired }),
    }
}

/// Decides, just before a service is changed, whether it still is what was decided about. An owner who deployed or tagged it
/// meanwhile goes first.
pub fn turn_again(before: &ServiceFacts, now: &ServiceFacts, last_look: bool) -> Turn {
    let same = now.task_definition == before.task_definition && now.tags == before.tags && now.status == before.status;
    // Its network was judged, and perhaps opened, as it was.
    let same = same && now.network == before.network;
    // Where tasks were missing before, that was no reason to leave it: it may be what a Defender is taken out for.
    let Tasks { running, desired, percents } = now.tasks;
    let lost_tasks = now.tasks.are_missing() && !before.tasks.are_missing();
    let may_deploy = now.tasks.deployable() != Deployable::Never;
    match (same && !now.deploying && may_deploy && !lost_tasks, last_look) {
        (true, _) => Turn::Protect,
        (false, false) => Turn::Wait,
        (false, true) if same && !now.deploying => Turn::Leave(match percents.filter(|_| !may_deploy) {
            Some(percents) => SkipReason::CannotDeploy { desired, percents },
            None => SkipReason::TasksMissing { running, desired },
        }),
        (false, true) => Turn::Leave(refuse_service(now).unwrap_or(SkipReason::DeploymentInProgress)),
    }
}
