//! A run that takes Defenders out again, and closes what was opened for them where nothing needs it any more.

use std::collections::{BTreeMap, BTreeSet};

use tokio_util::sync::CancellationToken;

use super::scheduler::{Done, Work};
use super::{Start, StartError, ask, rules, until_ready};
use crate::aws::ecs::SERVICES_PER_DESCRIBE;
use crate::aws::{Account, AwsError};
use crate::events::{Event, Events, Failure, Place, Stage, UndoBeginning, Unseen};
use crate::ids::{RegionName, ServiceArn, TaskDefinitionArn};
use crate::network::{CloseError, Closer};
use crate::plan::network::close::{ProtectedService, StillProtected};
use crate::plan::{ServiceFacts, defender};
use crate::report::shown;
use crate::settings::UndoSettings;

pub(super) async fn undo(settings: UndoSettings, events: Events, stop: CancellationToken) -> Result<(), StartError> {
    let ready = async {
        let start = Start::new(&settings.run, events.clone(), stop.clone()).await?;
        if start.is_not_alone(&settings.run).await {
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
    let Some(start) = until_ready(&stop, ready).await? else { return Ok(()) };
    let UndoSettings { scope, roll_outs, run, run_id, keep_network } = settings;
    let rules = rules(&run, &roll_outs, &start.run_id, None, stop.clone());
    let work = Work::Undo { rules, run: run_id.clone() };
    let done = start.walk(work, scope, run, &roll_outs).await?;
    if !keep_network {
        close_networks(&done, run_id.as_deref(), &events, &stop).await;
    }
    Ok(())
}

/// Closes what was opened in the Regions that the run has been through, and tells what it closed, kept and could not close.
async fn close_networks(done: &Done, run: Option<&str>, events: &Events, stop: &CancellationToken) {
    let mut still: BTreeMap<&RegionName, StillProtected> = BTreeMap::new();
    for ((id, region), account) in &done.regions {
        let still = still.entry(region).or_default();
        // Of an account that cannot be looked at whole, everything is kept.
        if let Ok(services) = still_protected(account, region, done).await {
            still.services.extend(services);
            still.looked_at.insert(id.clone());
        }
    }
    let closer = Closer { events: events.clone(), stop: stop.clone() };
    for ((id, region), account) in &done.regions {
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
            events.unseen(Place::region(id, region), why).await;
        }
    }
}

/// Returns every service of an account's Region whose tasks have a Defender, in the run's scope or not.
async fn still_protected(account: &Account, region: &RegionName, done: &Done) -> Result<Vec<ProtectedService>, AwsError> {
    let reader = account.ecs_reader(region);
    let mut services: Vec<ServiceFacts> = Vec::new();
    for cluster in reader.clusters().await? {
        let arns: Vec<ServiceArn> = reader.services(&cluster).await?.into_iter().collect();
        let cluster = cluster.untagged();
        for ten in arns.chunks(SERVICES_PER_DESCRIBE) {
            services.extend(reader.describe(&cluster, ten).await?.services);
        }
    }
    let definitions: BTreeSet<TaskDefinitionArn> =
        services.iter().filter_map(|service| service.task_definition.clone()).collect();
    let mut with_defender = BTreeSet::new();
    for arn in definitions {
        let described = reader.task_definition(arn.as_str()).await?;
        if defender::sidecar_in(&described).is_some() {
            with_defender.insert(arn);
        }
    }
    let has_defender = |service: &&ServiceFacts| {
        let runs = service.task_definition.as_ref().is_some_and(|arn| with_defender.contains(arn));
        (runs && !done.leaving.contains(&service.arn)) || done.lingering.contains(&service.arn)
    };
    let told = services.iter().filter(has_defender).filter_map(|service| {
        let name = format!("{}/{}", service.cluster.name(), service.arn.name());
        Some(ProtectedService { account: account.id.clone(), name, network: service.network.clone()? })
    });
    Ok(told.collect())
}
