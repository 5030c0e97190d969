//! One job: a task definition and the services that run it, from the first look to each service's outcome. Read this first.
//!
//! [`Journey::go`] is the list of its steps, each marked with whether it touches the world. It has two halves: make a revision,
//! then move what runs it. An upgrade is the same journey: the older Defender is taken out first. Everything that could stand in
//! the way of the second is decided before the first, so that no revision is left that nothing runs. A journey can be cut off
//! anywhere: a revision that was registered and not yet used is found and used by the next run, and a service that was not moved
//! is simply still to do. When somebody asks why, each step notes down what it saw and decided (`notes.rs`).

mod brake;
mod changes;
mod deploy;
mod earlier;
mod entries;
mod errand;
mod error;
mod finish;
mod follow;
mod gone_back;
mod hand_in;
mod job;
mod lone;
mod look;
mod lookout;
mod maker;
mod mirror;
mod network;
mod newest;
mod notes;
mod open_region;
mod pins;
mod planned;
mod running;
mod stages;
mod take_back;
mod undo;

use std::ops::{Deref, DerefMut};

use serde_json::Value;
use tokio::sync::{OnceCell, OwnedSemaphorePermit};

use crate::aws::EcsWriter;
use crate::events::{Finding, Outcome};
use crate::ids::TaskDefinitionArn;
use crate::plan::accept::{Accepted, Embedding};
use crate::plan::compare::same_but_for_memory;
use crate::plan::memory::{self, Origin};
use crate::plan::outdated::{Measure, Outdated};
use crate::plan::redact::Redactor;
use crate::plan::service::{self, Attempt, Condition, ServiceFacts};
use crate::plan::task_definition::{Protected, TaskDefinition};
use crate::plan::watch::{self, Standing};
use crate::plan::{fit, question};

pub use brake::Brake;
pub use changes::Changes;
use deploy::{Before, Kind, Move};
use entries::EntryPoints;
use errand::Errand;
pub use error::JourneyError;
pub use follow::Watch;
pub use hand_in::{NamedService, NotMovable, hand_in, named_service};
pub use job::{Ended, Job, Rules, World};
pub use lone::{Lone, Remade, condition, remake};
pub use look::{Seen, look_at};
pub use maker::{Maker, Place};
pub use mirror::{Mirrors, mirrors};
pub use notes::Explaining;
use notes::Notes;
pub use open_region::OpenRegion;
use pins::Kept;
use stages::{Bare, Found, Made, Ready};
pub use undo::undo;

/// Protects the services of one job, or says for each why not.
///
/// The place at work is given back when nothing is left to do but wait for a turn, and change something.
pub async fn protect(job: &Job, world: &World, at_work: OwnedSemaphorePermit) -> Ended {
    let mut journey = Journey { world, errand: Errand::new(job, &world.rules, at_work), notes: Notes::begin(world) };
    if let Err(error) = journey.go().await {
        let outcome = error.outcome(world.rules.stop.is_cancelled());
        journey.end_all(&outcome);
    }
    let Journey { errand, notes, .. } = journey;
    let mut ended = errand.over();
    ended.explained = notes.map(Notes::into_parts);
    ended
}

/// A job under way that protects its services.
struct Journey<'a> {
    world: &'a World,
    errand: Errand<'a>,
    /// Taken when somebody asks why.
    notes: Option<Notes>,
}

/// Most of what a journey does with services is what every errand does with them.
impl<'a> Deref for Journey<'a> {
    type Target = Errand<'a>;

    fn deref(&self) -> &Errand<'a> {
        &self.errand
    }
}

impl<'a> DerefMut for Journey<'a> {
    fn deref_mut(&mut self) -> &mut Errand<'a> {
        &mut self.errand
    }
}

