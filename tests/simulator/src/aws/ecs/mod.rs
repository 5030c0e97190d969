//! Amazon ECS: operations by name, and what their files share.
//! Source: Amazon ECS API Reference (read 2026-11).

pub(super) mod clusters;
pub(super) mod defaults;
pub(super) mod deployments;
pub(super) mod fate;
pub(super) mod images;
pub(super) mod register;
pub(super) mod rollout;
pub(super) mod rules;
pub(super) mod run_task;
pub(super) mod services;
pub(super) mod tags;
pub(super) mod task_definitions;
pub(super) mod tasks;
pub(super) mod update;

use serde::Serialize;
use serde_json::Value;

use super::access::{Caller, permit_with};
use super::errors::{AwsError, ErrorKind, Service};
use super::pages::page;
use super::state::State;
use crate::iam::{Context, Request};

/// The operations that change a customer's account.
pub(super) const WRITES: [&str; 8] = [
    "CreateCluster",
    "RunTask",
    "RegisterTaskDefinition",
    "DeregisterTaskDefinition",
    "UpdateService",
    "StopServiceDeployment",
    "TagResource",
    "UntagResource",
];

pub(super) fn answer(
    state: &mut State,
    caller: &Caller,
    operation: &str,
    input: &Value,
    overlaps: bool,
) -> Result<Value, AwsError> {
    let action = format!("ecs:{operation}");
    let context = known_of(state, caller, input);
    let resources = match operation {
        "RunTask" => vec![run_task::resource(state, caller, input)],
        // What lists something knows no resources.
        "ListClusters" | "ListServices" | "ListTasks" | "ListTaskDefinitions" => vec!["*".to_owned()],
        _ => resources(state, caller, input),
    };
    for resource in resources {
        permit_with(state, caller, Service::Ecs, Request { action: &action, resource: &resource, context: &context })?;
    }
    match operation {
        "ListClusters" => clusters::list(state, caller, input),
        "DescribeClusters" => clusters::describe(state, caller, input),
        "CreateCluster" => clusters::create(state, caller, input),
        "ListServices" => services::list(state, caller, input),
        "DescribeServices" => services::describe(state, caller, input),
        "ListServiceDeployments" => deployments::list(state, caller, input),
        "DescribeServiceDeployments" => deployments::describe(state, caller, input),
        "StopServiceDeployment" => deployments::stop(state, caller, input),
        "ListTasks" => tasks::list(state, caller, input),
        "DescribeTasks" => tasks::describe(state, caller, input),
        "RunTask" => run_task::run(state, caller, input),
        "UpdateService" => update::update(state, caller, input),
        "DescribeTaskDefinition" => task_definitions::describe(state, caller, input),
        "ListTaskDefinitions" => task_definitions::list(state, caller, input),
        "DeregisterTaskDefinition" => task_definitions::deregister(state, caller, input),
        "RegisterTaskDefinition" => register::register(state, caller, input, overlaps),
        "ListTagsForResource" => tags::list(state, caller, input),
        "TagResource" => tags::tag(state, caller, input),
        "UntagResource" => tags::untag(state, caller, input),
        _ => Err(ErrorKind::JsonUnknownOperation.into()),
    }
}

/// Returns what a call is about, for people: `web/checkout`, a family, a revision or a cluster.
pub(super) fn subject(input: &Value) -> String {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    match (text("cluster"), text("service")) {
        (cluster, Some(service)) => format!("{}/{}", last(cluster.unwrap_or("default")), last(service)),
        (Some(cluster), None) => last(cluster),
        (None, None) => {
            let other = text("family").or_else(|| text("taskDefinition")).or_else(|| text("resourceArn"));
            let other = other.or_else(|| text("clusterName")).or_else(|| text("SecretId"));
            other.or_else(|| text("Name")).map(last).unwrap_or_default()
        }
    }
}

/// Returns what is known of a call besides what it is about.
/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic Container Service", as far as
/// policies of the project ask for it (from memory).
fn known_of(state: &State, caller: &Caller, input: &Value) -> Context {
    let mut context = Context::default().with_all("aws:TagKeys", keys_of_tags(input));
    if let Some(cluster) = input.get("cluster").and_then(Value::as_str) {
        let name = cluster.rsplit('/').next().unwrap_or_default();
        context = context.with("ecs:cluster", state.cluster_arn(caller.account(), &caller.region, name));
    }
    context
}

