//! An account of a scenario, its Regions and their clusters.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::network::{DEFAULT_VPC, PrefixList, Vpc, edit_or_add};
use super::{Definition, Secret, Service};

/// One account of the organization.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Account {
    pub id: String,
    /// What `ListAccounts` calls it; empty stands for `account-` and the id.
    pub name: String,
    /// Empty stands for ACTIVE.
    pub state: String,
    /// Whether `ListAccounts` tells the state in the old field `Status` alone.
    pub only_status: bool,
    /// `None` stands for the name that the stack gives it.
    pub member_role: Option<String>,
    pub without_member_role: bool,
    /// What is in the home Region.
    pub home: Region,
    /// The other Regions it has enabled; naming the home Region here adds to [`Account::home`].
    pub regions: Vec<Region>,
    /// Enabled Regions in which ECS is denied by a service control policy.
    pub denied_regions: Vec<String>,
    /// Regions it has not enabled although they are named elsewhere; this can be the home Region.
    pub without_regions: Vec<String>,
    /// IAM actions its member role is denied, such as `ecs:ListServices` or `ecs:*`.
    pub denied: Vec<String>,
}

impl Account {
    /// Returns an active account with the member role, the home Region enabled, and nothing in it.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Sets what Organizations says of it: `SUSPENDED`, `PENDING_CLOSURE` and so on. Only in an ACTIVE account can a role be assumed.
    pub fn state(mut self, state: &str) -> Self {
        self.state = state.to_owned();
        self
    }

    /// Has `ListAccounts` tell the state as it did before 2026-09: in `Status`, without `State`.
    pub fn only_status(mut self) -> Self {
        self.only_status = true;
        self
    }

    pub fn without_member_role(mut self) -> Self {
        self.without_member_role = true;
        self
    }

    pub fn member_role(mut self, role: &str) -> Self {
        self.member_role = Some(role.to_owned());
        self
    }

    /// Enables a Region, or adds to one enabled before.
    pub fn region(mut self, name: &str, edit: impl FnOnce(Region) -> Region) -> Self {
        let region = match self.regions.iter().position(|region| region.name == name) {
            Some(at) => self.regions.remove(at),
            None => Region { name: name.to_owned(), ..Region::default() },
        };
        self.regions.push(edit(region));
        self
    }

    /// Enables a Region in which a service control policy denies all of ECS.
    pub fn denied_region(mut self, name: &str) -> Self {
        self.denied_regions.push(name.to_owned());
        self
    }

    /// Disables a Region, the home Region included.
    pub fn without_region(mut self, name: &str) -> Self {
        self.without_regions.push(name.to_owned());
        self
    }

    /// Denies the member role an IAM action.
    pub fn deny(mut self, action: &str) -> Self {
        self.denied.push(action.to_owned());
        self
    }

    /// Adds a service to the home Region; its place is written `cluster/service`.
    pub fn service(mut self, place: &str, definition: impl Into<Definition>) -> Self {
        self.home = self.home.service(place, definition);
        self
    }

    /// Adds a service to the home Region and edits it.
    pub fn service_with(mut self, place: &str, definition: impl Into<Definition>, edit: impl FnOnce(Service) -> Service) -> Self {
        self.home = self.home.service_with(place, definition, edit);
        self
    }

    /// Adds an empty cluster to the home Region.
    pub fn cluster(mut self, name: &str) -> Self {
        self.home = self.home.cluster(name);
        self
    }

    pub fn cluster_tag(mut self, cluster: &str, key: &str, value: &str) -> Self {
        self.home = self.home.cluster_tag(cluster, key, value);
        self
    }

    /// Registers a task definition that no service runs in the home Region.
    pub fn task_definition(mut self, definition: impl Into<Definition>) -> Self {
        self.home = self.home.task_definition(definition);
        self
    }

    /// Adds a secret to the home Region, or replaces the one of this name. Values as in [`super::Org::secret`].
    pub fn secret(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.home = self.home.secret(name, value);
        self
    }

    /// Adds a VPC to the home Region, or edits it; see [`Region::vpc`].
    pub fn vpc(mut self, id: &str, edit: impl FnOnce(Vpc) -> Vpc) -> Self {
        self.home = self.home.vpc(id, edit);
        self
    }

    /// Edits the network that services of the home Region run in unless they say otherwise.
    pub fn network(mut self, edit: impl FnOnce(Vpc) -> Vpc) -> Self {
        self.home = self.home.network(edit);
        self
    }

    /// Adds a managed prefix list to the home Region, or replaces the one of this id.
    pub fn prefix_list(mut self, id: &str, cidrs: &[&str]) -> Self {
        self.home = self.home.prefix_list(id, cidrs);
        self
    }

