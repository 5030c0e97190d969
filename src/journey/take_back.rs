//! Takes a roll-out back that failed: the service runs again what it ran before.
//!
//! What must not be tried again is written on the service first: a run that is killed in between leaves a service that the next run
//! takes back, and no service that it moves once more.

use super::deploy::Before;
use super::follow::{Following, Watch};
use super::look::Seen;
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
    Done {
        to: TaskDefinitionArn,
        unremembered: Option<AwsError>,
    },
    /// The service's own circuit breaker or alarm did, or somebody who stopped the deployment.
    ByEcs,
    ByEcsUnremembered(AwsError),
    /// It is on its way back, and was not seen to arrive.
    GoingOn,
    /// The service could not be put back.
    Refused {
        to: String,
        error: AwsError,
    },
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
        matches!(self, Self::Done { .. } | Self::ByEcs | Self::ByEcsUnremembered(_))
    }

    /// Returns why the next run may try it again, if that could not be prevented.
    pub fn unremembered(&self) -> Option<&AwsError> {
        match self {
            Self::Done { unremembered, .. } => unremembered.as_ref(),
            Self::ByEcsUnremembered(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn and_remembered(self, remembered: Result<(), AwsError>) -> Self {
        match (self, remembered) {
            (Self::ByEcs, Err(error)) => Self::ByEcsUnremembered(error),
            (how, _) => how,
        }
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
        let tagged = self.the_move.writer.tag_service(service, memory::LEFT_ALONE_TAG, &value).await;
        tagged.map_err(|error| error.cleaned_by(self.the_move.secrets))
    }

    /// Puts a service back to what it ran before, and watches it arrive.
    pub(super) async fn take_back(&self, watch: &Watch, service: &ServiceFacts, started: &Started) -> TakenBack {
        let Some(before) = &self.the_move.from else { return TakenBack::NoWay };
        let unremembered = self.remember(service, LeftAlone::RolledBack, &before.arn).await.err();
        if before.active && self.stop(service, started).await {
            match self.see_it_back(watch, service, started).await {
                Back::At(Some(to)) if to == before.arn => return TakenBack::Done { to, unremembered },
                Back::GoingOn => return TakenBack::GoingOn,
                // ECS went back to something else, or could not.
                Back::At(_) | Back::Failed => {}
            }
        }
        let to = match self.moved_back(service, before).await {
            Ok(to) => to,
            Err(error) => return TakenBack::Refused { to: before.arn.short(), error: error.cleaned_by(self.the_move.secrets) },
        };
        let unremembered = match to == before.arn {
            true => unremembered,
            // What it runs now has another name.
            false => self.remember(service, LeftAlone::RolledBack, &to).await.err(),
        };
        match self.see_it_back(watch, service, &Started::default()).await {
            Back::At(_) => TakenBack::Done { to, unremembered },
            Back::GoingOn | Back::Failed => TakenBack::GoingOn,
        }
    }

    /// Has ECS stop the deployment and go back by itself; returns false when it does not.
    async fn stop(&self, service: &ServiceFacts, started: &Started) -> bool {
        let arn = match &started.service_deployment {
            Some(arn) => Some(arn.clone()),
            None => self.open.reader.newest_service_deployment(service).await.ok().flatten(),
        };
        let Some(arn) = arn else { return false };
        self.the_move.writer.stop_service_deployment(&arn).await.is_ok()
    }

    /// Moves a service to what it ran before, or to the same registered again if that takes no service any more.
    async fn moved_back(&self, service: &ServiceFacts, before: &Before) -> Result<TaskDefinitionArn, AwsError> {
        let writer = self.the_move.writer;
        let to = if before.active { before.arn.clone() } else { writer.register_again(&before.definition).await? };
        let mut tries = 0;
        loop {
            let Err(error) = writer.update_service(service, &to).await else { return Ok(to) };
            tries += 1;
            if !writer.waited(&error, tries).await {
                return Err(error);
            }
        }
    }

    /// Looks until a service runs something else than the revision that failed, and nothing besides.
    async fn see_it_back(&self, watch: &Watch, service: &ServiceFacts, started: &Started) -> Back {
        for _ in 0..watch::most_looks(watch.every, watch.timeout, service.bake) {
            let Some(sight) = self.look(watch, service, started).await else { return Back::GoingOn };
            if sight.service_deployment.is_some_and(|deployment| deployment.status == "ROLLBACK_FAILED") {
                return Back::Failed;
            }
            match sight.seen {
                Seen::Now(now) if watch::is_back(&now, &self.the_move.to) => return Back::At(now.task_definition),
                Seen::Gone => return Back::At(None),
                Seen::Now(_) | Seen::Failed(_) => {}
            }
        }
        Back::GoingOn
    }
}

/// How far a service is on its way back.
enum Back {
    At(Option<TaskDefinitionArn>),
    GoingOn,
    Failed,
}
