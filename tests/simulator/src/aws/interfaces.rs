//! The network interfaces of a VPC. Only the scenario's own are kept: the others are there because of what has them, a service's
//! tasks, a NAT gateway or an endpoint, and are worked out anew whenever somebody looks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

use super::cidr::Cidr;
use super::network::{digest, made_id};
use super::state::State;
use super::stored::StoredService;
use crate::scenario::network::{Subnet, Vpc};

/// A subnet's first four addresses and its last one are nobody's.
/// Source: Amazon VPC User Guide, Subnet CIDR blocks; from memory.
const RESERVED: u128 = 5;

/// The first that is not reserved.
const FIRST: u128 = 4;

/// A network interface.
#[derive(Clone, Debug)]
pub(super) struct NetworkInterface {
    pub(super) id: String,
    /// The account it belongs to; in a shared subnet, not the subnet's owner.
    pub(super) account: String,
    pub(super) subnet: String,
    pub(super) address: IpAddr,
    pub(super) groups: Vec<String>,
    pub(super) description: String,
    /// `interface`, `nat_gateway` or `vpc_endpoint`.
    pub(super) kind: &'static str,
    pub(super) is_public: bool,
    /// What has it: the id of a gateway or an endpoint, or a name of ours.
    pub(super) name: String,
}

/// What is going to have an interface.
struct Wanted {
    account: String,
    subnet: String,
    address: Option<IpAddr>,
    groups: Vec<String>,
    description: String,
    kind: &'static str,
    is_public: bool,
    /// What makes its id and its address its own.
    name: String,
}

/// Returns every interface of a VPC, the participants' included, in an order that does not change.
///
/// One that its subnet has no address for is left out, as a task without an address is not started.
pub(super) fn of_vpc(state: &State, owner: &str, region: &str, vpc: &Vpc) -> Vec<NetworkInterface> {
    let mut wanted = of_gateways(owner, vpc);
    wanted.extend(of_scenario(owner, vpc));
    let participants: BTreeSet<&String> = vpc.subnets.iter().flat_map(|subnet| &subnet.shared_with).collect();
    for account in participants.into_iter().filter(|account| *account != owner) {
        let place = state.place(account, region);
        let contributed = place.into_iter().flat_map(|place| &place.network.vpcs);
        wanted.extend(
            contributed.filter(|other| other.id == vpc.id && other.owner.is_some()).flat_map(|other| of_scenario(account, other)),
        );
        wanted.extend(of_tasks(state, account, region, vpc, false));
    }
    wanted.extend(of_tasks(state, owner, region, vpc, true));

    // Those that say which address they have come first, so that nobody else is given it.
    let mut taken: BTreeSet<IpAddr> = wanted.iter().filter_map(|wanted| wanted.address).collect();
    let subnets: BTreeMap<&str, &Subnet> = vpc.subnets.iter().map(|subnet| (subnet.id.as_str(), subnet)).collect();
    let mut interfaces = Vec::new();
    for wanted in wanted {
        let name = [wanted.account.as_str(), region, &vpc.id, &wanted.subnet, &wanted.name];
        let free = || free_address(subnets.get(wanted.subnet.as_str())?, digest(&name), &taken);
        let Some(address) = wanted.address.or_else(free) else {
            continue;
        };
        taken.insert(address);
        interfaces.push(NetworkInterface {
            id: made_id("eni", &name),
            account: wanted.account,
            subnet: wanted.subnet,
            address,
            groups: wanted.groups,
            description: wanted.description,
            kind: wanted.kind,
            is_public: wanted.is_public,
            name: wanted.name,
        });
    }
    interfaces
}

/// Returns how many addresses of a subnet nobody has, given who is in it.
pub(super) fn free_addresses(subnet: &Subnet, interfaces: &[NetworkInterface]) -> u128 {
    let size = Cidr::parse(&subnet.cidr).map_or(0, |cidr| cidr.size().saturating_sub(RESERVED));
    let used = interfaces.iter().filter(|interface| interface.subnet == subnet.id).count();
    size.saturating_sub(used as u128)
}

/// Returns an address of the subnet: the one that the number points at, or the next that is free.
fn free_address(subnet: &Subnet, number: u64, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
    let cidr = if subnet.ipv6_native { subnet.ipv6_cidr.as_deref() } else { Some(subnet.cidr.as_str()) };
    let cidr = Cidr::parse(cidr?)?;
    let usable = cidr.size().saturating_sub(RESERVED);
    // Among as many candidates as there are addresses taken, and one more, one is free.
    let tries = usable.min(taken.len() as u128 + 1);
    (0..tries).map(|n| cidr.address(FIRST + (u128::from(number) + n) % usable)).find(|address| !taken.contains(address))
}

