//! Accounts, their Regions, their clusters, their services: a walk that finds jobs and hands them over.
//!
//! It decides nothing about a job and waits for none. Two things bound it: calls in flight (in [`crate::aws::call`]) and the
//! account-Regions open at once (here), so that memory grows with what is in flight and not with the organization. What cannot be
//! seen is told and does not stop the rest.

mod error;
mod region;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::aws::error::Kind;
use crate::aws::organizations::{ListedAccount, Organizations};
use crate::aws::{Account, Aws, AwsError};
use crate::events::{Event, Events, Outcome, Place, ServiceEnded, Unattempted, Unseen};
use crate::ids::{AccountId, RegionName};
use crate::journey::{Job, Seen, look_at};
use crate::network::InScope;
use crate::plan::SkipReason;
use crate::plan::scope::{Mode, Scope};
use crate::plan::service::ServiceFacts;

pub use error::AccountsError;
use error::WalkError;

/// A walk through everything in scope.
pub struct Walk {
    pub aws: Arc<Aws>,
    pub scope: Scope,
    pub role_name: String,
    pub assume_role: bool,
    /// Names our sessions in the customer's CloudTrail.
    pub session_name: String,
    pub open_regions: Arc<Semaphore>,
    /// Most roll-outs under way in one of them.
    pub rollouts: usize,
    pub jobs: mpsc::Sender<Job>,
    /// Told once the accounts are known.
    pub in_scope: InScope,
    pub events: Events,
    pub stop: CancellationToken,
}

/// Services to come back to, and where they are.
pub struct PutBack {
    pub account: Account,
    pub region: RegionName,
    pub services: Vec<ServiceFacts>,
}

impl Walk {
    /// Walks every account in scope, and returns when all jobs have been handed over.
    ///
    /// # Errors
    ///
    /// When the accounts cannot be found out. Everything below that is told as an event.
    pub async fn all(self: Arc<Self>) -> Result<(), AccountsError> {
        let mut accounts = self.accounts().await?;
        // This is the only one who sets it.
        let _ = self.in_scope.set(accounts.clone());
        accounts.retain(|account| self.scope.walks(account));
        self.events.say(Event::AccountsListed { in_scope: accounts.len() }).await;
        let mut walking = JoinSet::new();
        for account in accounts {
            // One account, one open Region at first: it is handed on to the account's first Region.
            let place = self.place().await;
            match place {
                Some(place) => {
                    walking.spawn(Arc::clone(&self).account(account, place));
                }
                None => self.events.unseen(Place::account(&account), Unseen::NotAttempted).await,
            }
            while let Some(walked) = walking.try_join_next() {
                resume_panic(walked);
            }
        }
        while let Some(walked) = walking.join_next().await {
            resume_panic(walked);
        }
        Ok(())
    }

    /// Goes back to services that were put back: looks at them anew, and hands over jobs that are not put back again.
    pub async fn again(&self, put_back: Vec<PutBack>) {
        for PutBack { account, region, services } in put_back {
            let Some(place) = self.place().await else {
                for service in &services {
                    self.ended(service, Outcome::NotAttempted(Unattempted::Stopped)).await;
                }
                continue;
            };
            let open = Arc::new(self.open(account, region, place));
            let (looked, mut found) = (Instant::now(), Vec::new());
            for (before, seen) in look_at(&open.reader, services).await {
                match seen {
                    Seen::Now(now) => found.push(*now),
                    Seen::Gone => self.ended(&before, Outcome::Skipped(SkipReason::gone())).await,
                    Seen::Failed(error) => self.ended(&before, error.outcome(self.stop.is_cancelled())).await,
                }
            }
            self.hand_over(&open, found, looked, true).await;
        }
    }

    /// Tells the outcome of a service that gets no second journey.
    async fn ended(&self, service: &ServiceFacts, outcome: Outcome) {
        self.events.say(Event::Service(ServiceEnded::new(service, outcome))).await;
    }

    /// Returns why a place was not seen; a run that is asked to stop gives up waiting, which is no failure of the place.
    fn why(&self, error: &WalkError) -> Unseen {
        if self.stop.is_cancelled() { Unseen::NotAttempted } else { error.unseen() }
    }

