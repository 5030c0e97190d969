//! A network ACL and its entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many entries an ACL takes in one direction.
/// Source: Amazon VPC User Guide, Amazon VPC quotas, Network ACLs; from memory.
const ENTRIES: usize = 20;

/// A network ACL. What no entry decides is denied; the entry that says so is not in here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkAcl {
    pub id: String,
    /// Whether it filters the subnets that name no other.
    pub is_default: bool,
    pub entries: Vec<AclEntry>,
    pub tags: BTreeMap<String, String>,
    /// How many entries a direction may have, the one that denies the rest included; `None` stands for AWS's own 20.
    pub entry_limit: Option<usize>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AclEntry {
    pub number: i32,
    pub egress: bool,
    pub allow: bool,
    /// A number, or `tcp`, `udp`, `icmp`; `-1` stands for all of them.
    pub protocol: String,
    /// The first port, or the type of ICMP; -1 stands for all.
    pub from: i32,
    /// The last port, or the code of ICMP; -1 stands for all.
    pub to: i32,
    /// IPv4 or IPv6.
    pub cidr: String,
}

impl NetworkAcl {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Returns a VPC's default ACL, which allows everything.
    pub(super) fn default_of(id: &str) -> Self {
        let acl = Self { is_default: true, ..Self::new(id) };
        acl.allow_out(100, "-1", -1, -1, "0.0.0.0/0").allow_in(100, "-1", -1, -1, "0.0.0.0/0")
    }

    pub(crate) fn limit(&self) -> usize {
        self.entry_limit.unwrap_or(ENTRIES)
    }

    /// Removes every entry, so that everything is denied.
    pub fn without_entries(mut self) -> Self {
        self.entries.clear();
        self
    }

    pub fn allow_out(self, number: i32, protocol: &str, from: i32, to: i32, cidr: &str) -> Self {
        self.entry(number, (true, true), protocol, (from, to), cidr)
    }

    pub fn deny_out(self, number: i32, protocol: &str, from: i32, to: i32, cidr: &str) -> Self {
        self.entry(number, (true, false), protocol, (from, to), cidr)
    }

    pub fn allow_in(self, number: i32, protocol: &str, from: i32, to: i32, cidr: &str) -> Self {
        self.entry(number, (false, true), protocol, (from, to), cidr)
    }

    pub fn deny_in(self, number: i32, protocol: &str, from: i32, to: i32, cidr: &str) -> Self {
        self.entry(number, (false, false), protocol, (from, to), cidr)
    }

    fn entry(mut self, number: i32, way: (bool, bool), protocol: &str, ports: (i32, i32), cidr: &str) -> Self {
        let ((egress, allow), (from, to)) = (way, ports);
        self.entries.push(AclEntry { number, egress, allow, protocol: protocol.to_owned(), from, to, cidr: cidr.to_owned() });
        self
    }

    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Lets a direction have at most this many entries, the one that denies the rest included.
    pub fn entry_limit(mut self, entries: usize) -> Self {
        self.entry_limit = Some(entries);
        self
    }
}
