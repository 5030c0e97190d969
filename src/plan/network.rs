//! Can a service's tasks reach the Console and the Defender's image, and what has to be opened so that they do?
//!
//! [`judge`] takes what EC2 told of the network and answers for all subnets of a service at once, since ECS may start a task in any of
//! them. What it finds is of three kinds: what is ours to open ([`Patch`]), what is not and certainly blocks ([`Obstacle`]), and
//! what nobody here can see ([`Beyond`]). Everything is judged as it will be once the patch is in.
//!
//! A connection needs an egress rule of one of the task's groups ([`group`]), a way out of the subnet's network ACL and a way back in
//! ([`acl`]), and a route ([`route`]) whose gateway works; past a NAT gateway the ACL of its own subnet counts as well.

pub mod acl;
pub mod close;
pub mod destination;
pub mod facts;
pub mod group;
pub mod obstacle;
pub mod patch;
pub mod ranges;
pub mod route;

mod legs;
mod registry;

use std::collections::BTreeSet;

use crate::ids::{AccountId, PrefixListId, SecurityGroupId, SubnetId};
use destination::{ConsoleTarget, Destination, RegistryTarget};
use facts::{Peer, RouteTo, Subnet, Target, TaskNetwork, Vpc};
use group::Way;
use legs::Legs;
use patch::{GroupRule, add_rules, candidates};
use ranges::{Ranges, is_v6};
use route::{Hop, HopKind};

pub use obstacle::{Beyond, Obstacle};
pub use patch::{Opening, Patch};

/// What a run does about the network (`NETWORK`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Opens what is missing.
    #[default]
    Patch,
    /// Judges, and opens nothing.
    Check,
    /// Asks EC2 nothing.
    Off,
}

/// What the tasks of a run are to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub console: ConsoleTarget,
    pub registry: RegistryTarget,
}

/// What was found out about a service's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What certainly blocks and is not ours to open.
    pub obstacles: BTreeSet<Obstacle>,
    /// What nobody here can see.
    pub beyond: BTreeSet<Beyond>,
    pub patch: Patch,
}

/// A judgement in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Reachable,
    /// Blocked by what is ours to open.
    Patchable,
    /// Blocked by what is not.
    Blocked,
    /// As far as can be seen nothing blocks, and not everything can be seen.
    Unknown,
}

impl Judgement {
    pub fn verdict(&self) -> Verdict {
        match (self.obstacles.is_empty(), self.patch.is_empty(), self.beyond.is_empty()) {
            (false, _, _) => Verdict::Blocked,
            (true, false, _) => Verdict::Patchable,
            (true, true, false) => Verdict::Unknown,
            (true, true, true) => Verdict::Reachable,
        }
    }
}

/// Judges a service's network. `account` is the one that runs the tasks.
pub fn judge(network: &TaskNetwork, vpc: &Vpc, wanted: &Wanted, account: &AccountId) -> Judgement {
    let groups = vpc.groups_of(network, account);
    let mut judge = Judge { network, groups, before: vpc, vpc: vpc.clone(), wanted, found: Judgement::default() };
    let mut subnets = Vec::new();
    for id in &network.subnets {
        match vpc.subnet(id) {
            Some(subnet) => subnets.push((id, subnet)),
            None => judge.obstacle(Obstacle::NoSuchSubnet { subnet: id.clone() }),
        }
    }
    // In a VPC of the account's own every group can be seen; one of a VPC that is shared may be its owner's.
    if subnets.iter().all(|(_, subnet)| subnet.owner == *account) {
        let gone = network.security_groups.iter().filter(|id| !vpc.groups.groups.contains_key(id));
        gone.for_each(|group| judge.obstacle(Obstacle::NoSuchGroup { group: group.clone() }));
    }
    let mut consoles = Vec::new();
    for (id, subnet) in &subnets {
        match family(network, id, subnet, vpc, &wanted.console) {
            Some(v6) => consoles.push((*id, *subnet, wanted.console.destination(v6))),
            // Names are translated to addresses that they have, perhaps.
            None if subnet.ipv6_only => {
                let (what, to) = ("NAT64, if it has that".to_owned(), wanted.console.destination(false).goal());
                judge.beyond(Beyond::Way { subnet: (*id).clone(), what, to });
            }
            None => {
                judge.obstacle(Obstacle::OtherAddresses { subnet: (*id).clone(), to: wanted.console.destination(false).goal() })
            }
        }
    }
    let before = judge.found.clone();
    loop {
        let patch = judge.found.patch.clone();
        judge.found = Judgement { patch: patch.clone(), ..before.clone() };
        judge.open_group(&consoles, account);
        for (id, subnet, console) in &consoles {
            judge.console(id, subnet, console);
        }
        // What is opened for one subnet may be all that another one lacked.
        if judge.found.patch == patch {
            break;
        }
    }
    for (id, subnet) in subnets {
        judge.registry(id, subnet);
    }
    judge.found
}

