//! The report as one page that needs nothing else: no server, no network, no other file.
//!
//! What is added up is markup, readable without a script. Services are data within the page, one a line, and `page/page.js` shows
//! those that are asked for, so that a hundred thousand of them open at once. The policy in its head lets a browser run that one
//! script, use that one style sheet, and load nothing.

mod lists;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Sheet;
use super::row::Row;
use super::tile::Tile;
use super::totals::Totals;
use crate::events::Protection;
use crate::ids::{AccountId, RegionName};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

#[derive(Default)]
pub(super) struct Html {
    any: bool,
}

impl Sheet for Html {
    fn begin(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        head(totals, out)?;
        // An undo does not look at what stays protected.
        if totals.run.undoes {
            writeln!(out, "<p class=\"outcomes\">{}</p>", outcomes(totals))?;
        } else {
            coverage(totals, out)?;
            matrix(totals, out)?;
            defenders(totals, out)?;
        }
        lists::failures(totals, out)?;
        lists::skipped(totals, out)?;
        lists::not_seen(totals, out)?;
        lists::network(totals, out)?;
        table(totals, out)?;
        out.write_all(br#"<script type="application/json" id="services">["#)
    }

    fn service(&mut self, row: &Row, _: &Totals, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(if self.any { b",\n" } else { b"\n" })?;
        self.any = true;
        out.write_all(in_script(&shown(row)).as_bytes())
    }

    fn end(&mut self, _: &Totals, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "\n]</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
    }
}

/// Returns what the page shows of a service, in the order in which `page.js` reads it.
fn shown(row: &Row) -> Value {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut why: Vec<&str> = match row.outcome.as_str() {
        "failed" => row.causes.iter().map(String::as_str).collect(),
        _ => row.text.iter().map(String::as_str).collect(),
    };
    why.extend(row.findings.iter().map(|it| it.text.as_str()));
    let connected = row.defenders_connected.zip(row.tasks).map(|(connected, tasks)| format!("connected {connected} of {tasks}"));
    json!([
        row.protection,
        format!("{}/{}", row.cluster, row.service),
        row.account,
        text(&row.account_name),
        row.region,
        row.outcome,
        why,
        text(&row.hint),
        text(&row.task_definition_before),
        text(&row.task_definition_after),
        text(&row.defender_before),
        text(&row.defender_after),
        text(&row.roll_out),
        connected.unwrap_or_default(),
    ])
}

/// Returns JSON that ends no script, whatever its texts hold.
fn in_script(value: &Value) -> String {
    // Within a string, where alone it can stand, this means the same.
    value.to_string().replace('<', "\\u003c")
}

/// Returns a text as markup that says exactly that, within an attribute too.
pub(super) fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;").replace('\0', "\u{fffd}")
}

/// Returns a number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let comma = |at: usize| at > 0 && (digits.len() - at).is_multiple_of(3);
    digits.char_indices().flat_map(|(at, digit)| comma(at).then_some(',').into_iter().chain([digit])).collect()
}

/// Returns the source that a policy names an inline script or style sheet by.
/// Source: W3C, "Content Security Policy Level 3", section 2.3.1, `hash-source`.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

