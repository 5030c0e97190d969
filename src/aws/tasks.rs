//! ECS: the tasks of a cluster, listed and described. Whose permissions that takes depends on whose tasks they are.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aws_sdk_ecs::types::{Container, DesiredStatus, Task};

use super::call::{At, Calls};
use super::error::AwsError;
use super::operations::{self, Operation};
use super::pages;
use crate::ids::{Family, TaskArn, TaskDefinitionArn};
use crate::plan::other_runs::{Part, RunTask};
use crate::plan::pin::{RunningTask, is_digest};
use crate::plan::watch::{StoppedContainer, StoppedTask};

/// `ListTasks` gives at most 100 tasks a page.
/// Source: Amazon ECS API Reference, ListTasks, `maxResults` (read 2026-11).
const PAGE: i32 = 100;

/// `DescribeTasks` takes at most 100 tasks a call.
/// Source: Amazon ECS API Reference, DescribeTasks, `tasks` (read 2026-11).
const TASKS_PER_DESCRIBE: usize = 100;

/// So many tasks are listed in one call and described in another.
pub const TASKS_PER_CALL: usize = TASKS_PER_DESCRIBE;

/// So many tasks of a deployment are enough to say why they stop: what one call describes, for most may have stopped because ECS wanted
/// fewer.
const MOST_STOPPED: usize = TASKS_PER_DESCRIBE;

/// Which tasks of a cluster are listed: those that match all that is given.
#[derive(Clone, Debug)]
pub struct TaskFilter {
    pub family: Option<Family>,
    /// The id of the deployment that started them: `ecs-svc/…`.
    pub started_by: Option<String>,
    /// The name of the service that they are of.
    pub service: Option<String>,
    pub wanted: Wanted,
}

/// What ECS wants of a task, which is not yet what it does: one that is being stopped is wanted to be stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Running,
    /// ECS tells of these for an hour or so.
    Stopped,
}

/// A task of a service that runs, or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartedTask {
    pub arn: TaskArn,
    pub task_definition: TaskDefinitionArn,
    /// In milliseconds since 1970; none as long as not all of its containers run.
    pub started_at: Option<i64>,
}

/// Reads tasks in one account and Region.
pub struct TaskReader {
    client: aws_sdk_ecs::Client,
    calls: Arc<Calls>,
    at: At,
    listing: &'static Operation,
    describing: &'static Operation,
}

impl TaskReader {
    /// Returns what reads tasks in the caller's own account, with the caller's own credentials.
    pub(super) fn of_the_caller(client: aws_sdk_ecs::Client, calls: Arc<Calls>, at: At) -> Self {
        Self { client, calls, at, listing: &operations::LIST_TASKS, describing: &operations::DESCRIBE_TASKS }
    }

    /// Returns what reads the tasks of services, with the member role.
    pub(super) fn of_services(client: aws_sdk_ecs::Client, calls: Arc<Calls>, at: At) -> Self {
        Self { client, calls, at, listing: &operations::LIST_SERVICE_TASKS, describing: &operations::DESCRIBE_SERVICE_TASKS }
    }

