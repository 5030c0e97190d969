//! `check`: a gate for merges, which says of files whether they carry today's Defender.

use std::path::Path;

use super::desk::{Aim, Desk};
use super::file::{self, Source};
use super::{FileError, sarif};
use crate::cli::{CheckArguments, CheckFormat};
use crate::journey::condition;
use crate::plan::SkipReason;
use crate::plan::document::Position;
use crate::plan::explain::after_skipped;
use crate::plan::forms::{Spot, Wanted};
use crate::plan::outdated::Outdated;
use crate::plan::service::Condition;
use crate::report::ci::{github, github_property};
use crate::report::typed::typed;
use crate::settings::Settings;

/// What was found out about one task definition.
pub(super) struct Checked {
    /// None, when it came from standard input.
    pub(super) path: Option<String>,
    pub(super) name: String,
    pub(super) position: Position,
    pub(super) label: String,
    pub(super) verdict: Verdict,
}

/// Whether a task definition carries today's Defender.
pub(super) enum Verdict {
    Current,
    Unprotected,
    /// Why the Defender that is there is not today's.
    Outdated(Outdated),
    /// Why it gets none.
    LeftAlone(Box<SkipReason>),
    /// What of it cannot be seen.
    Unseen(String),
}

impl Verdict {
    /// Returns a fixed word for machines.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Unprotected => "unprotected",
            Self::Outdated(_) => "outdated",
            Self::LeftAlone(_) | Self::Unseen(_) => "not-protectable",
        }
    }

    /// Returns the sentence for people, without a full stop.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Current => "it carries today's Defender".to_owned(),
            Self::Unprotected => "it carries no Defender".to_owned(),
            Self::Outdated(why) => why.sentence(),
            Self::LeftAlone(why) => format!("it gets no Defender: {}", why.sentence()),
            Self::Unseen(what) => format!("not all of it can be seen: {what}"),
        }
    }

    pub(super) fn is_current(&self) -> bool {
        matches!(self, Self::Current)
    }
}

/// Says of every task definition of the files whether it carries today's Defender, and returns whether all of them do.
///
/// # Errors
///
/// When one of the files cannot be used, or the Console not be asked.
pub(super) async fn check(arguments: &CheckArguments, settings: &Settings) -> Result<bool, FileError> {
    let wanted = Wanted::from(&arguments.definitions);
    let mut read = Vec::new();
    for path in &arguments.files {
        let source = Source::read(path)?;
        let spots = source.spots(&wanted)?;
        read.push((source, spots));
    }
    let spots: Vec<&Spot> = read.iter().flat_map(|(_, spots)| spots).collect();
    // Nothing is embedded, so that no image is looked at.
    let mut desk = Desk::open(settings, Aim::Nothing, &spots).await?;
    // What is embedded anew each time is as good as today's until then.
    desk.policy.reembed = false;
    let checked = read.iter().flat_map(|(source, spots)| spots.iter().map(|spot| judged(source, spot, &desk)));
    let checked: Vec<Checked> = checked.collect();
    let version = desk.today.version_text();
    let text = match arguments.format {
        CheckFormat::Text => as_text(&checked, version),
        CheckFormat::Github => as_annotations(&checked, version),
        CheckFormat::Sarif => format!("{:#}\n", sarif::log(&checked)),
    };
    file::write(None::<&Path>, &text)?;
    Ok(checked.iter().all(|checked| checked.verdict.is_current()))
}

fn judged(source: &Source, spot: &Spot, desk: &Desk) -> Checked {
    let verdict = match condition(&spot.definition, &desk.maker()) {
        Condition::Current => Verdict::Current,
        Condition::Unprotected => Verdict::Unprotected,
        Condition::Outdated(outdated) | Condition::Refused(SkipReason::UpgradesAreOff { outdated }) => {
            Verdict::Outdated(outdated)
        }
        Condition::Refused(reason) => Verdict::LeftAlone(Box::new(reason)),
    };
    let verdict = match (verdict, spot.unseen()) {
        (Verdict::Current, Some(unseen)) => Verdict::Unseen(spot.readable(&unseen.to_string())),
        (verdict, _) => verdict,
    };
    let path = (!source.from_standard_input).then(|| source.name.clone());
    Checked { path, name: source.name.clone(), position: spot.position, label: spot.label.clone(), verdict }
}

/// One line for each definition, as compilers write them, and a last one that counts.
fn as_text(checked: &[Checked], version: &str) -> String {
    let mut lines: Vec<String> = checked.iter().map(line).collect();
    lines.push(summary(checked, version));
    lines.join("\n") + "\n"
}

fn line(Checked { name, position, label, verdict, .. }: &Checked) -> String {
    let mark = if verdict.is_current() { "ok" } else { "not protected" };
    let mark = if matches!(verdict, Verdict::Outdated(_)) { "not current" } else { mark };
    format!("{name}:{}:{}: {mark}: {label}: {}", position.line, position.column, verdict.sentence())
}

fn summary(checked: &[Checked], version: &str) -> String {
    let current = checked.iter().filter(|checked| checked.verdict.is_current()).count();
    let count = checked.len();
    let noun = if count == 1 { "task definition carries" } else { "task definitions carry" };
    format!("{current} of {count} {noun} today's Defender ({version})")
}

/// Workflow commands, which GitHub shows at the line of the file.
/// Source: GitHub Docs, "Workflow commands for GitHub Actions", setting an error message (read 2026-11).
fn as_annotations(checked: &[Checked], version: &str) -> String {
    let wrong = checked.iter().filter(|checked| !checked.verdict.is_current());
    let mut lines: Vec<String> = wrong
        .map(|Checked { path, position, label, verdict, .. }| {
            let file = path.iter().map(|path| format!("file={},", github_property(path))).collect::<String>();
            let place = format!("{file}line={},col={}", position.line, position.column);
            let title = github_property(&format!("{label} is not protected by today's Defender"));
            format!(
                "::error {place},title={title}::{}",
                github(&format!("{}: {}", verdict.sentence(), way_out(path.as_deref(), verdict)))
            )
        })
        .collect();
    lines.push(summary(checked, version));
    lines.join("\n") + "\n"
}

/// Returns what mends it.
pub(super) fn way_out(path: Option<&str>, verdict: &Verdict) -> String {
    match (verdict, path) {
        (Verdict::LeftAlone(reason), _) => after_skipped(reason),
        (Verdict::Unseen(_), _) => "write the container itself there".to_owned(),
        (_, Some(path)) => format!("run `fargate-updater embed {0} -o {0}`", typed(path)),
        (_, None) => "put it in with `fargate-updater embed`".to_owned(),
    }
}
