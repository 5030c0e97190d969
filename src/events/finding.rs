//! What is worth knowing about a service beside how it ended.

use std::fmt;

use crate::plan::addresses::Shortage;
use crate::plan::entrypoint::FoundIn;
use crate::plan::fit::{self, Tight};
use crate::plan::network::Beyond;
use crate::plan::{memory, pin};

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
