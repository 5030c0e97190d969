//! Made-up networks, whose blocks, ports and numbers come from small pools so that they meet, nest and get in each other's way.
//!
//! Everything is IPv4, belongs to one account or to one other, and can be read: what cannot be seen is for the tables.
//! `CONSOLE_CIDRS` never hold the tasks.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use fargate_updater::ids::SubnetId;
use fargate_updater::plan::network::destination::ConsoleAt;
use fargate_updater::plan::network::facts::{BlockPublicAccess, Interface};
use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

use super::support::{Facts, OTHERS, address, block};

/// What rules and entries are about.
const BLOCKS: [&str; 15] = [
    "0.0.0.0/0",
    "128.0.0.0/1",
    "203.0.0.0/8",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "203.0.113.10/32",
    "198.51.100.0/24",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.0.0/24",
    "10.0.0.128/25",
    "10.0.2.0/24",
    "10.0.5.0/24",
    "10.20.0.0/16",
    "10.20.30.0/24",
];

/// What routes are for, besides the VPC and everywhere.
const ROUTED: [&str; 10] = [
    "128.0.0.0/1",
    "203.0.0.0/8",
    "203.0.113.0/24",
    "203.0.113.128/25",
    "203.0.113.10/32",
    "198.51.100.0/24",
    "10.0.0.0/8",
    "10.0.5.0/24",
    "10.20.0.0/16",
    "10.20.30.0/24",
];

/// Where the Console may be said to be.
const GIVEN: [&str; 7] =
    ["203.0.0.0/8", "203.0.113.0/24", "203.0.113.128/25", "203.0.113.10/32", "198.51.100.0/24", "10.0.5.0/24", "10.20.0.0/16"];

/// What its name may stand for.
const ADDRESSES: [&str; 7] =
    ["203.0.113.10", "203.0.113.200", "203.9.9.9", "198.51.100.7", "10.0.5.10", "10.0.2.9", "10.20.30.7"];

const PORTS: [&str; 12] =
    ["all", "all", "443", "843", "8084", "3389", "1024-65535", "32768-60999", "40000-50000", "1024-32767", "8000-9000", "udp"];

const NUMBERS: [u16; 12] = [1, 2, 3, 10, 11, 12, 50, 99, 100, 101, 32_765, 32_766];

const CONSOLE_PORTS: [u16; 3] = [8084, 443, 843];

/// The prefix lists there are, and what they hold.
pub(crate) const PREFIX_LISTS: [(&str, &[&str]); 2] =
    [("pl-one", &["203.0.113.0/24", "10.20.0.0/16"]), ("pl-two", &["198.51.100.0/24"])];

/// The subnets, and the only ones tasks run in.
const SUBNETS: [(&str, &str); 3] =
    [("subnet-app", "10.0.0.0/24"), ("subnet-public", "10.0.1.0/24"), ("subnet-two", "10.0.2.0/24")];

fn one_of<const N: usize>(pool: [&'static str; N]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(pool.to_vec())
}

fn rule() -> impl Strategy<Value = String> {
    let peer = prop_oneof![8 => one_of(BLOCKS), 1 => one_of(["pl-one", "pl-two"]), 1 => one_of(["sg-0", "sg-1", "sg-default"])];
    (one_of(PORTS), peer).prop_map(|(ports, peer)| format!("{ports} {peer}"))
}

fn rules() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(rule(), 0..=4)
}

/// One direction of an ACL, which mostly lets through what nothing else decides.
fn direction(way: &'static str) -> impl Strategy<Value = Vec<String>> {
    let entries = prop::collection::btree_map(
        prop::sample::select(NUMBERS.to_vec()),
        (one_of(["allow", "allow", "deny"]), one_of(PORTS), one_of(BLOCKS)),
        0..=7,
    );
    (entries, prop::bool::weighted(0.8)).prop_map(move |(entries, open)| {
        let entries =
            entries.into_iter().map(|(number, (action, ports, peer))| format!("{number} {way} {action} {ports} {peer}"));
        entries.chain(open.then(|| format!("200 {way} allow all 0.0.0.0/0"))).collect()
    })
}

