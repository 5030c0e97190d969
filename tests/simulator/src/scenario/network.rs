//! The networks of an account: VPCs and what is in them, and prefix lists.
//!
//! Every Region of every account has one network without being told, [`DEFAULT_VPC`], and a service that says nothing runs in its
//! private subnet. [`super::Account::network`] edits it, [`super::Account::vpc`] edits it or another one.
//!
//! Here are the names and the VPC itself. `subnet`, `group`, `acl` and `routes` are what stands between a task and an address;
//! `gateways` is everything else that has an address or leads to one.

mod acl;
mod gateways;
mod group;
mod routes;
mod subnet;

use serde::{Deserialize, Serialize};

pub use acl::{AclEntry, NetworkAcl};
pub use gateways::{Endpoint, Interface, NatGateway, PrefixList};
pub use group::{Rule, SecurityGroup};
pub use routes::{Route, RouteTable};
pub use subnet::Subnet;

/// The network that every Region of every account has.
pub const DEFAULT_VPC: &str = "vpc-0123456789abcdef0";

/// The subnet of [`DEFAULT_VPC`] that a service runs in unless it says otherwise; the way out is [`NAT`].
pub const PRIVATE_SUBNET: &str = "subnet-0123456789abcdef0";

/// The subnet of [`DEFAULT_VPC`] with [`INTERNET_GATEWAY`]; [`NAT`] is in it.
pub const PUBLIC_SUBNET: &str = "subnet-0fedcba9876543210";

/// The group of a service that does not say another: it lets everything out.
pub const APP_GROUP: &str = "sg-0123456789abcdef0";

/// The default group of [`DEFAULT_VPC`].
pub const DEFAULT_GROUP: &str = "sg-0000000000000000d";

/// The default network ACL of [`DEFAULT_VPC`].
pub const DEFAULT_ACL: &str = "acl-0000000000000000d";

/// The main route table of [`DEFAULT_VPC`], which [`PRIVATE_SUBNET`] uses without being associated with it.
pub const MAIN_ROUTES: &str = "rtb-0000000000000000a";

/// The route table of [`PUBLIC_SUBNET`].
pub const PUBLIC_ROUTES: &str = "rtb-0000000000000000b";

/// The NAT gateway of [`DEFAULT_VPC`].
pub const NAT: &str = "nat-0123456789abcdef0";

/// The internet gateway of [`DEFAULT_VPC`].
pub const INTERNET_GATEWAY: &str = "igw-0123456789abcdef0";

/// What every VPC has until another CIDR is named.
const CIDR: &str = "10.0.0.0/16";

/// A VPC.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vpc {
    pub id: String,
    /// IPv4 and IPv6, in the order they were associated.
    pub cidrs: Vec<String>,
    pub subnets: Vec<Subnet>,
    pub groups: Vec<SecurityGroup>,
    pub acls: Vec<NetworkAcl>,
    pub route_tables: Vec<RouteTable>,
    pub nat_gateways: Vec<NatGateway>,
    pub endpoints: Vec<Endpoint>,
    /// Besides those of services, NAT gateways and endpoints.
    pub interfaces: Vec<Interface>,
    /// The account that shares it, which has the VPC's other half in its own scenario; `None` stands for this account.
    pub owner: Option<String>,
}

impl Default for Vpc {
    fn default() -> Self {
        Self {
            id: String::new(),
            cidrs: vec![CIDR.to_owned()],
            subnets: Vec::new(),
            groups: Vec::new(),
            acls: Vec::new(),
            route_tables: Vec::new(),
            nat_gateways: Vec::new(),
            endpoints: Vec::new(),
            interfaces: Vec::new(),
            owner: None,
        }
    }
}

