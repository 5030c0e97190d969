//! What the owner of a service can do about how it ended.

use crate::plan::SkipReason;
use crate::plan::fit::Resource;
use crate::plan::memory::{LEFT_ALONE_TAG, SKIP_CONTAINERS_TAG, SKIP_TAG};

/// Returns what can be done about a service that is left alone.
pub fn after_skipped(reason: &SkipReason) -> String {
    match reason {
        SkipReason::NotFargate { .. } => {
            "nothing here: protect its hosts with the Defender for hosts, or move it to Fargate".to_owned()
        }
        SkipReason::ExpressMode => "nothing here: ECS would undo it; an ordinary service can be protected".to_owned(),
        SkipReason::OtherController { .. } => {
            "have what deploys it embed the Defender, or give the service the deployment controller ECS".to_owned()
        }
        SkipReason::Windows => "nothing: there is no Defender for it".to_owned(),
        SkipReason::Arm64 => "run it on X86_64, or try it with ALLOW_ARM64=true".to_owned(),
        SkipReason::OldPlatform { .. } => "set the service's platform version to LATEST, or to 1.4.0".to_owned(),
        SkipReason::NotActive { .. } => "nothing: it is gone, or about to be".to_owned(),
        SkipReason::OptedOut { tagged } => format!("take the tag {SKIP_TAG} off the {tagged}, or set it to false"),
        SkipReason::UpgradesAreOff { .. } => "run with UPGRADE=true".to_owned(),
        SkipReason::DeploymentInProgress => {
            "let the deployment end, or roll it back; the service's events say what it waits for".to_owned()
        }
        SkipReason::TasksMissing { .. } => "mend what keeps its tasks from running; the service's events say it".to_owned(),
        SkipReason::CannotDeploy { .. } => "raise maximumPercent, or lower minimumHealthyPercent".to_owned(),
        SkipReason::RolledBackBefore => format!(
            "find out why, then take the tag {LEFT_ALONE_TAG} off the service; a new revision of its owner's or a newer Defender is \
             tried again by itself"
        ),
        SkipReason::NoFreeAddresses(_) => {
            "free addresses in its subnets, add a larger subnet, or lower minimumHealthyPercent".to_owned()
        }
        SkipReason::Undone => {
            format!("take the tag {LEFT_ALONE_TAG} off the service, or deploy a new revision, to have it protected again")
        }
        SkipReason::NoDefender | SkipReason::NotOurs => "nothing: there is nothing of ours to take out".to_owned(),
        SkipReason::AnotherRun => "undo the run that its revision's tags name, or every run".to_owned(),
        SkipReason::Reverted { .. } => {
            "in the pipeline that puts it back, run `fargate-updater embed TASK_DEFINITION_FILE -o TASK_DEFINITION_FILE`, or have it \
             take the newest revision of its family; or run with REVERTED=reprotect"
                .to_owned()
        }
        SkipReason::TooManyContainers => "do with nine containers, so that the Defender finds room".to_owned(),
        SkipReason::TaskTooSmall { resource: Resource::Cpu, .. } => "give the task more CPU, or its containers less".to_owned(),
        SkipReason::TaskTooSmall { resource: Resource::Memory, .. } => {
            "give the task more memory, or its containers less".to_owned()
        }
        SkipReason::DefinitionTooLarge { .. } => {
            "make the task definition smaller, say with environment files or secrets in the place of variables".to_owned()
        }
        SkipReason::NoExecutionRole { .. } => "name an executionRoleArn in the task definition".to_owned(),
        SkipReason::OtherAgent { .. } => {
            format!("take the other agent out, or leave its container out with the tag {SKIP_CONTAINERS_TAG}")
        }
        SkipReason::UnknownDefender { .. } => {
            "take the Defender's words out of that entry point; the next run embeds it anew".to_owned()
        }
        SkipReason::SecondDefender => "take out all of its Defenders but one".to_owned(),
        SkipReason::ManagedByItsOwner { .. } => "nothing: its owner keeps that Defender up to date".to_owned(),
        SkipReason::NothingToWrap => format!("take a container out of the tag {SKIP_CONTAINERS_TAG}"),
    }
}

/// Returns what can be done about a service that would be changed.
pub fn after_planned() -> String {
    format!("the next run that writes does it; the tag {SKIP_TAG} keeps it as it is")
}
