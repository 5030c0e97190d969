//! What may stop a run that changes things: a failed canary, or too many failures. All journeys ask it before they change a service.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::events::Unattempted;
use crate::ids::AccountId;
use crate::plan::brake::{Canaries, MostFailures};

/// Lets roll-outs start, and counts how they end.
pub struct Brake {
    most: MostFailures,
    state: Mutex<State>,
    moved: Notify,
}

struct State {
    canaries: Canaries,
    ended: usize,
    failed: usize,
    /// Why nothing new is started any more.
    stopped: Option<Unattempted>,
}

impl Brake {
    /// Without canaries every roll-out may start at once.
    pub fn new(canaries: usize, most: MostFailures) -> Arc<Self> {
        let state = State { canaries: Canaries::new(canaries), ended: 0, failed: 0, stopped: None };
        Arc::new(Self { most, state: Mutex::new(state), moved: Notify::new() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a roll-out in an account may start.
    ///
    /// # Errors
    ///
    /// Why none may start any more.
    pub async fn admit(self: &Arc<Self>, account: &AccountId) -> Result<Admission, Unattempted> {
        let waiting = Waiting::new(self, account);
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            // Whatever moves from here on wakes us.
            moved.as_mut().enable();
            {
                let mut state = self.state();
                if let Some(why) = state.stopped {
                    return Err(why);
                }
                if state.canaries.may_start(account) {
                    let canary = state.canaries.start(account);
                    drop(state);
                    drop(waiting);
                    return Ok(Admission { brake: Arc::clone(self), account: account.clone(), canary, over: false });
                }
            }
            moved.await;
        }
    }

    /// Lets a roll-out be followed that is under way already.
    pub fn admit_begun(self: &Arc<Self>, account: &AccountId) -> Admission {
        Admission { brake: Arc::clone(self), account: account.clone(), canary: false, over: false }
    }

    /// Returns why nothing new may start any more, if that is so.
    pub fn has_stopped(&self) -> Option<Unattempted> {
        self.state().stopped
    }

    fn end(&self, account: &AccountId, canary: bool, failed: Option<bool>) {
        let mut state = self.state();
        if canary {
            state.canaries.end(account, failed.is_some());
        }
        if let Some(failed) = failed {
            state.ended += 1;
            state.failed += usize::from(failed);
            if failed && canary {
                state.stopped.get_or_insert(Unattempted::CanaryFailed);
            }
            if self.most.reached(state.failed, state.ended) {
                state.stopped.get_or_insert(Unattempted::TooManyFailures { most: self.most });
            }
        }
        drop(state);
        self.moved.notify_waiters();
    }
}

/// Somebody who waits, for as long as this is kept.
struct Waiting<'a> {
    brake: &'a Brake,
    account: &'a AccountId,
}

impl<'a> Waiting<'a> {
    fn new(brake: &'a Brake, account: &'a AccountId) -> Self {
        brake.state().canaries.waits(account);
        Self { brake, account }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.brake.state().canaries.waits_no_more(self.account);
        // Whoever waited for this one to go first need not any more.
        self.brake.moved.notify_waiters();
    }
}

/// That one roll-out may start. Dropped, it came to nothing.
pub struct Admission {
    brake: Arc<Brake>,
    account: AccountId,
    canary: bool,
    over: bool,
}

impl Admission {
    /// Says how the roll-out ended; only the first time counts.
    pub fn ended(&mut self, failed: bool) {
        if !std::mem::replace(&mut self.over, true) {
            self.brake.end(&self.account, self.canary, Some(failed));
        }
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.over {
            self.brake.end(&self.account, self.canary, None);
        }
    }
}
