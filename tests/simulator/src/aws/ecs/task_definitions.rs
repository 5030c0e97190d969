//! `DescribeTaskDefinition`, `ListTaskDefinitions` and `DeregisterTaskDefinition`.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::access::Caller;
use super::super::clock::epoch_seconds;
use super::super::errors::{AwsError, ErrorKind};
use super::super::state::State;
use super::super::stored::Revision;
use super::{answer_page, includes_tags, invalid};

pub(super) fn describe(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let given = input.get("taskDefinition").and_then(Value::as_str).unwrap_or_default();
    let (arn, revision) = find(state, caller.account(), &caller.region, given).ok_or(ErrorKind::UnknownTaskDefinition)?;
    let mut answer = json!({ "taskDefinition": shown(&arn, revision) });
    if includes_tags(input) {
        answer["tags"] = revision.tags.clone().into();
    }
    Ok(answer)
}

pub(super) fn list(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str);
    let active = text("status").unwrap_or("ACTIVE") == "ACTIVE";
    let mut arns = Vec::new();
    if let Some(place) = state.place(caller.account(), &caller.region) {
        for (family, revisions) in &place.families {
            if text("familyPrefix").is_some_and(|wanted| wanted != family) {
                continue;
            }
            for (at, _) in revisions.iter().enumerate().filter(|(_, revision)| revision.active == active) {
                arns.push(state.task_definition_arn(caller.account(), &caller.region, family, at + 1));
            }
        }
    }
    if text("sort") == Some("DESC") {
        arns.reverse();
    }
    let name = format!("task definitions {:?} {active} {:?}", text("familyPrefix"), text("sort"));
    answer_page(caller, input, &name, "taskDefinitionArns", &arns, 100)
}

pub(super) fn deregister(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let given = input.get("taskDefinition").and_then(Value::as_str).unwrap_or_default();
    if !given.rsplit('/').next().unwrap_or_default().contains(':') {
        return Err(invalid("Invalid revision number. Number: null"));
    }
    let (arn, _) = find(state, caller.account(), &caller.region, given).ok_or(ErrorKind::UnknownTaskDefinition)?;
    let (family, number) = split(&arn).ok_or(ErrorKind::UnknownTaskDefinition)?;
    let place = state.place_mut(caller.account(), &caller.region);
    let revision = place.families.get_mut(family).and_then(|revisions| revisions.get_mut(number - 1));
    let revision = revision.ok_or(ErrorKind::UnknownTaskDefinition)?;
    revision.active = false;
    revision.deregistered_at = Some(epoch_seconds(SystemTime::now()));
    Ok(json!({ "taskDefinition": shown(&arn, revision) }))
}

/// Finds a revision by its ARN, by `family:revision`, or by the family alone, which stands for its newest active one.
pub(super) fn find<'a>(state: &'a State, account: &str, region: &str, given: &str) -> Option<(String, &'a Revision)> {
    let prefix = state.task_definition_arn(account, region, "", 0);
    let prefix = prefix.trim_end_matches(":0");
    let short = match given.strip_prefix(prefix) {
        Some(short) => short,
        None if given.starts_with("arn:") => return None,
        None => given,
    };
    let (family, number) = match short.rsplit_once(':') {
        Some((family, number)) => (family, number.parse::<usize>().ok().filter(|number| *number > 0)?),
        None => {
            let revisions = state.revisions(account, region, short);
            (short, revisions.iter().rposition(|revision| revision.active)? + 1)
        }
    };
    let revision = state.revisions(account, region, family).get(number - 1)?;
    Some((state.task_definition_arn(account, region, family, number), revision))
}

/// Finds a revision wherever its ARN says it is.
pub(crate) fn revision_of_arn<'a>(state: &'a State, arn: &str) -> Option<&'a Revision> {
    let mut parts = arn.splitn(6, ':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    find(state, account, region, arn).map(|(_, revision)| revision)
}

/// Returns family and revision of an ARN.
fn split(arn: &str) -> Option<(&str, usize)> {
    let (family, number) = arn.rsplit('/').next()?.rsplit_once(':')?;
    Some((family, number.parse().ok()?))
}

/// Returns a revision as ECS shows it: what was registered, and what only ECS knows.
pub(in crate::aws) fn shown(arn: &str, revision: &Revision) -> Value {
    let mut shown = revision.definition.clone();
    let mut put = |key: &str, value: Value| {
        shown.insert(key.to_owned(), value);
    };
    put("taskDefinitionArn", arn.into());
    put("revision", split(arn).map_or(0, |(_, number)| number).into());
    put("status", if revision.active { "ACTIVE" } else { "INACTIVE" }.into());
    put(
        "requiresAttributes",
        json!([
            { "name": "com.amazonaws.ecs.capability.docker-remote-api.1.18" },
            { "name": "ecs.capability.task-eni" },
        ]),
    );
    put("compatibilities", compatibilities(revision));
    put("registeredAt", revision.registered_at.clone());
    if let Some(time) = &revision.deregistered_at {
        put("deregisteredAt", time.clone());
    }
    put("registeredBy", revision.registered_by.as_str().into());
    Value::Object(shown)
}

/// What passes Fargate's checks passes those of EC2 too.
fn compatibilities(revision: &Revision) -> Value {
    if super::rules::is_fargate(&revision.definition) { json!(["EC2", "FARGATE"]) } else { json!(["EC2"]) }
}

/// Returns a revision as `RegisterTaskDefinition` takes it, tags included.
pub(crate) fn registrable(revision: &Revision) -> Value {
    let mut definition = revision.definition.clone();
    if !revision.tags.is_empty() {
        definition.insert("tags".to_owned(), revision.tags.clone().into());
    }
    Value::Object(definition)
}
