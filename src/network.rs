//! The network of a run: what EC2 tells of each VPC, once, and what is opened in it, one thing at a time.
//!
//! [`Network::open`] is asked for each service before its task definition is registered. It reads, has [`crate::plan::network`]
//! judge, and opens what that says is missing. Whoever judges or opens holds the VPC for so long, so that a rule that ten services
//! need is added once and no two take one number of an ACL. What was opened is told as it happens.
//!
//! A half-done opening is finished by the next run: what is there by then is not missing any more.
//!
//! [`Closer::close`] is the other way: it closes what was opened in a Region, where nothing needs it any more.

mod close;
mod error;
mod explain;
mod names;
mod owners;
mod read;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::aws::ec2::Added;
use crate::aws::{Account, Ec2Writer};
use crate::events::{self, Event, Events};
use crate::ids::{AccountId, NetworkAclId, RegionName, SecurityGroupId};
use crate::plan::ServiceFacts;
use crate::plan::network::destination::{ConsoleTarget, RegistryKind, RegistryTarget};
use crate::plan::network::facts::{Groups, Layout, NetworkAcl, Subnets, TaskNetwork, Vpc};
use crate::plan::network::patch::{GroupRule, add_rules, tag_with};
use crate::plan::network::{Beyond, Judgement, Mode, Obstacle, Opening, Patch, Verdict, Wanted, judge, needs_interfaces};

pub use close::{CloseError, Closer, Closing};
pub use error::NetworkError;
pub use names::addresses_of;
pub use owners::{InScope, Owners};
use read::{Place, Readings};

/// So often a patch is worked out anew when somebody takes the number of an ACL that it was to have.
const TRIES: usize = 3;

/// A service's network as it is now, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judged {
    /// What of the ways cannot be seen.
    pub beyond: BTreeSet<Beyond>,
    /// What would be opened, in a run that changes nothing.
    pub planned: Vec<Opening>,
}

/// What opens the parts of a VPC: the account's own groups, and its owner's ACLs.
struct Writers {
    own: Ec2Writer,
    owners: Option<Ec2Writer>,
}

impl Writers {
    /// Returns none in a run that changes nothing.
    fn of(place: &Place<'_>) -> Option<Self> {
        let owners = place.owner.as_ref().and_then(|owner| owner.ec2_writer(place.region));
        Some(Self { own: place.account.ec2_writer(place.region)?, owners })
    }
}

/// What all journeys of a run share about networks.
pub struct Network {
    mode: Mode,
    console: ConsoleTarget,
    run_id: String,
    owners: Owners,
    events: Events,
    stop: CancellationToken,
    readings: Readings,
}

impl Network {
    /// Returns what a run needs to judge and to open networks, unless it is to keep away from them.
    pub fn new(
        mode: Mode,
        console: ConsoleTarget,
        run_id: &str,
        owners: Owners,
        events: Events,
        stop: CancellationToken,
    ) -> Option<Self> {
        (mode != Mode::Off).then(|| Self {
            mode,
            console,
            run_id: run_id.to_owned(),
            owners,
            events,
            stop,
            readings: Readings::default(),
        })
    }

    /// Forgets what was read of an account's Region in which nothing is under way any more.
    pub fn forget(&self, account: &AccountId, region: &RegionName) {
        self.readings.forget(account, region);
    }

    /// Makes sure that a service's tasks reach the Console and the registry of the Defender's image, as far as this run may.
    ///
    /// # Errors
    ///
    /// When something blocks that is not ours to open, or AWS does not tell or does not let us open it.
    pub async fn open(
        &self,
        account: &Account,
        region: &RegionName,
        service: &ServiceFacts,
        network: &TaskNetwork,
        image: &str,
    ) -> Result<Judged, NetworkError> {
        let (place, subnets, owner) = self.place(account, region, service, network).await?;
        let wanted = Wanted { console: self.console.clone(), registry: registry_in(region, image) };
        let groups = self.readings.groups(&place).await?;
        let layout = self.readings.layout(&place, &owner, &wanted.registry).await?;
        let (mut groups, mut layout) = (groups.lock().await, layout.lock().await);
        self.readings.know_groups(&place, network, &mut groups).await?;
        for _ in 0..TRIES {
            let (_, judgement) = self.judged(&place, &subnets, &mut groups, &layout, network, &wanted).await?;
            match judgement.verdict() {
                Verdict::Blocked => return Err(NetworkError::Blocked { obstacles: judgement.obstacles }),
                Verdict::Reachable | Verdict::Unknown => {
                    return Ok(Judged { beyond: judgement.beyond, planned: Vec::new() });
                }
                Verdict::Patchable => {}
            }
            if self.mode == Mode::Check {
                return Err(NetworkError::NotOpened { missing: judgement.patch.told() });
            }
            if self.stop.is_cancelled() {
                return Err(NetworkError::Stopping);
            }
            let (patch, beyond) = (&judgement.patch, judgement.beyond);
            let Some(writers) = Writers::of(&place) else {
                // What one service would have opened, the next one would not lack.
                imagine(patch, &mut groups, &mut layout);
                return Ok(Judged { beyond, planned: patch.told() });
            };
            if self.apply(patch, &place, &writers, &mut groups, &mut layout).await? {
                return Ok(Judged { beyond, planned: Vec::new() });
            }
        }
        Err(NetworkError::NumbersTaken)
    }

