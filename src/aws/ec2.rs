//! EC2: which Regions an account has enabled.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::call::{At, Calls};
use super::error::AwsError;
use super::operations;
use crate::ids::RegionName;

/// Reads EC2 as one account.
pub struct Ec2Reader {
    client: aws_sdk_ec2::Client,
    calls: Arc<Calls>,
    at: At,
}

impl Ec2Reader {
    pub(super) fn new(client: aws_sdk_ec2::Client, calls: Arc<Calls>, at: At) -> Self {
        Self { client, calls, at }
    }

    /// Returns the Regions that the account has enabled.
    ///
    /// `DescribeRegions` leaves the others out unless it is asked for all.
    /// Source: Amazon EC2 API Reference, DescribeRegions, `AllRegions`.
    ///
    /// # Errors
    ///
    /// When AWS does not tell, or names a Region as no Region is named.
    pub async fn enabled_regions(&self) -> Result<BTreeSet<RegionName>, AwsError> {
        let operation = &operations::DESCRIBE_REGIONS;
        let answer = self.calls.send(operation, &self.at, || self.client.describe_regions().send()).await?;
        let names = answer.regions().iter().filter_map(|region| region.region_name());
        names.map(|name| name.parse().map_err(|error| AwsError::unusable(operation, format!("{error}")))).collect()
    }
}
