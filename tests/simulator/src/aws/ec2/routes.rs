//! `DescribeRouteTables`.
//! Source: Amazon EC2 API Reference, DescribeRouteTables, RouteTable and Route; from memory.

use std::collections::BTreeMap;

use super::super::access::Caller;
use super::super::errors::{AwsError, ErrorKind};
use super::super::network::made_id;
use super::super::reply::{element, items, wrap};
use super::super::server::Form;
use super::super::state::State;
use super::listing::{Item, Listing, answer, tag_set};
use super::visible::{Eye, Seen};
use crate::scenario::network::{Route, RouteTable};

/// Source of the page: Amazon EC2 API Reference, DescribeRouteTables, `MaxResults`; from memory.
const LISTING: Listing = Listing {
    set: "routeTableSet",
    page: (5, 100),
    ids: "RouteTableId",
    missing: ErrorKind::Ec2NoRouteTable,
    filters: &[
        "vpc-id",
        "route-table-id",
        "association.subnet-id",
        "association.main",
        "association.route-table-id",
        "owner-id",
        "route.state",
    ],
};

pub(super) fn describe(state: &State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let eye = Eye::of(state, caller);
    let all = eye.route_tables().into_iter().map(|seen| {
        let table = seen.it;
        let associated = associated_subnets(eye, &seen);
        let association = |main: bool, subnet: Option<&str>| {
            let id = made_id("rtbassoc", &[seen.owner, eye.region, &table.id, subnet.unwrap_or("main")]);
            let subnet = subnet.map(|subnet| element("subnetId", subnet)).unwrap_or_default();
            element("routeTableAssociationId", &id)
                + &element("routeTableId", &table.id)
                + &subnet
                + &element("main", &main.to_string())
                + &wrap("associationState", &element("state", "associated"))
        };
        let main = table.main.then(|| association(true, None));
        let explicit = associated.iter().map(|subnet| association(false, Some(subnet)));
        let routes = routes(&seen);
        let xml = [
            element("routeTableId", &table.id),
            element("vpcId", &seen.vpc.id),
            element("ownerId", seen.owner),
            items("routeSet", routes.iter().map(route)),
            items("associationSet", main.into_iter().chain(explicit)),
            items("propagatingVgwSet", std::iter::empty()),
            tag_set(&BTreeMap::new()),
        ];
        let item = Item::new(&table.id, xml.concat()).fact("route-table-id", &table.id).fact("vpc-id", &seen.vpc.id);
        // A table has these facts by its associations, so that a table without any has none of them.
        let item = if table.main { item.fact("association.main", "true") } else { item };
        let item = if associated.is_empty() { item } else { item.fact("association.main", "false") };
        let is_associated = table.main || !associated.is_empty();
        let item = if is_associated { item.fact("association.route-table-id", &table.id) } else { item };
        let item = item.fact("owner-id", seen.owner).facts("association.subnet-id", associated);
        item.facts("route.state", routes.iter().map(state_of))
    });
    answer(caller, form, &LISTING, all.collect())
}

/// Returns the subnets that name the table, as far as they are seen; those that use the main one without naming it are not told.
fn associated_subnets<'a>(eye: Eye<'_>, seen: &Seen<'a, RouteTable>) -> Vec<&'a str> {
    let naming = seen.vpc.subnets.iter().filter(|subnet| subnet.routes.as_deref() == Some(&seen.it.id));
    let seen_ones = naming.filter(|subnet| seen.owner == eye.account || subnet.is_shared_with(eye.account));
    seen_ones.map(|subnet| subnet.id.as_str()).collect()
}

/// Returns all routes: those of the VPC's own ranges first, unless the table sends them elsewhere.
fn routes(seen: &Seen<'_, RouteTable>) -> Vec<Route> {
    let own = |cidr: &&String| !seen.it.routes.iter().any(|route| route.destination == **cidr);
    let local = |cidr: &String| Route { destination: cidr.clone(), target: "local".to_owned(), blackhole: false };
    seen.vpc.cidrs.iter().filter(own).map(local).chain(seen.it.routes.iter().cloned()).collect()
}

fn state_of(route: &Route) -> &'static str {
    if route.blackhole { "blackhole" } else { "active" }
}

fn route(route: &Route) -> String {
    let destination = match route.destination.as_str() {
        list if list.starts_with("pl-") => "destinationPrefixListId",
        range if range.contains(':') => "destinationIpv6CidrBlock",
        _ => "destinationCidrBlock",
    };
    let origin = if route.target == "local" { "CreateRouteTable" } else { "CreateRoute" };
    [
        element(destination, &route.destination),
        element(target(&route.target), &route.target),
        element("state", state_of(route)),
        element("origin", origin),
    ]
    .concat()
}

/// Returns the element that tells a target.
fn target(target: &str) -> &'static str {
    match target.split('-').next().unwrap_or_default() {
        "eigw" => "egressOnlyInternetGatewayId",
        "nat" => "natGatewayId",
        "tgw" => "transitGatewayId",
        "pcx" => "vpcPeeringConnectionId",
        "eni" => "networkInterfaceId",
        "i" => "instanceId",
        "lgw" => "localGatewayId",
        "cagw" => "carrierGatewayId",
        arn if arn.starts_with("arn:") => "coreNetworkArn",
        // `local` and whatever else is a gateway: igw, vgw, vpce.
        _ => "gatewayId",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_what_it_is() {
        for (given, expected) in [
            ("local", "gatewayId"),
            ("igw-1", "gatewayId"),
            ("vgw-1", "gatewayId"),
            ("vpce-1", "gatewayId"),
            ("eigw-1", "egressOnlyInternetGatewayId"),
            ("nat-1", "natGatewayId"),
            ("tgw-1", "transitGatewayId"),
            ("pcx-1", "vpcPeeringConnectionId"),
            ("eni-1", "networkInterfaceId"),
            ("i-1", "instanceId"),
            ("lgw-1", "localGatewayId"),
            ("cagw-1", "carrierGatewayId"),
            ("arn:aws:networkmanager::111122223333:core-network/core-network-1", "coreNetworkArn"),
        ] {
            assert_eq!(target(given), expected, "{given}");
        }
    }
}
