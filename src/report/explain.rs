//! Why a service ends as it does, for people: part by part, each fact on a line of its own, and what follows from it below.

use std::io::{self, Write};

use super::text::{BOLD, GREEN, YELLOW, named, paint, told};
use crate::events::{Explanation, Outcome, ServiceEnded};
use crate::plan::explain::{Decision, Fact, Part, Section, Told, after_planned, after_skipped, each, one};

/// Facts are broken over lines of about so many characters.
const WIDTH: usize = 96;

/// What stands before a decision.
const SO: &str = "so";

/// Returns the last part: how it ended, and what its owner can do about that.
pub(super) fn outcome(ended: &ServiceEnded) -> Part {
    let (word, _, text) = told(&ended.outcome);
    let mut facts = vec![one("outcome", word)];
    let way_out = match &*ended.outcome {
        Outcome::Failed(failure) => {
            facts.push(one("stage", failure.stage.code()));
            facts.push(each("causes", failure.causes.clone()));
            failure.hint.clone().unwrap_or_else(|| "no way out is known; the causes say what was attempted".to_owned())
        }
        other => {
            let why = match other {
                Outcome::UpToDate { task_definition } => format!("{} carries today's Defender", task_definition.short()),
                _ => text,
            };
            facts.push(one("why", why));
            match other {
                Outcome::Skipped(reason) => after_skipped(reason),
                Outcome::Planned { .. } => after_planned(),
                Outcome::UpToDate { .. } => "nothing: it is as it should be".to_owned(),
                Outcome::NotAttempted(_) => "ask again".to_owned(),
                Outcome::Protected { .. } | Outcome::Upgraded { .. } | Outcome::Undone { .. } | Outcome::Failed(_) => {
                    "nothing".to_owned()
                }
            }
        }
    };
    if !ended.findings.is_empty() {
        facts.push(each("worth_knowing", ended.findings.iter().map(ToString::to_string)));
    }
    Part { section: Section::Outcome, facts, decision: Decision::Ends(way_out) }
}

/// Tells all parts.
pub(super) fn text(explanation: &Explanation, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    let last = outcome(&explanation.ended);
    let parts: Vec<&Part> = explanation.parts.iter().chain([&last]).collect();
    let names = parts.iter().flat_map(|part| &part.facts).map(|fact| fact.name.len());
    let width = names.max().unwrap_or_default();
    writeln!(writer, "{}", paint(&named(&explanation.ended.service), BOLD, colour))?;
    for part in parts {
        writeln!(writer, "\n{}", paint(part.section.title(), BOLD, colour))?;
        for fact in &part.facts {
            told_of(fact, width, writer)?;
        }
        let code = if matches!(part.decision, Decision::Ends(_)) { YELLOW } else { GREEN };
        let so = if part.section == Section::Outcome { "way out" } else { SO };
        line(&paint(&format!("{so:width$}"), code, colour), part.decision.text(), width, writer)?;
    }
    Ok(())
}

fn told_of(fact: &Fact, width: usize, writer: &mut impl Write) -> io::Result<()> {
    let name = format!("{:width$}", fact.name.replace('_', " "));
    match &fact.told {
        Told::One(text) => line(&name, text, width, writer),
        Told::Each(texts) if texts.is_empty() => line(&name, "none", width, writer),
        Told::Each(texts) => {
            let nothing = " ".repeat(width);
            let names = std::iter::once(&name).chain(std::iter::repeat(&nothing));
            names.zip(texts).try_for_each(|(name, text)| line(name, text, width, writer))
        }
    }
}

/// Writes a name and a text behind it, which is broken between words and goes on below itself.
fn line(name: &str, text: &str, width: usize, writer: &mut impl Write) -> io::Result<()> {
    let mut lines = broken(text).into_iter();
    writeln!(writer, "  {name}  {}", lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| writeln!(writer, "  {:width$}    {line}", ""))
}

/// Breaks a text between words; a word that is longer than a line stays whole, so that it can be copied.
fn broken(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
