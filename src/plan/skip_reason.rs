//! Why a service is left as it is: each reason with a word for machines and a sentence for people.

use super::addresses::Shortage;
use super::fit::{self, Resource};
use super::outdated::Outdated;
use super::rollout::Percents;
use super::{defender, memory};

/// Why a service is left as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// What it runs on instead: `EC2`, `EXTERNAL`, `MANAGED_INSTANCES`, or a capacity provider's name.
    NotFargate {
        runs_on: String,
    },
    ExpressMode,
    /// `CODE_DEPLOY` or `EXTERNAL`.
    OtherController {
        controller: String,
    },
    Windows,
    Arm64,
    OldPlatform {
        version: String,
    },
    NotActive {
        status: String,
    },
    /// The tag that says so, and what carries it.
    OptedOut {
        tagged: &'static str,
    },
    /// What would be mended otherwise.
    UpgradesAreOff {
        outdated: Outdated,
    },
    DeploymentInProgress,
    /// Fewer tasks run than are wanted.
    TasksMissing {
        running: u32,
        desired: u32,
    },
    /// Its deployment settings allow no task more and none less.
    CannotDeploy {
        desired: u32,
        percents: Percents,
    },
    /// Its subnets have no address for a task more.
    NoFreeAddresses(Shortage),
    RolledBackBefore,
    Undone,
    /// There is nothing to undo.
    NoDefender,
    /// Its Defender was put there by somebody else.
    NotOurs,
    /// Its Defender is of another run than the one that is undone.
    AnotherRun,
    /// Its owner puts it back to the very revision that we moved it away from.
    Reverted {
        times: u32,
    },
    TooManyContainers,
    /// What its containers reserve is more than the task has, once the Defender is one of them.
    TaskTooSmall {
        resource: Resource,
        reserved: u64,
        task: u64,
    },
    /// In bytes, with the Defender in it.
    DefinitionTooLarge {
        bytes: usize,
    },
    /// What ECS needs an execution role for.
    NoExecutionRole {
        needed_for: &'static str,
    },
    OtherAgent {
        vendor: String,
    },
    /// A container is wrapped by a Defender, and none can be found.
    UnknownDefender {
        container: String,
    },
    /// More than one container is a Defender.
    SecondDefender,
    /// A variable of the Defender's comes from a secret of theirs.
    ManagedByItsOwner {
        variable: &'static str,
    },
    /// Every container is a log router, or left out by its owner.
    NothingToWrap,
}

/// The command that puts the Defender into what a service's owner deploys, in words that are no file's name.
const AT_THE_SOURCE: &str = "`fargate-updater embed TASK_DEFINITION_FILE -o TASK_DEFINITION_FILE`";

impl SkipReason {
    /// One of each, for the README's chapter on them.
    pub fn examples() -> Vec<Self> {
        let outdated = Outdated::Version { installed: "33.01.137".to_owned(), today: "34.03.138".to_owned() };
        vec![
            Self::NotFargate { runs_on: "EC2".to_owned() },
            Self::ExpressMode,
            Self::OtherController { controller: "CODE_DEPLOY".to_owned() },
            Self::Windows,
            Self::Arm64,
            Self::OldPlatform { version: "1.3.0".to_owned() },
            Self::NotActive { status: "DRAINING".to_owned() },
            Self::OptedOut { tagged: "service" },
            Self::UpgradesAreOff { outdated },
            Self::DeploymentInProgress,
            Self::TasksMissing { running: 1, desired: 3 },
            Self::CannotDeploy { desired: 2, percents: Percents { minimum_healthy: 100, maximum: 100 } },
            Self::NoFreeAddresses(Shortage { subnets: vec!["subnet-0123456789abcdef0".to_owned()], free: 0, tasks: 1 }),
            Self::RolledBackBefore,
            Self::Undone,
            Self::NoDefender,
            Self::NotOurs,
            Self::AnotherRun,
            Self::Reverted { times: 3 },
            Self::TooManyContainers,
            Self::TaskTooSmall { resource: Resource::Memory, reserved: 768, task: 512 },
            Self::DefinitionTooLarge { bytes: 66_420 },
            Self::NoExecutionRole { needed_for: fit::ECR },
            Self::OtherAgent { vendor: "Sysdig".to_owned() },
            Self::UnknownDefender { container: "web".to_owned() },
            Self::SecondDefender,
            Self::ManagedByItsOwner { variable: defender::INSTALL_BUNDLE },
            Self::NothingToWrap,
        ]
    }

    /// Returns the reason for a service that was deleted while the run went on.
    pub fn gone() -> Self {
        Self::NotActive { status: "gone".to_owned() }
    }

