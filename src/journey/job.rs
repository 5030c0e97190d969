//! What a journey is given and what it gives back: the job, what all journeys share, how it ended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::brake::Brake;
use super::changes::Changes;
use super::follow::Watch;
use super::mirror::Mirrors;
use super::notes::Explaining;
use super::open_region::OpenRegion;
use crate::console::Console;
use crate::events::{Failure, Outcome, Plan, ServiceEnded, Unattempted};
use crate::ids::{ClusterArn, Family, ServiceArn, TaskDefinitionArn};
use crate::network::Network;
use crate::plan::Policy;
use crate::plan::defender::DefenderToday;
use crate::plan::explain::Part;
use crate::plan::service::ServiceFacts;
use crate::progress::Progress;
use crate::registry::Images;

/// What every journey of a run shares.
pub struct World {
    pub policy: Policy,
    pub console: Console,
    pub images: Images,
    /// The Defender's images that were looked for, with what is missing.
    pub mirrors: Mirrors,
    /// Nothing, when this run keeps away from networks.
    pub network: Option<Network>,
    pub today: DefenderToday,
    pub rules: Rules,
    /// What is told of the run when somebody asks why; nothing is noted down otherwise.
    pub explain: Option<Explaining>,
}

/// What every errand of a run keeps to, whether it protects or undoes.
pub struct Rules {
    pub run_id: String,
    /// The version of the Defender that services are moved to; none, when they are moved off theirs.
    pub version: Option<String>,
    /// What is left of the changes that this run may make.
    pub changes: Changes,
    /// How roll-outs are followed; nothing, when they are not.
    pub watch: Option<Watch>,
    /// What a roll-out may take, besides the service's own bake time.
    pub roll_out_timeout: Duration,
    /// What may stop the run from changing more.
    pub brake: Arc<Brake>,
    /// A service described longer ago than this is looked at again before it is changed: its owner may have deployed meanwhile,
    /// and moving it then would take its newest code away.
    pub look_again_after: Duration,
    /// Where roll-outs under way are counted.
    pub progress: Arc<Progress>,
    /// Cancelled when the run is asked to stop: what has not written anything yet does not begin to.
    pub stop: CancellationToken,
}

impl Rules {
    /// Returns why nothing new may be started any more, if that is so.
    pub(super) fn why_not(&self) -> Option<Unattempted> {
        if self.stop.is_cancelled() { Some(Unattempted::Stopped) } else { self.brake.has_stopped() }
    }
}

/// A task definition and the services that run it.
pub struct Job {
    /// Services with an EXTERNAL deployment controller may run none.
    pub task_definition: Option<TaskDefinitionArn>,
    pub services: Vec<ServiceFacts>,
    /// Containers that these services leave out of it: those that leave out others are another job.
    pub skipped: BTreeSet<String>,
    pub open: Arc<OpenRegion>,
    /// Other revisions of the same family that services of this run run in the Region.
    pub also_run: Vec<TaskDefinitionArn>,
    /// When ECS described these services.
    pub looked: Instant,
    /// Whether these services were put back before and are not put back again.
    pub last_look: bool,
    /// The services that come after these in the Region, in case that all are looked at again.
    pub next: Vec<(ClusterArn, ServiceArn)>,
}

impl Job {
    /// Returns the family whose registrations must not overlap.
    pub fn family(&self) -> Option<&Family> {
        self.task_definition.as_ref().map(TaskDefinitionArn::family)
    }
}

/// How a job ended: an outcome for each of its services, except those to come back to.
#[derive(Debug, Default)]
pub struct Ended {
    /// What would be done, in a run that changes nothing.
    pub plan: Option<Plan>,
    /// Why, if somebody asked.
    pub explained: Option<Vec<Part>>,
    pub outcomes: Vec<ServiceEnded>,
    /// Services whose roll-outs were seen to be won, be it that an earlier run began them.
    pub rolled_out: BTreeSet<ServiceArn>,
    pub put_back: Vec<ServiceFacts>,
    /// Revisions of ours that services were moved off, to be made inactive at the end of the run if nothing runs them.
    pub moved_off: Vec<TaskDefinitionArn>,
    /// What could not be cleared away.
    pub left_behind: Vec<Failure>,
}

impl Ended {
    /// Returns how a job ends that is not started any more.
    pub fn not_attempted(job: &Job) -> Self {
        let outcomes = job.services.iter().map(|service| ServiceEnded::new(service, Outcome::NotAttempted(Unattempted::Stopped)));
        Self { outcomes: outcomes.collect(), ..Self::default() }
    }
}
