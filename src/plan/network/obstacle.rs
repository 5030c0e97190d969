//! What stands in the way and is not ours to change, and what nobody here can see: each in a sentence, with the way out.

use std::fmt;

use super::acl::CannotOpen;
use super::destination::Goal;
use super::facts::IMPLICIT;
use crate::ids::{AccountId, NatGatewayId, NetworkAclId, RouteTableId, SecurityGroupId, SubnetId};

/// Something that certainly keeps tasks from reaching a server, and that we do not change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Obstacle {
    NoSuchSubnet {
        subnet: SubnetId,
    },
    NoSuchGroup {
        group: SecurityGroupId,
    },
    NoGroup {
        subnet: SubnetId,
    },
    /// The subnet has addresses of one family only, and the server of the other.
    OtherAddresses {
        subnet: SubnetId,
        to: Goal,
    },
    GroupsClosed {
        groups: Vec<SecurityGroupId>,
        to: Goal,
    },
    /// None of the groups is this account's.
    GroupsOfOthers {
        groups: Vec<SecurityGroupId>,
        to: Goal,
    },
    AclClosed {
        subnet: SubnetId,
        acl: NetworkAclId,
        entry: u16,
        answers: bool,
        to: Goal,
    },
    AclStays {
        acl: NetworkAclId,
        why: Stays,
        answers: bool,
        to: Goal,
    },
    AclOfOthers {
        acl: NetworkAclId,
        owner: AccountId,
        to: Goal,
    },
    NoRoute {
        subnet: SubnetId,
        table: RouteTableId,
        to: Goal,
    },
    Blackhole {
        subnet: SubnetId,
        table: RouteTableId,
        to: Goal,
    },
    NoPublicAddress {
        subnet: SubnetId,
        gateway: String,
        to: Goal,
    },
    PublicAccessBlocked {
        subnet: SubnetId,
        of: SubnetId,
        to: Goal,
    },
    NatGone {
        subnet: SubnetId,
        nat: NatGatewayId,
        to: Goal,
    },
    NatNowhere {
        subnet: SubnetId,
        nat: NatGatewayId,
        table: RouteTableId,
        to: Goal,
    },
    EndpointClosed {
        subnet: SubnetId,
        endpoint: String,
        to: Goal,
    },
}

/// Why no entry can be added to an ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stays {
    NoFreeNumber { before: u16 },
    OnlyBefore { entry: u16 },
}

impl From<CannotOpen> for Stays {
    fn from(cannot: CannotOpen) -> Self {
        match cannot {
            CannotOpen::NoFreeNumber { before } => Self::NoFreeNumber { before },
            CannotOpen::OnlyBefore { entry } => Self::OnlyBefore { entry },
        }
    }
}

impl Obstacle {
    /// Returns the way out, and for which server it is.
    pub fn hint(&self) -> String {
        match self.goal() {
            Some(goal) if goal.is_console() => format!("for the Console: {}", self.way_out()),
            Some(_) => format!("for the image: {}", self.way_out()),
            None => self.way_out(),
        }
    }

    /// Returns what cannot be reached; nothing where tasks cannot even be started.
    pub fn goal(&self) -> Option<&Goal> {
        match self {
            Self::NoSuchSubnet { .. } | Self::NoSuchGroup { .. } | Self::NoGroup { .. } => None,
            Self::OtherAddresses { to, .. }
            | Self::GroupsClosed { to, .. }
            | Self::GroupsOfOthers { to, .. }
            | Self::AclClosed { to, .. }
            | Self::AclStays { to, .. }
            | Self::AclOfOthers { to, .. }
            | Self::NoRoute { to, .. }
            | Self::Blackhole { to, .. }
            | Self::NoPublicAddress { to, .. }
            | Self::PublicAccessBlocked { to, .. }
            | Self::NatGone { to, .. }
            | Self::NatNowhere { to, .. }
            | Self::EndpointClosed { to, .. } => Some(to),
        }
    }

