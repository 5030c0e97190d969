//! `DescribeVpcEndpoints`.
//! Source: Amazon EC2 API Reference, DescribeVpcEndpoints and VpcEndpoint; from memory.

use std::collections::BTreeMap;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::reply::{element, items};
use super::super::server::Form;
use super::super::state::State;
use super::interfaces::group_identifiers;
use super::listing::{Item, Listing, PAGE, answer, tag_set};
use super::nat_gateways::LONG_AGO;
use super::visible::Eye;

const LISTING: Listing = Listing {
    set: "vpcEndpointSet",
    page: PAGE,
    ids: "VpcEndpointId",
    missing: ErrorKind::Ec2NoEndpoint,
    filters: &["vpc-id", "vpc-endpoint-id", "service-name", "vpc-endpoint-state", "vpc-endpoint-type"],
};

/// What an endpoint allows unless somebody said otherwise.
const EVERYTHING: &str = r#"{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#;

/// Only the owner of a VPC sees its endpoints.
pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let interfaces = eye.interfaces();
    let mut all = Vec::new();
    for seen in eye.own_vpcs() {
        for endpoint in &seen.vpc.endpoints {
            let own: Vec<_> =
                interfaces.iter().map(|(_, interface)| interface).filter(|interface| interface.name == endpoint.id).collect();
            // Without groups of its own, an endpoint tells the one its interfaces were given.
            let default = seen.vpc.default_group().map(|group| group.id.clone());
            let groups = match (endpoint.has_interfaces(), endpoint.groups.is_empty()) {
                (true, true) => default.into_iter().collect(),
                _ => endpoint.groups.clone(),
            };
            let xml = [
                element("vpcEndpointId", &endpoint.id),
                element("vpcEndpointType", &endpoint.kind),
                element("vpcId", &seen.vpc.id),
                element("ownerId", seen.owner),
                element("serviceName", &endpoint.service),
                element("serviceRegion", eye.region),
                element("state", &endpoint.state),
                element("policyDocument", EVERYTHING),
                element("ipAddressType", "ipv4"),
                element("privateDnsEnabled", &endpoint.private_dns.to_string()),
                element("requesterManaged", "false"),
                texts("routeTableIdSet", &endpoint.route_tables),
                texts("subnetIdSet", &endpoint.subnets),
                group_identifiers(eye, &groups),
                items("networkInterfaceIdSet", own.iter().map(|interface| interface.id.clone())),
                element("creationTimestamp", LONG_AGO),
                tag_set(&BTreeMap::new()),
            ];
            let item = Item::new(&endpoint.id, xml.concat()).fact("vpc-id", &seen.vpc.id).fact("vpc-endpoint-id", &endpoint.id);
            let item = item.fact("service-name", &endpoint.service).fact("vpc-endpoint-state", &endpoint.state);
            all.push(item.fact("vpc-endpoint-type", &endpoint.kind));
        }
    }
    answer(caller, form, &LISTING, all)
}

fn texts(set: &str, ids: &[String]) -> String {
    items(set, ids.iter().cloned())
}
