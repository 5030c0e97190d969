//! So many calls in so long a time: when may the next one be made? Pure, so that time is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Lets a number of calls through in any stretch of time of a given length.
#[derive(Clone, Debug)]
pub struct Window {
    calls: usize,
    length: Duration,
    /// When the last calls were, or are to be, made; the oldest first.
    made: VecDeque<Instant>,
}

impl Window {
    pub fn new(calls: usize, length: Duration) -> Self {
        Self { calls: calls.max(1), length, made: VecDeque::new() }
    }

    /// Takes the next place and returns how long to wait for it.
    pub fn reserve(&mut self, now: Instant) -> Duration {
        let before = self.made.len().checked_sub(self.calls).and_then(|place| self.made.get(place));
        let at = before.map_or(now, |before| (*before + self.length).max(now));
        self.made.push_back(at);
        while self.made.len() > self.calls {
            self.made.pop_front();
        }
        at.duration_since(now)
    }
}
