//! Another look at services that were described before: at the end of a run, and before one is changed whose description is old.

use std::collections::BTreeMap;

use super::JourneyError;
use crate::aws::EcsReader;
use crate::aws::ecs::{MISSING, SERVICES_PER_DESCRIBE};
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
    let mut by_cluster: BTreeMap<ClusterArn, Vec<ServiceFacts>> = BTreeMap::new();
    for service in services {
        by_cluster.entry(service.cluster.clone()).or_default().push(service);
    }
    let mut looked_at = Vec::new();
    for (cluster, services) in by_cluster {
        let cluster = cluster.untagged();
        for ten in services.chunks(SERVICES_PER_DESCRIBE) {
            let arns: Vec<ServiceArn> = ten.iter().map(|service| service.arn.clone()).collect();
            let described = reader.describe(&cluster, &arns).await;
            looked_at.extend(ten.iter().map(|before| {
                let seen = match &described {
                    Ok(described) => {
                        let now = described.services.iter().find(|now| now.arn == before.arn);
                        let reason = described.failures.iter().find(|(arn, _)| arn == before.arn.as_str());
                        match (now, reason.map(|(_, reason)| reason.as_str())) {
                            (Some(now), _) => Seen::Now(Box::new(now.clone())),
                            (None, None | Some(MISSING)) => Seen::Gone,
                            (None, Some(reason)) => Seen::Failed(JourneyError::NotDescribed { reason: reason.to_owned() }),
                        }
                    }
                    Err(source) => Seen::Failed(JourneyError::LookAgain { source: source.clone() }),
                };
                (before.clone(), seen)
            }));
        }
    }
    looked_at
}
