//! The last step: what runs the older revision is moved to the new one, and followed until that has won or lost.
//!
//! A service is moved when it has a place among the roll-outs of its Region and the run's brake lets it. It is looked at again just
//! before, if the last look is long ago: waiting may take minutes, and an owner who deploys meanwhile must not lose what was deployed.

use futures::future::{BoxFuture, join_all};
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::{OnceCell, OwnedSemaphorePermit};

use super::brake::Admission;
use super::errand::Errand;
use super::follow::{Followed, Following};
use super::{Found, JourneyError, OpenRegion, Rules};
use crate::aws::ecs::Started;
use crate::aws::{AwsError, EcsReader, EcsWriter};
use crate::events::{Outcome, RollOut, Unattempted};
use crate::ids::TaskDefinitionArn;
use crate::plan::Outdated;
use crate::plan::redact::Redactor;
use crate::plan::service::ServiceFacts;
use crate::plan::task_definition::{Packed, Registrable};

/// So many services of one job are moved at once in a run that does not follow roll-outs.
const UPDATES_AT_ONCE: usize = 10;

/// What services are moved from, and to what.
pub(super) struct Move<'a> {
    /// What they ran, if that is known: there is a way back only to what is.
    pub(super) from: Option<Before>,
    pub(super) to: TaskDefinitionArn,
    /// What they ran, registered again because no service can be moved to it any more.
    pub(super) again: OnceCell<TaskDefinitionArn>,
    pub(super) kind: Kind,
    /// What must not be seen of what ECS says.
    pub(super) secrets: &'a Redactor,
    pub(super) writer: &'a EcsWriter,
}

/// What a service ran before.
pub(super) struct Before {
    pub(super) arn: TaskDefinitionArn,
    /// Whether a service may be moved to it again as it is.
    pub(super) active: bool,
    pub(super) definition: Packed<Registrable>,
}

impl Before {
    pub(super) fn of(found: &Found) -> Self {
        Self { arn: found.arn.clone(), active: found.active, definition: found.definition.packed() }
    }
}

/// Why services are moved.
pub(super) enum Kind {
    Protects,
    Upgrades(Outdated),
    /// An earlier run moved them, and did not see the end.
    Finishes,
    /// Their Defender is taken out again.
    Undoes,
    /// Somebody named the revision.
    HandedIn,
}

impl Move<'_> {
    /// Returns the outcome of a service that was moved.
    pub(super) fn moved(&self, roll_out: RollOut) -> Outcome {
        let to = self.to.clone();
        match (&self.kind, &self.from) {
            (Kind::Protects | Kind::HandedIn, Some(from)) => Outcome::Protected { from: from.arn.clone(), to, roll_out },
            (Kind::Upgrades(why), Some(from)) => Outcome::Upgraded { from: from.arn.clone(), to, why: why.clone(), roll_out },
            (Kind::Undoes, Some(from)) => Outcome::Undone { from: from.arn.clone(), to, roll_out },
            (_, None) | (Kind::Finishes, _) => Outcome::UpToDate { task_definition: to },
        }
    }
}

/// A place among the roll-outs of a Region, and the brake's leave.
pub(super) struct Ticket {
    /// None in a run that does not follow roll-outs.
    _place: Option<OwnedSemaphorePermit>,
    admission: Admission,
}

impl Ticket {
    /// Waits for one, as long as the run goes on.
    ///
    /// # Errors
    ///
    /// Why no roll-out may start any more.
    pub(super) async fn wait_for(open: &OpenRegion, rules: &Rules) -> Result<Self, Unattempted> {
        let ticket = async {
            let place = place(open, rules).await;
            let admission = rules.brake.admit(&open.account.id).await?;
            Ok(Self { _place: place, admission })
        };
        tokio::select! {
            biased;
            () = rules.stop.cancelled() => Err(Unattempted::Stopped),
            ticket = ticket => ticket,
        }
    }

