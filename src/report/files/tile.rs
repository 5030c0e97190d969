//! Services of one place, or of all, by what they are left with: what a share is made of.

use crate::events::Protection;

/// Services of one place by what they are left with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    pub today: u64,
    pub other: u64,
    pub none: u64,
    pub out_of_scope: u64,
    /// How many of those without a Defender failed.
    pub failed: u64,
}

impl Tile {
    pub(super) fn add(&mut self, protection: Protection, failed: bool) {
        *match protection {
            Protection::Today => &mut self.today,
            Protection::Other => &mut self.other,
            Protection::None => &mut self.none,
            Protection::OutOfScope => &mut self.out_of_scope,
        } += 1;
        self.failed += u64::from(failed);
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            today: self.today + other.today,
            other: self.other + other.other,
            none: self.none + other.none,
            out_of_scope: self.out_of_scope + other.out_of_scope,
            failed: self.failed + other.failed,
        }
    }

    /// Returns how many services there are that may have an App-Embedded Defender.
    pub fn in_scope(self) -> u64 {
        self.today + self.other + self.none
    }

    /// Returns how many of them have one.
    pub fn protected(self) -> u64 {
        self.today + self.other
    }

    /// Returns the share that is protected, in percent with one digit, cut off: 100% is said only of all.
    pub fn percent(self) -> Option<String> {
        let tenths = (self.protected() * 1000).checked_div(self.in_scope())?;
        Some(if tenths % 10 == 0 { format!("{}%", tenths / 10) } else { format!("{}.{}%", tenths / 10, tenths % 10) })
    }
}
