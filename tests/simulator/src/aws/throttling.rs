//! AWS's request throttling, as far as AWS publishes it: token buckets for each account and Region.
//!
//! No clock in here: when a call arrives is an argument. What has no published bucket is not throttled, and there is no bucket of
//! ours.
//!
//! Sources: Amazon ECS API Reference, "Request throttling for the Amazon ECS API"; Amazon EC2 Developer Guide, "Request throttling for
//! the Amazon EC2 API"; AWS General Reference, quotas of STS (read 2026-11). ECR: from memory.

use std::collections::HashMap;
use std::time::Instant;

use super::errors::{ErrorKind, Service};

/// How much a bucket holds, and how much of it comes back in a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub burst: f64,
    pub refill: f64,
}

impl Limit {
    const fn new(burst: f64, refill: f64) -> Self {
        Self { burst, refill }
    }

    /// Returns the limit of somebody who takes a share of everything only, such as 0.8.
    pub fn share(self, share: f64) -> Self {
        Self { burst: self.burst * share, refill: self.refill * share }
    }

    /// Returns how many seconds after the first of so many calls the last one can be made at the earliest.
    pub fn seconds_for(self, calls: u64) -> f64 {
        ((calls as f64 - self.burst) / self.refill).max(0.0)
    }
}

/// Operations that share a bucket, and its limit.
type Bucket = (&'static [&'static str], Limit);

/// The buckets of ECS: all operations of a line share one.
const ECS: [Bucket; 11] = [
    ecs(&["ListClusters", "DescribeClusters"], 50.0, 20.0),
    ecs(&["ListServices", "DescribeServices"], 100.0, 20.0),
    ecs(&["DescribeTaskDefinition", "ListTaskDefinitions", "ListTaskDefinitionFamilies"], 50.0, 20.0),
    ecs(&["RegisterTaskDefinition", "DeregisterTaskDefinition"], 20.0, 1.0),
    ecs(&["DeleteTaskDefinitions"], 5.0, 1.0),
    ecs(&["UpdateService", "CreateService", "DeleteService"], 50.0, 5.0),
    ecs(&["DescribeServiceDeployments", "ListServiceDeployments"], 50.0, 20.0),
    ecs(&["DescribeServiceRevisions"], 50.0, 20.0),
    ecs(&["ListTasks", "DescribeTasks"], 100.0, 20.0),
    ecs(&["TagResource", "UntagResource"], 20.0, 10.0),
    ecs(&["ListTagsForResource"], 50.0, 20.0),
];

/// All operations of STS share one bucket.
const STS: Limit = Limit::new(600.0, 600.0);

const ECR_TOKENS: Limit = Limit::new(500.0, 500.0);

/// EC2's categories say how large a bucket is; each operation has one of its own.
const EC2_READ: Limit = Limit::new(100.0, 20.0);

/// Of the operations in [`EC2_LARGE_LISTS`], when they name neither a filter nor a page.
const EC2_UNFILTERED_READ: Limit = Limit::new(50.0, 10.0);

const EC2_LARGE_LISTS: [&str; 2] = ["DescribeSecurityGroups", "DescribeNetworkInterfaces"];

const EC2_WRITE: Limit = Limit::new(50.0, 5.0);

const EC2_TAGS: Limit = Limit::new(100.0, 10.0);

const fn ecs(operations: &'static [&'static str], burst: f64, refill: f64) -> Bucket {
    (operations, Limit::new(burst, refill))
}

/// What a call is to throttling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent<'a> {
    pub(super) service: Service,
    pub(super) operation: &'a str,
    /// Whether it names a filter or a page, for operations of EC2 that list something.
    pub(super) is_filtered: bool,
}

/// The name of a bucket: the first operation of ECS's that spends from it, and EC2's operation, with a sign for its smaller bucket.
type Name = (Service, String, bool);

impl Spent<'_> {
    /// Returns the bucket that this is spent from and its limit; `None` when AWS publishes none.
    fn bucket(self) -> Option<(Name, Limit)> {
        let name = |operation: &str| (self.service, operation.to_owned(), false);
        match self.service {
            Service::Ecs => {
                let (operations, limit) = ECS.iter().find(|(operations, _)| operations.contains(&self.operation))?;
                Some((name(operations.first()?), *limit))
            }
            Service::Sts => Some((name(""), STS)),
            Service::Ecr if self.operation == "GetAuthorizationToken" => Some((name(self.operation), ECR_TOKENS)),
            Service::Ec2 if self.operation == "CreateTags" => Some((name(self.operation), EC2_TAGS)),
            Service::Ec2 if EC2_LARGE_LISTS.contains(&self.operation) && !self.is_filtered => {
                Some(((self.service, self.operation.to_owned(), true), EC2_UNFILTERED_READ))
            }
            Service::Ec2 if ["Describe", "Get"].iter().any(|read| self.operation.starts_with(read)) => {
                Some((name(self.operation), EC2_READ))
            }
            Service::Ec2 => Some((name(self.operation), EC2_WRITE)),
            Service::Ecr | Service::Organizations | Service::SecretsManager | Service::S3 => None,
        }
    }

    /// Returns how the service says that a bucket is empty.
    pub(super) fn error(self) -> ErrorKind {
        match self.service {
            Service::Sts => ErrorKind::StsThrottled,
            Service::Ec2 => ErrorKind::Ec2Throttled,
            Service::S3 => ErrorKind::S3Throttled,
            Service::Ecs | Service::Ecr | Service::Organizations | Service::SecretsManager => ErrorKind::JsonThrottled,
        }
    }
}

/// Returns the limit of the bucket of an operation of ECS's; `None` when AWS publishes none.
pub fn ecs_limit(operation: &str) -> Option<Limit> {
    ECS.iter().find(|(operations, _)| operations.contains(&operation)).map(|(_, limit)| *limit)
}

