//! A run told to people: a line for each service as it ends, and a summary that can be read at three in the morning.

use std::io::{self, Write};

use super::standing::{grouped, many, throttled, took};
use super::tally::{self, Tally};
use super::{coverage, explain};
use crate::events::{
    Closed, Counts, Event, Failure, Finding, KeptOpen, NOT_CONNECTED_HINT, Opened, Outcome, Place, Plan, ServiceEnded, ServiceId,
    Unseen,
};
use crate::ids::TaskDefinitionArn;
use crate::plan::Outdated;
use crate::progress::Spent;

pub(super) const GREEN: &str = "\x1b[32m";
pub(super) const YELLOW: &str = "\x1b[33m";
pub(super) const RED: &str = "\x1b[31m";
pub(super) const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// Returns a text in a colour, if there are to be colours.
pub(super) fn paint(text: &str, code: &str, colour: bool) -> String {
    if colour { format!("{code}{text}{RESET}") } else { text.to_owned() }
}

/// Tells one event in a line.
///
/// # Errors
///
/// When the writer fails.
pub fn event(event: &Event, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    match event {
        Event::AnotherRun { task } => {
            writeln!(writer, "another run is in progress (task {}): this one ends, and nothing is changed", task.id())
        }
        Event::Began(it) => {
            let (run, account, region) = (&it.run_id, &it.caller, &it.region);
            writeln!(writer, "run {run} from account {account}, {region}")?;
            writeln!(
                writer,
                "Console {} at {}: Defender {}, connecting to {}",
                it.console_version, it.console, it.defender_version, it.ws_address
            )?;
            let dry_run = paint("dry run:", YELLOW, colour);
            writeln!(writer, "networks {}", it.network.1)?;
            if it.dry_run { writeln!(writer, "{dry_run} nothing is changed") } else { Ok(()) }
        }
        Event::UndoBegan(it) => {
            let (run, account, region) = (&it.run_id, &it.caller, &it.region);
            writeln!(writer, "run {run} from account {account}, {region}")?;
            let what = it.undone_run.as_ref().map_or_else(|| "every run".to_owned(), |run| format!("run {run}"));
            let networks = if it.keep_network { "stay as they are" } else { "are closed again where nothing needs them open" };
            writeln!(writer, "what {what} did is undone; networks {networks}")?;
            let dry_run = paint("dry run:", YELLOW, colour);
            if it.dry_run { writeln!(writer, "{dry_run} nothing is changed") } else { Ok(()) }
        }
        Event::Asking { settings } => asking(settings, colour, writer),
        Event::AccountsListed { in_scope, .. } => writeln!(writer, "{} in scope\n", many(*in_scope as u64, "account")),
        Event::Warning { text } => writeln!(writer, "{} {text}", paint("warning:", YELLOW, colour)),
        Event::Bug { text } => writeln!(writer, "{} {text}", paint("error:", RED, colour)),
        Event::Stopping { signal } => {
            writeln!(
                writer,
                "{} {signal}: nothing new is started, what is being changed is finished",
                paint("stopping:", YELLOW, colour)
            )
        }
        Event::Planned(it) => plan(it, colour, writer),
        Event::Opened(opened) => {
            let word = paint(&format!("{:<13}", "opened"), GREEN, colour);
            writeln!(writer, "{word} {}", opening(opened))
        }
        Event::Closed(it) => {
            let (word, code) = if it.planned { ("to close", YELLOW) } else { ("closed", GREEN) };
            writeln!(writer, "{} {}", paint(&format!("{word:<13}"), code, colour), closed(it))
        }
        Event::KeptOpen(it) => {
            let word = paint(&format!("{:<13}", "kept open"), YELLOW, colour);
            writeln!(writer, "{word} {}", kept_open(it))
        }
        Event::Explained(explanation) => explain::text(explanation, colour, writer),
        Event::Service(ServiceEnded { service, outcome, findings }) => {
            let (word, code, rest) = told(outcome);
            let word = paint(&format!("{word:<13}"), code, colour);
            writeln!(writer, "{word} {}  {}", place_of(service), rest)?;
            findings.iter().try_for_each(|finding| note(finding, colour, writer))
        }
        Event::Verifying { services, waits } => writeln!(writer, "\n{}", tally::verifying(*services, *waits)),
        Event::Verified(verified) => {
            let (word, code) = match &verified.connections {
                connections if connections.is_whole() => ("verified", GREEN),
                connections if connections.missing > 0 => ("not connected", YELLOW),
                _ => ("unverified", DIM),
            };
            let word = paint(&format!("{word:<13}"), code, colour);
            writeln!(writer, "{word} {}  {}", place_of(&verified.service), verified.connections)
        }
        Event::Unverified { services, why } => {
            let word = paint(&format!("{:<13}", "unverified"), YELLOW, colour);
            writeln!(writer, "{word} {}: {why}", many(*services as u64, "service"))
        }
        Event::Unseen { place, why } => {
            let (word, code) = match why {
                Unseen::Failed(_) => ("failed", RED),
                Unseen::NotAttempted => ("not attempted", YELLOW),
                _ => ("not walked", DIM),
            };
            let word = paint(&format!("{word:<13}"), code, colour);
            writeln!(writer, "{word} {place}: {}", tally::reason(why))
        }
    }
}

