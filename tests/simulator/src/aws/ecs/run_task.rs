//! `RunTask`: tasks without a service, on Fargate. Nothing is executed; a task runs from the second look on, until the world ends.
//! Source: Amazon ECS API Reference, RunTask and Task (read 2026-11).

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::super::access::Caller;
use super::super::clock::epoch_seconds;
use super::super::ec2::Eye;
use super::super::errors::{AwsError, ErrorKind};
use super::super::state::State;
use super::super::stored::Revision;
use super::register::{may_pass_roles, may_tag_what_is_made};
use super::rules::is_fargate;
use super::task_definitions::find;
use super::tasks::{StoredTask, shown};
use super::{cluster_name, invalid, texts};

/// Source: Amazon ECS API Reference, RunTask, `count` (read 2026-11).
const MOST_TASKS: u64 = 10;

/// Returns what AWS names after `on resource:` when it refuses the call.
pub(super) fn resource(state: &State, caller: &Caller, input: &Value) -> String {
    let given = task_definition(input);
    find(state, caller.account(), &caller.region, given).map_or_else(|| given.to_owned(), |(arn, _)| arn)
}

fn task_definition(input: &Value) -> &str {
    input.get("taskDefinition").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn run(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let count = match input.get("count") {
        None => 1,
        Some(count) => count
            .as_u64()
            .filter(|count| (1..=MOST_TASKS).contains(count))
            .ok_or_else(|| invalid("count must be between 1 and 10."))?,
    };
    let given = task_definition(input);
    let (arn, revision) = find(state, caller.account(), &caller.region, given).ok_or(ErrorKind::TaskDefinitionNotFound)?;
    if !revision.active {
        return Err(ErrorKind::InactiveTaskDefinition.into());
    }
    let provider = fargate_provider(input)?;
    if !is_fargate(&revision.definition) {
        return Err(ErrorKind::NotForFargate.into());
    }
    let subnets = subnets(state, caller, input)?;
    let overrides = overrides(input, revision)?;
    permit_what_comes_with_it(state, caller, input, &arn, revision)?;

    let new = NewTask { cluster, task_definition: arn, revision: revision.clone(), provider, overrides };
    let cluster_arn = state.cluster_arn(caller.account(), &caller.region, &new.cluster);
    let mut told = Vec::new();
    for subnet in (0..count).filter_map(|n| subnets.get(usize::try_from(n).ok()? % subnets.len())) {
        let task = new.stored(state, caller, input, subnet);
        told.push(shown(&task, &cluster_arn));
        state.place_mut(caller.account(), &caller.region).tasks.push(task);
    }
    Ok(json!({ "tasks": told, "failures": [] }))
}

/// Returns the capacity provider that is named, if one is; without one, the launch type has to be Fargate.
///
/// Clusters here have no container instances, and no strategy by default.
fn fargate_provider(input: &Value) -> Result<Option<String>, AwsError> {
    let launch_type = input.get("launchType").and_then(Value::as_str);
    let strategy = input.get("capacityProviderStrategy").and_then(Value::as_array).filter(|items| !items.is_empty());
    let named = strategy.and_then(|items| items.first()?.get("capacityProvider")?.as_str());
    match (launch_type, named) {
        (Some(_), Some(_)) => Err(invalid("A launch type and a capacity provider strategy can not be used together.")),
        (Some("FARGATE"), None) => Ok(None),
        (None, Some(provider @ ("FARGATE" | "FARGATE_SPOT"))) => Ok(Some(provider.to_owned())),
        _ => Err(ErrorKind::NoContainerInstances.into()),
    }
}

/// Returns the subnets that the tasks may be put in, each of which is there, as the groups are.
fn subnets(state: &State, caller: &Caller, input: &Value) -> Result<Vec<String>, AwsError> {
    let network = input.pointer("/networkConfiguration/awsvpcConfiguration").ok_or(ErrorKind::NetworkMissing)?;
    let subnets = texts(network, "subnets");
    if subnets.is_empty() {
        return Err(ErrorKind::SubnetsMissing.into());
    }
    let eye = Eye::new(state, caller.account(), &caller.region);
    if let Some(unknown) = subnets.iter().find(|id| eye.subnet(id).is_none()) {
        return Err(AwsError::new(ErrorKind::TaskSubnetNotFound, &[unknown, unknown]));
    }
    if let Some(unknown) = texts(network, "securityGroups").iter().find(|id| eye.group(id).is_none()) {
        return Err(AwsError::new(ErrorKind::TaskGroupNotFound, &[unknown, unknown]));
    }
    Ok(subnets.into_iter().map(str::to_owned).collect())
}

fn containers(revision: &Revision) -> impl Iterator<Item = &Value> {
    revision.definition.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten()
}

/// Returns the override of each container, which is empty for those that the call does not name.
fn overrides(input: &Value, revision: &Revision) -> Result<Vec<Value>, AwsError> {
    let given = input.pointer("/overrides/containerOverrides").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_there = |name: &Value| containers(revision).any(|container| container["name"] == *name);
    if let Some(unknown) = given.iter().map(|one| &one["name"]).find(|name| !is_there(name)) {
        return Err(AwsError::new(ErrorKind::OverrideOfNothing, &[unknown.as_str().unwrap_or_default()]));
    }
    let of_container = |container: &Value| {
        let own = given.iter().find(|one| one["name"] == container["name"]);
        own.cloned().unwrap_or_else(|| json!({ "name": container["name"] }))
    };
    Ok(containers(revision).map(of_container).collect())
}

fn permit_what_comes_with_it(
    state: &State,
    caller: &Caller,
    input: &Value,
    arn: &str,
    revision: &Revision,
) -> Result<(), AwsError> {
    may_pass_roles(state, caller, |key| revision.definition.get(key))?;
    if input.get("tags").is_some() { may_tag_what_is_made(state, caller, "RunTask", input, arn) } else { Ok(()) }
}

/// What the tasks of one call have in common.
struct NewTask {
    cluster: String,
    task_definition: String,
    revision: Revision,
    provider: Option<String>,
    overrides: Vec<Value>,
}

impl NewTask {
    fn stored(&self, state: &mut State, caller: &Caller, input: &Value, subnet: &str) -> StoredTask {
        let number = state.number();
        let (account, region) = (caller.account(), &caller.region);
        // Tasks of services have other numbers than 0 at the end.
        let place = format!("{}/{number:016x}{:016x}", self.cluster, 0);
        let arn = |kind: &str, name: &str| format!("arn:{}:ecs:{region}:{account}:{kind}/{name}", state.partition);
        let text = |key: &str| input.get(key).and_then(Value::as_str).map(str::to_owned);
        let family = self.revision.definition.get("family").and_then(Value::as_str).unwrap_or_default();
        let task = arn("task", &place);
        let container = |(n, container): (usize, &Value)| {
            json!({
                "containerArn": arn("container", &format!("{place}/{}", uuid(number, n))),
                "taskArn": task,
                "name": container["name"],
                "image": container["image"],
                "lastStatus": "PENDING",
                "networkInterfaces": [],
                "cpu": container["cpu"].to_string(),
            })
        };
        StoredTask {
            containers: containers(&self.revision).enumerate().map(container).collect(),
            arn: task,
            cluster: self.cluster.clone(),
            family: family.to_owned(),
            task_definition: self.task_definition.clone(),
            last_status: "PROVISIONING".to_owned(),
            desired_status: "RUNNING".to_owned(),
            started_by: text("startedBy"),
            group: text("group").unwrap_or_else(|| format!("family:{family}")),
            created_at: epoch_seconds(SystemTime::now()).as_f64().map(|seconds| seconds as u64),
            stopped_reason: None,
            stop_code: None,
            overrides: self.overrides.clone(),
            more: self.more(Eye::new(state, account, region), input, subnet, number),
            starts: true,
        }
    }

    fn more(&self, eye: Eye<'_>, input: &Value, subnet: &str, number: u64) -> Map<String, Value> {
        let definition = &self.revision.definition;
        let of_definition = |key: &str| definition.get(key).cloned();
        let attachment = json!({
            "id": uuid(number, 0),
            "type": "ElasticNetworkInterface",
            "status": "PRECREATED",
            "details": [{ "name": "subnetId", "value": subnet }],
        });
        let told = [
            ("attachments", Some(json!([attachment]))),
            ("availabilityZone", eye.subnet(subnet).map(|subnet| eye.zone(subnet).into())),
            ("capacityProviderName", self.provider.clone().map(Value::from)),
            ("cpu", of_definition("cpu")),
            ("memory", of_definition("memory")),
            ("enableExecuteCommand", Some(json!(input.get("enableExecuteCommand") == Some(&Value::Bool(true))))),
            ("platformVersion", Some("1.4.0".into())),
            ("platformFamily", Some("Linux".into())),
            ("tags", Some(input.get("tags").cloned().unwrap_or_else(|| json!([])))),
            ("version", Some(1.into())),
        ];
        told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

fn uuid(number: u64, n: usize) -> String {
    format!("00000000-0000-4000-{n:04x}-{number:012x}")
}
