//! One run: sees that it is alone, gets ready, asks if somebody is there, walks, chooses which job goes next, and knows when to stop.
//!
//! Jobs start as they come, with one exception: two of one family in one Region never run at the same time, because ECS refuses
//! registrations that overlap. Services whose owners are deploying are come back to once, when all else is done. Asked to stop, a
//! run starts nothing new, lets what is in flight finish, and says of everything else that it was not attempted.

mod ask;
mod error;
mod networks;
mod one_run;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::aws::secrets::console_secret;
use crate::aws::{Aws, Calls};
use crate::console::{Console, ConsoleOptions, ConsoleUrl, Waiting};
use crate::events::{Beginning, Event, Events, Failure, Outcome, ServiceEnded, ServiceId, Stage};
use crate::ids::{AccountId, Family, RegionName};
use crate::journey::{self, Brake, Changes, Ended, Job, Mirrors, OpenRegion, Watch, World};
use crate::network::{InScope, Network, Owners};
use crate::once::Once;
use crate::plan::defender::{certifies, public_image};
use crate::registry::{Images, Reading};
use crate::settings::{ConsoleAccess, FromSecret, Problem, RollOutSettings, Settings, not_a_console};
use crate::walk::{AccountsError, PutBack, Walk};

pub use error::StartError;
use networks::{console_target, told_of_networks};

/// Jobs that may wait to be looked at before the walk waits too.
const WAITING_JOBS: usize = 64;

/// Does one run and tells it as events; returns when everything has its outcome.
///
/// # Errors
///
/// When the run could not start. Once it has started, whatever fails is an event.
pub async fn run(settings: Settings, events: Events) -> Result<(), StartError> {
    let stop = CancellationToken::new();
    let listening = listen_for_signals(stop.clone(), events.clone()).map_err(StartError::Signals)?;
    let ran = start_and_walk(settings, events, stop.clone()).await;
    if !stop.is_cancelled() {
        listening.abort();
    }
    // After a signal it still has to say so.
    let _ = listening.await;
    ran
}

