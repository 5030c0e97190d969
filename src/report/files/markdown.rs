//! The report as Markdown, for people who read it in a pipeline: what was reached, where something is missing, and why.
//!
//! It sums up and names no service that is well, so that it stays far below the 1 MiB that GitHub takes of a step.
//! Source: GitHub Docs, "Workflow commands for GitHub Actions", "Step isolation and limits" (read 2026-11).

use std::io::{self, Write};

use super::Sheet;
use super::row::Row;
use super::tile::Tile;
use super::totals::{Totals, many, unseen_text};
use crate::events::{Failure, ServiceId, Unseen};
use crate::ids::{AccountId, RegionName};

/// A matrix with more accounts or Regions is no help in a page of text.
const MOST_ACCOUNTS: usize = 50;
const MOST_REGIONS: usize = 12;

/// So many failures, places and changes are told; the rest is counted.
const MOST_TOLD: usize = 50;

/// Of a text so many characters are told.
const MOST_CHARACTERS: usize = 1000;

pub(super) struct Markdown;

impl Sheet for Markdown {
    fn begin(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        write(totals, out)
    }

    fn service(&mut self, _: &Row, _: &Totals, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &Totals, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn write(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let all = totals.all();
    writeln!(out, "# Defenders in Fargate\n\n**{}**\n", escaped(&totals.verdict()))?;
    // An undo does not look at what stays protected.
    if totals.run.undoes {
        about(totals, out)?;
    } else {
        writeln!(out, "{}\n", coverage(all))?;
        about(totals, out)?;
        matrix(totals, out)?;
        defenders(totals, out)?;
    }
    failures(totals, out)?;
    counted("Skipped, and why", totals.skipped.values().map(|it| (it.services, it.sentence.as_str(), it.way_out.as_str())), out)?;
    let because = |it: &(u64, String)| (it.0, it.1.clone());
    let title = if totals.run.dry_run { "Would be upgraded, and why" } else { "Upgraded, and why" };
    reasons(title, totals.upgraded.values().map(because), out)?;
    reasons("Not attempted, and why", totals.not_attempted.values().map(because), out)?;
    not_walked(totals, out)?;
    network(totals, out)?;
    list("Warnings", totals.warnings.len(), totals.warnings.iter().map(|text| escaped(text)), out)
}

fn coverage(all: Tile) -> String {
    let share = match all.percent() {
        Some(percent) => {
            format!("{percent} protected: {} of {} in scope", all.protected(), many(all.in_scope(), "Fargate service"))
        }
        None => "no Fargate service in scope".to_owned(),
    };
    let other = (all.other > 0).then(|| format!("{} of them with another Defender than today's", all.other));
    let out_of_scope = (all.out_of_scope > 0).then(|| format!("{} not on Fargate", many(all.out_of_scope, "service")));
    [Some(share), other, out_of_scope].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

fn about(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let run = &totals.run;
    let outcomes = totals.outcomes().into_iter().map(|(word, number)| format!("{number} {word}")).collect::<Vec<_>>().join(", ");
    let accounts = totals.accounts.map(|accounts| many(accounts as u64, "account"));
    let undone = run.undone_run.as_ref().map_or_else(|| "every run".to_owned(), |run| format!("run {run}"));
    let kind = match (run.undoes, run.dry_run) {
        (false, false) => None,
        (false, true) => Some("dry run: nothing was changed".to_owned()),
        (true, false) => Some(format!("undo of {undone}")),
        (true, true) => Some(format!("dry run of an undo of {undone}: nothing was changed")),
    };
    let lines = [
        ("run", run.id.clone()),
        ("kind", kind),
        ("began", run.began.map(|it| it.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())),
        ("took", totals.took()),
        ("from", run.caller.as_ref().zip(run.region.as_ref()).map(|(account, region)| format!("account {account}, {region}"))),
        ("today's Defender", run.defender_version.clone()),
        ("accounts in scope", accounts),
        ("services", Some(if outcomes.is_empty() { "none".to_owned() } else { outcomes })),
        ("roll-outs not seen to their end", (totals.counts.under_way > 0).then(|| totals.counts.under_way.to_string())),
        ("Defenders connected", totals.connected()),
        ("calls to AWS", totals.calls_to_aws()),
        ("calls to the Console", totals.calls_to_console()),
        ("stopped by", run.stopped_by.map(str::to_owned)),
    ];
    writeln!(out, "| | |\n|---|---|")?;
    for (name, value) in lines {
        if let Some(value) = value {
            writeln!(out, "| {name} | {} |", escaped(&value))?;
        }
    }
    writeln!(out)
}

fn matrix(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let (accounts, regions) = totals.matrix();
    if accounts.is_empty() || regions.is_empty() || accounts.len() > MOST_ACCOUNTS || regions.len() > MOST_REGIONS {
        return Ok(());
    }
    writeln!(out, "## By account and Region\n\nProtected of those in scope; ? where something could not be seen.\n")?;
    let head: String = regions.iter().map(|region| format!(" {region} |")).collect();
    writeln!(out, "| account |{head}\n|---|{}", "---|".repeat(regions.len()))?;
    for account in accounts {
        let name = totals.name_of(account.as_str()).map_or_else(String::new, |name| format!(" {}", escaped(name)));
        let cells: String = regions.iter().map(|region| format!(" {} |", cell(totals, account, region))).collect();
        writeln!(out, "| {account}{name} |{cells}")?;
    }
    writeln!(out)
}

fn cell(totals: &Totals, account: &AccountId, region: &RegionName) -> String {
    let seen = totals.tiles.get(&(account.clone(), region.clone())).map(|it| match (it.in_scope(), it.protected()) {
        (0, _) => "-".to_owned(),
        (all, protected) => format!("{protected}/{all}"),
    });
    let blind = totals.is_blind(account, Some(region)).then(|| "?".to_owned());
    [seen, blind].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn defenders(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    if totals.defenders.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Defenders in use\n\n| Defender | services |\n|---|---|")?;
    for (version, services) in totals.defenders.iter().rev() {
        writeln!(out, "| {} | {services} |", escaped(version.as_deref().unwrap_or("not known")))?;
    }
    writeln!(out)
}

fn failures(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let places = totals.unseen_failed().map(|(place, failure)| (place.to_string(), failure));
    let services = totals.failures.iter().map(|(service, failure)| (service_named(service, totals), failure));
    let all = totals.counts.failed + totals.counts.unseen_failed;
    if all == 0 {
        return Ok(());
    }
    writeln!(out, "## Failures\n")?;
    let mut told = 0;
    for (name, Failure { stage, causes, hint }) in places.chain(services).take(MOST_TOLD) {
        told += 1;
        writeln!(out, "- **{}** failed at {}", escaped(&name), stage.code())?;
        causes.iter().try_for_each(|cause| writeln!(out, "  - {}", escaped(cause)))?;
        hint.iter().try_for_each(|hint| writeln!(out, "  - **way out**: {}", escaped(hint)))?;
    }
    more(all - told, out)
}

fn service_named(service: &ServiceId, totals: &Totals) -> String {
    let ServiceId { account, region, cluster, name, .. } = service;
    let called = totals.name_of(account.as_str()).map_or_else(String::new, |name| format!(" {name}"));
    format!("{cluster}/{name} ({account}{called}, {region})")
}

fn counted<'a>(title: &str, rows: impl Iterator<Item = (u64, &'a str, &'a str)>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "## {title}\n\n| services | why, for example | what its owner can do |\n|---|---|---|")?;
    rows.try_for_each(|(services, why, way_out)| writeln!(out, "| {services} | {} | {} |", escaped(why), escaped(way_out)))?;
    writeln!(out)
}

fn reasons(title: &str, rows: impl Iterator<Item = (u64, String)>, out: &mut dyn Write) -> io::Result<()> {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "## {title}\n\n| services | why, for example |\n|---|---|")?;
    rows.try_for_each(|(services, why)| writeln!(out, "| {services} | {} |", escaped(&why)))?;
    writeln!(out)
}

fn not_walked(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let places = || totals.unseen().filter(|(_, why)| !matches!(why, Unseen::Failed(_)));
    let told = places().map(|(place, why)| format!("{}: {}", escaped(&place.to_string()), escaped(&unseen_text(why))));
    list("Not walked, and why", places().count(), told, out)
}

fn network(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let told = totals.network.iter().map(|it| {
        let why = if it.why.is_empty() { String::new() } else { format!(", {}", it.why) };
        escaped(&format!("{} in {} {} {}: {}{why}", it.change, it.account, it.region, it.vpc, it.what))
    });
    list("Networks", totals.network.len(), told, out)
}

fn list(title: &str, all: usize, items: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    if all == 0 {
        return Ok(());
    }
    writeln!(out, "## {title}\n")?;
    items.take(MOST_TOLD).try_for_each(|item| writeln!(out, "- {item}"))?;
    more(all.saturating_sub(MOST_TOLD) as u64, out)
}

fn more(more: u64, out: &mut dyn Write) -> io::Result<()> {
    if more > 0 {
        writeln!(out, "- and {more} more")?;
    }
    writeln!(out)
}

/// Returns a text as Markdown that says exactly that, in one line, within a table too.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    let mut left = MOST_CHARACTERS;
    while let Some(character) = characters.next() {
        if left == 0 {
            escaped.push('…');
            break;
        }
        left -= 1;
        let next = characters.peek().copied().unwrap_or(' ');
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' | '#' | '@' => escaped.extend(['\\', character]),
            // Within a word it means nothing.
            '_' if !(before.is_alphanumeric() && next.is_alphanumeric()) => escaped.push_str("\\_"),
            other if other.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
        before = character;
    }
    escaped
}
