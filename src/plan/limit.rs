//! How many requests the Console may be sent at once: learnt from how it answers. Pure.
//!
//! Nobody publishes what a Console can do, and it is one server for the whole organization. As long as it answers as quickly as when it
//! had little to do, it is asked for more at once; when it gets slow, what is asked more for only waits in line there; when it says
//! that it is too busy, it is left in peace for a while. The method is TCP's: additive increase, multiplicative decrease.
//! Source: Chiu and Jain, "Analysis of the Increase and Decrease Algorithms for Congestion Avoidance in Computer Networks" (1989).

use std::time::Duration;

/// With as much in line as is worked on, an answer takes twice as long as it would without a line.
const QUICK: u32 = 2;

/// With three times as much in line there is nothing to be gained.
const SLOW: u32 = 4;

/// What is left when the Console says that it is too busy.
const AFTER_BUSY: f64 = 0.7;

/// What is left when it has become slow.
const AFTER_SLOW: f64 = 0.9;

/// So many answers at least are looked at together: how long one takes depends on its definition, and the shortest of several on how long it
/// stood in line.
const ROUND: usize = 8;

/// With each round the shortest answer that is known counts for a little more, so that a Console that has become slower is not
/// taken for a busy one for ever. More would take a line that is always there for the Console's own slowness.
const FORGETTING: f64 = 1.002;

/// A number of requests at once that follows how they are answered.
#[derive(Clone, Debug)]
pub struct Limit {
    most: f64,
    limit: f64,
    /// Whether it doubles with each round, as long as nothing has been too much.
    is_first_climb: bool,
    /// The shortest answer of any round so far.
    shortest: Option<Duration>,
    round: Round,
    /// Answers to come that were asked for before the last decrease: they say nothing new.
    to_pass_over: usize,
}

/// Answers that are looked at together.
#[derive(Clone, Debug, Default)]
struct Round {
    answers: usize,
    shortest: Option<Duration>,
    /// Whether what may be under way was made use of.
    is_used: bool,
}

impl Limit {
    /// Returns a limit that begins with `first` and never goes beyond `most`.
    pub fn new(first: usize, most: usize) -> Self {
        let most = most.max(1);
        Self {
            most: most as f64,
            limit: first.clamp(1, most) as f64,
            is_first_climb: true,
            shortest: None,
            round: Round::default(),
            to_pass_over: 0,
        }
    }

    /// Returns how many requests may be under way.
    pub fn now(&self) -> usize {
        // One at least, and never more than a few dozen.
        self.limit as usize
    }

    /// A request was answered after this time, while so many were under way, itself among them.
    pub fn answered(&mut self, took: Duration, under_way: usize) {
        self.to_pass_over = self.to_pass_over.saturating_sub(1);
        let now = self.now();
        self.round.answers += 1;
        self.round.shortest = Some(self.round.shortest.map_or(took, |shortest| shortest.min(took)));
        self.round.is_used |= 2 * under_way >= now;
        if self.round.answers >= now.max(ROUND) {
            self.end_round();
        }
    }

    /// The Console said that it is too busy, or did not answer in time, while so many requests were under way.
    pub fn was_busy(&mut self, under_way: usize) {
        self.is_first_climb = false;
        if self.to_pass_over > 0 {
            self.to_pass_over -= 1;
            return;
        }
        self.decrease(AFTER_BUSY);
        self.to_pass_over = under_way.saturating_sub(1);
    }

    fn end_round(&mut self) {
        let Round { shortest, is_used, .. } = std::mem::take(&mut self.round);
        let Some(now) = shortest else { return };
        let known = self.shortest.map_or(now, |known| known.mul_f64(FORGETTING).min(now));
        // Where only one is under way nobody stands in line: it takes as long as it takes.
        self.shortest = Some(if self.now() == 1 { now } else { known });
        if now > known * SLOW {
            self.is_first_climb = false;
            self.decrease(AFTER_SLOW);
        } else if now > known * QUICK {
            self.is_first_climb = false;
        } else if is_used {
            let more = if self.is_first_climb { self.limit } else { 1.0 };
            self.limit = (self.limit + more).min(self.most);
        }
    }

    fn decrease(&mut self, left: f64) {
        self.limit = (self.limit * left).max(1.0);
    }
}
