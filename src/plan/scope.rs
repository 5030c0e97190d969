//! Which accounts, Regions, clusters and services a run is about.
//!
//! Every filter only narrows: a filter that was given and names nothing lets nothing through, and settings refuse to make one.

use std::collections::BTreeSet;

use super::shard::Shard;
use crate::ids::{AccountId, ClusterArn, RegionName, ServiceArn, UnitId};

/// Where the accounts come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Every account of the caller's organization (`DEPLOYMENT_MODE=ORG`).
    Organization,
    /// The caller's own account (`DEPLOYMENT_MODE=SINGLE`).
    Single,
}

/// The part of the organization that a run walks. `None` stands for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub mode: Mode,
    pub accounts: Option<BTreeSet<AccountId>>,
    pub excluded_accounts: BTreeSet<AccountId>,
    pub regions: Option<BTreeSet<RegionName>>,
    pub clusters: Option<BTreeSet<ClusterArn>>,
    /// Units whose accounts, and those of the units below them, are walked.
    pub units: Option<BTreeSet<UnitId>>,
    /// The share of these accounts that is this run's: others walk the rest.
    pub shard: Shard,
    /// The only service that is looked at (`--explain`). The filters let it through, and still say which other accounts may be
    /// entered for what is shared with it.
    pub service: Option<OneService>,
}

/// A service, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneService {
    pub arn: ServiceArn,
    pub cluster: ClusterArn,
}

impl Scope {
    /// Returns a scope that leaves nothing out.
    pub fn everything(mode: Mode) -> Self {
        Self {
            mode,
            accounts: None,
            excluded_accounts: BTreeSet::new(),
            regions: None,
            clusters: None,
            units: None,
            shard: Shard::whole(),
            service: None,
        }
    }

    /// Returns whether an account is walked; that its unit is in scope has been seen to by whoever listed it.
    pub fn includes_account(&self, account: &AccountId) -> bool {
        self.accounts.as_ref().is_none_or(|accounts| accounts.contains(account))
            && !self.excluded_accounts.contains(account)
            && self.clusters.as_ref().is_none_or(|clusters| clusters.iter().any(|cluster| cluster.account() == account))
    }

    /// Returns whether an account that is in scope is walked: those of this run's share are, or that of the one service that is looked
    /// at.
    pub fn walks(&self, account: &AccountId) -> bool {
        self.service.as_ref().map_or_else(|| self.shard.holds(account), |service| service.arn.account() == account)
    }

    /// Returns whether the other filters let a cluster through that is named.
    pub fn reaches(&self, cluster: &ClusterArn) -> bool {
        self.includes_account(cluster.account()) && self.includes_region(cluster.account(), cluster.region())
    }

    /// Returns whether a Region is walked in an account.
    pub fn includes_region(&self, account: &AccountId, region: &RegionName) -> bool {
        let holds = |cluster: &ClusterArn| cluster.account() == account && cluster.region() == region;
        self.regions.as_ref().is_none_or(|regions| regions.contains(region))
            && self.clusters.as_ref().is_none_or(|clusters| clusters.iter().any(holds))
    }

    /// Returns the Regions of an account if the settings name them, so that AWS need not be asked.
    pub fn named_regions(&self, account: &AccountId) -> Option<BTreeSet<RegionName>> {
        if let Some(service) = &self.service {
            return Some(BTreeSet::from([service.arn.region().clone()]));
        }
        let of_clusters = self.clusters.as_ref().map(|clusters| {
            let there = clusters.iter().filter(|cluster| cluster.account() == account);
            there.map(|cluster| cluster.region().clone()).collect::<BTreeSet<_>>()
        });
        let regions = of_clusters.or_else(|| self.regions.clone())?;
        Some(regions.into_iter().filter(|region| self.includes_region(account, region)).collect())
    }

    /// Returns the clusters of an account and Region if the settings name them, so that AWS need not be asked.
    pub fn named_clusters(&self, account: &AccountId, region: &RegionName) -> Option<Vec<ClusterArn>> {
        if let Some(service) = &self.service {
            return Some(vec![service.cluster.clone()]);
        }
        let clusters = self.clusters.as_ref()?;
        let there = clusters.iter().filter(|cluster| cluster.account() == account && cluster.region() == region);
        Some(there.cloned().collect())
    }

    /// Returns the accounts that the settings name and that are in none of those listed: a typing error, or an account that left.
    pub fn missing_from(&self, listed: &BTreeSet<AccountId>) -> Vec<AccountId> {
        let of_clusters = self.clusters.iter().flatten().map(|cluster| cluster.account().clone());
        let of_service = self.service.iter().map(|service| service.arn.account().clone());
        let named: BTreeSet<AccountId> = self.accounts.iter().flatten().cloned().chain(of_clusters).chain(of_service).collect();
        let is_missing = |account: &AccountId| self.includes_account(account) && self.walks(account) && !listed.contains(account);
        named.into_iter().filter(is_missing).collect()
    }
}
