//! How far a run is: a few numbers that whoever works counts up, and whoever tells looks at now and then.
//!
//! Counting costs an addition and allocates nothing, so that it is done for each call whether anybody looks or not. Nothing is decided
//! by these numbers; what a run has done is in its events.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::ids::{AccountId, RegionName};

/// A queue that is shorter than this is on its way, and nobody is told that it is waited for.
const SHORT: Duration = Duration::from_secs(1);

/// How far a run is.
pub struct Progress {
    began: Instant,
    /// Accounts in scope, and those whose Regions have been walked.
    pub accounts: Stretch,
    /// Accounts' Regions, and those whose services are known.
    pub regions: Stretch,
    /// Task definitions of services that were found, and those whose services are over. One that is come back to counts twice.
    pub task_definitions: Stretch,
    /// Services that were found.
    pub services: Count,
    /// Calls to AWS, each try for itself.
    pub calls: Count,
    /// Those that were answered with a throttle.
    pub throttled: Count,
    /// Calls to AWS that are not answered yet.
    pub unanswered: Count,
    /// Requests to the Console, each try for itself.
    pub console_calls: Count,
    /// Those that it was too busy to answer.
    pub console_throttled: Count,
    /// Requests to the Console that are not answered yet.
    pub unanswered_by_console: Count,
    /// Roll-outs that are being followed.
    pub roll_outs: Count,
    /// Whether it is waited until the youngest tasks are old enough to show their Defenders.
    pub young_tasks: Count,
    /// Knows the queues for AWS's tokens.
    queues: OnceLock<Queues>,
}

/// Finds the longest queue at the moment.
type Queues = Box<dyn Fn() -> Option<Queue> + Send + Sync>;

impl Default for Progress {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            accounts: Stretch::default(),
            regions: Stretch::default(),
            task_definitions: Stretch::default(),
            services: Count::default(),
            calls: Count::default(),
            throttled: Count::default(),
            unanswered: Count::default(),
            console_calls: Count::default(),
            console_throttled: Count::default(),
            unanswered_by_console: Count::default(),
            roll_outs: Count::default(),
            young_tasks: Count::default(),
            queues: OnceLock::new(),
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("calls", &self.calls).finish_non_exhaustive()
    }
}

impl Progress {
    /// Returns how long the run has taken.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Returns what the run has taken by now.
    pub fn spent(&self) -> Spent {
        Spent {
            elapsed: self.elapsed(),
            calls: self.calls.get(),
            throttled: self.throttled.get(),
            console_calls: self.console_calls.get(),
            console_throttled: self.console_throttled.get(),
        }
    }

    /// Takes what finds the longest queue; the first one that is given stays.
    pub fn ask_for_queues(&self, longest: impl Fn() -> Option<Queue> + Send + Sync + 'static) {
        let _ = self.queues.set(Box::new(longest));
    }

    /// Returns what keeps the run at the moment, as far as that can be told.
    pub fn waiting_for(&self) -> Option<WaitingFor> {
        let queue = self.queues.get().and_then(|longest| longest()).filter(|queue| queue.wait >= SHORT);
        if let Some(queue) = queue {
            return Some(WaitingFor::Queue(queue));
        }
        match (self.roll_outs.get(), self.unanswered_by_console.get(), self.unanswered.get()) {
            (0, 0, 0) if self.young_tasks.get() > 0 => Some(WaitingFor::Tasks),
            (0, 0, 0) => None,
            (0, 0, calls) => Some(WaitingFor::Aws { calls }),
            (0, requests, _) => Some(WaitingFor::Console { requests }),
            (roll_outs, ..) => Some(WaitingFor::RollOuts { roll_outs }),
        }
    }
}

/// A number that is counted up, and down again where something ends.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    pub fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts something for as long as what is returned is kept.
    pub fn during(&self) -> During<'_> {
        self.add(1);
        During(self)
    }
}

/// Something that is under way.
#[derive(Debug)]
#[must_use = "it is counted as long as this is kept"]
pub struct During<'a>(&'a Count);

impl Drop for During<'_> {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// So many are known by now, and so many of them are done.
#[derive(Debug, Default)]
pub struct Stretch {
    pub known: Count,
    pub done: Count,
}

impl Stretch {
    /// Returns how many are done, and how many are known.
    pub fn get(&self) -> (u64, u64) {
        (self.done.get(), self.known.get())
    }
}

/// What a run has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    pub elapsed: Duration,
    /// Calls to AWS, and those of them that were answered with a throttle.
    pub calls: u64,
    pub throttled: u64,
    /// Requests to the Console, and those of them that it was too busy to answer.
    pub console_calls: u64,
    pub console_throttled: u64,
}

/// What keeps a run.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitingFor {
    /// Calls whose turn has not come.
    Queue(Queue),
    /// Services whose new tasks start.
    RollOuts { roll_outs: u64 },
    /// Answers of the Console.
    Console { requests: u64 },
    /// Answers of AWS.
    Aws { calls: u64 },
    /// Tasks that are too young to show their Defenders.
    Tasks,
}

/// A queue of calls for AWS's tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Queue {
    /// What they are to do, in a word or two.
    pub what: &'static str,
    /// Nobody's, until AWS has told whose.
    pub account: Option<AccountId>,
    pub region: RegionName,
    /// Until the last one has its turn.
    pub wait: Duration,
    /// How many turns come in a second.
    pub a_second: f64,
}

impl fmt::Display for WaitingFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Queue(queue) => queue.fmt(f),
            Self::RollOuts { roll_outs: 1 } => f.write_str("a roll-out"),
            Self::RollOuts { roll_outs } => write!(f, "{roll_outs} roll-outs"),
            Self::Console { requests: 1 } => f.write_str("an answer of the Console"),
            Self::Console { requests } => write!(f, "{requests} answers of the Console"),
            Self::Aws { calls: 1 } => f.write_str("an answer of AWS"),
            Self::Aws { calls } => write!(f, "{calls} answers of AWS"),
            Self::Tasks => f.write_str("new tasks to show their Defenders"),
        }
    }
}

/// `register queue of 111122223333/eu-west-1: 41 s at 0.8/s`.
impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let account = self.account.as_ref().map_or("the caller", AccountId::as_str);
        let seconds = self.wait.as_secs_f64().ceil();
        write!(f, "{} queue of {account}/{}: {seconds:.0} s at {}/s", self.what, self.region, tenths(self.a_second))
    }
}

/// Returns a number with one digit behind the point, and none if that is a zero.
fn tenths(number: f64) -> String {
    let text = format!("{number:.1}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}
