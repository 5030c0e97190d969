//! Reports in files, and the CI system that the program runs in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::reader::Reader;
use crate::report::ci::System;
use crate::report::files::destination::{Destination, Format};

const REPORT: &str = "REPORT";

/// GitHub Actions says with this that it reads standard output, and where a step's summary goes.
/// Source: GitHub Docs, "Variables reference", "Default environment variables" (read 2026-11).
const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
const GITHUB_STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Azure DevOps says with this that it reads standard output, and which directory is emptied after the job.
/// Source: Azure Pipelines documentation, "Use predefined variables" (read 2026-11).
const TF_BUILD: &str = "TF_BUILD";
const AGENT_TEMP_DIRECTORY: &str = "AGENT_TEMPDIRECTORY";

/// Where files for a while are kept, by everybody's custom.
/// Source: POSIX.1-2024, "Environment Variables", TMPDIR.
pub const TEMPORARY: &str = "TMPDIR";

/// What CI systems say of themselves to every program that they start.
pub const OF_CI_SYSTEMS: [&str; 4] = [GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, TF_BUILD, AGENT_TEMP_DIRECTORY];

/// Where a run is told besides standard output.
#[derive(Clone, Debug, Default)]
pub struct ReportSettings {
    pub destinations: Vec<Destination>,
    /// Where reports are kept until they are uploaded.
    pub temporary: PathBuf,
    /// Who reads standard output, if it is a CI system.
    pub system: Option<System>,
    /// The file that GitHub shows as a step's summary; what is there stays.
    pub step_summary: Option<PathBuf>,
    /// Where Azure DevOps finds the Markdown, if `REPORT` names none.
    pub markdown_for_azure: Option<PathBuf>,
}

impl ReportSettings {
    /// Returns the Markdown among the reports, for whoever shows it.
    pub fn markdown(&self) -> Option<&Path> {
        let named = self.destinations.iter().find_map(|destination| match destination {
            Destination::File { path, format: Format::Markdown } => Some(path.as_path()),
            _ => None,
        });
        named.or(self.markdown_for_azure.as_deref())
    }
}

impl Reader {
    pub(super) fn reports(&mut self, given: Option<String>, environment: &impl Fn(&str) -> Option<String>) -> ReportSettings {
        let set = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
        let is_true = |name: &str| set(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let system = match (is_true(GITHUB_ACTIONS), is_true(TF_BUILD)) {
            (true, _) => Some(System::GitHub),
            (false, true) => Some(System::AzureDevOps),
            (false, false) => None,
        };
        let temporary = PathBuf::from(set(TEMPORARY).unwrap_or_else(|| "/tmp".to_owned()));
        let destinations = self.destinations(given, &temporary);
        let has_markdown = destinations.iter().any(|it| matches!(it, Destination::File { format: Format::Markdown, .. }));
        let of_the_agent = set(AGENT_TEMP_DIRECTORY).map(PathBuf::from).filter(|directory| directory.is_dir());
        let markdown_for_azure = of_the_agent
            .filter(|_| system == Some(System::AzureDevOps) && !has_markdown)
            .map(|directory| directory.join("fargate-updater.md"));
        let step_summary = set(GITHUB_STEP_SUMMARY).map(PathBuf::from);
        ReportSettings { destinations, temporary, system, step_summary, markdown_for_azure }
    }

    fn destinations(&mut self, given: Option<String>, temporary: &Path) -> Vec<Destination> {
        let Some(text) = self.text(REPORT, given) else { return Vec::new() };
        let mut destinations = Vec::new();
        let mut seen = BTreeSet::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let checked = Destination::parse(item).and_then(|destination| destination.check(temporary).map(|()| destination));
            match checked {
                Err(problem) => self.problem(REPORT, problem.to_string()),
                Ok(destination) if seen.insert(destination.clone()) => destinations.push(destination),
                Ok(_) => self.problem(REPORT, format!("{item:?} is given twice; leave one of them out")),
            }
        }
        if destinations.is_empty() && seen.is_empty() && text.split(',').all(|item| item.trim().is_empty()) {
            self.problem(REPORT, format!("{text:?} names nothing; give names of files or s3://BUCKET/KEY, or leave it out"));
        }
        destinations
    }
}
