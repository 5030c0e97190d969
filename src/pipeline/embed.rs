//! `embed`: puts today's Defender into a file.

use std::path::Path;

use serde_json::Value;

use super::desk::{Aim, Desk};
use super::file::{self, Source};
use super::register::{self, NewRevision};
use super::{FileError, say};
use crate::cli::{EmbedArguments, OutputForm};
use crate::events::Finding;
use crate::journey::{Lone, Remade, condition, remake};
use crate::plan::SkipReason;
use crate::plan::document::Parts;
use crate::plan::forms::{self, Form, NotWritten, Spot, Wanted};
use crate::plan::memory::{Before, labelled};
use crate::plan::service::Condition;
use crate::plan::task_definition::{Registrable, TaskDefinition};
use crate::settings::{Settings, Verbosity};

/// Puts today's Defender into every task definition that is meant, and registers it if that is asked for. One that carries it comes out
/// as it is. Nothing is written unless all of them can be.
///
/// # Errors
///
/// When the file cannot be used, one of its definitions cannot get today's Defender, or AWS refuses what is asked for.
pub(super) async fn embed(arguments: &EmbedArguments, settings: &Settings) -> Result<(), FileError> {
    file::check_output(arguments.files.output.as_deref())?;
    let mut source = Source::read(&arguments.files.file)?;
    let wanted = Wanted::from(&arguments.files.definitions);
    let spots = source.spots(&wanted)?;
    let registers = arguments.register || !arguments.update.is_empty();
    if registers {
        register::check(&spots, &arguments.update, settings.run.dry_run)?;
    }
    let aim = if registers { Aim::Write } else { Aim::Files };
    let desk = Desk::open(settings, aim, &spots.iter().collect::<Vec<_>>()).await?;
    // Said when all of it is done: nothing is, where one of them cannot be.
    let (mut lines, mut all) = (Vec::new(), Vec::new());
    let mut in_the_way = Vec::new();
    for spot in &spots {
        let embedded = match embed_one(spot, &source.name, &desk).await {
            Ok(embedded) => embedded,
            // All of them are told at once.
            Err(FileError::Obstacles { of, .. }) => {
                in_the_way.extend(of);
                continue;
            }
            Err(error) => return Err(error),
        };
        if let (Embedded::LeftAlone(reason @ SkipReason::OptedOut { .. }), true) = (&embedded, registers) {
            // What carries no Defender is not registered for one that does.
            return Err(FileError::LeftAlone { label: spot.label.clone(), reason: Box::new(reason.clone()) });
        }
        lines.extend(told(spot, &embedded, &desk));
        all.push((spot, embedded));
    }
    if !in_the_way.is_empty() {
        return Err(FileError::Obstacles { name: source.name, of: in_the_way });
    }
    write(&mut source, &spots, &all)?;
    let text = match form(arguments, &source, &spots) {
        OutputForm::Same => source.document.text().to_owned(),
        OutputForm::Register => registrations(&source, &wanted)?,
    };
    let say_all = || {
        let least = if settings.run.verbosity > Verbosity::Quiet { Weight::Said } else { Weight::Warned };
        lines.iter().filter(|(weight, _)| *weight >= least).for_each(|(_, line)| say(line));
    };
    if !registers {
        file::write(arguments.files.output.as_deref(), &text)?;
        say_all();
        return Ok(());
    }
    let new = NewRevision { definition: registrable(&source, &wanted)?, described: described_arn(&source) };
    let registered = register::register(new, &desk, settings, &arguments.update, say_all).await;
    if let Some(output) = arguments.files.output.as_deref().filter(|output| !is_standard_output(output)) {
        file::write(Some(output), &text)?;
    }
    registered
}

fn is_standard_output(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Returns the form that the file comes out in. What `describe-task-definition` printed goes on to `register-task-definition` as a
/// rule when it comes through a pipe, which does not take it as it is.
fn form(arguments: &EmbedArguments, source: &Source, spots: &[Spot]) -> OutputForm {
    let is_described = spots.iter().any(|spot| matches!(spot.form, Form::Described { .. }));
    let usual = if source.from_standard_input && is_described { OutputForm::Register } else { OutputForm::Same };
    arguments.form.unwrap_or(usual)
}

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Said,
    Warned,
}

