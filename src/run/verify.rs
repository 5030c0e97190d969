//! The end of a run that has rolled something out: whose Defenders are connected, as the Console says.
//!
//! Asked are ECS for the tasks of what was moved, a cluster at a time where that is fewer calls, and the Console for its connected
//! Defenders, once for all, a page after the other. A young task may be about to connect: so a run waits until its youngest ones are old
//! enough, and asks once more for what is missing. It changes nothing, and nothing that comes of it makes a run fail.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures::StreamExt as _;
use futures::stream;
use tokio_util::sync::CancellationToken;

use super::scheduler::RegionKey;
use crate::aws::tasks::StartedTask;
use crate::aws::{Account, AwsError, TaskReader};
use crate::console::{Console, ConsoleError, DEFENDERS_PAGE, What};
use crate::events::{Event, Events, Failure, Outcome, ServiceEnded, ServiceId, Stage, Unverified, Verified};
use crate::ids::TaskDefinitionArn;
use crate::plan::verify::{Search, Sought, Task, Tasks, Unknown};
use crate::settings::VerifySettings;

/// So many services are remembered until the end of a run.
const MOST_SERVICES: usize = 10_000;

/// So many clusters are asked about at once.
const CLUSTERS_AT_ONCE: usize = 16;

/// The types that the Console may list the Defenders of Fargate tasks under. Which of the two it is, is not public: it has an item for each.
/// Source: pan.dev, openapi-specs/compute, `GET /defenders`, `type`; Prisma Cloud documentation, Manage > Defenders (read 2026-11).
const KINDS: [&str; 2] = ["fargate", "appEmbedded"];

/// So many pages of a type are read: 20,000 Defenders.
const MOST_PAGES: usize = 400;

/// What a run has rolled out, to be verified at its end.
#[derive(Default)]
pub(super) struct RolledOut {
    accounts: BTreeMap<RegionKey, Account>,
    services: Vec<(ServiceId, TaskDefinitionArn)>,
    /// Services beyond the most that are remembered.
    more: usize,
}

impl RolledOut {
    /// Remembers a service whose roll-out was seen to be won, whichever run began it.
    pub(super) fn note(&mut self, ended: &ServiceEnded, account: &Account) {
        let (Outcome::Protected { to, .. } | Outcome::Upgraded { to, .. } | Outcome::UpToDate { task_definition: to }) =
            &*ended.outcome
        else {
            return;
        };
        if self.services.len() == MOST_SERVICES {
            self.more += 1;
            return;
        }
        let service = ServiceId::clone(&ended.service);
        self.accounts.entry((service.account.clone(), service.region.clone())).or_insert_with(|| account.clone());
        self.services.push((service, to.clone()));
    }

    /// Returns the reader of tasks for a service.
    fn reader(&self, service: &ServiceId) -> Option<TaskReader> {
        let account = self.accounts.get(&(service.account.clone(), service.region.clone()))?;
        Some(account.ecs(&service.region).task_reader())
    }

    /// Asks ECS what runs of some services, by their numbers.
    async fn tasks(&self, wanted: impl IntoIterator<Item = usize>) -> Vec<(usize, Tasks)> {
        let mut clusters: BTreeMap<_, Vec<(usize, &ServiceId, &TaskDefinitionArn)>> = BTreeMap::new();
        for number in wanted {
            let Some((service, runs)) = self.services.get(number) else { continue };
            let place = (&service.account, &service.region, &service.cluster);
            clusters.entry(place).or_default().push((number, service, runs));
        }
        let asked = clusters.into_values().map(|services| self.of_cluster(services));
        let told: Vec<Vec<(usize, Tasks)>> = stream::iter(asked).buffer_unordered(CLUSTERS_AT_ONCE).collect().await;
        told.into_iter().flatten().collect()
    }

    async fn of_cluster(&self, services: Vec<(usize, &ServiceId, &TaskDefinitionArn)>) -> Vec<(usize, Tasks)> {
        let Some((_, first, _)) = services.first() else { return Vec::new() };
        let Some(reader) = self.reader(first) else { return Vec::new() };
        let mut together = together(&reader, &first.cluster, services.len()).await;
        let mut told = Vec::new();
        for (number, service, runs) in services {
            let tasks = match &mut together {
                Together::Told(all) => Ok(all.remove(&service.name).unwrap_or_default()),
                Together::Apart => reader.started(&service.cluster, &service.name).await,
                Together::Untold(error) => Err(error.clone()),
            };
            told.push((number, tasks_of(tasks, runs)));
        }
        told
    }
}

/// What ECS told of all services of a cluster.
enum Together {
    Told(HashMap<String, Vec<StartedTask>>),
    /// It is asked about each by itself.
    Apart,
    Untold(AwsError),
}

/// Asks about all tasks of a cluster, if that may take no more calls than asking about so many of its services: two for each hundred tasks,
/// against two for each service.
async fn together(reader: &TaskReader, cluster: &str, services: usize) -> Together {
    if services < 2 {
        return Together::Apart;
    }
    match reader.started_by_service(cluster, services).await {
        Ok(Some(told)) => Together::Told(told),
        Ok(None) => Together::Apart,
        Err(error) => Together::Untold(error),
    }
}