fn of_gateways(owner: &str, vpc: &Vpc) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for gateway in vpc.nat_gateways.iter().filter(|gateway| !matches!(gateway.state.as_str(), "failed" | "deleted")) {
        wanted.push(Wanted {
            account: owner.to_owned(),
            subnet: gateway.subnet.clone(),
            address: None,
            groups: Vec::new(),
            description: format!("Interface for NAT Gateway {}", gateway.id),
            kind: "nat_gateway",
            is_public: gateway.connectivity == "public",
            name: gateway.id.clone(),
        });
    }
    for endpoint in vpc.endpoints.iter().filter(|endpoint| endpoint.has_interfaces()) {
        for subnet in &endpoint.subnets {
            wanted.push(Wanted {
                account: owner.to_owned(),
                subnet: subnet.clone(),
                address: None,
                groups: or_default(&endpoint.groups, Some(vpc)),
                description: format!("VPC Endpoint Interface {}", endpoint.id),
                kind: "vpc_endpoint",
                is_public: false,
                name: endpoint.id.clone(),
            });
        }
    }
    wanted
}

/// Returns the interfaces that a scenario names, of the owner or of a participant.
fn of_scenario(account: &str, vpc: &Vpc) -> Vec<Wanted> {
    let interfaces = vpc.interfaces.iter().enumerate();
    let wanted = interfaces.map(|(n, interface)| Wanted {
        account: account.to_owned(),
        subnet: interface.subnet.clone(),
        address: interface.address.parse().ok(),
        groups: or_default(&interface.groups, Some(vpc)),
        description: interface.description.clone(),
        kind: "interface",
        is_public: false,
        name: format!("interface {n}"),
    });
    wanted.collect()
}

/// Returns those of an account's tasks: each service spreads its desired count over the subnets it names.
fn of_tasks(state: &State, account: &str, region: &str, vpc: &Vpc, is_owner: bool) -> Vec<Wanted> {
    let Some(place) = state.place(account, region) else {
        return Vec::new();
    };
    // An account's own subnet goes before one that is shared with it and has the same id.
    let own_vpcs = || place.network.vpcs.iter().filter(|own| own.owner.is_none());
    let is_own = |id: &str| own_vpcs().any(|own| own.subnets.iter().any(|subnet| subnet.id == id));
    let default_of = if is_owner { Some(vpc) } else { None };
    let mut wanted = Vec::new();
    for service in place.services.iter().filter(|service| service.status == "ACTIVE") {
        let Some(network) = service.network_configuration() else {
            continue;
        };
        let named = texts(&network, "subnets");
        let Some(tasks) = usize::try_from(service.desired_count).ok().filter(|_| !named.is_empty()) else {
            continue;
        };
        for (n, subnet) in (0..tasks).map(|n| (n, named[n % named.len()])) {
            let may_use = |known: &Subnet| is_owner || (known.is_shared_with(account) && !is_own(subnet));
            if !vpc.subnets.iter().any(|known| known.id == subnet && may_use(known)) {
                continue;
            }
            let groups: Vec<String> = texts(&network, "securityGroups").into_iter().map(str::to_owned).collect();
            wanted.push(Wanted {
                account: account.to_owned(),
                subnet: subnet.to_owned(),
                address: None,
                groups: or_default(&groups, default_of),
                description: attachment(state, account, region, service, n),
                kind: "interface",
                is_public: network.pointer("/awsvpcConfiguration/assignPublicIp").is_some_and(|told| told == "ENABLED"),
                name: format!("task {n} of {}/{}", service.cluster, service.name),
            });
        }
    }
    wanted
}

/// Returns what the interface of a Fargate task is described as: the ARN of its attachment.
fn attachment(state: &State, account: &str, region: &str, service: &StoredService, n: usize) -> String {
    let id = digest(&[&service.cluster, &service.name, &n.to_string()]);
    format!(
        "arn:{}:ecs:{region}:{account}:attachment/00000000-0000-4000-{:04x}-{:012x}",
        state.partition,
        id >> 48,
        id & 0xffff_ffff_ffff
    )
}

fn or_default(groups: &[String], vpc: Option<&Vpc>) -> Vec<String> {
    if !groups.is_empty() {
        return groups.to_vec();
    }
    vpc.and_then(Vpc::default_group).map(|group| group.id.clone()).into_iter().collect()
}

fn texts<'a>(network: &'a Value, key: &str) -> Vec<&'a str> {
    let list = network.get("awsvpcConfiguration").and_then(|network| network.get(key)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}
