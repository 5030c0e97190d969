//! The task definition and its way to a new revision: what it is, what its containers run, what the Console made of it, how the
//! revision differs, whether it fits, and whether it is there already.

use super::{Decision, Part, Section, each, one, words};
use crate::ids::TaskDefinitionArn;
use crate::plan::SkipReason;
use crate::plan::defender;
use crate::plan::entrypoint::{Entry, FoundIn, Lookup, Silent};
use crate::plan::fit::{MOST_BYTES, Measured};
use crate::plan::image::Runs;
use crate::plan::memory::{RUN_TAG, SOURCE_TAG, VERSION_TAG};
use crate::plan::outdated::{Measure, every_reason};
use crate::plan::question::Question;
use crate::plan::redact::Redactor;
use crate::plan::service::{Condition, MOST_CONTAINERS, condition};
use crate::plan::task_definition::{Container, Registrable, TaskDefinition, containers_of};

/// What is told of a revision and is no part of what can be registered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registered {
    /// `ACTIVE` or `INACTIVE`.
    pub status: String,
    /// Account and role, as far as ECS tells.
    pub by: Option<String>,
    /// Whether that is who this run calls as.
    pub by_us: bool,
}

impl Registered {
    fn told(&self) -> String {
        match (&self.by, self.by_us) {
            (Some(by), true) => format!("{by}, which is us"),
            (Some(by), false) => format!("{by}, which is not us"),
            (None, _) => "ECS does not tell".to_owned(),
        }
    }
}

/// Tells what a task definition is, seen from today's Defender.
pub fn definition(
    arn: &TaskDefinitionArn,
    registered: &Registered,
    definition: &TaskDefinition<Registrable>,
    measure: &Measure<'_>,
) -> Part {
    let clean = definition.redactor();
    let sidecar = defender::sidecar_in(definition);
    let ours = definition.tags().filter(|(key, _)| [SOURCE_TAG, VERSION_TAG, RUN_TAG].contains(key));
    let mut facts = vec![
        one("revision", format!("{}, {}", arn.short(), registered.status)),
        one("registered_by", registered.told()),
        each("tags_of_ours", ours.map(|(key, value)| format!("{key} = {value}"))),
        each("containers", definition.containers().map(|it| clean.clean(&container(&it, sidecar, measure)))),
        each("images", definition.containers().map(|it| clean.clean(&image(&it)))),
        one("defender", sidecar.map_or_else(|| "none".to_owned(), |it| of_sidecar(&it))),
        one("todays_defender", in_short(measure.today.version_text(), &measure.today.ws_address)),
        one("todays_image", defender::public_image(measure.image)),
    ];
    if let Some(sidecar) = sidecar {
        let reasons = every_reason(definition, sidecar, measure);
        facts.push(each("outdated", reasons.iter().map(|reason| reason.sentence())));
    }
    let decision = match condition(definition, measure) {
        Condition::Unprotected => Decision::GoesOn("it has no Defender, and may get one".to_owned()),
        Condition::Outdated(why) => Decision::GoesOn(format!("its Defender is to be replaced: {}", why.sentence())),
        Condition::Current => Decision::Ends("it has today's Defender, as it would be embedded today".to_owned()),
        Condition::Refused(reason) => Decision::Ends(format!("it is left alone: {}", reason.sentence())),
    };
    Part { section: Section::TaskDefinition, facts, decision }
}

fn container(it: &Container<'_>, sidecar: Option<Container<'_>>, measure: &Measure<'_>) -> String {
    let name = it.name();
    if sidecar.is_some_and(|sidecar| sidecar.name() == name) {
        return format!("{name}: the Defender");
    }
    let place = match (measure.selection.wraps(name), defender::wrapped_at(&it.entry_point()).is_some()) {
        (true, true) => "behind a Defender",
        (true, false) => "not behind a Defender",
        (false, _) if it.is_log_router() => "left out, as a log router",
        (false, true) => "left out by a tag, and behind a Defender still",
        (false, false) => "left out by a tag",
    };
    let says = if it.entry_point().is_empty() { "says no entry point" } else { "says its entry point" };
    format!("{name}: {place}, {says}")
}

fn image(it: &Container<'_>) -> String {
    format!("{}: {}", it.name(), defender::public_image(it.image()))
}

fn of_sidecar(sidecar: &Container<'_>) -> String {
    let version = defender::version_of(sidecar.image());
    let address = sidecar.variable(defender::WS_ADDRESS).unwrap_or("an address that it does not say");
    in_short(defender::version_text(version.as_deref()), address)
}

fn in_short(version: &str, address: &str) -> String {
    format!("{version}, connecting to {address}")
}

/// What each source said about a silent container's entry point; nothing of one that was not asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcesSaid {
    /// What the image says, or why it could not be read.
    pub image: Option<Result<Runs, String>>,
    /// Whether the revision before knows it.
    pub earlier_revision: Option<bool>,
    pub scan: Option<&'static str>,
}

