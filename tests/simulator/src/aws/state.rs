//! Everything the simulated AWS knows, and how it begins.
//!
//! Plain data: what a call may do to it is decided by the files of the services.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::{Map, Value};

use super::access::Caller;
use super::clock::epoch_seconds;
use super::ecr::Token;
use super::ecs::rollout::{Deployment, Fate};
use super::ecs::{defaults, images};
use super::s3::StoredBucket;
use super::stored::{Place, Revision, StoredService};
use crate::iam::{Context, Policy, Role};
use crate::installation::Installation;
use crate::scenario::network::SecurityGroup;
use crate::scenario::{self, Deploying, Org};

/// The access key id of the world's caller.
pub(crate) const CALLER_KEY: &str = "SIMULATEDCALLER00001";

/// Its secret access key. It opens nothing but a simulator.
pub(crate) const CALLER_SECRET: &str = "simulated-secret-of-the-caller";

/// The organization that every account is in.
pub(super) const ORGANIZATION: &str = "o-simulated1";

/// Who registered what was there from the beginning, in every account.
const CUSTOMER: &str = "assumed-role/CustomerPipeline/deploy";

/// The version of every secret that is there from the beginning.
const FIRST_VERSION: &str = "00000000-0000-4000-8000-000000000001";

/// What Secrets Manager adds to the name in an ARN; random there, the same for every secret here.
pub(super) const SECRET_SUFFIX: &str = "-SiMuLa";

/// An access key and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) account: String,
    /// The ARN `GetCallerIdentity` tells.
    pub(super) arn: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
    pub(super) expires: Option<SystemTime>,
    pub(super) identity: Identity,
    /// The role's, or the user's, ARN.
    pub(super) principal: String,
    /// The policy that was handed over when it began.
    pub(super) policy: Option<Policy>,
    /// The same as it was written.
    pub(super) policy_document: Option<Value>,
}

/// What somebody may do.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    /// Everything, whatever the policies of the role say.
    Everything,
    Role(Arc<Role>),
}

/// A secret as it is served.
#[derive(Clone, Debug)]
pub(super) struct StoredSecret {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) binary: bool,
    pub(super) own_key: bool,
    pub(super) version: String,
}

/// The simulated AWS.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) partition: String,
    pub(super) home_region: String,
    /// As in the scenario, the management account first, without what is in their Regions; nothing here changes while the world runs.
    pub(super) accounts: Vec<scenario::Account>,
    /// Where each account is among them, by its id.
    account_numbers: BTreeMap<String, usize>,
    /// Every Region that an account of the scenario names.
    pub(super) named_regions: BTreeSet<String>,
    pub(super) units: Vec<scenario::Unit>,
    /// Where the roles come from.
    pub(super) installation: Installation,
    without_policies: bool,
    /// The IAM actions that were asked for so far, with the names of the roles that asked, and whether they were allowed.
    asked: RefCell<BTreeSet<(String, String, bool)>>,
    /// IAM actions the world's caller is denied besides.
    pub(super) denied: Vec<String>,
    pub(super) session_seconds: Option<u64>,
    pub(super) definitions_verbatim: bool,
    /// At which look a deployment whose tasks run is complete.
    pub(super) roll_out_looks: u32,
    counting_only: bool,
    pub(super) without_empty_pages: bool,
    pub(super) failing_images: Vec<scenario::FailingImage>,
    /// What tags name now in the registries, by the whole names of the images.
    pub(super) images: BTreeMap<String, String>,
    /// By account and Region.
    pub(super) secrets: BTreeMap<(String, String), Vec<StoredSecret>>,
    /// By name, which is nobody else's in a partition.
    pub(super) buckets: BTreeMap<String, StoredBucket>,
    /// Every token for a registry of ECR handed out so far.
    pub(super) registry_tokens: Vec<Token>,
    pub(super) sessions: BTreeMap<String, Session>,
    /// By account and Region.
    pub(super) places: BTreeMap<(String, String), Place>,
    /// Region and account of the networks that may be about more than one account, so that nobody has to look through all of them.
    pub(super) shared_networks: BTreeSet<(String, String)>,
    /// Account, Region and family of registrations that have arrived and are not answered.
    pub(super) registering: BTreeSet<(String, String, String)>,
    /// Bodies of `RegisterTaskDefinition` that were accepted, as received; none in a world that only counts.
    pub(super) registered: Vec<Value>,
    /// Bodies of `UpdateService` that were accepted, as received; none in a world that only counts.
    pub(super) updates: Vec<Value>,
    numbers: u64,
}

