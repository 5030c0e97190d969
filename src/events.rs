//! What walk, run and journey say happened. Everything that tells a person or a machine about a run is a reader of these.
//!
//! Doing and telling are apart: nobody collects outcomes, they go through one bounded channel to one reporter. Every service
//! that is seen ends in exactly one [`Outcome`]; every account, Region and cluster that could not be seen is told in one
//! [`Event::Unseen`]. No text in here holds a secret.

mod closed;
mod counts;

use std::error::Error;
use std::fmt;

use tokio::sync::mpsc;

use crate::ids::{AccountId, ClusterArn, RegionName, ServiceArn, TaskArn, TaskDefinitionArn, VpcId};
use crate::plan::addresses::Shortage;
use crate::plan::brake::MostFailures;
use crate::plan::entrypoint::FoundIn;
use crate::plan::explain::Part;
use crate::plan::fit::{self, Tight};
use crate::plan::memory;
use crate::plan::network::{Beyond, Opening};
use crate::plan::pin;
use crate::plan::service::ServiceFacts;
use crate::plan::{Outdated, SkipReason};

pub use closed::{Closed, KeptOpen};
pub use counts::Counts;

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
    /// All accounts are known.
    AccountsListed { in_scope: usize },
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
}

impl From<&ServiceFacts> for ServiceId {
    fn from(service: &ServiceFacts) -> Self {
        Self {
            account: service.arn.account().clone(),
            region: service.arn.region().clone(),
            cluster: service.cluster.name().to_owned(),
            name: service.arn.name().to_owned(),
            arn: service.arn.clone(),
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

/// How a service ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was moved to a revision with the Defender.
    Protected {
        from: TaskDefinitionArn,
        to: TaskDefinitionArn,
        roll_out: RollOut,
    },
    /// It was moved to a revision in which today's Defender stands in the place of another.
    Upgraded {
        from: TaskDefinitionArn,
        to: TaskDefinitionArn,
        why: Outdated,
        roll_out: RollOut,
    },
    /// It was moved back to a revision without a Defender.
    Undone {
        from: TaskDefinitionArn,
        to: TaskDefinitionArn,
        roll_out: RollOut,
    },
    /// It would be moved to another revision, in a run that changes nothing.
    Planned {
        from: TaskDefinitionArn,
        /// Why its Defender would be replaced, if it has one.
        why: Option<Outdated>,
    },
    /// It runs today's Defender already.
    UpToDate {
        task_definition: TaskDefinitionArn,
    },
    Skipped(SkipReason),
    Failed(Failure),
    NotAttempted(Unattempted),
}

/// How far the roll-out of a service is that was moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollOut {
    /// Every task runs the new revision.
    Done,
    /// It goes on, and was not watched any longer: it took longer than it may, or the run was stopped.
    Going {
        running: u32,
        desired: u32,
        stopped: bool,
    },
    NotWatched,
}

impl RollOut {
    /// Returns that of a service whose roll-out was not watched any longer because the run was asked to stop.
    pub fn stopped() -> Self {
        Self::Going { running: 0, desired: 0, stopped: true }
    }

    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Going { .. } => "in progress",
            Self::NotWatched => "not watched",
        }
    }
}

impl fmt::Display for RollOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("rolled out"),
            Self::Going { stopped: true, .. } => f.write_str("roll-out still in progress when the run was stopped"),
            Self::Going { running, desired, .. } => {
                write!(f, "roll-out still in progress ({running} of {desired} new tasks run)")
            }
            Self::NotWatched => f.write_str("updated, roll-out not watched"),
        }
    }
}

/// Why a service's turn did not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unattempted {
    /// The run was stopped before its turn.
    Stopped,
    /// One of the first roll-outs, the canaries, failed.
    CanaryFailed,
    /// As many roll-outs failed as `MAX_FAILURES` lets one run have.
    TooManyFailures { most: MostFailures },
    /// As many services were changed before as `MAX_CHANGES` lets one run change.
    MostChanges { most: usize },
}

impl Unattempted {
    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::CanaryFailed => "canary-failed",
            Self::TooManyFailures { .. } => "max-failures",
            Self::MostChanges { .. } => "max-changes",
        }
    }
}

