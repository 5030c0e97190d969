//! What of that which was opened is closed again, and what is kept, and why.
//!
//! Everything is kept that a service with a Defender may need, that its owner has changed since, or of which that cannot be told.
//! A rule is needed by whatever carries its group. An entry is needed by whatever runs in its VPC: the way out of a subnet leads
//! past other ACLs too, where there is a NAT gateway. What has no Defender and has come to use what was opened is not looked for,
//! and neither are tasks outside of services.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;

use super::facts::{Entry, NetworkAcl, Peer, Rule, Subnets, TaskNetwork};
use super::patch::{Noted, Opening, could_be_ours, noted, tag_of};
use crate::ids::{AccountId, NetworkAclId, SecurityGroupId, SubnetId, VpcId};

/// A rule of a security group that has our tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedRule {
    pub id: String,
    pub group: SecurityGroupId,
    /// The group's.
    pub owner: AccountId,
    pub egress: bool,
    /// What it lets through; none if that cannot be read.
    pub rule: Option<Rule>,
    /// The run that the tag names; empty if somebody emptied it.
    pub run: String,
}

/// Where a group is that has such a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    pub vpc: VpcId,
    pub is_default: bool,
}

/// A network ACL that has our tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedAcl {
    pub vpc: VpcId,
    pub owner: AccountId,
    pub acl: NetworkAcl,
}

/// A network interface: whose it is, and what is attached to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    pub owner: AccountId,
    pub groups: BTreeSet<SecurityGroupId>,
}

/// What was opened in one Region of an account and has not been closed, with what there is to judge it by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    pub rules: Vec<OpenedRule>,
    /// Those of the rules. A group that is not in here is gone, and its rules with it.
    pub groups: BTreeMap<SecurityGroupId, GroupPlace>,
    pub acls: BTreeMap<NetworkAclId, OpenedAcl>,
    pub subnets: Subnets,
    /// The interfaces in each of the VPCs, those of other accounts among them where the VPC is shared with these.
    pub carriers: BTreeMap<VpcId, Vec<Carrier>>,
}

impl Opened {
    /// Returns the VPCs in which something of an account's is open.
    pub fn vpcs(&self, account: &AccountId) -> BTreeSet<VpcId> {
        let of_acls = self.acls.values().filter(|acl| acl.owner == *account).map(|acl| acl.vpc.clone());
        self.groups.values().map(|group| group.vpc.clone()).chain(of_acls).collect()
    }
}

/// A service that still has a Defender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedService {
    pub account: AccountId,
    /// Such as `web/checkout`.
    pub name: String,
    pub network: TaskNetwork,
}

impl fmt::Display for ProtectedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "service {} of account {}", self.name, self.account)
    }
}

/// What still has a Defender in a Region, and how far anybody looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StillProtected {
    pub services: Vec<ProtectedService>,
    /// The accounts of which every service in the Region was looked at. What another one may need is kept.
    pub looked_at: BTreeSet<AccountId>,
}

/// Something that stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    Rule { group: SecurityGroupId, id: String },
    Entry { acl: NetworkAclId, egress: bool, number: u16 },
}

impl fmt::Display for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule { group, id } => write!(f, "{group}: rule {id}"),
            Self::Entry { acl, egress, number } => {
                write!(f, "{acl}: entry {number} {}", if *egress { "out" } else { "in" })
            }
        }
    }
}

/// Why something stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// It is not what was opened: its owner has changed it since, and it is its owner's now.
    Changed,
    /// Another run opened it than the one that is to be undone; which one is not known of what earlier releases opened.
    OtherRun {
        run: Option<String>,
    },
    CarriesTheGroup {
        service: String,
    },
    RunsBehindTheAcl {
        service: String,
        subnet: SubnetId,
    },
    RunsInTheVpc {
        service: String,
    },
    NotLookedAt {
        account: AccountId,
    },
}

impl Because {
    /// Returns one of each, for whoever lists them.
    pub fn examples() -> Vec<Self> {
        let service = || "service web/checkout of account 111122223333".to_owned();
        vec![
            Self::Changed,
            Self::OtherRun { run: Some("20261121T130806Z-glaq".to_owned()) },
            Self::CarriesTheGroup { service: service() },
            Self::RunsBehindTheAcl { service: service(), subnet: "subnet-0123456789abcdef0".into() },
            Self::RunsInTheVpc { service: service() },
        ]
        .into_iter()
        .chain("444455556666".parse().ok().map(|account| Self::NotLookedAt { account }))
        .collect()
    }

