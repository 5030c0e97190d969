//! What a simulated world starts as: accounts, Regions, networks, clusters, services and what is wrong with them, as plain data.
//!
//! The builder methods take and give back `self`, so that a scenario reads like the story it stands for; the same data can be read
//! from a JSON file, where everything left out has its default. Nothing in here runs: [`Org::start`] makes a [`crate::World`] of it.

mod account;
mod bucket;
mod definition;
pub mod network;
mod service;
pub mod stack;
mod task;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use account::{Account, Cluster, Region};
pub use bucket::Bucket;
pub use definition::Definition;
pub use service::{CapacityProvider, Deploying, Service, TaskNetwork};
use stack::Stack;
pub use task::UpdaterTask;

use crate::{Console, Fault, FaultRule, Registry};

/// The name of the secret that holds the Console's address and credentials, unless [`Org::without_secret`] took it away.
pub const CONSOLE_SECRET: &str = "fargate-updater/console";

/// What a secret's value says where the Console's address belongs: the port is known only once the world runs.
pub const CONSOLE_URL: &str = "{console url}";

/// What a secret's value says where the simulated Console's user belongs.
pub const CONSOLE_USER: &str = "{console user}";

/// What a secret's value says where the simulated Console's password belongs.
pub const CONSOLE_PASSWORD: &str = "{console password}";

/// The root every organizational unit hangs from.
pub const ROOT: &str = "r-ab12";

/// An AWS Organization, the Console and the image registries beside it, and how all of them misbehave.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Org {
    pub partition: String,
    /// The Region the caller works in, and the only one an account has enabled until others are named.
    pub home_region: String,
    pub management: Account,
    /// The other accounts, in the order `ListAccounts` tells them.
    pub accounts: Vec<Account>,
    pub units: Vec<Unit>,
    pub console: Console,
    /// Those with something in them or with a way in of their own; every other one is there as well, and empty.
    pub registries: Vec<Registry>,
    /// Those of the account that the updater is at home in, in its home Region.
    pub secrets: Vec<Secret>,
    /// Those of the same account, in any Region.
    pub buckets: Vec<Bucket>,
    /// Tasks of the program itself: in the same account and Region.
    pub updater_tasks: Vec<UpdaterTask>,
    /// The stack of the project's template that gives the organization its roles.
    pub stack: Stack,
    /// Whether the policies of roles are not looked at: the world's caller and every role that it assumes may do everything.
    pub without_policies: bool,
    /// IAM actions the world's caller is denied, beside what its role does not allow.
    pub denied: Vec<String>,
    /// The longest an assumed role's credentials are said to last, in seconds; `None` stands for as long as was asked.
    pub session_seconds: Option<u64>,
    pub latency_milliseconds: u64,
    pub faults: Vec<FaultRule>,
    /// Whether task definitions are kept exactly as registered instead of with the defaults ECS fills in.
    pub definitions_verbatim: bool,
    /// Images whose program ends soon after it was started.
    pub failing_images: Vec<FailingImage>,
    /// Whether tasks tell the digest of their platform's image, and not that of the index that their tag names.
    pub platform_digests: bool,
    /// Whether AWS throttles, with the buckets that it publishes.
    pub throttling: bool,
    /// At which look a deployment of tasks that run is complete.
    pub roll_out_looks: u32,
    /// Whether no bodies of requests are kept, and calls are counted by their operation only.
    pub counting_only: bool,
    /// Whether `ListAccounts` tells no empty page in between.
    pub without_empty_pages: bool,
}

/// An image whose program ends soon after it was started.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailingImage {
    /// As task definitions name it.
    pub name: String,
    pub exit_code: i64,
    /// Whether it ends only when it is started by a Defender, as a program that cannot be traced does.
    pub behind_defender_only: bool,
}

/// An organizational unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    pub id: String,
    /// Another unit's id, or [`ROOT`].
    pub parent: String,
    #[serde(default)]
    pub accounts: Vec<String>,
}