fn acl() -> impl Strategy<Value = Vec<String>> {
    (direction("in"), direction("out")).prop_map(|(back, out)| [back, out].concat())
}

/// A route table that mostly leads out by a target.
fn table(wide: &'static str) -> impl Strategy<Value = Vec<String>> {
    let target = prop_oneof![
        14 => Just(wide),
        1 => Just("nat-1"),
        1 => Just("nat-2"),
        1 => Just("igw-1"),
        1 => Just("transit gateway tgw-1"),
        1 => Just("transit gateway tgw-1 blackhole"),
    ];
    let routes = prop::collection::btree_map(one_of(ROUTED), target, 0..=3);
    (routes, prop::bool::weighted(0.95)).prop_map(move |(routes, leads_out)| {
        let routes = routes.into_iter().map(|(to, target)| format!("{to} {target}"));
        let wide = leads_out.then(|| format!("0.0.0.0/0 {wide}"));
        routes.chain(["10.0.0.0/16 local".to_owned()]).chain(wide).collect()
    })
}

fn access() -> impl Strategy<Value = BlockPublicAccess> {
    prop_oneof![
        20 => Just(BlockPublicAccess::Off),
        1 => Just(BlockPublicAccess::Ingress),
        1 => Just(BlockPublicAccess::Bidirectional),
    ]
}

fn console() -> impl Strategy<Value = ConsoleAt> {
    prop_oneof![
        prop::sample::subsequence(ADDRESSES.to_vec(), 1..=2)
            .prop_map(|texts| ConsoleAt::Resolved(texts.into_iter().map(address).collect())),
        prop::sample::subsequence(GIVEN.to_vec(), 1..=2)
            .prop_map(|texts| ConsoleAt::Given(texts.into_iter().map(block).collect())),
    ]
}

/// Any network.
pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    let groups = (
        prop::collection::vec((rules(), prop::bool::weighted(0.1)), 0..=3),
        rules(),
        prop::collection::vec(
            (prop::sample::subsequence(vec!["sg-0", "sg-1", "sg-2", "sg-default"], 1..=3), one_of(ADDRESSES)),
            0..4,
        ),
        any::<bool>(),
    );
    let acls = (prop::collection::vec(acl(), 3), prop::collection::vec(0_usize..3, 3));
    let tables = (table("nat-1"), table("igw-1"), table("nat-1"), prop::collection::vec(prop::bool::weighted(0.8), 3));
    let gateways = (prop::bool::weighted(0.9), prop::bool::weighted(0.9), any::<bool>(), prop::collection::vec(access(), 3));
    let wanted = (console(), prop::sample::select(CONSOLE_PORTS.to_vec()));
    let run_in = prop::sample::select(vec![vec![0_usize], vec![0], vec![0, 2], vec![1], vec![0, 1]]);
    (groups, acls, tables, gateways, wanted, run_in).prop_map(|(groups, acls, tables, gateways, wanted, run_in)| {
        let mut facts = Facts::new();
        facts.add_subnet("subnet-two", &[SUBNETS[2].1]);
        facts.run_in(&run_in.iter().map(|index| SUBNETS[*index].0).collect::<Vec<_>>());
        put_groups(&mut facts, groups);
        let (texts, shared) = acls;
        for (index, texts) in texts.iter().enumerate() {
            let subnets: Vec<&str> =
                SUBNETS.iter().zip(&shared).filter(|(_, acl)| **acl == index).map(|((name, _), _)| *name).collect();
            facts.share_acl(&format!("acl-{index}"), &subnets, &as_texts(texts));
        }
        put_routes(&mut facts, tables);
        let (available, public, public_address, access) = gateways;
        facts.nat("nat-1", "subnet-public", available, public);
        facts.network.public_address = public_address;
        for ((name, _), access) in SUBNETS.iter().zip(access) {
            facts.subnet(name, |subnet| subnet.block_public_access = access);
        }
        (facts.wanted.console.at, facts.wanted.console.port) = wanted;
        facts
    })
}

fn as_texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

type MadeGroups = (Vec<(Vec<String>, bool)>, Vec<String>, Vec<(Vec<&'static str>, &'static str)>, bool);

