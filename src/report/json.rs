//! A run told to machines: one JSON object a line, with stable names. README's "Output for machines" lists them.

mod fields;

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::explain;
use super::tally::{self, Tally};
use crate::events::{Event, Explanation, Failure, Finding, Outcome, ServiceEnded, Unseen};
use crate::exit;
use crate::plan::explain::{Decision, Fact, Told};
use crate::progress::Spent;
pub(super) use fields::{Fields, object, service_fields};
use fields::{closed_fields, failure_fields, kept_fields, opened_fields, place_fields, plan_fields, verified_fields};

/// How much of each list the last line repeats: CloudWatch Logs takes 256 KiB in one event, and who waits for that line must find it whole.
/// Source: Amazon CloudWatch Logs User Guide, "CloudWatch Logs quotas" (from memory).
const MOST_REPEATED: usize = 50;

/// Tells one event in a line, and an explanation in a line for each of its parts.
///
/// # Errors
///
/// When the writer fails.
pub fn event(event: &Event, writer: &mut impl Write) -> io::Result<()> {
    if let Event::Explained(explanation) = event {
        return explained(explanation, writer);
    }
    let (level, message, mut fields) = told(event);
    fields.insert(0, ("level", level.into()));
    fields.insert(1, ("message", message.into()));
    line(fields, writer)
}

fn explained(explanation: &Explanation, writer: &mut impl Write) -> io::Result<()> {
    let outcome = explain::outcome(&explanation.ended);
    for part in explanation.parts.iter().chain([&outcome]) {
        let mut fields: Fields = vec![("level", "info".into()), ("message", "service explained".into())];
        fields.extend(service_fields(&explanation.ended.service));
        let told = |fact: &Fact| match &fact.told {
            Told::One(text) => (fact.name, text.as_str().into()),
            Told::Each(texts) => (fact.name, texts.clone().into()),
        };
        fields.extend([
            ("part", part.section.code().into()),
            ("facts", object(part.facts.iter().map(told).collect())),
            ("decision", part.decision.text().into()),
            ("ends", matches!(part.decision, Decision::Ends(_)).into()),
        ]);
        line(fields, writer)?;
    }
    Ok(())
}

/// Tells the end of a run.
///
/// # Errors
///
/// When the writer fails.
pub fn summary(tally: &Tally, spent: &Spent, writer: &mut impl Write) -> io::Result<()> {
    let counts = &tally.counts;
    let (failed, unseen) = (tally.failed(), tally.unseen_failed());
    let failures =
        failed.into_iter().map(|(service, failure)| object([service_fields(service), failure_fields(failure)].concat()));
    let unseen = unseen.into_iter().map(|(place, failure)| object([place_fields(place), failure_fields(failure)].concat()));
    let mut left_out = 0;
    let mut repeated = |items: &mut dyn Iterator<Item = Value>| {
        let mut items: Vec<Value> = items.collect();
        left_out += items.len().saturating_sub(MOST_REPEATED);
        items.truncate(MOST_REPEATED);
        Value::Array(items)
    };
    let opened = repeated(&mut tally.opened().into_iter().map(|opened| object(opened_fields(opened))));
    let closed = repeated(&mut tally.closed().into_iter().map(|closed| object(closed_fields(closed))));
    let kept_open = repeated(&mut tally.kept_open().into_iter().map(|kept| object(kept_fields(kept))));
    let warnings = repeated(&mut tally.warnings.iter().map(|warning| warning.clone().into()));
    let failures = repeated(&mut failures.chain(unseen));
    let not_walked = tally.not_walked.iter().map(|(reason, places)| json!({"reason": reason, "places": places.len()}));
    let level = if counts.complete() { "info" } else { "error" };
    line(
        vec![
            ("level", level.into()),
            ("message", "run ended".into()),
            ("run_id", tally.run_id.clone().into()),
            ("dry_run", tally.dry_run.into()),
            ("complete", counts.complete().into()),
            ("exit_code", exit::of(counts).into()),
            ("accounts", tally.accounts.into()),
            ("seconds", spent.elapsed.as_secs().into()),
            ("calls", spent.calls.into()),
            ("throttled", spent.throttled.into()),
            ("console_calls", spent.console_calls.into()),
            ("console_throttled", spent.console_throttled.into()),
            ("services", counts.services().into()),
            ("coverage", coverage(tally)),
            ("protected", counts.protected.into()),
            ("upgraded", counts.upgraded.into()),
            ("undone", counts.undone.into()),
            ("planned", counts.planned.into()),
            ("up_to_date", counts.up_to_date.into()),
            ("skipped", counts.skipped.into()),
            ("failed", counts.failed.into()),
            ("not_attempted", counts.not_attempted.into()),
            ("roll_outs_under_way", counts.under_way.into()),
            ("places_failed", counts.unseen_failed.into()),
            ("places_not_attempted", counts.unseen_not_attempted.into()),
            ("verified", counts.verified.into()),
            ("not_connected", counts.not_connected.into()),
            ("unverified", counts.unverified.into()),
            ("tasks_looked_for", counts.tasks_looked_for.into()),
            ("tasks_connected", counts.tasks_connected.into()),
            ("skip_reasons", by_code(tally.skipped.values())),
            ("upgrade_reasons", by_code(tally.upgraded.values())),
            ("places_not_walked", not_walked.collect()),
            ("opened", opened),
            ("closed", closed),
            ("kept_open", kept_open),
            ("to_look_at", tally.to_look_at().len().into()),
            ("warnings", warnings),
            ("stopped_by", tally.stopped_by.into()),
            ("failures", failures),
            ("left_out", left_out.into()),
        ],
        writer,
    )
}

