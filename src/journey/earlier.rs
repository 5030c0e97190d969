//! A revision that an earlier run registered and was cut off before it used it.

use super::{Found, Journey, JourneyError};
use crate::ids::{self, TaskDefinitionArn};
use crate::plan::compare::same_content;
use crate::plan::memory;
use crate::plan::task_definition::{Described, Protected, TaskDefinition};

impl Journey<'_> {
    /// Returns whether our role registered a revision.
    pub(super) fn is_ours(&self, revision: &TaskDefinition<Described>) -> bool {
        let registered_by = revision.registered_by().and_then(ids::principal_of);
        registered_by.is_some_and(|principal| principal == self.job.open.account.principal())
    }

    /// Returns the family's newest revision if our role registered it and it says what would be registered now. It is never the
    /// one that runs: moving a service to that would change nothing, and be told as a change.
    pub(super) async fn left_by_an_earlier_run(
        &self,
        found: &Found,
        revision: &TaskDefinition<Protected>,
    ) -> Result<Option<TaskDefinitionArn>, JourneyError> {
        // What was rolled back is not used again, whoever else runs it.
        if self.open.iter().any(|service| memory::was_rolled_back(service.tag_pairs(), &found.arn)) {
            return Ok(None);
        }
        let newest = match self.job.open.reader.task_definition(found.family.as_str()).await {
            Ok(newest) => newest,
            // The revision that the services run may be inactive, and its family may have no active one left.
            Err(error) if error.no_such_task_definition() => return Ok(None),
            Err(source) => return Err(JourneyError::Newest { family: found.family.clone(), source }),
        };
        let same = self.is_ours(&newest) && newest.is_active() && same_content(newest.registrable().json(), revision.json());
        Ok(newest.arn().ok().filter(|arn| same && *arn != found.arn))
    }
}
