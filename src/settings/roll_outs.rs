//! How roll-outs are followed, and what stops a run.

use std::time::Duration;

use super::reader::Reader;
use crate::cli::Given;
use crate::plan::brake::MostFailures;
use crate::plan::policy::Reverted;

/// How roll-outs are followed, and what stops a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollOutSettings {
    /// Whether they are followed (`WAIT`).
    pub wait: bool,
    /// How long one is waited for, besides the service's bake time (`WAIT_TIMEOUT`).
    pub timeout: Duration,
    /// Between two looks.
    pub every: Duration,
    /// Most at once in an account's Region (`ROLLOUTS`).
    pub at_once: usize,
    /// Whether what fails is taken back (`ROLLBACK`).
    pub rolls_back: bool,
    /// How many are finished before any other is started (`CANARY`).
    pub canaries: usize,
    /// How many may fail (`MAX_FAILURES`).
    pub most_failures: MostFailures,
}

const TIMEOUT: Duration = Duration::from_secs(15 * 60);
const AT_ONCE: usize = 5;

impl Reader {
    pub(super) fn roll_outs(&mut self, given: &Given) -> RollOutSettings {
        let wait = self.boolean("WAIT", given.wait.clone(), true);
        let timeout = self.duration("WAIT_TIMEOUT", given.wait_timeout.clone()).unwrap_or(TIMEOUT);
        let at_once = self.count("ROLLOUTS", given.rollouts.clone()).unwrap_or(AT_ONCE);
        let rolls_back = self.boolean("ROLLBACK", given.rollback.clone(), wait);
        if rolls_back && !wait {
            self.problem("ROLLBACK", "true works only with WAIT=true: nobody would see that a roll-out fails".to_owned());
        }
        let canaries = self.count("CANARY", given.canary.clone());
        if canaries.is_some() && !wait {
            self.problem("CANARY", "it works only with WAIT=true: nobody would see how the first roll-outs end".to_owned());
        }
        let most_failures = match self.text("MAX_FAILURES", given.max_failures.clone()).map(|text| text.parse()) {
            None => MostFailures::default(),
            Some(Ok(most)) => most,
            Some(Err(problem)) => {
                self.problem("MAX_FAILURES", problem);
                MostFailures::default()
            }
        };
        let every = Duration::from_millis(given.watch_every_ms.into());
        RollOutSettings { wait, timeout, every, at_once, rolls_back, canaries: canaries.unwrap_or(0), most_failures }
    }

    pub(super) fn reverted(&mut self, given: &Given) -> Reverted {
        match self.text("REVERTED", given.reverted.clone()).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
            None => Reverted::Twice,
            Some("reprotect") => Reverted::Reprotect,
            Some("report") => Reverted::Report,
            Some(other) => {
                let text = format!(
                    "{other:?} is nothing to do; give reprotect or report, or leave it out to protect twice and then report"
                );
                self.problem("REVERTED", text);
                Reverted::Twice
            }
        }
    }
}