/// What became of one definition.
enum Embedded {
    Now(Box<Remade>),
    UpToDate,
    LeftAlone(SkipReason),
}

impl Embedded {
    fn findings(&self) -> &[Finding] {
        match self {
            Self::Now(remade) => &remade.findings,
            Self::UpToDate | Self::LeftAlone(_) => &[],
        }
    }
}

/// Puts the Defender into one definition; the document stays as it is.
async fn embed_one(spot: &Spot, name: &str, desk: &Desk) -> Result<Embedded, FileError> {
    let label = || spot.label.clone();
    if spot.unseen().is_none() && condition(&spot.definition, &desk.maker()) == Condition::Current {
        return Ok(Embedded::UpToDate);
    }
    let obstacles: Vec<String> = spot.obstacles().iter().map(|obstacle| spot.readable(&obstacle.to_string())).collect();
    if !obstacles.is_empty() {
        return Err(FileError::Obstacles { name: name.to_owned(), of: vec![(label(), obstacles)] });
    }
    let made = remake(&spot.definition, spot.is_whole(), &desk.maker(), &desk.mirrors).await;
    let made = made.map_err(|error| FileError::journey(spot, &error))?;
    let remade = match made {
        Lone::UpToDate => return Ok(Embedded::UpToDate),
        // The file's owner, or the settings, ask for that.
        Lone::LeftAlone(reason @ (SkipReason::UpgradesAreOff { .. } | SkipReason::OptedOut { .. })) => {
            return Ok(Embedded::LeftAlone(reason));
        }
        Lone::LeftAlone(reason) => return Err(FileError::LeftAlone { label: label(), reason: Box::new(reason) }),
        Lone::Remade(remade) => remade,
    };
    Ok(Embedded::Now(remade))
}

/// Writes what embedding comes to. Earlier Defenders go from all definitions first, so that nothing new looks as they were written.
fn write(source: &mut Source, spots: &[Spot], all: &[(&Spot, Embedded)]) -> Result<(), FileError> {
    let not_written = |source| FileError::not_written(spots, source);
    let mut parts = Parts::of(source.document.clone());
    for (spot, embedded) in all {
        let Embedded::Now(remade) = embedded else { continue };
        spot.write(&mut parts, &remade.stripped, &Before::of(&spot.definition)).map_err(not_written)?;
    }
    source.put_together(parts, spots)?;
    let mut parts = Parts::of(source.document.clone());
    let mut expected = Vec::new();
    for (spot, embedded) in all {
        expected.push(match embedded {
            Embedded::Now(remade) => write_one(spot, &mut parts, remade).map_err(not_written)?,
            Embedded::UpToDate | Embedded::LeftAlone(_) => spot.definition.clone(),
        });
    }
    source.put_together(parts, spots)?;
    check_written(source, spots, &expected)
}

/// Writes one definition's new Defender, and returns the definition that has to stand there then.
fn write_one(spot: &Spot, parts: &mut Parts, remade: &Remade) -> Result<TaskDefinition<Registrable>, NotWritten> {
    let before = spot.before(parts, &remade.embedded)?;
    spot.write(parts, &remade.embedded, &Before::default())?;
    let labels = labelled(&remade.revision, &remade.record, &before);
    spot.write(parts, &labels, &Before::default())?;
    let revision = TaskDefinition::from_json(remade.revision.json().clone());
    Ok(revision.changed_by(&labels).unwrap_or(revision))
}

/// Reads the definitions again where they were written, and makes sure that each is what it has to be.
fn check_written(source: &Source, spots: &[Spot], expected: &[TaskDefinition<Registrable>]) -> Result<(), FileError> {
    let is_template = spots.iter().any(|spot| spot.form == Form::CloudFormation);
    let resources = if is_template { spots.iter().map(|spot| spot.label.clone()).collect() } else { Vec::new() };
    let family = spots.first().and_then(|spot| spot.definition.text("family")).map(str::to_owned);
    let written = forms::spots(&source.document, &Wanted { family, resources, template: false }).unwrap_or_default();
    for (index, (spot, expected)) in spots.iter().zip(expected).enumerate() {
        if written.get(index).map(|written| written.definition.json()) != Some(expected.json()) {
            return Err(FileError::NotSame { label: spot.label.clone() });
        }
    }
    Ok(())
}

