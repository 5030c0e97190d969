//! What the outside asks of the state: views for tests, and what a customer does in the meantime. No call gets here.

use serde_json::{Map, Value};

use super::ecs::task_definitions::shown;
use super::state::State;
use super::stored::StoredService;

impl State {
    pub(crate) fn home_region(&self) -> &str {
        &self.home_region
    }

    pub(crate) fn registered(&self) -> &[Value] {
        &self.registered
    }

    pub(crate) fn updates(&self) -> &[Value] {
        &self.updates
    }

    pub(crate) fn session_policies(&self) -> Vec<(String, Option<Value>)> {
        let assumed = self.sessions.values().filter(|session| session.token.is_some());
        assumed.map(|session| (session.account.clone(), session.policy.clone())).collect()
    }

    pub(crate) fn session_secrets(&self) -> Vec<String> {
        let secrets = self.sessions.values().flat_map(|session| [Some(session.secret.clone()), session.token.clone()]);
        let tokens = self.registry_tokens.iter().flat_map(|token| [token.password().to_owned(), token.authorization()]);
        secrets.flatten().chain(tokens).collect()
    }

    pub(crate) fn stored_service(&self, account: &str, region: &str, cluster: &str, name: &str) -> Option<&StoredService> {
        self.place(account, region)?.service(cluster, name)
    }

    /// Returns account, Region and `cluster/service` of every service.
    pub(crate) fn service_places(&self) -> Vec<(String, String, String)> {
        let mut places = Vec::new();
        for ((account, region), place) in &self.places {
            for service in &place.services {
                places.push((account.clone(), region.clone(), format!("{}/{}", service.cluster, service.name)));
            }
        }
        places
    }

    pub(crate) fn shown_revisions(&self, account: &str, region: &str, family: &str) -> Vec<Value> {
        let revisions = self.revisions(account, region, family).iter().enumerate();
        let shown = revisions.map(|(at, revision)| {
            let mut shown = shown(&self.task_definition_arn(account, region, family, at + 1), revision);
            shown["tags"] = revision.tags.clone().into();
            shown
        });
        shown.collect()
    }

    /// Deploys a task definition to a service, completed at once, and returns its ARN; `None` when there is no such service.
    pub(crate) fn deploy_for_customer(&mut self, account: &str, region: &str, place: &str, definition: Value) -> Option<String> {
        let (cluster, name) = place.split_once('/').unwrap_or(("default", place));
        self.stored_service(account, region, cluster, name)?;
        let arn = self.register_for_customer(account, region, definition);
        let deployment = self.deployment(&arn, true);
        let service = self.place_mut(account, region).service_mut(cluster, name)?;
        service.roll_out(deployment, Some(0));
        service.complete();
        Some(arn)
    }

    pub(crate) fn snapshot(&self) -> Value {
        let mut snapshot = Map::new();
        for ((account, region), place) in &self.places {
            let content = serde_json::to_value(place).unwrap_or_else(|error| panic!("the state is plain data: {error}"));
            snapshot.insert(format!("{account} {region}"), content);
        }
        Value::Object(snapshot)
    }
}

impl StoredService {
    pub(crate) fn task_definition(&self) -> &str {
        &self.task_definition
    }
}