fn head(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let run = &totals.run;
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        hash(SCRIPT),
        hash(STYLE)
    );
    let kind = match (run.undoes, run.dry_run) {
        (false, false) => "",
        (false, true) => "dry run: nothing was changed",
        (true, false) => "undo",
        (true, true) => "dry run of an undo: nothing was changed",
    };
    let badge = if kind.is_empty() { String::new() } else { format!(r#"<p class="badge">{kind}</p>"#) };
    let state = if totals.counts.complete() { "good" } else { "bad" };
    let facts = [
        ("Run", run.id.clone()),
        ("Began", run.began.map(|it| it.strftime("%Y-%m-%d %H:%M UTC").to_string())),
        ("Took", totals.took()),
        ("From", run.caller.as_ref().zip(run.region.as_ref()).map(|(account, region)| format!("{account}, {region}"))),
        ("Console", run.console.clone()),
        ("Today's Defender", run.defender_version.clone()),
        ("Accounts in scope", totals.accounts.map(|it| it.to_string())),
        ("Defenders connected", totals.connected()),
        ("Calls to AWS", totals.calls_to_aws()),
        ("Calls to the Console", totals.calls_to_console()),
        ("Stopped by", run.stopped_by.map(str::to_owned)),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let facts: String = facts.map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", escaped(&value))).collect();
    write!(
        out,
        r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Defenders in Fargate, run {}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#table">To the table of services</a>
<header>
<h1>Defenders in Fargate</h1>{badge}
<p class="verdict {state}"><span aria-hidden="true">{}</span> {}</p>
<dl>{facts}</dl>
</header>
<main>
"##,
        escaped(run.id.as_deref().unwrap_or_default()),
        if state == "good" { "✓" } else { "✕" },
        escaped(&totals.verdict()),
    )
}

fn coverage(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let all = totals.all();
    let percent = all.percent().unwrap_or_else(|| "-".to_owned());
    // A drawing is scaled by its own coordinates: a policy without inline styles leaves no other widths.
    let width = |part: u64| part * 1000 / all.in_scope().max(1);
    let (today, other) = (width(all.today), width(all.other));
    writeln!(
        out,
        r#"<section aria-labelledby="coverage"><h2 id="coverage">Coverage</h2>
<div class="coverage">
<p class="percent">{percent}<span>{} of {} in scope protected</span></p>
<svg viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label="{percent} protected">
<rect class="bar-none" width="1000" height="24"/>
<rect class="bar-other" x="{today}" width="{other}" height="24"/>
<rect class="bar-today" width="{today}" height="24"/></svg>"#,
        grouped(all.protected()),
        match all.in_scope() {
            1 => "1 Fargate service".to_owned(),
            more => format!("{} Fargate services", grouped(more)),
        },
    )?;
    let numbers = [
        (Protection::Today, all.today, "with today's Defender"),
        (Protection::Other, all.other, "with another Defender"),
        (Protection::None, all.none, "not protected"),
        (Protection::OutOfScope, all.out_of_scope, "not on Fargate, or gone"),
    ];
    write!(out, r#"<ul class="tiles">"#)?;
    for (protection, number, words) in numbers {
        let (class, sign) = look(protection);
        let code = protection.code();
        write!(
            out,
            r#"<li><button type="button" class="tile {class}" data-protection="{code}">
<b>{}</b><span><i aria-hidden="true">{sign}</i> {words}</span></button></li>"#,
            grouped(number)
        )?;
    }
    writeln!(out, "</ul>\n<p class=\"outcomes\">{}</p>\n</div></section>", outcomes(totals))
}

fn outcomes(totals: &Totals) -> String {
    let outcomes: Vec<String> =
        totals.outcomes().into_iter().map(|(word, number)| format!("{} {word}", grouped(number))).collect();
    if outcomes.is_empty() { "No service was seen".to_owned() } else { outcomes.join(" · ") }
}

/// Returns the class and the sign of a state: no colour stands alone.
fn look(protection: Protection) -> (&'static str, &'static str) {
    match protection {
        Protection::Today => ("today", "✓"),
        Protection::Other => ("other", "◐"),
        Protection::None => ("none", "✕"),
        Protection::OutOfScope => ("out", "–"),
    }
}

fn matrix(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let (accounts, regions) = totals.matrix();
    if accounts.is_empty() || regions.is_empty() {
        return Ok(());
    }
    let head: String = regions.iter().map(|region| format!(r#"<th scope="col">{region}</th>"#)).collect();
    writeln!(
        out,
        r#"<section aria-labelledby="matrix"><h2 id="matrix">Accounts and Regions</h2>
<p class="legend">Protected of those in scope.
<span class="key today">✓ all, with today's Defender</span>
<span class="key other">◐ some with another</span>
<span class="key part">◔ some not protected</span>
<span class="key none">✕ none protected</span>
<span class="key out">– none in scope</span>
<span class="key blind">? not all seen</span></p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix">
<table class="matrix"><thead><tr><th scope="col">Account</th>{head}</tr></thead><tbody>"#
    )?;
    for account in accounts {
        let name = totals.name_of(account.as_str());
        let name = name.map_or_else(String::new, |name| format!(r#"<span class="name">{}</span> "#, escaped(name)));
        let cells: String = regions.iter().map(|region| cell(totals, account, region)).collect();
        writeln!(out, r#"<tr><th scope="row">{name}<span class="id">{account}</span></th>{cells}</tr>"#)?;
    }
    writeln!(out, "</tbody></table></div></section>")
}

fn cell(totals: &Totals, account: &AccountId, region: &RegionName) -> String {
    let tile = totals.tiles.get(&(account.clone(), region.clone())).copied();
    let blind = totals.is_blind(account, Some(region));
    let Some(tile) = tile else {
        return if blind {
            r#"<td><span class="cell blind">? <small>not seen</small></span></td>"#.to_owned()
        } else {
            "<td></td>".to_owned()
        };
    };
    let Tile { other, none, .. } = tile;
    let (class, sign, words) = match (tile.in_scope(), tile.protected()) {
        _ if blind => ("blind", "?", "not all of it was seen"),
        (0, _) => ("out", "–", "none in scope"),
        (_, 0) => ("none", "✕", "none protected"),
        _ if none > 0 => ("part", "◔", "some not protected"),
        _ if other > 0 => ("other", "◐", "some with another Defender"),
        _ => ("today", "✓", "all with today's Defender"),
    };
    let (protected, all) = (tile.protected(), tile.in_scope());
    let told = if all == 0 { tile.out_of_scope.to_string() } else { format!("{protected}/{all}") };
    format!(
        r#"<td><button type="button" class="cell {class}"
data-account="{account}" data-region="{region}"
aria-label="{account}, {region}: {protected} of {all} protected, {words}; show them">{sign} {told}</button></td>"#
    )
}

fn defenders(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    if totals.defenders.is_empty() {
        return Ok(());
    }
    let most = totals.defenders.values().copied().max().unwrap_or(1).max(1);
    writeln!(
        out,
        r#"<section aria-labelledby="versions"><h2 id="versions">Defender versions in use</h2>
<table class="versions"><thead><tr>
<th scope="col">Version</th><th scope="col">Services</th><th scope="col"><span class="hidden">Share</span></th></tr>
</thead><tbody>"#
    )?;
    for (version, services) in totals.defenders.iter().rev() {
        let is_todays = version.is_some() && *version == totals.run.defender_version;
        let (class, note) = match version.as_deref() {
            None => ("out", ""),
            Some("none") => ("none", ""),
            Some(_) if is_todays => ("today", " <small>today's</small>"),
            Some(_) => ("other", ""),
        };
        let told = match version.as_deref() {
            None => "not known",
            Some("none") => "no Defender",
            Some(version) => version,
        };
        writeln!(
            out,
            r#"<tr><th scope="row">{}{note}</th><td class="number">{}</td><td><svg viewBox="0 0 1000 12"
preserveAspectRatio="none" aria-hidden="true"><rect class="bar-{class}" width="{}" height="12"/></svg></td></tr>"#,
            escaped(told),
            grouped(*services),
            (services * 1000 / most).max(4),
        )?;
    }
    writeln!(out, "</tbody></table></section>")
}

fn table(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let columns = ["State", "Service", "Account", "Region", "Outcome", "Why", "Task definition", "Defender"];
    let head: String = columns
        .iter()
        .map(|name| {
            format!(r#"<th scope="col" aria-sort="none"><button type="button">{name}<i aria-hidden="true"></i></button></th>"#)
        })
        .collect();
    let states: String =
        Protection::ALL.iter().map(|it| format!(r#"<option value="{}">{}</option>"#, it.code(), it.label())).collect();
    let outcomes: String = totals
        .outcomes()
        .iter()
        .map(|(word, _)| format!(r#"<option value="{}">{word}</option>"#, word.replace(' ', "-")))
        .collect();
    writeln!(
        out,
        r#"<section aria-labelledby="table"><h2 id="table" tabindex="-1">Services</h2>
<noscript><p>The table needs JavaScript, which this page has within it; the CSV report has the same rows.</p></noscript>
<form id="filters" role="search">
<label>Search <input type="search" id="search" autocomplete="off" placeholder="service, account, reason, task definition"></label>
<label>State <select id="state"><option value="">every state</option>{states}</select></label>
<label>Outcome <select id="outcome"><option value="">every outcome</option>{outcomes}</select></label>
<button type="button" id="clear" hidden>Show all</button></form>
<p id="found" role="status"></p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="table">
<table class="services"><thead><tr>{head}</tr></thead><tbody id="rows"></tbody></table></div>
<nav id="pages" aria-label="Pages of the table" hidden><button type="button" id="back">Back</button>
<span id="page"></span> <button type="button" id="next">Next</button></nav></section>
</main>
<footer><p>Written by fargate-updater {}. This page loads nothing and sends nothing.</p></footer>"#,
        env!("CARGO_PKG_VERSION")
    )
}
