//! Starts the next job, and knows when all is done.
//!
//! A journey needs a place at work while it reads and has the Defender embedded, and gives it back when it begins to wait for its turn to
//! change something: an account that waits for AWS's tokens or for roll-outs holds up nobody else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::StartError;
use super::verify::RolledOut;
use crate::aws::Account;
use crate::aws::ecs::SERVICES_PER_DESCRIBE;
use crate::events::{Event, Events, Explanation, Failure, Outcome, Place, RollOut, ServiceEnded, ServiceId, Stage, Unseen};
use crate::ids::{AccountId, Family, RegionName, ServiceArn, TaskDefinitionArn};
use crate::journey::{self, Ended, Job, OpenRegion, Rules, World};
use crate::plan::turns::Turns;
use crate::walk::{AccountsError, PutBack, Walk};

/// An account's Region: its quotas, its queue, and where two registrations of one family must not overlap.
pub(super) type RegionKey = (AccountId, RegionName);

/// So many journeys read and have something embedded at once: each holds task definitions.
const AT_WORK: usize = 48;

/// So many jobs of an account's Region are under way beside its roll-outs: the next ones are ready when their turn comes.
const AHEAD: usize = 4;

/// What is done with a job.
pub(super) enum Work {
    Protect {
        world: Arc<World>,
        /// Whether what was rolled out is verified afterwards.
        verifies: bool,
    },
    /// The Defender is taken out again, of one run or of all.
    Undo { rules: Rules, run: Option<String> },
}

impl Work {
    async fn go(&self, job: &Job, at_work: OwnedSemaphorePermit) -> Ended {
        match self {
            Self::Protect { world, .. } => journey::protect(job, world, at_work).await,
            Self::Undo { rules, run } => journey::undo(job, rules, run.as_deref(), at_work).await,
        }
    }

    /// Nothing is under way in a Region any more.
    fn leave(&self, (account, region): &RegionKey) {
        if let Self::Protect { world, .. } = self
            && let Some(network) = &world.network
        {
            network.forget(account, region);
        }
    }
}

/// What a run has been through: one that protects what it has rolled out, and one that takes Defenders out the rest.
#[derive(Default)]
pub(super) struct Done {
    pub(super) rolled_out: RolledOut,
    /// The accounts' Regions in which there are services.
    pub(super) regions: BTreeMap<RegionKey, Account>,
    /// Services that would lose their Defender, in a run that changes nothing.
    pub(super) leaving: BTreeSet<ServiceArn>,
    /// Services whose tasks with a Defender are only being replaced.
    pub(super) lingering: BTreeSet<ServiceArn>,
    /// Revisions of ours that services were moved off.
    pub(super) moved_off: BTreeMap<RegionKey, BTreeSet<TaskDefinitionArn>>,
}

/// Chooses the next job.
pub(super) struct Scheduler {
    work: Arc<Work>,
    walk: Arc<Walk>,
    events: Events,
    stop: CancellationToken,
    running: JoinSet<Ended>,
    /// What is running, for the case that it ends in a panic.
    started: HashMap<Id, Started>,
    turns: Turns<RegionKey, Family, Job>,
    at_work: Arc<Semaphore>,
    put_back: BTreeMap<RegionKey, PutBack>,
    done: Done,
}

struct Started {
    place: RegionKey,
    family: Option<Family>,
    services: Vec<ServiceId>,
    open: Arc<OpenRegion>,
}

impl Done {
    fn note(&mut self, ended: &ServiceEnded) {
        match &*ended.outcome {
            Outcome::Planned { .. } => {
                self.leaving.insert(ended.service.arn.clone());
            }
            Outcome::Undone { roll_out, .. } if *roll_out != RollOut::Done => {
                self.lingering.insert(ended.service.arn.clone());
            }
            // Nobody knows which tasks it has, or it is to go back to its Defender.
            Outcome::Failed(failure) if matches!(failure.stage, Stage::Update | Stage::RollOut) => {
                self.lingering.insert(ended.service.arn.clone());
            }
            _ => {}
        }
    }
}

impl Scheduler {
    pub(super) fn new(work: Arc<Work>, walk: Arc<Walk>, events: Events, stop: CancellationToken) -> Self {
        Self {
            work,
            events,
            stop,
            running: JoinSet::new(),
            started: HashMap::new(),
            turns: Turns::new(walk.rollouts.saturating_add(AHEAD)),
            at_work: Arc::new(Semaphore::new(AT_WORK)),
            put_back: BTreeMap::new(),
            done: Done::default(),
            walk,
        }
    }

    /// Takes jobs until the walk is done and every job has ended, the ones to come back to included.
    pub(super) async fn work(
        mut self,
        mut found: mpsc::Receiver<Vec<Job>>,
        walking: tokio::task::JoinHandle<Result<(), AccountsError>>,
    ) -> Result<Done, StartError> {
        let mut walking = Some(walking);
        let mut again = None;
        let mut walked = Ok(());
        let (stop, at_work) = (self.stop.clone(), Arc::clone(&self.at_work));
        loop {
            tokio::select! {
                Some(jobs) = found.recv() => self.take(jobs).await,
                Some(ended) = self.running.join_next_with_id() => self.end(ended).await,
                () = stop.cancelled(), if self.turns.is_ready() => self.give_up().await,
                Ok(place) = Arc::clone(&at_work).acquire_owned(), if self.turns.is_ready() => self.start(place),
                result = next_of(&mut walking), if walking.is_some() => {
                    walking = None;
                    match result {
                        Ok(result) => walked = result,
                        Err(_) => self.end_after_bug().await,
                    }
                }
                result = next_of(&mut again), if again.is_some() => {
                    again = None;
                    if result.is_err() {
                        self.end_after_bug().await;
                    }
                }
                () = std::future::ready(()), if walking.is_none() && again.is_none() && self.is_idle() && found.is_empty() => {
                    if self.put_back.is_empty() {
                        return match walked {
                            // A list that is given up because of the signal says nothing about the organization.
                            Err(_) if self.stop.is_cancelled() => Err(StartError::Interrupted),
                            walked => walked.map(|()| self.done).map_err(StartError::Accounts),
                        };
                    }
                    let (walk, put_back) = (Arc::clone(&self.walk), std::mem::take(&mut self.put_back));
                    again = Some(tokio::spawn(async move { walk.again(put_back.into_values().collect()).await }));
                }
            }
        }
    }

