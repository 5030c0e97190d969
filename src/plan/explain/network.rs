//! A service's network: what is configured there, and what that means for the Console and for the Defender's image.

use std::collections::BTreeSet;

use super::{Decision, Part, Section, each, one};
use crate::ids::{AccountId, NetworkAclId, RouteTableId, SecurityGroupId, SubnetId, VpcId};
use crate::plan::network::destination::Goal;
use crate::plan::network::facts::{
    ALL_PORTS, Entry, NetworkAcl, Peer, Route, RouteTable, RouteTo, Rule, Target, TaskNetwork, Vpc,
};
use crate::plan::network::patch::port_range;
use crate::plan::network::{Beyond, Judgement, Mode, Obstacle, Patch, Verdict, Wanted};

/// So many rules, entries and routes of one thing are told; the rest is counted.
const TOLD: usize = 12;

/// What was read of a service's network, and how it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The account that runs the tasks.
    pub account: AccountId,
    pub id: VpcId,
    pub network: TaskNetwork,
    /// The groups of its tasks, the VPC's default one if it names none.
    pub groups: BTreeSet<SecurityGroupId>,
    pub vpc: Vpc,
    pub wanted: Wanted,
    pub judgement: Judgement,
}

/// Tells of a service whose network is not judged, and why.
pub fn not_judged(why: &str) -> Part {
    Part { section: Section::Network, facts: Vec::new(), decision: Decision::GoesOn(why.to_owned()) }
}

/// Tells what a network is like, or why it cannot be seen.
pub fn network(looked: Result<&Looked, String>, mode: Mode) -> Part {
    let looked = match looked {
        Ok(looked) => looked,
        Err(why) => return Part { section: Section::Network, facts: Vec::new(), decision: Decision::Ends(why) },
    };
    let Looked { network, vpc, judgement, wanted, .. } = looked;
    let mut facts = vec![
        one("vpc", looked.id.as_str()),
        each("subnets", network.subnets.iter().map(|id| subnet(id, looked))),
        one("public_address", if network.public_address { "tasks get one" } else { "tasks get none" }),
        each("groups", looked.groups.iter().map(|id| group(id, vpc))),
    ];
    facts.push(each("acls", of_subnets(network, |id| vpc.layout.acl_of(id)).into_iter().map(|(id, it)| acl(id, it))));
    facts.push(each("routes", of_subnets(network, |id| vpc.layout.routes_of(id)).into_iter().map(|(id, it)| table(id, it))));
    let console = wanted.console.destination(false).goal();
    let registry = wanted.registry.destination(false).goal();
    facts.push(one("to_console", format!("{}: {}", console.server_and_port(), to_console(judgement, mode))));
    facts.push(one("to_registry", format!("{}: {}", registry.server_and_port(), to_registry(judgement))));
    if !judgement.obstacles.is_empty() {
        facts.push(each("obstacles", judgement.obstacles.iter().map(Obstacle::to_string)));
    }
    if !judgement.patch.is_empty() {
        facts.push(each("to_open", judgement.patch.told().iter().map(ToString::to_string)));
    }
    if !judgement.beyond.is_empty() {
        facts.push(each("cannot_be_seen", judgement.beyond.iter().map(Beyond::to_string)));
    }
    Part { section: Section::Network, facts, decision: decision(judgement.verdict(), mode) }
}

fn decision(verdict: Verdict, mode: Mode) -> Decision {
    match (verdict, mode) {
        (Verdict::Reachable, _) => Decision::GoesOn("its tasks would reach all that the Defender needs".to_owned()),
        (Verdict::Unknown, _) => {
            Decision::GoesOn("nothing that can be seen is in the way; it would be changed, with a warning".to_owned())
        }
        (Verdict::Patchable, Mode::Check) => {
            Decision::Ends("it fails: something would have to be opened, and NETWORK is check".to_owned())
        }
        (Verdict::Patchable, _) => Decision::GoesOn("what is missing would be opened first".to_owned()),
        (Verdict::Blocked, _) => Decision::Ends("it fails: what is in the way is not ours to open".to_owned()),
    }
}

fn to_console(judgement: &Judgement, mode: Mode) -> &'static str {
    match (verdict_on(judgement, true), mode) {
        (Verdict::Reachable, _) => "reachable",
        (Verdict::Unknown, _) => "cannot be seen to the end",
        (Verdict::Patchable, Mode::Check) => "closed",
        (Verdict::Patchable, _) => "closed, and would be opened",
        (Verdict::Blocked, _) => "blocked",
    }
}

