//! `ListTasks` and `DescribeTasks`, and what is kept of a task.
//! Source: Amazon ECS API Reference, ListTasks, DescribeTasks and Task (read 2026-11).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Number, Value, json};

use super::super::access::Caller;
use super::super::errors::AwsError;
use super::super::state::State;
use super::super::stored::StoredService;
use super::rollout::{Deployment, Rollout};
use super::task_definitions::revision_of_arn;
use super::{answer_page, cluster_name, invalid, texts};
use crate::scenario::UpdaterTask;

/// Where the numbers of running tasks begin; those below are of tasks that stopped.
const FIRST_RUNNING: u64 = 1 << 32;

/// A task as it is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StoredTask {
    pub(crate) arn: String,
    pub(crate) cluster: String,
    pub(crate) family: String,
    pub(crate) task_definition: String,
    pub(crate) last_status: String,
    pub(crate) desired_status: String,
    /// `ecs-svc/` and a deployment's number for a task of a service.
    pub(crate) started_by: Option<String>,
    /// `service:` or `family:` and a name.
    pub(crate) group: String,
    /// In seconds since 1970.
    pub(crate) created_at: Option<u64>,
    pub(crate) stopped_reason: Option<String>,
    pub(crate) stop_code: Option<String>,
    /// What `DescribeTasks` shows of each container.
    pub(crate) containers: Vec<Value>,
    /// What its containers were started with instead of what their definition says.
    pub(crate) overrides: Vec<Value>,
    /// What else `DescribeTasks` shows of it.
    pub(crate) more: Map<String, Value>,
    /// Whether it is on its way to run, one step nearer at each look.
    pub(crate) starts: bool,
}

impl StoredTask {
    pub(super) fn id(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or_default()
    }

    /// Returns whether a cluster counts it among the tasks that run, or among those that are about to.
    /// Source: Amazon ECS API Reference, Cluster, `runningTasksCount` and `pendingTasksCount` (read 2026-11).
    pub(super) fn counts_as(&self, running: bool) -> bool {
        self.last_status == if running { "RUNNING" } else { "PENDING" }
    }

    /// Lets it move on by one look.
    /// Source: Amazon ECS Developer Guide, Task lifecycle; `ACTIVATING` comes and goes between two looks.
    fn look(&mut self) {
        let next = match self.last_status.as_str() {
            _ if !self.starts => return,
            "PROVISIONING" => "PENDING",
            _ => "RUNNING",
        };
        self.starts = next != "RUNNING";
        next.clone_into(&mut self.last_status);
        for container in &mut self.containers {
            container["lastStatus"] = next.into();
        }
        if let Some(attachment) = self.more.get_mut("attachments").and_then(|list| list.get_mut(0)) {
            // The interface is there before the images are.
            attachment["status"] = "ATTACHED".into();
        }
    }
}

/// Returns the overrides of containers by their names, without any variable or with these.
fn overrides(containers: &[Value], environment: &BTreeMap<String, String>) -> Vec<Value> {
    let environment: Vec<Value> = environment.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    containers.iter().map(|container| json!({ "name": container["name"], "environment": environment.clone() })).collect()
}

impl State {
    /// Puts a task of the program itself into the account that it is at home in.
    pub(crate) fn add_updater_task(&mut self, task: &UpdaterTask) {
        let (account, region) = (self.home().to_owned(), self.home_region.clone());
        let containers = vec![json!({ "name": task.family, "lastStatus": task.last_status })];
        let stored = StoredTask {
            arn: format!("arn:{}:ecs:{region}:{account}:task/{}/{}", self.partition, task.cluster, task.id),
            cluster: task.cluster.clone(),
            family: task.family.clone(),
            task_definition: self.task_definition_arn(&account, &region, &task.family, 1),
            last_status: task.last_status.clone(),
            desired_status: task.desired_status.clone(),
            started_by: None,
            group: format!("family:{}", task.family),
            created_at: task.created_at,
            stopped_reason: None,
            stop_code: None,
            overrides: overrides(&containers, &task.environment),
            containers,
            more: Map::new(),
            starts: false,
        };
        let place = self.place_mut(&account, &region);
        place.add_cluster(&task.cluster, &BTreeMap::new());
        place.tasks.push(stored);
    }

    /// Returns the task of the program itself that has this id.
    pub(in super::super) fn updater_task(&self, id: &str) -> Option<&StoredTask> {
        self.place(self.home(), &self.home_region)?.tasks.iter().find(|task| task.id() == id)
    }
}

/// Returns every task of the caller's account and Region: those that are kept, those that services run, and those that stopped by themselves.
fn tasks(state: &State, caller: &Caller) -> Vec<StoredTask> {
    let Some(place) = state.place(caller.account(), &caller.region) else { return Vec::new() };
    let of_services = place.services.iter().flat_map(|service| {
        let running = of_service(state, (caller.account(), &caller.region), service);
        running.into_iter().chain(stopped(state, caller, service))
    });
    place.tasks.iter().cloned().chain(of_services).collect()
}

