//! One run at a time: which of the tasks of one family goes on, when several are there at once.
//!
//! Every task of the family decides this by itself, from the same facts and by the same order, so that of any two exactly one
//! goes on: the older one.

use crate::ids::TaskArn;

/// The variables that say which part of the organization a run is about.
const SHARD: &str = "SHARD";
const SHARDS: &str = "SHARDS";

/// States of a task none of whose containers runs any more.
/// Source: Amazon ECS Developer Guide, "Amazon ECS task lifecycle" (from memory).
const OVER: [&str; 3] = ["DEPROVISIONING", "STOPPED", "DELETED"];

/// A task that does a run, as ECS tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunTask {
    pub arn: TaskArn,
    /// In milliseconds since 1970.
    pub created_at: Option<i64>,
    /// ECS's word for where it is in its life, such as `RUNNING`.
    pub last_status: String,
    pub part: Part,
}

/// The part of the organization that a run is about, as far as it can be seen from outside of its task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    shard: Option<String>,
    shards: Option<String>,
}

impl Part {
    /// Reads the variables that a task was started with, beside those of its task definition; other variables are passed over.
    pub fn of<'a>(environment: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut part = Self::default();
        for (name, value) in environment {
            let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
            match name {
                SHARD => part.shard = value,
                SHARDS => part.shards = value,
                _ => {}
            }
        }
        part
    }

    /// Returns whether two runs are about the same part.
    ///
    /// One that says how many parts there are and not which is its own knows that from elsewhere: AWS Batch sets
    /// `AWS_BATCH_JOB_ARRAY_INDEX` inside of the container, where nobody else sees it. Such runs are taken for different ones, or of
    /// an array of jobs only the first would do its part.
    fn is_same_as(&self, other: &Self) -> bool {
        let is_hidden = self.shards.is_some() && self.shard.is_none();
        !is_hidden && self == other
    }
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// No older run is in progress.
    Ours,
    /// This task's run is older, and in progress.
    Theirs(TaskArn),
    /// ECS does not tell how old this task itself is.
    Unknown,
}

/// Returns whether the run in the task `own` goes on, seeing the tasks of its family, itself among them.
///
/// What counts is when ECS created them; of two that were created in the same millisecond, the one whose ARN comes first goes on.
/// A task that is not created yet is younger than this one, which runs.
///
/// A run that walks one share of the organization (`is_share`), and whose task does not show from outside which, goes on: its siblings
/// look the same.
pub fn turn(own: &TaskArn, tasks: &[RunTask], is_share: bool) -> Turn {
    let ours = tasks.iter().find(|task| task.arn == *own);
    let Some((ours, Some(created_at))) = ours.map(|ours| (ours, ours.created_at)) else { return Turn::Unknown };
    if is_share && ours.part.shard.is_none() {
        return Turn::Ours;
    }
    let age = |task: &RunTask| Some((task.created_at?, task.arn.clone()));
    let in_progress = |task: &&RunTask| !OVER.contains(&task.last_status.as_str()) && task.part.is_same_as(&ours.part);
    let oldest = tasks.iter().filter(|task| task.arn != *own).filter(in_progress).filter_map(age).min();
    match oldest {
        Some(oldest) if oldest < (created_at, own.clone()) => Turn::Theirs(oldest.1),
        _ => Turn::Ours,
    }
}
