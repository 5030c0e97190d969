//! `DescribeNatGateways`.
//! Source: Amazon EC2 API Reference, DescribeNatGateways and NatGateway; from memory.

use std::collections::BTreeMap;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::made_id;
use super::super::reply::{element, items};
use super::super::server::Form;
use super::super::state::State;
use super::interfaces::public_address;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::visible::Eye;

const LISTING: Listing = Listing {
    set: "natGatewaySet",
    page: PAGE,
    ids: "NatGatewayId",
    missing: ErrorKind::Ec2NoNatGateway,
    filters: &["vpc-id", "subnet-id", "nat-gateway-id", "state"],
};

/// When everything was made that tells when it was made.
pub(super) const LONG_AGO: &str = "2026-01-01T00:00:00.000Z";

/// Only the owner of a VPC sees its gateways.
pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let interfaces = eye.interfaces();
    let mut all = Vec::new();
    for seen in eye.own_vpcs() {
        for gateway in &seen.vpc.nat_gateways {
            let own = interfaces.iter().map(|(_, interface)| interface).filter(|interface| interface.name == gateway.id);
            let addresses = own.map(|interface| {
                let public = || {
                    element("publicIp", &public_address(interface))
                        + &element("allocationId", &made_id("eipalloc", &[&interface.id]))
                        + &element("associationId", &made_id("eipassoc", &[&interface.id]))
                };
                element("networkInterfaceId", &interface.id)
                    + &element("privateIp", &interface.address.to_string())
                    + &if interface.is_public { public() } else { String::new() }
                    + &element("isPrimary", "true")
                    + &element("status", "succeeded")
            });
            let xml = [
                element("natGatewayId", &gateway.id),
                element("vpcId", &seen.vpc.id),
                element("subnetId", &gateway.subnet),
                element("state", &gateway.state),
                element("connectivityType", &gateway.connectivity),
                element("availabilityMode", "zonal"),
                element("createTime", LONG_AGO),
                items("natGatewayAddressSet", addresses),
                tag_set(&BTreeMap::new()),
            ];
            let item = Item::new(&gateway.id, xml.concat()).fact("vpc-id", &seen.vpc.id).fact("subnet-id", &gateway.subnet);
            all.push(item.fact("nat-gateway-id", &gateway.id).fact("state", &gateway.state));
        }
    }
    answer(caller, form, &LISTING, all)
}