/// Takes the tasks that run a revision.
fn tasks_of(told: Result<Vec<StartedTask>, AwsError>, runs: &TaskDefinitionArn) -> Tasks {
    let told = match told {
        Ok(told) => told,
        Err(error) => return Tasks::Untold { cause: causes(&error).join(": ") },
    };
    let seen = now();
    let ours = told.into_iter().filter(|task| task.task_definition == *runs);
    Tasks::Told(ours.map(|task| Task { id: task.arn.id().to_owned(), since: task.started_at.unwrap_or(seen) }).collect())
}

/// Verifies what was rolled out, and tells it.
pub(super) async fn verify(
    rolled_out: RolledOut,
    console: &Console,
    settings: VerifySettings,
    events: &Events,
    stop: &CancellationToken,
) {
    let services = rolled_out.services.len();
    if services == 0 {
        return;
    }
    if let more @ 1.. = rolled_out.more {
        events.say(Event::Unverified { services: more, why: Unverified::TooMany { most: MOST_SERVICES } }).await;
    }
    let told = match search(&rolled_out, console, settings, (events, stop)).await {
        Ok(told) => told,
        // What is given up because of the signal is no failure of the Console's.
        Err(_) if stop.is_cancelled() => return events.say(Event::Unverified { services, why: Unverified::Stopped }).await,
        Err(error) => {
            let why = Unverified::Console { causes: causes(&error), hint: error.hint() };
            return events.say(Event::Unverified { services, why }).await;
        }
    };
    let Some((search, rest)) = told else {
        return events.say(Event::Unverified { services, why: Unverified::Stopped }).await;
    };
    let now = now();
    for (number, (service, _)) in rolled_out.services.into_iter().enumerate() {
        let connections = search.connections(number, now, settings.connects_after, rest.as_ref());
        events.say(Event::Verified(Box::new(Verified { service, connections }))).await;
    }
}

/// Looks for the Defenders of all tasks, and once more for those that were not found. Returns what was found, and why nobody can tell of the
/// rest, if that is so; nothing, when the run is asked to stop before.
async fn search(
    rolled_out: &RolledOut,
    console: &Console,
    settings: VerifySettings,
    (events, stop): (&Events, &CancellationToken),
) -> Result<Option<(Search, Option<Unknown>)>, ConsoleError> {
    if stop.is_cancelled() {
        return Ok(None);
    }
    let mut told = rolled_out.tasks(0..rolled_out.services.len()).await;
    told.sort_by_key(|(number, _)| *number);
    let sought = rolled_out.services.iter().zip(told).map(|((service, _), (_, tasks))| Sought {
        account: service.account.clone(),
        region: service.region.clone(),
        cluster: service.cluster.clone(),
        tasks,
    });
    let mut search = Search::new(sought.collect());
    let waits = search.wait(now(), settings.connects_after).min(settings.longest_wait);
    events.say(Event::Verifying { services: rolled_out.services.len(), waits }).await;
    if search.is_over() {
        return Ok(Some((search, None)));
    }
    let young = events.progress().young_tasks.during();
    if !waited(waits, stop).await {
        return Ok(None);
    }
    drop(young);
    let mut whole = read(console, &mut search).await?;
    if !search.is_over() {
        let _young = events.progress().young_tasks.during();
        if !waited(settings.retry_after(), stop).await {
            return Ok(Some((search, Some(Unknown::Stopped))));
        }
        // What was not found may have been replaced meanwhile.
        let told = rolled_out.tasks(search.unfinished()).await;
        search.renew(told);
        whole = match read(console, &mut search).await {
            Ok(whole) => whole,
            Err(_) if stop.is_cancelled() => return Ok(Some((search, Some(Unknown::Stopped)))),
            Err(error) => {
                // What was found the first time stays found.
                events.say(Event::Warning { text: causes(&error).join(": ") }).await;
                false
            }
        };
    }
    Ok(Some((search, (!whole).then_some(Unknown::NotAllRead))))
}

/// Waits, and returns whether the run was not asked to stop meanwhile.
async fn waited(wait: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = tokio::time::sleep(wait) => true,
    }
}

/// Reads the Console's connected Defenders until all that are looked for are found. Returns whether the list was read to its end, if it had
/// to be.
async fn read(console: &Console, search: &mut Search) -> Result<bool, ConsoleError> {
    let (mut whole, mut refused) = (true, None);
    for kind in KINDS {
        let (mut offset, mut pages) = (0, 0);
        loop {
            if search.is_over() {
                return Ok(true);
            }
            if pages == MOST_PAGES {
                whole = false;
                break;
            }
            let page = match console.connected_defenders(kind, offset).await {
                Ok(page) => page,
                // A Console that does not know this type lists them under the other.
                Err(error) if matches!(error.what(), What::Refused { status: 400, .. }) && refused.is_none() => {
                    refused = Some(error);
                    break;
                }
                Err(error) => return Err(error),
            };
            page.iter().for_each(|element| search.cross_off(element));
            if page.len() < DEFENDERS_PAGE {
                break;
            }
            offset += page.len();
            pages += 1;
        }
    }
    Ok(whole)
}

fn causes(error: &(dyn std::error::Error + 'static)) -> Vec<String> {
    Failure::new(Stage::Console, error, None).causes
}

/// Returns the time in milliseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
