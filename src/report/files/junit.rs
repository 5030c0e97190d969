//! The report as JUnit's XML, which CI systems show: a suite for each account, a case for each service and for each place that was
//! not seen.
//!
//! What failed is a failure, what was not attempted an error, what was skipped is skipped with its reason.

use std::io::{self, Write};

use super::Sheet;
use super::row::Row;
use super::totals::{Cases, Totals, unseen_code, unseen_text};
use crate::events::{Place, Unseen};
use crate::ids::AccountId;

#[derive(Default)]
pub(super) struct Junit {
    /// Accounts whose suites have begun, and so how many of them.
    begun: usize,
}

impl Sheet for Junit {
    fn begin(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        let all = totals.cases.values().fold(Cases::default(), |all, it| Cases {
            tests: all.tests + it.tests,
            failures: all.failures + it.failures,
            errors: all.errors + it.errors,
            skipped: all.skipped + it.skipped,
        });
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
        let name = format!("fargate-updater {}", totals.run.id.as_deref().unwrap_or_default());
        writeln!(out, "<testsuites name=\"{}\" {}>", escaped(&name), numbers(all))?;
        about_run(totals, out)
    }

    fn service(&mut self, row: &Row, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        self.suites_up_to(Some(&row.account), totals, out)?;
        let class = format!("{}.{}.{}", row.account, row.region, row.cluster);
        write!(out, "    <testcase classname=\"{}\" name=\"{}\"", escaped(&class), escaped(&row.service))?;
        let text = row.text.as_deref().unwrap_or_default();
        match row.outcome.as_str() {
            "failed" => {
                let told = told(&row.causes, row.hint.as_deref());
                problem("failure", row.stage.as_deref().unwrap_or_default(), text, &told, out)
            }
            "not-attempted" => problem("error", row.reason.as_deref().unwrap_or_default(), text, text, out),
            "skipped" => skipped(text, out),
            _ => {
                let moved = [&row.task_definition_before, &row.task_definition_after];
                let moved: Vec<&str> = moved.into_iter().flatten().map(String::as_str).collect();
                let findings = row.findings.iter().map(|it| format!("\n{}", it.text)).collect::<String>();
                // Where they differ, a finding tells it.
                let connected = row.defenders_connected.zip(row.tasks).filter(|(connected, tasks)| connected == tasks);
                let connected = connected.map_or_else(String::new, |(it, tasks)| format!(", connected {it} of {tasks}"));
                let output = escaped_text(&format!("{}: {}{connected}{findings}", row.outcome, moved.join(" -> ")));
                writeln!(out, ">\n      <system-out>{output}</system-out>\n    </testcase>")
            }
        }
    }

    fn end(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        self.suites_up_to(None, totals, out)?;
        if self.begun > 0 {
            out.write_all(b"  </testsuite>\n")?;
        }
        out.write_all(b"</testsuites>\n")
    }
}

impl Junit {
    /// Begins the suites of all accounts as far as this one, or of all.
    fn suites_up_to(&mut self, account: Option<&str>, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
        let next = totals.cases.iter().skip(self.begun);
        for (id, cases) in next.take_while(|(id, _)| account.is_none_or(|account| id.as_str() <= account)) {
            if self.begun > 0 {
                out.write_all(b"  </testsuite>\n")?;
            }
            self.begun += 1;
            let name = totals.name_of(id.as_str()).map_or_else(|| id.to_string(), |name| format!("{id} {name}"));
            writeln!(out, "  <testsuite name=\"{}\" {}>", escaped(&name), numbers(*cases))?;
            places_of(id, totals, out)?;
        }
        Ok(())
    }
}

fn places_of(account: &AccountId, totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    for (place, why) in totals.unseen_of(account) {
        let Place { region, cluster, .. } = place;
        let region = region.as_ref().map(|region| format!(".{region}")).unwrap_or_default();
        let name = cluster.as_ref().map_or_else(|| place.to_string(), |cluster| format!("cluster {cluster}"));
        write!(out, "    <testcase classname=\"{}\" name=\"{}\"", escaped(&format!("{account}{region}")), escaped(&name))?;
        let text = unseen_text(why);
        match why {
            Unseen::Failed(failure) => {
                problem("failure", failure.stage.code(), &text, &told(&failure.causes, failure.hint.as_deref()), out)?;
            }
            Unseen::NotAttempted => problem("error", unseen_code(why), &text, &text, out)?,
            _ => skipped(&text, out)?,
        }
    }
    Ok(())
}

/// Tells what is no account's in a suite without a case: only suites have properties.
/// Source: jenkinsci/xunit-plugin, junit-10.xsd, `testsuites` and `testsuite` (read 2026-11).
fn about_run(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  <testsuite name=\"run\" {}>\n    <properties>", numbers(Cases::default()))?;
    for (name, number) in totals.numbers() {
        if let Some(number) = number {
            writeln!(out, "      <property name=\"{name}\" value=\"{number}\"/>")?;
        }
    }
    writeln!(out, "    </properties>\n  </testsuite>")
}

fn told(causes: &[String], hint: Option<&str>) -> String {
    let hint = hint.map(|hint| format!("hint: {hint}"));
    causes.iter().map(|cause| format!("cause: {cause}")).chain(hint).collect::<Vec<_>>().join("\n")
}

fn problem(element: &str, kind: &str, message: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let (kind, message, text) = (escaped(kind), escaped(message), escaped_text(text));
    writeln!(out, ">\n      <{element} type=\"{kind}\" message=\"{message}\">{text}</{element}>\n    </testcase>")
}

fn skipped(message: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, ">\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(message))
}

fn numbers(cases: Cases) -> String {
    let Cases { tests, failures, errors, skipped } = cases;
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

/// Returns a text as an attribute's value: line ends and tabs as references, since a parser would make blanks of them.
pub(super) fn escaped(text: &str) -> String {
    escaped_text(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Returns a text as an element's content. What XML 1.0 has no place for is replaced.
///
/// Source: Extensible Markup Language (XML) 1.0, fifth edition, section 2.2, "Char".
pub(super) fn escaped_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}
