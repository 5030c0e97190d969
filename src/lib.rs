//! fargate-updater puts Prisma Cloud's App-Embedded Defender into every ECS Fargate service of an AWS Organization.
//!
//! A run does this, in order: read the settings ([`settings`]), see that no other run is in progress ([`run`]), reach the Console
//! and learn today's Defender ([`console`]), list the accounts and walk their Regions, clusters and services ([`walk`]), give each
//! task definition its journey ([`journey`]: look, decide, strip, find entry points, embed, accept, open the network, register,
//! update), and tell what happened ([`report`]).
//!
//! | module | is for |
//! |---|---|
//! | [`journey`] | one task definition and its services, first look to outcome: **start reading here** |
//! | [`plan`] | every decision, as pure functions |
//! | [`walk`], [`run`] | finding jobs; choosing the next one, stopping |
//! | [`aws`], [`console`], [`registry`] | the world outside: they touch it and decide nothing |
//! | [`network`] | each VPC's facts, once; what is opened in it |
//! | [`events`], [`progress`], [`report`] | what happened; how far it is; telling it |
//! | [`pipeline`] | the commands on files |
//! | [`cli`], [`settings`] | what was typed; what it means |
//! | [`ids`], [`once`], [`permissions`] | names as types; done once per key; what a run must be allowed |

pub mod aws;
pub mod cli;
pub mod console;
pub mod events;
pub mod exit;
mod handed_over;
pub mod ids;
pub mod journey;
pub mod network;
pub mod once;
pub mod permissions;
pub mod pipeline;
pub mod plan;
pub mod progress;
pub mod registry;
pub mod report;
pub mod run;
pub mod settings;
pub mod walk;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use cli::{Cli, Command, FileCommand, Given};
use events::Events;
use pipeline::FileError;
use report::files::Files;
use report::live::{Above, Screen};
use report::{Style, Telling};
use run::StartError;
use settings::{Format, RunSettings, Settings, Task, UndoSettings, Verbosity};

/// The whole program: arguments and environment in, output and exit code out.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // What stdout is for there is a file, and nothing else.
    let is_on_files = arguments.iter().any(|word| FileCommand::is_called(word));
    let cli = match Cli::try_from_arguments(arguments) {
        Ok(cli) => cli,
        // Help and version are no errors; clap writes each where it belongs.
        Err(error) => {
            let printed = error.print();
            if !error.use_stderr() {
                return printed.map_or(exit::BUG.into(), |()| exit::DONE.into());
            }
            if is_on_files {
                return exit::BAD_SETTINGS.into();
            }
            // Its own text may repeat what was typed.
            let cause = error.kind().as_str().unwrap_or("the command line cannot be read").to_owned();
            let ended = told_to_machines(Format::Auto, "settings cannot be used", &[cause], exit::BAD_SETTINGS);
            return printed.map_or(exit::BUG.into(), |()| ended);
        }
    };
    let Cli { given, command } = cli;
    match command.unwrap_or(Command::Run) {
        Command::Permissions => print_permissions(),
        Command::OnFiles(command) => {
            let done = catch_unwind(AssertUnwindSafe(|| on_files(&command, given)));
            done.unwrap_or_else(|_| exit::BUG.into())
        }
        command @ (Command::Run | Command::Undo) => {
            let format = Format::given(given.log_format.as_deref());
            // A panic has written its own lines; what is left is to end as the bug it is.
            let ran = catch_unwind(AssertUnwindSafe(|| carry_out(&command, given)));
            ran.unwrap_or_else(|_| told_to_machines(format, "run broke off", &[], exit::BUG))
        }
    }
}

/// Carries out a command on files. What it has to say beside its output is for people, whatever LOG_FORMAT is.
fn on_files(command: &FileCommand, given: Given) -> ExitCode {
    write_diagnostics(Style::Text { colour: false }, None);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    let settings = || Settings::for_files(command, given, |name| std::env::var(name).ok());
    match runtime.block_on(pipeline::carry_out(command, settings)) {
        Ok(code) => code.into(),
        Err(error) => {
            let told = match &error {
                // All mistakes are told at once, in lines of their own.
                FileError::Settings(problems) => problems.to_string(),
                error => format!("{}\n", report::text::start_failure(&error.told())),
            };
            let _ = write!(io::stderr().lock(), "{told}");
            error.code().into()
        }
    }
}

/// Starts what waits for answers. One thread: a run waits for them, most of them in a quarter of a CPU, and threads that wake each
/// other cost more than they do.
fn runtime() -> Result<Runtime, ExitCode> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        let _ = writeln!(io::stderr().lock(), "error: could not start the runtime: {error}");
        exit::COULD_NOT_START.into()
    })
}

/// Says to machines that the program ended without the last line of a run, and returns the code that it ends with.
fn told_to_machines(format: Format, message: &'static str, causes: &[String], code: u8) -> ExitCode {
    if matches!(style(format), Style::Json) {
        // Nothing can be done about an output that is closed.
        let _ = report::json::ended(message, causes, code, &mut io::stdout().lock());
    }
    code.into()
}

