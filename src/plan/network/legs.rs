//! The ACLs on the way to one destination, opened where they are ours to open.

use ipnet::IpNet;

use super::acl::{self, Leg, Overrule};
use super::destination::{ConsoleTarget, Destination};
use super::facts::{Entry, NatGateway, NetworkAcl, Subnet, Vpc};
use super::group::Way;
use super::ranges::{Ranges, is_v6};
use super::{Beyond, Judgement, Obstacle};
use crate::ids::{NatGatewayId, NetworkAclId, SubnetId};

/// The ACLs on the way to a destination.
pub(super) struct Legs<'a> {
    /// As it is, before anything is opened.
    pub(super) before: &'a Vpc,
    pub(super) vpc: &'a mut Vpc,
    pub(super) found: &'a mut Judgement,
    pub(super) destination: &'a Destination,
    /// What may be opened, and for which addresses; nothing is opened for a registry.
    pub(super) open: Option<ConsoleTarget>,
    /// Whether the destination is in the VPC.
    pub(super) inside: bool,
}

impl Legs<'_> {
    /// Judges the ACL of the task's own subnet: out to the destination, and back in. What stays in the subnet does not pass it.
    pub(super) fn of_task(&mut self, subnet: &SubnetId, blocks: &[IpNet]) {
        let Destination { addresses, certain, port, .. } = self.destination.clone();
        let addresses = blocks.iter().fold(addresses, |rest, block| rest.without(block));
        if addresses.is_empty() {
            return;
        }
        let to = self.opened_to(&addresses);
        let (out, back) = self.overruled();
        self.pass(subnet, subnet, &Leg::request(true, &addresses, certain, port), &to, out, false);
        self.pass(subnet, subnet, &Leg::answer(false, &addresses, certain), &to, back, true);
    }

    /// Judges the ACLs of the VPC's other subnets that the destination is in: in from the task, and the answers out.
    ///
    /// Of several subnets that an endpoint is in, one is enough.
    pub(super) fn of_peers(&mut self, task: &SubnetId, blocks: &[IpNet]) {
        let Destination { addresses, exact, port, .. } = self.destination.clone();
        let v6 = addresses.blocks().iter().all(is_v6);
        let holds =
            |(id, subnet): &(&SubnetId, &Subnet)| *id != task && subnet.blocks.iter().any(|block| addresses.overlaps(block));
        let peers: Vec<SubnetId> = self.vpc.layout.subnets.iter().filter(holds).map(|(id, _)| id.clone()).collect();
        // A server that is somewhere in a block is not taken to be in each of its subnets.
        if peers.is_empty() || !exact && !self.inside {
            return;
        }
        let inside: Vec<IpNet> = blocks.iter().copied().filter(|block| is_v6(block) == v6).collect();
        let tasks: Ranges = inside.iter().copied().collect();
        let request = Leg::request(false, &tasks, true, port);
        let answer = Leg::answer(true, &tasks, true);
        let opens =
            |acl: &NetworkAcl| [&request, &answer].into_iter().all(|leg| acl::passage(&acl.entries, leg).way == Way::Open);
        let own = blocks.iter().any(|block| addresses.overlaps(block));
        let leads = |peer: &SubnetId| self.vpc.layout.acl_of(peer).is_none_or(|(_, acl)| opens(acl));
        if !exact && (own || peers.iter().any(leads)) {
            return;
        }
        for peer in peers {
            self.pass(&peer, task, &request, &inside, Overrule::Nothing, false);
            self.pass(&peer, task, &answer, &inside, Overrule::Nothing, true);
        }
    }

    /// Judges the ACL of a NAT gateway's subnet, unless it is the task's own: in from the task, out to the destination, and both
    /// ways back.
    pub(super) fn of_nat(&mut self, nat: &NatGatewayId, task: &SubnetId, blocks: &[IpNet], addresses: &Ranges) {
        let Some(NatGateway { subnet: Some(subnet), .. }) = self.vpc.layout.nat_gateways.get(nat).cloned() else { return };
        let (certain, port) = (self.destination.certain, self.destination.port);
        let (out, back) = self.overruled();
        if subnet == *task {
            // The same ACL, passed once; but the gateway is given other ports than a task.
            let to = self.opened_to(addresses);
            return self.pass(&subnet, task, &Leg::answer_to_nat(addresses, certain), &to, back, true);
        }
        let inside: Vec<IpNet> = blocks.iter().copied().filter(|block| !is_v6(block)).collect();
        let tasks: Ranges = inside.iter().copied().collect();
        let to = self.opened_to(addresses);
        self.pass(&subnet, task, &Leg::request(false, &tasks, true, port), &inside, Overrule::Nothing, false);
        self.pass(&subnet, task, &Leg::request(true, addresses, certain, port), &to, out, false);
        self.pass(&subnet, task, &Leg::answer_to_nat(addresses, certain), &to, back, true);
        self.pass(&subnet, task, &Leg::answer(true, &tasks, true), &inside, Overrule::Nothing, true);
    }

    fn opened_to(&self, addresses: &Ranges) -> Vec<IpNet> {
        let v6 = addresses.blocks().iter().all(is_v6);
        self.open.as_ref().map(|console| console.opened_to(v6)).unwrap_or_default()
    }

    /// Returns what may be overruled on the way out, and for the answers, which come in past somebody's deny only from where
    /// `CONSOLE_CIDRS` says.
    fn overruled(&self) -> (Overrule, Overrule) {
        match self.open.as_ref().is_some_and(ConsoleTarget::is_narrow) {
            true => (Overrule::Anything, Overrule::Anything),
            false => (Overrule::WhatStandsInTheWay, Overrule::Nothing),
        }
    }

    /// Judges one leg past a subnet's ACL, and opens it if that is ours to do.
    fn pass(&mut self, at: &SubnetId, task: &SubnetId, leg: &Leg, to: &[IpNet], overrule: Overrule, answers: bool) {
        let Some((id, acl)) = self.vpc.layout.acl_of(at) else {
            self.found.beyond.insert(Beyond::Acl { subnet: at.clone() });
            return;
        };
        let (id, acl) = (id.clone(), acl.clone());
        let before = acl::passage(&acl.entries, leg);
        let mut stays = None;
        if before.way != Way::Open && self.open.is_some() {
            match (&self.vpc.layout.foreign, acl::open(&acl, leg, to, overrule)) {
                (Some(owner), Ok(_)) if before.way == Way::Closed => {
                    let to = self.destination.goal();
                    self.found.obstacles.insert(Obstacle::AclOfOthers { acl: id, owner: owner.clone(), to });
                    return;
                }
                (None, Ok(entries)) if !entries.is_empty() => self.add(&id, &entries),
                (_, Ok(_)) => {}
                (_, Err(cannot)) => stays = Some(cannot),
            }
        }
        let entries = self.vpc.layout.acls.get(&id).map(|acl| acl.entries.as_slice()).unwrap_or_default();
        let mut after = acl::passage(entries, leg);
        let was = self.before.layout.acls.get(&id).map(|acl| acl::passage(&acl.entries, leg));
        if self.open.is_none() && after.way == Way::Part && was.as_ref().is_some_and(|was| was.way == Way::Closed) {
            // What is opened to the Console's own addresses is no way to a registry.
            after = was.unwrap_or(after);
        }
        let (acl, to) = (id, self.destination.goal());
        match (after.way, stays) {
            (Way::Open, _) => {}
            (Way::Part, _) => {
                self.found.beyond.insert(Beyond::AclPart { acl, entry: after.by, answers, to });
            }
            (Way::Closed, Some(cannot)) => {
                self.found.obstacles.insert(Obstacle::AclStays { acl, why: cannot.into(), answers, to });
            }
            (Way::Closed, None) => {
                let subnet = task.clone();
                self.found.obstacles.insert(Obstacle::AclClosed { subnet, acl, entry: after.by, answers, to });
            }
        }
    }

    fn add(&mut self, id: &NetworkAclId, entries: &[Entry]) {
        if let Some(acl) = self.vpc.layout.acls.get_mut(id) {
            acl.entries.extend_from_slice(entries);
        }
        self.found.patch.acl_entries.entry(id.clone()).or_default().extend_from_slice(entries);
    }
}
