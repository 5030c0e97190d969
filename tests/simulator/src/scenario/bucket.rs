//! A bucket of the account that the updater is at home in.

use serde::{Deserialize, Serialize};

/// A bucket, empty when the world starts.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    pub name: String,
    /// Where it is; where the updater is at home, if this is not given.
    #[serde(default)]
    pub region: Option<String>,
    /// Whether it encrypts with a key of its own, which whoever puts something into it has to be allowed to use.
    #[serde(default)]
    pub own_key: bool,
}

impl Bucket {
    /// Returns a bucket of this name.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), region: None, own_key: false }
    }

    pub fn region(mut self, region: &str) -> Self {
        self.region = Some(region.to_owned());
        self
    }

    /// Encrypts it with a key of its own.
    pub fn own_key(mut self) -> Self {
        self.own_key = true;
        self
    }
}
