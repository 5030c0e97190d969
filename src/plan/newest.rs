//! Which revision is its family's newest: run-task, schedules and pipelines take that one, and it stays its owner's newest code.

use super::memory;
use super::task_definition::TaskDefinition;
use crate::ids::TaskDefinitionArn;

/// A revision, and how new its code is.
///
/// A family's revisions are numbered in the order in which they were registered, so that the larger number is newer. One of ours is as
/// old as what it was made from; and it may say that something newer belongs on top of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    pub arn: TaskDefinitionArn,
    /// What it was made from, if it is ours.
    pub made_from: Option<TaskDefinitionArn>,
    /// What belongs on top of it, if it is ours and says so.
    pub beneath: Option<TaskDefinitionArn>,
}

impl Code {
    /// Reads it off a revision's tags, which count if it is ours.
    pub fn of<Stage>(arn: TaskDefinitionArn, revision: &TaskDefinition<Stage>, ours: bool) -> Self {
        let tags = || revision.tags().filter(|_| ours);
        Self { made_from: memory::source_of(tags(), &arn), beneath: memory::newest_of(tags(), &arn), arn }
    }

    /// Returns the number of the revision that the code came with.
    pub fn age(&self) -> u64 {
        self.made_from.as_ref().unwrap_or(&self.arn).revision()
    }

    /// Returns the revision that belongs on top of what is made from `source`, when this one is the family's newest.
    pub fn above(&self, source: &Self) -> Option<&TaskDefinitionArn> {
        let noted = self.beneath.as_ref().filter(|noted| noted.revision() > source.age() && **noted != source.arn);
        let is_its_own = self.arn == source.arn || self.made_from.as_ref() == Some(&source.arn);
        noted.or_else(|| (self.age() > source.age() && !is_its_own).then_some(&self.arn))
    }
}