impl State {
    /// Makes the beginning of a scenario; `fill` puts the Console's address and credentials into a secret's text.
    ///
    /// # Errors
    ///
    /// When its stack cannot be created.
    pub(crate) fn new(org: &Org, fill: impl Fn(&str) -> String) -> Result<Self, String> {
        let installation = Installation::new(org)?;
        let home = installation.account.clone();
        let mut state = Self {
            partition: org.partition.clone(),
            home_region: org.home_region.clone(),
            accounts: org.every_account().map(scenario::Account::without_contents).collect(),
            account_numbers: BTreeMap::new(),
            named_regions: BTreeSet::new(),
            units: org.units.clone(),
            installation,
            without_policies: org.without_policies,
            asked: RefCell::default(),
            denied: org.denied.clone(),
            session_seconds: org.session_seconds,
            definitions_verbatim: org.definitions_verbatim,
            roll_out_looks: org.roll_out_looks,
            counting_only: org.counting_only,
            without_empty_pages: org.without_empty_pages,
            failing_images: org.failing_images.clone(),
            images: org.image_digests(),
            secrets: BTreeMap::new(),
            buckets: org
                .buckets
                .iter()
                .map(|bucket| (bucket.name.clone(), StoredBucket::new(bucket, &org.home_region)))
                .collect(),
            registry_tokens: Vec::new(),
            sessions: BTreeMap::new(),
            places: BTreeMap::new(),
            shared_networks: BTreeSet::new(),
            registering: BTreeSet::new(),
            registered: Vec::new(),
            updates: Vec::new(),
            numbers: 0,
        };
        for (at, account) in org.every_account().enumerate() {
            // Of two accounts with one id, the first is the one that is found.
            state.account_numbers.entry(account.id.clone()).or_insert(at);
            state.named_regions.extend(account.regions.iter().map(|region| region.name.clone()));
            state.named_regions.extend(account.denied_regions.iter().cloned());
        }
        state.keep_secrets(&home, &org.home_region, &org.secrets, &fill);
        let master = state.installation.master().cloned().ok_or("the stack has no MasterRole")?;
        let role = master.arn.rsplit('/').next().unwrap_or_default();
        let caller = Session {
            account: home.clone(),
            arn: format!("arn:{}:sts::{home}:assumed-role/{role}/simulated", state.partition),
            secret: CALLER_SECRET.to_owned(),
            token: None,
            expires: None,
            principal: master.arn.clone(),
            identity: state.identity(&master),
            policy: None,
            policy_document: None,
        };
        state.sessions.insert(CALLER_KEY.to_owned(), caller);
        for account in org.every_account() {
            let home_region = org.home_region.clone();
            let home = std::iter::once((&home_region, &account.home));
            for (name, region) in home.chain(account.regions.iter().map(|region| (&region.name, region))) {
                state.furnish(&account.id, name, region);
                state.keep_secrets(&account.id, name, &region.secrets, &fill);
            }
            // ECS is denied there, EC2 is not.
            for name in &account.denied_regions {
                state.furnish(&account.id, name, &scenario::Region::default());
            }
        }
        for task in &org.updater_tasks {
            state.add_updater_task(task);
        }
        state.furnish_home(&home);
        Ok(state)
    }

    /// Returns what somebody with a role may do in this world.
    pub(super) fn identity(&self, role: &Arc<Role>) -> Identity {
        if self.without_policies { Identity::Everything } else { Identity::Role(Arc::clone(role)) }
    }

    /// Returns what is known of whoever calls, in the names of condition keys.
    /// Source: IAM User Guide, "AWS global condition context keys" (read 2026-11).
    pub(super) fn known_of(&self, caller: &Caller) -> Context {
        Context::default()
            .with("aws:PrincipalArn", caller.session.principal.as_str())
            .with("aws:PrincipalAccount", caller.account())
            .with("aws:PrincipalOrgID", ORGANIZATION)
            .with("aws:ResourceOrgID", ORGANIZATION)
            .with("aws:RequestedRegion", caller.region.as_str())
    }

    /// Remembers that somebody asked to do something, and whether he was allowed to.
    pub(super) fn note_question(&self, caller: &Caller, action: &str, allowed: bool) {
        let role = caller.session.principal.rsplit('/').next().unwrap_or_default();
        self.asked.borrow_mut().insert((role.to_owned(), action.to_owned(), allowed));
    }

