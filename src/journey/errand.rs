//! What every errand does with the services of a job, whether it protects them or undoes that: look again, wait for a turn, give each
//! its outcome.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use futures::FutureExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::deploy::Ticket;
use super::job::{Ended, Job, Rules};
use super::look::Seen;
use super::{Found, JourneyError};
use crate::aws::ecs::SERVICES_PER_DESCRIBE;
use crate::events::{Finding, Outcome, ServiceEnded};
use crate::ids::ServiceArn;
use crate::plan::addresses::Shortage;
use crate::plan::network::{Beyond, Opening};
use crate::plan::rollout::Deployable;
use crate::plan::service::{self, ServiceFacts, Turn};
use crate::plan::task_definition::{Described, TaskDefinition};
use crate::plan::{Selection, SkipReason};

/// A job under way. A service leaves `open` when its outcome is known, and so has exactly one.
pub(super) struct Errand<'a> {
    pub(super) job: &'a Job,
    pub(super) rules: &'a Rules,
    pub(super) open: Vec<ServiceFacts>,
    /// When ECS described the open services.
    pub(super) looked: Instant,
    pub(super) findings: Vec<Finding>,
    /// What cannot be seen of a service's own network.
    pub(super) unseen: HashMap<ServiceArn, BTreeSet<Beyond>>,
    /// What the services' own subnets lack.
    pub(super) short: HashMap<ServiceArn, Shortage>,
    /// What would be opened for the services, in a run that changes nothing.
    pub(super) openings: Vec<Opening>,
    /// Of the changes that the run may make.
    pub(super) taken: usize,
    /// How many services were moved, or may have been.
    pub(super) changed: usize,
    /// Whether a service runs the revision that they are moved to, or may.
    pub(super) in_use: bool,
    /// Whether a roll-out of it was taken back.
    pub(super) taken_back: bool,
    pub(super) ended: Ended,
    /// A place among the journeys that read and embed, until it only waits for its turn.
    at_work: Option<OwnedSemaphorePermit>,
}

impl<'a> Errand<'a> {
    pub(super) fn new(job: &'a Job, rules: &'a Rules, at_work: OwnedSemaphorePermit) -> Self {
        Self {
            job,
            rules,
            open: job.services.clone(),
            looked: job.looked,
            findings: Vec::new(),
            unseen: HashMap::new(),
            short: HashMap::new(),
            openings: Vec::new(),
            taken: 0,
            changed: 0,
            in_use: false,
            taken_back: false,
            ended: Ended::default(),
            at_work: Some(at_work),
        }
    }

    /// Returns how the services ended.
    pub(super) fn over(self) -> Ended {
        self.give_back();
        self.ended
    }

    /// Makes room for another journey: what comes waits for turns more than it works.
    pub(super) fn rest(&mut self) {
        self.at_work = None;
    }

    /// Waits until a service may be changed; there is nothing to wait for in a run that changes nothing.
    pub(super) async fn wait_for_ticket(&mut self) -> Option<Ticket> {
        if self.open.is_empty() || self.job.open.writer.is_none() {
            return None;
        }
        self.rest();
        match Ticket::wait_for(&self.job.open, self.rules).await {
            Ok(ticket) => Some(ticket),
            Err(why) => {
                self.end_all(&Outcome::NotAttempted(why));
                None
            }
        }
    }

    /// Looks at the open services again if they were described long ago, and puts those back whose owner did something to them
    /// meanwhile: moving such a service would take its newest code away.
    pub(super) async fn look_again(&mut self) {
        let services = std::mem::take(&mut self.open);
        let first = self.looked;
        let (looked, services) = self.look_again_since(services).await;
        self.open = services;
        self.looked = looked.unwrap_or(first);
    }

    fn is_old(&self) -> bool {
        self.looked.elapsed() >= self.rules.look_again_after
    }

    /// The same for some services that are not open for so long; returns those that are to be moved still.
    pub(super) async fn look_again_at(&mut self, services: Vec<ServiceFacts>) -> Vec<ServiceFacts> {
        self.look_again_since(services).await.1
    }

