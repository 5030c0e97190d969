//! One run: sees that it is alone, gets ready, asks if somebody is there, walks, chooses which job goes next, knows when to stop, and
//! looks whose Defenders are connected.
//!
//! Jobs of the longest queue start first, and two of one family in one Region never run at the same time, because ECS refuses
//! registrations that overlap. Services whose owners are deploying are come back to once, when all else is done. Asked to stop, a
//! run starts nothing new, lets what is in flight finish, and says of everything else that it was not attempted.

mod ask;
mod ended;
mod error;
mod networks;
mod one_run;
pub mod reach;
mod scheduler;
mod undo;
mod verify;

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::aws::{Aws, Calls, MemberRole, connections};
use crate::console::Waiting;
use crate::events::{Beginning, Event, Events};
use crate::journey::{Brake, Changes, Explaining, Rules, Watch, World, mirrors};
use crate::network::{InScope, Network, Owners};
use crate::once::Once;
use crate::plan::Scope;
use crate::plan::shard::Shard;
use crate::registry::{Images, Reading};
use crate::report::shown;
use crate::settings::{RollOutSettings, RunSettings, Settings, Task};
use crate::walk::Walk;

pub use ended::Ended;
pub use error::StartError;
use networks::{console_target, told_of_networks};
pub use reach::{Access, Reached};
use scheduler::{Done, Scheduler, Work};

/// Regions whose jobs may wait to be put into queues before the walk waits too.
const WAITING_REGIONS: usize = 16;

/// Does one run and tells it as events; returns when everything has its outcome, unless another run is in progress with what can be
/// done afterwards.
///
/// # Errors
///
/// When the run could not start. Once it has started, whatever fails is an event.
pub async fn run(task: Task, events: Events) -> Result<Option<Ended>, StartError> {
    let stop = CancellationToken::new();
    let listening = listen_for_signals(stop.clone(), events.clone()).map_err(StartError::Signals)?;
    let ran = match task {
        Task::Protect(settings) => protect(*settings, events, stop.clone()).await,
        Task::Undo(settings) => undo::undo(*settings, events, stop.clone()).await,
    };
    if !stop.is_cancelled() {
        listening.abort();
    }
    // After a signal it still has to say so.
    let _ = listening.await;
    ran
}

/// What every run begins with, whatever it does.
struct Start {
    run_id: String,
    aws: Arc<Aws>,
    in_scope: InScope,
    events: Events,
    stop: CancellationToken,
}

impl Start {
    async fn new(run: &RunSettings, events: Events, stop: CancellationToken) -> Result<Self, StartError> {
        let share = connections::share(run.speed.concurrency);
        if share.in_flight < run.speed.concurrency {
            let text = format!(
                "this process may open so few files (`ulimit -n`) that {} calls to AWS are in flight at most (CONCURRENCY is {})",
                share.in_flight, run.speed.concurrency
            );
            events.say(Event::Warning { text }).await;
        }
        let (pace, progress) = ((run.speed.pace, run.speed.quota_scale), Arc::clone(events.progress()));
        let calls = Calls::new(share.in_flight, pace, run.first_wait, progress, stop.clone());
        let aws = Arc::new(Aws::start(calls, share, !run.dry_run).await.map_err(StartError::Access)?);
        Ok(Self { run_id: new_run_id(), aws, in_scope: InScope::default(), events, stop })
    }

    /// Returns whether another run is in progress, and tells it.
    async fn is_not_alone(&self, run: &RunSettings, shard: Shard) -> bool {
        let Some(task) = one_run::in_progress(run, shard, &self.aws, &self.events).await else { return false };
        self.events.say(Event::AnotherRun { task }).await;
        true
    }

    /// Returns what is left when all is done.
    fn when_ended(&self, run: &RunSettings) -> Ended {
        Ended { aws: Arc::clone(&self.aws), stop: self.stop.clone(), grace: run.upload_grace }
    }

    /// Walks everything in scope and does its errands.
    async fn walk(
        self,
        work: Arc<Work>,
        scope: Scope,
        run: RunSettings,
        roll_outs: &RollOutSettings,
    ) -> Result<Done, StartError> {
        let (jobs, found) = mpsc::channel(WAITING_REGIONS);
        let most_kept = run.speed.most_services_kept(roll_outs.wait);
        let walk = Arc::new(Walk {
            aws: self.aws,
            scope,
            member_role: member_role(&run, &self.run_id),
            assume_role: run.assume_role,
            places: Arc::new(Semaphore::new(run.speed.regions_walked)),
            kept: Arc::new(Semaphore::new(most_kept as usize)),
            most_kept,
            rollouts: roll_outs.at_once,
            jobs,
            in_scope: self.in_scope,
            events: self.events.clone(),
            stop: self.stop.clone(),
        });
        let walking = tokio::spawn(Arc::clone(&walk).all());
        Scheduler::new(work, walk, self.events, self.stop).work(found, walking).await
    }
}

/// Waits until a run is ready; none, when it is not to go on.
async fn until_ready<T>(
    stop: &CancellationToken,
    ready: impl Future<Output = Result<Option<T>, StartError>>,
) -> Result<Option<T>, StartError> {
    tokio::select! {
        biased;
        // Nothing is written before the walk, so that there is nothing to finish.
        () = stop.cancelled() => Err(StartError::Interrupted),
        ready = ready => match ready {
            // What is given up because of the signal is no failure of whoever was asked.
            Err(_) if stop.is_cancelled() => Err(StartError::Interrupted),
            ready => ready,
        },
    }
}

