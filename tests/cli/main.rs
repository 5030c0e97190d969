//! The binary as somebody at a terminal or a task definition meets it: help, settings, files, exit codes.
//!
//! What a run does to an organization is in tests/org; here a run gets no further than its start, or has nothing to do.

mod env_file;
mod help;
mod permissions;
mod settings;
mod start;

use simulator::{Finished, Program, World};

/// Returns the program with nothing set at all.
fn bare() -> Program {
    Program::new(env!("CARGO_BIN_EXE_fargate-updater"))
}

/// Returns the program in a world, told for people.
fn updater(world: &World) -> Program {
    bare().in_world(world).env("LOG_FORMAT", "text").arg("--first-wait-ms=1").arg("--watch-every-ms=1").arg("--quota-scale=1000")
}

/// Returns a text with every run of white space as one blank: help is wrapped to the terminal.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns both outputs, for messages of failed checks.
fn all_output(run: &Finished) -> String {
    format!("{}{}", run.stdout, run.stderr)
}
