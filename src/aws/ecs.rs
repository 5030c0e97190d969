//! ECS: clusters, services and task definitions. Reading and writing are two types, so that a run without a writer cannot write.

mod deployments;
mod facts;

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_ecs::types::{ClusterField, Failure, ServiceField, Tag, TaskDefinitionField};

use serde_json::Value;

use super::call::{At, Calls, Turn};
use super::error::AwsError;
use super::operations::{self, Operation};
use super::pages;
use super::raw::{KeepAnswer, SendInstead};
use crate::ids::{ClusterArn, ServiceArn, TaskDefinitionArn};
use crate::plan::service::ServiceFacts;
use crate::plan::task_definition::{Described, Protected, Registrable, TaskDefinition};

/// `DescribeClusters` takes at most 100 clusters a call.
/// Source: Amazon ECS API Reference, DescribeClusters, `clusters` (read 2026-11).
const CLUSTERS_PER_DESCRIBE: usize = 100;

/// `ListClusters` and `ListServices` give at most 100 a page, and `ListServices` 10 unless asked for more.
/// Source: Amazon ECS API Reference, ListServices, `maxResults` (read 2026-11).
const PAGE: i32 = 100;

/// `DescribeServices` takes at most 10 services a call.
/// Source: Amazon ECS API Reference, DescribeServices, `services` (read 2026-11).
pub const SERVICES_PER_DESCRIBE: usize = 10;

/// A cluster and its owner's tags.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub arn: ClusterArn,
    pub tags: Vec<(String, String)>,
}

impl ClusterArn {
    /// Returns the cluster for another look at its services, when its owner's tags have been heeded already.
    pub fn untagged(self) -> Cluster {
        Cluster { arn: self, tags: Vec::new() }
    }
}

/// The reason ECS gives for what does not exist, or does not any more.
/// Source: Amazon ECS Developer Guide, "API failure reasons".
pub const MISSING: &str = "MISSING";

/// What `DescribeClusters` said: the clusters it knows, and why it did not describe the others.
#[derive(Clone, Debug, Default)]
pub struct DescribedClusters {
    pub clusters: Vec<Cluster>,
    /// ARN and ECS's reason, such as [`MISSING`].
    pub failures: Vec<(String, String)>,
}

/// What `DescribeServices` said: the services it knows, and why it did not describe the others.
#[derive(Clone, Debug, Default)]
pub struct DescribedServices {
    pub services: Vec<ServiceFacts>,
    /// ARN and ECS's reason, such as [`MISSING`].
    pub failures: Vec<(String, String)>,
}

/// Reads ECS in one account and Region.
pub struct EcsReader {
    client: aws_sdk_ecs::Client,
    calls: Arc<Calls>,
    at: At,
}

impl EcsReader {
    pub(super) fn new(client: aws_sdk_ecs::Client, calls: Arc<Calls>, at: At) -> Self {
        Self { client, calls, at }
    }

