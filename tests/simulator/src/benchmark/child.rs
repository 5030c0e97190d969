//! One run of the program, measured from outside: what it called, how long it took, and what it cost.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use simulator::least::{self, Bound, Kind, Size};
use simulator::{Calls, Finished, Running, Server, World};

use crate::arguments::Arguments;
use crate::limit::Limit;
use crate::scenarios::Scenario;

/// Longer than any run; it only ever ends one that hangs.
const AT_MOST: Duration = Duration::from_secs(3_600);

/// The line that ends a run names every failure.
const KEPT_OUTPUT: usize = 16 * 1024 * 1024;

const BETWEEN_SAMPLES: Duration = Duration::from_millis(20);

/// How many of its units of time the kernel counts a second, on every Linux that Rust runs on.
/// Source: `man 5 proc_pid_stat`, `sysconf(_SC_CLK_TCK)`; from memory.
const TICKS_A_SECOND: f64 = 100.0;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) name: &'static str,
    pub(crate) note: String,
    pub(crate) size: Size,
    pub(crate) exit_code: Option<i32>,
    /// The line that ends the run; `null` when there was none.
    pub(crate) summary: Value,
    /// The end of what it said on standard error.
    pub(crate) said: String,
    pub(crate) calls: Calls,
    pub(crate) throttled: Calls,
    pub(crate) least: least::Calls,
    pub(crate) connections_to_aws: usize,
    pub(crate) connections_to_console: usize,
    pub(crate) cpu_seconds: f64,
    /// What the simulator took in the meantime, to see whether it stood in the way.
    pub(crate) simulator_cpu_seconds: f64,
    pub(crate) peak_mib: f64,
    pub(crate) seconds: f64,
    pub(crate) bound: Bound,
    /// How the program was kept to a quarter of a core, if it was to be.
    pub(crate) limited: Option<Result<String, String>>,
}

impl Measured {
    /// Returns how many services the run protected, or found protected.
    pub(crate) fn done(&self) -> u64 {
        ["protected", "upgraded", "up_to_date"].iter().map(|key| self.count(key)).sum()
    }

    /// Returns how many services and places failed or were not attempted.
    pub(crate) fn undone(&self) -> u64 {
        ["failed", "not_attempted", "places_failed", "places_not_attempted"].iter().map(|key| self.count(key)).sum()
    }

    /// Returns whether the run did all that its scenario has in it, without a failure.
    pub(crate) fn is_whole(&self) -> bool {
        self.exit_code == Some(0) && self.undone() == 0 && self.done() == self.size.all_services()
    }

    pub(crate) fn count(&self, key: &str) -> u64 {
        self.summary.get(key).and_then(Value::as_u64).unwrap_or_default()
    }

    pub(crate) fn calls_ratio(&self) -> f64 {
        self.calls.total() as f64 / self.least.total() as f64
    }

    /// Returns the calls that AWS answered, throttled ones included.
    pub(crate) fn calls_to_aws(&self) -> u64 {
        self.calls.iter().filter(|(call, _)| Kind::of(&call.operation) == Kind::Aws).map(|(_, count)| count).sum()
    }

    pub(crate) fn throttled_share(&self) -> f64 {
        self.throttled.total() as f64 / self.calls.total().max(1) as f64
    }

    pub(crate) fn cpu_per_thousand(&self) -> f64 {
        self.cpu_seconds * 1_000.0 / self.calls.total().max(1) as f64
    }

    pub(crate) fn time_ratio(&self) -> f64 {
        self.seconds / self.bound.seconds
    }
}

/// Runs the program in a world and measures it.
///
/// # Errors
///
/// When something about the process cannot be read.
pub(crate) async fn measure(
    name: &'static str,
    scenario: &Scenario,
    size: Size,
    world: &World,
    program: &Path,
    arguments: &Arguments,
) -> Result<Measured, String> {
    let limit = scenario.quarter_of_a_core.then(Limit::of_a_quarter);
    let (before, own_before) = cpu_seconds()?;
    let started = Limit::program(limit.as_ref(), program)
        .in_world(world)
        .env("LOG_FORMAT", "json")
        .args(scenario.arguments())
        .args(arguments.for_the_program())
        .at_most(AT_MOST)
        .keeps_the_end(KEPT_OUTPUT);
    let running = started.start().await;
    let duty = running.id().and_then(|id| limit.as_ref()?.hold(id));
    let (finished, peak_mib) = watched(running).await;
    let (after, own_after) = cpu_seconds()?;
    drop(duty);
    let gate = world.gate();
    let means = scenario.means(arguments);
    Ok(Measured {
        name,
        note: scenario.note(),
        size,
        exit_code: finished.exit_code,
        summary: summary(&finished),
        said: end_of(&finished.stderr),
        calls: gate.calls(),
        throttled: gate.throttled(),
        least: least::calls(&size),
        connections_to_aws: gate.connections_to(Server::Aws),
        connections_to_console: gate.connections_to(Server::Console),
        cpu_seconds: after - before,
        simulator_cpu_seconds: own_after - own_before,
        peak_mib,
        seconds: finished.took.as_secs_f64(),
        bound: least::time(&size, &means),
        limited: limit.map(|limit| limit.told()),
    })
}

/// Waits for the end, and returns the most memory that the process had, in MiB.
async fn watched(running: Running) -> (Finished, f64) {
    let status = running.id().map(|id| format!("/proc/{id}/status"));
    let mut peak = 0.0_f64;
    let wait = running.wait();
    tokio::pin!(wait);
    loop {
        tokio::select! {
            finished = &mut wait => return (finished, peak),
            () = tokio::time::sleep(BETWEEN_SAMPLES) => {
                // The kernel keeps the peak, so that only what was added since the last sample can be missed.
                let text = status.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
                peak = peak.max(text.and_then(|text| kib(&text, "VmHWM:")).unwrap_or_default() / 1024.0);
            }
        }
    }
}

/// Returns a number of KiB from one of the kernel's lists.
pub(crate) fn kib(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

/// Returns the CPU time, user and system, of the children that have ended and of this process.
fn cpu_seconds() -> Result<(f64, f64), String> {
    let path = "/proc/self/stat";
    let text = std::fs::read_to_string(path).map_err(|error| format!("could not read {path}: {error}"))?;
    // The name of the program is in brackets and may hold anything; the state is the first field after it.
    let fields = text.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect::<Vec<_>>()).unwrap_or_default();
    // Source: `man 5 proc_pid_stat`: utime, stime, cutime and cstime are fields 14 to 17; the state is field 3.
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<f64>().ok());
    match [14, 15, 16, 17].map(field) {
        [Some(user), Some(system), Some(childrens_user), Some(childrens_system)] => {
            Ok(((childrens_user + childrens_system) / TICKS_A_SECOND, (user + system) / TICKS_A_SECOND))
        }
        _ => Err(format!("{path} does not read as it should")),
    }
}

fn summary(finished: &Finished) -> Value {
    let lines = finished.stdout.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut ends = lines.filter(|line| line.get("message").is_some_and(|message| message == "run ended"));
    ends.next().unwrap_or_default()
}

fn end_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}
