//! Commands on files, for pipelines in which infrastructure as code stays the owner: `embed`, `check`, `strip` and `inspect`.
//!
//! They decide as a run does, and write what they change into the text of the file: whatever embedding is not about stays byte for
//! byte. What they have to say goes to stderr, so that stdout is the file and nothing else.

mod check;
mod desk;
mod embed;
mod error;
mod file;
mod inspect;
mod register;
mod sarif;
mod strip;

use std::io::{self, Write};

pub use error::FileError;

use crate::cli::{self, CheckArguments, EmbedArguments, InspectArguments, StripArguments};
use crate::exit;
use crate::settings::Settings;

/// What the commands are called.
pub const NAMES: [&str; 4] = ["embed", "check", "strip", "inspect"];

/// A command on files.
pub enum Command {
    Embed(EmbedArguments),
    Check(CheckArguments),
    Strip(StripArguments),
    Inspect(InspectArguments),
}

impl Command {
    /// Takes a command of the command line, if it is one on files.
    pub fn of(command: cli::Command) -> Option<Self> {
        match command {
            cli::Command::Embed(arguments) => Some(Self::Embed(arguments)),
            cli::Command::Check(arguments) => Some(Self::Check(arguments)),
            cli::Command::Strip(arguments) => Some(Self::Strip(arguments)),
            cli::Command::Inspect(arguments) => Some(Self::Inspect(arguments)),
            cli::Command::Run | cli::Command::Undo | cli::Command::Permissions => None,
        }
    }

    /// Returns whether it asks the Console, or anybody.
    pub fn needs_settings(&self) -> bool {
        !matches!(self, Self::Strip(_))
    }

    /// Does it, and returns the exit code.
    ///
    /// # Errors
    ///
    /// When it cannot be done.
    pub async fn carry_out(&self, settings: Option<&Settings>) -> Result<u8, FileError> {
        match (self, settings) {
            (Self::Strip(arguments), _) => strip::strip(arguments)?,
            (Self::Embed(arguments), Some(settings)) => embed::embed(arguments, settings).await?,
            (Self::Inspect(arguments), Some(settings)) => inspect::inspect(arguments, settings).await?,
            (Self::Check(arguments), Some(settings)) => {
                let all = check::check(arguments, settings).await?;
                return Ok(if all { exit::DONE } else { exit::NOT_ALL });
            }
            (_, None) => return Ok(exit::BUG),
        }
        Ok(exit::DONE)
    }
}

/// Says something beside the output; nothing can be done where nobody listens.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