/// A secret.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    pub name: String,
    /// A text is served as it is, anything else as its JSON; [`CONSOLE_URL`] in it is filled in.
    pub value: Value,
    /// Whether it is served as `SecretBinary`.
    #[serde(default)]
    pub binary: bool,
    /// Whether it is encrypted with a key of its own, which whoever reads it has to be allowed to use.
    #[serde(default)]
    pub own_key: bool,
}

impl Default for Org {
    fn default() -> Self {
        let value = json!({ "PCC_URL": CONSOLE_URL, "PCC_USER": CONSOLE_USER, "PCC_PASS": CONSOLE_PASSWORD });
        Self {
            partition: "aws".to_owned(),
            home_region: "us-east-1".to_owned(),
            management: Account::new("123456789012").name("management"),
            accounts: Vec::new(),
            units: Vec::new(),
            console: Console::default(),
            registries: Vec::new(),
            secrets: vec![Secret { name: CONSOLE_SECRET.to_owned(), value, binary: false, own_key: false }],
            buckets: Vec::new(),
            updater_tasks: Vec::new(),
            stack: Stack::default(),
            without_policies: false,
            denied: Vec::new(),
            session_seconds: None,
            latency_milliseconds: 0,
            faults: Vec::new(),
            definitions_verbatim: false,
            failing_images: Vec::new(),
            platform_digests: false,
            throttling: false,
            roll_out_looks: 1,
            counting_only: false,
            without_empty_pages: false,
        }
    }
}

impl Org {
    /// Returns an organization of one account without services: the management account 123456789012, at home in us-east-1.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves everything to another partition, and the home Region to that partition's first one unless another was chosen before.
    pub fn partition(mut self, partition: &str) -> Self {
        if self.home_region == "us-east-1" {
            match partition {
                "aws-us-gov" => self.home_region = "us-gov-west-1".to_owned(),
                "aws-cn" => self.home_region = "cn-north-1".to_owned(),
                _ => {}
            }
        }
        self.partition = partition.to_owned();
        self
    }

    pub fn home_region(mut self, region: &str) -> Self {
        self.home_region = region.to_owned();
        self
    }

    /// Adds an account; `ListAccounts` tells them in this order.
    pub fn account(mut self, id: &str, edit: impl FnOnce(Account) -> Account) -> Self {
        self.accounts.push(edit(Account::new(id)));
        self
    }

    /// Edits the management account, which otherwise has the member role and no services.
    pub fn management(mut self, edit: impl FnOnce(Account) -> Account) -> Self {
        self.management = edit(self.management);
        self
    }

    /// Adds an organizational unit below another or below [`ROOT`]; accounts in no unit are directly below the root.
    pub fn unit(mut self, id: &str, parent: &str, accounts: &[&str]) -> Self {
        let accounts = accounts.iter().map(|account| (*account).to_owned()).collect();
        self.units.push(Unit { id: id.to_owned(), parent: parent.to_owned(), accounts });
        self
    }

    pub fn console(mut self, edit: impl FnOnce(Console) -> Console) -> Self {
        self.console = edit(self.console);
        self
    }

    /// Adds a secret, or replaces the one of this name.
    ///
    /// A text is served as it is and any other value as its JSON, with [`CONSOLE_URL`], [`CONSOLE_USER`] and [`CONSOLE_PASSWORD`]
    /// filled in.
    pub fn secret(self, name: &str, value: impl Into<Value>) -> Self {
        self.put_secret(Secret { name: name.to_owned(), value: value.into(), binary: false, own_key: false })
    }

    /// Adds a secret that is served as `SecretBinary`.
    pub fn binary_secret(self, name: &str, value: impl Into<Value>) -> Self {
        self.put_secret(Secret { name: name.to_owned(), value: value.into(), binary: true, own_key: false })
    }

    /// Encrypts the secrets that are in home Regions by now with keys of their own.
    pub fn secrets_with_own_keys(mut self) -> Self {
        let accounts = std::iter::once(&mut self.management).chain(&mut self.accounts);
        let everywhere = accounts.flat_map(|account| &mut account.home.secrets).chain(&mut self.secrets);
        everywhere.for_each(|secret| secret.own_key = true);
        self
    }

