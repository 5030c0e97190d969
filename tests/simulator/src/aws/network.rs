//! EC2's network as it is kept: what the scenario says, in AWS's own forms, with everything that only a running world has.
//!
//! Protocols and ranges are normalized once, when they come in, so that two ways to write a rule are one rule.

use serde::Serialize;

use super::cidr::{Cidr, canonical};
use crate::scenario;
use crate::scenario::network::{AclEntry, DEFAULT_VPC, NetworkAcl, PrefixList, Rule, SecurityGroup, Vpc};

/// Protocols by the names that security groups tell, and the numbers that ACLs tell.
/// Source: Amazon EC2 API Reference, IpPermission and NetworkAclEntry (read 2026-11).
const PROTOCOLS: [(&str, &str); 5] = [("-1", "-1"), ("icmp", "1"), ("tcp", "6"), ("udp", "17"), ("icmpv6", "58")];

/// The network of one Region of one account.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct StoredNetwork {
    pub(super) vpcs: Vec<Vpc>,
    pub(super) prefix_lists: Vec<PrefixList>,
}

impl StoredNetwork {
    /// Takes over what a scenario says; what it says of a VPC for the second time replaces the first.
    pub(super) fn furnish(&mut self, account: &str, region: &str, content: &scenario::Region) {
        for vpc in &content.vpcs {
            self.vpcs.retain(|other| other.id != vpc.id);
            self.vpcs.push(vpc.clone());
        }
        if !self.vpcs.iter().any(|vpc| vpc.id == DEFAULT_VPC) {
            self.vpcs.insert(0, Vpc::of_every_region());
        }
        for list in &content.prefix_lists {
            self.prefix_lists.retain(|other| other.id != list.id);
            self.prefix_lists.push(list.clone());
        }
        self.settle(account, region);
    }

    /// Edits a VPC; `None` when there is none of this id.
    pub(super) fn change(&mut self, account: &str, region: &str, vpc: &str, edit: impl FnOnce(Vpc) -> Vpc) -> Option<()> {
        let at = self.vpcs.iter().position(|other| other.id == vpc)?;
        let edited = edit(self.vpcs.remove(at));
        self.vpcs.insert(at, edited);
        self.settle(account, region);
        Some(())
    }

    fn settle(&mut self, account: &str, region: &str) {
        for vpc in &mut self.vpcs {
            *vpc = std::mem::take(vpc).completed();
            for subnet in &mut vpc.subnets {
                if !subnet.ipv6_native {
                    subnet.cidr = ranged(&subnet.cidr);
                }
                subnet.ipv6_cidr = subnet.ipv6_cidr.as_deref().map(ranged);
            }
            for group in &mut vpc.groups {
                for rule in &mut group.egress {
                    settle_rule(rule, &[account, region, &group.id, "egress"]);
                }
                for rule in &mut group.ingress {
                    settle_rule(rule, &[account, region, &group.id, "ingress"]);
                }
            }
            for entry in vpc.acls.iter_mut().flat_map(|acl| &mut acl.entries) {
                settle_entry(entry);
            }
        }
    }

    /// Returns whether something in here may be about another account: a subnet shared, a VPC or a group that is another's.
    pub(super) fn is_shared(&self) -> bool {
        self.vpcs.iter().any(|vpc| {
            vpc.owner.is_some()
                || vpc.groups.iter().any(|group| group.owner.is_some())
                || vpc.subnets.iter().any(|subnet| !subnet.shared_with.is_empty())
        })
    }

    pub(super) fn group_mut(&mut self, id: &str) -> Option<&mut SecurityGroup> {
        self.vpcs.iter_mut().flat_map(|vpc| &mut vpc.groups).find(|group| group.id == id)
    }

    pub(super) fn acl_mut(&mut self, id: &str) -> Option<&mut NetworkAcl> {
        self.vpcs.iter_mut().flat_map(|vpc| &mut vpc.acls).find(|acl| acl.id == id)
    }
}

/// Returns a scenario's range in EC2's form.
///
/// # Panics
///
/// When it is none: a scenario is written by a developer, who should see which one it is at once.
fn ranged(text: &str) -> String {
    canonical(text).unwrap_or_else(|| panic!("the scenario's network has a range that is none: {text:?}"))
}

fn settle_rule(rule: &mut Rule, place: &[&str]) {
    rule.protocol = protocol_name(&rule.protocol);
    (rule.from, rule.to) = settled_ports(&rule.protocol, (rule.from, rule.to));
    if Peer::of(&rule.peer) == Peer::Range {
        rule.peer = ranged(&rule.peer);
    }
    if rule.id.is_empty() {
        rule.id = rule_id(rule, place);
    }
}

