//! How much is protected, told to people: as a whole, then by account and Region as far as that can be read at a glance.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::standing::grouped;
use super::tally::Tally;
use super::text::{BOLD, GREEN, YELLOW, paint};
use crate::events::Coverage;
use crate::ids::AccountId;

/// Longer tables are not read.
const ROWS: usize = 20;

/// Returns how much is protected as a whole; nothing is said of a run that takes Defenders out, nor of no service.
pub(super) fn headline(tally: &Tally) -> Option<String> {
    let coverage = tally.counts.coverage;
    if tally.undoes || coverage.in_scope == 0 {
        return None;
    }
    Some(format!("{coverage} protected: {} of {} services", grouped(coverage.protected), grouped(coverage.in_scope)))
}

/// Tells how much is protected where: by account and Region if those are few, otherwise by account, otherwise where most is missing.
pub(super) fn by_place(tally: &Tally, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    // A single place has been told as a whole.
    if tally.undoes || tally.places.len() < 2 {
        return Ok(());
    }
    if tally.places.len() <= ROWS {
        title("Protected, by account and Region", colour, writer)?;
        let width = tally.places.keys().map(|(_, region)| region.as_str().len()).max().unwrap_or_default();
        for ((account, region), coverage) in &tally.places {
            row(&format!("{account}  {:width$}", region.as_str()), *coverage, colour, writer)?;
        }
        return Ok(());
    }
    let mut by_account: BTreeMap<&AccountId, Coverage> = BTreeMap::new();
    for ((account, _), coverage) in &tally.places {
        let sum = by_account.entry(account).or_default();
        sum.protected += coverage.protected;
        sum.in_scope += coverage.in_scope;
    }
    let mut accounts: Vec<(&AccountId, Coverage)> = by_account.into_iter().collect();
    if accounts.len() <= ROWS {
        title("Protected, by account", colour, writer)?;
        return accounts.into_iter().try_for_each(|(account, coverage)| row(account.as_str(), coverage, colour, writer));
    }
    let all = accounts.len();
    accounts.retain(|(_, coverage)| coverage.missing() > 0);
    if accounts.is_empty() {
        return writeln!(writer, "  in each of {} accounts with services, all of them", grouped(all as u64));
    }
    // Those of equal size stay in the order of their ids.
    accounts.sort_by_key(|(_, coverage)| std::cmp::Reverse(coverage.missing()));
    title("Protected, in the accounts where most is missing", colour, writer)?;
    for (account, coverage) in accounts.iter().take(ROWS) {
        row(account.as_str(), *coverage, colour, writer)?;
    }
    let more = accounts.len().saturating_sub(ROWS);
    let whole = all - accounts.len();
    writeln!(writer, "  and {more} more where something is missing; {whole} of {all} accounts are protected as a whole")
}

fn title(text: &str, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    writeln!(writer, "\n{}", paint(text, BOLD, colour))
}

fn row(place: &str, coverage: Coverage, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    let share = paint(&format!("{coverage:>6}"), if coverage.missing() == 0 { GREEN } else { YELLOW }, colour);
    writeln!(writer, "  {place}  {share}  {} of {}", grouped(coverage.protected), grouped(coverage.in_scope))
}
