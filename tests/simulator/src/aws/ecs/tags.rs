//! `ListTagsForResource`, `TagResource` and `UntagResource`, for clusters, services and task definitions.

use serde_json::{Value, json};

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::state::State;
use super::{invalid, texts};

/// Source: Amazon ECS API Reference, RegisterTaskDefinition, `tags` (read 2026-11).
pub(super) const MOST_TAGS: usize = 50;

pub(super) fn list(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let tags = tags_of(state, caller, input)?;
    Ok(json!({ "tags": tags }))
}

pub(super) fn tag(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let Some(new) = input.get("tags").and_then(Value::as_array).filter(|tags| !tags.is_empty()) else {
        return Err(invalid("Tags can not be empty."));
    };
    let tags = tags_of(state, caller, input)?;
    let mut after = tags.clone();
    for tag in new {
        let key = tag.get("key").and_then(Value::as_str).unwrap_or_default();
        if key.is_empty() || key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys can not be empty and can not start with aws:."));
        }
        after.retain(|known| known["key"] != tag["key"]);
        after.push(tag.clone());
    }
    if after.len() > MOST_TAGS {
        return Err(ErrorKind::TooManyTags.into());
    }
    *tags = after;
    Ok(json!({}))
}

pub(super) fn untag(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let keys = texts(input, "tagKeys");
    let tags = tags_of(state, caller, input)?;
    tags.retain(|known| !keys.iter().any(|key| known["key"] == *key));
    Ok(json!({}))
}

fn tags_of<'a>(state: &'a mut State, caller: &Caller, input: &Value) -> Result<&'a mut Vec<Value>, AwsError> {
    let arn = input.get("resourceArn").and_then(Value::as_str).unwrap_or_default();
    let (account, region) = (caller.account(), caller.region.as_str());
    let prefix = format!("arn:{}:ecs:{region}:{account}:", state.partition);
    let missing = || AwsError::from(ErrorKind::ResourceNotFound);
    let (kind, name) = arn.strip_prefix(&prefix).and_then(|rest| rest.split_once('/')).ok_or_else(missing)?;
    let place = state.place_mut(account, region);
    let tags = match kind {
        "cluster" => place.clusters.iter_mut().find(|cluster| cluster.name == name).map(|cluster| &mut cluster.tags),
        "service" => {
            let (cluster, name) = name.split_once('/').ok_or_else(missing)?;
            place.service_mut(cluster, name).map(|service| &mut service.tags)
        }
        "task-definition" => {
            let (family, number) = name.rsplit_once(':').ok_or_else(missing)?;
            let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).ok_or_else(missing)?;
            let revision = place.families.get_mut(family).and_then(|revisions| revisions.get_mut(at));
            revision.map(|revision| &mut revision.tags)
        }
        _ => None,
    };
    tags.ok_or_else(missing)
}
