//! EC2: which Regions an account has enabled, and the network that its tasks are in. Reading and writing are two types.
//!
//! `convert` makes plain facts of what the SDK returns; what follows from them is decided in [`crate::plan::network`].

mod convert;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::Filter;

use super::call::{At, Calls};
use super::error::AwsError;
use super::operations::{self, Operation};
use super::pages;
use crate::ids::{NatGatewayId, NetworkAclId, PrefixListId, RegionName, RouteTableId, VpcId};
use crate::plan::network::facts::{Endpoint, Groups, Interface, Layout, NatGateway, NetworkAcl, RouteTable, Subnets};
use crate::plan::network::ranges::Ranges;

pub use write::{Added, Ec2Writer};

/// Lists of EC2 give as many a page as they are asked for, up to 1,000.
/// Source: Amazon EC2 API Reference, DescribeSubnets, `MaxResults` (from memory; the others say the same).
const PAGE: i32 = 1000;

/// `DescribeRouteTables` and `GetManagedPrefixListEntries` give 100 a page at most, and refuse to be asked for more.
/// Source: Amazon EC2 API Reference, `MaxResults` of both (from memory).
const SHORT_PAGE: i32 = 100;

/// Reads EC2 as one account in one Region.
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

    /// Returns every subnet of the account, and those that are shared with it.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn subnets(&self) -> Result<Subnets, AwsError> {
        let operation = &operations::DESCRIBE_SUBNETS;
        pages::all(|from| async move {
            let request = || self.client.describe_subnets().max_results(PAGE).set_next_token(from.clone()).send();
            let answer = self.calls.send(operation, &self.at, request).await?;
            let subnets = answer.subnets().iter().map(|subnet| convert::subnet(subnet).ok_or_else(|| odd(operation)));
            Ok((subnets.collect::<Result<Vec<_>, _>>()?, answer.next_token))
        })
        .await
    }

    /// Returns the account's security groups in a VPC.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn groups(&self, vpc: &VpcId) -> Result<Groups, AwsError> {
        let operation = &operations::DESCRIBE_SECURITY_GROUPS;
        let groups = pages::all(|from| async move {
            let request = || {
                let request = self.client.describe_security_groups().filters(of_vpc(vpc)).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let groups = answer.security_groups().iter().map(|group| convert::group(group).ok_or_else(|| odd(operation)));
            Ok((groups.collect::<Result<Vec<_>, _>>()?, answer.next_token))
        })
        .await?;
        Ok(Groups { groups, interfaces: None })
    }

    /// Returns the ACLs, the route tables and, as far as routes lead there, the NAT gateways of a VPC.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn layout(&self, vpc: &VpcId) -> Result<Layout, AwsError> {
        let (acls, route_tables) = (self.acls(vpc).await?, self.route_tables(vpc).await?);
        let mut layout = Layout { acls, route_tables, ..Layout::default() };
        if layout.leads_to_nat() {
            layout.nat_gateways = self.nat_gateways(vpc).await?;
        }
        Ok(layout)
    }

    /// Returns the network ACLs of a VPC.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn acls(&self, vpc: &VpcId) -> Result<BTreeMap<NetworkAclId, NetworkAcl>, AwsError> {
        let operation = &operations::DESCRIBE_NETWORK_ACLS;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.describe_network_acls().filters(of_vpc(vpc)).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let acls = answer.network_acls().iter().map(|acl| convert::acl(acl).ok_or_else(|| odd(operation)));
            Ok((acls.collect::<Result<Vec<_>, _>>()?, answer.next_token))
        })
        .await
    }

    async fn route_tables(&self, vpc: &VpcId) -> Result<BTreeMap<RouteTableId, RouteTable>, AwsError> {
        let operation = &operations::DESCRIBE_ROUTE_TABLES;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.describe_route_tables().filters(of_vpc(vpc)).max_results(SHORT_PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let tables = answer.route_tables().iter().map(|table| convert::table(table).ok_or_else(|| odd(operation)));
            Ok((tables.collect::<Result<Vec<_>, _>>()?, answer.next_token))
        })
        .await
    }

    async fn nat_gateways(&self, vpc: &VpcId) -> Result<BTreeMap<NatGatewayId, NatGateway>, AwsError> {
        let operation = &operations::DESCRIBE_NAT_GATEWAYS;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.describe_nat_gateways().filter(of_vpc(vpc)).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let nats = answer.nat_gateways().iter().map(|nat| convert::nat(nat).ok_or_else(|| odd(operation)));
            Ok((nats.collect::<Result<Vec<_>, _>>()?, answer.next_token))
        })
        .await
    }

    /// Returns the VPC's endpoints for what pulling an image from ECR needs.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn endpoints(&self, vpc: &VpcId) -> Result<Vec<Endpoint>, AwsError> {
        let operation = &operations::DESCRIBE_VPC_ENDPOINTS;
        let services = convert::service_names(&self.at.region);
        let services = Filter::builder().name("service-name").set_values(Some(services)).build();
        let services = &services;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.describe_vpc_endpoints().filters(of_vpc(vpc)).filters(services.clone());
                request.max_results(PAGE).set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let endpoints = answer.vpc_endpoints().iter().filter_map(convert::endpoint).collect::<Vec<_>>();
            Ok((endpoints, answer.next_token))
        })
        .await
    }

    /// Returns the network interfaces in a VPC.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn interfaces(&self, vpc: &VpcId) -> Result<Vec<Interface>, AwsError> {
        let operation = &operations::DESCRIBE_NETWORK_INTERFACES;
        pages::all(|from| async move {
            let request = || {
                let request = self.client.describe_network_interfaces().filters(of_vpc(vpc)).max_results(PAGE);
                request.set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let interfaces = answer.network_interfaces().iter().map(convert::interface).collect::<Vec<_>>();
            Ok((interfaces, answer.next_token))
        })
        .await
    }

    /// Returns what a prefix list holds.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn prefix_list(&self, list: &PrefixListId) -> Result<Ranges, AwsError> {
        let operation = &operations::GET_MANAGED_PREFIX_LIST_ENTRIES;
        let blocks: Vec<ipnet::IpNet> = pages::all(|from| async move {
            let request = || {
                let request = self.client.get_managed_prefix_list_entries().prefix_list_id(list.as_str());
                request.max_results(SHORT_PAGE).set_next_token(from.clone()).send()
            };
            let answer = self.calls.send(operation, &self.at, request).await?;
            let blocks = answer.entries().iter().filter_map(|entry| entry.cidr()?.parse().ok()).collect::<Vec<ipnet::IpNet>>();
            Ok((blocks, answer.next_token))
        })
        .await?;
        Ok(blocks.into_iter().collect())
    }
}

fn of_vpc(vpc: &VpcId) -> Filter {
    Filter::builder().name("vpc-id").values(vpc.as_str()).build()
}

/// Something without what everything of its kind has: judging by the rest would be guessing.
fn odd(operation: &'static Operation) -> AwsError {
    AwsError::unusable(operation, "it tells of something without what everything of its kind has".to_owned())
}
