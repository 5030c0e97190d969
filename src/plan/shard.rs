//! Shares of an organization too large for one run: every account belongs to exactly one, and always to the same.
//!
//! Accounts are shared out, never an account's Regions or services: AWS's quotas are counted by account and Region, and two runs that
//! drink from one bucket would only take each other's tokens.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::ids::AccountId;

/// One of so many shares, counted from 0, as AWS Batch counts the children of an array job and Step Functions the items of a map.
///
/// Source: AWS Batch User Guide, "Array jobs", `AWS_BATCH_JOB_ARRAY_INDEX`; AWS Step Functions Developer Guide, "Context object",
/// `Map.Item.Index` (read 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u32,
    of: NonZeroU32,
}

impl Shard {
    /// Returns the only share of all.
    pub fn whole() -> Self {
        Self { index: 0, of: NonZeroU32::MIN }
    }

    /// Returns one of so many shares; none, when there are not so many.
    pub fn new(index: u32, of: u32) -> Option<Self> {
        let of = NonZeroU32::new(of)?;
        (index < of.get()).then_some(Self { index, of })
    }

    /// Returns whether there are no others.
    pub fn is_whole(self) -> bool {
        self.of == NonZeroU32::MIN
    }

    /// Returns how many shares there are.
    pub fn count(self) -> u32 {
        self.of.get()
    }

    /// Returns whether an account belongs to this share.
    pub fn holds(self, account: &AccountId) -> bool {
        hash(account.as_str()) % u64::from(self.of.get()) == u64::from(self.index)
    }
}

/// Hashes a text, the same in every version of this program and on every machine: runs of two versions may share an organization.
///
/// It is 64-bit FNV-1a, with the finalizer of MurmurHash3 after it: accounts that differ in a digit must not all fall into one share.
/// Sources: Fowler, Noll, Vo, "FNV hash"; Appleby, "MurmurHash3", `fmix64` (both in the public domain).
fn hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let mut mixed = fnv;
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        mixed = (mixed ^ (mixed >> 33)).wrapping_mul(factor);
    }
    mixed ^ (mixed >> 33)
}

/// `2/4`.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

/// A text that is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadShard {
    #[error("{0:?} is no share; give its number and how many there are, such as 0/4")]
    Form(String),
    #[error("there is no share {index} of {of}: they are counted from 0, so that the last one is {}/{of}", .of.saturating_sub(1))]
    Number { index: u32, of: u32 },
}

impl FromStr for Shard {
    type Err = BadShard;

    fn from_str(text: &str) -> Result<Self, BadShard> {
        let numbers =
            text.trim().split_once('/').and_then(|(index, of)| Some((index.trim().parse().ok()?, of.trim().parse().ok()?)));
        match numbers {
            None | Some((_, 0)) => Err(BadShard::Form(text.to_owned())),
            Some((index, of)) => Self::new(index, of).ok_or(BadShard::Number { index, of }),
        }
    }
}
