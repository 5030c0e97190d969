//! What becomes of one connection, worked out for one address and one port at a time with plain loops.
//!
//! This is written from the rules of AWS and shares nothing with `src/plan/network` but its plain data: no set of addresses is ever
//! cut, nothing is opened, and nothing is known of what a run wants. A connection is a request and its answers, so that each ACL on
//! the way is passed in both directions:
//!
//! - a security group rule of any attached group lets the request out, and answers come back by themselves;
//! - an ACL is passed where a packet enters or leaves its subnet; the matching entry with the lowest number decides;
//! - the longest matching prefix decides where a packet goes; an Internet gateway takes IPv4 from public addresses only;
//! - a NAT gateway sends the request on from its own subnet and from a port of its own, and hands the answers back.
//!
//! The server's own groups are not looked at, and its subnet's ACL only if it is in the same VPC.

use std::net::IpAddr;

use fargate_updater::ids::{PrefixListId, SubnetId};
use fargate_updater::plan::network::facts::{
    BlockPublicAccess, Entry, NatGateway, Peer, Route, RouteTo, Rule, SecurityGroup, Target, TaskNetwork, Vpc,
};

use super::arbitrary::PREFIX_LISTS;
use super::support::block;

/// A connection that a task tries to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection<'a> {
    pub(crate) subnet: &'a SubnetId,
    pub(crate) task: IpAddr,
    pub(crate) server: IpAddr,
    pub(crate) port: u16,
    /// The task's own port, to which answers come.
    pub(crate) client: u16,
    /// The port that a NAT gateway uses in its place.
    pub(crate) translated: u16,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Through,
    /// Nothing drops it, and it leaves for where nobody can look.
    Unseen,
    Dropped(&'static str),
}

/// Follows a connection.
pub(crate) fn fate(vpc: &Vpc, network: &TaskNetwork, connection: Connection) -> Fate {
    let Connection { subnet, task, server, port, client, translated } = connection;
    if !let_out(vpc, network, server, port) {
        return Fate::Dropped("no group lets it out");
    }
    let Some(route) = route_for(vpc, subnet, server) else { return Fate::Dropped("no route") };
    if route.blackhole {
        return Fate::Dropped("a black hole");
    }
    let by_nat = match &route.target {
        Target::Nat(nat) => match vpc.layout.nat_gateways.get(nat) {
            Some(nat) if nat.available => Some(nat),
            _ => return Fate::Dropped("no NAT gateway"),
        },
        _ => None,
    };
    let from_the_same_subnet = by_nat.is_some_and(|nat| nat.subnet.as_ref() == Some(subnet));
    // Out of the task's subnet, and back in.
    let back_at = if from_the_same_subnet { translated } else { client };
    let there_and_back = passes(vpc, subnet, true, server, port) && passes(vpc, subnet, false, server, back_at);
    if !lives_in(vpc, subnet, server) && !there_and_back {
        return Fate::Dropped("the ACL of the tasks");
    }
    if route.target == Target::Local {
        let known = vpc.layout.subnets.iter().find(|(_, known)| known.blocks.iter().any(|block| block.contains(&server)));
        let lets_in = |own: &SubnetId| passes(vpc, own, false, task, port) && passes(vpc, own, true, task, client);
        if known.is_some_and(|(own, _)| own != subnet && !lets_in(own)) {
            return Fate::Dropped("the ACL of the server");
        }
    }
    let Some(nat) = by_nat else { return beyond(vpc, network, subnet, &route.target) };
    // A regional one is in no subnet.
    let Some(own) = &nat.subnet else { return Fate::Through };
    if !from_the_same_subnet {
        let into = passes(vpc, own, false, task, port);
        let out = passes(vpc, own, true, server, port);
        let back_in = passes(vpc, own, false, server, translated);
        let back_out = passes(vpc, own, true, task, client);
        if !(into && out && back_in && back_out) {
            return Fate::Dropped("the ACL of the NAT gateway");
        }
    }
    past_nat(vpc, nat, own, server)
}

