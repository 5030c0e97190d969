//! Does ECS take a revision with a Defender in it, and does its task have room for one? What ECS would refuse is told before
//! anything is opened or registered for it.

use std::fmt;

use serde_json::Value;

use super::SkipReason;
use super::defender;
use super::image::EcrRegistry;
use super::task_definition::{Container, Protected, TaskDefinition};

/// The size of a task definition, in bytes.
///
/// Source: Amazon ECS Developer Guide, "Amazon ECS endpoints and quotas", and ECS's own words, "Max allowed length is '65536'
/// bytes" (awsdocs/amazon-ecs-developer-guide #149).
pub const MOST_BYTES: usize = 64 * 1024;

/// What a Defender needs at least, in MiB.
/// Source: Prisma Cloud Compute Edition Administrator's Guide, "System requirements" (34).
pub const DEFENDER_MEMORY: u64 = 256;

/// What an execution role is needed for.
pub const ECR: &str = "its image in ECR";
const PULL_SECRET: &str = "the secret that its image is pulled with";
const AWSLOGS: &str = "the log driver awslogs";
const SECRETS: &str = "its secrets";

/// What containers reserve of their task's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    Cpu,
    Memory,
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU units",
            Self::Memory => "MiB of memory",
        })
    }
}

/// The memory of a task of which too little is sure to be left for its Defender, in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tight {
    pub left: u64,
    pub task: u64,
}

/// How much of what ECS allows a revision takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    pub containers: usize,
    /// CPU units that its containers reserve, and what the task has, if it says so.
    pub cpu: (u64, Option<u64>),
    /// The same in MiB.
    pub memory: (u64, Option<u64>),
    pub bytes: usize,
    /// Whether it names one.
    pub execution_role: bool,
}

/// Measures a revision by what [`misfit`] judges it by.
pub fn measured(revision: &TaskDefinition<Protected>) -> Measured {
    let of = |resource, key: &str| {
        let reserved = revision.containers().map(|container| reserves(container, resource)).sum();
        (reserved, amount(revision.json().get(key)))
    };
    Measured {
        containers: revision.containers().count(),
        cpu: of(Resource::Cpu, "cpu"),
        memory: of(Resource::Memory, "memory"),
        bytes: bytes(revision),
        execution_role: has_execution_role(revision),
    }
}

fn has_execution_role(revision: &TaskDefinition<Protected>) -> bool {
    revision.text("executionRoleArn").is_some_and(|role| !role.is_empty())
}

/// Returns why ECS would not register a revision, as far as the Defender in it is the reason.
pub fn misfit(revision: &TaskDefinition<Protected>) -> Option<SkipReason> {
    let needed_for = defenders(revision).find_map(needs_execution_role);
    if let Some(needed_for) = needed_for.filter(|_| !has_execution_role(revision)) {
        return Some(SkipReason::NoExecutionRole { needed_for });
    }
    for (resource, key) in [(Resource::Cpu, "cpu"), (Resource::Memory, "memory")] {
        let reserved: u64 = revision.containers().map(|container| reserves(container, resource)).sum();
        let by_defender: u64 = defenders(revision).map(|container| reserves(container, resource)).sum();
        match amount(revision.json().get(key)) {
            Some(task) if reserved > task && reserved - by_defender <= task => {
                return Some(SkipReason::TaskTooSmall { resource, reserved, task });
            }
            _ => {}
        }
    }
    let bytes = bytes(revision);
    (bytes > MOST_BYTES).then_some(SkipReason::DefinitionTooLarge { bytes })
}

/// Returns how little memory its other containers may leave to the Defender, if that is less than it needs and its owner reserved
/// it none.
pub fn tight(revision: &TaskDefinition<Protected>) -> Option<Tight> {
    let task = amount(revision.json().get("memory"))?;
    if defenders(revision).any(|container| reserves(container, Resource::Memory) > 0) {
        return None;
    }
    let others = revision.containers().map(|container| {
        let limit = positive(container, "memory").or(positive(container, "memoryReservation"));
        limit.unwrap_or(0)
    });
    let left = task.saturating_sub(others.sum());
    (left < DEFENDER_MEMORY).then_some(Tight { left, task })
}

fn defenders(revision: &TaskDefinition<Protected>) -> impl Iterator<Item = Container<'_>> {
    revision.containers().filter(|container| container.name() == defender::CONTAINER_NAME)
}

/// Returns what the agent of Fargate would do for a container as the task's execution role. The customer's own containers are
/// registered already, and need no more than they did.
///
/// Sources: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role" (read 2026-11); that ECS refuses the first and the
/// third without one: hashicorp/terraform-provider-aws #3051, virtual-kubelet/virtual-kubelet #193.
fn needs_execution_role(container: Container<'_>) -> Option<&'static str> {
    let log = |pointer: &str| container.0.pointer(&format!("/logConfiguration/{pointer}"));
    let secret_options = log("secretOptions").and_then(Value::as_array).is_some_and(|options| !options.is_empty());
    let needs = [
        (ECR, EcrRegistry::of(container.image()).is_some()),
        (PULL_SECRET, container.pull_secret().is_some()),
        (AWSLOGS, log("logDriver").and_then(Value::as_str) == Some("awslogs")),
        (SECRETS, secret_options || container.list("secrets").next().is_some()),
    ];
    needs.into_iter().find_map(|(what, needed)| needed.then_some(what))
}

/// Returns what a container reserves: CPU units, or MiB. Of memory that is its reservation, and its limit if it has none.
/// Source: Amazon ECS API Reference, ContainerDefinition, `cpu`, `memory`, `memoryReservation` (read 2026-11).
fn reserves(container: Container<'_>, resource: Resource) -> u64 {
    let reserved = match resource {
        Resource::Cpu => positive(container, "cpu"),
        Resource::Memory => positive(container, "memoryReservation").or(positive(container, "memory")),
    };
    reserved.unwrap_or(0)
}

fn positive(container: Container<'_>, key: &str) -> Option<u64> {
    amount(container.0.get(key)).filter(|amount| *amount > 0)
}

/// Returns a number of CPU units or MiB; what is written otherwise is not judged. ECS stores and describes plain numbers, also of
/// what was registered as `1 vCPU` or `2GB`.
/// Source: Amazon ECS API Reference, RegisterTaskDefinition, `cpu` and `memory` (read 2026-11).
fn amount(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// Returns the size of a revision without blanks and tags. How ECS counts is not public; that it counts less is not to be expected,
/// and if it counts more, it says so when the revision is registered.
fn bytes(revision: &TaskDefinition<Protected>) -> usize {
    let members = revision.json().as_object().into_iter().flatten().filter(|(key, _)| *key != "tags");
    // Each member stands behind a brace or a comma, and its name between quotation marks before a colon.
    1 + members.map(|(key, value)| key.len() + 4 + value.to_string().len()).sum::<usize>()
}
