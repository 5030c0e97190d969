//! How far a run is, in a few words: what the view at a terminal shows, and what a log says every minute.

use std::time::Duration;

use super::text::{BOLD, RED, YELLOW, paint};
use crate::events::Counts;
use crate::progress::{Progress, WaitingFor};

/// How far a run is, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub elapsed: Duration,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// How many are done, of so many that are known by now.
    pub accounts: (u64, u64),
    pub regions: (u64, u64),
    pub task_definitions: (u64, u64),
    pub services: (u64, u64),
    pub changed: u64,
    /// Services and places that failed.
    pub failed: u64,
    pub calls: u64,
    pub throttled: u64,
    pub waiting_for: Option<WaitingFor>,
}

impl Standing {
    /// Looks at a run: what is counted, and what was told.
    pub fn of(progress: &Progress, counts: &Counts, stopping: bool) -> Self {
        let ended = counts.services();
        Self {
            elapsed: progress.elapsed(),
            stopping,
            accounts: progress.accounts.get(),
            regions: progress.regions.get(),
            task_definitions: progress.task_definitions.get(),
            services: (ended, progress.services.get().max(ended)),
            changed: counts.changed(),
            failed: counts.failed + counts.unseen_failed,
            calls: progress.calls.get(),
            throttled: progress.throttled.get(),
            waiting_for: progress.waiting_for(),
        }
    }

    /// Returns it as cells, each a few words that belong together.
    fn cells(&self, calls: String) -> Vec<Cell> {
        let of = |what: &str, (done, known): (u64, u64)| Cell::plain(format!("{what} {}/{}", grouped(done), grouped(known)));
        let warned = |what: &str, number: u64, code| Cell {
            text: format!("{what} {}", grouped(number)),
            code: (number > 0).then_some(code),
        };
        let running = if self.stopping { ("stopping", YELLOW) } else { ("running", BOLD) };
        vec![
            Cell { text: format!("{} {}", running.0, clock(self.elapsed)), code: Some(running.1) },
            of("accounts", self.accounts),
            of("Regions", self.regions),
            of("task definitions", self.task_definitions),
            of("services", self.services),
            Cell::plain(format!("changed {}", grouped(self.changed))),
            warned("failed", self.failed, RED),
            Cell::plain(calls),
            warned("throttled", self.throttled, YELLOW),
        ]
    }

    /// Returns the lines of the view, none of which is wider than that; `a_second` is how many calls are made in one.
    pub fn view(&self, a_second: u64, width: usize, colour: bool) -> Vec<String> {
        let mut lines = flowed(&self.cells(format!("{} calls/s", grouped(a_second))), "  ", "", width, colour);
        if let Some(waiting_for) = &self.waiting_for {
            let text = format!("waiting for {}", of_a_sentence(waiting_for));
            let words: Vec<Cell> = text.split(' ').map(|word| Cell::plain(word.to_owned())).collect();
            lines.extend(flowed(&words, " ", "  ", width, colour));
        }
        lines
    }

    /// Returns it in one line, for a log that people read.
    pub fn line(&self) -> String {
        let cells: Vec<String> = self.cells(format!("{} calls", grouped(self.calls))).into_iter().map(|cell| cell.text).collect();
        let waiting = self.waiting_for.as_ref().map(|it| format!(", waiting for {}", of_a_sentence(it)));
        format!("{}{}", cells.join(", "), waiting.unwrap_or_default())
    }
}

/// A queue is one of many.
fn of_a_sentence(waiting_for: &WaitingFor) -> String {
    match waiting_for {
        WaitingFor::Queue(queue) => format!("the {queue}"),
        other => other.to_string(),
    }
}

/// A few words that stay together.
struct Cell {
    text: String,
    /// The colour that they have, where there are colours.
    code: Option<&'static str>,
}

impl Cell {
    fn plain(text: String) -> Self {
        Self { text, code: None }
    }
}

/// Puts as many cells into each line as there is room for; all lines but the first begin with the indent. What has no room in a line of
/// its own is cut off.
fn flowed(cells: &[Cell], between: &str, indent: &str, width: usize, colour: bool) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut taken = 0;
    for Cell { text, code } in cells {
        let wide = text.chars().count();
        let (start, begun) = match lines.last_mut() {
            Some(line) if taken + between.len() + wide <= width => {
                line.push_str(between);
                (taken + between.len(), line)
            }
            last => {
                let indent = if last.is_some() && indent.len() < width { indent } else { "" };
                lines.push(indent.to_owned());
                match lines.last_mut() {
                    Some(line) => (indent.len(), line),
                    None => return lines,
                }
            }
        };
        let shown: String = text.chars().take(width.saturating_sub(start)).collect();
        taken = start + shown.chars().count();
        begun.push_str(&paint(&shown, code.unwrap_or_default(), colour && code.is_some()));
    }
    lines
}

/// `1:12`, or `2:01:12`.
fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// Returns how long something took, as people say it.
pub(super) fn took(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        0 => "less than a second".to_owned(),
        seconds @ 1..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// Returns how many of some calls were throttled.
pub(super) fn throttled(number: u64) -> String {
    if number == 0 { "none of them throttled".to_owned() } else { format!("{} of them throttled", grouped(number)) }
}

/// Returns a number with its noun, such as `1 service` or `1,210 services`.
pub(super) fn many(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{} {what}s", grouped(number)) }
}

/// `12,345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}