/// Shows the settings, and leaves the line of the question open for the answer.
fn asking(settings: &[(&'static str, String)], colour: bool, writer: &mut impl Write) -> io::Result<()> {
    writeln!(writer, "\n{}", paint("This run changes services, with these settings:", BOLD, colour))?;
    let width = settings.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    settings.iter().try_for_each(|(name, value)| writeln!(writer, "  {name:width$}  {value}"))?;
    write!(writer, "Go on? [y/N] ")?;
    writer.flush()
}

/// Tells what would be done about a task definition: for which services, each difference, and what would be opened.
fn plan(plan: &Plan, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    let Plan { account, region, from, to, services, .. } = plan;
    let to = to.as_ref().map_or_else(|| "a new revision".to_owned(), TaskDefinitionArn::short);
    let word = paint(&format!("{:<13}", "plan"), BOLD, colour);
    writeln!(writer, "{word} {account} {region} {} -> {to}, for {}", from.short(), services.join(", "))?;
    for line in &plan.changes {
        let code = match line.chars().next() {
            Some('+') => GREEN,
            Some('-') => RED,
            _ => YELLOW,
        };
        writeln!(writer, "{:13}   {}", "", paint(line, code, colour))?;
    }
    let openings = plan.openings.iter().map(|opening| format!("+ network {opening}"));
    openings.into_iter().try_for_each(|line| writeln!(writer, "{:13}   {}", "", paint(&line, GREEN, colour)))
}

fn note(finding: &Finding, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    let word = if finding.is_warning() { "warning:" } else { "note:" };
    writeln!(writer, "{:13} {} {finding}", "", paint(word, YELLOW, colour))
}

/// `111122223333 eu-west-1 vpc-1  sg-1: TCP 8084 out to 0.0.0.0/0 (sgr-1), for web/checkout`.
fn opening(opened: &Opened) -> String {
    let ServiceId { account, cluster, name, .. } = &opened.service;
    // What belongs to the owner of a shared VPC is opened for somebody else's service.
    let of = if *account == opened.account { String::new() } else { format!(" of {account}") };
    format!("{} {} {}  {}, for {cluster}/{name}{of}", opened.account, opened.region, opened.vpc, opened.opening)
}

/// `111122223333 eu-west-1 vpc-1  sg-1: TCP 8084 out to 0.0.0.0/0 (sgr-1)`.
fn closed(Closed { account, region, vpc, opening, .. }: &Closed) -> String {
    format!("{account} {region} {vpc}  {opening}")
}

/// `111122223333 eu-west-1 vpc-1  sg-1: rule sgr-1, because …`.
fn kept_open(KeptOpen { account, region, kept }: &KeptOpen) -> String {
    format!("{account} {region} {}  {}, because {}", kept.vpc, kept.what, kept.why)
}

/// `111122223333 eu-west-1 web/checkout`.
pub(super) fn place_of(service: &ServiceId) -> String {
    format!("{} {} {}/{}", service.account, service.region, service.cluster, service.name)
}

pub(super) fn told(outcome: &Outcome) -> (&'static str, &'static str, String) {
    match outcome {
        Outcome::Protected { from, to, roll_out } => {
            ("protected", GREEN, format!("{} -> {}, {roll_out}", from.short(), to.short()))
        }
        Outcome::Upgraded { from, to, why, roll_out } => {
            let (from, to) = (from.short(), to.short());
            let told = match why {
                Outdated::Version { installed, today } => format!("Defender {installed} -> {today}, {roll_out}"),
                why => format!("{roll_out}, because {}", why.sentence()),
            };
            ("upgraded", GREEN, format!("{from} -> {to}, {told}"))
        }
        Outcome::Undone { from, to, roll_out } => ("undone", GREEN, format!("{} -> {}, {roll_out}", from.short(), to.short())),
        Outcome::Planned { from, why } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(", because {}", why.sentence()));
            ("planned", YELLOW, format!("{} would be replaced{why}", from.short()))
        }
        Outcome::UpToDate { task_definition } => ("up to date", GREEN, task_definition.short()),
        Outcome::Skipped(reason) => ("skipped", DIM, reason.sentence()),
        Outcome::Failed(failure) => ("failed", RED, failure.causes.join(": ")),
        Outcome::NotAttempted(why) => ("not attempted", YELLOW, why.to_string()),
    }
}

