//! A token bucket: when may the next call be made? Pure, so that time is an argument.
//!
//! AWS keeps one for each account, Region and group of operations. Whoever spends its burst at once and then exactly its refill is as
//! fast as AWS lets anybody be; whoever takes a share of both leaves the rest to others who call in the same account.
//! Source: Amazon ECS API Reference, "Request throttling for the Amazon ECS API" (read 2026-11).

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How much of AWS's buckets a run takes, in percent: `PACE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace(u8);

impl Pace {
    /// Returns a burst and a refill of which so much is taken.
    pub fn of(self, (burst, refill): (u32, u32)) -> Limit {
        let share = f64::from(self.0) / 100.0;
        // Less than one token is no call at all.
        Limit { burst: (f64::from(burst) * share).floor().max(1.0), refill: f64::from(refill) * share }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self(80)
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// A text that is no pace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no share of AWS's quotas; give a percentage from 1 to 100, such as 80%")]
pub struct BadPace(String);

impl FromStr for Pace {
    type Err = BadPace;

    fn from_str(text: &str) -> Result<Self, BadPace> {
        let number = text.trim().trim_end_matches('%').trim_end();
        let percent = number.parse().ok().filter(|percent| (1..=100).contains(percent));
        percent.map(Self).ok_or_else(|| BadPace(text.to_owned()))
    }
}

/// What a bucket holds at most, and how many tokens come back a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    pub burst: f64,
    pub refill: f64,
}

/// A token bucket, full at first.
#[derive(Clone, Debug)]
pub struct Bucket {
    limit: Limit,
    /// Below zero when tokens are promised that are not there yet.
    tokens: f64,
    as_of: Instant,
}

impl Bucket {
    pub fn full(limit: Limit, now: Instant) -> Self {
        Self { limit, tokens: limit.burst, as_of: now }
    }

    /// Takes the next token and returns how long to wait for it: whoever comes first gets the first one.
    pub fn reserve(&mut self, now: Instant) -> Duration {
        self.refill(now);
        self.tokens -= 1.0;
        self.longest_wait(now)
    }

    /// AWS says that there is none left: somebody else calls as well.
    pub fn was_empty(&mut self, now: Instant) {
        self.refill(now);
        self.tokens = self.tokens.min(0.0);
    }

    /// Returns how long whoever came last waits still.
    pub fn longest_wait(&self, now: Instant) -> Duration {
        Duration::from_secs_f64((-self.tokens_at(now)).max(0.0) / self.limit.refill)
    }

    /// Returns how many tokens come back a second.
    pub fn a_second(&self) -> f64 {
        self.limit.refill
    }

    /// Returns whether it holds all that it can: then it is as good as a new one.
    pub fn is_full(&self, now: Instant) -> bool {
        self.tokens_at(now) >= self.limit.burst
    }

    fn refill(&mut self, now: Instant) {
        self.tokens = self.tokens_at(now);
        self.as_of = now;
    }

    fn tokens_at(&self, now: Instant) -> f64 {
        let passed = now.saturating_duration_since(self.as_of).as_secs_f64();
        (self.tokens + passed * self.limit.refill).min(self.limit.burst)
    }
}

/// So many buckets are kept before those that are full again are looked for.
pub const FEW: usize = 1024;

/// Buckets by whose they are.
///
/// One that is full again is as good as none, so that only those are kept that were drunk from lately: what this holds grows with what
/// is under way, and not with the organization.
#[derive(Clone, Debug)]
pub struct Buckets<K> {
    by_key: HashMap<K, Bucket>,
    /// How many there may be before full ones are forgotten.
    most: usize,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), most: FEW }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Returns a bucket, a full one if there is none yet.
    pub fn of(&mut self, key: K, limit: Limit, now: Instant) -> &mut Bucket {
        if self.by_key.len() >= self.most {
            self.by_key.retain(|_, bucket| !bucket.is_full(now));
            self.most = FEW.max(2 * self.by_key.len());
        }
        self.by_key.entry(key).or_insert_with(|| Bucket::full(limit, now))
    }

    /// Returns the bucket at which somebody waits longest.
    pub fn longest_queue(&self, now: Instant) -> Option<(&K, &Bucket)> {
        let queues = self.by_key.iter().filter(|(_, bucket)| !bucket.longest_wait(now).is_zero());
        queues.max_by_key(|(_, bucket)| bucket.longest_wait(now))
    }

    /// Returns how many are kept.
    pub fn kept(&self) -> usize {
        self.by_key.len()
    }
}
