//! What the services of an account's Region run, asked service by service or a whole cluster at once, whichever comes to fewer calls.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use tokio::sync::Mutex;

use crate::aws::tasks::TASKS_PER_CALL;
use crate::aws::{AwsError, TaskReader};
use crate::ids::ClusterArn;
use crate::plan::pin::RunningTask;
use crate::plan::service::ServiceFacts;

/// What runs in clusters, as far as anybody asked.
#[derive(Default)]
pub struct RunningTasks(SyncMutex<HashMap<ClusterArn, Arc<Mutex<Cluster>>>>);

/// What is known of one cluster.
#[derive(Default)]
struct Cluster {
    /// How many tasks its services run.
    tasks: usize,
    /// How many services were asked about.
    asked: usize,
    together: Together,
}

/// Whether all services were asked about together.
#[derive(Default)]
enum Together {
    #[default]
    NotYet,
    /// What each of them runs.
    Asked(HashMap<String, Vec<RunningTask>>),
    /// It cannot be done, or too much else runs there.
    Never,
}

impl RunningTasks {
    /// Learns how many tasks services run.
    pub fn expect(&self, services: &[ServiceFacts]) {
        for service in services {
            // Nobody asks before all are known.
            if let Ok(mut cluster) = self.cluster(&service.cluster).try_lock() {
                cluster.tasks += usize::try_from(service.tasks.running).unwrap_or(0);
            }
        }
    }

    /// Returns running tasks of a service.
    ///
    /// Asking about a service takes two calls, and asking about all of its cluster two for each hundred tasks. So as soon as that many
    /// services were asked about, all are; whoever is asked about later is known.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub(super) async fn of(&self, service: &ServiceFacts, reader: &TaskReader) -> Result<Vec<RunningTask>, AwsError> {
        let (arn, name) = (service.cluster.as_str(), service.arn.name());
        let kept = self.cluster(&service.cluster);
        let mut cluster = kept.lock().await;
        cluster.asked += 1;
        if matches!(cluster.together, Together::NotYet) && cluster.asked * TASKS_PER_CALL >= cluster.tasks {
            // Tasks that belong to no service are listed as well; with many of them it is not worth it.
            let most_pages = cluster.tasks.div_ceil(TASKS_PER_CALL) + 1;
            cluster.together = match reader.running_by_service(arn, most_pages).await {
                Ok(Some(all)) => Together::Asked(all),
                Ok(None) | Err(_) => Together::Never,
            };
        }
        if let Together::Asked(all) = &cluster.together {
            return Ok(all.get(name).cloned().unwrap_or_default());
        }
        drop(cluster);
        reader.running(arn, name).await
    }

    fn cluster(&self, arn: &ClusterArn) -> Arc<Mutex<Cluster>> {
        let mut clusters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(clusters.entry(arn.clone()).or_default())
    }
}