/// Returns whether a subnet's tasks reach the Console by IPv6; nothing, if they have no addresses of the Console's kind. With both
/// kinds it is IPv4, unless that leads nowhere.
fn family(network: &TaskNetwork, id: &SubnetId, subnet: &Subnet, vpc: &Vpc, console: &ConsoleTarget) -> Option<bool> {
    let has = |v6: bool| !console.destination(v6).addresses.is_empty();
    let with_v6 = subnet.blocks.iter().any(is_v6) && has(true);
    let with_v4 = !subnet.ipv6_only && has(false);
    let is_blocked = |v6: bool| {
        let hops = route::hops(network, id, vpc, &console.destination(v6));
        !hops.is_empty() && hops.iter().all(|hop| matches!(hop.kind, HopKind::Blocked(_) | HopKind::Local))
    };
    match (with_v4, with_v6) {
        (true, true) => Some(is_blocked(false) && !is_blocked(true)),
        (true, false) => Some(false),
        (false, true) => Some(true),
        (false, false) => None,
    }
}

/// A judgement under way. What is to be opened is opened in its copy of the facts at once, so that the rest is judged as it will be.
struct Judge<'a> {
    network: &'a TaskNetwork,
    groups: BTreeSet<SecurityGroupId>,
    before: &'a Vpc,
    vpc: Vpc,
    wanted: &'a Wanted,
    found: Judgement,
}

/// What a way is to be judged for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// What an ACL denies is opened.
    TheConsole,
    TheRegistry,
    /// The same by interfaces in the VPC.
    AnEndpoint,
}