fn put_groups(facts: &mut Facts, (groups, default, carried, with_default): MadeGroups) {
    facts.vpc.groups.groups.clear();
    facts.group("sg-default", "default", &as_texts(&default));
    let mut attached = Vec::new();
    for (index, (rules, of_others)) in groups.iter().enumerate() {
        let name = format!("sg-{index}");
        facts.group(&name, "own", &as_texts(rules));
        facts.ingress(&name, &as_texts(&default));
        if *of_others {
            facts.belongs_to(&name, OTHERS);
        }
        attached.push(name);
    }
    if with_default && !attached.is_empty() {
        attached.push("sg-default".to_owned());
    }
    facts.attach(&as_texts(&attached));
    for (list, blocks) in PREFIX_LISTS {
        facts.prefix_list(list, Some(blocks));
    }
    for (groups, at) in carried {
        let groups = groups.into_iter().map(Into::into).collect();
        facts.vpc.groups.interfaces.get_or_insert_default().push(Interface { groups, addresses: vec![address(at)] });
    }
}

type MadeTables = (Vec<String>, Vec<String>, Vec<String>, Vec<bool>);

/// Puts route tables in, some of which the main one stands for.
fn put_routes(facts: &mut Facts, (app, public, two, own): MadeTables) {
    for (((name, _), routes), own) in SUBNETS.iter().zip([&app, &public, &two]).zip(own) {
        if own {
            facts.own_table(name, &as_texts(routes));
        } else {
            facts.table(&name.replace("subnet-", "rtb-")).subnets.clear();
        }
    }
    facts.routes("rtb-main", &as_texts(&app));
}

/// Every address at which something may begin or end, and its neighbours.
fn corners() -> impl Iterator<Item = Ipv4Addr> {
    let members = ADDRESSES.iter().map(|text| block(&format!("{text}/32")));
    let subnets = SUBNETS.iter().map(|(_, text)| block(text));
    let blocks = BLOCKS.iter().chain(&ROUTED).chain(&GIVEN).map(|text| block(text)).chain(members).chain(subnets);
    let corners: BTreeSet<u32> = blocks.flat_map(|block| around(v4(block))).collect();
    corners.into_iter().map(Ipv4Addr::from)
}

fn v4(block: IpNet) -> Ipv4Net {
    match block {
        IpNet::V4(block) => block,
        IpNet::V6(block) => panic!("{block} is not IPv4"),
    }
}

fn around(block: Ipv4Net) -> [u32; 4] {
    let (first, last) = (u32::from(block.network()), u32::from(block.broadcast()));
    [first.saturating_sub(1), first, last, last.saturating_add(1)]
}

/// Addresses that stand for all there are.
pub(crate) fn addresses() -> Vec<IpAddr> {
    corners().map(IpAddr::V4).collect()
}

/// Addresses that stand for all that the Console has.
pub(crate) fn servers(facts: &Facts) -> Vec<IpAddr> {
    match &facts.wanted.console.at {
        ConsoleAt::Resolved(addresses) => addresses.clone(),
        ConsoleAt::Given(blocks) => addresses().into_iter().filter(|it| blocks.iter().any(|block| block.contains(it))).collect(),
        ConsoleAt::Unknown => Vec::new(),
    }
}

/// Addresses that stand for all that a subnet's tasks may get.
pub(crate) fn tasks(facts: &Facts, subnet: &SubnetId) -> Vec<IpAddr> {
    let blocks = &facts.vpc.layout.subnets[subnet].blocks;
    addresses().into_iter().filter(|it| blocks.iter().any(|block| block.contains(it))).collect()
}

/// Ports that stand for all of those between two.
pub(crate) fn ports(first: u16, last: u16) -> Vec<u16> {
    let edges = PORTS.iter().filter_map(|text| {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Some((from.parse::<u16>().ok()?, to.parse::<u16>().ok()?))
    });
    let ends = [(first, last), (32_768, 60_999)];
    let around = edges.chain(ends).flat_map(|(from, to)| [from.saturating_sub(1), from, to, to.saturating_add(1)]);
    let ports: BTreeSet<u16> = around.chain(CONSOLE_PORTS).filter(|port| (first..=last).contains(port)).collect();
    ports.into_iter().collect()
}
