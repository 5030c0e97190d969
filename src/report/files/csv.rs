//! The report as CSV (RFC 4180): a head, and a row for each service, for spreadsheets.

use std::io::{self, Write};

use super::Sheet;
use super::row::Row;
use super::totals::Totals;

/// The columns. New ones come last, so that who counts them goes on counting right.
pub const HEADER: [&str; 21] = [
    "account",
    "account_name",
    "region",
    "cluster",
    "service",
    "outcome",
    "protection",
    "reason",
    "text",
    "stage",
    "causes",
    "hint",
    "task_definition_before",
    "task_definition_after",
    "defender_before",
    "defender_after",
    "roll_out",
    "tasks",
    "defenders_connected",
    "findings",
    "warnings",
];

pub(super) struct Csv;

impl Sheet for Csv {
    fn begin(&mut self, _: &Totals, out: &mut dyn Write) -> io::Result<()> {
        record(&HEADER, out)
    }

    fn service(&mut self, row: &Row, _: &Totals, out: &mut dyn Write) -> io::Result<()> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let number = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        let noted = |warning: bool| {
            let texts = row.findings.iter().filter(|it| it.warning == warning).map(|it| it.text.as_str());
            texts.collect::<Vec<_>>().join("; ")
        };
        let cells = [
            row.account.clone(),
            text(&row.account_name),
            row.region.clone(),
            row.cluster.clone(),
            row.service.clone(),
            row.outcome.clone(),
            row.protection.clone(),
            text(&row.reason),
            text(&row.text),
            text(&row.stage),
            row.causes.join("; "),
            text(&row.hint),
            text(&row.task_definition_before),
            text(&row.task_definition_after),
            text(&row.defender_before),
            text(&row.defender_after),
            text(&row.roll_out),
            number(row.tasks),
            number(row.defenders_connected),
            noted(false),
            noted(true),
        ];
        record(&cells.each_ref().map(String::as_str), out)
    }

    fn end(&mut self, _: &Totals, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

fn record(cells: &[&str; HEADER.len()], out: &mut dyn Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    write!(out, "{}\r\n", cells.join(","))
}

/// Returns a cell as it is written: quoted where it has to be, and never a formula.
///
/// A spreadsheet calculates a cell that begins with one of these; an apostrophe before it makes it text.
/// Source: OWASP, "CSV Injection" (read 2026-11).
pub(super) fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}
