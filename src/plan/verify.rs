//! Which tasks show a connected Defender: what ECS says runs, against what the Console lists.
//!
//! A task is *connected* when the Console lists a Defender of it, *missing* when the Console was asked for all of them, long enough
//! after the task had started, and listed none. Everything else is unknown, and said to be.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::ids::{AccountId, RegionName};

/// A service whose tasks' Defenders are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    pub account: AccountId,
    pub region: RegionName,
    /// Its name.
    pub cluster: String,
    pub tasks: Tasks,
}

/// What ECS told of a service's tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// Those that run the service's revision, and no others.
    Told(Vec<Task>),
    /// Nothing, for this reason.
    Untold { cause: String },
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What its ARN ends with.
    pub id: String,
    /// When it started; when it was seen, if ECS does not tell. In milliseconds since 1970.
    pub since: i64,
}

/// How many of a service's tasks show a connected Defender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    pub connected: u32,
    /// Tasks of which the Console lists no connected Defender, and should.
    pub missing: u32,
    /// Tasks of which nobody can tell.
    pub unknown: u32,
    /// Why something is unknown, if something is: of those tasks, or of all that the service may have.
    pub why_unknown: Option<Unknown>,
}

/// Why it is unknown whether a Defender is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// No task runs the revision with the Defender.
    NoTaskRuns,
    /// Its tasks started so lately that their Defenders may be about to connect.
    TooYoung,
    /// ECS does not tell its tasks.
    TasksUntold { cause: String },
    /// The Console's list was not read to its end.
    NotAllRead,
    /// The run was asked to stop before it asked once more.
    Stopped,
}

impl Connections {
    /// Returns how many tasks there are, if ECS told.
    pub fn tasks(&self) -> Option<u32> {
        let untold = matches!(self.why_unknown, Some(Unknown::TasksUntold { .. }));
        (!untold).then_some(self.connected + self.missing + self.unknown)
    }

    /// Returns whether each of its tasks shows a connected Defender.
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && self.why_unknown.is_none()
    }
}

impl fmt::Display for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connected, unknown, why_unknown, .. } = self;
        match (self.tasks(), why_unknown) {
            (Some(tasks @ 1..), None) => write!(f, "connected {connected} of {tasks}"),
            (Some(tasks @ 1..), Some(why)) => write!(f, "connected {connected} of {tasks}, unknown {unknown}: {why}"),
            (_, Some(why)) => write!(f, "unknown: {why}"),
            (_, None) => f.write_str("unknown"),
        }
    }
}

impl Unknown {
    /// Returns a fixed word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTaskRuns => "no-task-runs",
            Self::TooYoung => "too-young",
            Self::TasksUntold { .. } => "tasks-untold",
            Self::NotAllRead => "not-all-read",
            Self::Stopped => "stopped",
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoTaskRuns => f.write_str("no task runs its revision"),
            Self::TooYoung => f.write_str("tasks that started just now may be about to connect"),
            Self::TasksUntold { cause } => write!(f, "its tasks are not told: {cause}"),
            Self::NotAllRead => f.write_str("the Console's list of Defenders was not read to its end"),
            Self::Stopped => f.write_str("the run was stopped before it asked the Console once more"),
        }
    }
}

/// The tasks whose Defenders are looked for in the Console's list; of each it is kept whether one was found, and nothing of the list.
#[derive(Debug)]
pub struct Search {
    services: Vec<Sought>,
    /// The service of each task by its id, and whether a Defender of it was found.
    tasks: HashMap<String, (usize, bool)>,
    /// Tasks without one.
    open: usize,
}

impl Search {
    pub fn new(services: Vec<Sought>) -> Self {
        let mut search = Self { tasks: HashMap::new(), open: 0, services };
        for number in 0..search.services.len() {
            search.begin(number, &HashMap::new());
        }
        search
    }

    /// Looks for the tasks of a service; those that were found before are found.
    fn begin(&mut self, number: usize, before: &HashMap<String, (usize, bool)>) {
        let Some(Sought { tasks: Tasks::Told(tasks), .. }) = self.services.get(number) else { return };
        for task in tasks {
            let found = before.get(&task.id).is_some_and(|(_, found)| *found);
            if self.tasks.insert(task.id.clone(), (number, found)).is_none() {
                self.open += usize::from(!found);
            }
        }
    }

