//! A definition that stands alone: in a file, or as a revision that somebody asks about. No service of it is known, and nothing is
//! registered; what is made of it is decided as in [`super::Journey::make`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::JourneyError;
use super::maker::{self, Maker};
use super::mirror::{self, Mirrors};
use super::stages::Bare;
use crate::events::Finding;
use crate::ids::Family;
use crate::plan::accept::Embedding;
use crate::plan::compare::same_but_for_memory;
use crate::plan::edit::Change;
use crate::plan::forms::is_function;
use crate::plan::memory::Record;
use crate::plan::outdated::{Measure, Outdated};
use crate::plan::pin::Pins;
use crate::plan::service::{self, Condition};
use crate::plan::strip::NamedPorts;
use crate::plan::task_definition::{Protected, Registrable, TaskDefinition};
use crate::plan::{Selection, SkipReason, fit, question};

/// What becomes of a definition.
pub enum Lone {
    /// It carries today's Defender.
    UpToDate,
    /// It gets none.
    LeftAlone(SkipReason),
    Remade(Box<Remade>),
}

/// What embedding comes to.
pub struct Remade {
    /// Why the Defender that is there is replaced, if one is.
    pub why: Option<Outdated>,
    /// What takes that one out, and what another one has left behind.
    pub stripped: Change,
    /// What then puts today's in.
    pub embedded: Change,
    /// What nobody can see on the result.
    pub record: Record,
    pub findings: Vec<Finding>,
    pub revision: TaskDefinition<Protected>,
}

/// Returns what a definition is, seen from today's Defender.
pub fn condition(definition: &TaskDefinition<Registrable>, maker: &Maker<'_>) -> Condition {
    if let Some(runs_on) = not_for_fargate(definition) {
        return Condition::Refused(SkipReason::NotFargate { runs_on });
    }
    let image = maker.today.image_in(maker.place.id, maker.place.region);
    let (selection, named_ports) = (selection(definition), NamedPorts::new());
    let measure =
        Measure { today: maker.today, image: &image, policy: maker.policy, selection: &selection, named_ports: &named_ports };
    service::condition(definition, &measure)
}

/// Returns what a definition is for, if it says so and that is not Fargate. With a service at hand that says what it runs on.
/// Source: Amazon ECS API Reference, RegisterTaskDefinition, `requiresCompatibilities` (read 2026-11).
fn not_for_fargate(definition: &TaskDefinition<Registrable>) -> Option<String> {
    let list = definition.json().get("requiresCompatibilities")?.as_array()?;
    if list.iter().any(is_function) {
        return None;
    }
    let mut names = list.iter().filter_map(Value::as_str);
    let first = names.clone().next()?.to_owned();
    names.all(|name| name != "FARGATE").then_some(first)
}

fn selection(definition: &TaskDefinition<Registrable>) -> Selection {
    Selection::of(definition, &BTreeSet::new())
}

/// Makes today's revision of a definition. Where it is not `whole`, nobody knows here what the task has beside its containers.
///
/// # Errors
///
/// When it is to have today's Defender and cannot get it.
pub async fn remake(
    definition: &TaskDefinition<Registrable>,
    whole: bool,
    maker: &Maker<'_>,
    mirrors: &Mirrors,
) -> Result<Lone, JourneyError> {
    let why = match condition(definition, maker) {
        Condition::Unprotected => None,
        Condition::Outdated(why) => Some(why),
        Condition::Current => return Ok(Lone::UpToDate),
        Condition::Refused(reason) => return Ok(Lone::LeftAlone(reason)),
    };
    mirror::check(maker, mirrors, definition).await?; // registries
    let (family, selection) = (Family::from(definition.text("family").unwrap_or_default()), selection(definition));
    let bare = Bare::of(definition, &family, (&selection, &NamedPorts::new()), why)?; // no I/O
    let entry_points = maker.entry_points(&bare, &selection, &Pins::default()).await?; // registries, Console
    let embedding = Embedding {
        definition: &bare.definition,
        selection: &selection,
        entries: &entry_points.entries,
        policy: maker.policy,
        stripped: &bare.stripped,
    };
    let questions = question::questions(&embedding); // no I/O
    let answer = maker.embed(&family, &definition.redactor(), &questions, &entry_points).await?; // Console
    let accepted = maker::accepted(&family, &embedding, &entry_points, &answer)?; // no I/O
    let mut findings = maker::findings(&accepted, &selection);
    let revision = bare.definition.protected_by(&accepted.change);
    let revision = revision.map_err(|source| JourneyError::Edit { family, source })?;
    if bare.why.is_some() && same_but_for_memory(definition.json(), revision.json()) && !maker.policy.reembed {
        // Whatever seemed outdated is what this Console embeds, now and every other time.
        return Ok(Lone::UpToDate);
    }
    if let Some(reason) = fit::misfit(&revision).filter(|_| whole) {
        return Ok(Lone::LeftAlone(reason));
    }
    findings.extend(fit::tight(&revision).map(Finding::LittleMemory));
    let (embedded, record) = (accepted.change, accepted.record);
    Ok(Lone::Remade(Box::new(Remade { why: bare.why, stripped: bare.stripped.change, embedded, record, findings, revision })))
}
