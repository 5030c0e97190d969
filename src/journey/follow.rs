//! Follows one roll-out: looks until our deployment has won or lost, or takes longer than it may, and takes it back if it is to be.
//!
//! A run that is asked to stop does not look any more: what is under way is ECS's, and the next run takes it up again.

use std::time::Duration;

use super::deploy::{Kind, Move, Ticket};
use super::look::Seen;
use super::lookout::Sight;
use super::take_back::TakenBack;
use super::{JourneyError, OpenRegion, Rules};
use crate::aws::AwsError;
use crate::aws::ecs::Started;
use crate::events::{Finding, Outcome, RollOut, Unattempted};
use crate::plan::SkipReason;
use crate::plan::memory::{self, LeftAlone};
use crate::plan::service::ServiceFacts;
use crate::plan::watch::{self, Health, Progress, StoppedTask};

/// How roll-outs are followed.
pub struct Watch {
    /// A roll-out that takes longer than this, and the service's own bake time, is not waited for.
    pub timeout: Duration,
    /// Between two looks.
    pub every: Duration,
    /// Whether what fails is taken back.
    pub rolls_back: bool,
}

/// What follows the roll-outs of a move.
pub(super) struct Following<'m> {
    pub(super) open: &'m OpenRegion,
    pub(super) rules: &'m Rules,
    pub(super) the_move: &'m Move<'m>,
}

/// A roll-out that was followed.
pub(super) struct Followed {
    pub(super) service: ServiceFacts,
    pub(super) outcome: Outcome,
    pub(super) findings: Vec<Finding>,
    /// Whether every task runs our revision.
    pub(super) won: bool,
    /// Whether the service certainly does not run our revision any more.
    pub(super) taken_back: bool,
}

/// How a roll-out ended, or how far it came.
enum End {
    Won,
    Going(RollOut),
    Overtaken,
    Gone,
    Failed {
        reason: String,
        taken_back: TakenBack,
        unremembered: Option<AwsError>,
    },
    /// ECS did not tell.
    Unseen(JourneyError),
}

/// What was seen of it last.
struct Last {
    now: ServiceFacts,
    health: Health,
    /// What ECS says of the deployment.
    reason: Option<String>,
}

impl Followed {
    /// Returns that of a service whose roll-out was not taken up any more.
    pub(super) fn not_attempted(service: ServiceFacts, why: Unattempted) -> Self {
        Self { service, outcome: Outcome::NotAttempted(why), findings: Vec::new(), won: false, taken_back: false }
    }
}