/// Tells the end of a run.
///
/// # Errors
///
/// When the writer fails.
pub fn summary(tally: &Tally, spent: &Spent, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    let counts = &tally.counts;
    writeln!(writer, "\n{}", paint("Summary", BOLD, colour))?;
    let walked = many(tally.accounts.unwrap_or(0) as u64, "account");
    writeln!(writer, "  {} seen, {walked} in scope: {}", many(counts.services(), "service"), by_outcome(counts))?;
    coverage::headline(tally).into_iter().try_for_each(|text| writeln!(writer, "  {text}"))?;
    writeln!(writer, "  {}", taken(spent))?;
    if let Some(signal) = tally.stopped_by {
        writeln!(writer, "  stopped by {signal} before the end")?;
    }
    tally.warnings.iter().try_for_each(|text| writeln!(writer, "  warning: {text}"))?;
    coverage::by_place(tally, colour, writer)?;
    let opened = tally.opened();
    if !opened.is_empty() {
        writeln!(writer, "\n{}", paint("Opened, and stays open", BOLD, colour))?;
        opened.into_iter().try_for_each(|opened| writeln!(writer, "  {}", opening(opened)))?;
    }
    let (closed_again, kept) = (tally.closed(), tally.kept_open());
    if !closed_again.is_empty() {
        let title = if tally.dry_run { "Would be closed" } else { "Closed" };
        writeln!(writer, "\n{}", paint(title, BOLD, colour))?;
        closed_again.into_iter().try_for_each(|it| writeln!(writer, "  {}", closed(it)))?;
    }
    if !kept.is_empty() {
        writeln!(writer, "\n{}", paint("Kept open, and why", BOLD, colour))?;
        kept.into_iter().try_for_each(|it| writeln!(writer, "  {}", kept_open(it)))?;
    }
    verified(tally, colour, writer)?;
    let to_look_at = tally.to_look_at();
    if !to_look_at.is_empty() {
        writeln!(writer, "\n{}", paint("To be looked at", BOLD, colour))?;
        for (service, text) in to_look_at.iter().take(PLACES_NAMED) {
            writeln!(writer, "  {}: {text}", named(service))?;
        }
        if let Some(more @ 1..) = to_look_at.len().checked_sub(PLACES_NAMED) {
            writeln!(writer, "  and {more} more")?;
        }
    }
    if !tally.upgraded.is_empty() {
        let title = if tally.dry_run { "Would be upgraded, and why" } else { "Upgraded, and why" };
        writeln!(writer, "\n{}", paint(title, BOLD, colour))?;
        for (sentence, (_, services)) in &tally.upgraded {
            writeln!(writer, "  {services:>5}  {sentence}")?;
        }
    }
    if !tally.skipped.is_empty() {
        writeln!(writer, "\n{}", paint("Skipped, and why", BOLD, colour))?;
        for (sentence, (_, services)) in &tally.skipped {
            writeln!(writer, "  {services:>5}  {sentence}")?;
        }
    }
    if !tally.not_walked.is_empty() {
        writeln!(writer, "\n{}", paint("Not walked, and why", BOLD, colour))?;
        for (reason, places) in &tally.not_walked {
            writeln!(writer, "  {:>5}  {reason}", places.len())?;
            places_in_order(places, writer)?;
        }
    }
    let (failed, unseen) = (tally.failed(), tally.unseen_failed());
    if !(failed.is_empty() && unseen.is_empty()) {
        writeln!(writer, "\n{}", paint("Failures", BOLD, colour))?;
    }
    for (place, failure) in unseen {
        let what = format!("could not walk {place}");
        failure_told(&what, failure, colour, writer)?;
    }
    for (service, failure) in failed {
        let what = format!("could not {} {}", if tally.undoes { "undo" } else { "protect" }, named(service));
        failure_told(&what, failure, colour, writer)?;
    }
    writeln!(writer, "\n{}", verdict(tally, colour))
}

