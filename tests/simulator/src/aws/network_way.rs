//! Whether a new task reaches an image registry: groups, ACL and route of each subnet that it may be started in.
//!
//! Plainer than EC2, and on purpose more lenient: what cannot be decided with the address of one registry leads there.

use std::net::{IpAddr, Ipv4Addr};

use super::cidr::Cidr;
use super::state::State;
use super::stored::StoredService;
use crate::scenario::network::{AclEntry, NetworkAcl, RouteTable, Rule, Subnet, Vpc};

/// Where every public registry is.
const REGISTRY: IpAddr = IpAddr::V4(Ipv4Addr::new(100, 0, 113, 10));

/// The port of registries.
const HTTPS: i32 = 443;

/// A port that an answer comes back to.
const ANSWER: i32 = 40_000;

/// A service, and where it is.
pub(super) struct Place<'a> {
    pub(super) state: &'a State,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a StoredService,
}

/// Returns whether tasks of a service can pull an image, in every subnet that they may be started in.
pub(super) fn reaches_registry(place: &Place<'_>, image: &str) -> bool {
    let Some(network) = place.service.network_configuration() else { return true };
    let named = |key: &str| -> Vec<String> {
        let list = network.get("awsvpcConfiguration").and_then(|it| it.get(key)).and_then(|it| it.as_array());
        list.into_iter().flatten().filter_map(|it| it.as_str()).map(str::to_owned).collect()
    };
    let public = network.pointer("/awsvpcConfiguration/assignPublicIp").is_some_and(|told| told == "ENABLED");
    let groups = named("securityGroups");
    named("subnets").iter().all(|id| {
        let vpcs = place.state.place(place.account, place.region).map_or(&[][..], |place| &place.network.vpcs);
        let found = vpcs.iter().find_map(|vpc| Some((vpc, vpc.subnets.iter().find(|subnet| subnet.id == *id)?)));
        // A subnet that another account shares is that account's; what its tasks reach is not worked out here.
        let Some((vpc, subnet)) = found else { return true };
        lets_out(vpc, &groups) && (by_endpoint(vpc, place.region, image) || leads_out(vpc, subnet, public))
    })
}

fn lets_out(vpc: &Vpc, groups: &[String]) -> bool {
    let meant = |id: &String, is_default: bool| groups.contains(id) || (groups.is_empty() && is_default);
    let mut rules = vpc.groups.iter().filter(|group| meant(&group.id, group.is_default())).flat_map(|group| &group.egress);
    rules.any(rule_lets_out)
}

fn rule_lets_out(rule: &Rule) -> bool {
    let of_tcp = match rule.protocol.as_str() {
        "-1" => true,
        "tcp" => (rule.from..=rule.to).contains(&HTTPS),
        _ => false,
    };
    // Of a group or a list it is not known whether the registry is in it.
    of_tcp && Cidr::parse(&rule.peer).is_none_or(|range| range.holds(REGISTRY))
}

/// Interface endpoints of ECR serve its own registries.
fn by_endpoint(vpc: &Vpc, region: &str, image: &str) -> bool {
    let service = format!("com.amazonaws.{region}.ecr.dkr");
    image.contains(".dkr.ecr.") && vpc.endpoints.iter().any(|endpoint| endpoint.service == service && endpoint.private_dns)
}

fn leads_out(vpc: &Vpc, subnet: &Subnet, public: bool) -> bool {
    let acl = vpc.acls.iter().find(|acl| vpc.filtered_by(acl).any(|other| other.id == subnet.id));
    let table = vpc.route_tables.iter().find(|table| vpc.routed_by(table).any(|other| other.id == subnet.id));
    if !acl.is_none_or(lets_through) {
        return false;
    }
    let Some(target) = table.and_then(target) else { return false };
    if target.starts_with("igw-") {
        return public;
    }
    let Some(gateway) = vpc.nat_gateways.iter().find(|gateway| gateway.id == target) else { return true };
    let its = vpc.subnets.iter().find(|other| other.id == gateway.subnet && other.id != subnet.id);
    gateway.state == "available" && its.is_none_or(|its| leads_out(vpc, its, true))
}

/// Returns where the most specific route for the registry leads.
fn target(table: &RouteTable) -> Option<&str> {
    let to_it = table.routes.iter().filter_map(|route| Some((Cidr::parse(&route.destination)?, route)));
    let best = to_it.filter(|(range, _)| range.holds(REGISTRY)).min_by_key(|(range, _)| range.size());
    best.filter(|(_, route)| !route.blackhole).map(|(_, route)| route.target.as_str())
}

fn lets_through(acl: &NetworkAcl) -> bool {
    let decides = |egress: bool, port: i32| {
        let of_it = |entry: &&AclEntry| {
            let of_tcp = entry.protocol == "-1" || (entry.protocol == "6" && (entry.from..=entry.to).contains(&port));
            entry.egress == egress && of_tcp && Cidr::parse(&entry.cidr).is_some_and(|range| range.holds(REGISTRY))
        };
        acl.entries.iter().filter(of_it).min_by_key(|entry| entry.number).is_some_and(|entry| entry.allow)
    };
    decides(true, HTTPS) && decides(false, ANSWER)
}