/// Whether any rule of any attached group is for this; without groups the VPC's default one is attached.
fn let_out(vpc: &Vpc, network: &TaskNetwork, server: IpAddr, port: u16) -> bool {
    let matches = |rule: &Rule| rule.tcp && (rule.ports.0..=rule.ports.1).contains(&port) && is_peer(vpc, &rule.peer, server);
    let lets_out = |group: &SecurityGroup| group.egress.iter().any(matches);
    let attached = &network.security_groups;
    vpc.groups.groups.iter().any(|(id, group)| {
        let counts = if attached.is_empty() { group.name == "default" } else { attached.contains(id) };
        counts && lets_out(group)
    })
}

fn is_peer(vpc: &Vpc, peer: &Peer, address: IpAddr) -> bool {
    match peer {
        Peer::Block(block) => block.contains(&address),
        Peer::PrefixList(list) => PREFIX_LISTS
            .iter()
            .any(|(id, blocks)| *list == PrefixListId::from(*id) && blocks.iter().any(|it| block(it).contains(&address))),
        Peer::Group(group) => {
            let interfaces = vpc.groups.interfaces.as_deref().unwrap_or_default();
            interfaces.iter().any(|it| it.groups.contains(group) && it.addresses.contains(&address))
        }
    }
}

fn lives_in(vpc: &Vpc, subnet: &SubnetId, address: IpAddr) -> bool {
    vpc.layout.subnets.get(subnet).is_some_and(|subnet| subnet.blocks.iter().any(|block| block.contains(&address)))
}

/// The entries of the ACL that a subnet is behind.
fn entries_of<'a>(vpc: &'a Vpc, subnet: &SubnetId) -> &'a [Entry] {
    let acl = vpc.layout.acls.values().find(|acl| acl.subnets.contains(subnet));
    acl.map(|acl| acl.entries.as_slice()).unwrap_or_default()
}

fn passes(vpc: &Vpc, subnet: &SubnetId, egress: bool, peer: IpAddr, port: u16) -> bool {
    deciding(entries_of(vpc, subnet), egress, peer, port).is_some_and(|entry| entry.allow)
}

/// The entry that decides about a packet of TCP to this port.
pub(crate) fn deciding(entries: &[Entry], egress: bool, peer: IpAddr, port: u16) -> Option<&Entry> {
    let mut lowest: Option<&Entry> = None;
    for entry in entries {
        let matches =
            entry.egress == egress && entry.tcp && entry.block.contains(&peer) && entry.ports.0 <= port && port <= entry.ports.1;
        if matches && lowest.is_none_or(|other| entry.number < other.number) {
            lowest = Some(entry);
        }
    }
    lowest
}

/// The route with the longest prefix, in the subnet's own table or in the main one.
fn route_for<'a>(vpc: &'a Vpc, subnet: &SubnetId, address: IpAddr) -> Option<&'a Route> {
    let tables = || vpc.layout.route_tables.values();
    let table = tables().find(|table| table.subnets.contains(subnet)).or_else(|| tables().find(|table| table.main))?;
    let mut longest: Option<(u8, &Route)> = None;
    for route in &table.routes {
        let RouteTo::Block(block) = &route.to else { continue };
        if block.contains(&address) && longest.is_none_or(|(length, _)| block.prefix_len() > length) {
            longest = Some((block.prefix_len(), route));
        }
    }
    longest.map(|(_, route)| route)
}

fn public_access(vpc: &Vpc, subnet: &SubnetId) -> BlockPublicAccess {
    vpc.layout.subnets.get(subnet).map_or(BlockPublicAccess::Off, |subnet| subnet.block_public_access)
}

/// What a target other than a NAT gateway does with the packets of a task.
fn beyond(vpc: &Vpc, network: &TaskNetwork, subnet: &SubnetId, target: &Target) -> Fate {
    match target {
        Target::Local => Fate::Through,
        Target::InternetGateway(_) if !network.public_address => Fate::Dropped("no public address"),
        Target::InternetGateway(_) => match public_access(vpc, subnet) {
            BlockPublicAccess::Off => Fate::Through,
            _ => Fate::Dropped("VPC Block Public Access"),
        },
        Target::Beyond(_) => Fate::Unseen,
        Target::EgressOnlyGateway(_) | Target::Nat(_) | Target::GatewayEndpoint(_) => Fate::Dropped("nothing IPv4 goes there"),
    }
}