    fn put_secret(mut self, secret: Secret) -> Self {
        self.secrets.retain(|other| other.name != secret.name);
        self.secrets.push(secret);
        self
    }

    /// Removes [`CONSOLE_SECRET`].
    pub fn without_secret(mut self) -> Self {
        self.secrets.retain(|secret| secret.name != CONSOLE_SECRET);
        self
    }

    /// Adds a bucket of the account that the updater is at home in.
    pub fn bucket(mut self, name: &str, edit: impl FnOnce(Bucket) -> Bucket) -> Self {
        self.buckets.push(edit(Bucket::new(name)));
        self
    }

    /// Adds a task of the program itself; [`crate::World::task_metadata`] is where it learns that it is that one.
    pub fn updater_task(mut self, id: &str, edit: impl FnOnce(UpdaterTask) -> UpdaterTask) -> Self {
        self.updater_tasks.push(edit(UpdaterTask::new(id)));
        self
    }

    /// Edits the stack that the organization's roles come from.
    pub fn stack(mut self, edit: impl FnOnce(Stack) -> Stack) -> Self {
        self.stack = edit(self.stack);
        self
    }

    /// Lets the world's caller and every role that it assumes do everything, for what is not about permissions.
    pub fn without_policies(mut self) -> Self {
        self.without_policies = true;
        self
    }

    /// Denies the world's caller an IAM action, such as `organizations:ListAccounts`.
    pub fn deny(mut self, action: &str) -> Self {
        self.denied.push(action.to_owned());
        self
    }

    /// Ends the sessions of assumed roles after this long, however long was asked for; counted in whole seconds.
    pub fn sessions_of(mut self, at_most: Duration) -> Self {
        self.session_seconds = Some(at_most.as_secs());
        self
    }

    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency_milliseconds = latency.as_millis().try_into().unwrap_or(u64::MAX);
        self
    }

    /// Throttles as AWS does where it says how: with one token bucket for each account, Region and category of operations.
    pub fn throttled_as_aws_throttles(mut self) -> Self {
        self.throttling = true;
        self
    }

    /// Completes deployments whose tasks run at this look; without it, and with 1, at the first one. A look may stand for any time.
    pub fn roll_outs_take(mut self, looks: u32) -> Self {
        self.roll_out_looks = looks;
        self
    }

    /// Keeps nothing that grows with the calls: no bodies of requests, and counts by operation only. For worlds of many services.
    pub fn counting_only(mut self) -> Self {
        self.counting_only = true;
        self
    }

    /// Tells accounts without the empty page that Organizations may tell in between.
    pub fn without_empty_pages(mut self) -> Self {
        self.without_empty_pages = true;
        self
    }

    pub fn fault(mut self, rule: FaultRule) -> Self {
        self.faults.push(rule);
        self
    }

    /// Makes the n-th call of an operation fail, counted from 1 over all accounts and Regions.
    pub fn fault_at(self, operation: &str, n: u64, fault: Fault) -> Self {
        self.fault(FaultRule { operation: operation.to_owned(), account: None, region: None, from: n, to: Some(n), fault })
    }

    /// Keeps task definitions exactly as registered, without the defaults ECS fills in.
    pub fn stores_definitions_verbatim(mut self) -> Self {
        self.definitions_verbatim = true;
        self
    }

    /// Has the program of an image end as soon as a Defender starts it; without one it runs.
    pub fn image_fails_behind_defender(self, name: &str, exit_code: i64) -> Self {
        self.failing_image(FailingImage { name: name.to_owned(), exit_code, behind_defender_only: true })
    }

    /// Has the program of an image end soon after it was started, whoever starts it.
    pub fn image_fails(self, name: &str, exit_code: i64) -> Self {
        self.failing_image(FailingImage { name: name.to_owned(), exit_code, behind_defender_only: false })
    }

    fn failing_image(mut self, image: FailingImage) -> Self {
        self.failing_images.push(image);
        self
    }

    /// Returns all accounts in the order `ListAccounts` tells them: the management account first.
    pub fn every_account(&self) -> impl Iterator<Item = &Account> {
        std::iter::once(&self.management).chain(&self.accounts)
    }
}
