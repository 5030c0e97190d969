//! Events to text, into a writer it is handed: a line for each as it happens, and a summary at the end. It never asks AWS anything.
//!
//! [`text`] is for people, [`json`] for machines; both tell the same events, and so do [`files`], when all is over; [`ci`] is for CI systems. [`tally`] is what they keep for the summary, [`shown`]
//! what is shown of the settings before a run, `explain` what is told to whoever asks why.

pub mod ci;
mod explain;
pub mod files;
pub mod json;
pub mod shown;
pub mod tally;
pub mod text;

use std::io::{self, Write};

use tokio::sync::mpsc;

use crate::events::{Counts, Event};
use files::Files;
use tally::Tally;

/// How a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For people, in colour or not.
    Text { colour: bool },
    /// One JSON object a line.
    Json,
}

/// Tells events until every sender is gone, then the summary, and returns what was counted, and why not all of it could be told.
///
/// A writer that fails is given up, and the run goes on: services must not be left half done because a disk is full.
pub async fn tell(
    mut events: mpsc::Receiver<Event>,
    style: Style,
    mut writer: impl Write,
    files: &mut Files,
) -> (Counts, io::Result<()>) {
    let mut tally = Tally::default();
    let mut written = Ok(());
    let mut asked = false;
    while let Some(event) = events.recv().await {
        tally.add(&event);
        files.add(&event);
        if written.is_ok() && asked && matches!(event, Event::Stopping { .. }) {
            written = end_question(style, &mut writer);
        }
        // People have read the outcome at the end of its explanation.
        let is_told = tally.explained && matches!((&event, style), (Event::Service(_), Style::Text { .. }));
        if written.is_ok() && !is_told {
            written = line(&event, style, &mut writer);
        }
        asked = matches!(event, Event::Asking { .. });
    }
    if written.is_ok() && asked {
        written = end_question(style, &mut writer);
    }
    if written.is_ok() && tally.walked() {
        written = match style {
            Style::Text { .. } if tally.explained => Ok(()),
            Style::Text { colour } => text::summary(&tally, colour, &mut writer),
            Style::Json => json::summary(&tally, &mut writer),
        };
    }
    (tally.counts, written.and_then(|()| writer.flush()))
}

/// Ends the line of a question to which nobody said yes: what comes next, here or on stderr, begins on a line of its own.
fn end_question(style: Style, writer: &mut impl Write) -> io::Result<()> {
    match style {
        Style::Text { .. } => writeln!(writer),
        Style::Json => Ok(()),
    }
}

fn line(event: &Event, style: Style, writer: &mut impl Write) -> io::Result<()> {
    match style {
        Style::Text { colour } => text::event(event, colour, writer),
        Style::Json => json::event(event, writer),
    }
}