/// Tells where a silent container's entry point was looked for. Without an entry nobody knows it.
pub fn entry_point(silent: &Silent, said: &SourcesSaid, entry: Option<&Entry>, clean: &Redactor) -> Part {
    let not_asked = || "not asked".to_owned();
    let image = said.image.as_ref().map_or_else(not_asked, |said| match said {
        Ok(runs) => runs_told(runs, "it names no ENTRYPOINT and no CMD"),
        Err(problem) => problem.clone(),
    });
    let earlier = said.earlier_revision.map_or_else(not_asked, |knows| match knows {
        true => "it knows".to_owned(),
        false => "it does not know".to_owned(),
    });
    let own = if silent.command.is_empty() { "none".to_owned() } else { words(&silent.command) };
    let facts = vec![
        one("container", silent.container.as_str()),
        one("own_command", clean.clean(&own)),
        one("image", clean.clean(&defender::public_image(&silent.image))),
        one("image_says", clean.clean(&image)),
        one("earlier_revision", earlier),
        one("console_scan", said.scan.map_or_else(not_asked, str::to_owned)),
    ];
    let decision = match entry {
        Some(Entry::Known { runs, found_in }) => {
            let runs = words(&[runs.entry_point.as_slice(), &runs.command].concat());
            Decision::GoesOn(format!("behind the Defender it runs {}, as {}", clean.clean(&runs), source(*found_in)))
        }
        Some(Entry::Asked(lookup)) => Decision::GoesOn(format!("the Console has to look it up{}", by(lookup))),
        None => Decision::Ends("nobody knows what it runs".to_owned()),
    };
    Part { section: Section::EntryPoint, facts, decision }
}

fn source(found_in: FoundIn) -> &'static str {
    match found_in {
        FoundIn::Image => "the image says",
        FoundIn::Scan => "the Console's scan says",
        FoundIn::Console { .. } => "the Console found out",
        FoundIn::EarlierRevision { .. } => "the earlier revision says",
        FoundIn::Running => "it does today",
    }
}

fn runs_told(runs: &Runs, nothing: &str) -> String {
    let parts = [("ENTRYPOINT", &runs.entry_point), ("CMD", &runs.command)];
    let told: Vec<String> =
        parts.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| format!("{name} {}", words(list))).collect();
    if told.is_empty() { nothing.to_owned() } else { told.join(", ") }
}

fn by(lookup: &Lookup) -> String {
    match (&lookup.registry_type, &lookup.credential_id) {
        (None, _) => " in its scans".to_owned(),
        (Some(registry_type), None) => format!(" in the image's registry (type {registry_type})"),
        (Some(registry_type), Some(id)) => format!(" in the image's registry (type {registry_type}, credential {id})"),
    }
}

/// Tells what the Console was asked, and whether its answer was taken: with the places where it differed, or why not.
pub fn console(questions: &[Question], taken: Result<&[String], String>) -> Part {
    let mut sent: Vec<String> = Vec::new();
    for question in questions {
        let names = containers_of(&question.body).map(|it| it.name().to_owned());
        let new: Vec<String> = names.filter(|name| !sent.contains(name)).collect();
        sent.extend(new);
    }
    let looked_up = questions.iter().flat_map(|it| {
        let by = it.lookup.as_ref().map(by).unwrap_or_default();
        it.looked_up.iter().map(move |container| format!("{container},{by}"))
    });
    let mut facts = vec![
        one("asked", if questions.len() == 1 { "once".to_owned() } else { format!("{} times", questions.len()) }),
        each("containers_sent", sent),
        each("looked_up", looked_up),
    ];
    let decision = match taken {
        Ok(put_back) => {
            facts.push(each("put_back", put_back.iter().cloned()));
            Decision::GoesOn("it is accepted: it adds nothing but what embedding is made of".to_owned())
        }
        Err(why) => Decision::Ends(why),
    };
    Part { section: Section::Console, facts, decision }
}

/// Tells each difference between what runs and what would.
pub fn differences(changes: Vec<String>, says_the_same: bool) -> Part {
    let decision = match says_the_same {
        true => Decision::Ends("the Console would embed what there is already: it is up to date".to_owned()),
        false => Decision::GoesOn("the new revision would differ in this, and in nothing else".to_owned()),
    };
    Part { section: Section::Differences, facts: vec![each("changes", changes)], decision }
}

/// Tells how much of what ECS allows the revision takes.
pub fn fit(measured: &Measured, misfit: Option<&SkipReason>) -> Part {
    let of = |(reserved, task): (u64, Option<u64>), unit: &str| match task {
        Some(task) => format!("{reserved} of {task} {unit} are reserved by its containers"),
        None => format!("{reserved} {unit} are reserved by its containers; the task names no size"),
    };
    let facts = vec![
        one("container_count", format!("{} of {MOST_CONTAINERS}", measured.containers)),
        one("cpu", of(measured.cpu, "CPU units")),
        one("memory", of(measured.memory, "MiB")),
        one("size", format!("{} of {MOST_BYTES} bytes", measured.bytes)),
        one("execution_role", if measured.execution_role { "named" } else { "none" }),
    ];
    let decision = match misfit {
        Some(reason) => Decision::Ends(format!("it is left alone: {}", reason.sentence())),
        None => Decision::GoesOn("it fits".to_owned()),
    };
    Part { section: Section::Fit, facts, decision }
}

/// Tells what the family's newest active revision is, if it has one, and whether that would be used.
pub fn newest(newest: Option<(&TaskDefinitionArn, &Registered)>, running: &TaskDefinitionArn, would_be_used: bool) -> Part {
    let mut facts = vec![one("revision", newest.map_or_else(|| "none is active".to_owned(), |(arn, _)| arn.short()))];
    facts.extend(newest.map(|(_, registered)| one("registered_by", registered.told())));
    let decision = match newest {
        Some(_) if would_be_used => "an earlier run left it, and it says what is wanted now: it would be used",
        Some((arn, _)) if arn == running => "it is the one that runs: a new one would be registered",
        Some((_, Registered { by_us: true, .. })) => "it says something else than is wanted now: a new one would be registered",
        Some(_) => "it is not ours: a new one would be registered",
        None => "a new one would be registered",
    };
    Part { section: Section::Newest, facts, decision: Decision::GoesOn(decision.to_owned()) }
}