/// Tells how many tasks show a connected Defender, if that was looked at.
fn verified(tally: &Tally, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    let counts = &tally.counts;
    if counts.services_verified() == 0 {
        return Ok(());
    }
    writeln!(writer, "\n{}", paint("Verified coverage", BOLD, colour))?;
    let Counts { verified, not_connected, unverified, tasks_connected, tasks_looked_for, .. } = *counts;
    let numbers = told_numbers(&[(verified, "verified"), (not_connected, "not connected"), (unverified, "unverified")]);
    let tasks = many(tasks_looked_for, "task");
    writeln!(writer, "  {}: {numbers}; connected {tasks_connected} of {tasks}", many(counts.services_verified(), "service"))?;
    for (why, hint) in &tally.unverified {
        writeln!(writer, "  cause: {why}")?;
        hint.iter().try_for_each(|hint| writeln!(writer, "  hint:  {hint}"))?;
    }
    if not_connected > 0 { writeln!(writer, "  hint:  {NOT_CONNECTED_HINT}") } else { Ok(()) }
}

/// `service checkout (account 111122223333, eu-west-1, cluster web)`.
pub(super) fn named(service: &ServiceId) -> String {
    let ServiceId { account, region, cluster, name, .. } = service;
    format!("service {name} (account {account}, {region}, cluster {cluster})")
}

/// How many places are named for each reason; the rest are counted.
const PLACES_NAMED: usize = 20;

fn places_in_order(places: &[Place], writer: &mut impl Write) -> io::Result<()> {
    let mut sorted: Vec<&Place> = places.iter().collect();
    sorted.sort();
    sorted.iter().take(PLACES_NAMED).try_for_each(|place| writeln!(writer, "         {place}"))?;
    match sorted.len().checked_sub(PLACES_NAMED) {
        Some(more @ 1..) => writeln!(writer, "         and {more} more"),
        _ => Ok(()),
    }
}