    /// Waits for a place among the open Regions; none is given once the run is asked to stop.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            place = Arc::clone(&self.open_regions).acquire_owned() => place.ok(),
        }
    }

    /// Returns the accounts in scope, each once, in their order.
    async fn accounts(&self) -> Result<BTreeSet<AccountId>, AccountsError> {
        let listed = match (self.scope.mode, &self.scope.units) {
            (Mode::Single, _) => {
                let own = ListedAccount { id: self.aws.account.clone(), state: "ACTIVE".to_owned() };
                BTreeSet::from([own])
            }
            (Mode::Organization, Some(units)) => {
                Organizations::new(&self.aws).accounts_of_units(units).await.map_err(AccountsError::Units)?
            }
            (Mode::Organization, None) => self.listed().await?,
        };
        let mut walked = BTreeSet::new();
        for account in listed.iter().filter(|account| self.scope.includes_account(&account.id)) {
            if account.is_active() {
                walked.insert(account.id.clone());
            } else if self.scope.walks(&account.id) {
                let state = account.state.clone();
                self.events.unseen(Place::account(&account.id), Unseen::NotActive { state }).await;
            }
        }
        let listed: BTreeSet<AccountId> = listed.into_iter().map(|account| account.id).collect();
        let missing = self.scope.missing_from(&listed);
        for account in &missing {
            self.events.unseen(Place::account(account), Unseen::Failed(error::not_listed(&self.scope, &self.aws.account))).await;
        }
        if walked.is_empty() && missing.is_empty() {
            return Err(AccountsError::Nothing);
        }
        Ok(walked)
    }

    /// Lists the organization. Where that is denied and the settings name accounts, those are taken as they are.
    async fn listed(&self) -> Result<BTreeSet<ListedAccount>, AccountsError> {
        match Organizations::new(&self.aws).accounts().await {
            Ok(listed) => Ok(listed),
            Err(error) => self.named_accounts(error).await,
        }
    }

    async fn named_accounts(&self, error: AwsError) -> Result<BTreeSet<ListedAccount>, AccountsError> {
        let denied = error.kind() == Kind::Denied;
        let of_service = self.scope.service.as_ref().map(|service| BTreeSet::from([service.arn.account().clone()]));
        let (true, Some(accounts)) = (denied, self.scope.accounts.as_ref().or(of_service.as_ref())) else {
            return Err(AccountsError::List(error));
        };
        let named = if of_service.is_some() { "that of the service is" } else { "those in ACCOUNTS are" };
        let text = format!("the organization's accounts cannot be listed, so {named} walked as they are: {error}");
        self.events.say(Event::Warning { text }).await;
        Ok(accounts.iter().map(|id| ListedAccount { id: id.clone(), state: "ACTIVE".to_owned() }).collect())
    }

    async fn account(self: Arc<Self>, id: AccountId, place: OwnedSemaphorePermit) {
        let (account, regions) = match self.enter(&id).await {
            Ok(entered) => entered,
            Err(error) => return self.events.unseen(Place::account(&id), self.why(&error)).await,
        };
        let mut walking = JoinSet::new();
        let mut place = Some(place);
        for region in regions {
            let here = match place.take() {
                Some(place) if !self.stop.is_cancelled() => Some(place),
                Some(_) => None,
                None => self.place().await,
            };
            match here {
                Some(here) => {
                    let open = self.open(account.clone(), region, here);
                    walking.spawn(Arc::clone(&self).region(open));
                }
                None => self.events.unseen(Place::region(&id, &region), Unseen::NotAttempted).await,
            }
        }
        while let Some(walked) = walking.join_next().await {
            resume_panic(walked);
        }
    }

    async fn enter(&self, id: &AccountId) -> Result<(Account, BTreeSet<RegionName>), WalkError> {
        let account = if self.assume_role {
            let entered = self.aws.assume(id, &self.role_name, &self.session_name).await;
            entered.map_err(|source| WalkError::AssumeRole { role: self.role_name.clone(), source })?
        } else {
            self.aws.own_account()
        };
        let regions = match self.scope.named_regions(id) {
            Some(regions) => regions,
            None => account.enabled_regions().await.map_err(|source| WalkError::Regions { source })?,
        };
        Ok((account, regions))
    }
}

/// A bug in a part of the walk is a bug in the walk.
fn resume_panic(walked: Result<(), tokio::task::JoinError>) {
    if let Err(error) = walked
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
