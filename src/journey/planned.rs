//! What would be done, in a run that changes nothing: the end of its journeys.

use super::{Found, Journey, JourneyError, OpenRegion};
use crate::events::{Finding, Outcome, Plan};
use crate::ids::TaskDefinitionArn;
use crate::plan::Outdated;
use crate::plan::diff::differences;
use crate::plan::redact::Redactor;
use crate::plan::task_definition::{Protected, TaskDefinition};

impl Journey<'_> {
    /// Says how the revision would differ, which services would be moved to it, and what would be opened for them.
    pub(super) async fn plan(
        &mut self,
        found: &Found,
        why: Option<Outdated>,
        revision: &TaskDefinition<Protected>,
        secrets: &Redactor,
    ) -> Result<(), JourneyError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let newest = self.newest(found).await?;
        let beneath = self.beneath(newest.as_ref()).await?;
        self.leave_gone_back(found, [newest.as_ref(), beneath.as_ref()], secrets).await;
        if self.open.is_empty() {
            return Ok(());
        }
        let to: Option<TaskDefinitionArn> =
            self.left_by_an_earlier_run(found, revision, [newest.as_ref(), None]).map(|(arn, _)| arn);
        self.note_newest(found, newest.as_ref(), to.is_some());
        if to.is_some() {
            self.findings.push(Finding::ReusedRevision);
        }
        let OpenRegion { account, region, .. } = &*self.job.open;
        let services = self.open.iter().map(|service| format!("{}/{}", service.cluster.name(), service.arn.name()));
        self.ended.plan = Some(Plan {
            account: account.id.clone(),
            region: region.clone(),
            from: found.arn.clone(),
            to,
            changes: differences(found.definition.json(), revision.json(), secrets),
            services: services.collect(),
            openings: std::mem::take(&mut self.openings),
        });
        self.end_all(&Outcome::Planned { from: found.arn.clone(), why });
        Ok(())
    }
}
