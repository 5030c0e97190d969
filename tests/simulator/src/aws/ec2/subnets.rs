//! `DescribeSubnets`.
//! Source: Amazon EC2 API Reference, DescribeSubnets and Subnet; from memory.

use std::collections::BTreeMap;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::interfaces::{free_addresses, of_vpc};
use super::super::network::made_id;
use super::super::reply::{element, items, wrap};
use super::super::server::Form;
use super::super::state::State;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::visible::Eye;

const LISTING: Listing = Listing {
    set: "subnetSet",
    page: PAGE,
    ids: "SubnetId",
    missing: ErrorKind::Ec2NoSubnet,
    filters: &["vpc-id", "subnet-id", "state", "owner-id", "cidr-block", "availability-zone", "ipv6-native"],
};

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let mut all = Vec::new();
    for seen in eye.vpcs() {
        let interfaces = of_vpc(state, seen.owner, eye.region, seen.vpc);
        for subnet in eye.subnets(seen) {
            let zone = eye.zone(subnet);
            let native = subnet.ipv6_native.to_string();
            let mode = subnet.block_public_access.as_deref().unwrap_or("off");
            let cidr_block = if subnet.ipv6_native { String::new() } else { element("cidrBlock", &subnet.cidr) };
            let ipv6 = subnet.ipv6_cidr.iter().map(|cidr| {
                element("associationId", &made_id("subnet-cidr-assoc", &[&subnet.id]))
                    + &element("ipv6CidrBlock", cidr)
                    + &wrap("ipv6CidrBlockState", &element("state", "associated"))
            });
            let xml = [
                element("subnetId", &subnet.id),
                element("subnetArn", &eye.arn(seen.owner, "subnet", &subnet.id)),
                element("state", "available"),
                element("vpcId", &seen.vpc.id),
                element("ownerId", seen.owner),
                cidr_block,
                items("ipv6CidrBlockAssociationSet", ipv6),
                element("availableIpAddressCount", &free_addresses(subnet, &interfaces).to_string()),
                element("availabilityZone", &zone),
                element("defaultForAz", "false"),
                element("mapPublicIpOnLaunch", "false"),
                element("assignIpv6AddressOnCreation", &native),
                element("ipv6Native", &native),
                element("enableDns64", "false"),
                wrap("blockPublicAccessStates", &element("internetGatewayBlockMode", mode)),
                tag_set(&BTreeMap::new()),
            ];
            let item = Item::new(&subnet.id, xml.concat()).fact("subnet-id", &subnet.id).fact("vpc-id", &seen.vpc.id);
            let item = item.fact("state", "available").fact("owner-id", seen.owner).fact("cidr-block", &subnet.cidr);
            all.push(item.fact("availability-zone", zone).fact("ipv6-native", native));
        }
    }
    answer(caller, form, &LISTING, all)
}
