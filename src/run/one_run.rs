//! One run at a time: a run in a task of ECS looks for an older one in its own family before it does anything.

use crate::aws::tasks::{TaskFilter, Wanted};
use crate::aws::{Aws, AwsError, metadata};
use crate::events::{Event, Events, Failure, Stage};
use crate::ids::TaskArn;
use crate::plan::other_runs::{self, Turn};
use crate::plan::shard::Shard;
use crate::settings::RunSettings;

/// Why it cannot be seen whether another run is in progress.
#[derive(Debug, thiserror::Error)]
enum Unseen {
    #[error("could not find out which task this is")]
    Metadata(#[source] metadata::MetadataError),
    #[error("could not list the running tasks of its family")]
    List(#[source] AwsError),
    #[error("could not describe the running tasks of its family")]
    Describe(#[source] AwsError),
    #[error("ECS does not tell when the task of this run was created")]
    Age,
}

impl Unseen {
    fn missing_permission(&self) -> Option<String> {
        match self {
            Self::List(error) | Self::Describe(error) => error.missing_permission(),
            Self::Metadata(_) | Self::Age => None,
        }
    }
}

/// Returns the task of an older run that is in progress, in whose favour this one ends.
///
/// A dry run changes nothing and does not ask, nor does a run outside of ECS. Of a run that walks one share of the organization only
/// those of the same share matter. Where it cannot be seen, the run goes on with a
/// warning: a missing permission must not keep an organization unprotected.
pub(super) async fn in_progress(run: &RunSettings, shard: Shard, aws: &Aws, events: &Events) -> Option<TaskArn> {
    let address = run.task_metadata.as_ref().filter(|_| !run.dry_run)?;
    match turn(address, run, shard, aws).await {
        Ok(turn) => turn,
        Err(unseen) => {
            let causes = Failure::new(Stage::Access, &unseen, None).causes.join(": ");
            let permission = unseen.missing_permission().map_or_else(String::new, |allow| format!("; {allow}"));
            let text = format!("whether another run is in progress cannot be seen, and this one goes on: {causes}{permission}");
            events.say(Event::Warning { text }).await;
            None
        }
    }
}

async fn turn(address: &str, run: &RunSettings, shard: Shard, aws: &Aws) -> Result<Option<TaskArn>, Unseen> {
    let own = metadata::own_task(address, run.first_wait).await.map_err(Unseen::Metadata)?;
    let reader = aws.task_reader(own.arn.region());
    let filter = TaskFilter { family: Some(own.family), started_by: None, service: None, wanted: Wanted::Running };
    let mut tasks = reader.list(&own.cluster, &filter).await.map_err(Unseen::List)?;
    // A list may lag behind, and this task must be among those it is compared with.
    tasks.insert(own.arn.clone());
    let tasks = reader.runs(&own.cluster, &tasks).await.map_err(Unseen::Describe)?;
    match other_runs::turn(&own.arn, &tasks, !shard.is_whole()) {
        Turn::Ours => Ok(None),
        Turn::Theirs(task) => Ok(Some(task)),
        Turn::Unknown => Err(Unseen::Age),
    }
}
