//! What EC2 tells of a network, as plain data: what is read once and judged for every service in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::Ranges;
use crate::ids::{AccountId, NatGatewayId, NetworkAclId, PrefixListId, RouteTableId, SecurityGroupId, SubnetId, VpcId};

/// A service's `awsvpcConfiguration`: where its tasks' network interfaces are, and what is attached to them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskNetwork {
    pub subnets: BTreeSet<SubnetId>,
    /// None stands for the VPC's default group.
    /// Source: Amazon ECS API Reference, AwsVpcConfiguration, `securityGroups` (read 2026-11).
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Whether the interfaces get a public IPv4 address.
    pub public_address: bool,
}

/// The subnets of an account's Region, those that others share with it among them.
pub type Subnets = BTreeMap<SubnetId, Subnet>;

/// One subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    pub vpc: VpcId,
    /// Another account's, if it is shared.
    pub owner: AccountId,
    /// Its addresses: an IPv4 block, an IPv6 one, or both.
    pub blocks: Vec<IpNet>,
    /// Whether interfaces get IPv6 addresses only.
    pub ipv6_only: bool,
    /// How many of its IPv4 addresses nobody has; nothing when EC2 does not tell.
    pub free_addresses: Option<u64>,
    pub block_public_access: BlockPublicAccess,
}

/// What VPC Block Public Access does to a subnet, exclusions counted in.
/// Source: Amazon VPC User Guide, "Block public access to VPCs and subnets" (read 2026-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockPublicAccess {
    #[default]
    Off,
    /// Internet gateways are closed; NAT gateways and egress-only Internet gateways let connections out.
    Ingress,
    /// Everything on the way through an Internet gateway is closed.
    Bidirectional,
}

/// What belongs to the account that runs tasks in a VPC, be it the VPC's owner or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    pub groups: BTreeMap<SecurityGroupId, SecurityGroup>,
    /// The network interfaces; not read until they are needed.
    pub interfaces: Option<Vec<Interface>>,
}

/// What a VPC's default group is called, and no other can be.
/// Source: Amazon VPC User Guide, "Default security groups for your VPCs" (read 2026-11).
pub const DEFAULT_GROUP: &str = "default";

/// One security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    pub owner: AccountId,
    /// [`DEFAULT_GROUP`] for the VPC's default group.
    pub name: String,
    pub egress: Vec<Rule>,
    pub ingress: Vec<Rule>,
}

/// A rule of a group, for one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether TCP is among its protocols; the others do not matter.
    pub tcp: bool,
    /// The ports it is for, the last included.
    pub ports: (u16, u16),
    pub peer: Peer,
}

/// Whom a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    Block(IpNet),
    PrefixList(PrefixListId),
    /// The private addresses of whatever carries this group.
    Group(SecurityGroupId),
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub groups: BTreeSet<SecurityGroupId>,
    pub addresses: Vec<IpAddr>,
}

/// What belongs to the VPC's owner.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The owner's own view of its subnets; a participant sees only those that are shared with it.
    pub subnets: Subnets,
    pub acls: BTreeMap<NetworkAclId, NetworkAcl>,
    pub route_tables: BTreeMap<RouteTableId, RouteTable>,
    pub nat_gateways: BTreeMap<NatGatewayId, NatGateway>,
    /// Endpoints for ECR and S3, where the Defender's image comes from ECR.
    pub endpoints: Vec<Endpoint>,
    /// The owner, where this run may not look and change for itself: then what a participant sees is all there is.
    pub foreign: Option<AccountId>,
}

/// A network ACL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAcl {
    pub subnets: BTreeSet<SubnetId>,
    pub entries: Vec<Entry>,
    /// What our tag on it says.
    pub ours: Option<String>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: u16,
    pub egress: bool,
    pub allow: bool,
    /// Whether TCP is among its protocols.
    pub tcp: bool,
    pub block: IpNet,
    /// The ports it is for, the last included.
    pub ports: (u16, u16),
}

/// Every port.
pub const ALL_PORTS: (u16, u16) = (0, u16::MAX);

/// The number that EC2 shows for what is denied when no entry matches; IPv6 has the next one.
/// Source: Amazon VPC User Guide, "Network ACL rules": the rule whose number is an asterisk (read 2026-11).
pub const IMPLICIT: u16 = 32_767;

impl Entry {
    /// Returns whether somebody made this entry, which those that deny whatever is left are not.
    pub fn is_explicit(&self) -> bool {
        self.number < IMPLICIT
    }
}

