//! Services that run our revision already, but whose roll-out has not come to an end: an earlier run began it and did not follow it, or
//! was stopped or killed.

use futures::future::join_all;
use tokio::sync::OnceCell;

use super::deploy::{Before, Kind, Move, Ticket};
use super::errand::Errand;
use super::follow::Followed;
use super::take_back::TakenBack;
use super::{Found, JourneyError};
use crate::aws::ecs::Started;
use crate::events::{Finding, Outcome, ServiceEnded};
use crate::plan::service::ServiceFacts;
use crate::plan::watch::{self, Health, Standing};
use crate::plan::{SkipReason, defender, memory};

impl Errand<'_> {
    /// Takes those up whose roll-outs are under way, or only says how they are in a run that does not follow any.
    pub(super) async fn finish(&mut self, found: &Found, unfinished: Vec<(ServiceFacts, Standing)>) {
        if unfinished.is_empty() {
            return;
        }
        let secrets = found.definition.redactor().and(&defender::redactor(&found.definition));
        let (Some(writer), Some(_)) = (&self.job.open.writer, &self.rules.watch) else {
            for (service, standing) in unfinished {
                self.tell_standing(found, &service, standing);
            }
            return;
        };
        self.rest();
        let the_move = Move {
            from: self.before(found).await,
            to: found.arn.clone(),
            again: OnceCell::new(),
            kind: Kind::Finishes,
            secrets: &secrets,
            writer,
        };
        let followed = join_all(unfinished.into_iter().map(|(service, _)| self.take_up(&the_move, service))).await;
        for followed in followed {
            self.end_followed(followed);
        }
        self.clear_up(&the_move).await;
    }

    /// Makes the revision inactive that was taken back from these services, if it is its family's newest one still and no service
    /// runs it.
    pub(super) async fn finish_taking_back(&mut self, found: &Found) {
        let Some(writer) = &self.job.open.writer else { return };
        let was_taken_back = |ended: &ServiceEnded| matches!(&*ended.outcome, Outcome::Skipped(SkipReason::RolledBackBefore));
        if !self.ended.outcomes.iter().any(was_taken_back) {
            return;
        }
        let Ok(Some(newest)) = self.newest(found).await else { return };
        let Ok(arn) = newest.arn() else { return };
        let source = memory::source_of(newest.tags(), &arn).filter(|_| self.is_ours(&newest));
        if source.as_ref() == Some(&found.arn) && !self.job.also_run.contains(&arn) {
            self.drop_revision(writer, &arn, Some(&Before::of(found))).await;
        }
    }

    async fn take_up(&self, the_move: &Move<'_>, service: ServiceFacts) -> Followed {
        let ticket = match Ticket::to_take_up(&self.job.open, self.rules).await {
            Ok(ticket) => ticket,
            Err(why) => return Followed::not_attempted(service, why),
        };
        let primary = service.deployments.iter().find(|deployment| deployment.primary);
        let started = Started {
            deployment: primary.map(|primary| primary.id.clone()),
            service_deployment: service.service_deployment.clone(),
        };
        self.following(the_move).follow(service, started, ticket).await
    }

    /// Returns the revision that this one was made from, as far as it is known still.
    async fn before(&self, found: &Found) -> Option<Before> {
        let source = memory::source_of(found.definition.tags(), &found.arn)?;
        let described = self.job.open.reader.task_definition(source.as_str()).await.ok()?;
        Some(Before { active: described.is_active(), definition: described.registrable().packed(), arn: source })
    }

    fn tell_standing(&mut self, found: &Found, service: &ServiceFacts, standing: Standing) {
        if standing != Standing::NotCompleting {
            return self.end_with(
                service,
                Outcome::UpToDate { task_definition: found.arn.clone() },
                vec![Finding::RollOutInProgress],
            );
        }
        let primary = service.deployments.iter().find(|deployment| deployment.primary);
        let (said, tasks) = primary.map_or((None, Health::default()), |it| (Some(it.reason.as_str()), it.tasks));
        let secrets = found.definition.redactor().and(&defender::redactor(&found.definition));
        let reason = secrets.clean_line(&watch::reason(&[], said, &service.events, tasks));
        let error = JourneyError::RollOut {
            to: found.arn.short(),
            reason,
            taken_back: Box::new(TakenBack::Unfinished),
            unremembered: None,
        };
        self.end(service, error.outcome(false));
    }
}
