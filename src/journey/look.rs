//! Another look at services that were described before: at the end of a run, and before one is changed whose description is old.

use std::collections::{BTreeMap, HashMap};

use super::JourneyError;
use crate::aws::EcsReader;
use crate::aws::ecs::{DescribedServices, MISSING, SERVICES_PER_DESCRIBE};
use crate::ids::{ClusterArn, ServiceArn};
use crate::plan::service::ServiceFacts;

/// What ECS tells of a service the second time.
#[derive(Debug)]
pub enum Seen {
    Now(Box<ServiceFacts>),
    /// It was deleted.
    Gone,
    Failed(JourneyError),
}

/// Describes services again by ten, and returns each with what was seen of it, none left out.
pub async fn look_at(reader: &EcsReader, services: Vec<ServiceFacts>) -> Vec<(ServiceFacts, Seen)> {
    let wanted: Vec<_> = services.iter().map(|service| (service.cluster.clone(), service.arn.clone())).collect();
    let mut seen = describe_again(reader, &wanted).await;
    let found = |service: ServiceFacts| {
        let now = seen.remove(&service.arn).unwrap_or(Seen::Gone);
        (service, now)
    };
    services.into_iter().map(found).collect()
}

/// The same by their ARNs.
pub(super) async fn describe_again(reader: &EcsReader, wanted: &[(ClusterArn, ServiceArn)]) -> HashMap<ServiceArn, Seen> {
    let mut by_cluster: BTreeMap<&ClusterArn, Vec<ServiceArn>> = BTreeMap::new();
    for (cluster, service) in wanted {
        by_cluster.entry(cluster).or_default().push(service.clone());
    }
    let mut all = HashMap::with_capacity(wanted.len());
    for (cluster, services) in by_cluster {
        let cluster = cluster.clone().untagged();
        for ten in services.chunks(SERVICES_PER_DESCRIBE) {
            match reader.describe(&cluster, ten).await {
                Ok(DescribedServices { services, failures }) => {
                    for (arn, reason) in failures {
                        // One that is missing is left out, as one of which nothing is told.
                        if let (Ok(arn), false) = (arn.parse(), reason == MISSING) {
                            all.insert(arn, Seen::Failed(JourneyError::NotDescribed { reason }));
                        }
                    }
                    all.extend(services.into_iter().map(|now| (now.arn.clone(), Seen::Now(Box::new(now)))));
                }
                Err(source) => {
                    let failed =
                        |arn: &ServiceArn| (arn.clone(), Seen::Failed(JourneyError::LookAgain { source: source.clone() }));
                    all.extend(ten.iter().map(failed));
                }
            }
        }
    }
    all
}
