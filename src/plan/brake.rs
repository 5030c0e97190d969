//! When a run is to stop changing things: after a failure among its canaries, or after too many failures.

use std::collections::BTreeMap;
use std::fmt;

use crate::ids::AccountId;

/// `MAX_FAILURES`: how many roll-outs may fail before nothing new is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MostFailures {
    Count(usize),
    /// Of the roll-outs that have ended, once there are ten of them.
    Percent(usize),
}

/// A share of fewer roll-outs than these says nothing: the first that fails would be all of them.
const ENOUGH_FOR_A_SHARE: usize = 10;

impl MostFailures {
    /// Returns whether so many failures among so many roll-outs are as many as there may be.
    pub fn reached(self, failed: usize, ended: usize) -> bool {
        match self {
            Self::Count(most) => failed >= most,
            Self::Percent(most) => ended >= ENOUGH_FOR_A_SHARE && failed > 0 && failed * 100 >= most * ended,
        }
    }
}

impl Default for MostFailures {
    fn default() -> Self {
        Self::Count(10)
    }
}

impl std::str::FromStr for MostFailures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let mistake = || format!("{text:?} is no number of roll-outs; give 1 or more, or a percentage such as 20%");
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|number| *number > 0).ok_or_else(mistake);
        match text.strip_suffix('%') {
            Some(percent) => {
                number(percent).and_then(|percent| if percent <= 100 { Ok(Self::Percent(percent)) } else { Err(mistake()) })
            }
            None => number(text).map(Self::Count),
        }
    }
}

impl fmt::Display for MostFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(most) => write!(f, "{most}"),
            Self::Percent(most) => write!(f, "{most}%"),
        }
    }
}

/// The first roll-outs of a run, which are watched to their end before any other is started.
#[derive(Clone, Debug, Default)]
pub struct Canaries {
    wanted: usize,
    ended: usize,
    in_flight: usize,
    /// How many were begun in each account.
    begun: BTreeMap<AccountId, usize>,
    /// How many wait in each account.
    waiting: BTreeMap<AccountId, usize>,
}

impl Canaries {
    pub fn new(wanted: usize) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Returns whether every canary has ended, so that the others may start.
    pub fn are_over(&self) -> bool {
        self.ended >= self.wanted
    }

    fn begun_in(&self, account: &AccountId) -> usize {
        self.begun.get(account).copied().unwrap_or(0)
    }

    /// Returns whether a roll-out in an account may start.
    ///
    /// Canaries are spread: an account that had none goes first; one that had some waits until no canary is under way, and then for
    /// whoever had fewer. So nobody has to know which accounts will have something to change.
    pub fn may_start(&self, account: &AccountId) -> bool {
        if self.are_over() {
            return true;
        }
        if self.ended + self.in_flight >= self.wanted {
            return false;
        }
        let begun = self.begun_in(account);
        let fewest = self.waiting.keys().map(|waiting| self.begun_in(waiting)).min();
        begun == 0 || (self.in_flight == 0 && fewest.is_none_or(|fewest| begun <= fewest))
    }

    pub fn waits(&mut self, account: &AccountId) {
        *self.waiting.entry(account.clone()).or_default() += 1;
    }

    pub fn waits_no_more(&mut self, account: &AccountId) {
        if let Some(count) = self.waiting.get_mut(account) {
            *count -= 1;
            if *count == 0 {
                self.waiting.remove(account);
            }
        }
    }

    /// Notes that a roll-out starts; returns whether it is a canary.
    pub fn start(&mut self, account: &AccountId) -> bool {
        if self.are_over() {
            return false;
        }
        self.in_flight += 1;
        *self.begun.entry(account.clone()).or_default() += 1;
        true
    }

    /// Notes that a canary has ended, or came to nothing.
    pub fn end(&mut self, account: &AccountId, was_rolled_out: bool) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if was_rolled_out {
            self.ended += 1;
        } else if let Some(begun) = self.begun.get_mut(account) {
            *begun = begun.saturating_sub(1);
        }
    }
}
