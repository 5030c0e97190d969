//! What is wrong with a template or a stack, and where.

use std::fmt;

/// Something that CloudFormation would refuse, or that is not known in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Such as `Resources.MemberRole.Properties.RoleName`; a line where the text is no YAML; empty for the template as a whole.
    pub path: String,
    /// What is wrong; of a failed assertion, exactly its `AssertDescription`.
    pub what: String,
}

impl Problem {
    pub(super) fn new(path: &Path, what: impl Into<String>) -> Self {
        Self { path: path.0.clone(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { write!(out, "{}", self.what) } else { write!(out, "{}: {}", self.path, self.what) }
    }
}

impl std::error::Error for Problem {}

/// A place in a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(String);

impl Path {
    /// Returns the place with this name, from the top.
    pub(super) fn top(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the place of a key in this place.
    pub(super) fn key(&self, key: &str) -> Self {
        Self(if self.0.is_empty() { key.to_owned() } else { format!("{}.{key}", self.0) })
    }

    /// Returns the place of an item in this place, counted from 0.
    pub(super) fn item(&self, at: usize) -> Self {
        Self(format!("{}[{at}]", self.0))
    }

    /// Returns the place as a person reads it.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Returns the problem that something is wrong here.
    pub(super) fn problem<T>(&self, what: impl Into<String>) -> Result<T, Problem> {
        Err(Problem::new(self, what))
    }
}