/// Returns the tasks that a service runs: all that run of a deployment that is complete, and of another one those that it has started.
fn of_service(state: &State, place: (&str, &str), service: &StoredService) -> Vec<StoredTask> {
    let tasks = service.deployments.iter().flat_map(|deployment| {
        let running = if deployment.state == Rollout::Completed { service.running_count } else { deployment.running };
        (0..running).map(move |n| of_deployment(state, place, service, deployment, n))
    });
    tasks.collect()
}

fn of_deployment(
    state: &State,
    (account, region): (&str, &str),
    service: &StoredService,
    deployment: &Deployment,
    n: u64,
) -> StoredTask {
    let definition = revision_of_arn(state, &deployment.task_definition).map(|revision| &revision.definition);
    let containers = definition.and_then(|it| it.get("containerDefinitions")).and_then(Value::as_array);
    let container = |container: &Value| {
        let mut shown = json!({ "name": container["name"], "image": container["image"], "lastStatus": "RUNNING" });
        if let Some(digest) = container["name"].as_str().and_then(|name| deployment.digests.get(name)) {
            shown["imageDigest"] = digest.as_str().into();
        }
        shown
    };
    let containers: Vec<Value> = containers.into_iter().flatten().map(container).collect();
    let id = format!("{:016x}{:016x}", deployment.number, FIRST_RUNNING + n);
    StoredTask {
        arn: format!("arn:{}:ecs:{region}:{account}:task/{}/{id}", state.partition, service.cluster),
        cluster: service.cluster.clone(),
        family: definition.and_then(|it| it.get("family")?.as_str()).unwrap_or_default().to_owned(),
        task_definition: deployment.task_definition.clone(),
        last_status: "RUNNING".to_owned(),
        desired_status: "RUNNING".to_owned(),
        started_by: Some(deployment.id.clone()),
        group: format!("service:{}", service.name),
        created_at: deployment.created_at.as_f64().map(|seconds| seconds as u64),
        stopped_reason: None,
        stop_code: None,
        overrides: overrides(&containers, &BTreeMap::new()),
        containers,
        more: Map::new(),
        starts: false,
    }
}

/// A task of a service that runs behind a Defender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DefendedTask {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) cluster: String,
    pub(crate) service: String,
    pub(crate) id: String,
    /// The names and images of the containers beside the Defender.
    pub(crate) containers: Vec<(String, String)>,
    pub(crate) defender_image: String,
    /// Where the Defender connects to.
    pub(crate) connects_to: String,
}

impl State {
    /// Returns the tasks of all services that run behind a Defender, which is the container with an install bundle.
    pub(crate) fn defended_tasks(&self) -> Vec<DefendedTask> {
        let places = self.service_places();
        let of_place = |(account, region, place): &(String, String, String)| {
            let (cluster, name) = place.split_once('/')?;
            let service = self.stored_service(account, region, cluster, name)?;
            let tasks = of_service(self, (account, region), service).into_iter();
            Some(tasks.filter_map(|task| defended(self, account, region, service, &task)).collect::<Vec<_>>())
        };
        places.iter().filter_map(of_place).flatten().collect()
    }
}

fn defended(state: &State, account: &str, region: &str, service: &StoredService, task: &StoredTask) -> Option<DefendedTask> {
    let definition = &revision_of_arn(state, &task.task_definition)?.definition;
    let containers = definition.get("containerDefinitions")?.as_array()?;
    let variable = |container: &Value, name: &str| {
        let variables = container["environment"].as_array()?;
        variables.iter().find(|variable| variable["name"] == name)?["value"].as_str().map(str::to_owned)
    };
    let is_defender = |container: &&Value| variable(container, "INSTALL_BUNDLE").is_some();
    let defender = containers.iter().find(is_defender)?;
    let text = |container: &Value, key: &str| container[key].as_str().unwrap_or_default().to_owned();
    let others = containers.iter().filter(|container| !is_defender(container));
    Some(DefendedTask {
        account: account.to_owned(),
        region: region.to_owned(),
        cluster: service.cluster.clone(),
        service: service.name.clone(),
        id: task.id().to_owned(),
        containers: others.map(|container| (text(container, "name"), text(container, "image"))).collect(),
        defender_image: text(defender, "image"),
        connects_to: variable(defender, "WS_ADDRESS").unwrap_or_default(),
    })
}

