//! What EC2 tells of networks, each thing once as long as something is under way in its account's Region.
//!
//! A thing that is missing from what was read is read for once more: its owner may have made it since.

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use tokio::sync::Mutex;
use tracing::debug;

use super::NetworkError;
use crate::aws::error::Kind;
use crate::aws::{Account, AwsError};
use crate::ids::{AccountId, PrefixListId, RegionName, SecurityGroupId, SubnetId, VpcId};
use crate::once::Once;
use crate::plan::network::destination::{RegistryKind, RegistryTarget};
use crate::plan::network::facts::{Groups, Interface, Layout, Subnets, TaskNetwork, Vpc};
use crate::plan::network::prefix_lists;
use crate::plan::network::ranges::Ranges;
use crate::plan::service::ServiceFacts;

/// A VPC in a Region, as an account sees it.
type VpcKey = (AccountId, RegionName, VpcId);

/// What was read once, or why it cannot be: what AWS denies it denies to everybody who asks.
type Read<K, V> = Once<K, Result<V, AwsError>, AwsError>;

/// What was read.
#[derive(Default)]
pub(super) struct Readings {
    subnets: Read<(AccountId, RegionName), Arc<Mutex<Arc<Subnets>>>>,
    groups: Read<VpcKey, Arc<Mutex<Groups>>>,
    interfaces: Read<VpcKey, Vec<Interface>>,
    layouts: Read<VpcKey, Arc<Mutex<Layout>>>,
    prefix_lists: Read<(AccountId, RegionName, PrefixListId), Ranges>,
    /// Subnets and groups that were not among those that were read, and were read anew for.
    missed: SyncMutex<BTreeSet<String>>,
}

/// Where a service is, and as whom it is looked at.
pub(super) struct Place<'a> {
    pub(super) account: &'a Account,
    pub(super) region: &'a RegionName,
    pub(super) vpc: VpcId,
    /// Who may change the ACLs, if this run may: the account itself, or the owner of a VPC that is shared with it.
    pub(super) owner: Option<Account>,
    /// For which it is looked at.
    pub(super) service: &'a ServiceFacts,
}

impl Place<'_> {
    pub(super) fn unread(&self, source: AwsError) -> NetworkError {
        NetworkError::Vpc { vpc: self.vpc.clone(), source }
    }
}

impl Readings {
    /// Forgets what was read of an account's Region, except what somebody else is changing who shares a VPC of it.
    pub(super) fn forget(&self, account: &AccountId, region: &RegionName) {
        let is_there = |(of, at, _): &VpcKey| of == account && at == region;
        self.subnets.forget(|(of, at)| of == account && at == region, is_held);
        self.groups.forget(is_there, is_held);
        self.interfaces.forget(is_there, |_| false);
        self.layouts.forget(is_there, is_held);
        self.prefix_lists.forget(|(of, at, _)| of == account && at == region, |_| false);
    }

    /// Puts together what there is to judge by.
    pub(super) async fn facts(
        &self,
        place: &Place<'_>,
        subnets: &Subnets,
        groups: &Groups,
        layout: &Layout,
        network: &TaskNetwork,
    ) -> Result<Vpc, NetworkError> {
        let own = subnets.iter().filter(|(_, subnet)| subnet.vpc == place.vpc);
        let subnets = own.map(|(id, subnet)| (id.clone(), subnet.clone())).collect();
        let mut vpc = Vpc { subnets, groups: groups.clone(), layout: layout.clone(), ..Vpc::default() };
        for list in prefix_lists(network, &vpc, &place.account.id) {
            let held = self.prefix_list(place, &list).await?;
            vpc.prefix_lists.insert(list, held);
        }
        Ok(vpc)
    }

    /// Returns the account's subnets. They are read again if they lack one that is asked for: it may be new.
    pub(super) async fn subnets_with(
        &self,
        account: &Account,
        region: &RegionName,
        wanted: &BTreeSet<SubnetId>,
    ) -> Result<Arc<Subnets>, NetworkError> {
        let failed = |source| NetworkError::Subnets { account: account.id.clone(), region: region.clone(), source };
        let reader = account.ec2_reader(region);
        let key = (account.id.clone(), region.clone());
        let first = async { Ok(Arc::new(Mutex::new(Arc::new(reader.subnets().await?)))) };
        let kept = once(&self.subnets, key, first).await.map_err(failed)?;
        let mut subnets = kept.lock().await;
        if !wanted.iter().all(|id| subnets.contains_key(id)) && self.is_news(wanted.iter().map(ToString::to_string)) {
            *subnets = Arc::new(reader.subnets().await.map_err(failed)?);
        }
        Ok(Arc::clone(&subnets))
    }