/// What becomes of a request once a NAT gateway has it.
fn past_nat(vpc: &Vpc, nat: &NatGateway, own: &SubnetId, server: IpAddr) -> Fate {
    let route = route_for(vpc, own, server).filter(|route| !route.blackhole);
    match route.map(|route| &route.target) {
        Some(Target::Local) => Fate::Through,
        Some(Target::InternetGateway(_)) if !nat.public => Fate::Dropped("a private NAT gateway"),
        Some(Target::InternetGateway(_)) => match public_access(vpc, own) {
            BlockPublicAccess::Off | BlockPublicAccess::Ingress => Fate::Through,
            BlockPublicAccess::Bidirectional => Fate::Dropped("VPC Block Public Access"),
        },
        Some(Target::Beyond(_)) => Fate::Unseen,
        _ => Fate::Dropped("the NAT gateway leads nowhere"),
    }
}

#[test]
fn the_evaluator_finds_what_is_closed() {
    use super::support::{CONSOLE, Edit, Facts, address};
    use Fate::{Dropped, Through, Unseen};
    let cases: [(&str, Edit, Fate); 16] = [
        ("nothing", |_| {}, Through),
        ("groups", |f| f.only_https(), Dropped("no group lets it out")),
        ("the way out", |f| f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0"]), Dropped("the ACL of the tasks")),
        ("the answers' port", |f| f.open_acl_but("subnet-app", &["90 in deny 40000 0.0.0.0/0"]), Dropped("the ACL of the tasks")),
        ("another port", |f| f.open_acl_but("subnet-app", &["90 in deny 40001 0.0.0.0/0"]), Through),
        ("behind an allow", |f| f.open_acl_but("subnet-app", &["110 in deny 40000 0.0.0.0/0"]), Through),
        (
            "into NAT",
            |f| f.open_acl_but("subnet-public", &["90 in deny 8084 10.0.0.4/32"]),
            Dropped("the ACL of the NAT gateway"),
        ),
        (
            "out of NAT",
            |f| f.open_acl_but("subnet-public", &["90 out deny 8084 0.0.0.0/0"]),
            Dropped("the ACL of the NAT gateway"),
        ),
        (
            "back into NAT",
            |f| f.open_acl_but("subnet-public", &["90 in deny 2000 0.0.0.0/0"]),
            Dropped("the ACL of the NAT gateway"),
        ),
        (
            "back to the task",
            |f| f.open_acl_but("subnet-public", &["90 out deny 40000 10.0.0.0/8"]),
            Dropped("the ACL of the NAT gateway"),
        ),
        ("the route", |f| f.routes("rtb-main", &["10.0.0.0/16 local"]), Dropped("no route")),
        (
            "a longer route",
            |f| f.routes("rtb-main", &["0.0.0.0/0 nat-1", "203.0.113.0/24 nat-1 blackhole"]),
            Dropped("a black hole"),
        ),
        ("a firewall", |f| f.routes("rtb-main", &["0.0.0.0/0 endpoint vpce-1"]), Unseen),
        ("NAT", |f| f.nat("nat-1", "subnet-public", false, true), Dropped("no NAT gateway")),
        ("a private NAT", |f| f.nat("nat-1", "subnet-public", true, false), Dropped("a private NAT gateway")),
        ("a public address", |f| f.routes("rtb-main", &["0.0.0.0/0 igw-1"]), Dropped("no public address")),
    ];
    let (subnet, task, server) = ("subnet-app".into(), address("10.0.0.4"), address(CONSOLE));
    let connection = Connection { subnet: &subnet, task, server, port: 8084, client: 40_000, translated: 2000 };
    for (name, edit, expected) in cases {
        let facts = Facts::with(edit);
        assert_eq!(fate(&facts.vpc, &facts.network, connection), expected, "{name}");
    }
}
