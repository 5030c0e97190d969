//! How often something is tried again, and how long to wait before: pure, so that time and chance are arguments.

use std::time::Duration;

/// What kind of trouble a try ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The other side said that it is busy, and did nothing.
    Throttled,
    /// No answer, a broken one, or an error of the other side: it may have done it.
    Unclear,
}

/// How patient a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Tries in all after being throttled.
    pub throttled_tries: u32,
    /// Tries in all after unclear answers.
    pub unclear_tries: u32,
    /// The longest wait before the second try; it doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait of all, unless the other side names a longer one.
    pub longest_wait: Duration,
}

/// The longest wait that the other side may ask for: beyond it a run would seem to hang.
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(120);

impl Patience {
    /// Returns how long to wait before trying again, or nothing when it was tried often enough.
    ///
    /// `tries` counts the tries so far, `asked` is what the other side asked for (`Retry-After`), and `jitter` is between 0 and 1.
    /// Without an asked wait it is a share of a doubling one ("full jitter"), so that many callers do not come back together.
    /// Source of the method: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015).
    pub fn wait(&self, trouble: Trouble, tries: u32, asked: Option<Duration>, jitter: f64) -> Option<Duration> {
        let most = match trouble {
            Trouble::Throttled => self.throttled_tries,
            Trouble::Unclear => self.unclear_tries,
        };
        if tries >= most {
            return None;
        }
        if let Some(asked) = asked {
            return Some(asked.min(LONGEST_ASKED_WAIT));
        }
        let doubled = self.first_wait.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1)));
        Some(doubled.min(self.longest_wait).mul_f64(jitter.clamp(0.0, 1.0)))
    }
}
