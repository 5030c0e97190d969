//! One account's Region: its clusters, their services, and the jobs they make.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use tokio::sync::OwnedSemaphorePermit;

use super::Walk;
use super::error::WalkError;
use crate::aws::ecs::{Cluster, MISSING, SERVICES_PER_DESCRIBE};
use crate::events::{Place, Unseen};
use crate::ids::{ClusterArn, ServiceArn, TaskDefinitionArn};
use crate::journey::{Job, OpenRegion};
use crate::plan::memory;
use crate::plan::scope::OneService;
use crate::plan::service::ServiceFacts;

impl Walk {
    /// Walks a Region, and keeps its place until its services are known and may be kept.
    pub(super) async fn region(self: Arc<Self>, open: OpenRegion, _place: OwnedSemaphorePermit) {
        let open = Arc::new(open);
        self.look_through(&open).await;
        self.events.progress().regions.done.add(1);
    }

    /// Finds the services of a Region, and hands them over.
    async fn look_through(&self, open: &Arc<OpenRegion>) {
        let clusters = match self.clusters(open).await {
            Ok(clusters) => clusters,
            Err(error) => {
                let why = if self.is_not_enabled(open, &error).await { Unseen::NotEnabled } else { self.why(&error) };
                return self.events.unseen(Place::region(&open.account.id, &open.region), why).await;
            }
        };
        let looked = Instant::now();
        let found = join_all(clusters.iter().map(|cluster| self.cluster(open, cluster))).await;
        self.hand_over(open, found.into_iter().flatten().collect(), looked, false).await;
    }

    /// Returns whether a Region that the settings name failed because the account has not enabled it.
    ///
    /// ECS answers there as it answers to credentials that nobody knows, so that the account is asked.
    async fn is_not_enabled(&self, open: &OpenRegion, error: &WalkError) -> bool {
        let named = self.scope.named_regions(&open.account.id).is_some();
        if !(named && error.may_be_not_enabled()) {
            return false;
        }
        let enabled = open.account.enabled_regions().await;
        enabled.is_ok_and(|enabled| !enabled.contains(&open.region))
    }

    async fn clusters(&self, open: &OpenRegion) -> Result<Vec<Cluster>, WalkError> {
        let named = self.scope.named_clusters(&open.account.id, &open.region);
        let listed = match &named {
            Some(clusters) => clusters.clone(),
            None => {
                let listed = open.reader.clusters().await.map_err(|source| WalkError::Clusters { source })?;
                listed.into_iter().collect()
            }
        };
        if listed.is_empty() {
            return Ok(Vec::new());
        }
        let described = open.reader.describe_clusters(&listed).await.map_err(|source| WalkError::ClusterTags { source })?;
        for arn in listed.iter().filter(|arn| !described.clusters.iter().any(|cluster| cluster.arn == **arn)) {
            let reason = described.failures.iter().find(|(failed, _)| failed == arn.as_str()).map(|(_, reason)| reason.as_str());
            let error = match (reason.unwrap_or(MISSING), &named) {
                (MISSING, Some(_)) if self.scope.service.is_some() => WalkError::NoClusterOfService,
                (MISSING, Some(_)) => WalkError::NoSuchCluster,
                // It was deleted between two calls.
                (MISSING, None) => continue,
                (reason, _) => WalkError::NotDescribed { arn: arn.to_string(), reason: reason.to_owned() },
            };
            self.events.unseen(Place::cluster(arn), self.why(&error)).await;
        }
        Ok(described.clusters)
    }

    async fn cluster(&self, open: &OpenRegion, cluster: &Cluster) -> Vec<ServiceFacts> {
        if let Some(OneService { arn, .. }) = &self.scope.service {
            return self.described(open, cluster, vec![arn.clone()]).await;
        }
        match open.reader.services(&cluster.arn).await {
            Ok(services) => self.described(open, cluster, services.into_iter().collect()).await,
            Err(source) => {
                self.cluster_unseen(&cluster.arn, &WalkError::Services { source }).await;
                Vec::new()
            }
        }
    }

    /// Describes services by ten; what fails is told, and the rest goes on.
    async fn described(&self, open: &OpenRegion, cluster: &Cluster, services: Vec<ServiceArn>) -> Vec<ServiceFacts> {
        let tens = services.chunks(SERVICES_PER_DESCRIBE).map(|ten| open.reader.describe(cluster, ten));
        let mut found = Vec::with_capacity(services.len());
        for described in join_all(tens).await {
            match described {
                Ok(described) => {
                    found.extend(described.services);
                    // A service that was deleted between two calls is gone, and nobody misses it.
                    for (arn, reason) in described.failures {
                        let error = match (reason == MISSING, &self.scope.service) {
                            (true, None) => continue,
                            (true, Some(service)) => WalkError::NoSuchService { name: service.arn.name().to_owned() },
                            (false, _) => WalkError::NotDescribed { arn, reason },
                        };
                        self.cluster_unseen(&cluster.arn, &error).await;
                    }
                }
                Err(source) => self.cluster_unseen(&cluster.arn, &WalkError::Describe { source }).await,
            }
        }
        found
    }

    async fn cluster_unseen(&self, cluster: &ClusterArn, error: &WalkError) {
        self.events.unseen(Place::cluster(cluster), self.why(error)).await;
    }

    /// Hands services over as jobs: one for each task definition, however many services run it, as long as they leave out the same
    /// containers.
    pub(super) async fn hand_over(&self, open: &Arc<OpenRegion>, services: Vec<ServiceFacts>, looked: Instant, last_look: bool) {
        if services.is_empty() {
            return;
        }
        let places = self.room_for(services.len()).await;
        open.running.expect(&services);
        let number = services.len();
        let mut jobs: BTreeMap<(Option<TaskDefinitionArn>, BTreeSet<String>), Vec<ServiceFacts>> = BTreeMap::new();
        for service in services {
            let skipped = memory::skipped_containers(service.tag_pairs());
            jobs.entry((service.task_definition.clone(), skipped)).or_default().push(service);
        }
        open.begin(jobs.len(), number, places);
        let progress = self.events.progress();
        progress.task_definitions.known.add(jobs.len());
        // Those that are come back to are known.
        progress.services.add(if last_look { 0 } else { number });
        let every: BTreeSet<TaskDefinitionArn> = jobs.keys().filter_map(|(arn, _)| arn.clone()).collect();
        let job = |((task_definition, skipped), services): ((Option<TaskDefinitionArn>, BTreeSet<String>), Vec<ServiceFacts>)| {
            let is_sibling = |other: &&TaskDefinitionArn| {
                task_definition.as_ref().is_some_and(|own: &TaskDefinitionArn| own.family() == other.family() && own != *other)
            };
            let also_run = every.iter().filter(is_sibling).cloned().collect();
            let open = Arc::clone(open);
            Job { task_definition, services, skipped, open, also_run, looked, last_look, next: Vec::new() }
        };
        let mut jobs: Vec<Job> = jobs.into_iter().map(job).collect();
        // What most services wait for is registered first: their roll-outs go on while others are registered.
        jobs.sort_by_key(|job| Reverse(job.services.len()));
        // The run takes jobs until every walk is done; it cannot be gone before.
        let _ = self.jobs.send(jobs).await;
    }

    /// Waits until so many services may be kept; a run that is asked to stop does not wait, as nothing is begun any more.
    async fn room_for(&self, services: usize) -> Option<OwnedSemaphorePermit> {
        let places = u32::try_from(services).unwrap_or(u32::MAX).min(self.most_kept);
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            places = Arc::clone(&self.kept).acquire_many_owned(places) => places.ok(),
        }
    }
}
