//! The family's newest revision, which stays its owner's newest code: what is started without a number gets it.
//!
//! Services may run older revisions than the newest, and ours are made from those. Whatever was on top before goes on top again, with the
//! Defender if it may have one and as it is otherwise. Services are not moved to it.

use std::collections::BTreeSet;

use super::deploy::{Before, Move};
use super::errand::Errand;
use super::pins::Kept;
use super::{Bare, Found, Journey, JourneyError, mirror};
use crate::aws::{AwsError, EcsWriter};
use crate::ids::TaskDefinitionArn;
use crate::plan::newest::Code;
use crate::plan::pin::Pins;
use crate::plan::service::{self, Condition};
use crate::plan::strip::NamedPorts;
use crate::plan::task_definition::{Described, Protected, TaskDefinition};
use crate::plan::{Measure, Selection, defender, fit, memory, question};

/// So many revisions are looked at that came between two others: pipelines do not register more in a second, and those that were made
/// inactive lie there as well.
const MOST_BETWEEN: usize = 10;

impl Errand<'_> {
    /// Returns the family's newest active revision, if it has one.
    pub(super) async fn newest(&self, found: &Found) -> Result<Option<TaskDefinition<Described>>, JourneyError> {
        match self.job.open.reader.task_definition(found.family.as_str()).await {
            Ok(newest) => Ok(Some(newest)),
            // The revision that the services run may be inactive, and its family may have no active one left.
            Err(error) if error.no_such_task_definition() => Ok(None),
            Err(source) => Err(JourneyError::Newest { family: found.family.clone(), source }),
        }
    }

    fn code(&self, revision: &TaskDefinition<Described>) -> Option<Code> {
        Some(Code::of(revision.arn().ok()?, revision, self.is_ours(revision)))
    }

    /// Returns the revision that belongs on top of what is made from what the services run.
    pub(super) async fn above(
        &self,
        found: &Found,
        newest: Option<&TaskDefinition<Described>>,
    ) -> Result<Option<TaskDefinition<Described>>, JourneyError> {
        let source = Code::of(found.arn.clone(), &found.definition, found.ours);
        let Some((newest, code)) = newest.and_then(|newest| Some((newest, self.code(newest)?))) else { return Ok(None) };
        match code.above(&source) {
            None => Ok(None),
            Some(above) if *above == code.arn => Ok(Some(newest.clone())),
            Some(noted) => self.described(noted).await.map(Some),
        }
    }

    async fn described(&self, arn: &TaskDefinitionArn) -> Result<TaskDefinition<Described>, JourneyError> {
        let described = self.job.open.reader.task_definition(arn.as_str()).await;
        described.map_err(|source| JourneyError::Look { name: arn.short(), source })
    }

    /// Returns what its owner registered between a look at the newest revision and ours: it is the newest code, and belongs on top.
    pub(super) async fn registered_meanwhile(
        &mut self,
        newest: Option<&TaskDefinition<Described>>,
        ours: &TaskDefinitionArn,
    ) -> Option<TaskDefinition<Described>> {
        self.newest_code_between(&newest?.arn().ok()?, ours).await
    }

    /// Returns the newest active revision between two that holds its owner's newest code: its owner's own, or what we put on top.
    async fn newest_code_between(
        &mut self,
        older: &TaskDefinitionArn,
        newer: &TaskDefinitionArn,
    ) -> Option<TaskDefinition<Described>> {
        for number in (older.revision() + 1..newer.revision()).rev().take(MOST_BETWEEN) {
            let arn = newer.sibling(number);
            let between = match self.job.open.reader.task_definition(arn.as_str()).await {
                Ok(between) => between,
                // One that was deleted is nobody's newest code.
                Err(error) if error.no_such_task_definition() => continue,
                Err(source) => {
                    let error = JourneyError::Newest { family: newer.family().clone(), source };
                    self.ended.left_behind.push(error.failure());
                    return None;
                }
            };
            let is_newest_code = !self.is_ours(&between) || memory::on_top_of(between.tags(), &arn).is_some();
            if between.is_active() && is_newest_code {
                return Some(between);
            }
        }
        None
    }

    /// Registers code again, as it is, if its family's newest revision is ours and holds older code.
    pub(super) async fn cover(&self, source: &Before, writer: &EcsWriter) -> Result<(), JourneyError> {
        let family = source.arn.family();
        let newest = match self.job.open.reader.task_definition(family.as_str()).await {
            Ok(newest) => newest,
            Err(error) if error.no_such_task_definition() => return Ok(()),
            Err(error) => return Err(JourneyError::Newest { family: family.clone(), source: error }),
        };
        let (Some(on_top), true) = (self.code(&newest), self.is_ours(&newest)) else { return Ok(()) };
        let definition = source.definition.unpacked();
        if on_top.age() >= Code::of(source.arn.clone(), &definition, true).age() {
            return Ok(());
        }
        let noted = definition.changed_by(&memory::note(&definition, memory::ON_TOP_OF_TAG, &on_top.arn));
        let registered = writer.register_again(noted.as_ref().unwrap_or(&definition)).await;
        let secrets = definition.redactor().and(&defender::redactor(&definition));
        let failed = |error: AwsError| JourneyError::OnTop { family: family.clone(), source: error.cleaned_by(&secrets) };
        registered.map(|_| ()).map_err(failed)
    }

    /// Puts newer code on top of what had to be registered again so that services could be put back to it.
    pub(super) async fn keep_on_top_of_way_back(&mut self, the_move: &Move<'_>) {
        let (Some(before), Some(again)) = (&the_move.from, the_move.again.get()) else { return };
        let Some(above) = self.newest_code_between(&before.arn, again).await else { return };
        if let Err(error) = self.register_on_top(None, &above, again, the_move.writer).await {
            self.ended.left_behind.push(error.failure());
        }
    }

    /// Returns the revision beneath the newest one, if the newest was put on top of it by a run that was cut off.
    pub(super) async fn beneath(
        &self,
        newest: Option<&TaskDefinition<Described>>,
    ) -> Result<Option<TaskDefinition<Described>>, JourneyError> {
        let beneath = newest.and_then(|newest| memory::on_top_of(newest.tags(), &newest.arn().ok()?));
        match beneath {
            Some(beneath) => self.described(&beneath).await.map(Some),
            None => Ok(None),
        }
    }

    /// Registers newer code again, on top of a revision of ours; if that cannot be done, ours is taken away
    /// where nothing runs it.
    pub(super) async fn register_on_top(
        &mut self,
        protected: Option<TaskDefinition<Protected>>,
        above: &TaskDefinition<Described>,
        ours: &TaskDefinitionArn,
        writer: &EcsWriter,
    ) -> Result<(), JourneyError> {
        let (plain, family) = (above.registrable(), above.family());
        let secrets = plain.redactor().and(&defender::redactor(above));
        let registered = match protected {
            Some(protected) => {
                let noted = protected.noted_by(&memory::note(&protected, memory::ON_TOP_OF_TAG, ours));
                writer.register(noted.as_ref().unwrap_or(&protected), None).await
            }
            None => {
                let noted = plain.changed_by(&memory::note(&plain, memory::ON_TOP_OF_TAG, ours));
                writer.register_again(noted.as_ref().unwrap_or(&plain)).await
            }
        };
        let Err(error) = registered else { return Ok(()) };
        self.drop_revision(writer, ours, None).await;
        Err(JourneyError::OnTop { family, source: error.cleaned_by(&secrets) })
    }
}