/// A route table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteTable {
    /// For every subnet that has none of its own.
    pub main: bool,
    pub subnets: BTreeSet<SubnetId>,
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    pub to: RouteTo,
    pub target: Target,
    /// Its target is gone, and what it matches is dropped.
    pub blackhole: bool,
}

/// What a route is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTo {
    Block(IpNet),
    PrefixList(PrefixListId),
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    Local,
    InternetGateway(String),
    EgressOnlyGateway(String),
    Nat(NatGatewayId),
    /// Of S3 or DynamoDB, whose addresses no Console has.
    GatewayEndpoint(String),
    /// Something that is configured elsewhere, told as people call it: `transit gateway tgw-1`.
    Beyond(String),
}

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatGateway {
    /// A regional one is in none, and routes for itself.
    /// Source: Amazon VPC User Guide, "Regional NAT gateways" (from memory).
    pub subnet: Option<SubnetId>,
    pub available: bool,
    /// Whether it has a public address.
    pub public: bool,
}

/// An endpoint that takes what ECR needs into the VPC: by names of its own, or by routes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub id: String,
    pub service: EndpointService,
    /// Whether tasks use it by the service's own name, or by routes. Otherwise it takes names of somebody's own, which cannot be seen.
    pub by_name: bool,
    /// Where its interfaces are; none for one of routes.
    pub subnets: BTreeSet<SubnetId>,
    pub groups: BTreeSet<SecurityGroupId>,
    /// The tables that lead to it; none for one of interfaces.
    pub route_tables: BTreeSet<RouteTableId>,
}

/// What pulling an image from ECR talks to.
/// Source: Amazon ECR User Guide, "Amazon ECR interface VPC endpoints (AWS PrivateLink)" (read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointService {
    EcrApi,
    EcrImages,
    S3,
}

/// Prefix lists and what they hold; nothing for one that could not be read.
pub type PrefixLists = BTreeMap<PrefixListId, Option<Ranges>>;

/// Everything there is to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vpc {
    /// The subnets as the account that runs the tasks sees them.
    pub subnets: Subnets,
    pub groups: Groups,
    pub layout: Layout,
    pub prefix_lists: PrefixLists,
}

impl Vpc {
    /// Returns the groups of a task's interface: its own, or the account's default one in the VPC.
    pub fn groups_of(&self, network: &TaskNetwork, account: &AccountId) -> BTreeSet<SecurityGroupId> {
        if !network.security_groups.is_empty() {
            return network.security_groups.clone();
        }
        let mut named = self.groups.groups.iter().filter(|(_, group)| group.is_default());
        let default = named.find(|(_, group)| group.owner == *account);
        default.map(|(id, _)| id.clone()).into_iter().collect()
    }

    /// Returns the addresses of whatever carries a group, if the interfaces have been read.
    pub fn members_of(&self, group: &SecurityGroupId) -> Option<Ranges> {
        let interfaces = self.groups.interfaces.as_ref()?;
        let members = interfaces.iter().filter(|interface| interface.groups.contains(group));
        Some(members.flat_map(|interface| interface.addresses.iter().copied()).collect())
    }

    /// Returns a subnet, as its owner sees it if it can be seen so.
    pub fn subnet(&self, id: &SubnetId) -> Option<&Subnet> {
        self.layout.subnets.get(id).or_else(|| self.subnets.get(id))
    }
}

impl SecurityGroup {
    pub fn is_default(&self) -> bool {
        self.name == DEFAULT_GROUP
    }
}

impl Layout {
    /// Returns whether a route leads to a NAT gateway, so that those have to be known too.
    pub fn leads_to_nat(&self) -> bool {
        let mut routes = self.route_tables.values().flat_map(|table| &table.routes);
        routes.any(|route| matches!(route.target, Target::Nat(_)))
    }

    pub fn acl_of(&self, subnet: &SubnetId) -> Option<(&NetworkAclId, &NetworkAcl)> {
        self.acls.iter().find(|(_, acl)| acl.subnets.contains(subnet))
    }

    /// Returns the subnet's own route table, else the VPC's main one.
    pub fn routes_of(&self, subnet: &SubnetId) -> Option<(&RouteTableId, &RouteTable)> {
        let own = self.route_tables.iter().find(|(_, table)| table.subnets.contains(subnet));
        own.or_else(|| self.route_tables.iter().find(|(_, table)| table.main))
    }
}
