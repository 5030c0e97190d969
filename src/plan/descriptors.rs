//! How many connections there may be: a process has so many file descriptors and no more.

/// Calls that are in flight at once, and connections that wait for another call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    pub in_flight: usize,
    /// For each host: an endpoint of a service in a Region.
    pub idle_per_host: usize,
}

/// What is not ours to spend: the Console's and the registries' connections, files, pipes, the runtime's own.
const OTHERS: usize = 128;

/// AWS hosts that a run talks to within the time that a connection stays idle: ECS and EC2 in two dozen Regions.
const HOSTS: usize = 48;

/// Returns how many calls may be in flight of those that were wanted, and what may stay idle, with so many descriptors; none stands for
/// a system that does not tell.
pub fn share(wanted: usize, descriptors: Option<usize>) -> Share {
    let Some(descriptors) = descriptors else { return Share { in_flight: wanted, idle_per_host: wanted } };
    let ours = descriptors.saturating_sub(OTHERS).max(2);
    // At least half is for connections that are kept: without them every call would open another.
    let in_flight = wanted.min(ours / 2).max(1);
    let idle_per_host = ((ours - in_flight) / HOSTS).clamp(1, in_flight);
    Share { in_flight, idle_per_host }
}

/// Reads the soft limit from what Linux tells of a process in `/proc/self/limits`.
/// Source: proc(5), `/proc/pid/limits`.
pub fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