    /// Returns every cluster, each once: a list that changes between two pages may name one twice.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn clusters(&self) -> Result<BTreeSet<ClusterArn>, AwsError> {
        let operation = &operations::LIST_CLUSTERS;
        pages::all(|from| async move {
            let request = || self.client.list_clusters().max_results(PAGE).set_next_token(from.clone()).send();
            let answer = self.calls.send(operation, &self.at, request).await?;
            let arns = answer.cluster_arns().iter().map(|arn| parsed(operation, Some(arn)));
            Ok((arns.collect::<Result<_, _>>()?, answer.next_token))
        })
        .await
    }

    /// Describes clusters with their tags.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn describe_clusters(&self, clusters: &[ClusterArn]) -> Result<DescribedClusters, AwsError> {
        let operation = &operations::DESCRIBE_CLUSTERS;
        let mut described = DescribedClusters::default();
        for chunk in clusters.chunks(CLUSTERS_PER_DESCRIBE) {
            let names: Vec<String> = chunk.iter().map(ToString::to_string).collect();
            let request = || {
                let request = self.client.describe_clusters().set_clusters(Some(names.clone()));
                request.include(ClusterField::Tags).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            for cluster in answer.clusters() {
                described.clusters.push(Cluster { arn: parsed(operation, cluster.cluster_arn())?, tags: pairs(cluster.tags()) });
            }
            described.failures.extend(answer.failures().iter().map(failed));
        }
        Ok(described)
    }

    /// Returns the ARNs of a cluster's services, each once.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn services(&self, cluster: &ClusterArn) -> Result<BTreeSet<ServiceArn>, AwsError> {
        let operation = &operations::LIST_SERVICES;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.list_services().cluster(cluster.as_str()).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let arns = answer.service_arns().iter().map(|arn| parsed(operation, Some(arn)));
            Ok((arns.collect::<Result<_, _>>()?, answer.next_token))
        })
        .await
    }

    /// Describes services of one cluster, ten at most.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn describe(&self, cluster: &Cluster, services: &[ServiceArn]) -> Result<DescribedServices, AwsError> {
        let operation = &operations::DESCRIBE_SERVICES;
        let names: Vec<String> = services.iter().map(ToString::to_string).collect();
        let request = || {
            let request = self.client.describe_services().cluster(cluster.arn.as_str()).set_services(Some(names.clone()));
            request.include(ServiceField::Tags).send()
        };
        let answer = self.calls.send(operation, &self.at, request).await?;
        let mut described = DescribedServices::default();
        for service in answer.services() {
            match facts::facts(operation, cluster, service) {
                Ok(facts) => described.services.push(facts),
                // One service that cannot be made sense of does not hide the other nine.
                Err(error) => described.failures.push((service.service_arn().unwrap_or_default().to_owned(), error.to_string())),
            }
        }
        described.failures.extend(answer.failures().iter().map(failed));
        Ok(described)
    }

    /// Describes every service of the Region, whatever a run's scope is.
    ///
    /// # Errors
    ///
    /// When AWS does not tell of one of them.
    pub async fn every_service(&self) -> Result<Vec<ServiceFacts>, AwsError> {
        let mut services = Vec::new();
        for cluster in self.clusters().await? {
            let arns: Vec<ServiceArn> = self.services(&cluster).await?.into_iter().collect();
            let cluster = cluster.untagged();
            for ten in arns.chunks(SERVICES_PER_DESCRIBE) {
                let described = self.describe(&cluster, ten).await?;
                if let Some((arn, reason)) = described.failures.iter().find(|(_, reason)| reason != MISSING) {
                    return Err(AwsError::unusable(&operations::DESCRIBE_SERVICES, format!("{arn}: {reason}")));
                }
                services.extend(described.services);
            }
        }
        Ok(services)
    }

    /// Describes a task definition, by ARN or by family (its newest active revision), with its tags and without losing a field.
    ///
    /// # Errors
    ///
    /// When AWS does not tell, or what it tells is no task definition.
    pub async fn task_definition(&self, name: &str) -> Result<TaskDefinition<Described>, AwsError> {
        self.task_definition_in(None, name).await
    }

    /// Waits for AWS's leave to describe a task definition.
    pub async fn turn_to_describe(&self) -> Turn {
        self.calls.turn(&operations::DESCRIBE_TASK_DEFINITION, &self.at).await
    }

    /// The same as [`task_definition`](Self::task_definition), when its turn may have come already.
    ///
    /// # Errors
    ///
    /// When AWS does not tell, or what it tells is no task definition.
    pub async fn task_definition_in(&self, turn: Option<Turn>, name: &str) -> Result<TaskDefinition<Described>, AwsError> {
        let operation = &operations::DESCRIBE_TASK_DEFINITION;
        let body = KeepAnswer::default();
        let request = || {
            let request = self.client.describe_task_definition().task_definition(name).include(TaskDefinitionField::Tags);
            request.customize().interceptor(body.clone()).send()
        };
        self.calls.send_from(turn, operation, &self.at, request).await?;
        let body = body.json().map_err(|problem| AwsError::unusable(operation, problem))?;
        TaskDefinition::described(&body).map_err(|problem| AwsError::unusable(operation, problem.to_string()))
    }
}

/// The deployment that an update started, as far as ECS told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Started {
    /// Its id, such as `ecs-svc/0000000000000000001`.
    pub deployment: Option<String>,
    /// The ARN of its service deployment.
    pub service_deployment: Option<String>,
}

/// Changes ECS in one account and Region.
pub struct EcsWriter {
    client: aws_sdk_ecs::Client,
    calls: Arc<Calls>,
    at: At,
}

