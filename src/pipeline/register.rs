//! Registers what a file holds, and moves services to it, as a run does: followed until it has won or lost, and taken back if it fails.

use super::desk::Desk;
use super::embed::unchanged;
use super::file::write;
use super::{FileError, say};
use crate::aws::Account;
use crate::events::{Failure, Outcome, RollOut};
use crate::ids::{RegionName, TaskDefinitionArn};
use crate::journey::{HandedIn, hand_in};
use crate::plan::compare::same_but_for_memory;
use crate::plan::defender;
use crate::plan::forms::{Form, Spot};
use crate::plan::task_definition::{Registrable, TaskDefinition};
use crate::run::watch;
use crate::settings::Settings;

/// What is registered.
pub(super) struct NewRevision {
    pub(super) definition: TaskDefinition<Registrable>,
    /// The revision that the file is a description of; it may have been edited since.
    pub(super) described: Option<String>,
}

/// Makes sure that what is asked for can be done with this file, before anything is.
pub(super) fn check(spots: &[Spot], services: &[String]) -> Result<(), FileError> {
    let wrong = |text: &str| Err(FileError::Arguments(text.to_owned()));
    if spots.iter().any(|spot| spot.form == Form::CloudFormation) {
        return wrong("what is in a template is registered by CloudFormation: deploy the template");
    }
    match spots {
        [spot] => match spot.form {
            Form::Containers => wrong("a list of containers cannot be registered: give the whole task definition"),
            Form::Registration if spot.family_made_up => {
                wrong("the task definition says no family, without which ECS registers nothing: add `family`, or give --family")
            }
            _ => match services.iter().find(|name| split(name).is_none()) {
                Some(name) => Err(FileError::Arguments(format!("--update {name}: name the service as CLUSTER/SERVICE"))),
                None => Ok(()),
            },
        },
        _ => wrong("only one task definition can be registered at a time"),
    }
}

fn split(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(cluster, service)| !cluster.is_empty() && !service.is_empty() && !service.contains('/'))
}

/// Registers a definition, prints its ARN, and moves services to it.
pub(super) async fn register(new: NewRevision, desk: &Desk, settings: &Settings, services: &[String]) -> Result<(), FileError> {
    let aws = desk.aws.as_ref().ok_or_else(|| FileError::Arguments("registering needs AWS".to_owned()))?;
    let (account, region) = (aws.own_account(), aws.region.clone());
    let family = new.definition.text("family").unwrap_or_default().to_owned();
    let arn = match already(&new, &account, &region).await {
        Some(arn) => arn,
        None => registered(&new.definition, &account, &region, &family).await?,
    };
    write(None, &format!("{arn}\n"))?;
    let to: TaskDefinitionArn = arn.parse().map_err(|error| FileError::Arguments(format!("{error}")))?;
    let secrets = new.definition.redactor().and(&defender::redactor(&new.definition));
    for name in services {
        let Some((cluster, service)) = split(name) else { continue };
        let handed_in = HandedIn { cluster, service, to: &to, secrets: &secrets, version: desk.today.version.clone() };
        let timeout = settings.roll_outs.timeout;
        let outcome = hand_in(handed_in, &account, &region, (watch(&settings.roll_outs), timeout)).await;
        tell(name, &to, outcome)?;
    }
    Ok(())
}

/// Returns the revision that is exactly this already, in the account and Region where it would be registered.
async fn already(new: &NewRevision, account: &Account, region: &RegionName) -> Option<String> {
    let arn: TaskDefinitionArn = new.described.as_ref()?.parse().ok()?;
    if *arn.account() != account.id || arn.region() != region {
        return None;
    }
    let described = account.ecs_reader(region).task_definition(arn.as_str()).await.ok()?;
    let same = same_but_for_memory(described.registrable().json(), new.definition.json());
    (same && described.is_active()).then(|| arn.to_string())
}

async fn registered(
    definition: &TaskDefinition<Registrable>,
    account: &Account,
    region: &RegionName,
    family: &str,
) -> Result<String, FileError> {
    let failed = |source| FileError::Register { family: family.to_owned(), source };
    let writer = account.ecs_writer(region);
    let writer = writer.ok_or_else(|| FileError::Arguments("nothing may be written".to_owned()))?;
    let protected = definition.protected_by(&unchanged());
    let protected = protected.map_err(|error| FileError::Arguments(error.to_string()))?;
    let arn = writer.register(&protected, None).await.map_err(|error| failed(error.cleaned_by(&definition.redactor())))?;
    Ok(arn.to_string())
}

/// Tells what became of a service.
fn tell(name: &str, to: &TaskDefinitionArn, outcome: Result<Outcome, String>) -> Result<(), FileError> {
    let not_updated =
        |told: String, hint: Option<String>| FileError::NotUpdated { name: name.to_owned(), to: to.short(), told, hint };
    let to_short = to.short();
    match outcome {
        Err(reason) => Err(FileError::NoService { name: name.to_owned(), reason }),
        Ok(Outcome::Protected { roll_out, .. }) => {
            let how = match roll_out {
                RollOut::Done => "runs it now",
                RollOut::NotWatched => "is being moved to it (WAIT is false)",
                RollOut::Going { .. } => "is still being moved to it",
            };
            say(&format!("{name}: {how}, {to_short}"));
            match roll_out {
                RollOut::Going { running, desired, .. } => {
                    let hint = "look at the service's events, or wait longer with WAIT_TIMEOUT".to_owned();
                    Err(not_updated(format!("{running} of {desired} tasks run when WAIT_TIMEOUT was over"), Some(hint)))
                }
                _ => Ok(()),
            }
        }
        Ok(Outcome::UpToDate { .. }) => {
            say(&format!("{name}: it runs {to_short} already"));
            Ok(())
        }
        Ok(Outcome::Failed(Failure { causes, hint, .. })) => Err(not_updated(causes.join(": "), hint)),
        Ok(Outcome::Skipped(reason)) => Err(not_updated(reason.sentence(), Some(crate::plan::explain::after_skipped(&reason)))),
        Ok(Outcome::NotAttempted(why)) => Err(not_updated(why.to_string(), None)),
        Ok(_) => Err(not_updated("ECS does not tell what became of it".to_owned(), None)),
    }
}