    /// Takes what ECS tells of services now in the place of what it told before. What was connected a moment ago still is.
    pub fn renew(&mut self, told: Vec<(usize, Tasks)>) {
        let before = std::mem::take(&mut self.tasks);
        for (number, tasks) in told {
            if let Some(service) = self.services.get_mut(number) {
                service.tasks = tasks;
            }
        }
        self.open = 0;
        for number in 0..self.services.len() {
            self.begin(number, &before);
        }
    }

    /// Returns whether a Defender of every task was found.
    pub fn is_over(&self) -> bool {
        self.open == 0
    }

    /// Returns the services with tasks of which no Defender was found.
    pub fn unfinished(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = self.tasks.values().filter(|(_, found)| !found).map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Returns how long it takes until the youngest task is as old as `age`: that long at most.
    pub fn wait(&self, now: i64, age: Duration) -> Duration {
        let tasks = self.services.iter().filter_map(|service| match &service.tasks {
            Tasks::Told(tasks) => Some(tasks),
            Tasks::Untold { .. } => None,
        });
        let youngest = tasks.flatten().map(|task| old_for(task, now)).min();
        youngest.map_or(Duration::ZERO, |youngest| age.saturating_sub(youngest))
    }

    /// Takes an element of `GET /defenders`: the task whose Defender it is has been found, if it is one that is looked for.
    ///
    /// Several elements of one task, one for each of its containers, are one Defender.
    pub fn cross_off(&mut self, element: &Value) {
        if element.get("connected") == Some(&Value::Bool(false)) {
            return;
        }
        let Self { services, tasks, open } = self;
        for text in [element.pointer("/cloudMetadata/resourceID"), element.get("hostname")].into_iter().flatten() {
            for id in ids_in(text.as_str().unwrap_or_default()) {
                let Some((number, found)) = tasks.get_mut(&id) else { continue };
                if !*found && services.get(*number).is_some_and(|service| is_of(element, service)) {
                    *found = true;
                    *open -= 1;
                }
            }
        }
    }

    /// Returns what was found of a service's tasks, each of which should show a Defender once it is as old as `age`. `rest` says why
    /// nobody can tell of what was not found, if that is so.
    pub fn connections(&self, number: usize, now: i64, age: Duration, rest: Option<&Unknown>) -> Connections {
        let mut connections = Connections { connected: 0, missing: 0, unknown: 0, why_unknown: None };
        let tasks = match self.services.get(number).map(|service| &service.tasks) {
            Some(Tasks::Told(tasks)) => tasks,
            Some(Tasks::Untold { cause }) => {
                connections.why_unknown = Some(Unknown::TasksUntold { cause: cause.clone() });
                return connections;
            }
            None => return connections,
        };
        if tasks.is_empty() {
            connections.why_unknown = Some(Unknown::NoTaskRuns);
        }
        for task in tasks {
            let why = if old_for(task, now) < age { Some(&Unknown::TooYoung) } else { rest };
            match (self.tasks.get(&task.id), why) {
                (Some((_, true)), _) => connections.connected += 1,
                (_, None) => connections.missing += 1,
                (_, Some(why)) => {
                    connections.unknown += 1;
                    connections.why_unknown.get_or_insert_with(|| why.clone());
                }
            }
        }
        connections
    }
}

/// Returns how long a task has been running; no time, if it starts in the future by another clock.
fn old_for(task: &Task, now: i64) -> Duration {
    Duration::from_millis(u64::try_from(now.saturating_sub(task.since)).unwrap_or(0))
}

/// Returns whatever in a text may be the id of a task.
///
/// The format of both texts is not public. An id is 32 hexadecimal digits, or, in an older form, has dashes; in a text it may stand
/// alone, at the end of an ARN, or before the number of a container.
/// Source: Amazon ECS Developer Guide, "Amazon Resource Names (ARNs) and IDs"; Prisma Cloud Compute documentation, App-Embedded Defender
/// in the runtime view (read 2026-11).
fn ids_in(text: &str) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-').filter(|word| !word.is_empty());
    let mut ids: Vec<String> = words.flat_map(|word| std::iter::once(word).chain(word.split('-'))).map(str::to_owned).collect();
    ids.dedup();
    ids
}

/// Returns whether an element may be of a service's task: account and Region must not be others, as far as it says them. How it writes a
/// cluster is not public, and an id is given once, so that nobody is said not to be connected because of that.
fn is_of(element: &Value, service: &Sought) -> bool {
    let said = |pointer: &str| element.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
    let agrees = |pointer: &str, ours: &str| said(pointer).is_none_or(|text| text == ours);
    agrees("/cloudMetadata/accountID", service.account.as_str()) && agrees("/cloudMetadata/region", service.region.as_str())
}
