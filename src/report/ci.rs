//! What CI systems are told besides: failures as annotations, and where the Markdown is.
//!
//! They read lines of a form of their own from standard output, each of which is one line whatever a text holds.

use std::io::{self, Write};

use super::files::totals::Totals;
use crate::events::{Failure, ServiceId};

/// GitHub shows so many errors of one step.
/// Source: GitHub's community discussion 26680, "Annotation limitation" (read 2026-11).
const MOST_ANNOTATIONS: usize = 10;

/// Who reads standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    GitHub,
    AzureDevOps,
}

impl System {
    /// Tells every failure, or as many as are shown, the last of which counts the others.
    ///
    /// # Errors
    ///
    /// When the writer fails.
    pub fn failures(self, totals: &Totals, out: &mut impl Write) -> io::Result<()> {
        let places = totals.unseen_failed().map(|(place, failure)| (format!("{place} could not be walked"), failure));
        let verb = if totals.run.undoes { "undone" } else { "protected" };
        let services = totals.failures.iter().map(|(service, failure)| {
            let ServiceId { account, region, cluster, name, .. } = service;
            (format!("{cluster}/{name} ({account}, {region}) is not {verb}"), failure)
        });
        let all = totals.counts.failed + totals.counts.unseen_failed;
        let told = if all > MOST_ANNOTATIONS as u64 { MOST_ANNOTATIONS - 1 } else { MOST_ANNOTATIONS };
        for (title, failure) in places.chain(services).take(told) {
            self.failure(&title, failure, out)?;
        }
        match all.checked_sub(told as u64) {
            Some(more @ 1..) => self.error("fargate-updater", &format!("{more} more failures; the report has all of them"), out),
            _ => Ok(()),
        }
    }

    /// Tells one failure.
    ///
    /// # Errors
    ///
    /// When the writer fails.
    pub fn failure(self, title: &str, failure: &Failure, out: &mut impl Write) -> io::Result<()> {
        let hint = failure.hint.iter().map(|hint| format!("way out: {hint}"));
        let text: Vec<String> = failure.causes.iter().cloned().chain(hint).collect();
        self.error(title, &text.join("\n"), out)
    }

    fn error(self, title: &str, text: &str, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::GitHub => writeln!(out, "::error title={}::{}", github_property(title), github(text)),
            // Its issues have no title, and one line each.
            Self::AzureDevOps => {
                writeln!(out, "##vso[task.logissue type=error]{}", azure(&format!("{title}: {}", text.replace('\n', ": "))))
            }
        }
    }
}

/// Has Azure DevOps show a file with Markdown on the page of the run.
///
/// # Errors
///
/// When the writer fails.
pub fn azure_summary(path: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "##vso[task.uploadsummary]{}", azure(path))
}

/// Returns a text as the data of one of GitHub's workflow commands.
/// Source: GitHub's actions/toolkit, `escapeData` and `escapeProperty` of its core package (read 2026-11).
pub fn github(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns a text as a property of one.
pub fn github_property(text: &str) -> String {
    github(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns a text as the data of one of Azure DevOps's logging commands.
/// Source: Microsoft's azure-pipelines-task-lib, `escapedata` of its node package (read 2026-11).
pub fn azure(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}
