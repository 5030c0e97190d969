//! `RegisterTaskDefinition`: what happens when it passes the checks of `rules`.
//! Source: Amazon ECS API Reference, RegisterTaskDefinition (read 2026-11).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::super::access::{Caller, permit_with};
use super::super::errors::{AwsError, ErrorKind, Service};
use super::super::state::State;
use super::task_definitions::{revision_of_arn, shown};
use super::{keys_of_tags, rules};
use crate::gate::Call;
use crate::iam::{Context, Request};

/// A registration from its arrival until it is answered, or until its caller goes away.
pub(crate) struct Registration {
    state: Arc<Mutex<State>>,
    key: (String, String, String),
    overlaps: bool,
}

impl Registration {
    pub(crate) fn begin(state: &Arc<Mutex<State>>, call: &Call) -> Self {
        let key = (call.account.clone(), call.region.clone(), call.subject.clone());
        let overlaps = !lock(state).registering.insert(key.clone());
        Self { state: Arc::clone(state), key, overlaps }
    }

    /// Returns whether another registration of the family was under way when this one arrived.
    pub(crate) fn overlaps(&self) -> bool {
        self.overlaps
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if !self.overlaps {
            lock(&self.state).registering.remove(&self.key);
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn register(state: &mut State, caller: &Caller, input: &Value, overlaps: bool) -> Result<Value, AwsError> {
    rules::check(input)?;
    permit_what_comes_with_it(state, caller, input)?;
    if overlaps {
        return Err(ErrorKind::TooManyAtOnce.into());
    }
    let (definition, tags) = state.stored_form(input.clone());
    state.keep_registration(input);
    let by = caller.session.arn.clone();
    let arn = state.add_revision(caller.account(), &caller.region, definition, tags, by);
    let revision = revision_of_arn(state, &arn).ok_or(ErrorKind::UnknownTaskDefinition)?;
    let mut answer = json!({ "taskDefinition": shown(&arn, revision) });
    if !revision.tags.is_empty() {
        answer["tags"] = revision.tags.clone().into();
    }
    Ok(answer)
}

fn permit_what_comes_with_it(state: &State, caller: &Caller, input: &Value) -> Result<(), AwsError> {
    if input.get("tags").is_some() {
        let family = input.get("family").and_then(Value::as_str).unwrap_or_default();
        let arn = state.task_definition_arn(caller.account(), &caller.region, family, 0);
        let resource = format!("{}:*", arn.trim_end_matches(":0"));
        may_tag_what_is_made(state, caller, "RegisterTaskDefinition", input, &resource)?;
    }
    may_pass_roles(state, caller, |key| input.get(key))
}

/// Tags on what an operation makes need `ecs:TagResource` besides.
/// Source: Amazon ECS Developer Guide, Grant permission to tag resources on creation (read 2026-11).
pub(super) fn may_tag_what_is_made(
    state: &State,
    caller: &Caller,
    operation: &str,
    input: &Value,
    resource: &str,
) -> Result<(), AwsError> {
    let context = Context::default().with("ecs:CreateAction", operation).with_all("aws:TagKeys", keys_of_tags(input));
    permit_with(state, caller, Service::Ecs, Request { action: "ecs:TagResource", resource, context: &context })
}

/// The roles of a task definition need `iam:PassRole`, from memory. A role is passed within its account; the definitions of scenarios are
/// used in many, and name one account's roles.
pub(super) fn may_pass_roles<'a>(
    state: &State,
    caller: &Caller,
    field: impl Fn(&str) -> Option<&'a Value>,
) -> Result<(), AwsError> {
    let context = Context::default().with("iam:PassedToService", "ecs-tasks.amazonaws.com");
    for role in ["taskRoleArn", "executionRoleArn"].into_iter().filter_map(field).filter_map(Value::as_str) {
        let name = role.split_once(":role/").map_or(role, |(_, name)| name);
        let own = format!("arn:{}:iam::{}:role/{name}", state.partition, caller.account());
        permit_with(state, caller, Service::Ecs, Request { action: "iam:PassRole", resource: &own, context: &context })?;
    }
    Ok(())
}
