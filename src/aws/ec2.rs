//! EC2: which Regions an account has enabled, and the network that its tasks are in. Reading and writing are two types.
//!
//! `convert` makes plain facts of what the SDK returns; what follows from them is decided in [`crate::plan::network`].

mod convert;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ec2::types::Filter;
use ipnet::IpNet;

use super::call::{At, Calls};
use super::error::AwsError;
use super::operations::{self, Operation};
use super::pages;
use crate::ids::{NatGatewayId, NetworkAclId, PrefixListId, RegionName, RouteTableId, SecurityGroupId, VpcId};
use crate::plan::memory::OPENED_TAG;
use crate::plan::network::close::{Carrier, GroupPlace, OpenedAcl, OpenedRule};
use crate::plan::network::facts::{
    Endpoint, Groups, Interface, Layout, NatGateway, NetworkAcl, RouteTable, SecurityGroup, Subnets,
};
use crate::plan::network::ranges::Ranges;

pub use write::{Added, Ec2Writer};

/// Lists of EC2 give as many a page as they are asked for, up to 1,000.
/// Source: Amazon EC2 API Reference, DescribeSubnets, `MaxResults` (from memory; the others say the same).
const PAGE: i32 = 1000;

/// `DescribeRouteTables` and `GetManagedPrefixListEntries` give 100 a page at most, and refuse to be asked for more.
/// Source: Amazon EC2 API Reference, `MaxResults` of both (from memory).
const SHORT_PAGE: i32 = 100;

/// A filter takes at most 200 values.
/// Source: Amazon EC2 User Guide, "List and filter your resources" (from memory).
const FILTER_VALUES: usize = 200;

