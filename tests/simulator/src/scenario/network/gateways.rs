//! NAT gateways, endpoints, other network interfaces and prefix lists.

use serde::{Deserialize, Serialize};

/// A NAT gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatGateway {
    pub id: String,
    pub subnet: String,
    /// `pending`, `failed`, `available`, `deleting` or `deleted`.
    pub state: String,
    /// `public` or `private`.
    pub connectivity: String,
}

impl Default for NatGateway {
    fn default() -> Self {
        Self { id: String::new(), subnet: String::new(), state: "available".to_owned(), connectivity: "public".to_owned() }
    }
}

impl NatGateway {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    pub fn subnet(mut self, id: &str) -> Self {
        self.subnet = id.to_owned();
        self
    }

    pub fn state(mut self, state: &str) -> Self {
        self.state = state.to_owned();
        self
    }

    /// Lets it lead to other VPCs and to on-premises networks only.
    pub fn private(mut self) -> Self {
        self.connectivity = "private".to_owned();
        self
    }
}

/// A VPC endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Endpoint {
    pub id: String,
    /// Such as `com.amazonaws.us-east-1.ecr.dkr`.
    pub service: String,
    /// `Interface` or `Gateway`.
    pub kind: String,
    pub private_dns: bool,
    pub state: String,
    /// Where it has an interface, if it is of that kind.
    pub subnets: Vec<String>,
    /// Those of its interfaces; none stands for the VPC's default group.
    pub groups: Vec<String>,
    /// Those that lead to it, if it is a gateway; its route is not made for it.
    pub route_tables: Vec<String>,
}

impl Default for Endpoint {
    fn default() -> Self {
        Self {
            id: String::new(),
            service: "com.amazonaws.us-east-1.ecr.dkr".to_owned(),
            kind: "Interface".to_owned(),
            private_dns: true,
            state: "available".to_owned(),
            subnets: Vec::new(),
            groups: Vec::new(),
            route_tables: Vec::new(),
        }
    }
}

impl Endpoint {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    pub fn service(mut self, name: &str) -> Self {
        self.service = name.to_owned();
        self
    }

    /// Makes it a gateway, which has no names and no interfaces.
    pub fn gateway(mut self) -> Self {
        self.kind = "Gateway".to_owned();
        self.private_dns = false;
        self
    }

    pub fn without_private_dns(mut self) -> Self {
        self.private_dns = false;
        self
    }

    pub fn state(mut self, state: &str) -> Self {
        self.state = state.to_owned();
        self
    }

    /// Gives it an interface in a subnet.
    pub fn subnet(mut self, id: &str) -> Self {
        self.subnets.push(id.to_owned());
        self
    }

    pub fn group(mut self, id: &str) -> Self {
        self.groups.push(id.to_owned());
        self
    }

    /// Associates it with a route table; [`super::RouteTable::route`] makes the route.
    pub fn route_table(mut self, id: &str) -> Self {
        self.route_tables.push(id.to_owned());
        self
    }

    pub(crate) fn has_interfaces(&self) -> bool {
        self.kind != "Gateway"
    }
}

/// A network interface of something that is not simulated, such as an instance or a load balancer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Interface {
    pub groups: Vec<String>,
    pub subnet: String,
    /// Its private address; empty stands for one of the subnet's.
    pub address: String,
    pub description: String,
}

impl Interface {
    pub fn subnet(mut self, id: &str) -> Self {
        self.subnet = id.to_owned();
        self
    }

    pub fn group(mut self, id: &str) -> Self {
        self.groups.push(id.to_owned());
        self
    }

    pub fn address(mut self, address: &str) -> Self {
        self.address = address.to_owned();
        self
    }

    pub fn description(mut self, description: &str) -> Self {
        self.description = description.to_owned();
        self
    }
}

/// A managed prefix list, as the account sees it: its own, a shared one or one of AWS's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrefixList {
    pub id: String,
    pub name: String,
    pub cidrs: Vec<String>,
}