/// Returns how much is protected; what a run that takes Defenders out leaves protected, it does not know.
fn coverage(tally: &Tally) -> Value {
    let coverage = tally.counts.coverage;
    let percent = coverage.per_mille().map(|tenths| tenths as f64 / 10.0);
    if tally.undoes {
        Value::Null
    } else {
        json!({"protected": coverage.protected, "in_scope": coverage.in_scope, "percent": percent})
    }
}

/// Returns how often each word was a reason, whatever its sentence said besides.
fn by_code<'a>(reasons: impl Iterator<Item = &'a (&'static str, u64)>) -> Value {
    let mut sums = Map::new();
    for (code, services) in reasons {
        let sum = sums.get(*code).and_then(Value::as_u64).unwrap_or(0) + services;
        sums.insert((*code).to_owned(), sum.into());
    }
    Value::Object(sums)
}

/// Tells why a run could not start, and with which code it ends.
///
/// # Errors
///
/// When the writer fails.
pub fn start_failure(failure: &Failure, exit_code: u8, writer: &mut impl Write) -> io::Result<()> {
    let told: Fields =
        vec![("level", "error".into()), ("message", "run could not start".into()), ("exit_code", exit_code.into())];
    line([told, failure_fields(failure)].concat(), writer)
}

/// Tells in a line what ended the program without a run: a message for it, with what was wrong.
///
/// # Errors
///
/// When the writer fails.
pub fn ended(message: &'static str, causes: &[String], exit_code: u8, writer: &mut impl Write) -> io::Result<()> {
    let told: Fields = vec![("level", "error".into()), ("message", message.into()), ("exit_code", exit_code.into())];
    let causes = if causes.is_empty() { Vec::new() } else { vec![("causes", causes.into())] };
    line([told, causes].concat(), writer)
}

