//! What a journey notes down for whoever asks why (`--explain`): each step's facts and its decision, as plain data. A run that
//! nobody asks has no notes, and takes none.

use std::sync::{Mutex, PoisonError};

use super::{Found, Journey, JourneyError, Made, OpenRegion, World};
use crate::events::Finding;
use crate::ids::{self, TaskDefinitionArn};
use crate::plan::diff::differences;
use crate::plan::entrypoint::{Entry, Silent};
use crate::plan::explain::{self, Part, Registered, SourcesSaid};
use crate::plan::outdated::{Measure, Outdated};
use crate::plan::question::Question;
use crate::plan::redact::Redactor;
use crate::plan::service::{self, ServiceFacts};
use crate::plan::task_definition::{Described, Protected, TaskDefinition};
use crate::plan::{SkipReason, fit};

/// What is told of a run in which somebody asks.
#[derive(Clone, Debug)]
pub struct Explaining {
    /// The member role that is assumed, if one is.
    pub role: Option<String>,
    /// The settings that decide what becomes of a service.
    pub settings: Vec<(&'static str, String)>,
}

/// The parts that were noted, in their order.
pub(super) struct Notes {
    parts: Mutex<Vec<Part>>,
    /// Hides what the task definition holds, in words of its containers.
    clean: Mutex<Redactor>,
}

impl Notes {
    /// Begins with who is asked, if somebody asks why.
    pub(super) fn begin(world: &World) -> Option<Self> {
        let Explaining { role, settings } = world.explain.as_ref()?;
        let asked = explain::asked(role.as_deref(), settings);
        Some(Self { parts: Mutex::new(vec![asked]), clean: Mutex::default() })
    }

    fn note(&self, part: Part) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    }

    /// Notes where a container's entry point was looked for.
    pub(super) fn entry_point(&self, silent: &Silent, said: &SourcesSaid, entry: Option<&Entry>) {
        let clean = self.clean.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.note(explain::entry_point(silent, said, entry, &clean));
    }

    pub(super) fn into_parts(self) -> Vec<Part> {
        self.parts.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journey<'_> {
    pub(super) fn note_service(&self) {
        let Some(notes) = &self.notes else { return };
        self.job.services.iter().for_each(|service| notes.note(explain::service(service)));
    }

    /// Notes what the task definition is, and whether the turn of its services has come if it is to be changed.
    pub(super) fn note_definition(&self, found: &Found, described: &TaskDefinition<Described>) {
        let Some(notes) = &self.notes else { return };
        *notes.clean.lock().unwrap_or_else(PoisonError::into_inner) = found.definition.redactor();
        let OpenRegion { account, region, .. } = &*self.job.open;
        let (today, policy) = (&self.world.today, &self.world.policy);
        let image = today.image_in(&account.id, region);
        let Found { selection, named_ports, .. } = found;
        let measure = Measure { today, image: &image, policy, selection, named_ports };
        notes.note(explain::definition(&found.arn, &self.registered(described), &found.definition, &measure));
    }

    pub(super) fn note_turn(&self, service: &ServiceFacts, turn: &service::Turn) {
        let Some(notes) = &self.notes else { return };
        notes.note(explain::turn(service, turn, self.job.last_look));
    }

    /// Notes what was asked of the Console, and what became of its answer.
    pub(super) fn note_console(&self, questions: &[Question], made: &Result<Made, JourneyError>) {
        let Some(notes) = &self.notes else { return };
        // What it failed from is told with the outcome.
        let taken = made.as_ref().map_err(|error| format!("it fails: {error}")).map(|made| {
            let places = made.findings.iter().find_map(|finding| match finding {
                Finding::PutBack { places } => Some(places.as_slice()),
                _ => None,
            });
            places.unwrap_or_default()
        });
        notes.note(explain::console(questions, taken));
    }

    /// Notes how the revision would differ.
    pub(super) fn note_differences(
        &self,
        found: &Found,
        revision: &TaskDefinition<Protected>,
        why: Option<&Outdated>,
        says_the_same: bool,
    ) {
        let Some(notes) = &self.notes else { return };
        let secrets = found.secrets_with(revision);
        let changes = differences(found.definition.json(), revision.json(), &secrets);
        let ends = why.is_some() && says_the_same && !self.world.policy.reembed;
        notes.note(explain::differences(changes, ends));
    }

    pub(super) fn note_fit(&self, revision: &TaskDefinition<Protected>, misfit: Option<&SkipReason>) {
        let Some(notes) = &self.notes else { return };
        notes.note(explain::fit(&fit::measured(revision), misfit));
    }

    /// Notes what the network of each open service is like, before anything would be opened in it.
    pub(super) async fn note_network(&self) {
        let Some(notes) = &self.notes else { return };
        let OpenRegion { account, region, .. } = &*self.job.open;
        let image = self.world.today.image_in(&account.id, region);
        for service in &self.open {
            let part = match (&self.world.network, &service.network) {
                (None, _) => explain::not_judged("it is left alone and not judged, because NETWORK is off"),
                (_, None) => explain::not_judged("its tasks have no network interfaces of their own, so that it is not judged"),
                (Some(network), Some(of_tasks)) => {
                    // On the heap, as when it is opened.
                    let looked = Box::pin(network.look(account, region, service, of_tasks, &image)).await;
                    let looked = looked.map_err(|error| format!("it fails: {error}"));
                    explain::network(looked.as_ref().map_err(Clone::clone), network.mode())
                }
            };
            notes.note(part);
        }
    }

    /// Notes what the family's newest revision is, and whether it would be used.
    pub(super) fn note_newest(&self, found: &Found, newest: Option<&TaskDefinition<Described>>, would_be_used: bool) {
        let Some(notes) = &self.notes else { return };
        let newest = newest.and_then(|newest| Some((newest.arn().ok()?, self.registered(newest))));
        let newest: Option<(&TaskDefinitionArn, &Registered)> = newest.as_ref().map(|(arn, registered)| (arn, registered));
        notes.note(explain::newest(newest, &found.arn, would_be_used));
    }

    fn registered(&self, described: &TaskDefinition<Described>) -> Registered {
        let by = described.registered_by().and_then(ids::principal_of);
        let by_us = by.as_deref() == Some(self.job.open.account.principal());
        Registered { status: described.text("status").unwrap_or("of unknown status").to_owned(), by, by_us }
    }
}
