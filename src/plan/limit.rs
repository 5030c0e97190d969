//! How many requests the Console may be sent at once: learnt from how it answers. Pure.
//!
//! Nobody publishes what a Console can do, and it is one server for the whole organization. As long as it answers as quickly as when it
//! had little to do, it is asked for more at once; when it gets slow, what is asked more for only waits in line there; when it says
//! that it is too busy, it is left in peace for a while. The method is TCP's: additive increase, multiplicative decrease.
//! Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks" (1989).

use std::time::Duration;

/// So many times the shortest answer is still quick: with as much in line as is worked on, an answer takes twice as long.
const QUICK: u32 = 2;

/// So many times the shortest answer is slow.
const SLOW: u32 = 4;

/// What is left when the Console says that it is too busy.
const AFTER_BUSY: f64 = 0.7;

/// Each answer lets the shortest one that is known grow by this share, so that a Console that has become slower is not taken for a busy
/// one for ever.
const FORGETTING: f64 = 0.01;

/// A number of requests at once that follows how they are answered.
#[derive(Clone, Debug)]
pub struct Limit {
    most: f64,
    limit: f64,
    /// Whether it may double with each round of answers, as long as nothing has been too much.
    is_first_climb: bool,
    shortest: Option<Duration>,
    /// Answers to come that were asked for before the last decrease: they say nothing new.
    to_pass_over: usize,
}

impl Limit {
    /// Returns a limit that begins with `first` and never goes beyond `most`.
    pub fn new(first: usize, most: usize) -> Self {
        let most = most.max(1);
        Self { most: most as f64, limit: first.clamp(1, most) as f64, is_first_climb: true, shortest: None, to_pass_over: 0 }
    }

    /// Returns how many requests may be under way.
    pub fn now(&self) -> usize {
        // One at least, and never more than a few thousand.
        self.limit as usize
    }

    /// A request was answered after this time, while so many were under way, itself among them.
    pub fn answered(&mut self, took: Duration, under_way: usize) {
        let shortest = self.shortest.map_or(took, |shortest| shortest.mul_f64(1.0 + FORGETTING).min(took));
        self.shortest = Some(shortest);
        self.to_pass_over = self.to_pass_over.saturating_sub(1);
        if took > shortest * SLOW {
            self.is_first_climb = false;
            self.limit = (self.limit - 1.0 / self.limit).max(1.0);
        } else if took <= shortest * QUICK && 2 * under_way >= self.now() {
            // What is hardly used says nothing about more.
            let step = if self.is_first_climb { 1.0 } else { 1.0 / self.limit };
            self.limit = (self.limit + step).min(self.most);
        } else if took > shortest * QUICK {
            self.is_first_climb = false;
        }
    }

    /// The Console said that it is too busy, or did not answer in time, while so many requests were under way.
    pub fn was_busy(&mut self, under_way: usize) {
        self.is_first_climb = false;
        if self.to_pass_over > 0 {
            self.to_pass_over -= 1;
            return;
        }
        self.limit = (self.limit * AFTER_BUSY).max(1.0);
        self.to_pass_over = under_way.saturating_sub(1);
    }
}
