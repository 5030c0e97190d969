//! The registry of the Defender's image: judged, and never opened.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::destination::{Destination, RegistryKind, Server};
use super::facts::{Endpoint, EndpointService, Peer, RouteTo, Subnet, Target, Vpc};
use super::group::{self, Way};
use super::ranges::{ANYWHERE_V6, Ranges, is_v6};
use super::route::{self, HopKind};
use super::{Beyond, For, Judge, Obstacle};
use crate::ids::{PrefixListId, SecurityGroupId, SubnetId};

impl Judge<'_> {
    /// Judges whether tasks in a subnet can pull the Defender's image.
    pub(super) fn registry(&mut self, id: &SubnetId, subnet: &Subnet) {
        let registry = self.wanted.registry.destination(subnet.ipv6_only);
        let RegistryKind::Ecr { .. } = &self.wanted.registry.kind else {
            return self.on_the_internet(id, subnet, &registry);
        };
        let layers = Destination { server: Server::ImageLayers, ..registry.clone() };
        // The first of each that would have to be on the Internet is told, not all three.
        let (mut outside, mut hidden) = (None, None);
        for service in [EndpointService::EcrApi, EndpointService::EcrImages, EndpointService::S3] {
            let destination = if service == EndpointService::S3 { &layers } else { &registry };
            match self.endpoint(service, id) {
                Some(endpoint) if endpoint.by_name => self.by_endpoint(&endpoint, id, subnet, destination),
                found => {
                    outside = outside.or(Some(destination));
                    hidden = hidden.or(found);
                }
            }
        }
        let Some(destination) = outside else { return };
        let before = self.found.clone();
        self.on_the_internet(id, subnet, destination);
        if let Some(endpoint) = hidden.filter(|_| self.found.obstacles != before.obstacles) {
            // Names that nobody sees here may lead to an endpoint instead.
            self.found = before;
            self.beyond(Beyond::Endpoint { endpoint: endpoint.id });
        }
    }

    /// Returns the endpoint that a subnet's tasks use for a service.
    fn endpoint(&self, service: EndpointService, subnet: &SubnetId) -> Option<Endpoint> {
        let table = self.vpc.layout.routes_of(subnet).map(|(id, _)| id);
        let leads = |endpoint: &&Endpoint| {
            endpoint.service == service
                && (!endpoint.subnets.is_empty() || table.is_some_and(|table| endpoint.route_tables.contains(table)))
        };
        let mut leading: Vec<&Endpoint> = self.vpc.layout.endpoints.iter().filter(leads).collect();
        leading.sort_by_key(|endpoint| !endpoint.by_name);
        leading.first().copied().cloned()
    }

    fn by_endpoint(&mut self, endpoint: &Endpoint, id: &SubnetId, subnet: &Subnet, destination: &Destination) {
        let interfaces = endpoint.subnets.iter().filter_map(|id| self.vpc.subnet(id));
        let addresses: Ranges = interfaces.flat_map(|subnet| subnet.blocks.iter().copied()).collect();
        if addresses.is_empty() {
            return self.by_routes(endpoint, id, subnet, destination);
        }
        let addresses = addresses.of_family(subnet.ipv6_only);
        let inside = Destination { addresses, ..destination.clone() };
        self.groups_let_out(&inside, &endpoint.groups);
        let groups = self.groups.clone();
        let blocks: Vec<IpNet> = subnet.blocks.iter().copied().filter(|block| is_v6(block) == subnet.ipv6_only).collect();
        match group::into_endpoint(&endpoint.groups, &self.vpc, inside.port, &blocks, &groups) {
            Way::Open => {}
            Way::Part => self.beyond(Beyond::Endpoint { endpoint: endpoint.id.clone() }),
            Way::Closed => {
                let (subnet, endpoint, to) = (id.clone(), endpoint.id.clone(), inside.goal());
                self.obstacle(Obstacle::EndpointClosed { subnet, endpoint, to });
            }
        }
        self.legs(id, subnet, &inside, &[], For::AnEndpoint);
    }

    /// Judges an endpoint of routes: what goes there has the public addresses of S3, which a prefix list stands for.
    fn by_routes(&mut self, endpoint: &Endpoint, id: &SubnetId, subnet: &Subnet, destination: &Destination) {
        let addresses = if subnet.ipv6_only { Ranges::from(ANYWHERE_V6) } else { Ranges::internet() };
        let public = Destination { addresses, ..destination.clone() };
        if !self.lets_out_by_list(endpoint, id, public.port) {
            self.groups_let_out(&public, &BTreeSet::new());
        }
        self.legs(id, subnet, &public, &[], For::TheRegistry);
    }

    /// Returns whether a group lets out to the very prefix list that leads to an endpoint.
    fn lets_out_by_list(&self, endpoint: &Endpoint, id: &SubnetId, port: u16) -> bool {
        let routes = self.vpc.layout.routes_of(id).map(|(_, table)| table.routes.as_slice()).unwrap_or_default();
        let leads = |list: &PrefixListId| {
            routes.iter().any(|route| {
                route.to == RouteTo::PrefixList(list.clone()) && route.target == Target::GatewayEndpoint(endpoint.id.clone())
            })
        };
        let rules = self.groups.iter().filter_map(|id| self.vpc.groups.groups.get(id)).flat_map(|group| &group.egress);
        let mut rules = rules.filter(|rule| group::is_for(rule, port));
        rules.any(|rule| matches!(&rule.peer, Peer::PrefixList(list) if leads(list)))
    }

    fn on_the_internet(&mut self, id: &SubnetId, subnet: &Subnet, destination: &Destination) {
        if self.leads_out_by_ipv6_only(id, subnet, destination) {
            let (what, to) = ("IPv6, if it has such addresses".to_owned(), destination.goal());
            return self.beyond(Beyond::Way { subnet: id.clone(), what, to });
        }
        self.groups_let_out(destination, &BTreeSet::new());
        let hops = route::hops(self.network, id, &self.vpc, destination);
        self.legs(id, subnet, destination, &hops, For::TheRegistry);
        // A participant does not see the owner's endpoints.
        let unseen = self.vpc.layout.foreign.is_some() && matches!(self.wanted.registry.kind, RegistryKind::Ecr { .. });
        let inside = unseen || self.wanted.registry.kind == RegistryKind::Own;
        self.follow(hops, inside, id, destination);
    }

    /// Returns whether a subnet with both kinds of addresses leads out by IPv6 and nowhere by IPv4.
    fn leads_out_by_ipv6_only(&self, id: &SubnetId, subnet: &Subnet, destination: &Destination) -> bool {
        if subnet.ipv6_only || !subnet.blocks.iter().any(is_v6) {
            return false;
        }
        let by_v6 = Destination { addresses: ANYWHERE_V6.into(), ..destination.clone() };
        let leads = |to: &Destination| {
            let hops = route::hops(self.network, id, &self.vpc, to);
            hops.iter().any(|hop| matches!(hop.kind, HopKind::Out | HopKind::Beyond(_)))
        };
        !leads(destination) && leads(&by_v6)
    }

    fn groups_let_out(&mut self, destination: &Destination, carried: &BTreeSet<SecurityGroupId>) {
        if self.groups.is_empty() {
            return;
        }
        let (groups, to) = (self.group_list(), destination.goal());
        let way = |vpc: &Vpc| group::out(&self.groups, vpc, destination, carried);
        let way = match (way(self.before), way(&self.vpc)) {
            // What is opened to the Console's own addresses is no way to a registry.
            (Way::Closed, Way::Part) => Way::Closed,
            (_, after) => after,
        };
        match way {
            Way::Open => {}
            Way::Part => self.beyond(Beyond::Groups { groups, to }),
            Way::Closed => self.obstacle(Obstacle::GroupsClosed { groups, to }),
        }
    }
}
