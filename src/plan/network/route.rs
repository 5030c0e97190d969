//! Routes: where a packet to some addresses goes first, and whether that is on the way to its destination.
//!
//! The longest prefix decides. Source: Amazon VPC User Guide, "Route priority" (read 2026-11).

use ipnet::IpNet;

use super::destination::{Destination, Goal};
use super::facts::{BlockPublicAccess, Layout, Route, RouteTable, RouteTo, Subnet, Target, TaskNetwork, Vpc};
use super::obstacle::{Beyond, Obstacle};
use super::ranges::{Ranges, is_v6};
use crate::ids::{NatGatewayId, RouteTableId, SubnetId};

/// Where some addresses are reached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub addresses: Ranges,
    pub kind: HopKind,
    /// The NAT gateway on the way, whose own subnet has an ACL too.
    pub nat: Option<NatGatewayId>,
}

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HopKind {
    /// It stays in the VPC.
    Local,
    /// It gets out.
    Out,
    /// It goes where nobody here can see it.
    Beyond(Beyond),
    Blocked(Obstacle),
}

/// Returns where the packets of a task in a subnet go, each address once.
pub fn hops(network: &TaskNetwork, id: &SubnetId, vpc: &Vpc, destination: &Destination) -> Vec<Hop> {
    let addresses = destination.addresses.clone();
    let Some((table_id, table)) = vpc.layout.routes_of(id) else {
        // Only a participant can be without: every VPC has a main table.
        let kind = HopKind::Beyond(Beyond::RouteTable { subnet: id.clone() });
        return vec![Hop { addresses, kind, nat: None }];
    };
    let way = Way { network, id, vpc, destination };
    let mut hops = Vec::new();
    // What a list that cannot be read holds may go another way than all the rest.
    if let Some(beyond) = way.unread_list(table) {
        hops.push(Hop { addresses: Ranges::default(), kind: HopKind::Beyond(beyond), nat: None });
    }
    for (addresses, route) in matched(table, vpc, addresses) {
        let kind = way.by(table_id, route, &addresses);
        let nat = route.filter(|route| !route.blackhole).and_then(|route| match &route.target {
            Target::Nat(nat) => Some(nat.clone()),
            _ => None,
        });
        hops.push(Hop { addresses, kind, nat });
    }
    hops
}

/// Cuts addresses into parts that one route each is for; the last part has none.
fn matched<'a>(table: &'a RouteTable, vpc: &Vpc, mut addresses: Ranges) -> Vec<(Ranges, Option<&'a Route>)> {
    let mut routes: Vec<(IpNet, &Route)> = Vec::new();
    for route in &table.routes {
        match &route.to {
            RouteTo::Block(block) => routes.push((*block, route)),
            RouteTo::PrefixList(list) => {
                let held = vpc.prefix_lists.get(list).cloned().flatten().unwrap_or_default();
                routes.extend(held.blocks().iter().map(|block| (*block, route)));
            }
        }
    }
    routes.sort_by_key(|(block, _)| std::cmp::Reverse(block.prefix_len()));
    let mut matched = Vec::new();
    for (block, route) in routes {
        let within = addresses.within(&block);
        if !within.is_empty() {
            addresses = addresses.without(&block);
            matched.push((within, Some(route)));
        }
    }
    if !addresses.is_empty() {
        matched.push((addresses, None));
    }
    matched
}

/// What a route's target is judged by.
struct Way<'a> {
    network: &'a TaskNetwork,
    id: &'a SubnetId,
    vpc: &'a Vpc,
    destination: &'a Destination,
}

