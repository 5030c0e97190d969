//! Services whose roll-out ECS took back while no run was looking: the one that began it did not follow it, or was stopped or killed.
//!
//! They run what they ran before, as if nothing had been tried. That it was, a revision of ours tells that was made from theirs, with the
//! tag of the service that we moved away from it.

use super::deploy::Before;
use super::take_back::TakenBack;
use super::{Found, Journey, JourneyError};
use crate::ids::TaskDefinitionArn;
use crate::plan::memory::{self, LeftAlone};
use crate::plan::redact::Redactor;
use crate::plan::service::ServiceFacts;
use crate::plan::task_definition::{Described, TaskDefinition};
use crate::plan::watch::{self, Health, ServiceDeployment};

impl Journey<'_> {
    /// Says of such services that their roll-out failed, and remembers that: doing the same once more would fail once more.
    pub(super) async fn leave_gone_back(
        &mut self,
        found: &Found,
        newest: [Option<&TaskDefinition<Described>>; 2],
        secrets: &Redactor,
    ) {
        if self.world.policy.retry_failed {
            return;
        }
        let Some(tried) = newest.into_iter().flatten().find_map(|newest| self.tried_before(found, newest)) else { return };
        let mut any = false;
        for service in std::mem::take(&mut self.open) {
            match self.went_back(found, &service).await {
                Some(deployment) => {
                    any = true;
                    self.end_gone_back(found, &tried, &service, &deployment, secrets).await;
                }
                None => self.open.push(service),
            }
        }
        if let Some(writer) = self.job.open.writer.as_ref().filter(|_| any && self.open.is_empty()) {
            self.drop_revision(writer, &tried, Some(&Before::of(found))).await;
        }
    }

    /// Returns the revision, if an earlier run made it from this one and for the same Defender.
    fn tried_before(&self, found: &Found, newest: &TaskDefinition<Described>) -> Option<TaskDefinitionArn> {
        let arn = newest.arn().ok()?;
        let is_from_this = memory::source_of(newest.tags(), &arn).as_ref() == Some(&found.arn);
        let is_earlier = self.is_ours(newest) && !memory::is_of_run(newest.tags(), &self.rules.run_id);
        let same_defender = memory::is_for(newest.tags(), self.rules.version.as_deref());
        (is_from_this && is_earlier && same_defender).then_some(arn)
    }

    /// Returns the service's newest deployment, if ECS took it back and the service's tag says that we did not see the end of it.
    async fn went_back(&self, found: &Found, service: &ServiceFacts) -> Option<ServiceDeployment> {
        if !memory::was_not_seen(service.tag_pairs(), &found.arn) {
            return None;
        }
        let reader = &self.job.open.reader;
        let arn = match &service.service_deployment {
            Some(arn) => arn.clone(),
            None => reader.newest_service_deployment(service).await.ok().flatten()?,
        };
        // What ECS does not tell is tried once more, and followed.
        let deployment = reader.service_deployments(std::slice::from_ref(&arn)).await.ok()?.remove(&arn)?;
        (deployment.status == "ROLLBACK_SUCCESSFUL").then_some(deployment)
    }

    async fn end_gone_back(
        &mut self,
        found: &Found,
        tried: &TaskDefinitionArn,
        service: &ServiceFacts,
        deployment: &ServiceDeployment,
        secrets: &Redactor,
    ) {
        let value = memory::leave_alone(LeftAlone::RolledBack, &found.arn, self.rules.version.as_deref());
        let mut unremembered = None;
        if let Some(writer) = &self.job.open.writer {
            unremembered = writer.tag_service(service, &[(memory::LEFT_ALONE_TAG, &value)]).await.err();
            // It is judged once: whoever takes the other tag off the service wants it tried again.
            if unremembered.is_none() {
                let value = memory::gone_back(service.tag_pairs(), &found.arn);
                unremembered = writer.tag_service(service, &[(memory::PROTECTED_TAG, &value)]).await.err();
            }
        }
        let reason = watch::reason(&[], Some(&deployment.reason), &service.events, Health::default());
        let error = JourneyError::RollOut {
            to: tried.short(),
            reason: secrets.clean_line(&reason),
            taken_back: Box::new(TakenBack::ByEcs),
            unremembered: unremembered.map(|error| Box::new(error.cleaned_by(secrets))),
        };
        self.end(service, error.outcome(false));
    }
}