impl fmt::Display for Unattempted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("the run was stopped before its turn"),
            Self::CanaryFailed => f.write_str("one of the first roll-outs failed, and nothing else is started (CANARY)"),
            Self::TooManyFailures { most } => {
                write!(f, "as many roll-outs failed as may, and nothing new is started (MAX_FAILURES {most})")
            }
            Self::MostChanges { most } => {
                write!(f, "it would be changed, and one run changes {most} at most (MAX_CHANGES); the next run goes on")
            }
        }
    }
}

/// What a failure happened in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Getting into AWS: Region, credentials, the caller's identity.
    Access,
    /// Reading the Console's address and credentials.
    Secret,
    /// Reaching the Console, logging in, learning today's Defender.
    Console,
    /// Finding out which accounts there are.
    Accounts,
    /// Stopped before the walk: by a signal, or by whoever was asked whether to go on.
    Interrupted,
    AssumeRole,
    Regions,
    Clusters,
    Services,
    Look,
    EntryPoint,
    Embed,
    Accept,
    /// Whether the new tasks reach the Console, and can pull the Defender's image.
    Network,
    Register,
    Update,
    /// What became of the service's deployment.
    RollOut,
    /// A bug of ours.
    Program,
}

impl Stage {
    /// Every stage, in the order of a run.
    pub const ALL: [Self; 18] = [
        Self::Access,
        Self::Secret,
        Self::Console,
        Self::Accounts,
        Self::Interrupted,
        Self::AssumeRole,
        Self::Regions,
        Self::Clusters,
        Self::Services,
        Self::Look,
        Self::EntryPoint,
        Self::Embed,
        Self::Accept,
        Self::Network,
        Self::Register,
        Self::Update,
        Self::RollOut,
        Self::Program,
    ];

    /// Returns a fixed word for machines.
    pub fn code(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Secret => "secret",
            Self::Console => "console",
            Self::Accounts => "accounts",
            Self::Interrupted => "interrupted",
            Self::AssumeRole => "assume-role",
            Self::Regions => "regions",
            Self::Clusters => "clusters",
            Self::Services => "services",
            Self::Look => "look",
            Self::EntryPoint => "entry-point",
            Self::Embed => "embed",
            Self::Accept => "accept",
            Self::Network => "network",
            Self::Register => "register",
            Self::Update => "update",
            Self::RollOut => "roll-out",
            Self::Program => "program",
        }
    }
}

/// Something that failed: in what, why, and the way out if we know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub stage: Stage,
    /// What was attempted, then what it failed from, down to the first cause.
    pub causes: Vec<String>,
    pub hint: Option<String>,
}