/// Returns the limit of the bucket that all operations of STS share.
pub fn sts_limit() -> Limit {
    STS
}

/// What is left in a bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Level {
    tokens: f64,
    at: Instant,
}

impl Level {
    fn full(limit: Limit, now: Instant) -> Self {
        Self { tokens: limit.burst, at: now }
    }

    /// Takes a token if there is a whole one. Whoever comes in vain takes nothing.
    fn takes(&mut self, limit: Limit, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * limit.refill).min(limit.burst);
        self.at = self.at.max(now);
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

/// Every bucket that was ever spent from: by account, Region and name.
#[derive(Debug, Default)]
pub(super) struct Throttling(HashMap<(String, String, Name), Level>);

impl Throttling {
    /// Takes a token for a call, and returns whether there was one.
    pub(super) fn admits(&mut self, spent: Spent<'_>, account: &str, region: &str, now: Instant) -> bool {
        let Some((name, limit)) = spent.bucket() else { return true };
        let key = (account.to_owned(), region.to_owned(), name);
        self.0.entry(key).or_insert_with(|| Level::full(limit, now)).takes(limit, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn operations_spend_from_the_buckets_that_aws_publishes() {
        let cases = [
            (Service::Ecs, "RegisterTaskDefinition", true, Some(("RegisterTaskDefinition", 20.0, 1.0))),
            (Service::Ecs, "DeregisterTaskDefinition", true, Some(("RegisterTaskDefinition", 20.0, 1.0))),
            (Service::Ecs, "DescribeServices", true, Some(("ListServices", 100.0, 20.0))),
            (Service::Ecs, "DescribeTaskDefinition", true, Some(("DescribeTaskDefinition", 50.0, 20.0))),
            (Service::Ecs, "UpdateService", true, Some(("UpdateService", 50.0, 5.0))),
            (Service::Ecs, "TagResource", true, Some(("TagResource", 20.0, 10.0))),
            (Service::Ecs, "StopServiceDeployment", true, None),
            (Service::Sts, "AssumeRole", true, Some(("", 600.0, 600.0))),
            (Service::Sts, "GetCallerIdentity", true, Some(("", 600.0, 600.0))),
            (Service::Ec2, "DescribeSubnets", false, Some(("DescribeSubnets", 100.0, 20.0))),
            (Service::Ec2, "DescribeSecurityGroups", true, Some(("DescribeSecurityGroups", 100.0, 20.0))),
            (Service::Ec2, "DescribeSecurityGroups", false, Some(("DescribeSecurityGroups", 50.0, 10.0))),
            (Service::Ec2, "AuthorizeSecurityGroupEgress", true, Some(("AuthorizeSecurityGroupEgress", 50.0, 5.0))),
            (Service::Ec2, "CreateTags", true, Some(("CreateTags", 100.0, 10.0))),
            (Service::Ecr, "GetAuthorizationToken", true, Some(("GetAuthorizationToken", 500.0, 500.0))),
            (Service::Organizations, "ListAccounts", true, None),
            (Service::SecretsManager, "GetSecretValue", true, None),
        ];
        for (service, operation, is_filtered, expected) in cases {
            let bucket = Spent { service, operation, is_filtered }.bucket();
            let told = bucket.as_ref().map(|((_, name, _), limit)| (name.as_str(), limit.burst, limit.refill));
            assert_eq!(told, expected, "{operation}");
        }
    }

    #[test]
    fn a_bucket_is_emptied_at_once_and_fills_up_by_the_second() {
        let register = Spent { service: Service::Ecs, operation: "RegisterTaskDefinition", is_filtered: true };
        let start = Instant::now();
        let mut throttling = Throttling::default();
        // Calls at once after so many milliseconds, and how many of them get through.
        let cases = [(0, 25, 20), (0, 5, 0), (999, 3, 0), (1_000, 3, 1), (3_500, 9, 2), (4_000, 9, 1), (100_000, 50, 20)];
        for (milliseconds, calls, expected) in cases {
            let now = start + Duration::from_millis(milliseconds);
            let admitted = (0..calls).filter(|_| throttling.admits(register, "111122223333", "eu-west-1", now)).count();
            assert_eq!(admitted, expected, "after {milliseconds} ms");
        }
    }

    #[test]
    fn nobody_drinks_from_anothers_bucket() {
        let spent = |operation| Spent { service: Service::Ecs, operation, is_filtered: true };
        let now = Instant::now();
        let mut throttling = Throttling::default();
        let mut admitted =
            |operation, account, region| (0..30).filter(|_| throttling.admits(spent(operation), account, region, now)).count();
        assert_eq!(admitted("RegisterTaskDefinition", "111122223333", "eu-west-1"), 20);
        assert_eq!(admitted("DeregisterTaskDefinition", "111122223333", "eu-west-1"), 0);
        assert_eq!(admitted("RegisterTaskDefinition", "111122223333", "us-east-1"), 20);
        assert_eq!(admitted("RegisterTaskDefinition", "222233334444", "eu-west-1"), 20);
        assert_eq!(admitted("TagResource", "111122223333", "eu-west-1"), 20);
        assert_eq!(admitted("StopServiceDeployment", "111122223333", "eu-west-1"), 30);
    }

    #[test]
    fn the_last_of_many_calls_waits_for_what_the_burst_does_not_cover() {
        let register = ecs_limit("RegisterTaskDefinition").expect("a published bucket");
        assert_eq!((register.seconds_for(20), register.seconds_for(500)), (0.0, 480.0));
        assert!((register.share(0.8).seconds_for(500) - 605.0).abs() < 1e-9);
    }
}