    /// Returns the tasks that one deployment of a service started and that have stopped; ECS tells of them for an hour or so.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn stopped(&self, cluster: &str, deployment: &str) -> Result<Vec<StoppedTask>, AwsError> {
        let filter = TaskFilter { family: None, started_by: Some(deployment.to_owned()), service: None, wanted: Wanted::Stopped };
        let tasks: BTreeSet<TaskArn> = self.list(cluster, &filter).await?.into_iter().take(MOST_STOPPED).collect();
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.describe(cluster, &tasks).await?.iter().map(stopped_task).collect())
    }

    /// Returns the tasks of a cluster, named or by its ARN, each once.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn list(&self, cluster: &str, filter: &TaskFilter) -> Result<BTreeSet<TaskArn>, AwsError> {
        pages::all(|from| self.page(cluster, filter, from)).await
    }

    /// Returns one page of the tasks of a cluster, and where the next one begins.
    async fn page(
        &self,
        cluster: &str,
        filter: &TaskFilter,
        from: Option<String>,
    ) -> Result<(Vec<TaskArn>, Option<String>), AwsError> {
        let wanted = match filter.wanted {
            Wanted::Running => DesiredStatus::Running,
            Wanted::Stopped => DesiredStatus::Stopped,
        };
        let request = || {
            let request = self.client.list_tasks().cluster(cluster).desired_status(wanted.clone()).max_results(PAGE);
            let family = filter.family.as_ref().map(|family| family.as_str().to_owned());
            let request = request.set_family(family).set_started_by(filter.started_by.clone());
            request.set_service_name(filter.service.clone()).set_next_token(from.clone()).send()
        };
        let answer = self.calls.send(self.listing, &self.at, request).await?;
        let arns = answer.task_arns().iter().map(|arn| parsed(self.listing, Some(arn)));
        Ok((arns.collect::<Result<_, _>>()?, answer.next_token))
    }

    /// Returns running tasks of a service with the images that run in them, up to a hundred: one page and one description, since the
    /// tasks of a service run the same but for a while.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn running(&self, cluster: &str, service: &str) -> Result<Vec<RunningTask>, AwsError> {
        let service = Some(service.to_owned());
        let filter = TaskFilter { family: None, started_by: None, service, wanted: Wanted::Running };
        let (tasks, _) = self.page(cluster, &filter, None).await?;
        let described = self.describe(cluster, &tasks.into_iter().collect()).await?;
        Ok(described.iter().filter_map(running_task).collect())
    }

    /// Returns all running tasks of a cluster's services with the images that run in them, by the services' names; none, if they are
    /// more than so many pages, other tasks of the cluster among them.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn running_by_service(
        &self,
        cluster: &str,
        most_pages: usize,
    ) -> Result<Option<HashMap<String, Vec<RunningTask>>>, AwsError> {
        let Some(tasks) = self.all_running(cluster, most_pages).await? else { return Ok(None) };
        Ok(Some(self.by_service(cluster, &tasks, running_task).await?))
    }

    /// Returns when all tasks of a service started that run or are about to.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn started(&self, cluster: &str, service: &str) -> Result<Vec<StartedTask>, AwsError> {
        let filter = TaskFilter { family: None, started_by: None, service: Some(service.to_owned()), wanted: Wanted::Running };
        let tasks = self.list(cluster, &filter).await?;
        Ok(self.by_service(cluster, &tasks, started_task).await?.remove(service).unwrap_or_default())
    }

    /// Returns the same of all tasks of a cluster's services, by the services' names; none, if they are more than so many pages, other
    /// tasks of the cluster among them.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn started_by_service(
        &self,
        cluster: &str,
        most_pages: usize,
    ) -> Result<Option<HashMap<String, Vec<StartedTask>>>, AwsError> {
        let Some(tasks) = self.all_running(cluster, most_pages).await? else { return Ok(None) };
        Ok(Some(self.by_service(cluster, &tasks, started_task).await?))
    }

    /// Lists the tasks of a cluster that run or are about to; none, if they are more than so many pages.
    async fn all_running(&self, cluster: &str, most_pages: usize) -> Result<Option<BTreeSet<TaskArn>>, AwsError> {
        let filter = TaskFilter { family: None, started_by: None, service: None, wanted: Wanted::Running };
        let (mut tasks, mut from) = (BTreeSet::new(), None);
        for _ in 0..most_pages {
            let (listed, next) = self.page(cluster, &filter, from).await?;
            tasks.extend(listed);
            from = next;
            if from.is_none() {
                return Ok(Some(tasks));
            }
        }
        Ok(None)
    }

    /// Describes tasks, and passes on something of each that belongs to a service, by the services' names.
    async fn by_service<T>(
        &self,
        cluster: &str,
        tasks: &BTreeSet<TaskArn>,
        told: impl Fn(&Task) -> Option<T>,
    ) -> Result<HashMap<String, Vec<T>>, AwsError> {
        let mut by_service: HashMap<String, Vec<T>> = HashMap::new();
        let mut pass_on = |task: &Task| {
            // Source: Amazon ECS API Reference, Task, `group` (read 2026-11).
            let service = task.group().and_then(|group| group.strip_prefix("service:"));
            if let (Some(service), Some(told)) = (service, told(task)) {
                by_service.entry(service.to_owned()).or_default().push(told);
            }
        };
        self.describe_each(cluster, tasks, |described| described.iter().for_each(&mut pass_on)).await?;
        Ok(by_service)
    }

    /// Describes tasks that do runs of this program; those that are gone are left out.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn runs(&self, cluster: &str, tasks: &BTreeSet<TaskArn>) -> Result<Vec<RunTask>, AwsError> {
        let described = self.describe(cluster, tasks).await?;
        described.iter().map(|task| run_task(self.describing, task)).collect()
    }

    /// Describes tasks, as many as are still known. What of them is passed on is up to whoever asks.
    async fn describe(&self, cluster: &str, tasks: &BTreeSet<TaskArn>) -> Result<Vec<Task>, AwsError> {
        let mut all = Vec::new();
        self.describe_each(cluster, tasks, |described| all.extend(described)).await?;
        Ok(all)
    }

    /// Describes tasks, and hands over what each call tells: of a whole cluster that is too much to be kept.
    async fn describe_each(
        &self,
        cluster: &str,
        tasks: &BTreeSet<TaskArn>,
        mut take: impl FnMut(Vec<Task>),
    ) -> Result<(), AwsError> {
        let names: Vec<&str> = tasks.iter().map(TaskArn::as_str).collect();
        for chunk in names.chunks(TASKS_PER_DESCRIBE) {
            let chunk: Vec<String> = chunk.iter().map(|name| (*name).to_owned()).collect();
            let request = || self.client.describe_tasks().cluster(cluster).set_tasks(Some(chunk.clone())).send();
            take(self.calls.send(self.describing, &self.at, request).await?.tasks.unwrap_or_default());
        }
        Ok(())
    }
}