fn to_registry(judgement: &Judgement) -> &'static str {
    match verdict_on(judgement, false) {
        // What would be opened is for the Console.
        Verdict::Reachable | Verdict::Patchable => "reachable",
        Verdict::Unknown => "cannot be seen to the end",
        Verdict::Blocked => "blocked",
    }
}

/// Returns the verdict on what of a judgement is about the Console, or about the registry of the Defender's image. What is about
/// neither by name is about both.
fn verdict_on(judgement: &Judgement, console: bool) -> Verdict {
    let about = |goal: Option<&Goal>| goal.is_none_or(|goal| goal.is_console() == console);
    let of_it = Judgement {
        obstacles: judgement.obstacles.iter().filter(|it| about(it.goal())).cloned().collect(),
        beyond: judgement.beyond.iter().filter(|it| about(it.goal())).cloned().collect(),
        patch: if console { judgement.patch.clone() } else { Patch::default() },
    };
    of_it.verdict()
}

fn subnet(id: &SubnetId, Looked { vpc, account, .. }: &Looked) -> String {
    let Some(subnet) = vpc.subnet(id) else { return format!("{id}: there is none") };
    let blocks: Vec<String> = subnet.blocks.iter().map(ToString::to_string).collect();
    let acl = vpc.layout.acl_of(id).map_or_else(|| "an ACL that cannot be seen".to_owned(), |(id, _)| id.to_string());
    let table = vpc.layout.routes_of(id).map_or_else(|| "routes that cannot be seen".to_owned(), |(id, _)| id.to_string());
    let owner = if subnet.owner == *account { String::new() } else { format!(", shared by account {}", subnet.owner) };
    format!("{id}: {}, {acl}, {table}{owner}", blocks.join(", "))
}

fn group(id: &SecurityGroupId, vpc: &Vpc) -> String {
    let Some(group) = vpc.groups.groups.get(id) else { return format!("{id}: it cannot be seen") };
    let rules = group.egress.iter().filter(|rule| rule.tcp).map(rule);
    format!("{id}: lets out {}", in_short(rules.collect(), "no TCP"))
}

fn rule(it: &Rule) -> String {
    let peer = match &it.peer {
        Peer::Block(block) => block.to_string(),
        Peer::PrefixList(list) => list.to_string(),
        Peer::Group(group) => group.to_string(),
    };
    format!("{} to {peer}", ports(it.ports))
}

fn acl(id: &NetworkAclId, it: &NetworkAcl) -> String {
    let mut entries: Vec<&Entry> = it.entries.iter().filter(|entry| entry.tcp && entry.is_explicit()).collect();
    entries.sort_by_key(|entry| (!entry.egress, entry.number));
    let told = entries.into_iter().map(|it| {
        let (way, peer) = if it.egress { ("out", "to") } else { ("in", "from") };
        let action = if it.allow { "allows" } else { "denies" };
        format!("{way} {} {action} {} {peer} {}", it.number, ports(it.ports), it.block)
    });
    format!("{id}: {}", in_short(told.collect(), "it allows no TCP"))
}

fn table(id: &RouteTableId, it: &RouteTable) -> String {
    format!("{id}: {}", in_short(it.routes.iter().map(route).collect(), "it has no route"))
}

fn route(it: &Route) -> String {
    let to = match &it.to {
        RouteTo::Block(block) => block.to_string(),
        RouteTo::PrefixList(list) => list.to_string(),
    };
    let by = match &it.target {
        _ if it.blackhole => "nowhere, a black hole",
        Target::Local => "local",
        Target::InternetGateway(what) | Target::EgressOnlyGateway(what) => what,
        Target::GatewayEndpoint(what) | Target::Beyond(what) => what,
        Target::Nat(nat) => nat.as_str(),
    };
    format!("{to} -> {by}")
}

fn ports(range: (u16, u16)) -> String {
    if range == ALL_PORTS { "all TCP".to_owned() } else { format!("TCP {}", port_range(range)) }
}

/// Returns what the subnets have of a kind, each once, in the order of the subnets.
fn of_subnets<'a, Id: Ord, T>(network: &TaskNetwork, of: impl Fn(&SubnetId) -> Option<(&'a Id, &'a T)>) -> Vec<(&'a Id, &'a T)> {
    let mut seen = BTreeSet::new();
    network.subnets.iter().filter_map(of).filter(|(id, _)| seen.insert(*id)).collect()
}

fn in_short(texts: Vec<String>, none: &str) -> String {
    match texts.len().checked_sub(TOLD) {
        _ if texts.is_empty() => none.to_owned(),
        Some(more @ 1..) => format!("{}; and {more} more", texts[..TOLD].join("; ")),
        _ => texts.join("; "),
    }
}