impl Way<'_> {
    fn by(&self, table: &RouteTableId, route: Option<&Route>, addresses: &Ranges) -> HopKind {
        let Some(route) = route else {
            // A prefix list that could not be read may hold the address.
            let table_itself = self.vpc.layout.route_tables.get(table);
            return match table_itself.and_then(|table| self.unread_list(table)) {
                Some(beyond) => HopKind::Beyond(beyond),
                None => self.blocked(|subnet, to| Obstacle::NoRoute { subnet, table: table.clone(), to }),
            };
        };
        if route.blackhole {
            return self.blocked(|subnet, to| Obstacle::Blackhole { subnet, table: table.clone(), to });
        }
        let v6 = addresses.blocks().iter().all(is_v6);
        match &route.target {
            Target::Local => HopKind::Local,
            Target::InternetGateway(gateway) => self.internet_gateway(gateway, v6),
            Target::EgressOnlyGateway(_) => match self.public_access(self.id) {
                BlockPublicAccess::Bidirectional => self.no_public_access(self.id),
                _ => HopKind::Out,
            },
            Target::Nat(nat) => self.nat(nat, addresses),
            Target::GatewayEndpoint(_) => HopKind::Out,
            Target::Beyond(what) => self.beyond(what),
        }
    }

    fn internet_gateway(&self, gateway: &str, v6: bool) -> HopKind {
        if !v6 && !self.network.public_address {
            return self.blocked(|subnet, to| Obstacle::NoPublicAddress { subnet, gateway: gateway.to_owned(), to });
        }
        match self.public_access(self.id) {
            BlockPublicAccess::Off => HopKind::Out,
            _ => self.no_public_access(self.id),
        }
    }

    /// Judges a NAT gateway by its state and by the routes of its own subnet.
    fn nat(&self, id: &NatGatewayId, addresses: &Ranges) -> HopKind {
        if addresses.blocks().iter().all(is_v6) {
            // Names are translated too then, and where an address leads is not written in routes.
            return self.beyond(&format!("NAT64 of {id}"));
        }
        let Layout { nat_gateways, foreign, .. } = &self.vpc.layout;
        let Some(nat) = nat_gateways.get(id) else {
            if foreign.is_some() {
                return self.beyond(&format!("NAT gateway {id}"));
            }
            return self.blocked(|subnet, to| Obstacle::NatGone { subnet, nat: id.clone(), to });
        };
        if !nat.available {
            return self.blocked(|subnet, to| Obstacle::NatGone { subnet, nat: id.clone(), to });
        }
        let Some(own) = &nat.subnet else { return HopKind::Out };
        let Some((table_id, table)) = self.vpc.layout.routes_of(own) else {
            return self.beyond(&format!("NAT gateway {id}"));
        };
        let (mut out, mut beyond, mut blocked) = (false, None, None);
        for (_, route) in matched(table, self.vpc, addresses.clone()) {
            let nowhere =
                || self.blocked(|subnet, to| Obstacle::NatNowhere { subnet, nat: id.clone(), table: table_id.clone(), to });
            match route.filter(|route| !route.blackhole).map(|route| &route.target) {
                Some(Target::InternetGateway(_)) if nat.public => {
                    if self.public_access(own) == BlockPublicAccess::Bidirectional {
                        return self.no_public_access(own);
                    }
                    out = true;
                }
                Some(Target::Beyond(what)) => beyond = Some(self.beyond(what)),
                Some(Target::Local | Target::GatewayEndpoint(_)) => {}
                // From one NAT gateway to the next, or out without a public address, nothing gets anywhere.
                None if self.unread_list(table).is_some() => beyond = self.unread_list(table).map(HopKind::Beyond),
                Some(Target::InternetGateway(_) | Target::EgressOnlyGateway(_) | Target::Nat(_)) | None => {
                    blocked = Some(nowhere());
                }
            }
        }
        // A server that is somewhere among the addresses is not where they lead nowhere, if others lead on.
        match (blocked, beyond) {
            (Some(blocked), beyond) if self.destination.exact || !out && beyond.is_none() => blocked,
            (_, Some(beyond)) => beyond,
            (_, None) => HopKind::Out,
        }
    }

    fn public_access(&self, subnet: &SubnetId) -> BlockPublicAccess {
        self.vpc.subnet(subnet).map_or_else(BlockPublicAccess::default, |Subnet { block_public_access, .. }| *block_public_access)
    }

    fn no_public_access(&self, of: &SubnetId) -> HopKind {
        self.blocked(|subnet, to| Obstacle::PublicAccessBlocked { subnet, of: of.clone(), to })
    }

    fn beyond(&self, what: &str) -> HopKind {
        HopKind::Beyond(Beyond::Way { subnet: self.id.clone(), what: what.to_owned(), to: self.destination.goal() })
    }

    fn blocked(&self, obstacle: impl FnOnce(SubnetId, Goal) -> Obstacle) -> HopKind {
        HopKind::Blocked(obstacle(self.id.clone(), self.destination.goal()))
    }

    fn unread_list(&self, table: &RouteTable) -> Option<Beyond> {
        let unread = table.routes.iter().find_map(|route| match (&route.to, &route.target) {
            // S3 and DynamoDB are not what is looked for.
            (RouteTo::PrefixList(_), Target::GatewayEndpoint(_)) | (RouteTo::Block(_), _) => None,
            (RouteTo::PrefixList(list), _) => self.vpc.prefix_lists.get(list).is_none_or(Option::is_none).then_some(list),
        })?;
        let what = format!("prefix list {unread}, which could not be read");
        Some(Beyond::Way { subnet: self.id.clone(), what, to: self.destination.goal() })
    }
}