    /// Returns the names of roles with the actions that they asked for so far and were, or were not, allowed.
    pub(crate) fn permissions_asked(&self, allowed: bool) -> BTreeSet<(String, String)> {
        let asked = self.asked.borrow();
        let asked = asked.iter().filter(|(_, _, was_allowed)| *was_allowed == allowed);
        asked.map(|(role, action, _)| (role.clone(), action.clone())).collect()
    }

    /// Puts the cluster and the task definition of the stack where the updater is at home, if it has them.
    fn furnish_home(&mut self, home: &str) {
        let region = self.home_region.clone();
        let clusters: Vec<String> = self.installation.clusters().map(str::to_owned).collect();
        for cluster in clusters {
            self.place_mut(home, &region).add_cluster(&cluster, &BTreeMap::new());
        }
        for definition in self.installation.task_definitions() {
            self.register_for_customer(home, &region, definition);
        }
    }

    fn keep_secrets(&mut self, account: &str, region: &str, secrets: &[scenario::Secret], fill: &impl Fn(&str) -> String) {
        for secret in secrets {
            let text = match filled(&secret.value, fill) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let (binary, own_key) = (secret.binary, secret.own_key);
            let stored = StoredSecret { name: secret.name.clone(), text, binary, own_key, version: FIRST_VERSION.to_owned() };
            self.secrets.entry((account.to_owned(), region.to_owned())).or_default().push(stored);
        }
    }

    fn furnish(&mut self, account: &str, region: &str, content: &scenario::Region) {
        let place = self.places.entry((account.to_owned(), region.to_owned())).or_default();
        place.network.furnish(account, region, content);
        let shared = place.network.is_shared();
        for cluster in &content.clusters {
            place.add_cluster(&cluster.name, &cluster.tags);
        }
        self.note_shared_network(account, region, shared);
        for definition in &content.task_definitions {
            self.register_for_customer(account, region, definition.load());
        }
        for service in &content.services {
            let task_definition = self.register_for_customer(account, region, service.definition.load());
            let deployment = self.deployment(&task_definition, Fate::Runs { looks: 0 }).completed();
            let mut stored = StoredService::new(service, task_definition, deployment);
            let deploying_to = match &service.deploying {
                Deploying::Nothing => None,
                Deploying::Briefly | Deploying::Forever => Some(stored.task_definition.clone()),
                Deploying::BrieflyTo(definition) => Some(self.register_for_customer(account, region, definition.load())),
            };
            if let Some(task_definition) = deploying_to {
                let forever = service.deploying == Deploying::Forever;
                let fate = if forever { Fate::Hangs { pending: true } } else { Fate::Runs { looks: 1 } };
                stored.roll_out(self.deployment(&task_definition, fate));
            }
            let place = self.places.entry((account.to_owned(), region.to_owned())).or_default();
            place.add_cluster(service.cluster(), &BTreeMap::new());
            place.services.push(stored);
        }
    }

    /// Returns the ARN of a revision with this content: the family's newest one if it is the same, else a new one.
    pub(crate) fn register_for_customer(&mut self, account: &str, region: &str, definition: Value) -> String {
        let (definition, tags) = self.stored_form(definition);
        let family = definition.get("family").and_then(Value::as_str).unwrap_or_default().to_owned();
        let known = self.revisions(account, region, &family);
        if known.last().is_some_and(|newest| newest.active && newest.definition == definition && newest.tags == tags) {
            return self.task_definition_arn(account, region, &family, known.len());
        }
        let by = format!("arn:{}:sts::{account}:{CUSTOMER}", self.partition);
        self.add_revision(account, region, definition, tags, by)
    }

    /// Takes the tags out of a registration, and fills in ECS's defaults unless the scenario says otherwise.
    pub(super) fn stored_form(&self, registration: Value) -> (Map<String, Value>, Vec<Value>) {
        let mut definition = match registration {
            Value::Object(definition) => definition,
            _ => Map::new(),
        };
        let tags = match definition.shift_remove("tags") {
            Some(Value::Array(tags)) => tags,
            _ => Vec::new(),
        };
        if !self.definitions_verbatim {
            defaults::fill_in(&mut definition);
        }
        (definition, tags)
    }

