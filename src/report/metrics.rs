//! The end of a run as metrics: a line that CloudWatch Logs takes numbers out of, wherever it comes from.
//!
//! Source of the format: Amazon CloudWatch User Guide, "Specification: Embedded metric format"; that a line needs no header to be
//! recognised: the same, "Using the PutLogEvents API to send manually-created embedded metric format logs" (read 2026-11).

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json::{Fields, line};
use super::tally::Tally;
use crate::progress::Spent;

/// Where CloudWatch shows them.
pub const NAMESPACE: &str = "fargate-updater";

/// Tells the end of a run as metrics. They have no dimension: each value of one would be another metric to pay for.
///
/// # Errors
///
/// When the writer fails.
pub fn metrics(tally: &Tally, spent: &Spent, writer: &mut impl Write) -> io::Result<()> {
    let (counts, coverage) = (&tally.counts, tally.counts.coverage);
    let seconds = spent.elapsed.as_secs();
    let metrics: [(&'static str, &str, u64); 6] = [
        ("Protected", "Count", coverage.protected),
        ("InScope", "Count", coverage.in_scope),
        ("Changed", "Count", counts.changed()),
        ("Failed", "Count", counts.failed + counts.unseen_failed),
        ("Skipped", "Count", counts.skipped),
        ("Duration", "Seconds", seconds),
    ];
    let definitions: Vec<Value> = metrics.iter().map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
    let directive = json!({"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": definitions});
    let embedded = json!({"Timestamp": jiff::Timestamp::now().as_millisecond(), "CloudWatchMetrics": [directive]});
    let mut fields: Fields = vec![
        ("level", "info".into()),
        ("message", "metrics".into()),
        ("run_id", tally.run_id.clone().into()),
        ("_aws", embedded),
    ];
    fields.extend(metrics.map(|(name, _, value)| (name, value.into())));
    line(fields, writer)
}
