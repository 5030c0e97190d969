//! What an account sees of EC2's network in a Region: everything of its own, and of another account's what belongs to the subnets
//! that are shared with it.
//!
//! Source: Amazon VPC User Guide, Share your VPC subnets with other accounts, Responsibilities and permissions: participants see the
//! shared subnets and the ACLs and route tables attached to them, and cannot change these; from memory.

use super::super::access::Caller;
use super::super::interfaces::{self, NetworkInterface};
use super::super::network::StoredNetwork;
use super::super::state::State;
use crate::scenario::network::{NetworkAcl, PrefixList, RouteTable, SecurityGroup, Subnet, Vpc};

/// Who looks, and where.
#[derive(Clone, Copy)]
pub(crate) struct Eye<'a> {
    pub(super) state: &'a State,
    pub(super) account: &'a str,
    pub(super) region: &'a str,
}

/// A VPC, all of it or a part, and whose it is.
#[derive(Clone, Copy)]
pub(crate) struct SeenVpc<'a> {
    pub(super) owner: &'a str,
    pub(super) vpc: &'a Vpc,
    is_own: bool,
}

/// Something in a VPC, and whose it is.
pub(crate) struct Seen<'a, T> {
    pub(super) owner: &'a str,
    pub(super) vpc: &'a Vpc,
    pub(crate) it: &'a T,
}

impl<'a> SeenVpc<'a> {
    fn seen<T>(self, it: &'a T) -> Seen<'a, T> {
        Seen { owner: self.owner, vpc: self.vpc, it }
    }

    pub(super) fn shows(self, subnet: &Subnet, account: &str) -> bool {
        self.is_own || subnet.is_shared_with(account)
    }
}

impl<'a> Eye<'a> {
    pub(crate) fn new(state: &'a State, account: &'a str, region: &'a str) -> Self {
        Self { state, account, region }
    }

    pub(super) fn of(state: &'a State, caller: &'a Caller) -> Self {
        Self::new(state, caller.account(), &caller.region)
    }

    fn own_network(self) -> Option<(&'a str, &'a StoredNetwork)> {
        self.state.place(self.account, self.region).map(|place| (self.account, &place.network))
    }

    /// Returns the networks in the Region of which the account may see something, its own first.
    fn networks(self) -> impl Iterator<Item = (&'a str, &'a StoredNetwork)> {
        let from = (self.region.to_owned(), String::new());
        let shared = self.state.shared_networks.range(from..).take_while(move |(region, _)| region == self.region);
        let others = shared.filter(move |(_, account)| account != self.account);
        let others = others.filter_map(|(region, account)| Some((account.as_str(), &self.state.place(account, region)?.network)));
        self.own_network().into_iter().chain(others)
    }

    /// Returns the networks of all accounts in the Region, the looking one's first.
    fn every_network(self) -> impl Iterator<Item = (&'a str, &'a StoredNetwork)> {
        let places = self.state.places.iter();
        let here = places.filter(move |((account, region), _)| region == self.region && account != self.account);
        self.own_network().into_iter().chain(here.map(|((account, _), place)| (account.as_str(), &place.network)))
    }

    /// Returns the VPCs of which something is seen, the account's own first.
    pub(super) fn vpcs(self) -> Vec<SeenVpc<'a>> {
        let mut seen = Vec::new();
        for (owner, network) in self.networks() {
            for vpc in network.vpcs.iter().filter(|vpc| vpc.owner.is_none()) {
                let is_own = owner == self.account;
                if is_own || vpc.subnets.iter().any(|subnet| subnet.is_shared_with(self.account)) {
                    seen.push(SeenVpc { owner, vpc, is_own });
                }
            }
        }
        seen
    }

