//! The family's newest revision, which stays its owner's newest code: what is started without a number gets it.
//!
//! Services may run older revisions than the newest, and ours are made from those. Whatever was on top before goes on top again, with the
//! Defender if it may have one and as it is otherwise. Services are not moved to it.

use std::collections::BTreeSet;

use super::deploy::drop_revision;
use super::errand::Errand;
use super::pins::Kept;
use super::{Bare, Found, Journey, JourneyError, mirror, strip_older};
use crate::aws::EcsWriter;
use crate::ids::TaskDefinitionArn;
use crate::plan::newest::Code;
use crate::plan::pin::Pins;
use crate::plan::service::{self, Condition};
use crate::plan::strip::NamedPorts;
use crate::plan::task_definition::{Described, Protected, TaskDefinition};
use crate::plan::{Measure, Selection, defender, fit, memory, question};

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

    /// Registers newer code again, on top of a revision of ours; if that cannot be done, ours is taken away.
    pub(super) async fn register_on_top(
        &self,
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
                writer.register(noted.as_ref().unwrap_or(&protected)).await
            }
            None => {
                let noted = plain.changed_by(&memory::note(&plain, memory::ON_TOP_OF_TAG, ours));
                writer.register_again(noted.as_ref().unwrap_or(&plain)).await
            }
        };
        let Err(error) = registered else { return Ok(()) };
        drop_revision(writer, ours).await;
        Err(JourneyError::OnTop { family, source: error.cleaned_by(&secrets) })
    }
}

impl Journey<'_> {
    /// Registers newer code again, on top of a revision of ours, with a Defender if it may have one.
    ///
    /// A service of this run that runs it finds it there when its turn comes.
    pub(super) async fn keep_on_top(
        &self,
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
        mirror::check(self.job, self.world, &found.definition).await.ok()?;
        let bare: Bare = strip_older(&found, why).ok()?;
        let entry_points = self.entry_points(&found, &bare, &Pins::default()).await.ok()?;
        let embedding = self.embedding(&found, &bare, &entry_points);
        let answer = self.embed(&found, &question::questions(&embedding), &entry_points).await.ok()?;
        let made = self.accept(&found, &embedding, &entry_points, Kept::default(), &answer).ok()?;
        fit::misfit(&made.revision).is_none().then_some(made.revision)
    }
}