impl EcsWriter {
    pub(super) fn new(client: aws_sdk_ecs::Client, calls: Arc<Calls>, at: At) -> Self {
        Self { client, calls, at }
    }

    /// Registers a protected task definition, field by field as it is, and returns its ARN.
    ///
    /// # Errors
    ///
    /// When AWS refuses it, or nobody knows whether it was done.
    pub async fn register(
        &self,
        definition: &TaskDefinition<Protected>,
        turn: Option<Turn>,
    ) -> Result<TaskDefinitionArn, AwsError> {
        self.register_json(definition.text("family").unwrap_or_default(), definition.json(), turn).await
    }

    /// Waits for AWS's leave to register something that begins a change.
    ///
    /// # Errors
    ///
    /// When the run is asked to stop meanwhile: nothing is begun then.
    pub async fn turn_to_register(&self) -> Result<Turn, AwsError> {
        self.calls.turn_to_begin(&operations::REGISTER_TASK_DEFINITION, &self.at).await
    }

    /// Waits for AWS's leave to move a service. Waiting may take long, so that whoever moves it looks at it afterwards.
    pub async fn turn_to_update(&self) -> Turn {
        self.calls.turn(&operations::UPDATE_SERVICE, &self.at).await
    }

    /// Registers a customer's own task definition again, because the revision that held it takes no new service any more.
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register).
    pub async fn register_again(&self, definition: &TaskDefinition<Registrable>) -> Result<TaskDefinitionArn, AwsError> {
        self.register_json(definition.text("family").unwrap_or_default(), definition.json(), None).await
    }

    async fn register_json(&self, family: &str, json: &Value, turn: Option<Turn>) -> Result<TaskDefinitionArn, AwsError> {
        let operation = &operations::REGISTER_TASK_DEFINITION;
        // The SDK checks nothing that we send in the place of its own body; it wants a family all the same.
        let body = SendInstead::new(operation.name, json);
        let request = || {
            let request = self.client.register_task_definition().family(family);
            request.customize().interceptor(body.clone()).send()
        };
        let answer = self.calls.send_from(turn, operation, &self.at, request).await?;
        parsed(operation, answer.task_definition().and_then(|definition| definition.task_definition_arn()))
    }

    /// Moves a service to another task definition, and touches nothing else of it. It is tried once: before another try the
    /// service must be looked at again, because its owner may deploy while we wait.
    ///
    /// # Errors
    ///
    /// When AWS refuses it, is busy, or does not answer.
    pub async fn update_service(
        &self,
        service: &ServiceFacts,
        definition: &TaskDefinitionArn,
        turn: Turn,
    ) -> Result<Started, AwsError> {
        let request = || {
            let request = self.client.update_service().cluster(service.cluster.as_str()).service(service.arn.as_str());
            request.task_definition(definition.as_str()).send()
        };
        let answer = self.calls.send_once(Some(turn), &operations::UPDATE_SERVICE, &self.at, &request).await?;
        let Some(service) = answer.service() else { return Ok(Started::default()) };
        let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
        Ok(Started {
            deployment: primary.and_then(|primary| primary.id()).map(str::to_owned),
            service_deployment: service.current_service_deployment().map(str::to_owned),
        })
    }

    /// Waits before another try of what failed; returns false when there is to be none. `tries` counts the tries so far.
    pub async fn waited(&self, error: &AwsError, tries: u32) -> bool {
        self.calls.waited(error, tries).await
    }
}

fn failed(failure: &Failure) -> (String, String) {
    (failure.arn().unwrap_or_default().to_owned(), failure.reason().unwrap_or("no reason given").to_owned())
}

fn pairs(tags: &[Tag]) -> Vec<(String, String)> {
    let pair = |tag: &Tag| (tag.key().unwrap_or_default().to_owned(), tag.value().unwrap_or_default().to_owned());
    let mut pairs: Vec<_> = tags.iter().map(pair).collect();
    // Two looks at the same tags must be equal, whatever order they come in.
    pairs.sort();
    pairs
}

fn parsed<T: std::str::FromStr<Err = crate::ids::IdError>>(
    operation: &'static Operation,
    text: Option<&str>,
) -> Result<T, AwsError> {
    text.unwrap_or_default().parse().map_err(|error| AwsError::unusable(operation, format!("{error}")))
}