    /// Waits for one for a roll-out that is under way already, which the brake does not keep from being followed.
    ///
    /// # Errors
    ///
    /// When the run is asked to stop.
    pub(super) async fn to_take_up(open: &OpenRegion, rules: &Rules) -> Result<Self, Unattempted> {
        tokio::select! {
            biased;
            () = rules.stop.cancelled() => Err(Unattempted::Stopped),
            place = place(open, rules) => Ok(Self { _place: place, admission: rules.brake.admit_begun(&open.account.id) }),
        }
    }

    /// Says how the roll-out ended, the first time that it is called. The place is kept.
    pub(super) fn ended(&mut self, failed: bool) {
        self.admission.ended(failed);
    }
}

async fn place(open: &OpenRegion, rules: &Rules) -> Option<OwnedSemaphorePermit> {
    match &rules.watch {
        Some(_) => open.rollouts.clone().acquire_owned().await.ok(),
        None => None,
    }
}

/// Roll-outs that are followed.
type Followings<'m> = FuturesUnordered<BoxFuture<'m, Followed>>;

/// Waits for something else, and goes on following: a call that nobody waits for would keep its place in flight, and whatever is waited
/// for instead may need one.
async fn meanwhile<T>(following: &mut Followings<'_>, other: impl Future<Output = T>) -> (T, Vec<Followed>) {
    let mut other = std::pin::pin!(other);
    let mut ended = Vec::new();
    loop {
        tokio::select! {
            Some(followed) = following.next() => ended.push(followed),
            done = &mut other => return (done, ended),
        }
    }
}

impl<'a> Errand<'a> {
    /// Moves every open service to the revision, the first one with the ticket that the revision was registered with.
    pub(super) async fn deploy<'m>(&mut self, the_move: &'m Move<'m>, ticket: Ticket)
    where
        'a: 'm,
    {
        let (open, rules): (&'a OpenRegion, &'a Rules) = (&self.job.open, self.rules);
        let mut following = Followings::new();
        let (mut tickets, mut tries) = (vec![ticket], 0);
        loop {
            let wanted = if rules.watch.is_some() { 1 } else { UPDATES_AT_ONCE.min(self.open.len()) };
            let missing = wanted.saturating_sub(tickets.len());
            let more = async {
                let each = (0..missing).map(|_| Ticket::wait_for(open, rules));
                join_all(each).await.into_iter().collect::<Result<Vec<_>, _>>()
            };
            tokio::select! {
                biased;
                Some(followed) = following.next() => self.end_followed(followed),
                more = more, if !self.open.is_empty() => match more {
                    Ok(more) => {
                        tickets.extend(more);
                        let started = self.start(the_move, std::mem::take(&mut tickets), &mut tries);
                        let (started, followed) = meanwhile(&mut following, started).await;
                        for (service, started, ticket) in started {
                            following.push(self.following(the_move).follow(service, started, ticket).boxed());
                        }
                        followed.into_iter().for_each(|followed| self.end_followed(followed));
                    }
                    // A job may have hundreds of services. Those that are left find the revision in the next run.
                    Err(why) => self.end_all(&Outcome::NotAttempted(why)),
                },
                else => return,
            }
        }
    }

    /// Moves as many services as there are tickets, and returns those that were moved. Those that AWS was too busy for stay open.
    async fn start(
        &mut self,
        the_move: &Move<'_>,
        tickets: Vec<Ticket>,
        tries: &mut u32,
    ) -> Vec<(ServiceFacts, Started, Ticket)> {
        let rest = self.open.split_off(self.open.len().min(tickets.len()));
        let services = std::mem::replace(&mut self.open, rest);
        let Move { to, secrets, writer, .. } = the_move;
        // AWS's turns come first: whatever owners do while we wait for them is seen in the look that follows.
        let turns = join_all(services.iter().map(|_| writer.turn_to_update())).await;
        let services = self.look_again_at(services).await; // AWS, when the last look is long ago
        let services = self.remember_undone(the_move, services).await; // AWS, when the Defender is taken out
        let started = services.iter().zip(turns).map(|(service, turn)| writer.update_service(service, to, turn));
        let started = join_all(started).await;
        let (mut moved, mut busy, mut unmoved) = (Vec::new(), None, Vec::new());
        for ((service, mut ticket), started) in services.into_iter().zip(tickets).zip(started) {
            match started.map_err(|error| error.cleaned_by(secrets)) {
                Ok(mut started) => {
                    // One that it had before is not what we started.
                    started.service_deployment =
                        started.service_deployment.filter(|arn| Some(arn) != service.service_deployment.as_ref());
                    self.changed += 1;
                    moved.push((service, started, ticket));
                }
                Err(error) if error.is_worth_another_try() => {
                    // It may have been moved all the same.
                    if !error.is_throttled() {
                        self.in_use = true;
                        self.changed += 1;
                    }
                    busy = Some(error);
                    unmoved.push((service, ticket));
                }
                Err(error) => {
                    ticket.ended(true);
                    self.not_moved(&service, the_move, error);
                }
            }
        }
        if let Some(error) = busy {
            *tries += 1;
            self.wait_and_retry(the_move, unmoved, &error, *tries).await;
        }
        moved
    }