    /// Returns the name of the role that can be assumed here, if there is one; `usual` is the name that it has unless another was given.
    pub fn role<'a>(&'a self, usual: &'a str) -> Option<&'a str> {
        (!self.without_member_role).then(|| self.member_role.as_deref().unwrap_or(usual))
    }

    /// Returns the account as it is known from outside: its Regions by their names alone.
    pub(crate) fn without_contents(&self) -> Self {
        let region = |region: &Region| Region { name: region.name.clone(), ..Region::default() };
        Self {
            id: self.id.clone(),
            name: self.name.clone(),
            state: self.state.clone(),
            only_status: self.only_status,
            member_role: self.member_role.clone(),
            without_member_role: self.without_member_role,
            home: Region::default(),
            regions: self.regions.iter().map(region).collect(),
            denied_regions: self.denied_regions.clone(),
            without_regions: self.without_regions.clone(),
            denied: self.denied.clone(),
        }
    }

    /// Returns whether the account is ACTIVE.
    pub fn is_active(&self) -> bool {
        matches!(self.state.as_str(), "" | "ACTIVE")
    }

    /// Returns whether a Region is enabled here.
    pub fn enables(&self, region: &str, home_region: &str) -> bool {
        let named = region == home_region
            || self.regions.iter().any(|enabled| enabled.name == region)
            || self.denied_regions.iter().any(|enabled| enabled == region);
        named && !self.without_regions.iter().any(|disabled| disabled == region)
    }
}

/// What is in one Region of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Region {
    /// Empty for [`Account::home`].
    pub name: String,
    pub clusters: Vec<Cluster>,
    /// Registered before the services' own ones.
    pub task_definitions: Vec<Definition>,
    pub services: Vec<Service>,
    /// Besides those of [`super::Org::secrets`], which are in the management account's home Region.
    pub secrets: Vec<Secret>,
    /// Besides [`DEFAULT_VPC`], which is there anyway, and here if it was edited.
    pub vpcs: Vec<Vpc>,
    pub prefix_lists: Vec<PrefixList>,
}

/// A cluster; its services are in [`Region::services`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cluster {
    pub name: String,
    pub tags: BTreeMap<String, String>,
}

impl Region {
    /// Adds a cluster, unless it is there already.
    pub fn cluster(mut self, name: &str) -> Self {
        if !self.clusters.iter().any(|cluster| cluster.name == name) {
            self.clusters.push(Cluster { name: name.to_owned(), tags: BTreeMap::new() });
        }
        self
    }

    /// Tags a cluster, which is made when first named.
    pub fn cluster_tag(mut self, cluster: &str, key: &str, value: &str) -> Self {
        self = self.cluster(cluster);
        for known in &mut self.clusters {
            if known.name == cluster {
                known.tags.insert(key.to_owned(), value.to_owned());
            }
        }
        self
    }

    /// Adds a service; its place is written `cluster/service`, and the cluster is made when first named.
    pub fn service(self, place: &str, definition: impl Into<Definition>) -> Self {
        self.service_with(place, definition, |service| service)
    }

    /// Adds a service and edits it.
    pub fn service_with(mut self, place: &str, definition: impl Into<Definition>, edit: impl FnOnce(Service) -> Service) -> Self {
        let service = edit(Service::new(place, definition));
        self = self.cluster(service.cluster());
        self.services.push(service);
        self
    }

    /// Adds a secret, or replaces the one of this name. Values as in [`super::Org::secret`].
    pub fn secret(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.secrets.retain(|other| other.name != name);
        self.secrets.push(Secret { name: name.to_owned(), value: value.into(), binary: false, own_key: false });
        self
    }

    /// Registers a task definition that no service runs; given twice with different content, it has two revisions.
    pub fn task_definition(mut self, definition: impl Into<Definition>) -> Self {
        self.task_definitions.push(definition.into());
        self
    }
    /// Adds a VPC, or edits the one of this id: one named before, or the network that is there without being named.
    pub fn vpc(mut self, id: &str, edit: impl FnOnce(Vpc) -> Vpc) -> Self {
        let new = || if id == DEFAULT_VPC { Vpc::of_every_region() } else { Vpc::new(id) };
        edit_or_add(&mut self.vpcs, |vpc| vpc.id == id, new, edit);
        self
    }

    /// Edits the network that services run in unless they say otherwise.
    pub fn network(self, edit: impl FnOnce(Vpc) -> Vpc) -> Self {
        self.vpc(DEFAULT_VPC, edit)
    }

    /// Adds a managed prefix list, or replaces the one of this id.
    pub fn prefix_list(mut self, id: &str, cidrs: &[&str]) -> Self {
        let cidrs = cidrs.iter().map(|cidr| (*cidr).to_owned()).collect();
        let list = PrefixList { id: id.to_owned(), name: format!("list-{id}"), cidrs };
        edit_or_add(&mut self.prefix_lists, |other| other.id == id, PrefixList::default, |_| list);
        self
    }
}
