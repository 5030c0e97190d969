//! A service that somebody moves to a revision by name: looked at, moved, followed and taken back as in a run.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};
use tokio_util::sync::CancellationToken;

use super::deploy::{Before, Kind, Move, Ticket};
use super::errand::Errand;
use super::{Brake, Changes, Job, OpenRegion, Rules, Watch};
use crate::aws::Account;
use crate::events::{Outcome, Unattempted};
use crate::ids::{ClusterArn, RegionName, ServiceArn, TaskDefinitionArn};
use crate::plan::brake::MostFailures;
use crate::plan::redact::Redactor;
use crate::plan::service::{self, ServiceFacts};
use crate::progress::Progress;

/// What is asked for.
pub struct HandedIn<'a> {
    pub cluster: &'a str,
    pub service: &'a str,
    pub to: &'a TaskDefinitionArn,
    /// What must not be seen of what ECS says.
    pub secrets: &'a Redactor,
    /// The Defender's version.
    pub version: Option<String>,
}

/// Moves a service of an account's Region to a revision, and follows that if it is to be followed.
///
/// # Errors
///
/// When there is no such service, or ECS does not tell of it.
pub async fn hand_in(
    handed_in: HandedIn<'_>,
    account: &Account,
    region: &RegionName,
    (watch, roll_out_timeout): (Option<Watch>, Duration),
) -> Result<Outcome, String> {
    let open = Arc::new(OpenRegion::new(account.clone(), region.clone(), 1));
    let facts = find(&handed_in, &open).await?;
    if let Some(reason) = service::refuse_service(&facts) {
        return Ok(Outcome::Skipped(reason));
    }
    let (to, secrets) = (handed_in.to.clone(), handed_in.secrets);
    if facts.task_definition.as_ref() == Some(&to) && !facts.deploying {
        return Ok(Outcome::UpToDate { task_definition: to });
    }
    let from = before(&facts, &open).await?;
    let rules = Rules {
        run_id: String::new(),
        version: handed_in.version,
        changes: Changes::at_most(None),
        watch,
        roll_out_timeout,
        brake: Brake::new(0, MostFailures::Count(1)),
        look_again_after: Duration::MAX,
        progress: Arc::new(Progress::default()),
        stop: CancellationToken::new(),
    };
    let task_definition = facts.task_definition.clone();
    let job = Job {
        task_definition,
        services: vec![facts],
        skipped: BTreeSet::new(),
        open: Arc::clone(&open),
        also_run: Vec::new(),
        looked: Instant::now(),
        last_look: true,
        next: Vec::new(),
    };
    let Some(writer) = &open.writer else { return Err("nothing may be written".to_owned()) };
    let at_work = Arc::new(Semaphore::new(1)).acquire_owned().await.map_err(|error| error.to_string())?;
    let mut errand = Errand::new(&job, &rules, at_work);
    let the_move = Move { from: Some(from), to, again: OnceCell::new(), kind: Kind::HandedIn, secrets, writer };
    match Ticket::wait_for(&open, &rules).await {
        Ok(ticket) => errand.deploy(&the_move, ticket).await, // AWS, until the roll-out has won or lost
        Err(why) => errand.end_all(&Outcome::NotAttempted(why)),
    }
    let outcome = errand.over().outcomes.pop().map(|ended| *ended.outcome);
    Ok(outcome.unwrap_or(Outcome::NotAttempted(Unattempted::Stopped)))
}

/// Looks at the service.
async fn find(handed_in: &HandedIn<'_>, open: &OpenRegion) -> Result<ServiceFacts, String> {
    let HandedIn { cluster, service, to, .. } = handed_in;
    // In the partition, account and Region of the revision, which is in the caller's own.
    let partition = to.as_str().split(':').nth(1).unwrap_or("aws");
    let place = format!("{}:{}", open.region, open.account.id);
    let cluster: ClusterArn =
        format!("arn:{partition}:ecs:{place}:cluster/{cluster}").parse().map_err(|error| format!("{error}"))?;
    let arn = format!("arn:{partition}:ecs:{place}:service/{}/{service}", cluster.name());
    let arn: ServiceArn = arn.parse().map_err(|error| format!("{error}"))?;
    let described = open.reader.describe(&cluster.untagged(), std::slice::from_ref(&arn)).await;
    let mut described = described.map_err(|error| error.to_string())?;
    match (described.services.pop(), described.failures.pop()) {
        (Some(facts), _) => Ok(facts),
        (None, Some((_, reason))) => Err(reason),
        (None, None) => Err("ECS tells nothing of it".to_owned()),
    }
}

/// Reads what the service runs, which it is put back to if the roll-out fails.
async fn before(facts: &ServiceFacts, open: &OpenRegion) -> Result<Before, String> {
    let arn = facts.task_definition.clone().ok_or("it runs no task definition")?;
    let described = open.reader.task_definition(arn.as_str()).await.map_err(|error| error.to_string())?;
    Ok(Before { arn, active: described.is_active(), definition: described.registrable().packed() })
}
