//! What walk, run and journey say happened. Everything that tells a person or a machine about a run is a reader of these.
//!
//! Doing and telling are apart: nobody collects outcomes, they go through one bounded channel to one reporter. Every service
//! that is seen ends in exactly one [`Outcome`]; every account, Region and cluster that could not be seen is told in one
//! [`Event::Unseen`]. No text in here holds a secret.

mod closed;
mod counts;
mod finding;
mod outcome;
mod protection;
mod stage;
mod verified;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::ids::{AccountId, ClusterArn, RegionName, ServiceArn, TaskArn, TaskDefinitionArn, VpcId};
use crate::plan::explain::Part;
use crate::plan::network::Opening;
use crate::plan::service::ServiceFacts;
use crate::progress::Progress;

pub use closed::{Closed, KeptOpen};
pub use counts::{Counts, Coverage};
pub use finding::Finding;
pub use outcome::{Outcome, RollOut, Unattempted};
pub use protection::{Carries, Protection, versions};
pub use stage::{Failure, Stage};
pub use verified::{NOT_CONNECTED_HINT, Unverified, Verified};

/// Events that may wait for the reporter before whoever has more to say waits too.
const WAITING_EVENTS: usize = 256;

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// An older run is in progress, in this task, so that this one does nothing.
    AnotherRun { task: TaskArn },
    /// The run has everything it needs and begins.
    Began(Box<Beginning>),
    /// Somebody is asked whether to go on with these settings, each with its name; nothing else is told until there is an answer.
    Asking { settings: Vec<(&'static str, String)> },
    /// A run that takes Defenders out again has everything it needs and begins.
    UndoBegan(Box<UndoBeginning>),
    /// All accounts are known, and what they are called where the organization was asked.
    AccountsListed { in_scope: usize, names: BTreeMap<AccountId, String> },
    /// Something is odd, and the run goes on.
    Warning { text: String },
    /// What would be done about a task definition, in a run that changes nothing.
    Planned(Box<Plan>),
    /// Something was opened in a VPC.
    Opened(Box<Opened>),
    /// Something that was opened in a VPC was closed again, or would be.
    Closed(Box<Closed>),
    /// Something that was opened in a VPC stays open, because something may need it.
    KeptOpen(Box<KeptOpen>),
    /// Why a service ends as it does, told before its outcome because somebody asked.
    Explained(Box<Explanation>),
    /// A service has ended.
    Service(ServiceEnded),
    /// The roll-outs are over, and it is looked whose Defenders are connected: not before so much time has passed.
    Verifying { services: usize, waits: Duration },
    /// It was looked how many of a service's tasks show a connected Defender.
    Verified(Box<Verified>),
    /// Of so many services that cannot be told.
    Unverified { services: usize, why: Unverified },
    /// A part of the organization could not be seen, or was not meant to be.
    Unseen { place: Place, why: Unseen },
    /// A bug of ours ended a part of the run; the rest is brought to an end in good order.
    Bug { text: String },
    /// Somebody asked the run to stop: nothing new is started.
    Stopping { signal: &'static str },
}

/// Where a run begins from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beginning {
    pub run_id: String,
    pub caller: AccountId,
    pub region: RegionName,
    pub console: String,
    pub console_version: String,
    pub defender_version: String,
    /// Where the Defenders will connect to.
    pub ws_address: String,
    /// What is done about networks, in a word and in words.
    pub network: (&'static str, String),
    /// Whether the run changes nothing.
    pub dry_run: bool,
}

/// Where a run begins from that takes Defenders out again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoBeginning {
    pub run_id: String,
    pub caller: AccountId,
    pub region: RegionName,
    /// The run that is undone; all of them, if none is named.
    pub undone_run: Option<String>,
    /// Whether networks stay as they are.
    pub keep_network: bool,
    /// Whether the run changes nothing.
    pub dry_run: bool,
}

/// What would be done about a task definition and the services that run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub account: AccountId,
    pub region: RegionName,
    pub from: TaskDefinitionArn,
    /// The revision of an earlier run that would be used; a new one otherwise.
    pub to: Option<TaskDefinitionArn>,
    /// How the revision would differ, in lines.
    pub changes: Vec<String>,
    /// `cluster/service` of each that would be moved to it.
    pub services: Vec<String>,
    /// What would be opened for them.
    pub openings: Vec<Opening>,
}

