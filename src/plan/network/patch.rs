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

/// Returns whether an entry is of the kind that we make: it lets TCP through, to one port or to all that answers come in at.
pub fn could_be_ours(entry: &Entry) -> bool {
    entry.allow && entry.tcp && (entry.ports == EPHEMERAL || entry.ports.0 == entry.ports.1)
}

/// Entries of ours in an ACL: whether each is for packets out, its number, and the run that added it, if the tag tells it.
pub type Noted = BTreeMap<(bool, u16), Option<String>>;

/// Returns what our tag on an ACL is to say with some entries more: the numbers of ours, by run and direction, such as
/// `out:110 in:120.130 run:20261121T130806Z-glaq`. Numbers are left out whose entry is gone or is none that we would make, and so is
/// whatever somebody else wrote there.
///
/// The tag is written before the entries: a run that is cut off between the two adds the same numbers again.
pub fn tag_with(acl: &NetworkAcl, new: &[Entry], run: &str) -> String {
    let mut ours = noted(acl.ours.as_deref().unwrap_or_default());
    ours.retain(|(egress, number), _| {
        let mut there = acl.entries.iter().filter(|entry| could_be_ours(entry));
        there.any(|entry| entry.egress == *egress && entry.number == *number)
    });
    ours.extend(new.iter().map(|entry| ((entry.egress, entry.number), Some(run.to_owned()))));
    tag_of(ours)
}

/// Writes such a tag. Runs are left out where they find no room, the oldest first; numbers are left out only then, which takes more
/// than 40 entries of ours.
pub fn tag_of(mut ours: Noted) -> String {
    loop {
        let tag = written(&ours);
        if tag.len() <= LONGEST_TAG {
            return tag;
        }
        // The names of runs begin with their time.
        let Some(oldest) = ours.values().flatten().min().cloned() else { return shortened(&ours) };
        ours.values_mut().filter(|run| run.as_ref() == Some(&oldest)).for_each(|run| *run = None);
    }
}

/// Writes entries by run, those whose run is not known last: whoever reads it takes a run to be that of what is before it.
fn written(ours: &Noted) -> String {
    let runs: BTreeSet<&String> = ours.values().flatten().collect();
    let known = runs.into_iter().map(|run| format!("{} run:{run}", numbers(ours, Some(run)).join(" ")));
    known.chain(numbers(ours, None)).collect::<Vec<_>>().join(" ")
}

/// Returns the numbers of one run, such as `out:110` and `in:120.130`.
fn numbers(ours: &Noted, run: Option<&String>) -> Vec<String> {
    let of = |wanted: bool| {
        let of_run = ours.iter().filter(|((egress, _), by)| *egress == wanted && by.as_ref() == run);
        of_run.map(|((_, number), _)| number.to_string()).collect::<Vec<_>>().join(".")
    };
    let told = [("out", of(true)), ("in", of(false))].into_iter().filter(|(_, numbers)| !numbers.is_empty());
    told.map(|(direction, numbers)| format!("{direction}:{numbers}")).collect()
}

/// Writes as many numbers as find room.
fn shortened(ours: &Noted) -> String {
    let mut tag = String::new();
    for direction in [true, false] {
        let numbers = ours.keys().filter(|(egress, _)| *egress == direction).map(|(_, number)| number);
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

/// Reads such a tag. Those of earlier releases tell no run.
pub fn noted(tag: &str) -> Noted {
    let mut noted = Noted::new();
    let mut before = Vec::new();
    for (word, value) in tag.split(' ').filter_map(|word| word.split_once(':')) {
        let egress = match word {
            "out" => true,
            "in" => false,
            "run" if !value.is_empty() => {
                noted.extend(before.drain(..).map(|entry| (entry, Some(value.to_owned()))));
                continue;
            }
            _ => continue,
        };
        before.extend(value.split('.').filter_map(|number| Some((egress, number.parse().ok()?))));
    }
    noted.extend(before.into_iter().map(|entry| (entry, None)));
    noted
}
