//! Accounts, their Regions, their clusters, their services: a walk that finds jobs and hands them over.
//!
//! It decides nothing about a job and waits for none. Three things bound it: calls in flight (in [`crate::aws::call`]), account-Regions
//! that are walked at once, and services that are known and not done with (both here), so that memory grows with what is in flight and
//! not with the organization. What cannot be seen is told and does not stop the rest.

mod accounts;
mod error;
mod region;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::aws::{Account, Aws, MemberRole};
use crate::events::{Event, Events, Outcome, Place, ServiceEnded, Unattempted, Unseen};
use crate::ids::{AccountId, RegionName};
use crate::journey::{Job, OpenRegion, Seen, look_at};
use crate::network::InScope;
use crate::plan::SkipReason;
use crate::plan::scope::Scope;
use crate::plan::service::ServiceFacts;

pub use error::AccountsError;
use error::WalkError;

/// A walk through everything in scope.
pub struct Walk {
    pub aws: Arc<Aws>,
    pub scope: Scope,
    pub member_role: MemberRole,
    pub assume_role: bool,
    /// Places for the account-Regions that are walked at once.
    pub places: Arc<Semaphore>,
    /// Places for the services whose jobs are not over: what is known of a service is kept in memory until then.
    pub kept: Arc<Semaphore>,
    /// How many those are in all.
    pub most_kept: u32,
    /// Most roll-outs under way in an account's Region.
    pub rollouts: usize,
    /// Takes the jobs of an account's Region, all at once.
    pub jobs: mpsc::Sender<Vec<Job>>,
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
        // However slow the walk is, the list goes on: whoever enters the owner of a shared VPC waits for its end.
        let (accounts, mut found) = mpsc::unbounded_channel();
        let listing = tokio::spawn(Arc::clone(&self).list(accounts));
        let mut walking = JoinSet::new();
        while let Some(account) = found.recv().await {
            // One account, one place at first: it is handed on to the account's first Region.
            match self.place().await {
                Some(place) => {
                    walking.spawn(Arc::clone(&self).account(account, place));
                }
                None => {
                    self.events.unseen(Place::account(&account), Unseen::NotAttempted).await;
                    self.events.progress().accounts.done.add(1);
                }
            }
            while let Some(walked) = walking.try_join_next() {
                resume_panic(walked);
            }
        }
        while let Some(walked) = walking.join_next().await {
            resume_panic(walked);
        }
        match listing.await {
            Ok(listed) => listed,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // Nobody else ends it.
            Err(_) => Ok(()),
        }
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
            let open = Arc::new(OpenRegion::new(account, region, self.rollouts));
            let (looked, mut found) = (Instant::now(), Vec::new());
            for (before, seen) in look_at(&open.reader, services).await {
                match seen {
                    Seen::Now(now) => found.push(*now),
                    Seen::Gone => self.ended(&before, Outcome::Skipped(SkipReason::gone())).await,
                    Seen::Failed(error) => self.ended(&before, error.outcome(self.stop.is_cancelled())).await,
                }
            }
            drop(place);
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

    /// Waits for a place among the Regions that are walked; none is given once the run is asked to stop.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            place = Arc::clone(&self.places).acquire_owned() => place.ok(),
        }
    }

    async fn account(self: Arc<Self>, id: AccountId, place: OwnedSemaphorePermit) {
        let events = self.events.clone();
        self.regions_of(id, place).await;
        events.progress().accounts.done.add(1);
    }

    async fn regions_of(self: Arc<Self>, id: AccountId, place: OwnedSemaphorePermit) {
        let (account, regions) = match self.enter(&id).await {
            Ok(entered) => entered,
            Err(error) => return self.events.unseen(Place::account(&id), self.why(&error)).await,
        };
        self.events.progress().regions.known.add(regions.len());
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
                    let open = OpenRegion::new(account.clone(), region, self.rollouts);
                    walking.spawn(Arc::clone(&self).region(open, here));
                }
                None => {
                    self.events.unseen(Place::region(&id, &region), Unseen::NotAttempted).await;
                    self.events.progress().regions.done.add(1);
                }
            }
        }
        while let Some(walked) = walking.join_next().await {
            resume_panic(walked);
        }
    }

    async fn enter(&self, id: &AccountId) -> Result<(Account, BTreeSet<RegionName>), WalkError> {
        let account = if self.assume_role {
            let entered = self.aws.assume(id, &self.member_role).await;
            entered.map_err(|source| WalkError::AssumeRole { role: self.member_role.name.clone(), source })?
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
