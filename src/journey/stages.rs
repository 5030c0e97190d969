//! What a task definition is on its way through a journey: found, without its older Defender, made, waiting for its turn.

use super::error::JourneyError;
use crate::events::Finding;
use crate::ids::{Family, TaskDefinitionArn};
use crate::plan::outdated::Outdated;
use crate::plan::strip::{NamedPorts, Stripped, strip};
use crate::plan::task_definition::{Packed, Protected, Registrable, TaskDefinition};
use crate::plan::{Selection, defender, redact::Redactor};

/// A task definition as it was found, its document at hand or put away.
pub(super) struct Found<D = TaskDefinition<Registrable>> {
    pub(super) arn: TaskDefinitionArn,
    pub(super) family: Family,
    /// Whether services may be moved to it.
    pub(super) active: bool,
    /// Whether we registered it.
    pub(super) ours: bool,
    pub(super) definition: D,
    pub(super) selection: Selection,
    /// What the load balancers and service registries of its services name.
    pub(super) named_ports: NamedPorts,
}

/// The same without the Defender that is replaced, if one is.
pub(super) struct Bare {
    pub(super) definition: TaskDefinition<Registrable>,
    pub(super) stripped: Stripped,
    pub(super) why: Option<Outdated>,
}

/// A revision that can be registered, and what is worth knowing about it.
pub(super) struct Made {
    pub(super) revision: TaskDefinition<Protected>,
    pub(super) findings: Vec<Finding>,
}

/// A revision whose services only wait for their turn, documents put away as text: thousands may wait at once.
pub(super) struct Ready {
    found: Found<Packed<Registrable>>,
    revision: Packed<Protected>,
    why: Option<Outdated>,
}

/// The same when its turn has come: what was found, the revision, and why the Defender that is there is replaced, if one is.
pub(super) type TakenUp = (Found, TaskDefinition<Protected>, Option<Outdated>);

impl Bare {
    /// Takes the Defender out of a definition, and what one that is gone has left behind.
    ///
    /// # Errors
    ///
    /// When nobody can tell any more what a container started before it had a Defender.
    pub(super) fn of(
        definition: &TaskDefinition<Registrable>,
        family: &Family,
        (selection, named_ports): (&Selection, &NamedPorts),
        why: Option<Outdated>,
    ) -> Result<Self, JourneyError> {
        let stripped = strip(definition, selection, named_ports);
        if let Some(container) = stripped.without_entry_point(selection) {
            return Err(JourneyError::LostEntryPoint { container: container.to_owned() });
        }
        let definition = definition.changed_by(&stripped.change);
        let definition = definition.map_err(|source| JourneyError::Strip { family: family.clone(), source })?;
        Ok(Self { definition, stripped, why })
    }
}

impl<D> Found<D> {
    /// Keeps its document in another way.
    fn kept<E>(self, keep: impl FnOnce(D) -> E) -> Found<E> {
        let Self { arn, family, active, ours, definition, selection, named_ports } = self;
        Found { arn, family, active, ours, definition: keep(definition), selection, named_ports }
    }
}

impl Found {
    /// Takes the Defender out that is to be replaced, and what one that is gone has left behind.
    ///
    /// # Errors
    ///
    /// When nobody can tell any more what a container started before it had a Defender.
    pub(super) fn strip_older(&self, why: Option<Outdated>) -> Result<Bare, JourneyError> {
        Bare::of(&self.definition, &self.family, (&self.selection, &self.named_ports), why)
    }

    /// Returns what hides the secrets of a task definition. Of what the Defender added only its secrets are hidden: its variables repeat
    /// names that people need to read.
    pub(super) fn secrets_with(&self, revision: &TaskDefinition<Protected>) -> Redactor {
        self.definition.redactor().and(&defender::redactor(revision))
    }
}

impl Ready {
    /// Puts the documents away.
    pub(super) fn new(found: Found, revision: TaskDefinition<Protected>, why: Option<Outdated>) -> Self {
        Self { found: found.kept(|definition| definition.packed()), revision: revision.packed(), why }
    }

    /// Takes them up again.
    pub(super) fn taken_up(self) -> TakenUp {
        (self.found.kept(|packed| packed.unpacked()), self.revision.unpacked(), self.why)
    }
}