impl Judge<'_> {
    fn obstacle(&mut self, obstacle: Obstacle) {
        self.found.obstacles.insert(obstacle);
    }

    fn beyond(&mut self, beyond: Beyond) {
        self.found.beyond.insert(beyond);
    }

    fn group_list(&self) -> Vec<SecurityGroupId> {
        self.groups.iter().cloned().collect()
    }

    /// Opens one of the groups for the Console, unless they let connections out already.
    fn open_group(&mut self, consoles: &[(&SubnetId, &Subnet, Destination)], account: &AccountId) {
        if self.groups.is_empty() {
            if let Some((subnet, ..)) = consoles.first() {
                self.obstacle(Obstacle::NoGroup { subnet: (*subnet).clone() });
            }
            return;
        }
        let mut to = Vec::new();
        let mut closed: Option<&Destination> = None;
        for v6 in [false, true] {
            let of_family =
                |(.., it): &&(&SubnetId, &Subnet, Destination)| it.addresses.blocks().iter().all(|block| is_v6(block) == v6);
            let Some((.., console)) = consoles.iter().find(of_family) else { continue };
            let way = |to: &Destination| group::out(&self.groups, &self.vpc, to, &BTreeSet::new());
            if way(console) != Way::Open {
                // One rule that is there already would have AWS refuse them all.
                let blocks = self.wanted.console.opened_to(v6).into_iter();
                to.extend(
                    blocks.filter(|block| way(&Destination { addresses: (*block).into(), ..console.clone() }) != Way::Open),
                );
                closed = closed.or(Some(console));
            }
        }
        let Some(console) = closed else { return };
        let is_ours = |id: &SecurityGroupId| self.vpc.groups.groups.get(id).is_some_and(|group| group.owner == *account);
        let groups = candidates(&self.groups, &self.vpc, is_ours);
        let Some(first) = groups.first().cloned() else {
            let (groups, to) = (self.group_list(), console.goal());
            // The Console may be where they do let connections out, or what they let out to cannot be seen.
            let way = group::out(&self.groups, &self.vpc, console, &BTreeSet::new());
            let perhaps = way == Way::Part && !console.certain || group::hides_something(&self.groups, &self.vpc, console.port);
            return match perhaps {
                true => self.beyond(Beyond::Groups { groups, to }),
                false => self.obstacle(Obstacle::GroupsOfOthers { groups, to }),
            };
        };
        let rule = GroupRule { groups, port: console.port, to };
        add_rules(&mut self.vpc.groups, &first, &rule);
        self.found.patch.group_rule = Some(rule);
    }

    fn console(&mut self, id: &SubnetId, subnet: &Subnet, console: &Destination) {
        let hops = route::hops(self.network, id, &self.vpc, console);
        self.legs(id, subnet, console, &hops, For::TheConsole);
        // A Console whose name says nothing here is not taken to be inside of every VPC.
        let inside = false;
        self.follow(hops, inside, id, console);
    }

    /// Judges the ACLs on the way, those of NAT gateways included.
    fn legs(&mut self, id: &SubnetId, subnet: &Subnet, destination: &Destination, hops: &[Hop], what: For) {
        let open = (what == For::TheConsole).then(|| self.wanted.console.clone());
        let inside = what == For::AnEndpoint;
        let mut legs = Legs { before: self.before, vpc: &mut self.vpc, found: &mut self.found, destination, open, inside };
        legs.of_task(id, &subnet.blocks);
        legs.of_peers(id, &subnet.blocks);
        for hop in hops {
            if let Some(nat) = &hop.nat {
                legs.of_nat(nat, id, &subnet.blocks, &hop.addresses);
            }
        }
    }

    /// Takes what the routes lead to.
    ///
    /// A server at all of the addresses needs every one of them. One that is somewhere among them is reached if the wider routes
    /// lead out; where a part leads beyond what can be seen, it may be there.
    fn follow(&mut self, hops: Vec<Hop>, may_be_inside: bool, id: &SubnetId, destination: &Destination) {
        let inside = hops.iter().any(|hop| hop.kind == HopKind::Local);
        let mut blocked = Vec::new();
        let (mut out, mut nowhere, mut unseen) = (Ranges::default(), Ranges::default(), false);
        for hop in hops {
            match hop.kind {
                HopKind::Local => {}
                HopKind::Out => out.add(&hop.addresses),
                HopKind::Beyond(beyond) => {
                    unseen = true;
                    self.beyond(beyond);
                }
                HopKind::Blocked(obstacle) => {
                    nowhere.add(&hop.addresses);
                    blocked.push(obstacle);
                }
            }
        }
        if destination.exact {
            self.found.obstacles.extend(blocked);
        } else if unseen {
            // It may be there.
        } else if !out.is_empty() {
            if nowhere.size() > out.size() {
                let (subnet, to) = (id.clone(), destination.goal());
                self.beyond(Beyond::Routes { subnet, to });
            }
        } else if inside && may_be_inside {
            let (subnet, to) = (id.clone(), destination.goal());
            self.beyond(Beyond::Way { subnet, what: "nothing but the VPC itself".to_owned(), to });
        } else {
            self.found.obstacles.extend(blocked);
        }
    }
}

/// Returns the prefix lists that have to be read before a judgement: those that its groups and its subnets' routes name.
pub fn prefix_lists(network: &TaskNetwork, vpc: &Vpc, account: &AccountId) -> BTreeSet<PrefixListId> {
    let groups = vpc.groups_of(network, account);
    let endpoints = vpc.layout.endpoints.iter().flat_map(|endpoint| &endpoint.groups);
    let rules = groups.iter().chain(endpoints).filter_map(|id| vpc.groups.groups.get(id));
    let of_rules = rules.flat_map(|group| group.egress.iter().chain(&group.ingress)).filter_map(|rule| match &rule.peer {
        Peer::PrefixList(list) if rule.tcp => Some(list.clone()),
        _ => None,
    });
    let nats = vpc.layout.nat_gateways.values().filter_map(|nat| nat.subnet.as_ref());
    let tables = network.subnets.iter().chain(nats).filter_map(|subnet| vpc.layout.routes_of(subnet));
    let of_routes = tables.flat_map(|(_, table)| &table.routes).filter_map(|route| match (&route.to, &route.target) {
        // Those of S3 and DynamoDB are long, and hold no Console.
        (RouteTo::PrefixList(_), Target::GatewayEndpoint(_)) | (RouteTo::Block(_), _) => None,
        (RouteTo::PrefixList(list), _) => Some(list.clone()),
    });
    of_rules.chain(of_routes).collect()
}

/// Returns whether what is known of the interfaces would change a judgement: which group a rule goes into, and what rules for other
/// groups stand for.
pub fn needs_interfaces(judgement: &Judgement) -> bool {
    judgement.patch.group_rule.is_some()
}
