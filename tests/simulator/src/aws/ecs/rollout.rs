//! How a deployment of a service goes on. It has no clock: it moves on by one step when somebody looks at the service.
//!
//! What becomes of it is decided when it begins, by [`super::fate`]; here are only the moves.
//!
//! Sources: Amazon ECS API Reference, Deployment, DeploymentCircuitBreaker and ServiceDeployment; Amazon ECS Developer Guide, "How the
//! Amazon ECS deployment circuit breaker detects failures" (read 2026-11). Sentences of events and reasons are from memory.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::super::stored::StoredService;

/// What becomes of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Fate {
    /// All its tasks run after so many looks: it is complete at the look after these.
    Runs { looks: u32 },
    /// None of its tasks ever runs: they wait, or ECS cannot even start one.
    Hangs { pending: bool },
    /// Every task stops by itself, one at each look.
    Fails(Stop),
}

/// Why a task stops by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Stop {
    /// `TaskFailedToStart` or `EssentialContainerExited`.
    pub(crate) code: &'static str,
    pub(crate) reason: String,
    pub(crate) container: String,
    pub(crate) exit_code: Option<i64>,
    pub(crate) container_reason: Option<String>,
}

/// A task that stopped by itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StoppedTask {
    pub(crate) id: String,
    /// The deployment that started it.
    pub(crate) started_by: String,
    pub(crate) task_definition: String,
    pub(crate) stop: Stop,
    pub(crate) stopped_at: Value,
}

/// `rolloutState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

/// Who takes a deployment back, and how that goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Rollback {
    InProgress,
    Successful,
    /// What it was to go back to cannot be started any more.
    Failed,
}

/// A deployment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) task_definition: String,
    pub(crate) created_at: Value,
    pub(crate) fate: Fate,
    pub(crate) state: Rollout,
    pub(crate) reason: String,
    pub(crate) looks: u32,
    pub(crate) running: u64,
    /// Tasks that failed one after the other.
    pub(crate) failed: u64,
    pub(crate) rollback: Option<Rollback>,
    pub(crate) was_completed: bool,
    /// What the tags of its containers named when it began, by the containers' names.
    pub(crate) digests: BTreeMap<String, String>,
    /// Whether another one took its place before it was complete.
    pub(crate) replaced: bool,
}

impl Deployment {
    pub(crate) fn new(number: u64, task_definition: &str, fate: Fate, created_at: Value) -> Self {
        let id = format!("ecs-svc/{number:019}");
        let reason = format!("ECS deployment {id} in progress.");
        Self {
            id,
            number,
            task_definition: task_definition.to_owned(),
            created_at,
            fate,
            state: Rollout::InProgress,
            reason,
            looks: 0,
            running: 0,
            failed: 0,
            rollback: None,
            was_completed: false,
            digests: BTreeMap::new(),
            replaced: false,
        }
    }

    pub(crate) fn completed(mut self) -> Self {
        self.state = Rollout::Completed;
        self.was_completed = true;
        self.reason = format!("ECS deployment {} completed.", self.id);
        self
    }
}

/// After so many failed tasks in a row a circuit breaker gives up: half of the desired ones, three at least and 200 at most.
fn threshold(desired: u64) -> u64 {
    desired.div_ceil(2).clamp(3, 200)
}

impl StoredService {
    /// Makes a deployment PRIMARY; the older ones stay until it is complete.
    pub(crate) fn roll_out(&mut self, deployment: Deployment) {
        self.task_definition.clone_from(&deployment.task_definition);
        self.deployments.insert(0, deployment);
    }

    pub(crate) fn is_rolling(&self) -> bool {
        self.strategy.as_deref().is_none_or(|strategy| strategy == "ROLLING")
    }

    /// Lets the PRIMARY deployment move on by one look.
    pub(crate) fn look(&mut self, now: &Value) {
        let (desired, bake) = (self.desired_count, if self.is_rolling() { 0 } else { self.bake_minutes });
        let Some(primary) = self.deployments.first_mut() else { return };
        if primary.state != Rollout::InProgress {
            return;
        }
        let looks = primary.looks;
        primary.looks += 1;
        match primary.fate.clone() {
            Fate::Runs { looks: needed } => {
                primary.running = if looks >= needed { desired } else { desired * u64::from(looks) / u64::from(needed) };
                if u64::from(looks) >= u64::from(needed) + bake {
                    let event = format!("(service {}) (deployment {}) deployment completed.", self.name, primary.id);
                    self.complete();
                    self.tell(event, now);
                    self.tell(format!("(service {}) has reached a steady state.", self.name), now);
                }
            }
            Fate::Hangs { .. } => {}
            Fate::Fails(stop) => {
                primary.failed += 1;
                let failed = primary.failed;
                let task = StoppedTask {
                    id: format!("{:016x}{:016x}", primary.number, failed),
                    started_by: primary.id.clone(),
                    task_definition: primary.task_definition.clone(),
                    stop,
                    stopped_at: now.clone(),
                };
                self.tell(format!("(service {}) has started 1 tasks: (task {}).", self.name, task.id), now);
                self.stopped.insert(0, task);
                if self.alarms {
                    self.give_up("alarm detected.", true, now);
                } else if let Some(rolls_back) = self.circuit_breaker.filter(|_| failed >= threshold(desired)) {
                    self.give_up("tasks failed to start.", rolls_back, now);
                }
            }
        }
    }

    /// Ends the PRIMARY deployment as failed, and goes back to the last completed one if it is to.
    fn give_up(&mut self, why: &str, rolls_back: bool, now: &Value) {
        let Some(primary) = self.deployments.first_mut() else { return };
        primary.state = Rollout::Failed;
        primary.reason = format!("ECS deployment circuit breaker: {why}");
        let event = format!("(service {}) (deployment {}) deployment failed: {why}", self.name, primary.id);
        self.tell(event, now);
        if rolls_back {
            self.go_back(now);
        }
    }

    /// Makes the last completed deployment PRIMARY again.
    pub(crate) fn go_back(&mut self, now: &Value) {
        let Some(at) = self.deployments.iter().position(|deployment| deployment.state == Rollout::Completed) else { return };
        let mut back = self.deployments.remove(at);
        back.state = Rollout::InProgress;
        back.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}", back.id);
        back.fate = Fate::Runs { looks: 1 };
        (back.looks, back.failed) = (0, 0);
        if let Some(failed) = self.deployments.first_mut() {
            failed.state = Rollout::Failed;
            failed.rollback = Some(Rollback::InProgress);
        }
        self.tell(format!("(service {}) rolling back to deployment {}.", self.name, back.id), now);
        self.roll_out(back);
    }

    /// Completes the PRIMARY deployment and ends the others.
    pub(crate) fn complete(&mut self) {
        let mut others = self.deployments.split_off(self.deployments.len().min(1));
        for primary in &mut self.deployments {
            primary.state = Rollout::Completed;
            primary.was_completed = true;
            primary.running = self.desired_count;
            primary.reason = format!("ECS deployment {} completed.", primary.id);
        }
        for other in &mut others {
            other.replaced = other.state == Rollout::InProgress;
            if other.rollback == Some(Rollback::InProgress) {
                other.rollback = Some(Rollback::Successful);
            }
        }
        self.earlier.splice(0..0, others);
    }

    fn tell(&mut self, message: String, now: &Value) {
        let id = format!("00000000-0000-4000-8000-{:012x}", self.events.len());
        self.events.insert(0, json!({ "id": id, "createdAt": now, "message": message }));
    }
}
