//! What is opened: as few rules and entries as it takes, and what is written down about them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;

use super::acl::EPHEMERAL;
use super::facts::{Entry, Groups, NetworkAcl, Peer, Rule, Vpc};
use crate::ids::{NetworkAclId, SecurityGroupId};

/// The rules and entries that a service is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    pub group_rule: Option<GroupRule>,
    pub acl_entries: BTreeMap<NetworkAclId, Vec<Entry>>,
}

/// An egress rule for the first of these groups that has room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    pub groups: Vec<SecurityGroupId>,
    pub port: u16,
    pub to: Vec<IpNet>,
}

impl GroupRule {
    /// Returns it as several, for one block each.
    pub fn each(&self) -> impl Iterator<Item = Self> {
        self.to.iter().map(|block| Self { to: vec![*block], ..self.clone() })
    }

    /// Returns it as EC2 keeps it: a rule for each block.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.to.iter().map(|to| Rule { tcp: true, ports: (self.port, self.port), peer: Peer::Block(*to) })
    }
}

impl Patch {
    pub fn is_empty(&self) -> bool {
        self.group_rule.is_none() && self.acl_entries.is_empty()
    }

    /// Returns what would be opened, one thing each.
    pub fn told(&self) -> Vec<Opening> {
        let rule = self.group_rule.iter().filter_map(|rule| {
            let group = rule.groups.first()?.clone();
            Some(Opening::Rule { group, port: rule.port, to: rule.to.clone(), ids: Vec::new() })
        });
        let entries = self
            .acl_entries
            .iter()
            .flat_map(|(acl, entries)| entries.iter().map(|entry| Opening::Entry { acl: acl.clone(), entry: entry.clone() }));
        rule.chain(entries).collect()
    }
}

/// Something that was opened, with everything that finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Egress rules of a security group, with their ids unless they were there by then.
    Rule {
        group: SecurityGroupId,
        port: u16,
        to: Vec<IpNet>,
        ids: Vec<String>,
    },
    Entry {
        acl: NetworkAclId,
        entry: Entry,
    },
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { group, port, to, ids } => {
                let to: Vec<String> = to.iter().map(ToString::to_string).collect();
                write!(f, "{group}: TCP {port} out to {}", to.join(", "))?;
                if ids.is_empty() { Ok(()) } else { write!(f, " ({})", ids.join(", ")) }
            }
            Self::Entry { acl, entry: Entry { number, egress, block, ports, .. } } => {
                let (way, peer) = if *egress { ("out", "to") } else { ("in", "from") };
                write!(f, "{acl}: entry {number} {way}, TCP {} {peer} {block}", port_range(*ports))
            }
        }
    }
}

/// Returns `443`, or `1024-65535`.
pub fn port_range((from, to): (u16, u16)) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

/// Puts rules into a group, as EC2 will.
pub fn add_rules(groups: &mut Groups, group: &SecurityGroupId, rule: &GroupRule) {
    if let Some(group) = groups.groups.get_mut(group) {
        group.egress.extend(rule.rules());
    }
}

/// Returns the groups a rule may go into, the best first: those of the account itself, the one that the fewest interfaces carry,
/// and the VPC's default group only if there is no other.
pub fn candidates(
    groups: &BTreeSet<SecurityGroupId>,
    vpc: &Vpc,
    is_ours: impl Fn(&SecurityGroupId) -> bool,
) -> Vec<SecurityGroupId> {
    let mut ours: Vec<&SecurityGroupId> = groups.iter().filter(|id| is_ours(id)).collect();
    let is_default = |id: &SecurityGroupId| vpc.groups.groups.get(id).is_some_and(|group| group.is_default());
    if !ours.iter().all(|id| is_default(id)) {
        ours.retain(|id| !is_default(id));
    }
    let interfaces = vpc.groups.interfaces.as_deref().unwrap_or_default();
    ours.sort_by_key(|id| interfaces.iter().filter(|interface| interface.groups.contains(*id)).count());
    ours.into_iter().cloned().collect()
}

/// A tag's value has at most 256 characters.
/// Source: Amazon EC2 User Guide, "Tag restrictions" (from memory).
const LONGEST_TAG: usize = 256;

/// Returns what our tag on an ACL is to say with some entries more: the numbers of ours, by direction, such as `out:110 in:120.130`.
/// Numbers are left out whose entry is gone or is none that we would make, and so is whatever somebody else wrote there. What finds
/// no room is left out too, which takes more than 40 entries of ours.
///
/// The tag is written before the entries: a run that is cut off between the two adds the same numbers again.
pub fn tag_with(acl: &NetworkAcl, new: &[Entry]) -> String {
    let mut ours: BTreeSet<(bool, u16)> = noted(acl.ours.as_deref().unwrap_or_default()).collect();
    let could_be_ours = |entry: &&Entry| entry.allow && entry.tcp && (entry.ports == EPHEMERAL || entry.ports.0 == entry.ports.1);
    ours.retain(|(egress, number)| {
        let there = acl.entries.iter().filter(could_be_ours);
        there.into_iter().any(|entry| entry.egress == *egress && entry.number == *number)
    });
    ours.extend(new.iter().map(|entry| (entry.egress, entry.number)));
    let mut tag = String::new();
    for direction in [true, false] {
        let numbers = ours.iter().filter(|(egress, _)| *egress == direction).map(|(_, number)| number);
        for (at, number) in numbers.enumerate() {
            let before = match (at, direction) {
                (0, true) => "out:",
                (0, false) if tag.is_empty() => "in:",
                (0, false) => " in:",
                _ => ".",
            };
            let next = format!("{before}{number}");
            if tag.len() + next.len() > LONGEST_TAG {
                break;
            }
            tag.push_str(&next);
        }
    }
    tag
}

/// Reads such a tag: whether each is for packets out, and its number.
pub fn noted(tag: &str) -> impl Iterator<Item = (bool, u16)> {
    let directions = tag.split(' ').filter_map(|item| match item.split_once(':')? {
        ("out", numbers) => Some((true, numbers)),
        ("in", numbers) => Some((false, numbers)),
        _ => None,
    });
    directions.flat_map(|(egress, numbers)| numbers.split('.').filter_map(move |number| Some((egress, number.parse().ok()?))))
}