    /// Returns a fixed word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::OtherRun { .. } => "other-run",
            Self::CarriesTheGroup { .. } => "group-in-use",
            Self::RunsBehindTheAcl { .. } => "acl-in-use",
            Self::RunsInTheVpc { .. } => "vpc-in-use",
            Self::NotLookedAt { .. } => "not-looked-at",
        }
    }
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed => f.write_str("its owner has changed it since it was opened"),
            Self::OtherRun { run: Some(run) } => write!(f, "run {run} opened it, which is not the one to undo"),
            Self::OtherRun { run: None } => f.write_str("its tag does not say that the run to undo opened it"),
            Self::CarriesTheGroup { service } => write!(f, "{service} carries the group and still has a Defender"),
            Self::RunsBehindTheAcl { service, subnet } => {
                write!(f, "{service} runs in {subnet} behind this ACL and still has a Defender")
            }
            Self::RunsInTheVpc { service } => {
                write!(f, "{service} runs in the same VPC, still has a Defender, and its way out may lead past this ACL")
            }
            Self::NotLookedAt { account } => {
                write!(f, "account {account} may need it, and not all of its services in this Region were looked at")
            }
        }
    }
}

/// Something that stays open, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub vpc: VpcId,
    pub what: Open,
    pub why: Because,
}

/// A rule that is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleClosing {
    pub vpc: VpcId,
    pub id: String,
    pub group: SecurityGroupId,
    pub port: u16,
    pub to: IpNet,
}

impl RuleClosing {
    /// Returns it as it was told when it was opened.
    pub fn opening(&self) -> Opening {
        let Self { id, group, port, to, .. } = self.clone();
        Opening::Rule { group, port, to: vec![to], ids: vec![id] }
    }
}

/// What is closed in an ACL, and what becomes of our tag on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclClosing {
    pub vpc: VpcId,
    pub acl: NetworkAclId,
    /// None, if only the tag is to be put right.
    pub entries: Vec<Entry>,
    /// What the tag is to say besides those of the entries that cannot be closed after all.
    stays: Noted,
    noted: Noted,
}

/// What is done about our tag on an ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagChange {
    Leave,
    Write(String),
    Delete,
}

impl AclClosing {
    /// Returns what is done about the tag, once these of the entries are closed.
    pub fn tag_change(&self, closed: &[Entry]) -> TagChange {
        let mut left = self.stays.clone();
        for entry in self.entries.iter().filter(|entry| !closed.contains(entry)) {
            let key = (entry.egress, entry.number);
            left.extend(self.noted.get(&key).map(|run| (key, run.clone())));
        }
        match () {
            () if left.is_empty() => TagChange::Delete,
            () if left == self.noted => TagChange::Leave,
            () => TagChange::Write(tag_of(left)),
        }
    }
}

/// What is closed and what is kept, each in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub rules: Vec<RuleClosing>,
    pub acls: Vec<AclClosing>,
    pub kept: Vec<Kept>,
}

/// Decides about what was opened for an account: in its own groups, and in the ACLs of its own VPCs. What other accounts own is
/// passed over; it is decided about there. With a run, only what that run opened is closed.
pub fn decide(opened: &Opened, account: &AccountId, still: &StillProtected, run: Option<&str>) -> Decision {
    let judge = Judge { opened, account, still, run };
    let mut decision = Decision::default();
    let mut rules: Vec<&OpenedRule> = opened.rules.iter().filter(|rule| rule.owner == *account).collect();
    rules.sort_by_key(|rule| (&rule.group, &rule.id));
    for rule in rules {
        let Some(place) = opened.groups.get(&rule.group) else { continue };
        match judge.rule(rule, place) {
            Ok(closing) => decision.rules.push(closing),
            Err(why) => {
                let what = Open::Rule { group: rule.group.clone(), id: rule.id.clone() };
                decision.kept.push(Kept { vpc: place.vpc.clone(), what, why });
            }
        }
    }
    for (id, acl) in opened.acls.iter().filter(|(_, acl)| acl.owner == *account) {
        judge.acl(id, acl, &mut decision);
    }
    decision
}

struct Judge<'a> {
    opened: &'a Opened,
    account: &'a AccountId,
    still: &'a StillProtected,
    run: Option<&'a str>,
}

