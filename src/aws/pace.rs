//! Keeps calls to the pace that AWS publishes: one token bucket for each account, Region and quota.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::call::At;
use super::operations::Quota;
use crate::ids::{AccountId, RegionName};
use crate::plan::bucket::{Bucket, Buckets, Pace};
use crate::progress::Queue;

/// Whose bucket it is. `AssumeRole` is called in the caller's own account, however many roles there are to assume.
type Key = (Option<AccountId>, RegionName, Quota);

/// The buckets of a run.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    scale: u32,
    buckets: Mutex<Buckets<Key>>,
}

impl Pacer {
    /// Quotas are so many times those that AWS publishes: once, outside of tests.
    pub(super) fn new(pace: Pace, scale: u16) -> Self {
        Self { pace, scale: scale.into(), buckets: Mutex::default() }
    }

    /// Takes a token and returns how long to wait before the call may be made.
    pub(super) fn reserve(&self, quota: Quota, at: &At) -> Duration {
        self.with_bucket(quota, at, Bucket::reserve).unwrap_or_default()
    }

    /// AWS answered that there was no token.
    pub(super) fn was_empty(&self, quota: Quota, at: &At) {
        let _ = self.with_bucket(quota, at, Bucket::was_empty);
    }

    /// Returns the longest queue at the moment.
    pub(super) fn longest_queue(&self) -> Option<Queue> {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let ((account, region, quota), bucket) = buckets.longest_queue(now)?;
        Some(Queue {
            what: quota.what(),
            account: account.clone(),
            region: region.clone(),
            wait: bucket.longest_wait(now),
            a_second: bucket.a_second(),
        })
    }

    /// Does something with the bucket of a call; there is none where AWS publishes no quota.
    fn with_bucket<T>(&self, quota: Quota, at: &At, act: impl FnOnce(&mut Bucket, Instant) -> T) -> Option<T> {
        let (burst, refill) = quota.burst_and_refill()?;
        let limit = self.pace.of((burst * self.scale, refill * self.scale));
        let key = (at.account.clone(), at.region.clone(), quota);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        Some(act(buckets.of(key, limit, now), now))
    }
}
