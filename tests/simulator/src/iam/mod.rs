//! Identity and access management: policies, and what they say of a request.
//!
//! Pure: a policy is read from its document, a request is an action on a resource with what is known about it besides, and the answer
//! is that of IAM. What is not understood is an error, never taken to match. Who calls, and which policies are theirs, is decided in
//! [`crate::aws`].
//! Source: IAM User Guide, "IAM JSON policy reference" and "Policy evaluation logic" (read 2026-11).

mod condition;
mod pattern;
mod policy;
mod role;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use policy::action_matches;
pub use policy::{Policy, Verdict};
pub use role::{Principal, Role};

/// What is known about a request besides its action and its resource: values by the names of condition keys, in which case is not
/// told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// Adds a key with one value.
    pub fn with(self, key: &str, value: impl Into<String>) -> Self {
        self.with_all(key, [value.into()])
    }

    /// Adds a key with any number of values; with none, the key is not there.
    pub fn with_all(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        let values: Vec<String> = values.into_iter().collect();
        if !values.is_empty() {
            self.0.insert(key.to_ascii_lowercase(), values);
        }
        self
    }

    /// Returns the values of a key; none if it is not there.
    pub(crate) fn values(&self, key: &str) -> Option<&[String]> {
        self.0.get(&key.to_ascii_lowercase()).map(Vec::as_slice)
    }

    /// Adds what another one knows; what both know is taken from the other.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.extend(other.0.clone());
        self
    }
}

/// What somebody asks to do.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Such as `ecs:UpdateService`.
    pub action: &'a str,
    /// An ARN, or `*` where an action knows no resources.
    pub resource: &'a str,
    pub context: &'a Context,
}