impl Judge<'_> {
    fn rule(&self, rule: &OpenedRule, place: &GroupPlace) -> Result<RuleClosing, Because> {
        let (port, to) = opened_as(rule).ok_or(Because::Changed)?;
        self.of_the_run(Some(rule.run.as_str()).filter(|run| !run.is_empty()))?;
        if let Some(service) = self.still.services.iter().find(|service| self.carries(service, &rule.group, place)) {
            return Err(Because::CarriesTheGroup { service: service.to_string() });
        }
        let carriers = self.opened.carriers.get(&place.vpc).into_iter().flatten();
        self.all_looked_at(carriers.filter(|carrier| carrier.groups.contains(&rule.group)))?;
        Ok(RuleClosing { vpc: place.vpc.clone(), id: rule.id.clone(), group: rule.group.clone(), port, to })
    }

    fn acl(&self, id: &NetworkAclId, acl: &OpenedAcl, decision: &mut Decision) {
        let noted = noted(acl.acl.ours.as_deref().unwrap_or_default());
        let mut closing =
            AclClosing { vpc: acl.vpc.clone(), acl: id.clone(), entries: Vec::new(), stays: noted.clone(), noted: noted.clone() };
        let needed = self.needs_acl(acl);
        let mut in_order: Vec<_> = noted.iter().collect();
        // What goes out first, as everywhere.
        in_order.sort_by_key(|((egress, number), _)| (!egress, *number));
        for (key, by) in in_order {
            let (egress, number) = *key;
            let there = acl.acl.entries.iter().find(|entry| (entry.egress, entry.number) == *key);
            let why = match (self.of_the_run(by.as_deref()), there) {
                (Err(why), Some(_)) => why,
                (Err(_), None) => continue,
                // Gone, or never added because its run was cut off.
                (Ok(()), None) => {
                    closing.stays.remove(key);
                    continue;
                }
                (Ok(()), Some(entry)) if !could_be_ours(entry) => {
                    closing.stays.remove(key);
                    Because::Changed
                }
                (Ok(()), Some(entry)) => match &needed {
                    Some(why) => why.clone(),
                    None => {
                        closing.stays.remove(key);
                        closing.entries.push(entry.clone());
                        continue;
                    }
                },
            };
            let what = Open::Entry { acl: id.clone(), egress, number };
            decision.kept.push(Kept { vpc: acl.vpc.clone(), what, why });
        }
        if closing.tag_change(&closing.entries) != TagChange::Leave {
            decision.acls.push(closing);
        }
    }

    fn of_the_run(&self, by: Option<&str>) -> Result<(), Because> {
        match self.run {
            Some(run) if by != Some(run) => Err(Because::OtherRun { run: by.map(str::to_owned) }),
            _ => Ok(()),
        }
    }

    /// Returns whether a service's tasks carry a group: one of its own, or the default one of its account in the VPC.
    fn carries(&self, service: &ProtectedService, group: &SecurityGroupId, place: &GroupPlace) -> bool {
        let TaskNetwork { subnets, security_groups, .. } = &service.network;
        let may_be_there = |subnet: &SubnetId| self.opened.subnets.get(subnet).is_none_or(|it| it.vpc == place.vpc);
        let by_default = place.is_default && service.account == *self.account && security_groups.is_empty();
        security_groups.contains(group) || by_default && subnets.iter().any(may_be_there)
    }

    /// Returns why an ACL has to let through what it does.
    fn needs_acl(&self, acl: &OpenedAcl) -> Option<Because> {
        let behind = self.still.services.iter().find_map(|service| {
            let subnet = service.network.subnets.iter().find(|subnet| acl.acl.subnets.contains(subnet))?;
            Some(Because::RunsBehindTheAcl { service: service.to_string(), subnet: subnet.clone() })
        });
        let in_vpc = |subnet: &SubnetId| self.opened.subnets.get(subnet).is_some_and(|it| it.vpc == acl.vpc);
        let beside = || {
            let service = self.still.services.iter().find(|service| service.network.subnets.iter().any(in_vpc))?;
            Some(Because::RunsInTheVpc { service: service.to_string() })
        };
        let carriers = || self.opened.carriers.get(&acl.vpc).into_iter().flatten();
        behind.or_else(beside).or_else(|| self.all_looked_at(carriers()).err())
    }

    /// Returns an error that names an account of these, or the account itself, if one of its services may have been overlooked.
    fn all_looked_at<'a>(&self, carriers: impl Iterator<Item = &'a Carrier>) -> Result<(), Because> {
        let accounts: BTreeSet<&AccountId> = carriers.map(|carrier| &carrier.owner).chain([self.account]).collect();
        match accounts.into_iter().find(|account| !self.still.looked_at.contains(account)) {
            Some(account) => Err(Because::NotLookedAt { account: account.clone() }),
            None => Ok(()),
        }
    }
}

/// Returns the port and the block of a rule that is of the kind that we make.
fn opened_as(opened: &OpenedRule) -> Option<(u16, IpNet)> {
    match opened.rule.as_ref()? {
        Rule { tcp: true, ports: (from, to), peer: Peer::Block(block) } if opened.egress && from == to => Some((*from, *block)),
        _ => None,
    }
}
