//! What becomes of a deployment: worked out from the revision, the service and its network, as ECS and Fargate would find out.
//!
//! What the service ran before goes on running: its images were pulled and its programs started once already.

use serde_json::{Map, Value};

use super::super::network_way::{self, Place};
use super::super::state::State;
use super::super::stored::{Revision, StoredService};
use super::rollout::{Fate, Rollout, Stop};
use crate::argv::{argv, unwrapped};
use crate::scenario::FailingImage;

/// The name under which a Defender's container is found.
const DEFENDER: &str = "TwistlockDefender";

/// Returns what becomes of a deployment of this revision.
pub(super) fn fate(state: &State, account: &str, region: &str, service: &StoredService, revision: &Revision) -> Fate {
    if service.desired_count == 0 {
        return Fate::Runs { looks: 0 };
    }
    // The look at which it is complete is one more than those at which its tasks do not run yet.
    let runs = Fate::Runs { looks: service.looks_to_start.max(state.roll_out_looks.saturating_sub(1)) };
    if service.is_rolling() && !can_replace(service) {
        return Fate::Hangs { pending: false };
    }
    let before = service.deployments.iter().find(|deployment| deployment.state == Rollout::Completed);
    let before = before.and_then(|deployment| super::task_definitions::revision_of_arn(state, &deployment.task_definition));
    if before.is_some_and(|before| before.definition == revision.definition) {
        return runs;
    }
    let ran = |image: &str| before.is_some_and(|before| containers(&before.definition).any(|it| text(it, "image") == image));
    let place = Place { state, account, region, service };
    let unreached = |image: &str| !ran(image) && !network_way::reaches_registry(&place, image);
    let containers: Vec<&Value> = containers(&revision.definition).collect();
    let stop = containers.iter().find_map(|container| {
        let image = text(container, "image");
        let stop = if unreached(image) { Some(not_pulled(image)) } else { None };
        stop.map(|reason| Stop {
            code: "TaskFailedToStart",
            container: text(container, "name").to_owned(),
            exit_code: None,
            container_reason: Some(reason.clone()),
            reason,
        })
    });
    if let Some(stop) = stop {
        return Fate::Fails(stop);
    }
    if containers.iter().any(|container| never_starts(container, &containers)) {
        return Fate::Hangs { pending: true };
    }
    let stop = containers.iter().find_map(|container| stops(container, &revision.definition, &state.failing_images));
    stop.map_or(runs, Fate::Fails)
}

/// Returns whether ECS may stop a task or start one more.
fn can_replace(service: &StoredService) -> bool {
    let (minimum, maximum) = service.percents;
    let (has_to_run, may_run) = ((service.desired_count * minimum).div_ceil(100), service.desired_count * maximum / 100);
    may_run > service.desired_count || has_to_run < service.desired_count
}

fn containers(definition: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    definition.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// From memory of what Fargate says of a registry that cannot be reached.
fn not_pulled(image: &str) -> String {
    let host = image.split('/').next().unwrap_or_default();
    format!(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: failed to do \
         request: Head \"https://{host}/v2/\": dial tcp 100.0.113.10:443: i/o timeout"
    )
}

/// Returns whether a container waits for something that never happens: the health of one without a check, or the end of a Defender.
fn never_starts(container: &Value, all: &[&Value]) -> bool {
    list(container, "dependsOn").any(|dependency| {
        let awaited = all.iter().find(|other| text(other, "name") == text(dependency, "containerName"));
        match text(dependency, "condition") {
            "HEALTHY" => awaited.is_some_and(|awaited| awaited.get("healthCheck").is_none()),
            "COMPLETE" | "SUCCESS" => awaited.is_some_and(|awaited| text(awaited, "name") == DEFENDER),
            _ => false,
        }
    })
}

/// Returns why a container's program does not go on running.
fn stops(container: &Value, definition: &Map<String, Value>, failing: &[FailingImage]) -> Option<Stop> {
    let name = text(container, "name");
    let exited = |exit_code: i64| Stop {
        code: "EssentialContainerExited",
        reason: "Essential container in task exited".to_owned(),
        container: name.to_owned(),
        exit_code: Some(exit_code),
        container_reason: None,
    };
    let words = argv(container, None, None);
    let behind = unwrapped(&words);
    let wrapped = behind.len() < words.len();
    if wrapped && behind.is_empty() {
        return Some(exited(1));
    }
    if wrapped
        && let Some(program) = words.iter().find(|word| word.contains("/twistlock/"))
        && !is_mounted(container, definition)
    {
        return Some(Stop {
            code: "TaskFailedToStart",
            reason: "Task failed to start".to_owned(),
            container: name.to_owned(),
            exit_code: None,
            container_reason: Some(format!(
                "CannotStartContainerError: failed to create container task: exec: \"{program}\": stat {program}: no such file or directory"
            )),
        });
    }
    let image = text(container, "image");
    let failing = failing.iter().find(|failing| failing.name == image && (wrapped || !failing.behind_defender_only));
    failing.map(|failing| exited(failing.exit_code))
}

/// Returns whether the Defender's files are in a container: through its volumes, or through a volume that both mount.
fn is_mounted(container: &Value, definition: &Map<String, Value>) -> bool {
    if list(container, "volumesFrom").any(|from| text(from, "sourceContainer") == DEFENDER) {
        return true;
    }
    let volumes = |container: &Value| -> Vec<String> {
        list(container, "mountPoints").map(|mount| text(mount, "sourceVolume").to_owned()).collect()
    };
    let defender = containers(definition).find(|other| text(other, "name") == DEFENDER);
    let of_defender = defender.map(volumes).unwrap_or_default();
    volumes(container).iter().any(|volume| of_defender.contains(volume))
}
