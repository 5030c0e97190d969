//! How far a run is, every minute, where nobody sees the view of it: so that a log tells a run that goes on from one that hangs.

use std::io::{self, Write};

use super::json::{Fields, line};
use super::standing::Standing;

/// Tells people.
///
/// # Errors
///
/// When the writer fails.
pub(super) fn text(standing: &Standing, writer: &mut impl Write) -> io::Result<()> {
    writeln!(writer, "{}", standing.line())
}

/// Tells machines.
///
/// # Errors
///
/// When the writer fails.
pub(super) fn json(standing: &Standing, writer: &mut impl Write) -> io::Result<()> {
    let fields: Fields = vec![
        ("level", "info".into()),
        ("message", "run goes on".into()),
        ("seconds", standing.elapsed.as_secs().into()),
        ("accounts", standing.accounts.1.into()),
        ("accounts_done", standing.accounts.0.into()),
        ("regions", standing.regions.1.into()),
        ("regions_done", standing.regions.0.into()),
        ("task_definitions", standing.task_definitions.1.into()),
        ("task_definitions_done", standing.task_definitions.0.into()),
        ("services", standing.services.1.into()),
        ("services_done", standing.services.0.into()),
        ("changed", standing.changed.into()),
        ("failed", standing.failed.into()),
        ("calls", standing.calls.into()),
        ("throttled", standing.throttled.into()),
        ("waiting_for", standing.waiting_for.as_ref().map(ToString::to_string).into()),
    ];
    line(fields, writer)
}
