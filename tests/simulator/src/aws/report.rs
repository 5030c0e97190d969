//! What the outside asks of the state: views for tests, and what a customer does in the meantime. No call gets here.

use serde_json::{Map, Value, json};

use super::ec2::Eye;
use super::ecs::rollout::Fate;
use super::ecs::task_definitions::shown;
use super::s3::StoredObject;
use super::state::State;
use super::stored::StoredService;
use crate::scenario::network::{Rule, Vpc};

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

    pub(crate) fn object(&self, bucket: &str, key: &str) -> Option<StoredObject> {
        self.buckets.get(bucket)?.objects.get(key).cloned()
    }

    pub(crate) fn keys(&self, bucket: &str) -> Vec<String> {
        self.buckets.get(bucket).into_iter().flat_map(|bucket| bucket.objects.keys().cloned()).collect()
    }

    pub(crate) fn session_policies(&self) -> Vec<(String, Option<Value>)> {
        let assumed = self.sessions.values().filter(|session| session.token.is_some());
        assumed.map(|session| (session.account.clone(), session.policy_document.clone())).collect()
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
        self.run_at_once(account, region, place, &arn)?;
        Some(arn)
    }

    pub(crate) fn deploy_revision_for_customer(
        &mut self,
        account: &str,
        region: &str,
        place: &str,
        revision: &str,
    ) -> Option<()> {
        let (family, number) = revision.split_once(':')?;
        let arn = self.task_definition_arn(account, region, family, number.parse().ok()?);
        self.run_at_once(account, region, place, &arn)
    }

    fn run_at_once(&mut self, account: &str, region: &str, place: &str, task_definition: &str) -> Option<()> {
        let (cluster, name) = place.split_once('/').unwrap_or(("default", place));
        let deployment = self.deployment(task_definition, Fate::Runs { looks: 0 });
        let service = self.place_mut(account, region).service_mut(cluster, name)?;
        service.roll_out(deployment);
        service.complete();
        Some(())
    }

    pub(crate) fn deregister_for_customer(&mut self, account: &str, region: &str, revision: &str) -> Option<()> {
        let (family, number) = revision.split_once(':')?;
        let at = number.parse::<usize>().ok()?.checked_sub(1)?;
        self.place_mut(account, region).families.get_mut(family)?.get_mut(at)?.active = false;
        Some(())
    }

    pub(crate) fn untag_for_customer(&mut self, account: &str, region: &str, place: &str, key: &str) -> Option<()> {
        let (cluster, name) = place.split_once('/')?;
        self.place_mut(account, region).service_mut(cluster, name)?.tags.retain(|tag| tag["key"] != key);
        Some(())
    }

    /// Returns a security group; `None` when the account sees none of this id.
    pub(crate) fn security_group(&self, account: &str, region: &str, id: &str) -> Option<Value> {
        let group = Eye::new(self, account, region).group(id)?.it;
        let rules = |rules: &[Rule]| -> Vec<Value> {
            let shown = rules.iter().map(|rule| {
                json!({
                    "id": rule.id, "protocol": rule.protocol, "from": rule.from, "to": rule.to,
                    "peer": rule.peer, "description": rule.description, "tags": rule.tags,
                })
            });
            shown.collect()
        };
        Some(json!({ "egress": rules(&group.egress), "ingress": rules(&group.ingress), "tags": group.tags }))
    }

    /// Returns a network ACL without the entries that deny the rest; `None` when the account sees none of this id.
    pub(crate) fn network_acl(&self, account: &str, region: &str, id: &str) -> Option<Value> {
        let acls = Eye::new(self, account, region).acls();
        let acl = acls.iter().find(|seen| seen.it.id == id)?.it;
        let mut entries = acl.entries.clone();
        entries.sort_by_key(|entry| (!entry.egress, entry.number));
        Some(json!({ "entries": entries, "tags": acl.tags }))
    }

    /// Edits a VPC as somebody in its account would; `None` when there is none of this id.
    pub(crate) fn change_vpc(&mut self, account: &str, region: &str, vpc: &str, edit: impl FnOnce(Vpc) -> Vpc) -> Option<()> {
        let network = &mut self.place_mut(account, region).network;
        network.change(account, region, vpc, edit)?;
        let shared = network.is_shared();
        self.note_shared_network(account, region, shared);
        Some(())
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