/// Says what was done to a definition, and what to know about it.
fn told(spot: &Spot, embedded: &Embedded, desk: &Desk) -> Vec<(Weight, String)> {
    let (label, version) = (&spot.label, desk.today.version_text());
    let done = match embedded {
        Embedded::UpToDate => format!("{label}: it carries today's Defender ({version}), and is as it was"),
        Embedded::LeftAlone(reason) => format!("{label}: it is as it was: {}", reason.sentence()),
        Embedded::Now(remade) => match &remade.why {
            None => format!("{label}: Defender {version} is in it now"),
            Some(why) => format!("{label}: Defender {version} is in it now in the place of another, since {}", why.sentence()),
        },
    };
    let findings = embedded.findings().iter().map(|finding| match finding.is_warning() {
        true => (Weight::Warned, format!("  warning: {finding}")),
        false => (Weight::Said, format!("  note: {finding}")),
    });
    let guesses = spot.guesses.iter().filter(|_| matches!(embedded, Embedded::Now(_)));
    let guesses = guesses.map(|guess| (Weight::Warned, format!("  warning: {guess}")));
    let lines = std::iter::once((Weight::Said, done)).chain(of_family(spot)).chain(findings).chain(guesses);
    lines.map(|(weight, line)| (weight, spot.readable(&line))).collect()
}

/// Says what stands for a family that the file does not say.
fn of_family(spot: &Spot) -> Option<(Weight, String)> {
    let family = spot.definition.text("family").unwrap_or_default();
    match spot.form {
        _ if !spot.family_made_up => None,
        Form::CloudFormation => {
            let text = "  note: it has no Family, so that the Defender's App ID begins with its logical id".to_owned();
            Some((Weight::Said, text))
        }
        _ => {
            let text = format!(
                "  warning: nothing says the family of these containers, which the Defender's App ID begins with; {family} is taken, \
                 and --family NAME gives the right one"
            );
            Some((Weight::Warned, text))
        }
    }
}

/// Returns the one definition of a source as it can be registered.
fn registrable(source: &Source, wanted: &Wanted) -> Result<TaskDefinition<Registrable>, FileError> {
    let spot = source.spots(wanted)?.into_iter().next();
    let spot = spot.ok_or_else(|| FileError::Arguments("there is nothing to register".to_owned()))?;
    Ok(without_aws_tags(&spot.definition))
}

/// Leaves out the tags that are AWS's own to set.
/// Source: Amazon ECS Developer Guide, "Tag restrictions": the prefix `aws:`.
fn without_aws_tags(definition: &TaskDefinition<Registrable>) -> TaskDefinition<Registrable> {
    let mut json = definition.json().clone();
    if let Some(Value::Array(tags)) = json.get_mut("tags") {
        tags.retain(|tag| !tag.get("key").and_then(Value::as_str).is_some_and(|key| key.starts_with("aws:")));
        if tags.is_empty()
            && let Value::Object(members) = &mut json
        {
            members.shift_remove("tags");
        }
    }
    TaskDefinition::from_json(json)
}

/// Returns the definition of a source in the form that `register-task-definition` takes.
pub(super) fn registrations(source: &Source, wanted: &Wanted) -> Result<String, FileError> {
    let spots = source.spots(wanted)?;
    if spots.iter().any(|spot| spot.form == Form::CloudFormation) {
        let text = "--form register is for ECS's own forms; CloudFormation registers what is in a template";
        return Err(FileError::Arguments(text.to_owned()));
    }
    Ok(format!("{:#}\n", registrable(source, wanted)?.json()))
}

/// Returns the ARN of what a source describes, of which new tasks could be started when it was described.
fn described_arn(source: &Source) -> Option<String> {
    let root = source.document.root();
    let described = root.member("taskDefinition").unwrap_or(root);
    let text = |key: &str| described.member(key).and_then(|node| node.value().as_str().map(str::to_owned));
    text("taskDefinitionArn").filter(|_| text("status").as_deref() == Some("ACTIVE"))
}
