//! The requests that the Console is sent at once: as many as it takes well, and the most urgent first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::plan::limit::Limit;

/// So many requests are sent at once before anything is known of a Console.
const FIRST: usize = 4;

/// Most requests at once, whatever it takes: divided by the runs that share an organization.
pub(super) const MOST: usize = 64;

/// The slots for requests under way.
#[derive(Clone, Debug)]
pub(super) struct Slots(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    limit: Limit,
    taken: usize,
    /// The most urgent first, and of those the one that came first.
    waiting: BinaryHeap<(usize, Reverse<u64>, Waiting)>,
    came: u64,
}

/// Whoever waits for a slot; its order is that of the urgency and the number before it.
#[derive(Debug)]
struct Waiting(oneshot::Sender<Slot>);

impl PartialEq for Waiting {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

/// A slot, for as long as this is kept.
#[derive(Debug)]
pub(super) struct Slot(Arc<Mutex<State>>);

impl Slots {
    /// Returns slots for one of so many runs that ask the same Console.
    pub(super) fn shared_by(runs: u32) -> Self {
        let runs = usize::try_from(runs).unwrap_or(MOST).max(1);
        let limit = Limit::new((FIRST / runs).max(1), (MOST / runs).max(1));
        Self(Arc::new(Mutex::new(State { limit, taken: 0, waiting: BinaryHeap::new(), came: 0 })))
    }

    /// Waits for a slot. Of those who wait the most urgent gets the next one.
    pub(super) async fn take(&self, urgency: usize) -> Slot {
        loop {
            let receiver = {
                let mut state = lock(&self.0);
                if state.taken < state.limit.now() {
                    state.taken += 1;
                    return Slot(Arc::clone(&self.0));
                }
                let (sender, receiver) = oneshot::channel();
                state.came += 1;
                let came = Reverse(state.came);
                state.waiting.push((urgency, came, Waiting(sender)));
                receiver
            };
            // It is kept by the state, which is there as long as we are.
            if let Ok(slot) = receiver.await {
                return slot;
            }
        }
    }
}

impl Slot {
    /// Says that the request was answered after this time.
    pub(super) fn answered(&self, took: Duration) {
        let mut state = lock(&self.0);
        let taken = state.taken;
        state.limit.answered(took, taken);
    }

    /// Says that the Console was too busy to answer it.
    pub(super) fn was_busy(&self) {
        let mut state = lock(&self.0);
        let taken = state.taken;
        state.limit.was_busy(taken);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let next = {
            let mut state = lock(&self.0);
            state.taken -= 1;
            let mut next = Vec::new();
            while state.taken < state.limit.now() {
                let Some((.., waiting)) = state.waiting.pop() else { break };
                if !waiting.0.is_closed() {
                    state.taken += 1;
                    next.push(waiting);
                }
            }
            next
        };
        for Waiting(waiting) in next {
            // Whoever has stopped waiting this very moment gives it back by not taking it.
            drop(waiting.send(Self(Arc::clone(&self.0))));
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