    fn way_out(&self) -> String {
        let mirror = "or mirror the Defender's image into ECR with endpoints for it in the VPC, and set DEFENDER_IMAGE";
        let elsewhere = "or set CONSOLE_CIDRS, if the Console is elsewhere for the tasks";
        let or = |to: &Goal| if to.is_console() { elsewhere } else { mirror };
        match self {
            Self::NoSuchSubnet { .. } | Self::NoSuchGroup { .. } | Self::NoGroup { .. } => {
                "correct the service's network configuration: ECS cannot start tasks there".to_owned()
            }
            Self::OtherAddresses { .. } => {
                "give the Console's addresses of the other kind in CONSOLE_CIDRS, or move the service".to_owned()
            }
            Self::GroupsClosed { to, .. } => format!("let that port out in one of the groups; {}", or(to)),
            Self::GroupsOfOthers { .. } => {
                "have the groups' owner let that port out, or attach a group of the service's own account".to_owned()
            }
            Self::AclClosed { to, .. } => format!("allow the connection in the network ACL, both ways; {}", or(to)),
            Self::AclStays { why: Stays::NoFreeNumber { .. }, .. } => {
                "renumber the ACL's entries so that there is room, which fargate-updater never does".to_owned()
            }
            Self::AclStays { why: Stays::OnlyBefore { .. }, .. } => {
                "set CONSOLE_CIDRS, so that what is opened before that entry is narrow; or change the entry".to_owned()
            }
            Self::AclOfOthers { owner, .. } => format!(
                "have its owner open the ACL; or let this run into account {owner} too: it needs the member role, and must not be left \
                 out by ACCOUNTS, EXCLUDE_ACCOUNTS, ORGANIZATIONAL_UNITS, or by CLUSTERS, which lets in only accounts of its clusters"
            ),
            Self::NoRoute { to, .. } | Self::NatNowhere { to, .. } => format!("add the route; {}", or(to)),
            Self::Blackhole { to, .. } => format!("point the route at something that is there; {}", or(to)),
            Self::NatGone { to, .. } => format!("mend the route or the NAT gateway; {}", or(to)),
            Self::NoPublicAddress { .. } => {
                "set assignPublicIp to ENABLED in the service, or route its subnet through a NAT gateway".to_owned()
            }
            Self::PublicAccessBlocked { .. } => {
                "exclude the subnet from VPC Block Public Access, or take another way to the Console and its image".to_owned()
            }
            Self::EndpointClosed { .. } => "let TCP 443 from the service's group into the endpoint's group".to_owned(),
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchSubnet { subnet } => write!(f, "there is no subnet {subnet}"),
            Self::NoSuchGroup { group } => write!(f, "there is no security group {group}"),
            Self::NoGroup { subnet } => write!(f, "no security group can be found for tasks in {subnet}"),
            Self::OtherAddresses { subnet, to } => write!(f, "{subnet} has no addresses of the kind that {to} has"),
            Self::GroupsClosed { groups, to } => {
                write!(f, "no security group of the service ({}) lets connections out to {to}", listed(groups))
            }
            Self::GroupsOfOthers { groups, to } => {
                write!(
                    f,
                    "its security groups ({}) do not let connections out to {to}, and belong to another account",
                    listed(groups)
                )
            }
            Self::AclClosed { subnet, acl, entry, answers, to } => {
                write!(f, "{} of {acl} ({subnet}) denies {} {to}", number(*entry), direction(*answers))
            }
            Self::AclStays { acl, why: Stays::NoFreeNumber { before }, answers, to } => {
                write!(f, "{acl} denies {} {to}, and no number is free before {}", direction(*answers), number(*before))
            }
            Self::AclStays { acl, why: Stays::OnlyBefore { entry }, answers, to } => {
                write!(
                    f,
                    "{} of {acl} denies {} {to}, and what would open it would have to come before, at the cost of denies that have to \
                     go on winning",
                    number(*entry),
                    direction(*answers)
                )
            }
            Self::AclOfOthers { acl, owner, to } => {
                write!(f, "{acl} denies connections to {to}, and belongs to account {owner}, where this run may not change it")
            }
            Self::NoRoute { subnet, table, to } => write!(f, "{table} of {subnet} has no route to {to}"),
            Self::Blackhole { subnet, table, to } => write!(f, "the route in {table} of {subnet} to {to} is a black hole"),
            Self::NoPublicAddress { subnet, gateway, to } => {
                write!(f, "{subnet} leads to {to} through {gateway}, and the tasks get no public address")
            }
            Self::PublicAccessBlocked { subnet, of, to } => {
                write!(f, "VPC Block Public Access closes {of} to the Internet, which is where {subnet} leads to {to}")
            }
            Self::NatGone { subnet, nat, to } => write!(f, "{subnet} leads to {to} through {nat}, which is not available"),
            Self::NatNowhere { subnet, nat, table, to } => {
                write!(f, "{subnet} leads to {to} through {nat}, whose own {table} does not lead there")
            }
            Self::EndpointClosed { subnet, endpoint, to } => {
                write!(f, "{subnet} leads to {to} through {endpoint}, whose security groups let nothing in from there")
            }
        }
    }
}

/// Something behind which nobody here can see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beyond {
    /// A way that leads out of what is configured here.
    Way { subnet: SubnetId, what: String, to: Goal },
    /// Routes for the smaller part of where a server may be.
    Routes { subnet: SubnetId, to: Goal },
    /// The route table that another account owns.
    RouteTable { subnet: SubnetId },
    /// The ACL that another account owns.
    Acl { subnet: SubnetId },
    /// Groups that let a part of the addresses out, or that refer to what cannot be seen.
    Groups { groups: Vec<SecurityGroupId>, to: Goal },
    /// An ACL that lets a part of the addresses or of the ports through.
    AclPart { acl: NetworkAclId, entry: u16, answers: bool, to: Goal },
    /// An endpoint whose groups cannot be seen whole.
    Endpoint { endpoint: String },
}

impl Beyond {
    /// Returns what may or may not be reached; nothing where that is all there is to reach.
    pub fn goal(&self) -> Option<&Goal> {
        match self {
            Self::Way { to, .. } | Self::Routes { to, .. } | Self::Groups { to, .. } | Self::AclPart { to, .. } => Some(to),
            Self::RouteTable { .. } | Self::Acl { .. } | Self::Endpoint { .. } => None,
        }
    }
}

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Way { subnet, what, to } => {
                write!(f, "{subnet} sends what is for {to} to {what}, and where that leads is not visible")
            }
            Self::Routes { subnet, to } => write!(f, "{subnet} has routes to only a part of where {to} may be"),
            Self::RouteTable { subnet } => write!(f, "the route table of {subnet} belongs to another account"),
            Self::Acl { subnet } => write!(f, "the network ACL of {subnet} belongs to another account"),
            Self::Groups { groups, to } => {
                write!(f, "the security groups ({}) let out only a part of where {to} may be", listed(groups))
            }
            Self::AclPart { acl, entry, answers, to } => {
                write!(f, "{} of {acl} denies a part of the {} {to}", number(*entry), direction(*answers))
            }
            Self::Endpoint { endpoint } => write!(f, "who may use {endpoint} cannot be seen whole"),
        }
    }
}

fn listed(groups: &[SecurityGroupId]) -> String {
    groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn number(entry: u16) -> String {
    if entry >= IMPLICIT { "the last entry (*)".to_owned() } else { format!("entry {entry}") }
}

fn direction(answers: bool) -> &'static str {
    if answers { "answers from" } else { "connections to" }
}
