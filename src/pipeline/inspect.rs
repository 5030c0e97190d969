//! `inspect`: one task definition on one screen, from a file or by its ARN.

use std::fmt::Write as _;
use std::path::Path;

use super::FileError;
use super::desk::{Aim, Desk};
use super::file::{self, Source};
use crate::cli::InspectArguments;
use crate::ids::TaskDefinitionArn;
use crate::journey::{Lone, condition, remake};
use crate::plan::defender;
use crate::plan::diff::differences;
use crate::plan::explain;
use crate::plan::forms::{Spot, Wanted};
use crate::plan::memory;
use crate::plan::service::Condition;
use crate::plan::task_definition::{Registrable, TaskDefinition};
use crate::settings::Settings;

/// Most lines of what would be changed: it is one screen.
const MOST_LINES: usize = 24;

/// Tells of a task definition whether it is protected, by what, and what would be done about it. Nothing is changed.
///
/// # Errors
///
/// When it cannot be read, or the Console not be asked.
pub(super) async fn inspect(arguments: &InspectArguments, settings: &Settings) -> Result<(), FileError> {
    let mut screens = Vec::new();
    if let Ok(arn) = arguments.of.parse::<TaskDefinitionArn>() {
        let mut desk = Desk::open(settings, Aim::Read, &[]).await?;
        let definition = desk.describe(&arn, settings).await?;
        screens.push(screen(&arn.to_string(), &definition, Known::WHOLE, &desk).await);
    } else {
        let source = Source::read(Path::new(&arguments.of))?;
        let spots = source.spots(&Wanted::from(&arguments.definitions))?;
        let desk = Desk::open(settings, Aim::Files, &spots.iter().collect::<Vec<_>>()).await?;
        for spot in &spots {
            let name = format!("{} ({}, {})", spot.label, source.name, spot.position);
            let known = Known { whole: spot.is_whole(), unseen: spot.unseen().is_some(), obstacles: obstacles(spot) };
            screens.push(spot.readable(&screen(&name, &spot.definition, known, &desk).await));
        }
    }
    file::write(None, &screens.join("\n"))
}

/// How much of a definition is known.
struct Known {
    whole: bool,
    /// Whether there is more in it than can be seen.
    unseen: bool,
    /// Functions of a template that stand in the way.
    obstacles: Vec<String>,
}

impl Known {
    const WHOLE: Self = Self { whole: true, unseen: false, obstacles: Vec::new() };
}

fn obstacles(spot: &Spot) -> Vec<String> {
    spot.obstacles().iter().map(ToString::to_string).collect()
}

async fn screen(name: &str, definition: &TaskDefinition<Registrable>, known: Known, desk: &Desk) -> String {
    let mut text = format!("{name}\n");
    let mut line = |key: &str, value: &str| {
        // A String takes whatever is written into it.
        let _ = writeln!(text, "  {key:<12} {value}");
    };
    line("family", definition.text("family").unwrap_or("none"));
    let containers: Vec<String> = definition.containers().map(|container| wrapped(&container)).collect();
    line("containers", &containers.join(", "));
    match defender::sidecar_in(definition) {
        None => line("protected", "no: it carries no Defender"),
        Some(sidecar) => {
            let version = defender::version_of(sidecar.image());
            match condition(definition, &desk.maker()) {
                Condition::Outdated(why) => line("protected", &format!("yes, and not as today: {}", why.sentence())),
                _ => line("protected", "yes"),
            }
            line("Defender", defender::version_text(version.as_deref()));
            line("image", &defender::public_image(sidecar.image()));
            line("connects to", sidecar.variable(defender::WS_ADDRESS).unwrap_or("nothing that it says"));
            line("embedded by", &embedded_by(definition));
        }
    }
    line("today", &format!("Defender {}, connecting to {} ({})", desk.today.version_text(), desk.today.ws_address, desk.url));
    for (index, done) in would_be_done(definition, known, desk).await.iter().enumerate() {
        line(if index == 0 { "embed" } else { "" }, done);
    }
    text
}

fn wrapped(container: &crate::plan::task_definition::Container<'_>) -> String {
    let is_wrapped = defender::wrapped_at(&container.entry_point()).is_some();
    if is_wrapped { format!("{} (under the Defender)", container.name()) } else { container.name().to_owned() }
}

fn embedded_by(definition: &TaskDefinition<Registrable>) -> String {
    let tag = |wanted: &str| definition.tags().find(|(key, _)| *key == wanted).map(|(_, value)| value.to_owned());
    match (tag(memory::RUN_TAG), tag(memory::SOURCE_TAG)) {
        (Some(run), Some(source)) => format!("run {run}, from {source}"),
        (Some(run), None) => format!("run {run}"),
        _ => "no run of a fleet: a file, or another tool".to_owned(),
    }
}

/// Returns what `embed` would do, in lines.
async fn would_be_done(definition: &TaskDefinition<Registrable>, known: Known, desk: &Desk) -> Vec<String> {
    let Known { whole, unseen, obstacles } = known;
    let is_current = !unseen && condition(definition, &desk.maker()) == Condition::Current;
    if !obstacles.is_empty() && !is_current {
        return [vec!["nothing: functions stand in the way".to_owned()], obstacles].concat();
    }
    match remake(definition, whole, &desk.maker(), &desk.mirrors).await {
        Ok(Lone::UpToDate) => vec!["changes nothing: this is today's Defender".to_owned()],
        Ok(Lone::LeftAlone(reason)) => {
            vec![format!("changes nothing: {}", reason.sentence()), format!("way out: {}", explain::after_skipped(&reason))]
        }
        Ok(Lone::Remade(remade)) => {
            let first = match &remade.why {
                None => "puts the Defender in:".to_owned(),
                Some(why) => format!("replaces the Defender, since {}:", why.sentence()),
            };
            let secrets = definition.redactor().and(&defender::redactor(&remade.revision));
            let mut lines = differences(definition.json(), remade.revision.json(), &secrets);
            if lines.len() > MOST_LINES {
                let more = lines.len() - MOST_LINES + 1;
                lines.truncate(MOST_LINES - 1);
                lines.push(format!("and {more} more"));
            }
            let findings = remade.findings.iter().map(|finding| format!("note: {finding}"));
            std::iter::once(first).chain(lines).chain(findings).collect()
        }
        Err(error) => {
            let failure = error.failure();
            let hint = failure.hint.map(|hint| format!("way out: {hint}"));
            std::iter::once(format!("fails: {}", failure.causes.join(": "))).chain(hint).collect()
        }
    }
}