/// Returns the keys of the tags that a call sets or takes away.
fn keys_of_tags(input: &Value) -> Vec<String> {
    let set = input.get("tags").and_then(Value::as_array).into_iter().flatten();
    let set = set.filter_map(|tag| tag.get("key").and_then(Value::as_str));
    set.chain(texts(input, "tagKeys")).map(str::to_owned).collect()
}

/// Returns what a call is about: each of the tasks or services that it names, or one other resource.
fn resources(state: &State, caller: &Caller, input: &Value) -> Vec<String> {
    let cluster = input.get("cluster").and_then(Value::as_str).unwrap_or("default").rsplit('/').next().unwrap_or_default();
    let cluster = state.cluster_arn(caller.account(), &caller.region, cluster);
    let each = |key: &str, kind: &str| -> Vec<String> {
        let beginning = cluster.replace(":cluster/", &format!(":{kind}/"));
        let arn = |name: &str| if name.starts_with("arn:") { name.to_owned() } else { format!("{beginning}/{name}") };
        texts(input, key).into_iter().map(arn).collect()
    };
    let named = [each("tasks", "task"), each("services", "service")].concat();
    if named.is_empty() { vec![resource(state, caller, input)] } else { named }
}

/// Returns what AWS names after `on resource:` when it refuses a call.
fn resource(state: &State, caller: &Caller, input: &Value) -> String {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let cluster = text("cluster").map_or("default", |cluster| cluster.rsplit('/').next().unwrap_or_default());
    match (text("service"), text("cluster"), text("resourceArn").or_else(|| text("serviceDeploymentArn"))) {
        (Some(service), _, _) => {
            let name = service.rsplit('/').next().unwrap_or_default();
            state.service_arn(caller.account(), &caller.region, cluster, name)
        }
        (None, Some(_), _) => state.cluster_arn(caller.account(), &caller.region, cluster),
        (None, None, Some(arn)) => arn.to_owned(),
        (None, None, None) => "*".to_owned(),
    }
}

/// Returns the name of the cluster a call is for, which may be named by its ARN or left out.
fn cluster_name(state: &State, caller: &Caller, input: &Value) -> Result<String, AwsError> {
    let given = input.get("cluster").and_then(Value::as_str).unwrap_or("default");
    let prefix = state.cluster_arn(caller.account(), &caller.region, "");
    let name = given.strip_prefix(&prefix).unwrap_or(given);
    let known = state
        .place(caller.account(), &caller.region)
        .is_some_and(|place| place.clusters.iter().any(|cluster| cluster.name == name));
    if known { Ok(name.to_owned()) } else { Err(ErrorKind::ClusterNotFound.into()) }
}

fn includes_tags(input: &Value) -> bool {
    texts(input, "include").contains(&"TAGS")
}

/// Returns the strings of a list; none when there is no such list.
fn texts<'a>(input: &'a Value, key: &str) -> Vec<&'a str> {
    input.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn invalid(message: &str) -> AwsError {
    AwsError::new(ErrorKind::EcsInvalidParameter, &[message])
}

/// Answers one page of a list; every list of ECS takes `maxResults` from 1 to 100.
fn answer_page<T>(caller: &Caller, input: &Value, list: &str, key: &str, items: &[T], default: usize) -> Result<Value, AwsError>
where
    T: Clone + Serialize,
{
    let size = match input.get("maxResults") {
        None => default,
        Some(size) => match size.as_u64() {
            Some(size @ 1..=100) => usize::try_from(size).unwrap_or(default),
            _ => return Err(invalid("maxResults must be between 1 and 100.")),
        },
    };
    let token = input.get("nextToken").and_then(Value::as_str);
    let list = format!("{list} in {} {}", caller.account(), caller.region);
    let page = page(&list, items, token, size).map_err(|_| AwsError::from(ErrorKind::EcsInvalidToken))?;
    let mut answer = serde_json::json!({ key: page.items });
    if let Some(next) = page.next {
        answer["nextToken"] = Value::String(next);
    }
    Ok(answer)
}