    /// Finds out in which VPC a service is, and whose that is.
    async fn place<'a>(
        &self,
        account: &'a Account,
        region: &'a RegionName,
        service: &'a ServiceFacts,
        network: &TaskNetwork,
    ) -> Result<(Place<'a>, Arc<Subnets>, AccountId), NetworkError> {
        let subnets = self.readings.subnets_with(account, region, &network.subnets).await?;
        let Some(subnet) = network.subnets.iter().find_map(|id| subnets.get(id)) else {
            let gone = network.subnets.iter().map(|subnet| Obstacle::NoSuchSubnet { subnet: subnet.clone() });
            return Err(NetworkError::Blocked { obstacles: gone.collect() });
        };
        let (vpc, owner) = (subnet.vpc.clone(), subnet.owner.clone());
        let allowed = if owner == account.id { Some(account.clone()) } else { self.owner(&owner).await? };
        Ok((Place { account, region, vpc, owner: allowed, service }, subnets, owner))
    }

    /// Judges a network as it is known, and reads the VPC's interfaces first if they matter.
    async fn judged(
        &self,
        place: &Place<'_>,
        subnets: &Subnets,
        groups: &mut Groups,
        layout: &Layout,
        network: &TaskNetwork,
        wanted: &Wanted,
    ) -> Result<(Vpc, Judgement), NetworkError> {
        loop {
            let vpc = self.readings.facts(place, subnets, groups, layout, network).await?;
            let judgement = judge(network, &vpc, wanted, &place.account.id);
            if !needs_interfaces(&judgement) || groups.interfaces.is_some() {
                return Ok((vpc, judgement));
            }
            groups.interfaces = Some(self.readings.interfaces(place).await?);
        }
    }

    /// Returns the subnets of an account's Region, with those of its tasks among them as far as they are there.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn subnets(
        &self,
        account: &Account,
        region: &RegionName,
        network: &TaskNetwork,
    ) -> Result<Arc<Subnets>, NetworkError> {
        self.readings.subnets_with(account, region, &network.subnets).await
    }

    /// Enters the owner of a shared VPC, if this run may.
    async fn owner(&self, owner: &AccountId) -> Result<Option<Account>, NetworkError> {
        self.owners.account(owner).await.map_err(|source| NetworkError::Owner { owner: owner.clone(), source })
    }

    /// Opens what is missing; returns false if somebody took the number of an entry meanwhile.
    async fn apply(
        &self,
        patch: &Patch,
        place: &Place<'_>,
        writers: &Writers,
        groups: &mut Groups,
        layout: &mut Layout,
    ) -> Result<bool, NetworkError> {
        self.check_permissions(patch, writers).await?;
        if let Some(rule) = &patch.group_rule {
            self.let_out(rule, place, &writers.own, groups).await?;
        }
        let (Some(owner), Some(writer)) = (&place.owner, &writers.owners) else { return Ok(true) };
        for (id, entries) in &patch.acl_entries {
            let Some(acl) = layout.acls.get_mut(id) else { continue };
            let tag = tag_with(acl, entries, &self.run_id);
            let failed = |source| NetworkError::Open { what: format!("{id}"), source };
            writer.note(id, &tag).await.map_err(failed)?;
            acl.ours = Some(tag);
            for entry in entries {
                let opening = Opening::Entry { acl: id.clone(), entry: entry.clone() };
                match writer.add_entry(id, entry).await {
                    Ok(Added::Now { .. }) => {
                        acl.entries.push(entry.clone());
                        self.tell(&owner.id, place, opening).await;
                    }
                    Ok(Added::Already) => {
                        let read = owner.ec2_reader(place.region).acls(&place.vpc).await;
                        layout.acls = read.map_err(|source| place.unread(source))?;
                        let Some(acl) = layout.acls.get(id) else { return Ok(false) };
                        // If it says the same it is ours, and the answer to it was lost; otherwise the number is not ours to note.
                        if acl.entries.contains(entry) {
                            self.tell(&owner.id, place, opening).await;
                        } else {
                            self.correct(id, acl, writer).await;
                        }
                        return Ok(false);
                    }
                    Ok(Added::Full) => {
                        self.correct(id, acl, writer).await;
                        return Err(NetworkError::AclFull { acl: id.clone() });
                    }
                    Err(source) => {
                        self.correct(id, acl, writer).await;
                        return Err(NetworkError::Open { what: opening.to_string(), source });
                    }
                }
            }
        }
        Ok(true)
    }

    /// Takes the numbers out of our tag on an ACL whose entries were not added after all.
    async fn correct(&self, id: &NetworkAclId, acl: &NetworkAcl, writer: &Ec2Writer) {
        if let Err(error) = writer.note(id, &tag_with(acl, &[], &self.run_id)).await {
            warn!(acl = %id, %error, "the tag on a network ACL names an entry that is not there");
        }
    }

    /// Asks AWS whether everything would be allowed before anything is opened: half of a patch helps nobody.
    async fn check_permissions(&self, patch: &Patch, writers: &Writers) -> Result<(), NetworkError> {
        let Some(writer) = writers.owners.as_ref().filter(|_| !patch.acl_entries.is_empty()) else { return Ok(()) };
        let failed = |what: String| |source| NetworkError::Open { what, source };
        if let Some((group, rule)) = patch.group_rule.as_ref().and_then(|rule| Some((rule.groups.first()?, rule))) {
            let told = patch.told().first().map(ToString::to_string).unwrap_or_default();
            writers.own.may_let_out(group, rule, &self.run_id).await.map_err(failed(told))?;
        }
        for (acl, entries) in &patch.acl_entries {
            writer.may_note(acl).await.map_err(failed(acl.to_string()))?;
            for entry in entries.iter().take(1) {
                let opening = Opening::Entry { acl: acl.clone(), entry: entry.clone() };
                writer.may_add_entry(acl, entry).await.map_err(failed(opening.to_string()))?;
            }
        }
        Ok(())
    }

    /// Adds a rule to the first group that has room.
    async fn let_out(
        &self,
        rule: &GroupRule,
        place: &Place<'_>,
        writer: &Ec2Writer,
        groups: &mut Groups,
    ) -> Result<(), NetworkError> {
        for group in &rule.groups {
            if self.let_out_of(group, rule, place, writer, groups).await? {
                return Ok(());
            }
        }
        Err(NetworkError::GroupsFull { groups: rule.groups.clone() })
    }

    /// Adds a rule to a group, and tells each part of it as it is opened. Returns false if the group has no room for all of it.
    async fn let_out_of(
        &self,
        group: &SecurityGroupId,
        rule: &GroupRule,
        place: &Place<'_>,
        writer: &Ec2Writer,
        groups: &mut Groups,
    ) -> Result<bool, NetworkError> {
        let opening = |ids| Opening::Rule { group: group.clone(), port: rule.port, to: rule.to.clone(), ids };
        let ids = match writer.let_out(group, rule, &self.run_id).await {
            Ok(Added::Now { ids }) => ids,
            Ok(Added::Already) if rule.to.len() > 1 => {
                // One block that is there has AWS refuse them all.
                for block in rule.each() {
                    if !Box::pin(self.let_out_of(group, &block, place, writer, groups)).await? {
                        return Ok(false);
                    }
                }
                return Ok(true);
            }
            // A rule that is there by now is as good. One of ours whose answer was lost has no id here, and may as well be
            // somebody else's.
            Ok(Added::Already) => Vec::new(),
            Ok(Added::Full) => return Ok(false),
            Err(source) => return Err(NetworkError::Open { what: opening(Vec::new()).to_string(), source }),
        };
        add_rules(groups, group, rule);
        self.tell(&place.account.id, place, opening(ids)).await;
        Ok(true)
    }

    async fn tell(&self, account: &AccountId, place: &Place<'_>, opening: Opening) {
        let (account, region, vpc) = (account.clone(), place.region.clone(), place.vpc.clone());
        let service = place.service.into();
        self.events.say(Event::Opened(Box::new(events::Opened { account, region, vpc, service, opening }))).await;
    }
}

/// Puts a patch into the facts, and nowhere else.
fn imagine(patch: &Patch, groups: &mut Groups, layout: &mut Layout) {
    if let Some((group, rule)) = patch.group_rule.as_ref().and_then(|rule| Some((rule.groups.first()?, rule))) {
        add_rules(groups, group, rule);
    }
    for (id, entries) in &patch.acl_entries {
        if let Some(acl) = layout.acls.get_mut(id) {
            acl.entries.extend_from_slice(entries);
        }
    }
}

/// Returns the registry that tasks in a Region pull the Defender's image from. Endpoints are for the Region's own ECR; another
/// Region's may be anywhere.
fn registry_in(region: &RegionName, image: &str) -> RegistryTarget {
    let mut registry = RegistryTarget::of(image);
    if matches!(&registry.kind, RegistryKind::Ecr { region: of } if of != region) {
        registry.kind = RegistryKind::Own;
    }
    registry
}
