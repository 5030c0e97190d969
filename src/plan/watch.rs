//! What has become of a roll-out: what ECS tells of a service, judged from the one deployment that is ours.
//!
//! That a service is stable is not enough: a circuit breaker's way back ends stable too. A roll-out is won only when our deployment
//! is the one that the service runs, with our revision.

use std::time::Duration;

use super::service::ServiceFacts;
use crate::ids::TaskDefinitionArn;

/// A deployment of a service, as `DescribeServices` tells it.
/// Source: Amazon ECS API Reference, Deployment (read 2026-11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    pub id: String,
    pub task_definition: Option<TaskDefinitionArn>,
    /// Whether it is the one that the service is to run.
    pub primary: bool,
    /// Told of rolling deployments alone, and not behind a Classic Load Balancer.
    pub rollout: Option<Rollout>,
    pub reason: String,
    pub tasks: Health,
    /// How long ago it began.
    pub age: Duration,
}

/// `rolloutState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// How the tasks of a deployment are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub desired: u32,
    pub running: u32,
    /// Tasks that failed one after the other. ECS counts until the first one runs, and then no more.
    pub failed: u32,
}

/// A service deployment, which is what ECS tells of a deployment that is not rolling.
/// Source: Amazon ECS API Reference, ServiceDeployment (read 2026-11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDeployment {
    /// Such as `IN_PROGRESS` or `ROLLBACK_SUCCESSFUL`.
    pub status: String,
    pub reason: String,
    pub tasks: Health,
}

/// The roll-out that is followed.
#[derive(Clone, Copy, Debug)]
pub struct Followed<'a> {
    /// Our deployment's id, if ECS told it.
    pub id: Option<&'a str>,
    pub to: &'a TaskDefinitionArn,
    pub from: &'a TaskDefinitionArn,
    /// The deployments that the service had before it was moved. ECS may go back to one of them by its id.
    pub earlier: &'a [Deployment],
    /// Whether ours has been seen.
    pub seen: bool,
}

impl Followed<'_> {
    /// Returns whether a deployment is ours.
    pub fn is_ours(&self, deployment: &Deployment) -> bool {
        match self.id {
            Some(id) => deployment.id == id,
            None => deployment.task_definition.as_ref() == Some(self.to),
        }
    }
}

/// How far a roll-out is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// What ECS tells is older than our move.
    NotSeen,
    /// ECS is at it.
    Going(Health),
    /// The service runs our revision, and nothing else.
    Won,
    /// It failed, and our revision still is what the service is to run.
    Failed,
    /// ECS takes it back: the service's own circuit breaker or alarm, or somebody who stopped it.
    GoingBack,
    /// The service runs again what it ran before.
    WentBack,
    /// Somebody deployed something else meanwhile.
    Overtaken,
    /// The service is not active any more.
    Gone,
}

/// Judges a roll-out by what ECS tells of the service now.
pub fn progress(followed: &Followed<'_>, now: &ServiceFacts, service_deployment: Option<&ServiceDeployment>) -> Progress {
    if now.status != "ACTIVE" {
        return Progress::Gone;
    }
    let runs_ours = now.task_definition.as_ref() == Some(followed.to);
    if let Some(deployment) = service_deployment.filter(|_| now.tasks.percents.is_none()) {
        let overtaken = !runs_ours && now.task_definition.as_ref() != Some(followed.from);
        return by_service_deployment(deployment, runs_ours, overtaken);
    }
    let Some(primary) = now.deployments.iter().find(|deployment| deployment.primary) else {
        return Progress::Going(Health::default());
    };
    if followed.is_ours(primary) && runs_ours {
        return match primary.rollout {
            Some(Rollout::Completed) => Progress::Won,
            Some(Rollout::Failed) => Progress::Failed,
            Some(Rollout::InProgress) => Progress::Going(primary.tasks),
            None if is_alone(now, primary) => Progress::Won,
            None => Progress::Going(primary.tasks),
        };
    }
    let is_seen = followed.seen || now.deployments.iter().any(|deployment| followed.is_ours(deployment));
    if !is_seen && followed.earlier.iter().any(|earlier| earlier.id == primary.id) {
        return Progress::NotSeen;
    }
    match primary.task_definition.as_ref() == Some(followed.from) {
        true if has_settled(now, primary) => Progress::WentBack,
        true => Progress::GoingBack,
        false => Progress::Overtaken,
    }
}

fn by_service_deployment(deployment: &ServiceDeployment, runs_ours: bool, overtaken: bool) -> Progress {
    match deployment.status.as_str() {
        "SUCCESSFUL" if runs_ours => Progress::Won,
        "SUCCESSFUL" => Progress::Overtaken,
        // Ours was stopped for the sake of what somebody deployed since.
        "STOPPED"
        | "ROLLBACK_FAILED"
        | "STOP_REQUESTED"
        | "ROLLBACK_REQUESTED"
        | "ROLLBACK_IN_PROGRESS"
        | "ROLLBACK_SUCCESSFUL"
            if overtaken =>
        {
            Progress::Overtaken
        }
        "STOPPED" | "ROLLBACK_FAILED" => Progress::Failed,
        "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" => Progress::GoingBack,
        "ROLLBACK_SUCCESSFUL" => Progress::WentBack,
        // PENDING, IN_PROGRESS, and what ECS may invent.
        _ => Progress::Going(deployment.tasks),
    }
}

/// Returns whether nothing but this deployment is there, with all its tasks.
fn is_alone(now: &ServiceFacts, primary: &Deployment) -> bool {
    now.deployments.len() == 1 && primary.tasks.running >= primary.tasks.desired
}

fn has_settled(now: &ServiceFacts, primary: &Deployment) -> bool {
    match primary.rollout {
        Some(rollout) => rollout == Rollout::Completed,
        None => is_alone(now, primary),
    }
}