    /// Returns what follows the roll-outs of a move.
    pub(super) fn following<'m>(&self, the_move: &'m Move<'m>) -> Following<'m>
    where
        'a: 'm,
    {
        Following { open: &self.job.open, rules: self.rules, the_move }
    }

    async fn wait_and_retry(&mut self, the_move: &Move<'_>, unmoved: Vec<(ServiceFacts, Ticket)>, error: &AwsError, tries: u32) {
        if the_move.writer.waited(error, tries).await {
            return self.open.extend(unmoved.into_iter().map(|(service, _)| service));
        }
        for (service, mut ticket) in unmoved {
            ticket.ended(true);
            self.not_moved(&service, the_move, error.clone());
        }
    }

    fn not_moved(&mut self, service: &ServiceFacts, the_move: &Move<'_>, source: AwsError) {
        // It may have been moved all the same.
        self.in_use = true;
        self.changed += 1;
        let error =
            JourneyError::Update { revision: the_move.to.short(), in_a_run: !matches!(the_move.kind, Kind::HandedIn), source };
        self.end(service, error.outcome(self.rules.stop.is_cancelled()));
    }

    /// Gives a service that was followed its outcome.
    pub(super) fn end_followed(&mut self, followed: Followed) {
        let Followed { service, outcome, findings, won, taken_back } = followed;
        if won {
            self.ended.rolled_out.insert(service.arn.clone());
        }
        self.in_use |= !taken_back;
        self.taken_back |= taken_back;
        self.end_with(&service, outcome, findings);
    }

    /// Sees to it that nothing that was rolled back is its family's newest revision: what had to be registered again for the way back,
    /// and a revision whose roll-outs failed and that no service runs.
    pub(super) async fn clear_up(&mut self, the_move: &Move<'_>) {
        self.keep_on_top_of_way_back(the_move).await;
        if !self.in_use && self.taken_back {
            // If that fails, the tag on the services keeps the next run from using it.
            self.drop_revision(the_move.writer, &the_move.to, the_move.from.as_ref()).await;
        }
    }

    /// Makes a revision of ours inactive unless a service of the Region needs it, in the run's scope or not: a service's next task
    /// cannot be started from an inactive one. What it was made from goes on top of the family if older code is there then.
    pub(super) async fn drop_revision(&mut self, writer: &EcsWriter, revision: &TaskDefinitionArn, source: Option<&Before>) {
        let dropped = match drop_unless_needed(&self.job.open.reader, writer, revision).await {
            Ok(true) => match source {
                Some(source) => self.cover(source, writer).await,
                None => Ok(()),
            },
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = dropped {
            self.ended.left_behind.push(error.failure());
        }
    }
}

/// Returns whether it is inactive now.
async fn drop_unless_needed(reader: &EcsReader, writer: &EcsWriter, revision: &TaskDefinitionArn) -> Result<bool, JourneyError> {
    let failed = |source| JourneyError::Deregister { revision: revision.short(), source };
    let services = reader.every_service().await.map_err(failed)?;
    if services.iter().any(|service| service.needs(revision)) {
        return Ok(false);
    }
    writer.deregister(revision).await.map(|()| true).map_err(failed)
}