/// Asks for every page of a list, and makes facts of what is on them. Something of which no facts can be made fails all of it.
macro_rules! all_pages {
    ($reader:ident, $operation:path, $request:ident, $items:ident, $convert:expr) => {
        pages::all(|from| {
            let request = &$request;
            async move {
                let ask = || request().set_next_token(from.clone()).send();
                let answer = $reader.calls.send(&$operation, &$reader.at, ask).await?;
                let facts = answer.$items().iter().map(|item| $convert(item).ok_or_else(|| odd(&$operation)));
                Ok((facts.collect::<Result<Vec<_>, AwsError>>()?, answer.next_token))
            }
        })
        .await
    };
}

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
        let request = || self.client.describe_subnets().max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_SUBNETS, request, subnets, convert::subnet)
    }

    /// Returns the account's security groups in a VPC.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn groups(&self, vpc: &VpcId) -> Result<Groups, AwsError> {
        let request = || self.client.describe_security_groups().filters(of_vpc(vpc)).max_results(PAGE);
        let groups = all_pages!(self, operations::DESCRIBE_SECURITY_GROUPS, request, security_groups, convert::group)?;
        Ok(Groups { groups, interfaces: None })
    }

    /// Returns these groups, as far as they are there: a group can be used in more VPCs than its own.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn groups_by_id(&self, ids: &[SecurityGroupId]) -> Result<BTreeMap<SecurityGroupId, SecurityGroup>, AwsError> {
        let ids = ids.iter().map(ToString::to_string).collect();
        let ids = Filter::builder().name("group-id").set_values(Some(ids)).build();
        let request = || self.client.describe_security_groups().filters(ids.clone()).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_SECURITY_GROUPS, request, security_groups, convert::group)
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
        let request = || self.client.describe_network_acls().filters(of_vpc(vpc)).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_NETWORK_ACLS, request, network_acls, convert::acl)
    }

    /// Returns the rules of the account's security groups that have our tag.
    ///
    /// This list cannot be filtered by a tag's key alone, as others can; `*` stands for any value.
    /// Source: Amazon EC2 API Reference, DescribeSecurityGroupRules, `Filter.N` (read 2026-11).
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn opened_rules(&self) -> Result<Vec<OpenedRule>, AwsError> {
        let tagged = Filter::builder().name(format!("tag:{OPENED_TAG}")).values("*").build();
        let request = || self.client.describe_security_group_rules().filters(tagged.clone()).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_SECURITY_GROUP_RULES, request, security_group_rules, convert::opened_rule)
    }

    /// Returns the network ACLs that have our tag, those of shared subnets among them if their tags can be seen.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn opened_acls(&self) -> Result<BTreeMap<NetworkAclId, OpenedAcl>, AwsError> {
        let tagged = Filter::builder().name("tag-key").values(OPENED_TAG).build();
        let request = || self.client.describe_network_acls().filters(tagged.clone()).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_NETWORK_ACLS, request, network_acls, convert::opened_acl)
    }

    /// Returns where these groups are, as far as they are there.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn group_places(&self, ids: &BTreeSet<SecurityGroupId>) -> Result<BTreeMap<SecurityGroupId, GroupPlace>, AwsError> {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut places = BTreeMap::new();
        for some in ids.chunks(FILTER_VALUES) {
            let some = Filter::builder().name("group-id").set_values(Some(some.to_vec())).build();
            let request = || self.client.describe_security_groups().filters(some.clone()).max_results(PAGE);
            let found: BTreeMap<SecurityGroupId, GroupPlace> =
                all_pages!(self, operations::DESCRIBE_SECURITY_GROUPS, request, security_groups, convert::group_place)?;
            places.extend(found);
        }
        Ok(places)
    }

    /// Returns whose the network interfaces in a VPC are, and which groups they carry. The owner of a shared VPC sees those of its
    /// participants.
    /// Source: Amazon VPC User Guide, "Share your VPC subnets with other accounts", responsibilities and permissions (from memory).
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn carriers(&self, vpc: &VpcId) -> Result<Vec<Carrier>, AwsError> {
        let request = || self.client.describe_network_interfaces().filters(of_vpc(vpc)).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_NETWORK_INTERFACES, request, network_interfaces, convert::carrier)
    }

    async fn route_tables(&self, vpc: &VpcId) -> Result<BTreeMap<RouteTableId, RouteTable>, AwsError> {
        let request = || self.client.describe_route_tables().filters(of_vpc(vpc)).max_results(SHORT_PAGE);
        all_pages!(self, operations::DESCRIBE_ROUTE_TABLES, request, route_tables, convert::table)
    }

    async fn nat_gateways(&self, vpc: &VpcId) -> Result<BTreeMap<NatGatewayId, NatGateway>, AwsError> {
        let request = || self.client.describe_nat_gateways().filter(of_vpc(vpc)).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_NAT_GATEWAYS, request, nat_gateways, convert::nat)
    }

    /// Returns the VPC's endpoints for what pulling an image from ECR needs.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn endpoints(&self, vpc: &VpcId) -> Result<Vec<Endpoint>, AwsError> {
        let services = convert::service_names(&self.at.region);
        let services = Filter::builder().name("service-name").set_values(Some(services)).build();
        let request = || self.client.describe_vpc_endpoints().filters(of_vpc(vpc)).filters(services.clone()).max_results(PAGE);
        // Those that do not work are passed over.
        let used = |endpoint: &_| Some(convert::endpoint(endpoint));
        let found: Vec<Option<Endpoint>> = all_pages!(self, operations::DESCRIBE_VPC_ENDPOINTS, request, vpc_endpoints, used)?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Returns the network interfaces in a VPC.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn interfaces(&self, vpc: &VpcId) -> Result<Vec<Interface>, AwsError> {
        let request = || self.client.describe_network_interfaces().filters(of_vpc(vpc)).max_results(PAGE);
        all_pages!(self, operations::DESCRIBE_NETWORK_INTERFACES, request, network_interfaces, convert::interface)
    }

    /// Returns what a prefix list holds.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn prefix_list(&self, list: &PrefixListId) -> Result<Ranges, AwsError> {
        let request = || self.client.get_managed_prefix_list_entries().prefix_list_id(list.as_str()).max_results(SHORT_PAGE);
        let blocks: Vec<IpNet> =
            all_pages!(self, operations::GET_MANAGED_PREFIX_LIST_ENTRIES, request, entries, convert::listed)?;
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
