//! A revision that an earlier run registered and was cut off before it used it.

use super::{Found, Journey, JourneyError};
use crate::ids::{self, TaskDefinitionArn};
use crate::plan::compare::same_content;
use crate::plan::task_definition::{Protected, TaskDefinition};

impl Journey<'_> {
    /// Returns the family's newest revision if our role registered it and it says what would be registered now. It is never the
    /// one that runs: moving a service to that would change nothing, and be told as a change.
    pub(super) async fn left_by_an_earlier_run(
        &self,
        found: &Found,
        revision: &TaskDefinition<Protected>,
    ) -> Result<Option<TaskDefinitionArn>, JourneyError> {
        let newest = match self.job.open.reader.task_definition(found.family.as_str()).await {
            Ok(newest) => newest,
            // The revision that the services run may be inactive, and its family may have no active one left.
            Err(error) if error.no_such_task_definition() => return Ok(None),
            Err(source) => return Err(JourneyError::Newest { family: found.family.clone(), source }),
        };
        let registered_by = newest.registered_by().and_then(ids::principal_of);
        let ours = registered_by.is_some_and(|principal| principal == self.job.open.account.principal());
        let same = ours && newest.is_active() && same_content(newest.registrable().json(), revision.json());
        Ok(newest.arn().ok().filter(|arn| same && *arn != found.arn))
    }
}