async fn protect(settings: Settings, events: Events, stop: CancellationToken) -> Result<Option<Ended>, StartError> {
    let ready = async {
        let start = Start::new(&settings.run, events.clone(), stop.clone()).await?;
        if start.is_not_alone(&settings.run, settings.scope.shard).await {
            return Ok(None);
        }
        let owners = Owners {
            aws: Arc::clone(&start.aws),
            member_role: member_role(&settings.run, &start.run_id),
            in_scope: Arc::clone(&start.in_scope),
            entered: Once::default(),
        };
        let world = get_ready(&settings, &start.aws, owners, &start.run_id, &events, stop.clone()).await?;
        ask::whether_to_go_on(&settings.run, &events, || shown::settings(&settings)).await?;
        Ok(Some((start, world)))
    };
    let Some((start, world)) = until_ready(&stop, ready).await? else { return Ok(None) };
    let ended = start.when_ended(&settings.run);
    let Settings { scope, run, roll_outs, verify, .. } = settings;
    let world = Arc::new(world);
    let work = Work::Protect { world: Arc::clone(&world), verifies: verify.is_some() };
    let done = start.walk(Arc::new(work), scope, run, &roll_outs).await?;
    if let Some(settings) = verify {
        verify::verify(done.rolled_out, &world.console, settings, &events, &stop).await;
    }
    Ok(Some(ended))
}

/// Reaches the Console and learns what it embeds today.
async fn get_ready(
    settings: &Settings,
    aws: &Aws,
    owners: Owners,
    run_id: &str,
    events: &Events,
    stop: CancellationToken,
) -> Result<World, StartError> {
    let access = reach::access(&settings.console, Some(aws)).await?;
    let waiting = Waiting {
        first_wait: settings.run.first_wait,
        runs: settings.scope.shard.count(),
        progress: Arc::clone(events.progress()),
        stop: stop.clone(),
    };
    let (policy, place) = (&settings.policy, (&aws.account, &aws.region));
    let reached = reach::reach(&settings.console, &settings.run.registries, policy, access, place, waiting).await?;
    let Reached { url, console, console_version, today, logins } = reached;
    let warning = reach::warning(&console).await;
    let at = settings.run.registries_at.clone();
    let images = Images::new(Reading { logins, at, first_wait: settings.run.first_wait, stop: stop.clone() });
    let target = console_target(&settings.network, &today.ws_address).await;
    let network = Network::new(settings.network.mode, target, run_id, owners, events.clone(), stop.clone());
    let beginning = Beginning {
        run_id: run_id.to_owned(),
        caller: aws.account.clone(),
        region: aws.region.clone(),
        console: url,
        console_version,
        defender_version: today.version_text().to_owned(),
        ws_address: today.ws_address.clone(),
        network: told_of_networks(&settings.network),
        dry_run: settings.run.dry_run,
    };
    events.say(Event::Began(Box::new(beginning))).await;
    if let Some(text) = warning {
        events.say(Event::Warning { text }).await;
    }
    let rules = rules(&settings.run, &settings.roll_outs, run_id, today.version.clone(), (events, stop));
    let explain = settings.scope.service.is_some().then(|| Explaining {
        role: settings.run.assume_role.then(|| settings.run.role_name.clone()),
        settings: shown::deciding(settings),
    });
    Ok(World { policy: settings.policy.clone(), console, images, mirrors: mirrors(), network, today, rules, explain })
}

/// Returns what every errand of a run keeps to.
fn rules(
    run: &RunSettings,
    roll_outs: &RollOutSettings,
    run_id: &str,
    version: Option<String>,
    (events, stop): (&Events, CancellationToken),
) -> Rules {
    Rules {
        run_id: run_id.to_owned(),
        version,
        changes: Changes::at_most(run.max_changes),
        watch: watch(roll_outs),
        roll_out_timeout: roll_outs.timeout,
        brake: Brake::new(roll_outs.canaries, roll_outs.most_failures),
        look_again_after: run.look_again_after,
        progress: Arc::clone(events.progress()),
        stop,
    }
}

/// Returns how roll-outs are followed, if they are.
pub fn watch(settings: &RollOutSettings) -> Option<Watch> {
    let RollOutSettings { wait, timeout, every, rolls_back, .. } = *settings;
    wait.then_some(Watch { timeout, every, rolls_back })
}

/// Returns the role that is assumed in each account, by sessions that tell in the customer's CloudTrail which run it was.
pub fn member_role(run: &RunSettings, run_id: &str) -> MemberRole {
    let session_name = format!("fargate-updater-{run_id}");
    MemberRole { name: run.role_name.clone(), external_id: run.external_id.clone(), session_name }
}

/// Returns a name for this run: when it began, and a few random letters.
fn new_run_id() -> String {
    let began = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let letters: String = std::iter::repeat_with(fastrand::lowercase).take(4).collect();
    format!("{began}-{letters}")
}

/// Cancels the run at the first signal. Fargate sends SIGTERM and gives 30 seconds.
///
/// Source: Amazon ECS Developer Guide, `stopTimeout`.
fn listen_for_signals(stop: CancellationToken, events: Events) -> std::io::Result<tokio::task::JoinHandle<()>> {
    let signal = signalled()?;
    Ok(tokio::spawn(async move {
        let signal = signal.await;
        stop.cancel();
        events.say(Event::Stopping { signal }).await;
    }))
}

/// Returns what waits for a signal that asks to stop, and names it.
fn signalled() -> std::io::Result<impl Future<Output = &'static str>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        }
    })
}
