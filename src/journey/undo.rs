//! The way back: the Defender is taken out of a task definition again, and what runs it is moved to what is left.
//!
//! The revision that it was made from is used where it is exactly that, and another one is registered otherwise. What was undone is
//! remembered on the service first, so that no later run does it again.

use tokio::sync::{OnceCell, OwnedSemaphorePermit};

use super::deploy::{Before, Kind, Move};
use super::errand::Errand;
use super::job::{Ended, Job, Rules};
use super::{Found, JourneyError};
use crate::aws::EcsWriter;
use crate::events::{Outcome, Plan, RollOut, ServiceEnded};
use crate::ids::TaskDefinitionArn;
use crate::plan::compare::same_content;
use crate::plan::diff::differences;
use crate::plan::memory::{self, LeftAlone};
use crate::plan::redact::Redactor;
use crate::plan::service::{self, ServiceFacts};
use crate::plan::task_definition::{Described, Registrable, TaskDefinition};
use crate::plan::{SkipReason, defender};

/// As many upgrades of one definition are followed back to where it had no Defender.
const LONGEST_HISTORY: usize = 20;

/// Takes the Defender out of the services of one job, or says for each why not. With a run, only what that run put there.
pub async fn undo(job: &Job, rules: &Rules, run: Option<&str>, at_work: OwnedSemaphorePermit) -> Ended {
    let mut errand = Errand::new(job, rules, at_work);
    if let Err(error) = errand.undo(run).await {
        let outcome = error.outcome(rules.stop.is_cancelled());
        errand.end_all(&outcome);
    }
    errand.over()
}

/// What a service is moved back to.
enum Way {
    To(TaskDefinitionArn),
    /// It has to be registered.
    Anew,
}

