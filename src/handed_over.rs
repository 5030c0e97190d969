//! What is handed to others at the end of a run: files with reports, objects in buckets, a step's summary, annotations in a CI
//! system's log.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::aws::s3;
use crate::events::Failure;
use crate::report::ci::{System, azure_summary};
use crate::report::files::totals::Totals;
use crate::report::files::{Files, Finished, Upload, write_markdown};
use crate::report::typed::typed;
use crate::run::Ended;
use crate::settings::ReportSettings;

/// What came of the reports of a run.
pub(crate) struct Filed {
    /// Whether all of them were written.
    pub(crate) whole: bool,
    /// Those that are to be uploaded yet.
    pub(crate) uploads: Vec<Upload>,
}

/// Writes all reports of a run, and says on stderr which of them could not be written.
pub(crate) fn reports(files: Files, settings: &ReportSettings) -> Filed {
    let Finished { totals, failed, uploads } = files.finish();
    for not_written in &failed {
        say(&not_written.destination, &not_written.error);
    }
    let mut whole = failed.is_empty();
    if totals.walked() {
        whole &= shown(&totals, settings);
    }
    Filed { whole, uploads }
}

/// Uploads what is to be uploaded, says on stderr what could not be, and returns whether all was. What was not is kept.
pub(crate) async fn upload(ended: Option<&Ended>, uploads: Vec<Upload>) -> bool {
    let Some(ended) = ended else {
        uploads.iter().for_each(|upload| say_kept(upload, "the run broke off"));
        return uploads.is_empty();
    };
    let mut whole = true;
    for (upload, put) in ended.upload(uploads).await {
        match put {
            // One that is left does no harm.
            Ok(()) => drop(std::fs::remove_file(&upload.file)),
            Err(error) => {
                whole = false;
                say_kept(&upload, &format!("{error}; {}", s3::way_out(&error)));
            }
        }
    }
    whole
}

fn say_kept(Upload { object, file }: &Upload, why: &str) {
    let (from, to) = (typed(&file.display().to_string()), typed(&object.to_string()));
    let kept = format!("It is kept in {}: aws s3 cp {from} {to}", file.display());
    let _ = writeln!(io::stderr().lock(), "error: could not upload the report {object} (REPORT): {why}. {kept}");
}

/// Shows a run to the CI system that it is in, and returns whether that worked.
fn shown(totals: &Totals, settings: &ReportSettings) -> bool {
    let mut whole = true;
    if let Some(path) = &settings.step_summary {
        whole &= appended(path, totals);
    }
    if let Some(path) = &settings.markdown_for_azure {
        whole &= written(path, totals);
    }
    if let Some(system) = settings.system {
        whole &= annotated(system, totals, settings.markdown()).is_ok();
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