impl Journey<'_> {
    /// Registers newer code again, on top of a revision of ours, with a Defender if it may have one.
    ///
    /// A service of this run that runs it finds it there when its turn comes.
    pub(super) async fn keep_on_top(
        &mut self,
        above: &TaskDefinition<Described>,
        ours: &TaskDefinitionArn,
        writer: &EcsWriter,
    ) -> Result<(), JourneyError> {
        let protected = Box::pin(self.protected(above)).await;
        self.register_on_top(protected, above, ours, writer).await
    }

    /// Returns the newest code with today's Defender; nothing, if it may have none, cannot get one or has it already.
    async fn protected(&self, above: &TaskDefinition<Described>) -> Option<TaskDefinition<Protected>> {
        let definition = above.registrable();
        // No service runs it, so that nothing but its own tag leaves containers out.
        let selection = Selection::of(&definition, &BTreeSet::new());
        let found = Found {
            arn: above.arn().ok()?,
            family: above.family(),
            active: above.is_active(),
            ours: self.is_ours(above),
            definition,
            selection,
            named_ports: NamedPorts::new(),
        };
        let (today, policy, open) = (&self.world.today, &self.world.policy, &self.job.open);
        let image = today.image_in(&open.account.id, &open.region);
        let measure = Measure { today, image: &image, policy, selection: &found.selection, named_ports: &found.named_ports };
        let why = match service::condition(&found.definition, &measure) {
            Condition::Unprotected => None,
            Condition::Outdated(why) => Some(why),
            Condition::Current | Condition::Refused(_) => return None,
        };
        mirror::check(&self.maker(), &self.world.mirrors, &found.definition).await.ok()?;
        let bare: Bare = found.strip_older(why).ok()?;
        let entry_points = self.maker().entry_points(&bare, &found.selection, &Pins::default()).await.ok()?;
        let embedding = self.embedding(&found, &bare, &entry_points);
        let (questions, redactor) = (question::questions(&embedding), found.definition.redactor());
        let answer = self.maker().embed(&found.family, &redactor, &questions, &entry_points).await.ok()?;
        let made = self.accept(&found, &embedding, &entry_points, Kept::default(), &answer).ok()?;
        fit::misfit(&made.revision).is_none().then_some(made.revision)
    }
}