impl Errand<'_> {
    async fn undo(&mut self, run: Option<&str>) -> Result<(), JourneyError> {
        for service in std::mem::take(&mut self.open) {
            match service::refuse_undo(&service) {
                Some(reason) => self.end(&service, Outcome::Skipped(reason)),
                None => self.open.push(service),
            }
        }
        if self.open.is_empty() {
            return Ok(());
        }
        let (found, _) = self.look().await?; // AWS
        if let Some(reason) = to_be_left(&found, run) {
            self.note_moved_off_before(&found, run).await; // AWS, where an earlier run may have been cut off
            self.end_all(&Outcome::Skipped(reason));
            return Ok(());
        }
        let bare = found.strip_older(None)?.definition; // no I/O
        let way = self.way_back(&found, &bare).await; // AWS
        let secrets = found.definition.redactor().and(&defender::redactor(&found.definition));
        let ticket = self.wait_for_ticket().await; // a place among the roll-outs under way
        self.look_again().await; // AWS, when the first look is long ago
        self.leave_beyond_most(); // no I/O
        let (Some(writer), Some(ticket)) = (&self.job.open.writer, ticket) else {
            self.plan_undo(&found, &bare, &way, &secrets);
            return Ok(());
        };
        if let Some(why) = self.rules.why_not() {
            self.end_all(&Outcome::NotAttempted(why));
        }
        if self.open.is_empty() {
            return Ok(());
        }
        let to = match way {
            Way::To(to) => to,
            Way::Anew => self.register_bare(&found, &bare, &secrets, writer).await?, // AWS, once
        };
        let the_move =
            Move { from: Some(Before::of(&found)), to, again: OnceCell::new(), kind: Kind::Undoes, secrets: &secrets, writer };
        self.deploy(&the_move, ticket).await; // AWS, until every roll-out has won or lost
        self.keep_on_top_of_way_back(&the_move).await; // AWS, when something had to be registered again
        self.note_moved_off(&found, run).await; // AWS
        Ok(())
    }

    /// Returns the revision that this one was made from, if taking the Defender out gives exactly that; or one that an earlier run
    /// registered for the same end.
    async fn way_back(&self, found: &Found, bare: &TaskDefinition<Registrable>) -> Way {
        let reader = &self.job.open.reader;
        let (mut arn, mut tags) = (found.arn.clone(), found.definition.clone());
        for _ in 0..LONGEST_HISTORY {
            let Some(source) = memory::source_of(tags.tags(), &arn) else { break };
            let Ok(described) = reader.task_definition(source.as_str()).await else { break };
            let definition = described.registrable();
            if defender::sidecar_in(&definition).is_none() {
                if described.is_active() && same_content(definition.json(), bare.json()) {
                    return Way::To(source);
                }
                break;
            }
            (arn, tags) = (source, definition);
        }
        let newest = self.newest(found).await.ok().flatten();
        let left = newest.filter(|newest| self.is_ours(newest) && same_content(newest.registrable().json(), bare.json()));
        left.and_then(|left| left.arn().ok()).map_or(Way::Anew, Way::To)
    }

    /// Registers what is left without the Defender, and newer code on top of it again.
    async fn register_bare(
        &mut self,
        found: &Found,
        bare: &TaskDefinition<Registrable>,
        secrets: &Redactor,
        writer: &EcsWriter,
    ) -> Result<TaskDefinitionArn, JourneyError> {
        let newest = self.newest(found).await?;
        let above = self.above(found, newest.as_ref()).await?;
        let registered = writer.register_again(bare).await.map_err(|error| error.cleaned_by(secrets));
        let registered = registered.map_err(|source| JourneyError::Register { family: found.family.clone(), source })?;
        if let Some(above) = self.registered_meanwhile(newest.as_ref(), &registered).await.or(above) {
            self.register_on_top(None, &above, &registered, writer).await?;
        }
        Ok(registered)
    }

    fn plan_undo(&mut self, found: &Found, bare: &TaskDefinition<Registrable>, way: &Way, secrets: &Redactor) {
        if self.open.is_empty() {
            return;
        }
        let services = self.open.iter().map(|service| format!("{}/{}", service.cluster.name(), service.arn.name()));
        self.ended.plan = Some(Plan {
            account: self.job.open.account.id.clone(),
            region: self.job.open.region.clone(),
            from: found.arn.clone(),
            to: match way {
                Way::To(to) => Some(to.clone()),
                Way::Anew => None,
            },
            changes: differences(found.definition.json(), bare.json(), secrets),
            services: services.collect(),
            openings: Vec::new(),
        });
        self.end_all(&Outcome::Planned { from: found.arn.clone(), why: None });
    }

    /// Writes on services whose Defender is about to be taken out that this is so; those that cannot be tagged keep theirs.
    pub(super) async fn remember_undone(&mut self, the_move: &Move<'_>, services: Vec<ServiceFacts>) -> Vec<ServiceFacts> {
        if !matches!(the_move.kind, Kind::Undoes) {
            return services;
        }
        let value = memory::leave_alone(LeftAlone::Undone, &the_move.to, None);
        let mut remembered = Vec::new();
        for service in services {
            let mut tags = vec![(memory::LEFT_ALONE_TAG, value.as_str())];
            let counted_anew = memory::counted_anew(service.tag_pairs(), &the_move.to);
            tags.extend(counted_anew.as_deref().map(|value| (memory::PROTECTED_TAG, value)));
            match the_move.writer.tag_service(&service, &tags).await {
                Ok(()) => remembered.push(service),
                Err(error) => {
                    let error = JourneyError::Remember { source: error.cleaned_by(the_move.secrets) };
                    let outcome = error.outcome(self.rules.stop.is_cancelled());
                    self.end(&service, outcome);
                }
            }
        }
        remembered
    }

    /// Notes the revisions with a Defender that services were moved off, and those of the family above them: nothing new is to be
    /// started from them. Which of them are run by something else is seen at the end of the run.
    async fn note_moved_off(&mut self, found: &Found, run: Option<&str>) {
        let is_off = |ended: &ServiceEnded| matches!(&*ended.outcome, Outcome::Undone { roll_out: RollOut::Done, .. });
        // One that is not off for good may have to go back. The next time sees what became of it.
        let may_go_back = |ended: &ServiceEnded| match &*ended.outcome {
            Outcome::Undone { roll_out, .. } => *roll_out != RollOut::Done,
            Outcome::Failed(_) => true,
            _ => false,
        };
        if !self.ended.outcomes.iter().any(is_off) || self.ended.outcomes.iter().any(may_go_back) {
            return;
        }
        if found.ours {
            self.ended.moved_off.push(found.arn.clone());
        }
        self.note_protected(found, run).await;
    }

    /// The same for services that were moved off by a run that was cut off before its end.
    async fn note_moved_off_before(&mut self, found: &Found, run: Option<&str>) {
        let is_undone =
            |service: &ServiceFacts| memory::left_alone(service.tag_pairs(), &found.arn, None) == Some(LeftAlone::Undone);
        if self.job.open.writer.is_some() && self.open.iter().any(is_undone) {
            self.note_protected(found, run).await;
        }
    }

    /// Notes those of the family's revisions that are ours and have a Defender, from the newest one down to the first that is not.
    async fn note_protected(&mut self, found: &Found, run: Option<&str>) {
        let mut next = self.newest(found).await.ok().flatten();
        for _ in 0..LONGEST_HISTORY {
            let is_protected = |it: &TaskDefinition<Described>| self.is_ours(it) && defender::sidecar_in(it).is_some();
            let Some(revision) = next.filter(is_protected) else { return };
            let Ok(arn) = revision.arn() else { return };
            if revision.is_active() && run.is_none_or(|run| memory::is_of_run(revision.tags(), run)) {
                self.ended.moved_off.push(arn.clone());
            }
            next = match arn.revision().checked_sub(1).filter(|number| *number > 0) {
                Some(number) => self.job.open.reader.task_definition(arn.sibling(number).as_str()).await.ok(),
                None => None,
            };
        }
    }
}

/// Returns why there is nothing to undo.
fn to_be_left(found: &Found, run: Option<&str>) -> Option<SkipReason> {
    let tags = || found.definition.tags();
    if defender::sidecar_in(&found.definition).is_none() {
        return Some(SkipReason::NoDefender);
    }
    if !(found.ours || memory::is_of_ours(tags())) {
        return Some(SkipReason::NotOurs);
    }
    run.is_some_and(|run| !memory::is_of_run(tags(), run)).then_some(SkipReason::AnotherRun)
}
