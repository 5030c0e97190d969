//! The line in front of a Console of limited capacity: who is worked on, who stands in line, and who is sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::definition::Capacity;

/// The line of one capacity. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) capacity: Capacity,
    places: Arc<Semaphore>,
    standing: Arc<AtomicUsize>,
}

/// Somebody who is let in, at once or when it is their turn.
pub(super) struct Turn {
    line: Line,
    place: Option<OwnedSemaphorePermit>,
}

impl Line {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self { capacity, places: Arc::new(Semaphore::new(capacity.at_once)), standing: Arc::default() }
    }

    /// Joins the line at its end; `None` when too many stand in it.
    pub(super) fn join(&self) -> Option<Turn> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Some(Turn { line: self.clone(), place: Some(place) });
        }
        let joins = |standing: usize| (standing < self.capacity.in_line).then_some(standing + 1);
        self.standing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, joins).ok()?;
        Some(Turn { line: self.clone(), place: None })
    }
}

impl Turn {
    /// Waits until it is worked on, and until that is done.
    pub(super) async fn take(mut self) {
        if self.place.is_none() {
            // The semaphore is never closed.
            let place = Arc::clone(&self.line.places).acquire_owned().await.ok();
            self.line.standing.fetch_sub(1, Ordering::Relaxed);
            self.place = place;
        }
        tokio::time::sleep(Duration::from_millis(self.line.capacity.milliseconds)).await;
    }
}

impl Drop for Turn {
    /// Leaves the line when the caller goes away.
    fn drop(&mut self) {
        if self.place.is_none() {
            self.line.standing.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_are_let_in_so_many_wait_and_the_next_is_sent_away() {
        let line = Line::new(Capacity { at_once: 2, milliseconds: 0, in_line: 1 });
        let (first, second, third) = (line.join(), line.join(), line.join());
        assert!(first.is_some() && second.is_some() && third.is_some());
        assert!(line.join().is_none(), "the line is full");
        drop(third);
        let third = line.join().expect("whoever goes away makes room");
        assert!(line.join().is_none(), "the line is full again");
        drop(first);
        third.take().await;
        assert!(line.join().is_some_and(|turn| turn.place.is_some()), "a place is free");
        assert_eq!(line.standing.load(Ordering::Relaxed), 0);
    }
}