/// Returns the tasks of a service that stopped by themselves.
fn stopped(state: &State, caller: &Caller, service: &StoredService) -> Vec<StoredTask> {
    let (account, region) = (caller.account(), &caller.region);
    let stopped = service.stopped.iter().map(|task| {
        let family = task.task_definition.rsplit('/').next().and_then(|name| name.split(':').next()).unwrap_or_default();
        let stop = &task.stop;
        let mut container = json!({ "name": stop.container, "lastStatus": "STOPPED" });
        if let Some(code) = stop.exit_code {
            container["exitCode"] = code.into();
        }
        if let Some(reason) = &stop.container_reason {
            container["reason"] = reason.as_str().into();
        }
        StoredTask {
            arn: format!("arn:{}:ecs:{region}:{account}:task/{}/{}", state.partition, service.cluster, task.id),
            cluster: service.cluster.clone(),
            family: family.to_owned(),
            task_definition: task.task_definition.clone(),
            last_status: "STOPPED".to_owned(),
            desired_status: "STOPPED".to_owned(),
            started_by: Some(task.started_by.clone()),
            group: format!("service:{}", service.name),
            created_at: task.stopped_at.as_f64().map(|seconds| seconds as u64),
            stopped_reason: Some(stop.reason.clone()),
            stop_code: Some(stop.code.to_owned()),
            overrides: overrides(std::slice::from_ref(&container), &BTreeMap::new()),
            containers: vec![container],
            more: Map::new(),
            starts: false,
        }
    });
    stopped.collect()
}

pub(super) fn list(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let desired = text("desiredStatus").unwrap_or("RUNNING");
    if !["RUNNING", "PENDING", "STOPPED"].contains(&desired) {
        return Err(invalid("desiredStatus must be RUNNING, PENDING or STOPPED."));
    }
    let group = text("serviceName").map(|service| format!("service:{}", service.rsplit('/').next().unwrap_or_default()));
    let matches = |task: &&StoredTask| {
        task.cluster == cluster
            && task.desired_status == desired
            && text("family").is_none_or(|family| family == task.family)
            && text("startedBy").is_none_or(|started_by| task.started_by.as_deref() == Some(started_by))
            && group.as_ref().is_none_or(|group| *group == task.group)
    };
    let tasks = tasks(state, caller);
    let arns: Vec<String> = tasks.iter().filter(matches).map(|task| task.arn.clone()).collect();
    let of = ["family", "serviceName", "startedBy"].map(|key| text(key).unwrap_or_default()).join(" ");
    answer_page(caller, input, &format!("{desired} tasks of {cluster} {of}"), "taskArns", &arns, 100)
}

pub(super) fn describe(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let cluster = cluster_name(state, caller, input)?;
    let asked = texts(input, "tasks");
    if asked.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if asked.len() > 100 {
        return Err(invalid("Tasks cannot be more than 100."));
    }
    for task in &mut state.place_mut(caller.account(), &caller.region).tasks {
        if task.cluster == cluster && asked.iter().any(|given| task.arn == *given || task.id() == *given) {
            task.look();
        }
    }
    let known = tasks(state, caller);
    let cluster_arn = state.cluster_arn(caller.account(), &caller.region, &cluster);
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for given in asked {
        match known.iter().find(|task| task.cluster == cluster && (task.arn == given || task.id() == given)) {
            Some(task) => tasks.push(shown(task, &cluster_arn)),
            None => failures.push(json!({ "arn": given, "reason": "MISSING" })),
        }
    }
    Ok(json!({ "tasks": tasks, "failures": failures }))
}

/// Returns a task as `DescribeTasks` shows it; what is not known is left out.
pub(super) fn shown(task: &StoredTask, cluster_arn: &str) -> Value {
    let mut told = Map::new();
    let known = [
        ("taskArn", Some(task.arn.as_str().into())),
        ("clusterArn", Some(cluster_arn.into())),
        ("taskDefinitionArn", Some(task.task_definition.as_str().into())),
        ("lastStatus", Some(task.last_status.as_str().into())),
        ("desiredStatus", Some(task.desired_status.as_str().into())),
        ("group", Some(task.group.as_str().into())),
        ("launchType", Some("FARGATE".into())),
        ("startedBy", task.started_by.as_deref().map(Value::from)),
        ("createdAt", task.created_at.map(|seconds| Value::Number(Number::from(seconds)))),
        // Tasks of services start when their deployment does; what is on its way is not told to have started.
        ("startedAt", task.created_at.filter(|_| task.counts_as(true)).map(|seconds| Value::Number(Number::from(seconds)))),
        ("stoppedReason", task.stopped_reason.as_deref().map(Value::from)),
        ("stopCode", task.stop_code.as_deref().map(Value::from)),
        ("containers", Some(task.containers.clone().into())),
        ("overrides", Some(json!({ "containerOverrides": task.overrides, "inferenceAcceleratorOverrides": [] }))),
    ];
    told.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    told.extend(task.more.clone());
    Value::Object(told)
}
