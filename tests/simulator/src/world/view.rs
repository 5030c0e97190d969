//! A service as a test sees it afterwards.

use serde_json::Value;

use crate::aws::{State, registrable, revision_of_arn, shown};

/// A service at the moment it was asked for; it does not change afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceView {
    pub account: String,
    pub region: String,
    /// `cluster/service`.
    pub place: String,
    arn: String,
    task_definition_arn: String,
    task_definition: Value,
    json: Value,
    tags: Vec<(String, String)>,
}

impl ServiceView {
    pub(super) fn find(state: &State, account: &str, region: &str, place: &str) -> Option<Self> {
        let (cluster, name) = place.split_once('/').unwrap_or(("default", place));
        let service = state.stored_service(account, region, cluster, name)?;
        let json = shown(state, account, region, service, true);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let tags = json.get("tags").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            place: format!("{cluster}/{name}"),
            arn: text(&json["serviceArn"]),
            task_definition_arn: service.task_definition().to_owned(),
            task_definition: revision_of_arn(state, service.task_definition()).map_or(Value::Null, registrable),
            tags: tags.map(|tag| (text(&tag["key"]), text(&tag["value"]))).collect(),
            json,
        })
    }

    pub(super) fn all(state: &State) -> Vec<Self> {
        let places = state.service_places();
        places.iter().filter_map(|(account, region, place)| Self::find(state, account, region, place)).collect()
    }

    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns the revision the PRIMARY deployment runs.
    pub fn task_definition_arn(&self) -> &str {
        &self.task_definition_arn
    }

    /// Returns that revision as `RegisterTaskDefinition` takes it, tags included.
    pub fn task_definition(&self) -> &Value {
        &self.task_definition
    }

    /// Returns the service as `DescribeServices` with tags would show it now, without moving its roll-out on.
    pub fn json(&self) -> &Value {
        &self.json
    }

    pub fn tags(&self) -> &[(String, String)] {
        &self.tags
    }
}
