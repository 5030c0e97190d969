//! What a run over an organization needs at least: how many calls of each operation, and how much time.
//!
//! Worked out from the size of the organization alone. `calls` counts, `time` is the lower bound that follows from AWS's buckets, the
//! Console and the calls that are in flight at once. No world and no clock in here: the benchmark holds a run against this.

mod calls;
mod time;

pub use calls::{Calls, Kind, calls};
pub use time::{Bound, Means, time};

/// The size of an organization in which every account is alike, and what a run has to do in it.
///
/// Services are in one cluster of their Region. Each has a task definition of its own, which names what its containers run, and runs
/// in a network that lets everything out through a NAT gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The management account is one of them, and it is walked like the others.
    pub accounts: u64,
    /// Regions that each account has enabled.
    pub regions: u64,
    /// Regions of each account that have services.
    pub used_regions: u64,
    /// Services in each of those.
    pub services: u64,
    /// Whether all of them are protected already.
    pub is_protected: bool,
    /// `None` when no roll-out is waited for.
    pub roll_outs: Option<RollOuts>,
}

/// How roll-outs go that are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollOuts {
    /// At which look each is complete.
    pub looks: u64,
    /// Those under way in an account's Region at once.
    pub at_once: u64,
}

impl Size {
    /// Returns how many services there are.
    pub fn all_services(&self) -> u64 {
        self.used_account_regions() * self.services
    }

    /// Returns in how many Regions of accounts there are services.
    pub fn used_account_regions(&self) -> u64 {
        self.accounts * self.used_regions
    }

    /// Returns how many services are moved to a new revision.
    pub fn changes(&self) -> u64 {
        if self.is_protected { 0 } else { self.all_services() }
    }

    fn changes_in_a_region(&self) -> u64 {
        if self.is_protected { 0 } else { self.services }
    }

    /// Returns in how many waves the services of a Region are rolled out, one after the other.
    fn waves(&self) -> u64 {
        self.roll_outs.map_or(0, |roll_outs| self.changes_in_a_region().div_ceil(roll_outs.at_once.max(1)))
    }
}
