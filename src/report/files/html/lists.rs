//! The page's lists: what failed, what was skipped, what was not walked, what was done to networks, and what was warned of.

use std::io::{self, Write};

use super::{escaped, grouped};
use crate::events::{Failure, ServiceId, Unseen};
use crate::report::files::totals::{Skipped, Totals, unseen_text};

/// So many items of a list are told; the rest is counted.
const MOST_TOLD: usize = 100;

pub(super) fn failures(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let all = totals.counts.failed + totals.counts.unseen_failed;
    if all == 0 {
        return Ok(());
    }
    writeln!(
        out,
        r#"<section aria-labelledby="failures"><h2 id="failures">Failures ({})</h2>
<ul class="failures scroll">"#,
        grouped(all)
    )?;
    let places = totals.unseen_failed().map(|(place, failure)| (place.to_string(), " could not be walked".to_owned(), failure));
    let services = totals.failures.iter().map(|(service, failure)| {
        let ServiceId { account, region, cluster, name, .. } = service;
        let called = totals.name_of(account.as_str()).map_or_else(String::new, |name| format!("{name} "));
        (format!("{cluster}/{name}"), format!(", {called}{account}, {region}"), failure)
    });
    let mut told = 0;
    for (name, rest, Failure { stage, causes, hint }) in places.chain(services).take(MOST_TOLD) {
        told += 1;
        let causes: String = causes.iter().map(|cause| format!("<li>{}</li>", escaped(cause))).collect();
        let hint = hint.as_ref().map_or_else(String::new, |hint| format!("<p><b>Way out:</b> {}</p>", escaped(hint)));
        writeln!(
            out,
            r#"<li><details><summary><b>{}</b>{} <span class="stage">{}</span></summary><ul>{causes}</ul>{hint}</details></li>"#,
            escaped(&name),
            escaped(&rest),
            stage.code()
        )?;
    }
    writeln!(out, "</ul>{}</section>", more(all - told))
}

fn more(more: u64) -> String {
    if more == 0 { String::new() } else { format!("<p>and {} more, which the JSON report has</p>", grouped(more)) }
}

pub(super) fn skipped(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    if totals.skipped.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        r#"<section aria-labelledby="skipped"><h2 id="skipped">Skipped, and why</h2>
<div class="scroll"><table><thead><tr>
<th scope="col">Services</th><th scope="col">Why, for example</th><th scope="col">What its owner can do</th></tr></thead>
<tbody>"#
    )?;
    for Skipped { services, sentence, way_out } in totals.skipped.values() {
        let (services, sentence, way_out) = (grouped(*services), escaped(sentence), escaped(way_out));
        writeln!(out, r#"<tr><td class="number">{services}</td><td>{sentence}</td><td>{way_out}</td></tr>"#)?;
    }
    writeln!(out, "</tbody></table></div></section>")
}

pub(super) fn not_seen(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let places = || totals.unseen().filter(|(_, why)| !matches!(why, Unseen::Failed(_)));
    let all = places().count();
    let told = places().map(|(place, why)| format!("{place}: {}", unseen_text(why)));
    list("not-walked", "Not walked, and why", all, told, out)
}

pub(super) fn network(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    let told = totals.network.iter().map(|it| {
        let why = if it.why.is_empty() { String::new() } else { format!(", {}", it.why) };
        format!("{} in {} {} {}: {}{why}", it.change, it.account, it.region, it.vpc, it.what)
    });
    list("network", "Networks", totals.network.len(), told, out)?;
    list("warnings", "Warnings", totals.warnings.len(), totals.warnings.iter().cloned(), out)
}

fn list(id: &str, title: &str, all: usize, items: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    if all == 0 {
        return Ok(());
    }
    writeln!(
        out,
        r#"<section aria-labelledby="{id}"><details><summary><h2 id="{id}">{title} ({all})</h2></summary>
<ul class="plain">"#
    )?;
    items.take(MOST_TOLD).try_for_each(|item| writeln!(out, "<li>{}</li>", escaped(&item)))?;
    let more = all.saturating_sub(MOST_TOLD);
    writeln!(out, "</ul>{}</details></section>", self::more(more as u64))
}