impl Journey<'_> {
    /// The steps, in their order: a revision is made, and what runs the older one is moved to it. Each step may end services; when none is
    /// open any more, the journey is over.
    async fn go(&mut self) -> Result<(), JourneyError> {
        // On the heap, and gone when there is a revision: many journeys wait for their turn at once.
        let Some(ready) = Box::pin(self.make()).await? else { return Ok(()) };
        let ticket = self.wait_for_ticket().await; // a place among the roll-outs under way
        let (found, revision, why) = ready.taken_up();
        self.look_again().await; // AWS, when the first look is long ago
        self.leave_beyond_most(); // no I/O
        self.note_network().await;
        Box::pin(self.open_network()).await; // EC2
        let secrets = found.secrets_with(&revision);
        let (Some(writer), Some(ticket)) = (&self.job.open.writer, ticket) else {
            // A run that changes nothing has no writer, and cannot get past this line.
            return Box::pin(self.plan(&found, why, &revision, &secrets)).await;
        };
        // AWS, once; or what an earlier run registered.
        let registered = Box::pin(self.register(&found, &revision, &secrets, writer)).await?;
        let Some(registered) = registered else { return Ok(()) };
        let kind = why.map_or(Kind::Protects, Kind::Upgrades);
        let from = Some(Before::of(&found));
        drop((found, revision));
        let the_move = Move { from, to: registered, again: OnceCell::new(), kind, secrets: &secrets, writer };
        self.deploy(&the_move, ticket).await; // AWS, until every roll-out has won or lost
        self.clear_up(&the_move).await; // AWS, when all of them were taken back
        Ok(())
    }

    /// The first half: looks, decides, and makes a revision; none, when no service is left that needs one.
    async fn make(&mut self) -> Result<Option<Ready>, JourneyError> {
        self.note_service();
        self.leave_by_service(); // no I/O
        if self.open.is_empty() {
            return Ok(None);
        }
        let (found, described) = self.look().await?; // AWS
        self.note_definition(&found, &described);
        let (why, unfinished) = self.leave_by_definition(&found); // no I/O
        self.finish(&found, unfinished).await; // AWS, when an earlier run left a roll-out under way
        self.finish_taking_back(&found).await; // AWS, when one took a roll-out back, and may have been cut off
        if self.open.is_empty() {
            return Ok(None);
        }
        mirror::check(&self.maker(), &self.world.mirrors, &found.definition).await?; // registries
        let bare = found.strip_older(why)?; // no I/O
        let kept = self.pins(&found, &bare).await; // AWS, registries
        let entry_points = self.maker().entry_points(&bare, &found.selection, &kept.pins).await?; // registries, Console
        let embedding = self.embedding(&found, &bare, &entry_points);
        let questions = question::questions(&embedding); // no I/O
        let redactor = found.definition.redactor();
        let answer = self.maker().embed(&found.family, &redactor, &questions, &entry_points).await; // Console
        // No I/O: a copy, or a refusal that names why.
        let made = answer.and_then(|answer| self.accept(&found, &embedding, &entry_points, kept, &answer));
        self.note_console(&questions, &made);
        let Made { revision, findings } = made?;
        self.findings = findings;
        let says_the_same = same_but_for_memory(found.definition.json(), revision.json());
        self.note_differences(&found, &revision, bare.why.as_ref(), says_the_same);
        if bare.why.is_some() && says_the_same && !self.world.policy.reembed {
            // Whatever seemed outdated is what this Console embeds, now and at every other run.
            self.end_all(&Outcome::UpToDate { task_definition: found.arn });
            return Ok(None);
        }
        let misfit = fit::misfit(&revision);
        self.note_fit(&revision, misfit.as_ref());
        if let Some(reason) = misfit {
            self.end_all(&Outcome::Skipped(reason));
            return Ok(None);
        }
        Ok(Some(Ready::new(found, revision, bare.why)))
    }

    /// Leaves the services whose own facts say so.
    fn leave_by_service(&mut self) {
        for service in std::mem::take(&mut self.open) {
            match service::refuse_service(&service) {
                Some(reason) => self.end(&service, Outcome::Skipped(reason)),
                None => self.open.push(service),
            }
        }
    }

    /// Leaves or puts back the services for what their task definition, their tags or a deployment say. Returns why the Defender
    /// that is there is to be replaced, if it is, and the services that run what they are to run and whose roll-outs are not over.
    fn leave_by_definition(&mut self, found: &Found) -> (Option<Outdated>, Vec<(ServiceFacts, Standing)>) {
        let (today, policy, open) = (&self.world.today, &self.world.policy, &self.job.open);
        let image = today.image_in(&open.account.id, &open.region);
        let Found { selection, named_ports, .. } = found;
        let measure = Measure { today, image: &image, policy, selection, named_ports };
        let mut unfinished = Vec::new();
        let condition = service::condition(&found.definition, &measure);
        let unprotected = condition == Condition::Unprotected;
        let why = match condition {
            Condition::Unprotected => None,
            Condition::Outdated(why) => Some(why),
            Condition::Current => {
                unfinished = self.leave_current(found);
                None
            }
            Condition::Refused(reason) => {
                self.end_all(&Outcome::Skipped(reason));
                None
            }
        };
        for service in std::mem::take(&mut self.open) {
            let turn = service::turn(&service, &Attempt { today, policy, unprotected, last_look: self.job.last_look });
            self.note_turn(&service, &turn);
            self.take(turn, service);
        }
        (why, unfinished)
    }

    /// Leaves the services that run what they are to run, and returns those whose roll-outs we began and that are not over.
    fn leave_current(&mut self, found: &Found) -> Vec<(ServiceFacts, Standing)> {
        let mut unfinished = Vec::new();
        for service in std::mem::take(&mut self.open) {
            match watch::standing(&service, self.world.rules.roll_out_timeout) {
                Standing::Going | Standing::NotCompleting if !found.ours => self.up_to_date(found, &service),
                Standing::Complete => self.up_to_date(found, &service),
                standing => unfinished.push((service, standing)),
            }
        }
        unfinished
    }

    fn up_to_date(&mut self, found: &Found, service: &ServiceFacts) {
        self.in_use = true;
        self.end(service, Outcome::UpToDate { task_definition: found.arn.clone() });
    }

    /// Returns what revisions are made with.
    fn maker(&self) -> Maker<'_> {
        let World { console, images, today, policy, .. } = self.world;
        let OpenRegion { account, region, .. } = &*self.job.open;
        let place = Place { account: Some(account), id: &account.id, region };
        Maker { console, images, today, policy, place, urgency: self.job.open.jobs_left(), notes: self.notes.as_ref() }
    }

    fn embedding<'a>(&'a self, found: &'a Found, bare: &'a Bare, entry_points: &'a EntryPoints) -> Embedding<'a> {
        Embedding {
            definition: &bare.definition,
            selection: &found.selection,
            entries: &entry_points.entries,
            policy: &self.world.policy,
            stripped: &bare.stripped,
        }
    }

    /// Makes the revision: what ECS gave us, plus what embedding is, plus our tags.
    fn accept(
        &self,
        found: &Found,
        embedding: &Embedding<'_>,
        entry_points: &EntryPoints,
        kept: Kept,
        answer: &Value,
    ) -> Result<Made, JourneyError> {
        let accepted = maker::accepted(&found.family, embedding, entry_points, answer)?;
        let mut findings = maker::findings(&accepted, &found.selection);
        let Accepted { change: embedded, mut record, .. } = accepted;
        let mut change = kept.pins.change(embedding.definition);
        change.extend(embedded);
        kept.pins.remember(&mut record);
        let (source, version, run_id) = (found.arn.clone(), self.world.today.version.clone(), self.world.rules.run_id.clone());
        let memory = memory::remember(embedding.definition, &Origin { source, version, run_id }, &record);
        findings.extend(kept.findings);
        if memory.left_out {
            findings.push(Finding::TagsLeftOut);
        }
        change.extend(memory.change);
        let revision = embedding.definition.protected_by(&change);
        let revision = revision.map_err(|source| JourneyError::Edit { family: found.family.clone(), source })?;
        findings.extend(fit::tight(&revision).map(Finding::LittleMemory));
        Ok(Made { revision, findings })
    }

    /// Registers the revision, unless an earlier run did and was cut off before it used it. Nothing is registered when no service
    /// is open any more, or once nothing new may be started.
    async fn register(
        &mut self,
        found: &Found,
        revision: &TaskDefinition<Protected>,
        secrets: &Redactor,
        writer: &EcsWriter,
    ) -> Result<Option<TaskDefinitionArn>, JourneyError> {
        if self.open.is_empty() {
            return Ok(None);
        }
        let failed = |source| JourneyError::Register { family: found.family.clone(), source };
        // We may wait long for AWS's leave: whatever is read here is read afterwards.
        let turn = writer.turn_to_register().await.map_err(failed)?;
        let newest = self.newest(found).await?;
        let above = self.above(found, newest.as_ref()).await?;
        let beneath = self.beneath(newest.as_ref()).await?;
        self.leave_gone_back(found, [newest.as_ref(), beneath.as_ref()], secrets).await; // AWS, when an earlier run tried the same
        if self.open.is_empty() {
            return Ok(None);
        }
        // Much may have failed meanwhile, and while the network was opened.
        if let Some(why) = self.world.rules.why_not() {
            self.end_all(&Outcome::NotAttempted(why));
            return Ok(None);
        }
        if let Some((arn, left)) = self.left_by_an_earlier_run(found, revision, [newest.as_ref(), beneath.as_ref()]) {
            // This run may have registered it itself, as its family's newest code.
            if !memory::is_of_run(left.tags(), &self.world.rules.run_id) {
                self.findings.push(Finding::ReusedRevision);
            }
            // Something newer may be missing on top of it.
            if let Some(above) = above.filter(|_| beneath.is_none()) {
                self.keep_on_top(&above, &arn, writer).await?;
            }
            return Ok(Some(arn));
        }
        let note = above.as_ref().and_then(|above| Some(memory::note(revision, memory::NEWEST_TAG, &above.arn().ok()?)));
        let noted = note.and_then(|note| revision.noted_by(&note).ok());
        let registered =
            writer.register(noted.as_ref().unwrap_or(revision), Some(turn)).await.map_err(|error| error.cleaned_by(secrets));
        let registered = registered.map_err(failed)?;
        if let Some(above) = self.registered_meanwhile(newest.as_ref(), &registered).await.or(above) {
            self.keep_on_top(&above, &registered, writer).await?;
        }
        Ok(Some(registered))
    }
}
