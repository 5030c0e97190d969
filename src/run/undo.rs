//! A run that takes Defenders out again, and closes what was opened for them where nothing needs it any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::scheduler::{Done, Work};
use super::{Ended, Start, StartError, ask, rules, until_ready};
use crate::aws::{Account, AwsError, EcsReader};
use crate::events::{Event, Events, Failure, Place, Stage, UndoBeginning, Unseen};
use crate::ids::{AccountId, RegionName, TaskDefinitionArn};
use crate::journey::JourneyError;
use crate::network::{CloseError, Closer};
use crate::plan::network::close::{ProtectedService, StillProtected};
use crate::plan::{ServiceFacts, defender};
use crate::report::shown;
use crate::settings::UndoSettings;

pub(super) async fn undo(settings: UndoSettings, events: Events, stop: CancellationToken) -> Result<Option<Ended>, StartError> {
    let ready = async {
        let start = Start::new(&settings.run, events.clone(), stop.clone()).await?;
        if start.is_not_alone(&settings.run, settings.scope.shard).await {
            return Ok(None);
        }
        let beginning = UndoBeginning {
            run_id: start.run_id.clone(),
            caller: start.aws.account.clone(),
            region: start.aws.region.clone(),
            undone_run: settings.run_id.clone(),
            keep_network: settings.keep_network,
            dry_run: settings.run.dry_run,
        };
        events.say(Event::UndoBegan(Box::new(beginning))).await;
        ask::whether_to_go_on(&settings.run, &events, || shown::undo_settings(&settings)).await?;
        Ok(Some(start))
    };
    let Some(start) = until_ready(&stop, ready).await? else { return Ok(None) };
    let ended = start.when_ended(&settings.run);
    let UndoSettings { scope, roll_outs, run, run_id, keep_network } = settings;
    let rules = rules(&run, &roll_outs, &start.run_id, None, (&events, stop.clone()));
    let work = Work::Undo { rules, run: run_id.clone() };
    let done = start.walk(Arc::new(work), scope, run, &roll_outs).await?;
    let end = End { done: &done, events: &events, stop: &stop };
    let still = end.clear_away(!keep_network).await;
    if !keep_network {
        end.close_networks(&still, run_id.as_deref()).await;
    }
    Ok(Some(ended))
}

/// What is left to do when every service has its outcome.
struct End<'a> {
    done: &'a Done,
    events: &'a Events,
    stop: &'a CancellationToken,
}

impl<'a> End<'a> {
    /// Makes the revisions inactive that services were moved off and nothing runs any more. Returns what has a Defender still, if that
    /// is asked for.
    async fn clear_away(&self, for_networks: bool) -> BTreeMap<&'a RegionName, StillProtected> {
        let mut still: BTreeMap<&RegionName, StillProtected> = BTreeMap::new();
        for (place, account) in &self.done.regions {
            let (id, region) = place;
            let moved_off = self.done.moved_off.get(place);
            let still = still.entry(region).or_default();
            if !for_networks && moved_off.is_none() {
                continue;
            }
            let reader = account.ecs_reader(region);
            let services = match reader.every_service().await {
                Ok(services) => services,
                // Of an account that cannot be looked at whole, everything is kept.
                Err(error) => {
                    for revision in moved_off.into_iter().flatten() {
                        self.tell_left(place, revision, error.clone()).await;
                    }
                    continue;
                }
            };
            let moved_off: Vec<&TaskDefinitionArn> = moved_off.into_iter().flatten().collect();
            // What lies above one that is needed holds newer code, and stays on top of it.
            let is_needed = |revision: &TaskDefinitionArn| services.iter().any(|service| service.needs(revision));
            let stays = |revision: &TaskDefinitionArn| {
                let beneath = |it: &&&TaskDefinitionArn| it.family() == revision.family() && it.revision() <= revision.revision();
                moved_off.iter().filter(beneath).any(|it| is_needed(it))
            };
            for revision in moved_off.iter().filter(|revision| !stays(revision)) {
                self.drop(place, account, revision).await;
            }
            if for_networks && let Ok(protected) = still_protected(&reader, account, self.done, &services).await {
                still.services.extend(protected);
                still.looked_at.insert(id.clone());
            }
        }
        still
    }

    async fn drop(&self, place: &(AccountId, RegionName), account: &Account, revision: &TaskDefinitionArn) {
        // What is left is for the next time: a service that was moved off it says so.
        if self.stop.is_cancelled() {
            return;
        }
        let Some(writer) = account.ecs_writer(&place.1) else { return };
        if let Err(error) = writer.deregister(revision).await {
            self.tell_left(place, revision, error).await;
        }
    }

    async fn tell_left(&self, (id, region): &(AccountId, RegionName), revision: &TaskDefinitionArn, source: AwsError) {
        let error = JourneyError::Deregister { revision: revision.short(), source };
        self.events.unseen(Place::region(id, region), Unseen::Failed(error.failure())).await;
    }

    /// Closes what was opened in the Regions that the run has been through, and tells what it closed, kept and could not close.
    async fn close_networks(&self, still: &BTreeMap<&RegionName, StillProtected>, run: Option<&str>) {
        let closer = Closer { events: self.events.clone(), stop: self.stop.clone() };
        for ((id, region), account) in &self.done.regions {
            let Some(still) = still.get(region) else { continue };
            let failed = match closer.close(account, region, still, run).await {
                Ok(closing) => closing.failed,
                Err(error) => vec![error],
            };
            for error in failed {
                let why = match &error {
                    CloseError::Stopping => Unseen::NotAttempted,
                    error => Unseen::Failed(Failure::new(Stage::Network, error, error.hint())),
                };
                self.events.unseen(Place::region(id, region), why).await;
            }
        }
    }
}

/// Returns those of an account's services in a Region whose tasks have a Defender, in the run's scope or not.
async fn still_protected(
    reader: &EcsReader,
    account: &Account,
    done: &Done,
    services: &[ServiceFacts],
) -> Result<Vec<ProtectedService>, AwsError> {
    let definitions: BTreeSet<&TaskDefinitionArn> = services.iter().flat_map(ServiceFacts::task_definitions).collect();
    let mut with_defender = BTreeSet::new();
    for arn in definitions {
        let described = reader.task_definition(arn.as_str()).await?;
        if defender::sidecar_in(&described).is_some() {
            with_defender.insert(arn);
        }
    }
    let has_defender = |service: &&ServiceFacts| {
        let runs = service.task_definitions().any(|arn| with_defender.contains(arn));
        (runs && !done.leaving.contains(&service.arn)) || done.lingering.contains(&service.arn)
    };
    let told = services.iter().filter(has_defender).filter_map(|service| {
        let name = format!("{}/{}", service.cluster.name(), service.arn.name());
        Some(ProtectedService { account: account.id.clone(), name, network: service.network.clone()? })
    });
    Ok(told.collect())
}