fn print_permissions() -> ExitCode {
    let written = writeln!(io::stdout().lock(), "{:#}", permissions::policies());
    written.map_or(exit::BUG.into(), |()| exit::DONE.into())
}

fn carry_out(command: &Command, given: Given) -> ExitCode {
    let environment = |name: &str| std::env::var(name).ok();
    let format = Format::given(given.log_format.as_deref());
    let task = match command {
        Command::Undo => UndoSettings::from_given(given, environment).map(|settings| Task::Undo(Box::new(settings))),
        _ => Settings::from_given(given, environment).map(|settings| Task::Protect(Box::new(settings))),
    };
    let mut task = match task {
        Ok(task) => task,
        Err(problems) => {
            let _ = write!(io::stderr().lock(), "{problems}");
            let causes: Vec<String> = problems.0.iter().map(ToString::to_string).collect();
            return told_to_machines(format, "settings cannot be used", &causes, exit::BAD_SETTINGS);
        }
    };
    task.run_mut().at_terminal |= io::stdin().is_terminal() && io::stdout().is_terminal();
    let telling = telling(task.run());
    let style = telling.style;
    write_diagnostics(style, telling.screen.clone());
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(code) => return code,
    };
    runtime.block_on(async {
        let (events, receiver) = Events::channel();
        let reports = task.run().reports.clone();
        let to_files = reports.clone();
        let progress = Arc::clone(events.progress());
        // A thread of its own: whoever reads stdout slowly, or not at all, must not keep us from hearing a signal.
        let reporting = tokio::task::spawn_blocking(move || {
            let mut files = Files::new(to_files.destinations.clone(), &to_files.temporary);
            let writer: Box<dyn Write> = match telling.screen.clone() {
                Some(screen) => Box::new(screen),
                None => Box::new(io::stdout()),
            };
            let telling = report::tell(receiver, &progress, telling, writer, &mut files);
            let (counts, written) = tokio::runtime::Handle::current().block_on(telling);
            (counts, written, handed_over::reports(files, &to_files))
        });
        let ran = run::run(task, events).await;
        let (counts, written, filed) = match reporting.await {
            Ok(told) => told,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        let ended = ran.as_ref().ok().and_then(Option::as_ref);
        let filed = handed_over::upload(ended, filed.uploads).await && filed.whole;
        match ran {
            Ok(_) => {
                if let Err(error) = &written {
                    let _ = writeln!(io::stderr().lock(), "error: could not write the report to stdout: {error}");
                }
                match exit::of(&counts) {
                    // Nobody was told of everything, and that must not look like success.
                    exit::DONE if !filed => told_to_machines(format, "reports are missing", &[], exit::NOT_ALL),
                    exit::DONE if written.is_err() => exit::NOT_ALL.into(),
                    code => code.into(),
                }
            }
            Err(error) => {
                handed_over::could_not_start(&error.told(), &reports);
                could_not_start(&error, style)
            }
        }
    })
}

/// Returns how a run is told; the view of it is drawn where people read, and are not to be left alone.
fn telling(run: &RunSettings) -> Telling {
    let RunSettings { verbosity, metrics, heartbeat, format, .. } = *run;
    let style = style(format);
    let is_viewed = matches!(style, Style::Text { .. }) && verbosity > Verbosity::Quiet;
    Telling { style, verbosity, metrics, heartbeat, screen: is_viewed.then(Screen::of_stdout).flatten() }
}

fn style(format: Format) -> Style {
    let terminal = io::stdout().is_terminal();
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    let colour = terminal && !is_dumb && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    match format {
        Format::Text => Style::Text { colour },
        Format::Auto if terminal => Style::Text { colour },
        Format::Json | Format::Auto => Style::Json,
    }
}

/// Sends our own diagnostics to stderr, at the level that `RUST_LOG` names: `warn` unless it does.
///
/// Other crates stay silent at any level: they write whole requests, and with them tokens and environment values.
fn write_diagnostics(style: Style, screen: Option<Screen>) {
    let level = std::env::var("RUST_LOG").ok().and_then(|text| text.trim().parse::<LevelFilter>().ok());
    let ours = Targets::new().with_target("fargate_updater", level.unwrap_or(LevelFilter::WARN));
    let registry = tracing_subscriber::registry().with(ours);
    let writer = move || Above { screen: screen.clone(), writer: io::stderr() };
    // A second program in the same process, as in tests, keeps the first one's.
    let _ = match style {
        Style::Json => registry.with(tracing_subscriber::fmt::layer().json().with_writer(writer)).try_init(),
        Style::Text { colour } => {
            registry.with(tracing_subscriber::fmt::layer().with_ansi(colour).with_writer(writer)).try_init()
        }
    };
}

/// Says why the run could not start.
fn could_not_start(error: &StartError, style: Style) -> ExitCode {
    let failure = error.told();
    let code = match error {
        StartError::Interrupted | StartError::Declined => exit::NOT_ALL,
        _ => exit::COULD_NOT_START,
    };
    let _ = match style {
        Style::Text { .. } => writeln!(io::stderr().lock(), "{}", report::text::start_failure(&failure)),
        Style::Json => report::json::start_failure(&failure, code, &mut io::stdout().lock()),
    };
    code.into()
}
