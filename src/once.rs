//! Done once for all who ask at the same time, success and failure alike; what was done lately is kept for those who ask later.
//!
//! Sharing only success is not enough: when the Console hangs, everybody who waited would try for himself, one after another.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex as SyncMutex, PoisonError};
use std::time::Instant;

use tokio::sync::Mutex;

/// A value that one fetches for everybody.
#[derive(Debug)]
pub struct Shared<V, E> {
    /// Whoever holds the lock fetches; the others wait for it and take what was found out.
    kept: Mutex<Kept<V, E>>,
}

#[derive(Debug)]
struct Kept<V, E> {
    value: Option<V>,
    failure: Option<(Instant, E)>,
}

impl<V, E> Default for Shared<V, E> {
    fn default() -> Self {
        Self { kept: Mutex::new(Kept { value: None, failure: None }) }
    }
}

impl<V: Clone, E: Clone> Shared<V, E> {
    /// Returns the value if it is good still, and fetches it otherwise.
    ///
    /// # Errors
    ///
    /// When fetching failed, for whoever fetched and for all who waited meanwhile. Whoever asks later fetches anew.
    pub async fn get(&self, is_good: impl Fn(&V) -> bool, fetch: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let asked = Instant::now();
        let mut kept = self.kept.lock().await;
        if let Some(value) = kept.value.as_ref().filter(|value| is_good(value)) {
            return Ok(value.clone());
        }
        if let Some((_, error)) = kept.failure.as_ref().filter(|(failed, _)| *failed >= asked) {
            return Err(error.clone());
        }
        match fetch.await {
            Ok(value) => {
                kept.value = Some(value.clone());
                Ok(value)
            }
            Err(error) => {
                kept.failure = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Forgets the value if it is the one that is meant; somebody may have fetched a newer one already.
    pub async fn forget(&self, is_meant: impl Fn(&V) -> bool) {
        let mut kept = self.kept.lock().await;
        if kept.value.as_ref().is_some_and(is_meant) {
            kept.value = None;
        }
    }
}

/// Values by key, each fetched once.
#[derive(Debug)]
pub struct Once<K, V, E> {
    by_key: SyncMutex<HashMap<K, Arc<Shared<V, E>>>>,
}

impl<K, V, E> Default for Once<K, V, E> {
    fn default() -> Self {
        Self { by_key: SyncMutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone, E: Clone> Once<K, V, E> {
    /// Returns the value of a key, and fetches it if nobody has.
    ///
    /// # Errors
    ///
    /// When fetching failed, as [`Shared::get`] says.
    pub async fn get(&self, key: K, fetch: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        self.get_if(key, |_| true, fetch).await
    }

    /// Returns the value of a key if it is good still, and fetches it otherwise.
    ///
    /// # Errors
    ///
    /// When fetching failed, as [`Shared::get`] says.
    pub async fn get_if(&self, key: K, is_good: impl Fn(&V) -> bool, fetch: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let shared = {
            let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(by_key.entry(key).or_default())
        };
        shared.get(is_good, fetch).await
    }
}

impl<K: Eq + Hash, V, E> Once<K, V, E> {
    /// Forgets the values of some keys, except those that somebody is about to take, or holds in a way that is to be seen at the value.
    pub fn forget(&self, is_meant: impl Fn(&K) -> bool, is_held: impl Fn(&V) -> bool) {
        let is_kept = |shared: &Arc<Shared<V, E>>| {
            Arc::strong_count(shared) > 1 || shared.kept.try_lock().is_ok_and(|kept| kept.value.as_ref().is_some_and(&is_held))
        };
        let mut by_key = self.by_key.lock().unwrap_or_else(PoisonError::into_inner);
        by_key.retain(|key, shared| !is_meant(key) || is_kept(shared));
    }
}

/// Values by key, each fetched once as long as it is among the last so many that were asked for.
#[derive(Debug)]
pub struct Recent<K, V, E> {
    most: usize,
    kept: SyncMutex<RecentlyAsked<K, V, E>>,
}

#[derive(Debug)]
struct RecentlyAsked<K, V, E> {
    /// With the number of the last question for it.
    by_key: HashMap<K, (u64, Arc<Shared<V, E>>)>,
    asked: u64,
}

impl<K: Eq + Hash + Clone, V: Clone, E: Clone> Recent<K, V, E> {
    /// Returns a memory of so many values.
    pub fn keeping(most: usize) -> Self {
        Self { most: most.max(1), kept: SyncMutex::new(RecentlyAsked { by_key: HashMap::new(), asked: 0 }) }
    }

    /// Returns the value of a key, and fetches it if nobody has lately.
    ///
    /// # Errors
    ///
    /// When fetching failed, as [`Shared::get`] says.
    pub async fn get(&self, key: K, fetch: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        self.get_if(key, |_| true, fetch).await
    }

    /// Returns the value of a key if it is good still, and fetches it otherwise, or if nobody has lately.
    ///
    /// # Errors
    ///
    /// When fetching failed, as [`Shared::get`] says.
    pub async fn get_if(&self, key: K, is_good: impl Fn(&V) -> bool, fetch: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let shared = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.asked += 1;
            let asked = kept.asked;
            if kept.by_key.len() >= self.most && !kept.by_key.contains_key(&key) {
                kept.forget_oldest();
            }
            let (last, shared) = kept.by_key.entry(key).or_default();
            *last = asked;
            Arc::clone(shared)
        };
        shared.get(is_good, fetch).await
    }
}

impl<K: Eq + Hash + Clone, V, E> RecentlyAsked<K, V, E> {
    /// Whoever waits for it still gets it.
    fn forget_oldest(&mut self) {
        let oldest = self.by_key.iter().min_by_key(|(_, (last, _))| *last).map(|(key, _)| key.clone());
        oldest.and_then(|oldest| self.by_key.remove(&oldest));
    }
}