    /// The same, with since when the oldest of the new descriptions is known; none, when nothing was looked at.
    async fn look_again_since(&mut self, services: Vec<ServiceFacts>) -> (Option<Instant>, Vec<ServiceFacts>) {
        if !self.is_old() || services.is_empty() {
            return (None, services);
        }
        let mut unchanged = Vec::new();
        let rest = self.open.iter().map(|service| (service.cluster.clone(), service.arn.clone()));
        let next: Vec<_> = rest.chain(self.job.next.iter().cloned()).take(SERVICES_PER_DESCRIBE).collect();
        let (looked, seen) = self.job.open.look_again(services, &next, self.rules.look_again_after).await;
        for (before, seen) in seen {
            match seen {
                Seen::Now(now) => match service::turn_again(&before, &now, self.job.last_look) {
                    // Its cluster's tags were read once, and are not described with it again.
                    Turn::Protect => unchanged.push(ServiceFacts { cluster_opted_out: before.cluster_opted_out, ..*now }),
                    other => self.take(other, before),
                },
                Seen::Gone => self.end(&before, Outcome::Skipped(SkipReason::gone())),
                Seen::Failed(error) => self.end(&before, error.outcome(self.rules.stop.is_cancelled())),
            }
        }
        (Some(looked), unchanged)
    }

    /// Reads the task definition, every field of it.
    pub(super) async fn look(&mut self) -> Result<(Found, TaskDefinition<Described>), JourneyError> {
        let arn = self.job.task_definition.clone().ok_or(JourneyError::NoTaskDefinition)?;
        let job = self.job;
        let mut turn = std::pin::pin!(job.open.reader.turn_to_describe());
        let turn = match (&mut turn).now_or_never() {
            Some(turn) => turn,
            // The Region waits for AWS's tokens, and others need not wait with it.
            None => {
                self.rest();
                turn.await
            }
        };
        let described = job.open.reader.task_definition_in(Some(turn), arn.as_str()).await;
        let described = described.map_err(|source| JourneyError::Look { name: arn.short(), source })?;
        let (family, definition) = (arn.family().clone(), described.registrable());
        let (active, ours) = (described.is_active(), self.is_ours(&described));
        let selection = Selection::of(&definition, &self.job.skipped);
        let named_ports = self.open.iter().flat_map(|service| service.named_ports.clone()).collect();
        Ok((Found { arn, family, active, ours, definition, selection, named_ports }, described))
    }

    /// Keeps a service open, puts it back or leaves it.
    pub(super) fn take(&mut self, turn: Turn, service: ServiceFacts) {
        match turn {
            Turn::Protect => self.open.push(service),
            Turn::Wait => self.ended.put_back.push(service),
            Turn::Leave(reason) => self.end(&service, Outcome::Skipped(reason)),
        }
    }

    /// Gives a service its outcome, and with one that was changed what is worth knowing about the change.
    pub(super) fn end(&mut self, service: &ServiceFacts, outcome: Outcome) {
        self.end_with(service, outcome, Vec::new());
    }

    pub(super) fn end_with(&mut self, service: &ServiceFacts, outcome: Outcome, more: Vec<Finding>) {
        let changed = matches!(
            outcome,
            Outcome::Protected { .. } | Outcome::Upgraded { .. } | Outcome::Undone { .. } | Outcome::Planned { .. }
        );
        let mut findings = if changed { self.findings.clone() } else { Vec::new() };
        match service.tasks.deployable() {
            Deployable::NothingRuns if changed => findings.push(Finding::NoTaskRuns),
            Deployable::WithDowntime if changed => findings.push(Finding::Downtime),
            _ => {}
        }
        findings.extend(self.short.get(&service.arn).filter(|_| changed).cloned().map(Finding::FewAddresses));
        if let Some(unseen) = self.unseen.get(&service.arn).filter(|unseen| changed && !unseen.is_empty()) {
            findings.push(Finding::NetworkUnknown { beyond: unseen.iter().cloned().collect() });
        }
        findings.extend(more);
        self.ended.outcomes.push(ServiceEnded { findings, ..ServiceEnded::new(service, outcome) });
    }

    pub(super) fn end_all(&mut self, outcome: &Outcome) {
        for service in std::mem::take(&mut self.open) {
            self.end(&service, outcome.clone());
        }
    }
}