    /// Returns the VPCs that are the account's own.
    pub(super) fn own_vpcs(self) -> Vec<SeenVpc<'a>> {
        self.vpcs().into_iter().filter(|seen| seen.is_own).collect()
    }

    pub(super) fn subnets(self, seen: SeenVpc<'a>) -> impl Iterator<Item = &'a Subnet> {
        seen.vpc.subnets.iter().filter(move |subnet| seen.shows(subnet, self.account))
    }

    /// Returns a subnet that the account may put tasks in.
    pub(crate) fn subnet(self, id: &str) -> Option<&'a Subnet> {
        self.vpcs().into_iter().flat_map(|seen| self.subnets(seen)).find(|subnet| subnet.id == id)
    }

    /// Returns the account's groups: those in its own VPCs and those in VPCs that are shared with it.
    pub(super) fn groups(self) -> impl Iterator<Item = Seen<'a, SecurityGroup>> {
        groups(self.networks()).filter(move |seen| seen.owner == self.account)
    }

    /// Returns one of the account's groups.
    pub(crate) fn group(self, id: &str) -> Option<Seen<'a, SecurityGroup>> {
        self.groups().find(|seen| seen.it.id == id)
    }

    /// Returns whose a group is, whether or not the account sees it: a rule may name the group of a peer's or a participant's.
    pub(super) fn owner_of_group(self, id: &str) -> Option<&'a str> {
        groups(self.every_network()).find(|seen| seen.it.id == id).map(|seen| seen.owner)
    }

    pub(crate) fn acls(self) -> Vec<Seen<'a, NetworkAcl>> {
        let mut acls = Vec::new();
        for seen in self.vpcs() {
            let shown =
                |acl: &&NetworkAcl| seen.is_own || seen.vpc.filtered_by(acl).any(|subnet| seen.shows(subnet, self.account));
            acls.extend(seen.vpc.acls.iter().filter(shown).map(|acl| seen.seen(acl)));
        }
        acls
    }

    pub(super) fn route_tables(self) -> Vec<Seen<'a, RouteTable>> {
        let mut tables = Vec::new();
        for seen in self.vpcs() {
            let shown =
                |table: &&RouteTable| seen.is_own || seen.vpc.routed_by(table).any(|subnet| seen.shows(subnet, self.account));
            tables.extend(seen.vpc.route_tables.iter().filter(shown).map(|table| seen.seen(table)));
        }
        tables
    }

    /// Returns the interfaces in its own VPCs, whosever they are, and its own in shared ones.
    pub(super) fn interfaces(self) -> Vec<(SeenVpc<'a>, NetworkInterface)> {
        let mut interfaces = Vec::new();
        for seen in self.vpcs() {
            let of_vpc = interfaces::of_vpc(self.state, seen.owner, self.region, seen.vpc).into_iter();
            let shown = of_vpc.filter(|interface| seen.is_own || interface.account == self.account);
            interfaces.extend(shown.map(|interface| (seen, interface)));
        }
        interfaces
    }

    pub(super) fn prefix_lists(self) -> &'a [PrefixList] {
        self.state.place(self.account, self.region).map_or(&[], |place| &place.network.prefix_lists)
    }

    pub(super) fn arn(self, owner: &str, kind: &str, id: &str) -> String {
        format!("arn:{}:ec2:{}:{owner}:{kind}/{id}", self.state.partition, self.region)
    }

    /// Returns the Availability Zone of a subnet.
    pub(crate) fn zone(self, subnet: &Subnet) -> String {
        if subnet.availability_zone.is_empty() { format!("{}a", self.region) } else { subnet.availability_zone.clone() }
    }
}

fn groups<'a>(networks: impl Iterator<Item = (&'a str, &'a StoredNetwork)>) -> impl Iterator<Item = Seen<'a, SecurityGroup>> {
    let vpcs = networks.flat_map(|(holder, network)| network.vpcs.iter().map(move |vpc| (holder, vpc)));
    vpcs.flat_map(|(holder, vpc)| {
        vpc.groups.iter().map(move |group| Seen { owner: group.owner.as_deref().unwrap_or(holder), vpc, it: group })
    })
}
