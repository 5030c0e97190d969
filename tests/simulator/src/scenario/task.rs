//! A task of the program under test, as it runs in the management account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A task that does a run, one of several, or the one that a test takes the program's own for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdaterTask {
    pub id: String,
    pub cluster: String,
    pub family: String,
    /// In seconds since 1970; `None` leaves it unsaid.
    pub created_at: Option<u64>,
    pub last_status: String,
    pub desired_status: String,
    /// Variables that it was started with, beside those of its definition.
    pub environment: BTreeMap<String, String>,
}

impl Default for UpdaterTask {
    fn default() -> Self {
        Self {
            id: String::new(),
            cluster: "fargate-updater".to_owned(),
            family: "fargate-updater".to_owned(),
            created_at: Some(1_800_000_000),
            last_status: "RUNNING".to_owned(),
            desired_status: "RUNNING".to_owned(),
            environment: BTreeMap::new(),
        }
    }
}

impl UpdaterTask {
    /// Returns a running task of this id.
    pub fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    pub fn cluster(mut self, name: &str) -> Self {
        self.cluster = name.to_owned();
        self
    }

    pub fn family(mut self, name: &str) -> Self {
        self.family = name.to_owned();
        self
    }

    /// Sets when it was created, in seconds since 1970.
    pub fn created_at(mut self, seconds: u64) -> Self {
        self.created_at = Some(seconds);
        self
    }

    /// Leaves unsaid when it was created.
    pub fn without_created_at(mut self) -> Self {
        self.created_at = None;
        self
    }

    /// Sets where it is in its life, and what ECS wants of it.
    pub fn status(mut self, last: &str, desired: &str) -> Self {
        self.last_status = last.to_owned();
        self.desired_status = desired.to_owned();
        self
    }

    /// Starts it with a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }
}