/// Something that was opened in a VPC, and stays open: with everything that finds it again, so that it can be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The account that it belongs to.
    pub account: AccountId,
    pub region: RegionName,
    pub vpc: VpcId,
    /// The service that it was opened for first.
    pub service: ServiceId,
    pub opening: Opening,
}

/// A service, with everything that finds it again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServiceId {
    pub account: AccountId,
    pub region: RegionName,
    pub cluster: String,
    pub name: String,
    pub arn: ServiceArn,
    /// What it was to run when it was seen.
    pub task_definition: Option<TaskDefinitionArn>,
}

impl From<&ServiceFacts> for ServiceId {
    fn from(service: &ServiceFacts) -> Self {
        Self {
            account: service.arn.account().clone(),
            region: service.arn.region().clone(),
            cluster: service.cluster.name().to_owned(),
            name: service.arn.name().to_owned(),
            arn: service.arn.clone(),
            task_definition: service.task_definition.clone(),
        }
    }
}

/// A service that has its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEnded {
    pub service: Box<ServiceId>,
    pub outcome: Box<Outcome>,
    /// What is worth knowing beside the outcome.
    pub findings: Vec<Finding>,
}

impl ServiceEnded {
    /// Returns how a service ended of which nothing more is to be told.
    pub fn new(service: impl Into<ServiceId>, outcome: Outcome) -> Self {
        Self { service: Box::new(service.into()), outcome: Box::new(outcome), findings: Vec::new() }
    }
}

/// Why a service ends as it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub ended: ServiceEnded,
    /// What was seen and decided on the way, in its order.
    pub parts: Vec<Part>,
}

/// A part of the organization.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub account: AccountId,
    pub region: Option<RegionName>,
    pub cluster: Option<String>,
}

impl Place {
    pub fn account(account: &AccountId) -> Self {
        Self { account: account.clone(), region: None, cluster: None }
    }

    pub fn region(account: &AccountId, region: &RegionName) -> Self {
        Self { account: account.clone(), region: Some(region.clone()), cluster: None }
    }

    pub fn cluster(cluster: &ClusterArn) -> Self {
        Self {
            account: cluster.account().clone(),
            region: Some(cluster.region().clone()),
            cluster: Some(cluster.name().to_owned()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account {}", self.account)?;
        if let Some(region) = &self.region {
            write!(f, ", {region}")?;
        }
        match &self.cluster {
            Some(cluster) => write!(f, ", cluster {cluster}"),
            None => Ok(()),
        }
    }
}

/// Why a part of the organization was not seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// The account is not `ACTIVE`.
    NotActive {
        state: String,
    },
    /// The account has not enabled the Region.
    NotEnabled,
    /// The organization forbids the Region there.
    DeniedByOrganization,
    Failed(Failure),
    /// The run was stopped before its turn.
    NotAttempted,
}

/// The sending end of the channel to the reporter, and how far the run is, which it looks at.
#[derive(Clone, Debug)]
pub struct Events {
    sender: mpsc::Sender<Event>,
    progress: Arc<Progress>,
}

impl Events {
    /// Returns both ends.
    pub fn channel() -> (Self, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
        (Self { sender, progress: Arc::default() }, receiver)
    }

    /// Says that something happened, and waits while the reporter is behind.
    pub async fn say(&self, event: Event) {
        // The reporter reads until every sender is gone; it cannot be gone before.
        let _ = self.sender.send(event).await;
    }

    /// Returns how far the run is: what is counted and not told.
    pub fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    pub async fn unseen(&self, place: Place, why: Unseen) {
        self.say(Event::Unseen { place, why }).await;
    }
}