impl Following<'_> {
    /// Follows the roll-out of a service that was just moved, or says that it is not followed.
    pub(super) async fn follow(self, service: ServiceFacts, started: Started, mut ticket: Ticket) -> Followed {
        let end = match &self.rules.watch {
            Some(watch) => {
                let _under_way = self.rules.progress.roll_outs.during();
                self.watch(watch, &service, started, &mut ticket).await
            }
            None => End::Going(RollOut::NotWatched),
        };
        ticket.ended(matches!(end, End::Failed { .. } | End::Unseen(_)));
        self.followed(service, end).await
    }

    async fn followed(&self, service: ServiceFacts, end: End) -> Followed {
        let mut findings = Vec::new();
        let (won, mut taken_back) = (matches!(end, End::Won), false);
        let outcome = match end {
            End::Won => self.moved(&service, RollOut::Done, &mut findings).await,
            End::Going(roll_out) => self.moved(&service, roll_out, &mut findings).await,
            // What it runs now is its owner's; the next run looks at that.
            End::Overtaken => Outcome::Skipped(SkipReason::DeploymentInProgress),
            End::Gone => Outcome::Skipped(SkipReason::gone()),
            End::Failed { reason, taken_back: how, unremembered } => {
                taken_back = how.is_back();
                let (to, unremembered) = (self.the_move.to.short(), unremembered.map(Box::new));
                JourneyError::RollOut { to, reason, taken_back: Box::new(how), unremembered }.outcome(false)
            }
            End::Unseen(error) => {
                let (to, source) = (self.the_move.to.short(), Box::new(error));
                JourneyError::Unseen { to, source }.outcome(false)
            }
        };
        Followed { service, outcome, findings, won, taken_back }
    }

    /// Returns the outcome of a service that runs our revision, or is about to, and notes on it that we moved it.
    async fn moved(&self, service: &ServiceFacts, roll_out: RollOut, findings: &mut Vec<Finding>) -> Outcome {
        let (tags, is_seen) = (service.tag_pairs(), roll_out == RollOut::Done);
        let value = match (&self.the_move.kind, &self.the_move.from) {
            (Kind::Protects, Some(from)) => Some(memory::protected_again(tags, &from.arn, is_seen)),
            (Kind::Upgrades(_), Some(from)) if !is_seen => Some(memory::upgraded_unseen(tags, &from.arn)),
            _ => None,
        };
        if let Some(value) = value
            && let Err(error) = self.the_move.writer.tag_service(service, &[(memory::PROTECTED_TAG, &value)]).await
        {
            let why = error.cleaned_by(self.the_move.secrets).to_string();
            findings.push(Finding::NotRemembered { tag: memory::PROTECTED_TAG, why });
        }
        if let (Kind::Finishes, RollOut::Going { .. } | RollOut::NotWatched) = (&self.the_move.kind, roll_out) {
            findings.push(Finding::RollOutInProgress);
        }
        self.the_move.moved(roll_out)
    }

    /// Looks until the roll-out has ended or takes longer than it may.
    async fn watch(&self, watch: &Watch, service: &ServiceFacts, mut started: Started, ticket: &mut Ticket) -> End {
        let Some(from) = self.the_move.from.as_ref().map(|from| &from.arn).or(service.task_definition.as_ref()) else {
            return End::Gone;
        };
        let (id, earlier) = (started.deployment.clone(), &service.deployments);
        let mut followed = watch::Followed { id: id.as_deref(), to: &self.the_move.to, from, earlier, seen: false };
        followed.seen = earlier.iter().any(|deployment| followed.is_ours(deployment));
        let most = watch::most_looks(watch.every, watch.timeout, service.bake);
        let (mut last, mut unseen, mut going_back) = (None, None, false);
        for _ in 0..most {
            let Some(Sight { seen, service_deployment }) = self.look(watch, service, &started).await else {
                return End::Going(RollOut::stopped());
            };
            let now = match seen {
                Seen::Now(now) => *now,
                Seen::Gone => return End::Gone,
                Seen::Failed(error) => {
                    unseen = Some(error);
                    continue;
                }
            };
            unseen = None;
            let progress = watch::progress(&followed, &now, service_deployment.as_ref());
            followed.seen |= now.deployments.iter().any(|deployment| followed.is_ours(deployment));
            if started.service_deployment.is_none() && now.task_definition.as_ref() == Some(followed.to) {
                let newer = now.service_deployment.clone().filter(|arn| Some(arn) != service.service_deployment.as_ref());
                started.service_deployment = newer;
            }
            let health = if let Progress::Going(health) = progress { health } else { Health::default() };
            let told = service_deployment.map(|deployment| deployment.reason).or_else(|| said_of(&now, &followed));
            // Once ECS goes back, the deployment that failed says why only for a while.
            let before = if going_back { last.and_then(|last: Last| last.reason) } else { None };
            last = Some(Last { now, health, reason: before.or(told) });
            match progress {
                Progress::Won => return End::Won,
                Progress::Overtaken => return End::Overtaken,
                Progress::Gone => return End::Gone,
                Progress::Failed => return self.failed(watch, service, &started, last, ticket).await,
                Progress::Going(health) if health.is_hopeless() => {
                    return self.failed(watch, service, &started, last, ticket).await;
                }
                Progress::NotSeen => {
                    let reason = "the deployment that the update started is not told".to_owned();
                    unseen = Some(JourneyError::NotDescribed { reason });
                }
                Progress::Going(_) => going_back = false,
                Progress::GoingBack => {
                    // Nothing more is to fail like this while ECS is at it.
                    ticket.ended(true);
                    going_back = true;
                }
                Progress::WentBack => return self.went_back(service, &started, last, TakenBack::ByEcs).await,
            }
        }
        if let Some(error) = unseen {
            return End::Unseen(error);
        }
        if going_back {
            return self.went_back(service, &started, last, TakenBack::GoingOn).await;
        }
        let health = last.as_ref().map_or_else(Health::default, |last| last.health);
        if health.is_to_be_taken_back(self.stopped(service, &started).await.iter().any(StoppedTask::failed)) {
            return self.failed(watch, service, &started, last, ticket).await;
        }
        End::Going(RollOut::Going { running: health.running, desired: health.desired, stopped: false })
    }

    pub(super) async fn look(&self, watch: &Watch, service: &ServiceFacts, started: &Started) -> Option<Sight> {
        // A rolling deployment is told whole with its service.
        let deployment = started.service_deployment.as_deref().filter(|_| service.tasks.percents.is_none());
        self.open.lookout.look(&self.open.reader, service, deployment, (watch.every, &self.rules.stop)).await
    }

    async fn stopped(&self, service: &ServiceFacts, started: &Started) -> Vec<StoppedTask> {
        let Some(deployment) = &started.deployment else { return Vec::new() };
        // Without them a roll-out is judged by what ECS says of it.
        self.open.tasks.stopped(service.cluster.as_str(), deployment).await.unwrap_or_default()
    }

    async fn why(&self, service: &ServiceFacts, started: &Started, last: Option<&Last>) -> String {
        let stopped = self.stopped(service, started).await;
        let (events, health) = last.map_or((&[][..], Health::default()), |last| (&last.now.events, last.health));
        let reason = watch::reason(&stopped, last.and_then(|last| last.reason.as_deref()), events, health);
        self.the_move.secrets.clean_line(&reason)
    }

    async fn failed(
        &self,
        watch: &Watch,
        service: &ServiceFacts,
        started: &Started,
        last: Option<Last>,
        ticket: &mut Ticket,
    ) -> End {
        // It counts from now on: nothing else is to start while this one is taken back.
        ticket.ended(true);
        let reason = self.why(service, started, last.as_ref()).await;
        let (taken_back, unremembered) = match watch.rolls_back {
            true => self.take_back(watch, service, started).await,
            false => (TakenBack::Left, None),
        };
        End::Failed { reason, taken_back, unremembered }
    }

    /// ECS took it back: what is left is to remember it.
    async fn went_back(&self, service: &ServiceFacts, started: &Started, last: Option<Last>, how: TakenBack) -> End {
        let reason = self.why(service, started, last.as_ref()).await;
        let unremembered = match &self.the_move.from {
            Some(from) => self.remember(service, LeftAlone::RolledBack, &from.arn).await.err(),
            None => None,
        };
        End::Failed { reason, taken_back: how, unremembered }
    }
}

/// Returns what ECS says of the deployment that is followed.
fn said_of(now: &ServiceFacts, followed: &watch::Followed<'_>) -> Option<String> {
    let ours = now.deployments.iter().find(|deployment| followed.is_ours(deployment));
    ours.map(|ours| ours.reason.clone())
}
