//! Security groups: what they let out of a task, and into an endpoint. The groups of one interface add up, and answers always
//! come back, since groups remember connections.
//!
//! Source: Amazon VPC User Guide, "Control traffic to your AWS resources using security groups" (read 2026-11).

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::destination::Destination;
use super::facts::{Peer, Rule, Vpc};
use super::ranges::Ranges;
use crate::ids::SecurityGroupId;

/// How much of what is needed gets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Closed,
    /// Some of it, or nobody can see how much.
    Part,
    Open,
}

/// Returns what the groups let out to a destination. `carried` are groups of the destination's own interfaces.
pub fn out(groups: &BTreeSet<SecurityGroupId>, vpc: &Vpc, destination: &Destination, carried: &BTreeSet<SecurityGroupId>) -> Way {
    let known = groups.iter().filter_map(|id| vpc.groups.groups.get(id));
    let rules = known.flat_map(|group| &group.egress);
    let members = |group: &SecurityGroupId| vpc.members_of(group);
    let way = let_through(rules, vpc, destination.port, &destination.addresses, carried, members);
    // A group that nobody here may read can let anything out.
    let unread = groups.iter().any(|id| !vpc.groups.groups.contains_key(id));
    if unread && way == Way::Closed { Way::Part } else { way }
}

/// Returns whether the groups may let out more than can be seen: one of them may not be read, or a rule of theirs is for peers that
/// cannot be seen.
pub fn hides_something(groups: &BTreeSet<SecurityGroupId>, vpc: &Vpc, port: u16) -> bool {
    groups.iter().any(|id| {
        vpc.groups.groups.get(id).is_none_or(|group| {
            group.egress.iter().filter(|rule| is_for(rule, port)).any(|rule| match &rule.peer {
                Peer::Block(_) => false,
                Peer::PrefixList(list) => vpc.prefix_lists.get(list).is_none_or(Option::is_none),
                Peer::Group(group) => vpc.members_of(group).is_none(),
            })
        })
    })
}

/// Returns whether a rule is for TCP to a port.
pub fn is_for(rule: &Rule, port: u16) -> bool {
    rule.tcp && rule.ports.0 <= port && port <= rule.ports.1
}

/// Returns what the groups of an endpoint let in from a task.
pub fn into_endpoint(
    endpoint: &BTreeSet<SecurityGroupId>,
    vpc: &Vpc,
    port: u16,
    from: &[IpNet],
    task: &BTreeSet<SecurityGroupId>,
) -> Way {
    if endpoint.is_empty() || endpoint.iter().any(|id| !vpc.groups.groups.contains_key(id)) {
        return Way::Part;
    }
    let rules = endpoint.iter().filter_map(|id| vpc.groups.groups.get(id)).flat_map(|group| &group.ingress);
    // What carries another group is not a task of this service, whatever its address is.
    let_through(rules, vpc, port, &from.iter().copied().collect(), task, |_| Some(Ranges::default()))
}

/// Adds up rules for TCP to one port: what each of them lets through, and whether one of them is for peers that cannot be seen.
/// `carried` are the groups of the peer itself, `members` the addresses of what carries another group.
fn let_through<'a>(
    rules: impl Iterator<Item = &'a Rule>,
    vpc: &Vpc,
    port: u16,
    addresses: &Ranges,
    carried: &BTreeSet<SecurityGroupId>,
    members: impl Fn(&SecurityGroupId) -> Option<Ranges>,
) -> Way {
    let mut left = addresses.clone();
    let mut unseen = false;
    for rule in rules.filter(|rule| is_for(rule, port)) {
        let through = match &rule.peer {
            Peer::Block(block) => Some(Ranges::from(*block)),
            Peer::PrefixList(list) => vpc.prefix_lists.get(list).cloned().flatten(),
            Peer::Group(group) if carried.contains(group) => return Way::Open,
            Peer::Group(group) => members(group),
        };
        match through {
            Some(through) => left = left.without_all(&through),
            None => unseen = true,
        }
    }
    if left.is_empty() {
        Way::Open
    } else if left == *addresses && !unseen {
        Way::Closed
    } else {
        Way::Part
    }
}
