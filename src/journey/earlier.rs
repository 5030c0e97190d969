//! A revision that an earlier run registered and was cut off before it used it.

use super::Found;
use super::errand::Errand;
use crate::ids::{self, TaskDefinitionArn};
use crate::plan::compare::same_content;
use crate::plan::memory;
use crate::plan::task_definition::{Described, Protected, TaskDefinition};

impl Errand<'_> {
    /// Returns whether our role registered a revision.
    pub(super) fn is_ours(&self, revision: &TaskDefinition<Described>) -> bool {
        let registered_by = revision.registered_by().and_then(ids::principal_of);
        registered_by.is_some_and(|principal| principal == self.job.open.account.principal())
    }

    /// Returns the first of some revisions that our role registered and that says what would be registered now. It is never the
    /// one that runs: moving a service to that would change nothing, and be told as a change.
    pub(super) fn left_by_an_earlier_run<'n>(
        &self,
        found: &Found,
        revision: &TaskDefinition<Protected>,
        newest: [Option<&'n TaskDefinition<Described>>; 2],
    ) -> Option<(TaskDefinitionArn, &'n TaskDefinition<Described>)> {
        // What was rolled back is not used again, whoever else runs it.
        if self.open.iter().any(|service| memory::was_rolled_back(service.tag_pairs(), &found.arn)) {
            return None;
        }
        newest.into_iter().flatten().find_map(|left| {
            let usable = self.is_ours(left) && left.is_active();
            let same = usable && same_content(left.registrable().json(), revision.json());
            left.arn().ok().filter(|arn| same && *arn != found.arn).map(|arn| (arn, left))
        })
    }
}