fn told(event: &Event) -> (&'static str, &'static str, Fields) {
    match event {
        // A line for each part: `explained` writes them.
        Event::Explained(_) => ("info", "service explained", Vec::new()),
        Event::AnotherRun { task } => {
            let fields = vec![("task", task.id().into()), ("task_arn", task.as_str().into())];
            ("info", "another run is in progress", fields)
        }
        Event::Began(it) => {
            let fields = vec![
                ("run_id", it.run_id.clone().into()),
                ("account", it.caller.as_str().into()),
                ("region", it.region.as_str().into()),
                ("console", it.console.clone().into()),
                ("console_version", it.console_version.clone().into()),
                ("defender_version", it.defender_version.clone().into()),
                ("ws_address", it.ws_address.clone().into()),
                ("network", it.network.0.into()),
                ("dry_run", it.dry_run.into()),
            ];
            ("info", "run began", fields)
        }
        Event::Asking { settings } => {
            let shown = settings.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
            ("info", "asking whether to go on", vec![("settings", Value::Object(shown.collect()))])
        }
        Event::UndoBegan(it) => {
            let fields = vec![
                ("run_id", it.run_id.clone().into()),
                ("account", it.caller.as_str().into()),
                ("region", it.region.as_str().into()),
                ("undone_run", it.undone_run.clone().into()),
                ("keep_network", it.keep_network.into()),
                ("dry_run", it.dry_run.into()),
            ];
            ("info", "undo began", fields)
        }
        Event::AccountsListed { in_scope, .. } => ("info", "accounts listed", vec![("accounts", (*in_scope).into())]),
        Event::Warning { text } => ("warn", "warning", vec![("text", text.clone().into())]),
        Event::Bug { text } => ("error", "warning", vec![("text", text.clone().into())]),
        Event::Planned(plan) => ("info", "task definition planned", plan_fields(plan)),
        Event::Opened(opened) => ("info", "network opened", opened_fields(opened)),
        Event::Closed(closed) if closed.planned => ("info", "network closing planned", closed_fields(closed)),
        Event::Closed(closed) => ("info", "network closed", closed_fields(closed)),
        Event::KeptOpen(kept) => ("info", "network kept open", kept_fields(kept)),
        Event::Stopping { signal } => ("warn", "run is stopping", vec![("signal", (*signal).into())]),
        Event::Service(ServiceEnded { service, outcome, findings }) => {
            let (level, message, more) = service_ended(outcome);
            let level = if findings.iter().any(Finding::is_warning) { "warn" } else { level };
            let mut fields = service_fields(service);
            fields.extend(more);
            if !findings.is_empty() {
                let told = |finding: &Finding| json!({"code": finding.code(), "text": finding.to_string()});
                fields.push(("findings", findings.iter().map(told).collect()));
            }
            (level, message, fields)
        }
        Event::Verifying { services, waits } => {
            let fields = vec![("services", (*services).into()), ("waits_s", tally::whole_seconds(*waits).into())];
            ("info", "verification began", fields)
        }
        Event::Verified(verified) => {
            let level = if verified.connections.missing > 0 { "warn" } else { "info" };
            (level, "service verified", verified_fields(verified))
        }
        Event::Unverified { services, why } => {
            let mut fields: Fields =
                vec![("services", (*services).into()), ("reason", why.code().into()), ("text", why.to_string().into())];
            fields.extend(why.hint().map(|hint| ("hint", hint.into())));
            ("warn", "services not verified", fields)
        }
        Event::Unseen { place, why } => {
            let (level, message) = match why {
                Unseen::Failed(_) => ("error", "place failed"),
                Unseen::NotAttempted => ("warn", "place not attempted"),
                _ => ("info", "place not walked"),
            };
            let mut fields = place_fields(place);
            match why {
                Unseen::Failed(failure) => fields.extend(failure_fields(failure)),
                why => fields.push(("reason", tally::reason(why).into())),
            }
            (level, message, fields)
        }
    }
}

fn service_ended(outcome: &Outcome) -> (&'static str, &'static str, Fields) {
    match outcome {
        Outcome::Protected { from, to, roll_out } => {
            let fields = vec![
                ("outcome", "protected".into()),
                ("from", from.short().into()),
                ("to", to.short().into()),
                ("roll_out", roll_out.code().into()),
            ];
            ("info", "service protected", fields)
        }
        Outcome::Upgraded { from, to, why, roll_out } => {
            let fields = vec![
                ("outcome", "upgraded".into()),
                ("from", from.short().into()),
                ("to", to.short().into()),
                ("why", why.code().into()),
                ("text", why.sentence().into()),
                ("roll_out", roll_out.code().into()),
            ];
            ("info", "service upgraded", fields)
        }
        Outcome::Undone { from, to, roll_out } => {
            let fields = vec![
                ("outcome", "undone".into()),
                ("from", from.short().into()),
                ("to", to.short().into()),
                ("roll_out", roll_out.code().into()),
            ];
            ("info", "service undone", fields)
        }
        Outcome::Planned { from, why } => {
            let mut fields: Fields = vec![("outcome", "planned".into()), ("from", from.short().into())];
            if let Some(why) = why {
                fields.extend([("why", why.code().into()), ("text", why.sentence().into())]);
            }
            ("info", "service planned", fields)
        }
        Outcome::UpToDate { task_definition } => {
            let fields = vec![("outcome", "up-to-date".into()), ("task_definition", task_definition.short().into())];
            ("info", "service up to date", fields)
        }
        Outcome::Skipped(reason) => {
            let fields =
                vec![("outcome", "skipped".into()), ("reason", reason.code().into()), ("text", reason.sentence().into())];
            ("info", "service skipped", fields)
        }
        Outcome::Failed(failure) => {
            let mut fields: Fields = vec![("outcome", "failed".into())];
            fields.extend(failure_fields(failure));
            ("error", "service failed", fields)
        }
        Outcome::NotAttempted(why) => {
            let fields =
                vec![("outcome", "not-attempted".into()), ("reason", why.code().into()), ("text", why.to_string().into())];
            ("warn", "service not attempted", fields)
        }
    }
}

/// Writes a line, which begins with the time.
pub(super) fn line(fields: Fields, writer: &mut impl Write) -> io::Result<()> {
    let mut all: Fields = vec![("time", jiff::Timestamp::now().to_string().into())];
    all.extend(fields);
    writeln!(writer, "{}", object(all))
}
