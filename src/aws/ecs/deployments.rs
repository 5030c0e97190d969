//! ECS: service deployments, which tell how a roll-out goes that is not rolling and can be stopped, and what is left to write once a
//! roll-out has ended.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{ServiceDeployment as Told, ServiceDeploymentBrief, StopServiceDeploymentStopType, Tag};

use super::{AwsError, EcsReader, EcsWriter, PAGE, operations};
use crate::aws::pages;
use crate::ids::TaskDefinitionArn;
use crate::plan::service::ServiceFacts;
use crate::plan::watch::{Health, ServiceDeployment};

/// `DescribeServiceDeployments` takes at most 20.
/// Source: Amazon ECS API Reference, DescribeServiceDeployments, `serviceDeploymentArns` (read 2026-11).
const DEPLOYMENTS_PER_DESCRIBE: usize = 20;

impl EcsReader {
    /// Describes service deployments, by their ARNs; those that are gone are left out.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn service_deployments(&self, arns: &[String]) -> Result<BTreeMap<String, ServiceDeployment>, AwsError> {
        let mut described = BTreeMap::new();
        for chunk in arns.chunks(DEPLOYMENTS_PER_DESCRIBE) {
            let request = || {
                let request = self.client.describe_service_deployments();
                request.set_service_deployment_arns(Some(chunk.to_vec())).send()
            };
            let answer = self.calls.send(&operations::DESCRIBE_SERVICE_DEPLOYMENTS, &self.at, request).await?;
            let told = answer.service_deployments().iter();
            described.extend(told.filter_map(|told| Some((told.service_deployment_arn()?.to_owned(), service_deployment(told)))));
        }
        Ok(described)
    }

    /// Returns the ARN of a service's newest service deployment, where the service itself does not tell it.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn newest_service_deployment(&self, service: &ServiceFacts) -> Result<Option<String>, AwsError> {
        // Nothing says in which order they come, so that all are needed: ECS tells those of 90 days.
        let told: Vec<_> = pages::all(|from| async move {
            let request = || {
                let request = self.client.list_service_deployments().cluster(service.cluster.as_str()).max_results(PAGE);
                request.service(service.arn.as_str()).set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(&operations::LIST_SERVICE_DEPLOYMENTS, &self.at, request).await?;
            let created = |told: &ServiceDeploymentBrief| told.created_at().map(|time| (time.secs(), time.subsec_nanos()));
            let newest = answer.service_deployments().iter().max_by_key(|told| created(told));
            let newest = newest.and_then(|newest| Some((created(newest), newest.service_deployment_arn()?.to_owned())));
            Ok((newest.into_iter().collect(), answer.next_token))
        })
        .await?;
        Ok(told.into_iter().max().map(|(_, arn)| arn))
    }
}

fn service_deployment(told: &Told) -> ServiceDeployment {
    let number = |number: i32| u32::try_from(number).unwrap_or(0);
    let target = told.target_service_revision();
    ServiceDeployment {
        status: told.status().map_or("", |status| status.as_str()).to_owned(),
        reason: told.status_reason().unwrap_or_default().to_owned(),
        tasks: Health {
            desired: target.map_or(0, |target| number(target.requested_task_count())),
            running: target.map_or(0, |target| number(target.running_task_count())),
            failed: told.deployment_circuit_breaker().map_or(0, |breaker| number(breaker.failure_count())),
        },
    }
}

impl EcsWriter {
    /// Stops a service deployment and has ECS go back to what the service ran before.
    ///
    /// # Errors
    ///
    /// When AWS refuses it: the deployment is over, or is none that can be stopped.
    pub async fn stop_service_deployment(&self, arn: &str) -> Result<(), AwsError> {
        let request = || {
            let request = self.client.stop_service_deployment().service_deployment_arn(arn);
            request.stop_type(StopServiceDeploymentStopType::Rollback).send()
        };
        self.calls.send(&operations::STOP_SERVICE_DEPLOYMENT, &self.at, request).await.map(|_| ())
    }

    /// Makes a revision inactive, so that it is not its family's newest one any more.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn deregister(&self, revision: &TaskDefinitionArn) -> Result<(), AwsError> {
        let request = || self.client.deregister_task_definition().task_definition(revision.as_str()).send();
        self.calls.send(&operations::DEREGISTER_TASK_DEFINITION, &self.at, request).await.map(|_| ())
    }

    /// Puts tags of ours on a service, all of them or none.
    ///
    /// # Errors
    ///
    /// When AWS refuses it.
    pub async fn tag_service(&self, service: &ServiceFacts, tags: &[(&str, &str)]) -> Result<(), AwsError> {
        let tags: Vec<Tag> = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(*value).build()).collect();
        let request = || self.client.tag_resource().resource_arn(service.arn.as_str()).set_tags(Some(tags.clone())).send();
        self.calls.send(&operations::TAG_SERVICE, &self.at, request).await.map(|_| ())
    }
}
