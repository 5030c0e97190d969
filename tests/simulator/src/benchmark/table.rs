//! What was measured, for people: a table in Markdown with a row for each run, and the details of each run.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use crate::arguments::Arguments;
use crate::child::Measured;

/// Writes the table.
///
/// # Errors
///
/// When the writer fails.
pub(crate) fn tell(rows: &[Measured], arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
    let throttling = if arguments.throttling { "AWS throttles as it publishes" } else { "AWS throttles nothing" };
    let pace = arguments.pace().map_or_else(String::new, |share| format!(", bounds at {:.0}% of its buckets", share * 100.0));
    let latency = arguments.latency.as_millis();
    writeln!(out, "{latency} ms for each call; {throttling}{pace}; {} calls in flight at most.\n", arguments.concurrency())?;
    writeln!(
        out,
        "| Scenario | Services done | Calls | Minimum | Ratio | Throttled | Connections to AWS, Console | CPU s per 1,000 calls | Peak RSS | Wall time | Lower bound, and what binds | Ratio |"
    )?;
    writeln!(out, "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|--:|")?;
    for row in rows {
        let ended = if row.is_whole() { String::new() } else { format!(", exit code {}", exit_code(row)) };
        writeln!(
            out,
            "| {} | {} of {}{ended} | {} | {} | {:.3} | {:.2}% | {}, {} | {:.2} | {:.0} MiB | {:.1} s | {:.1} s, {} | {:.2} |",
            row.name,
            thousands(row.done()),
            thousands(row.size.all_services()),
            thousands(row.calls.total()),
            thousands(row.least.total()),
            row.calls_ratio(),
            row.throttled_share() * 100.0,
            row.connections_to_aws,
            row.connections_to_console,
            row.cpu_per_thousand(),
            row.peak_mib,
            row.seconds,
            row.bound.seconds,
            row.bound.by,
            row.time_ratio(),
        )?;
    }
    writeln!(out)?;
    for row in rows.iter().filter(|row| !row.note.is_empty()) {
        writeln!(out, "{}: {}.", row.name, row.note)?;
    }
    for row in rows {
        if let Some(limited) = &row.limited {
            let (Ok(how) | Err(how)) = limited;
            writeln!(out, "{}: limited {how}.", row.name)?;
        }
    }
    writeln!(out)
}

/// Writes all that is known of one run.
///
/// # Errors
///
/// When the writer fails.
pub(crate) fn details(row: &Measured, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: exit code {}, {:.1} s", row.name, exit_code(row), row.seconds)?;
    if row.summary.is_null() {
        writeln!(out, "  it did not tell how the run ended; its last words:\n{}", row.said)?;
    }
    let counted = ["services", "protected", "up_to_date", "skipped", "failed", "not_attempted", "places_failed"];
    let counted: Vec<String> = counted.iter().map(|key| format!("{key} {}", row.count(key))).collect();
    writeln!(out, "  {}", counted.join(", "))?;
    if let Some(first) = row.summary.get("failures").and_then(|failures| failures.get(0)) {
        writeln!(out, "  first failure: {first}")?;
    }
    writeln!(
        out,
        "  calls {}, at least {}, ratio {:.4}; {} to AWS, {:.0} a second",
        thousands(row.calls.total()),
        thousands(row.least.total()),
        row.calls_ratio(),
        thousands(row.calls_to_aws()),
        row.calls_to_aws() as f64 / row.seconds,
    )?;
    operations(row, out)?;
    writeln!(
        out,
        "  CPU {:.2} s, the simulator's {:.2} s; peak {:.1} MiB; {} connections to AWS, {} to the Console",
        row.cpu_seconds, row.simulator_cpu_seconds, row.peak_mib, row.connections_to_aws, row.connections_to_console,
    )?;
    writeln!(out, "  at least {:.2} s, bound by {}; ratio {:.3}\n", row.bound.seconds, row.bound.by, row.time_ratio())
}

/// Writes the calls of each operation, and which are more or fewer than there have to be.
fn operations(row: &Measured, out: &mut impl Write) -> io::Result<()> {
    let (calls, throttled) = (by_operation(&row.calls), by_operation(&row.throttled));
    let all: BTreeSet<&str> = calls.keys().copied().chain(row.least.iter().map(|(operation, _)| operation)).collect();
    for operation in all {
        let count = calls.get(operation).copied().unwrap_or_default();
        let least = row.least.of(operation);
        write!(out, "    {operation}: {} of {}", thousands(count), thousands(least))?;
        if let Some(refused) = throttled.get(operation) {
            write!(out, ", {} of them throttled", thousands(*refused))?;
        }
        match count.cmp(&least) {
            Ordering::Greater => writeln!(out, ", ABOVE the minimum by {}", thousands(count - least))?,
            Ordering::Less => writeln!(out, ", BELOW what there is to do by {}", thousands(least - count))?,
            Ordering::Equal => writeln!(out)?,
        }
    }
    Ok(())
}

fn by_operation(calls: &simulator::Calls) -> BTreeMap<&str, u64> {
    let mut sums = BTreeMap::new();
    for (call, count) in calls.iter() {
        *sums.entry(call.operation.as_str()).or_default() += count;
    }
    sums
}

fn exit_code(row: &Measured) -> String {
    row.exit_code.map_or_else(|| "none".to_owned(), |code| code.to_string())
}

/// Returns a number with a comma between its thousands.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