    /// Adds a revision to its family and returns its ARN.
    pub(super) fn add_revision(
        &mut self,
        account: &str,
        region: &str,
        definition: Map<String, Value>,
        tags: Vec<Value>,
        registered_by: String,
    ) -> String {
        let family = definition.get("family").and_then(Value::as_str).unwrap_or_default().to_owned();
        let registered_at = epoch_seconds(SystemTime::now());
        let revision = Revision { definition, tags, active: true, registered_at, registered_by, deregistered_at: None };
        let place = self.places.entry((account.to_owned(), region.to_owned())).or_default();
        let revisions = place.families.entry(family.clone()).or_default();
        revisions.push(revision);
        let number = revisions.len();
        self.task_definition_arn(account, region, &family, number)
    }

    /// Returns a deployment that is about to begin.
    pub(super) fn deployment(&mut self, task_definition: &str, fate: Fate) -> Deployment {
        let number = self.number();
        let digests = images::digests(self, task_definition);
        Deployment { digests, ..Deployment::new(number, task_definition, fate, epoch_seconds(SystemTime::now())) }
    }

    /// Returns a number that was not returned before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Returns the management account's id.
    pub(crate) fn management(&self) -> &str {
        &self.accounts[0].id
    }

    /// Returns the account that the updater is at home in.
    pub(crate) fn home(&self) -> &str {
        &self.installation.account
    }

    pub(super) fn account(&self, id: &str) -> Option<&scenario::Account> {
        self.accounts.get(*self.account_numbers.get(id)?)
    }

    pub(super) fn place(&self, account: &str, region: &str) -> Option<&Place> {
        self.places.get(&(account.to_owned(), region.to_owned()))
    }

    pub(super) fn place_mut(&mut self, account: &str, region: &str) -> &mut Place {
        self.places.entry((account.to_owned(), region.to_owned())).or_default()
    }

    /// Notes whether a network may be about more than one account, after it has changed.
    pub(super) fn note_shared_network(&mut self, account: &str, region: &str, shared: bool) {
        let key = (region.to_owned(), account.to_owned());
        if shared {
            self.shared_networks.insert(key);
        } else {
            self.shared_networks.remove(&key);
        }
    }

    /// Keeps the body of a registration for whoever asks afterwards.
    pub(super) fn keep_registration(&mut self, body: &Value) {
        if !self.counting_only {
            self.registered.push(body.clone());
        }
    }

    /// Keeps the body of a service update for whoever asks afterwards.
    pub(super) fn keep_update(&mut self, body: &Value) {
        if !self.counting_only {
            self.updates.push(body.clone());
        }
    }

    /// Returns a group of an account's own. It may be kept with another account's VPC, and ids are the same in the default networks
    /// of many accounts.
    pub(super) fn own_group_mut(&mut self, account: &str, region: &str, id: &str) -> Option<&mut SecurityGroup> {
        let here = self.places.iter_mut().filter(|((_, other), _)| other == region);
        let mut holders = here.filter(|((holder, _), place)| {
            let own = |group: &SecurityGroup| group.id == id && group.owner.as_deref().unwrap_or(holder) == account;
            place.network.vpcs.iter().flat_map(|vpc| &vpc.groups).any(own)
        });
        holders.next().and_then(|(_, place)| place.network.group_mut(id))
    }

    pub(super) fn revisions(&self, account: &str, region: &str, family: &str) -> &[Revision] {
        self.place(account, region).and_then(|place| place.families.get(family)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn cluster_arn(&self, account: &str, region: &str, cluster: &str) -> String {
        format!("arn:{}:ecs:{region}:{account}:cluster/{cluster}", self.partition)
    }

    pub(super) fn service_arn(&self, account: &str, region: &str, cluster: &str, service: &str) -> String {
        format!("arn:{}:ecs:{region}:{account}:service/{cluster}/{service}", self.partition)
    }

    /// Returns the full ARN of a secret, whether or not there is one.
    pub(crate) fn secret_arn(&self, account: &str, region: &str, name: &str) -> String {
        format!("arn:{}:secretsmanager:{region}:{account}:secret:{name}{SECRET_SUFFIX}", self.partition)
    }

    pub(super) fn task_definition_arn(&self, account: &str, region: &str, family: &str, revision: usize) -> String {
        format!("arn:{}:ecs:{region}:{account}:task-definition/{family}:{revision}", self.partition)
    }
}

/// Fills in the texts of a secret before it becomes JSON, so that a password may hold any character.
fn filled(value: &Value, fill: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(items) => items.iter().map(|item| filled(item, fill)).collect(),
        Value::Object(fields) => fields.iter().map(|(key, field)| (key.clone(), filled(field, fill))).collect(),
        other => other.clone(),
    }
}