    /// Returns a fixed word for machines and for counting: `not-fargate`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFargate { .. } => "not-fargate",
            Self::ExpressMode => "express-mode",
            Self::OtherController { .. } => "other-deployment-controller",
            Self::Windows => "windows",
            Self::Arm64 => "arm64",
            Self::OldPlatform { .. } => "old-platform-version",
            Self::NotActive { .. } => "not-active",
            Self::OptedOut { .. } => "opted-out",
            Self::UpgradesAreOff { .. } => "upgrades-are-off",
            Self::DeploymentInProgress => "deployment-in-progress",
            Self::TasksMissing { .. } => "tasks-missing",
            Self::CannotDeploy { .. } => "cannot-deploy",
            Self::NoFreeAddresses(_) => "no-free-addresses",
            Self::RolledBackBefore => "rolled-back-before",
            Self::Reverted { .. } => "reverted",
            Self::Undone => "undone",
            Self::NoDefender => "no-defender",
            Self::NotOurs => "not-ours",
            Self::AnotherRun => "another-run",
            Self::TooManyContainers => "ten-containers",
            Self::TaskTooSmall { .. } => "task-too-small",
            Self::DefinitionTooLarge { .. } => "definition-too-large",
            Self::NoExecutionRole { .. } => "no-execution-role",
            Self::OtherAgent { .. } => "other-agent",
            Self::UnknownDefender { .. } => "unknown-defender",
            Self::SecondDefender => "second-defender",
            Self::ManagedByItsOwner { .. } => "managed-by-its-owner",
            Self::NothingToWrap => "nothing-to-wrap",
        }
    }

    /// Returns the sentence for people, without a full stop.
    pub fn sentence(&self) -> String {
        match self {
            Self::NotFargate { runs_on } => format!("it runs on {runs_on}, not on Fargate; other Defenders protect those hosts"),
            Self::ExpressMode => {
                "it is an Express Mode service: ECS writes its task definition, and an update from outside would be undone".into()
            }
            Self::OtherController { controller } => {
                format!("its deployment controller is {controller}, which does not take a task definition from UpdateService")
            }
            Self::Windows => "its tasks run Windows, for which the vendor has no App-Embedded Defender".into(),
            Self::Arm64 => "its tasks run on ARM64, which the vendor does not list; ALLOW_ARM64=true embeds all the same".into(),
            Self::OldPlatform { version } => {
                format!("its platform version is {version}, and the Defender needs 1.4.0 or later (SYS_PTRACE)")
            }
            Self::NotActive { status } => format!("the service is {status}, not ACTIVE"),
            Self::OptedOut { tagged } => format!("the tag {} on the {tagged} says so", memory::SKIP_TAG),
            Self::UpgradesAreOff { outdated } => format!("{}, and UPGRADE is false", outdated.sentence()),
            Self::DeploymentInProgress => "its owner's deployment is still in progress; the next run comes back to it".into(),
            Self::TasksMissing { running, desired } => format!(
                "{running} of {desired} tasks run, so that a roll-out could not be told from what ails it; the next run comes back to it"
            ),
            Self::CannotDeploy { desired, percents: Percents { minimum_healthy, maximum } } => {
                let none = if *desired == 1 { "stop its only one".to_owned() } else { format!("stop one of its {desired}") };
                format!(
                    "minimumHealthyPercent {minimum_healthy} and maximumPercent {maximum} let ECS neither start a task nor {none}, so \
                     that no deployment of it would end"
                )
            }
            Self::Reverted { times } => {
                let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
                format!(
                    "reverted by its owner: it was protected {times}, and put back to this very revision; put the Defender into the \
                     file that its owner deploys ({AT_THE_SOURCE}), or set REVERTED=reprotect"
                )
            }
            Self::NoFreeAddresses(shortage) => {
                format!("{}, and its deployment has to start {} before it may stop one", shortage.told(), shortage.for_tasks())
            }
            Self::RolledBackBefore => {
                format!("this was rolled back before (tag {} on the service)", memory::LEFT_ALONE_TAG)
            }
            Self::NoDefender => "it carries no Defender, so that there is nothing to undo".into(),
            Self::NotOurs => "its Defender was put there by somebody else, and is theirs to take out".into(),
            Self::AnotherRun => "its Defender is of another run than RUN_ID names".into(),
            Self::Undone => format!("its protection was undone (tag {} on the service)", memory::LEFT_ALONE_TAG),
            Self::TooManyContainers => "its task definition has ten containers already, as many as ECS allows".into(),
            Self::TaskTooSmall { resource, reserved, task } => {
                format!("with the Defender's its containers reserve {reserved} {resource}, and the task has {task}")
            }
            Self::DefinitionTooLarge { bytes } => {
                format!("with the Defender its task definition has {bytes} bytes, and ECS takes {}", fit::MOST_BYTES)
            }
            Self::NoExecutionRole { needed_for } => {
                format!("its task definition names no execution role, and the Defender's container needs one for {needed_for}")
            }
            Self::OtherAgent { vendor } => format!("its entry point is wrapped by another agent ({vendor})"),
            Self::UnknownDefender { container } => {
                format!("container {container} is wrapped by a Defender, but none of the containers can be told to be it")
            }
            Self::SecondDefender => {
                "more than one of its containers is a Defender, and nobody can tell which is ours to replace".into()
            }
            Self::ManagedByItsOwner { variable } => {
                format!("its owner manages this Defender, whose {variable} comes from a secret of theirs")
            }
            Self::NothingToWrap => {
                format!("each of its containers is a log router or left out by the tag {}", memory::SKIP_CONTAINERS_TAG)
            }
        }
    }
}