/// Returns whether a service is back, and stays: its one deployment runs anything but the revision that was taken back.
pub fn is_back(now: &ServiceFacts, taken_back: &TaskDefinitionArn) -> bool {
    let primary = now.deployments.iter().find(|deployment| deployment.primary);
    primary.is_some_and(|primary| primary.task_definition.as_ref() != Some(taken_back) && has_settled(now, primary))
}

impl Health {
    /// Returns whether so many tasks failed one after the other that a circuit breaker would give up: half of those desired, three at
    /// least and 200 at most. Many services have none, and ours are not to fail for a quarter of an hour.
    /// Source: Amazon ECS Developer Guide, "How the Amazon ECS deployment circuit breaker detects failures" (read 2026-11).
    pub fn is_hopeless(&self) -> bool {
        self.running == 0 && self.failed >= self.desired.div_ceil(2).clamp(3, 200)
    }

    /// Returns whether a roll-out that takes longer than it may is to be taken back: new tasks fail, or none of them runs.
    pub fn is_to_be_taken_back(&self, tasks_stopped: bool) -> bool {
        self.failed > 0 || tasks_stopped || (self.running == 0 && self.desired > 0)
    }
}

/// Returns after how many looks a roll-out takes longer than it may.
pub fn most_looks(every: Duration, timeout: Duration, bake: Duration) -> u64 {
    let (whole, every) = (timeout.saturating_add(bake).as_millis(), every.as_millis().max(1));
    u64::try_from(whole.div_ceil(every)).unwrap_or(u64::MAX).max(1)
}

/// How a deployment of ours stands in a later run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Complete,
    /// It goes on, and nothing speaks against it.
    Going,
    /// It does not come to an end.
    NotCompleting,
}

/// Judges a service that runs our revision already: another run may have started its roll-out and not waited for the end.
pub fn standing(service: &ServiceFacts, timeout: Duration) -> Standing {
    let Some(primary) = service.deployments.iter().find(|deployment| deployment.primary) else { return Standing::Complete };
    if has_settled(service, primary) || service.tasks.desired == 0 {
        return Standing::Complete;
    }
    let mut others = service.deployments.iter().filter(|deployment| !deployment.primary).peekable();
    if others.peek().is_some() && others.all(|other| other.task_definition == primary.task_definition) {
        // Its owner has the same revision started anew.
        return Standing::Complete;
    }
    let tasks = primary.tasks;
    // A service that was scaled out is no deployment: all it lacks is tasks.
    let only_scaled = primary.rollout.is_none() && service.deployments.len() == 1;
    let overdue = !only_scaled && primary.age >= timeout.saturating_add(service.bake) && tasks.running == 0;
    match primary.rollout {
        Some(Rollout::Failed) => Standing::NotCompleting,
        _ if tasks.failed > 0 || overdue => Standing::NotCompleting,
        _ if only_scaled => Standing::Complete,
        _ => Standing::Going,
    }
}

/// A task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoppedTask {
    /// Such as `EssentialContainerExited`.
    pub code: String,
    pub reason: String,
    pub containers: Vec<StoppedContainer>,
}

/// A container of a task that stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoppedContainer {
    pub name: String,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

impl StoppedTask {
    /// Returns whether it stopped by itself or was not healthy, and not because ECS or somebody wanted fewer tasks.
    /// Sources: Amazon ECS API Reference, Task, `stopCode`; Amazon ECS Developer Guide, "Amazon ECS stopped tasks error messages", on
    /// tasks that failed a load balancer's or a container's health checks (read 2026-11).
    pub fn failed(&self) -> bool {
        match self.code.as_str() {
            "TaskFailedToStart" | "EssentialContainerExited" => true,
            "ServiceSchedulerInitiated" => self.reason.to_ascii_lowercase().contains("health check"),
            _ => false,
        }
    }

    fn sentence(&self) -> String {
        let mut parts = vec![self.reason.clone()];
        for container in &self.containers {
            let exit = container.exit_code.filter(|code| *code != 0).map(|code| format!("exit code {code}"));
            let reason = container.reason.clone().filter(|reason| *reason != self.reason);
            let told: Vec<String> = exit.into_iter().chain(reason).collect();
            if !told.is_empty() {
                parts.push(format!("container {}: {}", container.name, told.join(", ")));
            }
        }
        parts.retain(|part| !part.is_empty());
        parts.join("; ")
    }
}

/// Returns why a roll-out failed, in one line: what its tasks stopped for, else what ECS says of the deployment or the service.
pub fn reason(stopped: &[StoppedTask], deployment: Option<&str>, events: &[String], tasks: Health) -> String {
    let stopped = stopped.iter().find(|task| task.failed()).map(StoppedTask::sentence).filter(|sentence| !sentence.is_empty());
    let says_something = |text: &&str| !text.is_empty() && !text.ends_with("in progress.");
    let deployment = deployment.filter(says_something).map(str::to_owned);
    // Events of every service: that it has started a task, or is steady.
    let of_every_day =
        |event: &&String| ["has started", "has reached a steady state", "has stopped"].iter().any(|it| event.contains(it));
    let event = events.iter().find(|event| !of_every_day(event)).cloned();
    let told: Vec<String> = match stopped {
        Some(stopped) => vec![stopped],
        None => [deployment, event].into_iter().flatten().collect(),
    };
    match (told.is_empty(), tasks) {
        (false, _) => told.join("; "),
        (true, Health { failed, .. }) if failed > 0 => format!("{failed} of its tasks failed, and ECS does not say why"),
        (true, Health { running, desired, .. }) => format!("{running} of {desired} new tasks run, and ECS does not say why"),
    }
}