impl Failure {
    /// Takes an error and the errors it came from.
    pub fn new(stage: Stage, error: &(dyn Error + 'static), hint: Option<String>) -> Self {
        let mut causes = vec![error.to_string()];
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { stage, causes, hint }
    }
}

/// Something worth knowing about a service beside its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The revision of an earlier run that did not get to the update was used.
    ReusedRevision,
    /// The Console's answer differed from the customer's definition at these places; the customer's was kept.
    PutBack { places: Vec<String> },
    /// `WAAS_PORT` is given, and no container has port mappings to add it to.
    WaasPortNowhere { port: u16 },
    /// A container did not say its entry point, and it was found elsewhere.
    EntryPointFound { container: String, found_in: FoundIn },
    /// The tag that leaves containers out names one that is not there.
    NoSuchContainer { name: String },
    /// The revision has so many tags of its owner's that not all of ours found room.
    TagsLeftOut,
    /// The roll-out of the revision that it runs, which an earlier run began, is still in progress.
    RollOutInProgress,
    /// Something could not be written on the service that the next run should know.
    NotRemembered { tag: &'static str, why: String },
    /// No task of it runs.
    NoTaskRuns,
    /// Every old task may be stopped before a new one is there.
    Downtime,
    /// Its other containers may take so much of the task's memory that the Defender has too little.
    LittleMemory(Tight),
    /// The tag of a container's image names another image by now than the one that runs: the digests of both.
    NewImage { container: String, image: String, runs: String, named: String },
    /// The same, and the revision names the one that runs.
    PinnedImage { container: String, image: String, runs: String, named: String },
    /// What runs in a container was to be kept (`PIN_IMAGES`), and could not be.
    NotPinned { container: String, image: String, why: String },
    /// Its subnets have fewer addresses than its roll-out would use at once.
    FewAddresses(Shortage),
    /// Whether its tasks reach the Console, or can pull the Defender's image, cannot be seen to the end.
    NetworkUnknown { beyond: Vec<Beyond> },
}

impl Finding {
    /// Returns whether somebody should look: it was done, and may not do.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::NetworkUnknown { .. }
                | Self::Downtime
                | Self::LittleMemory(_)
                | Self::FewAddresses(_)
                | Self::NewImage { .. }
                | Self::NotRemembered { .. }
        )
    }

    /// Returns a fixed word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ReusedRevision => "reused-revision",
            Self::PutBack { .. } => "put-back",
            Self::WaasPortNowhere { .. } => "waas-port-nowhere",
            Self::EntryPointFound { .. } => "entry-point-found",
            Self::NoSuchContainer { .. } => "no-such-container",
            Self::TagsLeftOut => "tags-left-out",
            Self::RollOutInProgress => "roll-out-in-progress",
            Self::NotRemembered { .. } => "not-remembered",
            Self::NoTaskRuns => "no-task-runs",
            Self::Downtime => "downtime",
            Self::LittleMemory(_) => "little-memory",
            Self::NewImage { .. } => "new-image",
            Self::PinnedImage { .. } => "pinned-image",
            Self::NotPinned { .. } => "not-pinned",
            Self::FewAddresses(_) => "few-addresses",
            Self::NetworkUnknown { .. } => "network-unknown",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReusedRevision => f.write_str("the revision that an earlier run registered was used"),
            Self::PutBack { places } => {
                write!(f, "the Console's answer differed at {}; what the task definition had was kept", places.join(", "))
            }
            Self::WaasPortNowhere { port } => {
                write!(f, "WAAS_PORT {port} was added nowhere: no container has port mappings")
            }
            Self::EntryPointFound { container, found_in } => {
                write!(f, "the entry point of container {container} comes from {found_in}")
            }
            Self::NoSuchContainer { name } => {
                write!(f, "{} names {name}, and no container is called that", memory::SKIP_CONTAINERS_TAG)
            }
            Self::TagsLeftOut => f.write_str("tags of ours were left out: there would have been more than 50"),
            Self::RollOutInProgress => f.write_str("the roll-out that an earlier run began is still in progress"),
            Self::NotRemembered { tag, why } => write!(f, "the tag {tag} could not be put on the service: {why}"),
            Self::NoTaskRuns => f.write_str("no task of it runs (desiredCount 0): the Defender comes with the first one"),
            Self::Downtime => f.write_str(
                "its deployment settings stop every task before a new one is there (minimumHealthyPercent 0, maximumPercent 100)",
            ),
            Self::LittleMemory(Tight { left, task }) => write!(
                f,
                "its other containers may leave the Defender {left} of the task's {task} MiB of memory, and it needs {}",
                fit::DEFENDER_MEMORY
            ),
            Self::NewImage { container, image, runs, named } => write!(
                f,
                "the tag of container {container}, {image}, names another image ({}) than the one that runs ({}): the roll-out brings \
                 new application code too",
                pin::short(named),
                pin::short(runs)
            ),
            Self::PinnedImage { container, image, runs, named } => write!(
                f,
                "container {container} keeps the image that runs ({}): its tag, {image}, names another by now ({})",
                pin::short(runs),
                pin::short(named)
            ),
            Self::NotPinned { container, image, why } => {
                write!(f, "container {container} may not keep the image that runs, since {image} could not be pinned: {why}")
            }
            Self::FewAddresses(shortage) => write!(
                f,
                "{}, and ECS would start {} beside those that run: the roll-out takes longer, and nothing else can start there meanwhile",
                shortage.told(),
                shortage.for_tasks()
            ),
            Self::NetworkUnknown { beyond } => {
                let beyond: Vec<String> = beyond.iter().map(ToString::to_string).collect();
                write!(f, "not all of its network can be seen from here: {}", beyond.join("; "))
            }
        }
    }
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

/// The sending end of the channel to the reporter.
#[derive(Clone, Debug)]
pub struct Events(mpsc::Sender<Event>);

impl Events {
    /// Returns both ends.
    pub fn channel() -> (Self, mpsc::Receiver<Event>) {
        let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
        (Self(sender), receiver)
    }

    /// Says that something happened, and waits while the reporter is behind.
    pub async fn say(&self, event: Event) {
        // The reporter reads until every sender is gone; it cannot be gone before.
        let _ = self.0.send(event).await;
    }

    pub async fn unseen(&self, place: Place, why: Unseen) {
        self.say(Event::Unseen { place, why }).await;
    }
}
