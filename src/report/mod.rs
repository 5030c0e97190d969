//! Events to text, into a writer it is handed: a line for each as it happens, and a summary at the end. It never asks AWS anything.
//!
//! [`text`] is for people, [`json`] for machines; both tell the same events, as many of them as `chosen` leaves, and so do [`files`],
//! when all is over; [`ci`] is for CI systems. [`tally`] is what they keep for the summary, `coverage` what it says of places,
//! `not_attempted` of services whose turn did not come, [`metrics`] the same for CloudWatch; [`shown`] is what is shown of the settings
//! before a run, `explain` what is told to whoever asks why. How far a run is ([`standing`]) is drawn at a terminal ([`live`]) and told
//! now and then elsewhere (`heartbeat`). [`typed`] is how words stand in a command that is told.

mod chosen;
pub mod ci;
mod coverage;
mod explain;
pub mod files;
mod heartbeat;
pub mod json;
pub mod live;
pub mod metrics;
mod not_attempted;
pub mod shown;
pub mod standing;
pub mod tally;
pub mod text;
pub mod typed;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use crate::events::{Counts, Event};
use crate::progress::Progress;
use crate::settings::Verbosity;
use files::Files;
use live::{Rate, Screen};
use standing::Standing;
use tally::Tally;

/// How a run is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For people, in colour or not.
    Text { colour: bool },
    /// One JSON object a line.
    Json,
}

/// What is told, and how.
#[derive(Clone)]
pub struct Telling {
    pub style: Style,
    pub verbosity: Verbosity,
    /// Whether the end is told as metrics too.
    pub metrics: bool,
    /// Between two lines that say how far the run is.
    pub heartbeat: Duration,
    /// Where the view of the run is drawn instead.
    pub screen: Option<Screen>,
}

impl Telling {
    /// Tells everything that happens, and nothing of how far the run is meanwhile.
    pub fn all(style: Style) -> Self {
        Self { style, verbosity: Verbosity::Verbose, metrics: false, heartbeat: Duration::MAX, screen: None }
    }

    /// Returns how often something is told or drawn without an event; never, in a run that is to be quiet.
    fn ticks(&self) -> Option<Interval> {
        let every = if self.screen.is_some() { live::EVERY } else { self.heartbeat };
        let begin = tokio::time::Instant::now().checked_add(every)?;
        let mut ticks = (self.verbosity > Verbosity::Quiet).then(|| interval_at(begin, every))?;
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Some(ticks)
    }
}

/// Tells events until every sender is gone, then the summary, and returns what was counted, and why not all of it could be told.
///
/// A writer that fails is given up, and the run goes on: services must not be left half done because a disk is full.
pub async fn tell(
    mut events: mpsc::Receiver<Event>,
    progress: &Progress,
    telling: Telling,
    writer: impl Write,
    files: &mut Files,
) -> (Counts, io::Result<()>) {
    let mut ticks = telling.ticks();
    let tally = Tally::default();
    let mut reporter = Reporter { telling, progress, writer, written: Ok(()), tally, asked: false, rate: Rate::default() };
    loop {
        tokio::select! {
            biased;
            () = next(&mut ticks) => reporter.look(),
            event = events.recv() => match event {
                Some(event) => {
                    files.add(&event);
                    reporter.tell(&event);
                }
                None => {
                    files.totals.spent = Some(progress.spent());
                    return reporter.end();
                }
            }
        }
    }
}

/// Waits for the next time, if there is ever to be one.
async fn next(ticks: &mut Option<Interval>) {
    match ticks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// Whoever tells a run.
struct Reporter<'a, W> {
    telling: Telling,
    progress: &'a Progress,
    writer: W,
    /// Nothing more is written once it failed.
    written: io::Result<()>,
    tally: Tally,
    /// Whether a question waits for its answer: until then nothing is written.
    asked: bool,
    rate: Rate,
}

impl<W: Write> Reporter<'_, W> {
    fn write(&mut self, tell: impl FnOnce(&Tally, &mut W) -> io::Result<()>) {
        if self.written.is_ok() {
            self.written = tell(&self.tally, &mut self.writer);
        }
    }

    /// Tells an event, unless it is only to be counted.
    fn tell(&mut self, event: &Event) {
        self.tally.add(event);
        let Telling { style, verbosity, .. } = self.telling;
        if self.asked && matches!(event, Event::Stopping { .. }) {
            self.end_question();
        }
        // People have read the outcome at the end of its explanation.
        let is_told = self.tally.explained && matches!((event, style), (Event::Service(_), Style::Text { .. }));
        if !is_told && verbosity >= chosen::told_from(event) {
            self.write(|_, writer| line(event, style, writer));
        }
        self.asked = matches!(event, Event::Asking { .. });
    }

    /// Shows or says how far the run is.
    fn look(&mut self) {
        if self.asked {
            return;
        }
        let standing = Standing::of(self.progress, &self.tally.counts, self.tally.stopped_by.is_some());
        match (&self.telling.screen, self.telling.style) {
            // Before it begins, there is nothing to see.
            (Some(_), _) if self.tally.run_id.is_none() => {}
            (Some(screen), style) => {
                let a_second = self.rate.at(Instant::now(), standing.calls);
                let shown = screen.show(|width| standing.view(a_second, width, style == Style::Text { colour: true }));
                self.write(|_, _| shown);
            }
            (None, Style::Text { .. }) => self.write(|_, writer| heartbeat::text(&standing, writer)),
            (None, Style::Json) => self.write(|_, writer| heartbeat::json(&standing, writer)),
        }
    }

    /// Tells the end.
    fn end(mut self) -> (Counts, io::Result<()>) {
        if let Some(screen) = &self.telling.screen {
            let hidden = screen.hide();
            self.write(|_, _| hidden);
        }
        if self.asked {
            self.end_question();
        }
        self.tell_not_attempted();
        if self.tally.walked() {
            let (spent, metrics) = (self.progress.spent(), self.telling.metrics);
            match self.telling.style {
                Style::Text { .. } if self.tally.explained => {}
                Style::Text { colour } => self.write(|tally, writer| text::summary(tally, &spent, colour, writer)),
                Style::Json => self.write(|tally, writer| {
                    // What a run that takes Defenders out leaves protected, it does not know.
                    if metrics && !tally.undoes {
                        metrics::metrics(tally, &spent, writer)?;
                    }
                    json::summary(tally, &spent, writer)
                }),
            }
        }
        let Self { tally, written, mut writer, .. } = self;
        (tally.counts, written.and_then(|()| writer.flush()))
    }

    /// Tells together what was not told one by one.
    fn tell_not_attempted(&mut self) {
        match self.telling.style {
            _ if self.telling.verbosity == Verbosity::Verbose => {}
            Style::Text { .. } if self.tally.explained => {}
            Style::Text { colour } => self.write(|tally, writer| tally.not_attempted.text(colour, writer)),
            Style::Json => self.write(|tally, writer| tally.not_attempted.json(writer)),
        }
    }

    /// Ends the line of a question to which nobody said yes: what comes next, here or on stderr, begins on a line of its own.
    fn end_question(&mut self) {
        if matches!(self.telling.style, Style::Text { .. }) {
            self.write(|_, writer| writeln!(writer));
        }
    }
}

fn line(event: &Event, style: Style, writer: &mut impl Write) -> io::Result<()> {
    match style {
        Style::Text { colour } => text::event(event, colour, writer),
        Style::Json => json::event(event, writer),
    }
}