fn settle_entry(entry: &mut AclEntry) {
    entry.protocol = protocol_number(&entry.protocol);
    (entry.from, entry.to) = settled_ports(&protocol_name(&entry.protocol), (entry.from, entry.to));
    entry.cidr = ranged(&entry.cidr);
}

/// Only some protocols have ports; in a scenario, -1 may stand for all of them.
fn settled_ports(protocol: &str, ports: (i32, i32)) -> (i32, i32) {
    match protocol {
        "tcp" | "udp" if ports.0 == -1 => (0, 65535),
        _ if has_ports(protocol) => ports,
        _ => (-1, -1),
    }
}

/// Returns whether rules of a protocol, given by its name, have ports or ICMP's types and codes.
pub(super) fn has_ports(protocol: &str) -> bool {
    matches!(protocol, "tcp" | "udp" | "icmp" | "icmpv6")
}

/// Returns the name of a protocol if security groups tell one, else what was given.
pub(super) fn protocol_name(given: &str) -> String {
    let given = given.to_ascii_lowercase();
    let known = PROTOCOLS.iter().find(|(name, number)| given == *name || given == *number);
    known.map_or(given, |(name, _)| (*name).to_owned())
}

/// Returns the number of a protocol if its name is known, else what was given.
pub(super) fn protocol_number(given: &str) -> String {
    let name = protocol_name(given);
    PROTOCOLS.iter().find(|(known, _)| *known == name).map_or(name, |(_, number)| (*number).to_owned())
}

/// Returns whether this is a protocol: one of the names, `-1`, or a number of one byte.
pub(super) fn is_protocol(given: &str) -> bool {
    PROTOCOLS.iter().any(|(name, _)| *name == protocol_name(given)) || given.parse::<u8>().is_ok()
}

/// The id of a rule, the same each time the world starts. AWS keeps no two rules with the same content in a group.
pub(super) fn rule_id(rule: &Rule, place: &[&str]) -> String {
    let (from, to) = (rule.from.to_string(), rule.to.to_string());
    let content = [rule.protocol.as_str(), &from, &to, &rule.peer];
    made_id("sgr", &[place, &content].concat())
}

/// Makes an id of AWS's form out of what it is for, so that it needs no keeping.
pub(super) fn made_id(prefix: &str, content: &[&str]) -> String {
    format!("{prefix}-0{:016x}", digest(content))
}

/// FNV-1a: spread well enough for a few thousand ids, and the same on every machine.
pub(super) fn digest(content: &[&str]) -> u64 {
    let bytes = content.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What a rule's other side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    Range,
    PrefixList,
    Group,
}

impl Peer {
    pub(super) fn of(peer: &str) -> Self {
        match peer {
            _ if peer.starts_with("pl-") => Self::PrefixList,
            _ if peer.starts_with("sg-") => Self::Group,
            _ => Self::Range,
        }
    }
}

/// Returns how many IPv4 and how many IPv6 rules a rule counts for.
///
/// Source: Amazon VPC User Guide, Amazon VPC quotas, Security groups: the quota is enforced for IPv4 and for IPv6 rules separately,
/// a rule with a group counts as one of each, one with a prefix list as many as the list has entries; from memory.
pub(super) fn weight(rule: &Rule, lists: &[PrefixList]) -> (usize, usize) {
    match Peer::of(&rule.peer) {
        Peer::Range if rule.peer.contains(':') => (0, 1),
        Peer::Range => (1, 0),
        Peer::Group => (1, 1),
        Peer::PrefixList => {
            let entries = lists.iter().find(|list| list.id == rule.peer).map_or(1, |list| list.cidrs.len().max(1));
            (entries, entries)
        }
    }
}

/// Returns whether a VPC has IPv6 addresses.
pub(super) fn has_ipv6(vpc: &Vpc) -> bool {
    vpc.cidrs.iter().filter_map(|cidr| Cidr::parse(cidr)).any(|cidr| cidr.is_v6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_to_write_a_rule_are_one_rule() {
        let mut network = StoredNetwork::default();
        let region = scenario::Region::default().network(|vpc| {
            vpc.group("sg-1", |group| {
                group.without_egress().egress("6", 443, 443, "10.1.2.3/8").egress("TCP", 443, 443, "10.0.0.0/8")
            })
        });
        network.furnish("111122223333", "us-east-1", &region);
        let rules = network.group_mut("sg-1").map(|group| group.egress.clone()).unwrap_or_default();
        assert_eq!(rules[0], rules[1]);
        assert!(rules[0].id.starts_with("sgr-0") && rules[0].id.len() == 21, "{}", rules[0].id);
    }
}
