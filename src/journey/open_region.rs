//! An account's Region while jobs in it are under way: what reads and changes it, and what its jobs share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use super::look::{Seen, describe_again};
use super::lookout::Lookout;
use super::running::RunningTasks;
use crate::aws::ecs::SERVICES_PER_DESCRIBE;
use crate::aws::{Account, EcsReader, EcsWriter, TaskReader};
use crate::ids::{ClusterArn, RegionName, ServiceArn};
use crate::plan::service::ServiceFacts;

/// An account's Region while jobs in it are under way.
pub struct OpenRegion {
    pub account: Account,
    pub region: RegionName,
    pub reader: EcsReader,
    pub tasks: TaskReader,
    /// What its services run.
    pub running: RunningTasks,
    /// There is none in a run that changes nothing.
    pub writer: Option<EcsWriter>,
    /// The places for roll-outs under way: a fleet does not double its capacity at once.
    pub rollouts: Arc<Semaphore>,
    /// Looks at services whose roll-outs are under way.
    pub lookout: Lookout,
    /// What was seen of services beforehand that are looked at again soon.
    beforehand: Mutex<HashMap<ServiceArn, (Instant, Seen)>>,
    jobs_left: AtomicUsize,
    kept: SyncMutex<Kept>,
}

/// The services of a Region whose jobs are not over, which are kept in memory.
#[derive(Debug, Default)]
struct Kept {
    services: usize,
    /// A place for each of them among those that may be kept; fewer, where a Region has more than may be kept at all.
    places: Option<OwnedSemaphorePermit>,
}

impl OpenRegion {
    /// Opens a Region with so many roll-outs under way at most.
    pub fn new(account: Account, region: RegionName, rollouts: usize) -> Self {
        let ecs = account.ecs(&region);
        Self {
            reader: ecs.reader(),
            writer: ecs.writer(),
            tasks: ecs.task_reader(),
            account,
            region,
            rollouts: Arc::new(Semaphore::new(rollouts)),
            lookout: Lookout::default(),
            running: RunningTasks::default(),
            beforehand: Mutex::default(),
            jobs_left: AtomicUsize::new(0),
            kept: SyncMutex::default(),
        }
    }

    /// So many jobs come, with so many services in all, which have these places.
    pub fn begin(&self, jobs: usize, services: usize, places: Option<OwnedSemaphorePermit>) {
        self.jobs_left.fetch_add(jobs, Ordering::Relaxed);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.services += services;
        match (&mut kept.places, places) {
            (Some(kept), Some(places)) => kept.merge(places),
            (kept, places) => *kept = kept.take().or(places),
        }
    }

    /// A job with so many services is over: their places are for others.
    pub fn end(&self, services: usize) {
        self.jobs_left.fetch_sub(1, Ordering::Relaxed);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.services = kept.services.saturating_sub(services);
        let needed = kept.services;
        if let Some(places) = &mut kept.places {
            drop(places.split(places.num_permits().saturating_sub(needed)));
        }
    }

    /// Returns how many of its jobs are not over: the more there are, the longer is the way through its quotas, and the sooner the next
    /// one should be embedded.
    pub fn jobs_left(&self) -> usize {
        self.jobs_left.load(Ordering::Relaxed)
    }

    /// Looks at services again, and at those that come `next` with them, as far as one call tells of both. Returns since when the oldest
    /// description is known, and what was seen of each service.
    ///
    /// What was seen of the next ones is kept for them as long as it is younger than `young`: a long queue is looked at again in tens
    /// and not one by one.
    pub async fn look_again(
        &self,
        services: Vec<ServiceFacts>,
        next: &[(ClusterArn, ServiceArn)],
        young: Duration,
    ) -> (Instant, Vec<(ServiceFacts, Seen)>) {
        let now = Instant::now();
        let mut beforehand = self.beforehand.lock().await;
        beforehand.retain(|_, (looked, _)| looked.elapsed() < young);
        let (mut looked, mut seen, mut unseen) = (now, Vec::new(), Vec::new());
        for service in services {
            match beforehand.remove(&service.arn) {
                Some((since, found)) => {
                    looked = looked.min(since);
                    seen.push((service, found));
                }
                None => unseen.push(service),
            }
        }
        if unseen.is_empty() {
            return (looked, seen);
        }
        let mut wanted: Vec<_> = unseen.iter().map(|service| (service.cluster.clone(), service.arn.clone())).collect();
        let is_new = |(_, arn): &&(ClusterArn, ServiceArn)| !beforehand.contains_key(arn);
        let room = if young.is_zero() { 0 } else { wanted.len().next_multiple_of(SERVICES_PER_DESCRIBE) - wanted.len() };
        // Those of another cluster would cost another call.
        let same_cluster = |(cluster, _): &&(ClusterArn, ServiceArn)| wanted.first().is_some_and(|(first, _)| cluster == first);
        let with: Vec<_> = next.iter().filter(is_new).filter(same_cluster).take(room).cloned().collect();
        wanted.extend(with);
        let since = Instant::now();
        let mut found = describe_again(&self.reader, &wanted).await;
        seen.extend(unseen.into_iter().map(|service| {
            let now = found.remove(&service.arn).unwrap_or(Seen::Gone);
            (service, now)
        }));
        // What failed is asked again by whoever it is about.
        let known = found.into_iter().filter(|(_, seen)| !matches!(seen, Seen::Failed(_)));
        beforehand.extend(known.map(|(arn, seen)| (arn, (since, seen))));
        (looked.min(since), seen)
    }
}
