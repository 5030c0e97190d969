//! Takes a roll-out back that failed: the service runs again what it ran before.
//!
//! What must not be tried again is written on the service first: a run that is killed in between leaves a service that the next run
//! takes back, and no service that it moves once more.

use super::deploy::{Before, Move};
use super::follow::{Following, Watch};
use super::look::{Seen, look_at};
use crate::aws::AwsError;
use crate::aws::ecs::Started;
use crate::ids::TaskDefinitionArn;
use crate::plan::memory::{self, LeftAlone};
use crate::plan::service::ServiceFacts;
use crate::plan::watch;

/// What became of a roll-out that failed.
#[derive(Debug)]
pub enum TakenBack {
    /// We put the service back to this.
    Done { to: TaskDefinitionArn },
    /// The service's own circuit breaker or alarm did, or somebody who stopped the deployment.
    ByEcs,
    /// Somebody deployed something else meanwhile or deleted the service, which is left as it is.
    Overtaken,
    /// It is on its way back, and was not seen to arrive.
    GoingOn,
    /// The service could not be put back.
    Refused { to: String, error: String },
    /// Nobody knows what the service ran before.
    NoWay,
    /// `ROLLBACK` is false.
    Left,
    /// The run does not follow roll-outs, and found one of an earlier run that has not come to an end.
    Unfinished,
}

impl TakenBack {
    /// Returns whether the service certainly does not run the revision that failed.
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::ByEcs | Self::Overtaken)
    }
}

impl Following<'_> {
    /// Writes on a service that its revision and today's Defender are not to be tried again together.
    pub(super) async fn remember(
        &self,
        service: &ServiceFacts,
        why: LeftAlone,
        source: &TaskDefinitionArn,
    ) -> Result<(), AwsError> {
        let value = memory::leave_alone(why, source, self.rules.version.as_deref());
        let tagged = self.the_move.writer.tag_service(service, &[(memory::LEFT_ALONE_TAG, &value)]).await;
        tagged.map_err(|error| error.cleaned_by(self.the_move.secrets))
    }

    /// Puts a service back to what it ran before, and watches it arrive. Says as well why the next run may try it again, if that could
    /// not be prevented.
    pub(super) async fn take_back(
        &self,
        watch: &Watch,
        service: &ServiceFacts,
        started: &Started,
    ) -> (TakenBack, Option<AwsError>) {
        let Some(before) = &self.the_move.from else { return (TakenBack::NoWay, None) };
        let unremembered = self.remember(service, LeftAlone::RolledBack, &before.arn).await.err();
        if before.active && self.stop(service, started).await {
            match self.see_it_back(watch, service, started).await {
                Back::At(to) => return (arrived(to, &before.arn), unremembered),
                Back::GoingOn => return (TakenBack::GoingOn, unremembered),
                // ECS could not go back by itself.
                Back::Failed => {}
            }
        }
        let to = match self.moved_back(service, before).await {
            Ok(Some(to)) => to,
            Ok(None) => return (TakenBack::Overtaken, unremembered),
            Err(error) => return (TakenBack::Refused { to: before.arn.short(), error }, unremembered),
        };
        let unremembered = match to == before.arn {
            true => unremembered,
            // What it runs now has another name.
            false => self.remember(service, LeftAlone::RolledBack, &to).await.err(),
        };
        match self.see_it_back(watch, service, &Started::default()).await {
            Back::At(now) => (arrived(now, &to), unremembered),
            Back::GoingOn | Back::Failed => (TakenBack::GoingOn, unremembered),
        }
    }

    /// Has ECS stop the deployment and go back by itself; returns false when it does not.
    async fn stop(&self, service: &ServiceFacts, started: &Started) -> bool {
        let arn = match &started.service_deployment {
            Some(arn) => Some(arn.clone()),
            // The newest is ours as long as the service is to run our revision.
            None => match self.runs_now(service).await {
                Ok(Some(now)) if now == self.the_move.to => {
                    self.open.reader.newest_service_deployment(service).await.ok().flatten()
                }
                _ => None,
            },
        };
        let Some(arn) = arn else { return false };
        self.the_move.writer.stop_service_deployment(&arn).await.is_ok()
    }

    /// Moves a service to what it ran before, or to the same registered again if that takes no service any more. Nothing, if its
    /// owner has deployed something else meanwhile: moving it would take that away.
    async fn moved_back(&self, service: &ServiceFacts, before: &Before) -> Result<Option<TaskDefinitionArn>, String> {
        let Move { to: failed, again, writer, secrets, .. } = self.the_move;
        let say = |error: AwsError| error.cleaned_by(secrets).to_string();
        let mut tries = 0;
        loop {
            let turn = writer.turn_to_update().await;
            let now = self.runs_now(service).await?;
            let is_of_ours = |now: &TaskDefinitionArn| [Some(failed), Some(&before.arn), again.get()].contains(&Some(now));
            if !now.as_ref().is_some_and(is_of_ours) {
                return Ok(None);
            }
            let to = match before.active {
                true => &before.arn,
                false => again
                    .get_or_try_init(|| async { writer.register_again(&before.definition.unpacked()).await })
                    .await
                    .map_err(say)?,
            };
            let Err(error) = writer.update_service(service, to, turn).await else { return Ok(Some(to.clone())) };
            tries += 1;
            if !writer.waited(&error, tries).await {
                return Err(say(error));
            }
        }
    }

    /// Returns what a service is to run at this moment; none, if it is gone.
    async fn runs_now(&self, service: &ServiceFacts) -> Result<Option<TaskDefinitionArn>, String> {
        match look_at(&self.open.reader, vec![service.clone()]).await.pop() {
            Some((_, Seen::Now(now))) if now.status == "ACTIVE" => Ok(now.task_definition),
            Some((_, Seen::Failed(error))) => Err(error.to_string()),
            _ => Ok(None),
        }
    }

    /// Looks until a service runs something else than the revision that failed, and nothing besides.
    async fn see_it_back(&self, watch: &Watch, service: &ServiceFacts, started: &Started) -> Back {
        let mut is_to_run = None;
        for _ in 0..watch::most_looks(watch.every, watch.timeout, service.bake) {
            let Some(sight) = self.look(watch, service, started).await else { return Back::GoingOn };
            if sight.service_deployment.is_some_and(|deployment| deployment.status == "ROLLBACK_FAILED") {
                return Back::Failed;
            }
            match sight.seen {
                Seen::Now(now) if watch::is_back(&now, &self.the_move.to) => return Back::At(now.task_definition),
                Seen::Gone => return Back::At(None),
                Seen::Now(now) => is_to_run = now.task_definition,
                Seen::Failed(_) => {}
            }
        }
        // It is not on its way back if it still is to run what failed.
        if is_to_run.as_ref() == Some(&self.the_move.to) { Back::Failed } else { Back::GoingOn }
    }
}

/// Says how a service came back that was to run something, and runs something.
fn arrived(now: Option<TaskDefinitionArn>, to: &TaskDefinitionArn) -> TakenBack {
    match now {
        Some(now) if now == *to => TakenBack::Done { to: now },
        _ => TakenBack::Overtaken,
    }
}

/// How far a service is on its way back.
enum Back {
    At(Option<TaskDefinitionArn>),
    GoingOn,
    Failed,
}