    /// Reads groups of a service that are not among those of its VPC: they may be new, or of another VPC.
    pub(super) async fn know_groups(
        &self,
        place: &Place<'_>,
        network: &TaskNetwork,
        groups: &mut Groups,
    ) -> Result<(), NetworkError> {
        let unknown = network.security_groups.iter().filter(|id| !groups.groups.contains_key(id));
        let unknown: Vec<SecurityGroupId> = unknown.cloned().collect();
        if self.is_news(unknown.iter().map(ToString::to_string)) {
            let read = place.account.ec2_reader(place.region).groups_by_id(&unknown).await;
            groups.groups.extend(read.map_err(|source| place.unread(source))?);
        }
        Ok(())
    }

    /// Returns whether one of these was not missed before: what is missed twice is not there.
    fn is_news(&self, missing: impl Iterator<Item = String>) -> bool {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missing.filter(|id| missed.insert(id.clone())).count() > 0
    }

    pub(super) async fn groups(&self, place: &Place<'_>) -> Result<Arc<Mutex<Groups>>, NetworkError> {
        let Place { account, region, vpc, .. } = place;
        let key = (account.id.clone(), (*region).clone(), vpc.clone());
        let read = async { account.ec2_reader(region).groups(vpc).await.map(|groups| Arc::new(Mutex::new(groups))) };
        once(&self.groups, key, read).await.map_err(|source| place.unread(source))
    }

    pub(super) async fn interfaces(&self, place: &Place<'_>) -> Result<Vec<Interface>, NetworkError> {
        let Place { account, region, vpc, .. } = place;
        let key = (account.id.clone(), (*region).clone(), vpc.clone());
        let read = account.ec2_reader(region);
        once(&self.interfaces, key, read.interfaces(vpc)).await.map_err(|source| place.unread(source))
    }

    /// Reads what belongs to the VPC's owner, as the owner if this run may be, else as the participant.
    pub(super) async fn layout(
        &self,
        place: &Place<'_>,
        owner: &AccountId,
        registry: &RegistryTarget,
    ) -> Result<Arc<Mutex<Layout>>, NetworkError> {
        let Some(account) = &place.owner else { return self.layout_of_others(place, owner).await };
        let Place { region, vpc, .. } = place;
        let subnets = self.subnets_with(account, region, &BTreeSet::new()).await?;
        let read = async {
            let reader = account.ec2_reader(region);
            let mut layout = reader.layout(vpc).await?;
            let own = subnets.iter().filter(|(_, subnet)| subnet.vpc == *vpc);
            layout.subnets = own.map(|(id, subnet)| (id.clone(), subnet.clone())).collect();
            if matches!(registry.kind, RegistryKind::Ecr { .. }) {
                layout.endpoints = reader.endpoints(vpc).await?;
            }
            Ok(Arc::new(Mutex::new(layout)))
        };
        let key = (account.id.clone(), (*region).clone(), vpc.clone());
        match once(&self.layouts, key, read).await {
            // An owner that lets us in and not look is as good as one that is out of reach.
            Err(error) if error.kind() == Kind::Denied && account.id != place.account.id => {
                self.layout_of_others(place, owner).await
            }
            read => read.map_err(|source| place.unread(source)),
        }
    }

    /// Reads what a participant sees of a VPC that is shared with it.
    async fn layout_of_others(&self, place: &Place<'_>, owner: &AccountId) -> Result<Arc<Mutex<Layout>>, NetworkError> {
        let Place { account, region, vpc, .. } = place;
        let read = async {
            let layout = account.ec2_reader(region).layout(vpc).await?;
            Ok(Arc::new(Mutex::new(Layout { foreign: Some(owner.clone()), ..layout })))
        };
        let key = (account.id.clone(), (*region).clone(), vpc.clone());
        once(&self.layouts, key, read).await.map_err(|source| place.unread(source))
    }

    /// Returns what a prefix list holds. One that may not be read is nobody's failure, and nobody sees what it lets through.
    async fn prefix_list(&self, place: &Place<'_>, list: &PrefixListId) -> Result<Option<Ranges>, NetworkError> {
        // Those of routes are the owner's.
        for account in [Some(place.account), place.owner.as_ref()].into_iter().flatten() {
            let reader = account.ec2_reader(place.region);
            let key = (account.id.clone(), place.region.clone(), list.clone());
            match once(&self.prefix_lists, key, reader.prefix_list(list)).await {
                Ok(held) => return Ok(Some(held)),
                Err(error) if error.lasts() => debug!(%list, %error, "a prefix list cannot be read"),
                Err(source) => return Err(place.unread(source)),
            }
        }
        Ok(None)
    }
}

/// Returns whether somebody works with what was read.
fn is_held<T>(read: &Result<Arc<Mutex<T>>, AwsError>) -> bool {
    read.as_ref().is_ok_and(|read| Arc::strong_count(read) > 1)
}

/// Reads something once. A failure that would come again is kept as well.
async fn once<K: Eq + Hash, V: Clone>(
    kept: &Read<K, V>,
    key: K,
    read: impl Future<Output = Result<V, AwsError>>,
) -> Result<V, AwsError> {
    let read = async {
        match read.await {
            Err(error) if error.lasts() => Ok(Err(error)),
            other => other.map(Ok),
        }
    };
    kept.get(key, read).await.and_then(|kept| kept)
}
