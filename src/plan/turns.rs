//! Which job goes next: from the longest queue, and never two of one family at a time. Pure.
//!
//! Each account's Region has a queue of its own, because AWS counts its quotas there: the way through the longest queue is the longest,
//! and whatever begins it late ends late. ECS refuses registrations of one family that overlap.
//!
//! A queue that is waited for, by tokens or by roll-outs, has so many jobs under way at most and takes nothing from the others.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::Hash;

/// Queues by their places: what waits, and what is under way.
#[derive(Debug)]
pub struct Turns<P, F, J> {
    /// Most jobs of one place under way.
    lanes: usize,
    queues: BTreeMap<P, Queue<F, J>>,
    /// Those that have a job whose turn can come, by their length.
    ready: BTreeSet<(usize, P)>,
}

#[derive(Debug)]
struct Queue<F, J> {
    waiting: VecDeque<(Option<F>, J)>,
    under_way: usize,
    busy: HashSet<F>,
    /// As it stands in `ready`.
    length: Option<usize>,
}

impl<F, J> Default for Queue<F, J> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), under_way: 0, busy: HashSet::new(), length: None }
    }
}

impl<F: Eq + Hash, J> Queue<F, J> {
    /// Returns where the first job stands whose family is not busy.
    fn first(&self) -> Option<usize> {
        self.waiting.iter().position(|(family, _)| family.as_ref().is_none_or(|family| !self.busy.contains(family)))
    }
}

impl<P: Ord + Clone, F: Eq + Hash + Clone, J> Turns<P, F, J> {
    /// Returns no queues yet; each may have so many jobs under way.
    pub fn new(lanes: usize) -> Self {
        Self { lanes: lanes.max(1), queues: BTreeMap::new(), ready: BTreeSet::new() }
    }

    /// Puts jobs at the end of a queue, each with the family that must not overlap.
    pub fn add(&mut self, place: &P, jobs: impl IntoIterator<Item = (Option<F>, J)>) {
        self.queues.entry(place.clone()).or_default().waiting.extend(jobs);
        self.rank(place);
    }

    /// Returns whether some job's turn has come.
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Takes the next job: from the longest queue, and its first one whose family is not busy.
    pub fn begin_next(&mut self) -> Option<(P, Option<F>, J)> {
        let (_, place) = self.ready.last()?.clone();
        let queue = self.queues.get_mut(&place)?;
        let (family, job) = queue.first().and_then(|first| queue.waiting.remove(first))?;
        queue.under_way += 1;
        queue.busy.extend(family.clone());
        self.rank(&place);
        Some((place, family, job))
    }

    /// Returns what waits in a queue, in its order.
    pub fn waiting(&self, place: &P) -> impl Iterator<Item = &J> {
        self.queues.get(place).into_iter().flat_map(|queue| queue.waiting.iter().map(|(_, job)| job))
    }

    /// A job that was taken is over. Returns whether it was the last one of its place.
    pub fn end(&mut self, place: &P, family: Option<&F>) -> bool {
        let Some(queue) = self.queues.get_mut(place) else { return true };
        queue.under_way = queue.under_way.saturating_sub(1);
        if let Some(family) = family {
            queue.busy.remove(family);
        }
        self.rank(place);
        !self.queues.contains_key(place)
    }

    /// Takes everything that waits.
    pub fn drain(&mut self) -> Vec<J> {
        self.ready.clear();
        let mut jobs = Vec::new();
        for queue in self.queues.values_mut() {
            queue.length = None;
            jobs.extend(queue.waiting.drain(..).map(|(_, job)| job));
        }
        self.queues.retain(|_, queue| queue.under_way > 0);
        jobs
    }

    /// Returns whether nothing waits and nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.queues.is_empty()
    }

    /// Puts a queue where it stands now among those that are ready, and forgets an empty one.
    fn rank(&mut self, place: &P) {
        let Some(queue) = self.queues.get_mut(place) else { return };
        let length = (queue.under_way < self.lanes && queue.first().is_some()).then_some(queue.waiting.len());
        if length != queue.length {
            if let Some(before) = queue.length {
                self.ready.remove(&(before, place.clone()));
            }
            queue.length = length;
            self.ready.extend(length.map(|length| (length, place.clone())));
        }
        if queue.waiting.is_empty() && queue.under_way == 0 {
            self.queues.remove(place);
        }
    }
}