async fn start_and_walk(settings: Settings, events: Events, stop: CancellationToken) -> Result<(), StartError> {
    let calls = Calls::new(settings.run.calls_in_flight, settings.run.first_wait, stop.clone());
    let run_id = new_run_id();
    let in_scope = InScope::default();
    let ready = async {
        let aws = Arc::new(Aws::start(calls, !settings.run.dry_run).await.map_err(StartError::Access)?);
        let owners = Owners {
            aws: Arc::clone(&aws),
            role_name: settings.run.role_name.clone(),
            session_name: session_name(&run_id),
            in_scope: Arc::clone(&in_scope),
            entered: Once::default(),
        };
        if let Some(task) = one_run::in_progress(&settings, &aws, &events).await {
            events.say(Event::AnotherRun { task }).await;
            return Ok(None);
        }
        let world = get_ready(&settings, &aws, owners, &run_id, &events, stop.clone()).await?;
        ask::whether_to_go_on(&settings, &events).await?;
        Ok(Some((aws, world)))
    };
    let ready = tokio::select! {
        biased;
        // Nothing is written before the walk, so that there is nothing to finish.
        () = stop.cancelled() => return Err(StartError::Interrupted),
        ready = ready => match ready {
            // What is given up because of the signal is no failure of whoever was asked.
            Err(_) if stop.is_cancelled() => return Err(StartError::Interrupted),
            ready => ready?,
        },
    };
    let Some((aws, world)) = ready else { return Ok(()) };
    let (jobs, found) = mpsc::channel(WAITING_JOBS);
    let walk = Arc::new(Walk {
        aws,
        scope: settings.scope,
        role_name: settings.run.role_name,
        assume_role: settings.run.assume_role,
        session_name: session_name(&run_id),
        open_regions: Arc::new(Semaphore::new(settings.run.regions_open)),
        rollouts: settings.roll_outs.at_once,
        jobs,
        in_scope,
        events: events.clone(),
        stop: stop.clone(),
    });
    let walking = tokio::spawn(Arc::clone(&walk).all());
    Scheduler::new(Arc::new(world), walk, events, stop).work(found, walking).await
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
    let access = console_access(settings, aws).await?;
    let logins = settings.run.registries.logins_with(&access.from_secret.registries);
    let logins = logins.map_err(|Problem { setting, text: problem }| StartError::Setting { setting, problem })?;
    let options = ConsoleOptions {
        defenders_connect_to: settings.console.defenders_connect_to.clone(),
        authorities: settings.console.authorities.as_ref().or(access.from_secret.authorities.as_ref()),
        project: settings.console.project.clone(),
    };
    let waiting = Waiting { first_wait: settings.run.first_wait, stop: stop.clone() };
    let console = Console::new(access.url.clone(), access.user, access.password, options, waiting);
    let console = console.map_err(StartError::Https)?;
    console.ping().await.map_err(StartError::Ping)?;
    let console_version = console.version().await.map_err(StartError::Login)?;
    let today = console.defender_today(&settings.policy, &console_version, &aws.account, &aws.region).await;
    let today = today.map_err(StartError::Sample)?;
    if let Some(template) = &settings.policy.defender_image
        && today.asked_image(&aws.account, &aws.region).is_none()
    {
        // Its own image may come from where tasks cannot reach, and a task whose image cannot be pulled never starts.
        let asked = public_image(&template.fill(&aws.account, &aws.region, &console_version));
        return Err(StartError::OtherImage { asked, embedded: today.public_image() });
    }
    let warning = warning(&console).await;
    let at = settings.run.registries_at.clone();
    let images = Images::new(Reading { logins, at, first_wait: settings.run.first_wait, stop: stop.clone() });
    let target = console_target(&settings.network, &today.ws_address).await;
    let network = Network::new(settings.network.mode, target, run_id, owners, events.clone(), stop.clone());
    let beginning = Beginning {
        run_id: run_id.to_owned(),
        caller: aws.account.clone(),
        region: aws.region.clone(),
        console: access.url.to_string(),
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
    Ok(World {
        policy: settings.policy.clone(),
        console,
        images,
        mirrors: Mirrors::default(),
        network,
        today,
        run_id: run_id.to_owned(),
        changes: Changes::at_most(settings.run.max_changes),
        watch: watch(&settings.roll_outs),
        roll_out_timeout: settings.roll_outs.timeout,
        brake: Brake::new(settings.roll_outs.canaries, settings.roll_outs.most_failures),
        look_again_after: settings.run.look_again_after,
        stop,
    })
}

/// Returns how roll-outs are followed, if they are.
fn watch(settings: &RollOutSettings) -> Option<Watch> {
    let RollOutSettings { wait, timeout, every, rolls_back, .. } = *settings;
    wait.then_some(Watch { timeout, every, rolls_back })
}

/// Returns what looks wrong about the Console and does not keep a run from going on.
async fn warning(console: &Console) -> Option<String> {
    let name = console.defenders_connect_to();
    let names = console.certificate_names().await.unwrap_or_default();
    if certifies(&names, name) {
        return None;
    }
    let names = names.join(", ");
    Some(format!(
        "Defenders are told to connect to {name}, which is not among the names in the Console's certificate ({names}): they would \
         refuse it; set PCC_SAN to one of those names"
    ))
}

/// How the Console is reached, and what else its secret holds.
struct ConsoleReached {
    url: ConsoleUrl,
    user: SecretString,
    password: SecretString,
    from_secret: FromSecret,
}

async fn console_access(settings: &Settings, aws: &Aws) -> Result<ConsoleReached, StartError> {
    match &settings.console.access {
        ConsoleAccess::Given { url, user, password } => {
            let (url, user, password) = (url.clone(), user.clone(), password.clone());
            Ok(ConsoleReached { url, user, password, from_secret: FromSecret::default() })
        }
        ConsoleAccess::Secret(name) => {
            let held = console_secret(aws, name).await.map_err(StartError::Secret)?;
            let url = ConsoleUrl::parse(held.url.expose_secret());
            let url = url.map_err(|problem| StartError::SecretUrl { name: name.clone(), problem: not_a_console(problem) })?;
            let from_secret = FromSecret::read(|key| held.text(key));
            let from_secret = from_secret.map_err(|Problem { setting, text: problem }| StartError::SecretHolds {
                name: name.clone(),
                setting,
                problem,
            })?;
            Ok(ConsoleReached { url, user: held.user, password: held.password, from_secret })
        }
    }
}

/// Returns what our sessions are called in the customer's CloudTrail.
fn session_name(run_id: &str) -> String {
    format!("fargate-updater-{run_id}")
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
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(tokio::spawn(async move {
        let signal = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        stop.cancel();
        events.say(Event::Stopping { signal }).await;
    }))
}

/// Where two registrations must not overlap.
type FamilyKey = (AccountId, RegionName, Family);

/// Chooses the next job.
struct Scheduler {
    world: Arc<World>,
    walk: Arc<Walk>,
    events: Events,
    stop: CancellationToken,
    running: JoinSet<Ended>,
    /// What is running, for the case that it ends in a panic.
    started: HashMap<Id, Started>,
    busy: HashSet<FamilyKey>,
    waiting: VecDeque<Job>,
    put_back: BTreeMap<(AccountId, RegionName), PutBack>,
}

struct Started {
    family: Option<FamilyKey>,
    services: Vec<ServiceId>,
    open: Arc<OpenRegion>,
}

impl Scheduler {
    fn new(world: Arc<World>, walk: Arc<Walk>, events: Events, stop: CancellationToken) -> Self {
        Self {
            world,
            walk,
            events,
            stop,
            running: JoinSet::new(),
            started: HashMap::new(),
            busy: HashSet::new(),
            waiting: VecDeque::new(),
            put_back: BTreeMap::new(),
        }
    }

    /// Takes jobs until the walk is done and every job has ended, the ones to come back to included.
    async fn work(
        mut self,
        mut found: mpsc::Receiver<Job>,
        walking: tokio::task::JoinHandle<Result<(), AccountsError>>,
    ) -> Result<(), StartError> {
        let mut walking = Some(walking);
        let mut again = None;
        let mut walked = Ok(());
        loop {
            tokio::select! {
                Some(job) = found.recv() => self.take(job).await,
                Some(ended) = self.running.join_next_with_id() => self.end(ended).await,
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
                            walked => walked.map_err(StartError::Accounts),
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
        self.running.is_empty() && self.waiting.is_empty()
    }

    /// Starts a job, or lets it wait while another of its family runs.
    async fn take(&mut self, job: Job) {
        if self.stop.is_cancelled() {
            return self.tell(Ended::not_attempted(&job), &job.open).await;
        }
        let family = key_of(&job);
        if family.as_ref().is_some_and(|family| self.busy.contains(family)) {
            return self.waiting.push_back(job);
        }
        self.busy.extend(family.clone());
        let started =
            Started { family, services: job.services.iter().map(ServiceId::from).collect(), open: Arc::clone(&job.open) };
        let world = Arc::clone(&self.world);
        let handle = self.running.spawn(async move { journey::protect(&job, &world).await });
        self.started.insert(handle.id(), started);
    }

    async fn end(&mut self, ended: Result<(Id, Ended), JoinError>) {
        let (id, ended) = match ended {
            Ok((id, ended)) => (id, Ok(ended)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(started) = self.started.remove(&id) else { return };
        if let Some(family) = &started.family {
            self.busy.remove(family);
        }
        let ended = ended.unwrap_or_else(|_| bug(&started));
        self.tell(ended, &started.open).await;
        drop(started);
        // Whoever waited for this family is looked at again; those behind it keep their order.
        for job in std::mem::take(&mut self.waiting) {
            self.take(job).await;
        }
    }

    async fn tell(&mut self, ended: Ended, open: &Arc<OpenRegion>) {
        if let Some(plan) = ended.plan {
            self.events.say(Event::Planned(Box::new(plan))).await;
        }
        for service in ended.outcomes {
            self.events.say(Event::Service(service)).await;
        }
        if !ended.put_back.is_empty() {
            // One for each Region, so that its services are looked at again together.
            let key = (open.account.id.clone(), open.region.clone());
            let nothing_yet = || PutBack { account: open.account.clone(), region: open.region.clone(), services: Vec::new() };
            self.put_back.entry(key).or_insert_with(nothing_yet).services.extend(ended.put_back);
        }
    }
}

fn key_of(job: &Job) -> Option<FamilyKey> {
    Some((job.open.account.id.clone(), job.open.region.clone(), job.family()?.clone()))
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
