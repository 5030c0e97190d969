//! Registers what a file holds, and moves services to it, as a run does: followed until it has won or lost, and taken back if it fails.

use super::desk::Desk;
use super::file::write;
use super::{FileError, say};
use crate::aws::Account;
use crate::events::{Failure, Outcome, RollOut};
use crate::ids::{Family, RegionName, TaskDefinitionArn};
use crate::journey::{NotMovable, hand_in, named_service};
use crate::plan::compare::same_but_for_memory;
use crate::plan::defender;
use crate::plan::explain::after_skipped;
use crate::plan::forms::{Form, Spot};
use crate::plan::task_definition::{Registrable, TaskDefinition};
use crate::run::{StartError, watch};
use crate::settings::Settings;

/// What is registered.
pub(super) struct NewRevision {
    pub(super) definition: TaskDefinition<Registrable>,
    /// The revision that the file is a description of; it may have been edited since.
    pub(super) described: Option<String>,
}

/// Makes sure that what is asked for can be done with this file, before anything is.
pub(super) fn check(spots: &[Spot], services: &[String], dry_run: bool) -> Result<(), FileError> {
    let wrong = |text: &str| Err(FileError::Arguments(text.to_owned()));
    if dry_run {
        return wrong(
            "DRY_RUN is true, and --register and --update change something: without them nothing but the file is written",
        );
    }
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

/// Registers a definition, prints its ARN, and moves services to it. They are looked at first: nothing is registered for one that cannot be
/// moved. `say_what` says what the definition is, once it is registered.
pub(super) async fn register(
    new: NewRevision,
    desk: &Desk,
    settings: &Settings,
    services: &[String],
    say_what: impl FnOnce(),
) -> Result<(), FileError> {
    let aws = desk.aws.as_ref().ok_or(StartError::NoAws { what: "--register" })?;
    let (account, region) = (aws.own_account(), aws.region.clone());
    let family = Family::from(new.definition.text("family").unwrap_or_default());
    let mut named = Vec::new();
    for name in services {
        let parts = split(name).unwrap_or_default();
        let service = named_service(parts, &family, (&account, &aws.partition, &region)).await;
        named.push((name, service.map_err(|error| not_movable(name, error))?));
    }
    let to = match already(&new, &account, &region).await {
        Some(arn) => arn,
        None => registered(&new.definition, &account, &region, &family).await?,
    };
    write(None, &format!("{to}\n"))?;
    say_what();
    let secrets = new.definition.redactor().and(&defender::redactor(&new.definition));
    let mut named = named.into_iter();
    while let Some((name, service)) = named.next() {
        let follow = (watch(&settings.roll_outs), settings.roll_outs.timeout);
        let outcome = hand_in(service, &to, (desk.today.version.clone(), &secrets), follow).await;
        if let Err(error) = tell(name, &to, outcome) {
            // What failed here may fail there.
            named.for_each(|(name, _)| say(&format!("{name}: it is not moved, since the one before it failed")));
            return Err(error);
        }
    }
    Ok(())
}

fn not_movable(name: &str, error: NotMovable) -> FileError {
    let hint = match &error {
        NotMovable::NotFound(_) => "name it as CLUSTER/SERVICE, in the account and Region of the AWS credentials".to_owned(),
        NotMovable::LeftAlone(reason) => after_skipped(reason),
        NotMovable::OtherFamily { family, .. } => format!("name a service that runs {family}, or move this one yourself"),
    };
    FileError::NotMovable { name: name.to_owned(), source: error, hint }
}

/// Returns the revision that is exactly this already, in the account and Region where it would be registered.
async fn already(new: &NewRevision, account: &Account, region: &RegionName) -> Option<TaskDefinitionArn> {
    let arn: TaskDefinitionArn = new.described.as_ref()?.parse().ok()?;
    if *arn.account() != account.id || arn.region() != region {
        return None;
    }
    let described = account.ecs_reader(region).task_definition(arn.as_str()).await.ok()?;
    let same = same_but_for_memory(described.registrable().json(), new.definition.json());
    (same && described.is_active()).then_some(arn)
}

async fn registered(
    definition: &TaskDefinition<Registrable>,
    account: &Account,
    region: &RegionName,
    family: &Family,
) -> Result<TaskDefinitionArn, FileError> {
    // A command that registers has a writer.
    let writer = account.ecs_writer(region).ok_or(StartError::NoAws { what: "--register" })?;
    let registered = writer.register_again(definition).await;
    registered
        .map_err(|error| FileError::Register { family: family.to_string(), source: error.cleaned_by(&definition.redactor()) })
}

/// Tells what became of a service.
fn tell(name: &str, to: &TaskDefinitionArn, outcome: Outcome) -> Result<(), FileError> {
    let not_updated =
        |told: String, hint: Option<String>| FileError::NotUpdated { name: name.to_owned(), to: to.short(), told, hint };
    let to_short = to.short();
    match outcome {
        Outcome::Protected { roll_out, .. } => {
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
        Outcome::UpToDate { .. } => {
            say(&format!("{name}: it runs {to_short} already"));
            Ok(())
        }
        Outcome::Failed(Failure { causes, hint, .. }) => Err(not_updated(causes.join(": "), hint)),
        Outcome::Skipped(reason) => Err(not_updated(reason.sentence(), Some(after_skipped(&reason)))),
        Outcome::NotAttempted(why) => Err(not_updated(why.to_string(), None)),
        _ => Err(not_updated("ECS does not tell what became of it".to_owned(), None)),
    }
}
