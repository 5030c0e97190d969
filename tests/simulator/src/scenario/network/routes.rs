//! A route table and its routes.

use serde::{Deserialize, Serialize};

/// A route table. The VPC's own CIDRs are `local` in each and are not in here, unless a route sends one elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteTable {
    pub id: String,
    /// Whether the subnets that name no table use it.
    pub main: bool,
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// An IPv4 or IPv6 CIDR, or `pl-…`.
    pub destination: String,
    /// An id, an ARN of a core network, or `local`; its beginning says what it is.
    pub target: String,
    /// Whether the target is gone.
    #[serde(default)]
    pub blackhole: bool,
}

impl RouteTable {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    /// Makes it the table of the subnets that name none.
    pub fn main(mut self) -> Self {
        self.main = true;
        self
    }

    /// Sends a destination to a target, and no longer to another one.
    pub fn route(self, destination: &str, target: &str) -> Self {
        self.put(Route { destination: destination.to_owned(), target: target.to_owned(), blackhole: false })
    }

    /// Sends a destination to a target that is gone.
    pub fn blackhole(self, destination: &str, target: &str) -> Self {
        self.put(Route { destination: destination.to_owned(), target: target.to_owned(), blackhole: true })
    }

    fn put(self, route: Route) -> Self {
        let mut table = self.without_route(&route.destination);
        table.routes.push(route);
        table
    }

    pub fn without_route(mut self, destination: &str) -> Self {
        self.routes.retain(|route| route.destination != destination);
        self
    }
}
