//! Done once per key, however many ask at the same time: what many services share is not looked up for each.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Values by key, each made once.
#[derive(Debug)]
pub struct Once<K, V> {
    cells: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K, V> Default for Once<K, V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<K: Eq + Hash, V: Clone> Once<K, V> {
    /// Returns the value of a key, and makes it if nobody has. Others who ask meanwhile wait for it.
    ///
    /// # Errors
    ///
    /// When making it failed; the next one who asks makes it again.
    pub async fn get<E, F: Future<Output = Result<V, E>>>(&self, key: K, make: impl FnOnce() -> F) -> Result<V, E> {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_try_init(make).await.cloned()
    }
}