    /// The walk has panicked: what is under way is finished, nothing new is started, and the exit code tells.
    async fn end_after_bug(&self) {
        self.stop.cancel();
        let text = "fargate-updater has a bug, which ended the walk; please report what stderr says about it".to_owned();
        self.events.say(Event::Bug { text }).await;
    }

    fn is_idle(&self) -> bool {
        self.running.is_empty() && self.turns.is_idle()
    }

    /// Puts the jobs of an account's Region into its queue.
    async fn take(&mut self, jobs: Vec<Job>) {
        let Some(Job { open, .. }) = jobs.first() else { return };
        let place = (open.account.id.clone(), open.region.clone());
        if matches!(*self.work, Work::Undo { .. }) {
            self.done.regions.entry(place.clone()).or_insert_with(|| open.account.clone());
        }
        self.turns.add(&place, jobs.into_iter().map(|job| (job.family().cloned(), job)));
        if self.stop.is_cancelled() {
            self.give_up().await;
        }
    }

    /// The run is asked to stop: what waits is not attempted.
    async fn give_up(&mut self) {
        for job in self.turns.drain() {
            job.open.end(job.services.len());
            self.events.progress().task_definitions.done.add(1);
            self.tell(Ended::not_attempted(&job), &job.open).await;
        }
    }

    /// Starts the job whose turn it is.
    fn start(&mut self, at_work: OwnedSemaphorePermit) {
        let Some((place, family, mut job)) = self.turns.begin_next() else { return };
        let next = self.turns.waiting(&place).flat_map(|job| &job.services).take(SERVICES_PER_DESCRIBE);
        job.next = next.map(|service| (service.cluster.clone(), service.arn.clone())).collect();
        let services = job.services.iter().map(ServiceId::from).collect();
        let started = Started { place, family, services, open: Arc::clone(&job.open) };
        let work = Arc::clone(&self.work);
        let handle = self.running.spawn(async move { work.go(&job, at_work).await });
        self.started.insert(handle.id(), started);
    }

    async fn end(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, Ok(ended)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(started) = self.started.remove(&id) else { return };
        started.open.end(started.services.len());
        self.events.progress().task_definitions.done.add(1);
        let ended = ended.unwrap_or_else(|_| bug(&started));
        self.tell(ended, &started.open).await;
        if self.turns.end(&started.place, started.family.as_ref()) {
            self.work.leave(&started.place);
        }
    }

    async fn tell(&mut self, ended: Ended, open: &Arc<OpenRegion>) {
        if let (Some(parts), [ended]) = (&ended.explained, &ended.outcomes[..]) {
            let explanation = Explanation { ended: ended.clone(), parts: parts.clone() };
            self.events.say(Event::Explained(Box::new(explanation))).await;
        }
        // An explanation holds the plan.
        if let Some(plan) = ended.plan.filter(|_| ended.explained.is_none()) {
            self.events.say(Event::Planned(Box::new(plan))).await;
        }
        let (undoes, verifies) =
            (matches!(*self.work, Work::Undo { .. }), matches!(*self.work, Work::Protect { verifies: true, .. }));
        for service in ended.outcomes {
            if undoes {
                self.done.note(&service);
            }
            if verifies && ended.rolled_out.contains(&service.service.arn) {
                self.done.rolled_out.note(&service, &open.account);
            }
            self.events.say(Event::Service(service)).await;
        }
        for failure in ended.left_behind {
            self.events.unseen(Place::region(&open.account.id, &open.region), Unseen::Failed(failure)).await;
        }
        let key = (open.account.id.clone(), open.region.clone());
        if undoes && !ended.moved_off.is_empty() {
            self.done.moved_off.entry(key.clone()).or_default().extend(ended.moved_off);
        }
        if !ended.put_back.is_empty() {
            // One for each Region, so that its services are looked at again together.
            let nothing_yet = || PutBack { account: open.account.clone(), region: open.region.clone(), services: Vec::new() };
            self.put_back.entry(key).or_insert_with(nothing_yet).services.extend(ended.put_back);
        }
    }
}

/// A journey that panicked fails its services, and the run goes on. What it said when it panicked is on stderr.
fn bug(started: &Started) -> Ended {
    let failure = Failure {
        stage: Stage::Program,
        causes: vec!["fargate-updater has a bug, which ended this task definition's journey".to_owned()],
        hint: Some("please report what stderr says about it".to_owned()),
    };
    let outcomes = started.services.iter().map(|service| ServiceEnded::new(service.clone(), Outcome::Failed(failure.clone())));
    Ended { outcomes: outcomes.collect(), ..Ended::default() }
}

/// Waits for a task that may not be there.
async fn next_of<T>(task: &mut Option<tokio::task::JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}