fn failure_told(what: &str, failure: &Failure, colour: bool, writer: &mut impl Write) -> io::Result<()> {
    writeln!(writer, "{} {what}", paint("error:", RED, colour))?;
    failure.causes.iter().try_for_each(|cause| writeln!(writer, "  cause: {cause}"))?;
    match &failure.hint {
        Some(hint) => writeln!(writer, "  hint:  {hint}"),
        None => Ok(()),
    }
}

/// Tells why a run could not start.
pub fn start_failure(failure: &Failure) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (depth, cause) in failure.causes.iter().enumerate() {
        lines.push(if depth == 0 { format!("error: {cause}") } else { format!("  cause: {cause}") });
    }
    lines.extend(failure.hint.iter().map(|hint| format!("  hint:  {hint}")));
    lines.join("\n")
}

/// `took 1 min 12 s, with 140 calls to AWS, 3 of them throttled, and 25 to the Console, none of them throttled`.
fn taken(spent: &Spent) -> String {
    let to_aws = format!("{} calls to AWS, {}", grouped(spent.calls), throttled(spent.throttled));
    let to_console = match spent.console_calls {
        // A run that takes Defenders out asks no Console.
        0 => String::new(),
        calls => format!(", and {} to the Console, {}", grouped(calls), throttled(spent.console_throttled)),
    };
    format!("took {}, with {to_aws}{to_console}", took(spent.elapsed))
}

fn by_outcome(counts: &Counts) -> String {
    let numbers = [
        (counts.protected, "protected"),
        (counts.upgraded, "upgraded"),
        (counts.undone, "undone"),
        (counts.planned, "planned"),
        (counts.up_to_date, "up to date"),
        (counts.skipped, "skipped"),
        (counts.failed, "failed"),
        (counts.not_attempted, "not attempted"),
    ];
    told_numbers(&numbers)
}

/// `3 protected, 1 failed`: those that are not zero.
fn told_numbers(numbers: &[(u64, &str)]) -> String {
    let told: Vec<String> =
        numbers.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{} {word}", grouped(*number))).collect();
    if told.is_empty() { "none".to_owned() } else { told.join(", ") }
}

fn verdict(tally: &Tally, colour: bool) -> String {
    let counts = &tally.counts;
    let is = if tally.undoes { "undone" } else { "protected" };
    if counts.complete() && counts.services() == 0 {
        return paint("No service was seen: see whether the scope is what you meant.", YELLOW, colour);
    }
    if counts.complete() && counts.planned > 0 {
        let planned = many(counts.planned, "service");
        return paint(&format!("Dry run: nothing was changed, and {planned} would be."), GREEN, colour);
    }
    if counts.complete() {
        let under_way = match counts.under_way {
            0 => String::new(),
            1 => " 1 roll-out was not seen to its end.".to_owned(),
            more => format!(" {more} roll-outs were not seen to their end."),
        };
        return paint(&format!("Every service in scope is {is}, or skipped for a reason.{under_way}"), GREEN, colour);
    }
    let services = match counts.failed + counts.not_attempted {
        0 => None,
        1 => Some(format!("1 service is not {is}")),
        services => Some(format!("{services} services are not {is}")),
    };
    let places = |number: u64| if number == 1 { "place" } else { "places" };
    let failed = counts.unseen_failed;
    let failed = (failed > 0).then(|| format!("{failed} {} could not be walked", places(failed)));
    let stopped = counts.unseen_not_attempted;
    let were = |number: u64| if number == 1 { "was" } else { "were" };
    let stopped = (stopped > 0).then(|| format!("{stopped} {} {} not attempted", places(stopped), were(stopped)));
    let bugs = (counts.bugs > 0).then(|| "fargate-updater has a bug".to_owned());
    let open: Vec<String> = [services, failed, stopped, bugs].into_iter().flatten().collect();
    let open = match open.split_last() {
        Some((last, rest @ [_, ..])) => format!("{}, and {last}", rest.join(", ")),
        _ => open.concat(),
    };
    paint(&format!("Not done: {open}."), RED, colour)
}
