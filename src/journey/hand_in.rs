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
use crate::aws::ecs::MISSING;
use crate::events::{Outcome, Unattempted};
use crate::ids::{ClusterArn, Family, Partition, RegionName, ServiceArn, TaskDefinitionArn};
use crate::plan::SkipReason;
use crate::plan::brake::MostFailures;
use crate::plan::redact::Redactor;
use crate::plan::service::{self, ServiceFacts};
use crate::progress::Progress;

/// A service that was looked at and may be moved.
pub struct NamedService {
    facts: ServiceFacts,
    /// What it runs, which it is put back to if the roll-out fails.
    from: Before,
    open: Arc<OpenRegion>,
}

/// Why a service cannot be moved.
#[derive(Debug, thiserror::Error)]
pub enum NotMovable {
    #[error("{0}")]
    NotFound(String),
    #[error("{}", .0.sentence())]
    LeftAlone(SkipReason),
    #[error("it runs the family {runs}, and this is a revision of {family}")]
    OtherFamily { runs: Family, family: Family },
}

/// Looks at a service by its cluster's name and its own, and at what it runs.
///
/// # Errors
///
/// When there is no such service, ECS does not tell of it, or it is none that may be moved to a revision of this family.
pub async fn named_service(
    (cluster, service): (&str, &str),
    family: &Family,
    (account, partition, region): (&Account, &Partition, &RegionName),
) -> Result<NamedService, NotMovable> {
    let open = Arc::new(OpenRegion::new(account.clone(), region.clone(), 1));
    let place = format!("{}:{}", open.region, open.account.id);
    let cluster: ClusterArn = format!("arn:{partition}:ecs:{place}:cluster/{cluster}").parse().map_err(not_found)?;
    let arn = format!("arn:{partition}:ecs:{place}:service/{}/{service}", cluster.name());
    let arn: ServiceArn = arn.parse().map_err(not_found)?;
    let described = open.reader.describe(&cluster.untagged(), std::slice::from_ref(&arn)).await;
    let mut described = described.map_err(not_found)?;
    let facts = match (described.services.pop(), described.failures.pop()) {
        (Some(facts), _) => facts,
        (None, Some((_, reason))) if reason == MISSING => {
            return Err(NotMovable::NotFound(format!("ECS knows no such service in {place}")));
        }
        (None, Some((_, reason))) => return Err(NotMovable::NotFound(reason)),
        (None, None) => return Err(NotMovable::NotFound("ECS tells nothing of it".to_owned())),
    };
    if let Some(reason) = service::refuse_service(&facts) {
        return Err(NotMovable::LeftAlone(reason));
    }
    let runs = facts.task_definition.clone();
    let runs = runs.ok_or_else(|| NotMovable::NotFound("it runs no task definition".to_owned()))?;
    if runs.family() != family {
        return Err(NotMovable::OtherFamily { runs: runs.family().clone(), family: family.clone() });
    }
    let described = open.reader.task_definition(runs.as_str()).await.map_err(not_found)?;
    let from = Before { arn: runs, active: described.is_active(), definition: described.registrable().packed() };
    Ok(NamedService { facts, from, open })
}

fn not_found(error: impl std::fmt::Display) -> NotMovable {
    NotMovable::NotFound(error.to_string())
}

/// Moves a service to a revision, and follows that if it is to be followed. `version` is the Defender's, and `secrets` hides what must
/// not be seen of what ECS says.
pub async fn hand_in(
    NamedService { facts, from, open }: NamedService,
    to: &TaskDefinitionArn,
    (version, secrets): (Option<String>, &Redactor),
    (watch, roll_out_timeout): (Option<Watch>, Duration),
) -> Outcome {
    let to = to.clone();
    if facts.task_definition.as_ref() == Some(&to) && !facts.deploying {
        return Outcome::UpToDate { task_definition: to };
    }
    let rules = Rules {
        run_id: String::new(),
        version,
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
    // Nobody else is at work.
    let at_work = Arc::new(Semaphore::new(1)).acquire_owned().await;
    let (Some(writer), Ok(at_work)) = (&open.writer, at_work) else {
        return Outcome::NotAttempted(Unattempted::Stopped);
    };
    let mut errand = Errand::new(&job, &rules, at_work);
    let the_move = Move { from: Some(from), to, again: OnceCell::new(), kind: Kind::HandedIn, secrets, writer };
    match Ticket::wait_for(&open, &rules).await {
        Ok(ticket) => errand.deploy(&the_move, ticket).await, // AWS, until the roll-out has won or lost
        Err(why) => errand.end_all(&Outcome::NotAttempted(why)),
    }
    let outcome = errand.over().outcomes.pop().map(|ended| *ended.outcome);
    outcome.unwrap_or(Outcome::NotAttempted(Unattempted::Stopped))
}
