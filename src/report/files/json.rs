//! The report as JSON: one object, its `services` last and one a line. Its schema is `schema.json` beside this file.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Sheet;
use super::row::Row;
use super::tile::Tile;
use super::totals::{Totals, unseen_code, unseen_text};
use crate::events::{Failure, Unseen};

/// Raised when a field goes away or comes to mean something else; fields may be added at any time.
pub(super) const SCHEMA: u32 = 1;

#[derive(Default)]
pub(super) struct Json {
    any: bool,
}

impl Sheet for Json {
    fn begin(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\n\"schema\": {SCHEMA}")?;
        write!(out, ",\n\"run\": {}", run(totals))?;
        write!(out, ",\n\"summary\": {}", summary(totals))?;
        list("places", places(totals), out)?;
        list("defenders", defenders(totals), out)?;
        list("places_not_seen", not_seen(totals), out)?;
        list("network", network(totals), out)?;
        list("warnings", totals.warnings.iter().map(|text| text.as_str().into()), out)?;
        write!(out, ",\n\"services\": [")
    }

    fn service(&mut self, row: &Row, _: &Totals, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        Ok(serde_json::to_writer(out, row)?)
    }

    fn end(&mut self, _: &Totals, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"\n]\n}\n")
    }
}

/// Writes a list of which one item at a time is in memory.
fn list(name: &str, items: impl Iterator<Item = Value>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, ",\n\"{name}\": [")?;
    let mut any = false;
    for item in items {
        write!(out, "{}\n{item}", if any { "," } else { "" })?;
        any = true;
    }
    out.write_all(if any { b"\n]" } else { b"]" })
}

fn run(totals: &Totals) -> Value {
    let run = &totals.run;
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": run.id,
        "kind": if run.undoes { "undo" } else { "run" },
        "dry_run": run.dry_run,
        "began": time(run.began),
        "ended": time(run.ended),
        "account": run.caller.as_ref().map(|it| it.as_str()),
        "region": run.region.as_ref().map(|it| it.as_str()),
        "console": run.console,
        "console_version": run.console_version,
        "defender_version": run.defender_version,
        "undone_run": run.undone_run,
        "stopped_by": run.stopped_by,
    })
}

fn summary(totals: &Totals) -> Value {
    let counts = &totals.counts;
    let mut summary = json!({
        "verdict": totals.verdict(),
        "complete": counts.complete(),
        "exit_code": totals.exit_code(),
        "accounts": totals.accounts,
        "coverage": coverage(totals, &totals.all()),
        "services": counts.services(),
        "protected": counts.protected,
        "upgraded": counts.upgraded,
        "undone": counts.undone,
        "planned": counts.planned,
        "up_to_date": counts.up_to_date,
        "skipped": counts.skipped,
        "failed": counts.failed,
        "not_attempted": counts.not_attempted,
        "roll_outs_under_way": counts.under_way,
        "places_failed": counts.unseen_failed,
        "places_not_attempted": counts.unseen_not_attempted,
    });
    for (name, number) in totals.numbers() {
        summary[name] = number.into();
    }
    summary
}

/// Returns how much is protected. A run that takes Defenders out does not look at what stays protected.
fn coverage(totals: &Totals, of: &Tile) -> Value {
    if totals.run.undoes { Value::Null } else { tile(of) }
}

fn places(totals: &Totals) -> impl Iterator<Item = Value> {
    totals.tiles.iter().map(|((account, region), it)| {
        json!({
            "account": account.as_str(),
            "account_name": totals.name_of(account.as_str()),
            "region": region.as_str(),
            "coverage": coverage(totals, it),
        })
    })
}

fn defenders(totals: &Totals) -> impl Iterator<Item = Value> {
    totals.defenders.iter().map(|(version, services)| json!({"version": version, "services": services}))
}

fn not_seen(totals: &Totals) -> impl Iterator<Item = Value> {
    totals.unseen().map(|(place, why)| {
        let failure = match why {
            Unseen::Failed(failure) => Some(failure),
            _ => None,
        };
        json!({
            "account": place.account.as_str(),
            "account_name": totals.name_of(place.account.as_str()),
            "region": place.region.as_ref().map(|it| it.as_str()),
            "cluster": place.cluster,
            "reason": unseen_code(why),
            "text": unseen_text(why),
            "stage": failure.map(|it| it.stage.code()),
            "causes": failure.map_or_else(Vec::new, |it| it.causes.clone()),
            "hint": failure.and_then(|it: &Failure| it.hint.clone()),
        })
    })
}

fn network(totals: &Totals) -> impl Iterator<Item = Value> {
    totals.network.iter().map(|it| {
        json!({
            "account": it.account.as_str(),
            "region": it.region.as_str(),
            "vpc": it.vpc,
            "change": it.change,
            "what": it.what,
            "why": it.why,
        })
    })
}

fn tile(tile: &Tile) -> Value {
    json!({
        "in_scope": tile.in_scope(),
        "protected": tile.protected(),
        "percent": tile.percent(),
        "todays_defender": tile.today,
        "another_defender": tile.other,
        "not_protected": tile.none,
        "out_of_scope": tile.out_of_scope,
        "failed": tile.failed,
    })
}
