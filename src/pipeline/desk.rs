//! What commands on files work with: the Console, image registries, and AWS where it is needed or at hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::FileError;
use crate::aws::{Account, Aws, Calls, connections};
use crate::console::{Console, Waiting};
use crate::ids::{AccountId, IdError, RegionName, TaskDefinitionArn};
use crate::journey::{Maker, Mirrors, Place, mirrors};
use crate::plan::Policy;
use crate::plan::defender::DefenderToday;
use crate::plan::entrypoint::{Selection, silent};
use crate::plan::forms::Spot;
use crate::plan::image::EcrRegistry;
use crate::plan::task_definition::{Registrable, TaskDefinition};
use crate::plan::template::Template;
use crate::progress::Progress;
use crate::registry::{Images, Reading};
use crate::run::reach::{self, Reached};
use crate::run::{StartError, member_role};
use crate::settings::{ConsoleAccess, Settings};

/// What a command needs AWS for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aim {
    /// Nothing: no image is looked at.
    Nothing,
    /// What the definitions themselves ask for.
    Files,
    /// It reads a task definition.
    Read,
    /// It registers one.
    Write,
}

/// What a command on files works with.
pub(super) struct Desk {
    pub(super) console: Console,
    /// The Console's address, without what is secret in it.
    pub(super) url: String,
    pub(super) today: DefenderToday,
    pub(super) policy: Policy,
    pub(super) mirrors: Mirrors,
    pub(super) aws: Option<Aws>,
    images: Images,
    account: AccountId,
    region: RegionName,
    own: Option<Account>,
}

impl Desk {
    /// Gets ready: reaches AWS as far as it is needed, then the Console.
    pub(super) async fn open(settings: &Settings, aim: Aim, spots: &[&Spot]) -> Result<Self, FileError> {
        let (progress, stop) = (Arc::new(Progress::default()), CancellationToken::new());
        let aws = aws(settings, aim, spots, &progress, &stop).await?;
        let (account, region) = match &aws {
            Some(aws) => (aws.account.clone(), aws.region.clone()),
            None => nowhere()?,
        };
        let access = reach::access(&settings.console, aws.as_ref()).await?;
        let waiting = Waiting { first_wait: settings.run.first_wait, runs: 1, progress, stop: stop.clone() };
        let place = (&account, &region);
        let reached = reach::reach(&settings.console, &settings.run.registries, &settings.policy, access, place, waiting).await?;
        let Reached { url, console, today, logins, .. } = reached;
        let at = settings.run.registries_at.clone();
        let images = Images::new(Reading { logins, at, first_wait: settings.run.first_wait, stop });
        let (policy, mirrors, own) = (settings.policy.clone(), mirrors(), aws.as_ref().map(Aws::own_account));
        Ok(Self { console, url, today, policy, mirrors, aws, images, account, region, own })
    }

    /// Reads a task definition by its ARN: with the caller's own credentials in the caller's own account, elsewhere with the member role.
    /// From then on, images are read, and named, as in that account and Region.
    pub(super) async fn describe(
        &mut self,
        arn: &TaskDefinitionArn,
        settings: &Settings,
    ) -> Result<TaskDefinition<Registrable>, FileError> {
        let failed = |source| FileError::Describe { name: arn.to_string(), source };
        let aws = self.aws.as_ref().ok_or(StartError::NoAws { what: "a task definition's ARN" })?;
        let account = if *arn.account() == aws.account {
            aws.own_account()
        } else {
            let role = member_role(&settings.run, "inspect");
            aws.assume(arn.account(), &role).await.map_err(failed)?
        };
        let described = account.ecs_reader(arn.region()).task_definition(arn.as_str()).await.map_err(failed)?;
        (self.account, self.region, self.own) = (arn.account().clone(), arn.region().clone(), Some(account));
        Ok(described.registrable())
    }

    /// Returns what definitions are made with.
    pub(super) fn maker(&self) -> Maker<'_> {
        let place = Place { account: self.own.as_ref(), id: &self.account, region: &self.region };
        Maker::new((&self.console, &self.images), (&self.today, &self.policy), place)
    }
}

/// Stands for an account and a Region where none is known: nothing is filled in with them then.
fn nowhere() -> Result<(AccountId, RegionName), FileError> {
    let none = |error: IdError| FileError::Arguments(error.to_string());
    Ok(("000000000000".parse().map_err(none)?, "us-east-1".parse().map_err(none)?))
}

/// Gets into AWS where something cannot do without, or might do better with it.
async fn aws(
    settings: &Settings,
    aim: Aim,
    spots: &[&Spot],
    progress: &Arc<Progress>,
    stop: &CancellationToken,
) -> Result<Option<Aws>, FileError> {
    let policy = &settings.policy;
    let with_place = [&policy.defender_image, &policy.defender_image_pull_secret];
    let is_filled_in = with_place.into_iter().flatten().any(Template::names_place);
    let by_secret = matches!(settings.console.access, ConsoleAccess::Secret(_));
    let needed = aim > Aim::Files || by_secret || is_filled_in;
    let from_aws = |spot: &&Spot| {
        let silent = silent(&spot.definition, &Selection::of(&spot.definition, &BTreeSet::new()));
        silent.iter().any(|silent| EcrRegistry::of(&silent.image).is_some() || silent.pull_secret.is_some())
    };
    let is_asked_for = aim == Aim::Files && spots.iter().any(from_aws);
    if !needed && !is_asked_for {
        return Ok(None);
    }
    let speed = &settings.run.speed;
    let share = connections::share(speed.concurrency);
    let calls = (speed.pace, speed.quota_scale);
    let calls = Calls::new(share.in_flight, calls, settings.run.first_wait, Arc::clone(progress), stop.clone());
    match Aws::start(calls, share, aim == Aim::Write).await {
        Ok(aws) => Ok(Some(aws)),
        Err(error) if needed => Err(FileError::Access(error)),
        // The Console may know what the images start.
        Err(_) => Ok(None),
    }
}
