//! A security group and its rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The default group of a VPC has this name, and no other group may have it.
/// Source: Amazon VPC User Guide, Default security groups; from memory.
const DEFAULT_NAME: &str = "default";

/// How many rules a group takes in one direction.
/// Source: Amazon VPC User Guide, Amazon VPC quotas, Security groups; from memory.
const RULES: usize = 60;

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SecurityGroup {
    pub id: String,
    pub name: String,
    /// `None` stands for the account in whose scenario it is; only its owner sees a group.
    pub owner: Option<String>,
    pub egress: Vec<Rule>,
    pub ingress: Vec<Rule>,
    pub tags: BTreeMap<String, String>,
    /// How many rules the way out may have; `None` stands for AWS's own 60.
    pub egress_limit: Option<usize>,
}

/// One rule: a protocol, its ports, and one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// Empty until the world starts.
    pub id: String,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all of them.
    pub protocol: String,
    /// The first port, or the type of ICMP; -1 stands for all.
    pub from: i32,
    /// The last port, or the code of ICMP; -1 stands for all.
    pub to: i32,
    /// An IPv4 or IPv6 CIDR, `pl-…` or `sg-…`.
    pub peer: String,
    pub description: Option<String>,
    pub tags: BTreeMap<String, String>,
}

impl Default for Rule {
    fn default() -> Self {
        Self::new("-1", -1, -1, "0.0.0.0/0")
    }
}

impl Rule {
    /// Returns a rule without description or tags.
    pub fn new(protocol: &str, from: i32, to: i32, peer: &str) -> Self {
        Self {
            id: String::new(),
            protocol: protocol.to_owned(),
            from,
            to,
            peer: peer.to_owned(),
            description: None,
            tags: BTreeMap::new(),
        }
    }

    pub fn description(mut self, description: &str) -> Self {
        self.description = Some(description.to_owned());
        self
    }

    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }
}

impl Default for SecurityGroup {
    fn default() -> Self {
        Self {
            id: String::new(),
            name: String::new(),
            owner: None,
            // Source: Amazon VPC User Guide, Security group rules: a new group lets everything out; from memory.
            egress: vec![Rule::default()],
            ingress: Vec::new(),
            tags: BTreeMap::new(),
            egress_limit: None,
        }
    }
}

impl SecurityGroup {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), name: format!("group-{id}"), ..Self::default() }
    }

    /// Returns a VPC's default group, which lets itself in and everything out.
    pub(super) fn default_of(id: &str) -> Self {
        Self::new(id).name(DEFAULT_NAME).ingress("-1", -1, -1, id)
    }

    pub(crate) fn is_default(&self) -> bool {
        self.name == DEFAULT_NAME
    }

    pub(crate) fn limit(&self) -> usize {
        self.egress_limit.unwrap_or(RULES)
    }

    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// Makes it another account's, which alone sees it.
    pub fn owned_by(mut self, account: &str) -> Self {
        self.owner = Some(account.to_owned());
        self
    }

    /// Removes every rule of the way out, the one a new group begins with included.
    pub fn without_egress(mut self) -> Self {
        self.egress.clear();
        self
    }

    /// Lets something out: a protocol as in [`Rule::protocol`], its ports, and a peer as in [`Rule::peer`].
    pub fn egress(self, protocol: &str, from: i32, to: i32, peer: &str) -> Self {
        self.egress_rule(Rule::new(protocol, from, to, peer))
    }

    pub fn egress_rule(mut self, rule: Rule) -> Self {
        self.egress.push(rule);
        self
    }

    /// Lets something in.
    pub fn ingress(mut self, protocol: &str, from: i32, to: i32, peer: &str) -> Self {
        self.ingress.push(Rule::new(protocol, from, to, peer));
        self
    }

    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Lets the way out have at most this many rules.
    pub fn egress_limit(mut self, rules: usize) -> Self {
        self.egress_limit = Some(rules);
        self
    }

    /// Fills the way out with rules that let nothing useful out, up to as many as it takes.
    pub fn full(mut self) -> Self {
        let mut port = 1;
        while self.egress.len() < self.limit() {
            self = self.egress("udp", port, port, "192.0.2.1/32");
            port += 1;
        }
        self
    }
}
