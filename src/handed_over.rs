//! What is handed to others at the end of a run: files with reports, a step's summary, annotations in a CI system's log.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::events::Failure;
use crate::report::ci::{System, azure_summary};
use crate::report::files::totals::Totals;
use crate::report::files::{Files, write_markdown};
use crate::settings::ReportSettings;

/// Writes all reports of a run, says on stderr which of them could not be written, and returns whether all were.
pub(crate) fn reports(files: Files, settings: &ReportSettings) -> bool {
    let (totals, failed) = files.finish();
    let mut whole = failed.is_empty();
    for not_written in failed {
        say(&not_written.destination, &not_written.error);
    }
    if !totals.walked() {
        return whole;
    }
    if let Some(path) = &settings.step_summary {
        whole &= appended(path, &totals);
    }
    if let Some(path) = &settings.markdown_for_azure {
        whole &= written(path, &totals);
    }
    if let Some(system) = settings.system {
        whole &= annotated(system, &totals, settings.markdown()).is_ok();
    }
    whole
}

/// Tells a CI system why a run could not start.
pub(crate) fn could_not_start(failure: &Failure, settings: &ReportSettings) {
    if let Some(system) = settings.system {
        // Nothing can be done about an output that is closed.
        let _ = system.failure("the run could not start", failure, &mut io::stdout().lock());
    }
}

fn annotated(system: System, totals: &Totals, markdown: Option<&Path>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    system.failures(totals, &mut stdout)?;
    if let (System::AzureDevOps, Some(path)) = (system, markdown) {
        // It looks for a relative one elsewhere.
        let path = std::path::absolute(path)?;
        azure_summary(&path.to_string_lossy(), &mut stdout)?;
    }
    stdout.flush()
}

/// Puts the Markdown behind what other steps' commands wrote there.
fn appended(path: &Path, totals: &Totals) -> bool {
    told(path, OpenOptions::new().append(true).create(true).open(path).and_then(|mut file| markdown(&mut file, totals)))
}

fn written(path: &Path, totals: &Totals) -> bool {
    told(path, std::fs::File::create(path).and_then(|mut file| markdown(&mut file, totals)))
}

fn markdown(file: &mut impl Write, totals: &Totals) -> io::Result<()> {
    let mut text = Vec::new();
    write_markdown(totals, &mut text)?;
    file.write_all(&text)
}

fn told(path: &Path, written: io::Result<()>) -> bool {
    written.map_err(|error| say(&path.display().to_string(), &error)).is_ok()
}

fn say(destination: &str, error: &io::Error) {
    let _ = writeln!(io::stderr().lock(), "error: could not write the report {destination}: {error}");
}