impl Vpc {
    /// Returns a VPC of 10.0.0.0/16 without subnets: with a default group, a default ACL that allows everything, and a main route
    /// table with nothing but local routes.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }.completed()
    }

    /// Returns the network that every Region of every account has.
    pub fn of_every_region() -> Self {
        let empty = Self { id: DEFAULT_VPC.to_owned(), ..Self::default() };
        let vpc = empty.group(DEFAULT_GROUP, |_| SecurityGroup::default_of(DEFAULT_GROUP));
        vpc.acl(DEFAULT_ACL, |_| NetworkAcl::default_of(DEFAULT_ACL))
            .routes(MAIN_ROUTES, |table| table.main().route("0.0.0.0/0", NAT))
            .routes(PUBLIC_ROUTES, |table| table.route("0.0.0.0/0", INTERNET_GATEWAY))
            .subnet(PRIVATE_SUBNET, |subnet| subnet.cidr("10.0.0.0/20"))
            .subnet(PUBLIC_SUBNET, |subnet| subnet.cidr("10.0.16.0/20").routes(PUBLIC_ROUTES))
            .group(APP_GROUP, |group| group.name("app").ingress("tcp", 8080, 8080, CIDR))
            .nat(NAT, |gateway| gateway.subnet(PUBLIC_SUBNET))
    }

    /// Adds an IPv4 or IPv6 CIDR.
    pub fn cidr(mut self, cidr: &str) -> Self {
        self.cidrs.push(cidr.to_owned());
        self
    }

    /// Adds a subnet, or edits the one of this id.
    pub fn subnet(mut self, id: &str, edit: impl FnOnce(Subnet) -> Subnet) -> Self {
        edit_or_add(&mut self.subnets, |subnet| subnet.id == id, || Subnet::new(id), edit);
        self
    }

    /// Adds a security group, or edits the one of this id.
    pub fn group(mut self, id: &str, edit: impl FnOnce(SecurityGroup) -> SecurityGroup) -> Self {
        edit_or_add(&mut self.groups, |group| group.id == id, || SecurityGroup::new(id), edit);
        self
    }

    /// Adds a network ACL, or edits the one of this id.
    pub fn acl(mut self, id: &str, edit: impl FnOnce(NetworkAcl) -> NetworkAcl) -> Self {
        edit_or_add(&mut self.acls, |acl| acl.id == id, || NetworkAcl::new(id), edit);
        self
    }

    /// Adds a route table, or edits the one of this id; there is one main table at a time.
    pub fn routes(mut self, id: &str, edit: impl FnOnce(RouteTable) -> RouteTable) -> Self {
        edit_or_add(&mut self.route_tables, |table| table.id == id, || RouteTable::new(id), edit);
        let main = self.route_tables.iter().any(|table| table.id == id && table.main);
        for table in &mut self.route_tables {
            table.main &= table.id == id || !main;
        }
        self
    }

    /// Adds a NAT gateway, or edits the one of this id.
    pub fn nat(mut self, id: &str, edit: impl FnOnce(NatGateway) -> NatGateway) -> Self {
        edit_or_add(&mut self.nat_gateways, |gateway| gateway.id == id, || NatGateway::new(id), edit);
        self
    }

    /// Adds an endpoint, or edits the one of this id.
    pub fn endpoint(mut self, id: &str, edit: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        edit_or_add(&mut self.endpoints, |endpoint| endpoint.id == id, || Endpoint::new(id), edit);
        self
    }

    /// Adds a network interface.
    pub fn interface(mut self, edit: impl FnOnce(Interface) -> Interface) -> Self {
        self.interfaces.push(edit(Interface::default()));
        self
    }

    /// Makes it another account's VPC whose subnets are shared with this one.
    ///
    /// What only an owner has is dropped: of a shared VPC, an account contributes its own groups and interfaces. The owner's
    /// scenario has the VPC of the same id, and says with [`Subnet::shared_with`] which subnets this is about.
    pub fn owned_by(mut self, account: &str) -> Self {
        self.owner = Some(account.to_owned());
        self.completed()
    }

    /// Adds what a VPC cannot be without, or takes away what only the owner of a shared one has.
    pub(crate) fn completed(mut self) -> Self {
        if self.owner.is_some() {
            self.groups.retain(|group| !group.is_default());
            let (groups, interfaces) = (self.groups, self.interfaces);
            return Self { id: self.id, owner: self.owner, groups, interfaces, cidrs: Vec::new(), ..Self::default() };
        }
        let id = self.id.clone();
        if self.default_group().is_none() {
            self.groups.insert(0, SecurityGroup::default_of(&format!("sg-default-of-{id}")));
        }
        if !self.acls.iter().any(|acl| acl.is_default) {
            self.acls.insert(0, NetworkAcl::default_of(&format!("acl-default-of-{id}")));
        }
        if !self.route_tables.iter().any(|table| table.main) {
            self.route_tables.insert(0, RouteTable::new(&format!("rtb-main-of-{id}")).main());
        }
        for (at, subnet) in self.subnets.iter_mut().enumerate() {
            if subnet.cidr.is_empty() && !subnet.ipv6_native {
                // A scenario that does not care about addresses gets ones that meet nobody else's.
                subnet.cidr = format!("10.0.{}.0/24", 64 + at);
            }
        }
        self
    }

    /// Returns the group of whatever has no group of its own; there is none for a VPC that another account owns.
    pub(crate) fn default_group(&self) -> Option<&SecurityGroup> {
        self.groups.iter().find(|group| group.is_default())
    }

    /// Returns the subnets that an ACL filters.
    pub(crate) fn filtered_by<'a>(&'a self, acl: &'a NetworkAcl) -> impl Iterator<Item = &'a Subnet> {
        self.subnets.iter().filter(|subnet| subnet.acl.as_ref().map_or(acl.is_default, |its| *its == acl.id))
    }

    /// Returns the subnets that use a route table, associated with it or not.
    pub(crate) fn routed_by<'a>(&'a self, table: &'a RouteTable) -> impl Iterator<Item = &'a Subnet> {
        self.subnets.iter().filter(|subnet| subnet.routes.as_ref().map_or(table.main, |its| *its == table.id))
    }
}

/// Edits the one that is meant, where it stands, or adds a new one at the end.
pub(super) fn edit_or_add<T>(
    list: &mut Vec<T>,
    is_meant: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
    edit: impl FnOnce(T) -> T,
) {
    match list.iter().position(is_meant) {
        Some(at) => {
            let edited = edit(list.remove(at));
            list.insert(at, edited);
        }
        None => list.push(edit(new())),
    }
}