/// Passes on what runs in a task; nothing of one that ECS does not tell enough of.
/// Source: Amazon ECS API Reference, Container, `imageDigest` (read 2026-11).
fn running_task(task: &Task) -> Option<RunningTask> {
    let digest = |container: &Container| Some((container.name()?.to_owned(), container.image_digest()?.to_owned()));
    Some(RunningTask {
        arn: task.task_arn()?.to_owned(),
        created_at: task.created_at().and_then(|time| time.to_millis().ok()),
        task_definition: task.task_definition_arn()?.parse().ok()?,
        digests: task.containers().iter().filter_map(digest).filter(|(_, digest)| is_digest(digest)).collect(),
    })
}

/// Passes on since when a task runs.
fn started_task(task: &Task) -> Option<StartedTask> {
    Some(StartedTask {
        arn: task.task_arn()?.parse().ok()?,
        task_definition: task.task_definition_arn()?.parse().ok()?,
        started_at: task.started_at().and_then(|time| time.to_millis().ok()),
    })
}

/// Passes a task on as plain facts. Of the variables that it was started with nothing is kept but which part its run is about.
fn run_task(operation: &'static Operation, task: &Task) -> Result<RunTask, AwsError> {
    let containers = task.overrides().into_iter().flat_map(|overrides| overrides.container_overrides());
    let environment = containers.flat_map(|container| container.environment());
    Ok(RunTask {
        arn: parsed(operation, task.task_arn())?,
        created_at: task.created_at().and_then(|time| time.to_millis().ok()),
        last_status: task.last_status().unwrap_or_default().to_owned(),
        part: Part::of(environment.filter_map(|variable| Some((variable.name()?, variable.value()?)))),
    })
}

/// Passes on why a task stopped.
fn stopped_task(task: &Task) -> StoppedTask {
    let container = |container: &Container| StoppedContainer {
        name: container.name().unwrap_or_default().to_owned(),
        exit_code: container.exit_code(),
        reason: container.reason().map(str::to_owned),
    };
    StoppedTask {
        code: task.stop_code().map_or("", |code| code.as_str()).to_owned(),
        reason: task.stopped_reason().unwrap_or_default().to_owned(),
        containers: task.containers().iter().map(container).collect(),
    }
}

fn parsed(operation: &'static Operation, text: Option<&str>) -> Result<TaskArn, AwsError> {
    text.unwrap_or_default().parse().map_err(|error| AwsError::unusable(operation, format!("{error}")))
}
