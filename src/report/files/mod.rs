//! A run told in files: everything that was seen, once more and in order, for auditors, spreadsheets and CI systems.
//!
//! Files read the same events as [`super::text`] and [`super::json`], and are written when the run is over, because most formats
//! begin with what is only known then. Until then services wait in a [`spool`], on disk: memory grows with accounts and Regions
//! ([`totals`]), not with services. Each file is written under another name and renamed at the end, so that nobody finds half a
//! report. What is for a bucket is a temporary file, and handed over whole to whoever uploads it.
//!
//! | module | is for |
//! |---|---|
//! | [`destination`] | where a report goes, and in which format |
//! | [`row`] | one service, as every format tells it |
//! | [`totals`], [`tile`] | what formats say of all services together; shares of them |
//! | [`numbers`] | what the run has taken, and what it has found connected |
//! | [`spool`] | services until the end of the run |
//! | [`verified`] | whose Defenders are connected, until then |
//! | [`json`], [`csv`], [`junit`], [`markdown`], [`html`] | the formats |

mod csv;
pub mod destination;
mod html;
mod json;
mod junit;
mod markdown;
mod numbers;
pub mod row;
mod spool;
pub mod tile;
pub mod totals;
mod verified;
mod written;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::events::Event;
use destination::{Destination, Format};
use row::Row;
use spool::Spool;
use totals::Totals;
use written::Unfinished;

pub use csv::HEADER as CSV_HEADER;
pub use written::Upload;

/// What a format makes of a run: a beginning, each service in its order, an end.
trait Sheet {
    fn begin(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()>;
    fn service(&mut self, row: &Row, totals: &Totals, out: &mut dyn Write) -> io::Result<()>;
    fn end(&mut self, totals: &Totals, out: &mut dyn Write) -> io::Result<()>;
}

fn sheet(format: Format) -> Box<dyn Sheet> {
    match format {
        Format::Json => Box::new(json::Json::default()),
        Format::Csv => Box::new(csv::Csv),
        Format::Markdown => Box::new(markdown::Markdown),
        Format::Html => Box::new(html::Html::default()),
        Format::Junit => Box::new(junit::Junit::default()),
    }
}

/// A report that could not be written.
#[derive(Debug)]
pub struct NotWritten {
    pub destination: String,
    pub error: io::Error,
}

/// What came of the reports of a run.
pub struct Finished {
    pub totals: Totals,
    pub failed: Vec<NotWritten>,
    /// What is left to do.
    pub uploads: Vec<Upload>,
}

/// The reports of a run.
pub struct Files {
    /// Each with the file that it is written to.
    destinations: Vec<(Destination, PathBuf)>,
    pub totals: Totals,
    spool: Option<Spool>,
    /// Why services could not be kept until the end.
    lost: Option<io::Error>,
}

impl Files {
    /// Begins the reports of a run; those for a bucket are files in this directory until they are whole.
    pub fn new(destinations: Vec<Destination>, temporary: &Path) -> Self {
        let placed = destinations.into_iter().map(|destination| {
            let file = destination.file(temporary);
            (destination, file)
        });
        Self { destinations: placed.collect(), totals: Totals::default(), spool: None, lost: None }
    }

    /// Keeps what the reports need of an event. A disk that is full is told at the end: services must not be left half done.
    pub fn add(&mut self, event: &Event) {
        self.totals.add(event);
        if let Event::Service(ended) = event
            && self.lost.is_none()
            && let Some((_, path)) = self.destinations.iter().find(|(destination, _)| destination.format().tells_services())
        {
            let row = Row::new(ended, &self.totals);
            let kept = match &mut self.spool {
                Some(spool) => spool.push(&row),
                None => Spool::beside(path).and_then(|spool| self.spool.insert(spool).push(&row)),
            };
            self.lost = kept.err();
        }
    }

    /// Writes every report, and returns those that could not be. A run that did not get as far as its accounts has none.
    pub fn finish(mut self) -> Finished {
        self.totals.end();
        let (mut failed, mut uploads) = (Vec::new(), Vec::new());
        if !self.totals.walked() {
            return Finished { totals: self.totals, failed, uploads };
        }
        let mut open: Vec<Unfinished> = Vec::new();
        for (destination, path) in &self.destinations {
            let opened = match &self.lost {
                Some(error) if destination.format().tells_services() => Err(same(error)),
                _ => Unfinished::new(destination, path),
            };
            match opened {
                Ok(file) => open.push(file),
                Err(error) => failed.push(NotWritten { destination: destination.to_string(), error }),
            }
        }
        each(&mut open, &mut failed, |file| file.sheet.begin(&self.totals, &mut file.out));
        if let Some(spool) = self.spool.take().filter(|_| self.lost.is_none()) {
            let read = spool.read(|row| {
                let row = row.named(&self.totals);
                each(&mut open, &mut failed, |file| file.sheet.service(&row, &self.totals, &mut file.out));
            });
            if let Err(error) = read {
                each(&mut open, &mut failed, |_| Err(same(&error)));
            }
        }
        each(&mut open, &mut failed, |file| file.sheet.end(&self.totals, &mut file.out));
        for file in open {
            let destination = file.destination().to_string();
            match file.finish() {
                Ok(upload) => uploads.extend(upload),
                Err(error) => failed.push(NotWritten { destination, error }),
            }
        }
        Finished { totals: self.totals, failed, uploads }
    }
}

/// Does something to every file, and puts those away that fail.
fn each(open: &mut Vec<Unfinished>, failed: &mut Vec<NotWritten>, mut act: impl FnMut(&mut Unfinished) -> io::Result<()>) {
    open.retain_mut(|file| match act(file) {
        Ok(()) => true,
        Err(error) => {
            failed.push(NotWritten { destination: file.destination().to_string(), error });
            false
        }
    });
}

/// Returns an error again, for another file that has it too.
fn same(error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), error.to_string())
}

/// Writes a run's Markdown.
///
/// # Errors
///
/// When the writer fails.
pub fn write_markdown(totals: &Totals, out: &mut dyn Write) -> io::Result<()> {
    markdown::write(totals, out)
}

/// Writes a report in one go, from rows at hand: for tests.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write_to(path: &Path, format: Format, totals: &Totals, rows: impl IntoIterator<Item = Row>) -> io::Result<()> {
    let mut file = Unfinished::new(&Destination::File { path: path.to_owned(), format }, path)?;
    file.sheet.begin(totals, &mut file.out)?;
    for row in rows {
        file.sheet.service(&row.named(totals), totals, &mut file.out)?;
    }
    file.sheet.end(totals, &mut file.out)?;
    file.finish().map(|_| ())
}
