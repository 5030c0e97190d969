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

use crate::cli::FileCommand;
use crate::exit;
use crate::settings::{Problems, Settings};

/// Carries out a command on files, and returns the exit code.
///
/// # Errors
///
/// When it cannot be done.
pub async fn carry_out(command: &FileCommand, settings: impl FnOnce() -> Result<Settings, Problems>) -> Result<u8, FileError> {
    match command {
        // It asks nobody.
        FileCommand::Strip(arguments) => strip::strip(arguments)?,
        FileCommand::Embed(arguments) => embed::embed(arguments, &settings()?).await?,
        FileCommand::Inspect(arguments) => inspect::inspect(arguments, &settings()?).await?,
        FileCommand::Check(arguments) => {
            let all = check::check(arguments, &settings()?).await?;
            return Ok(if all { exit::DONE } else { exit::NOT_ALL });
        }
    }
    Ok(exit::DONE)
}

/// Says something beside the output; nothing can be done where nobody listens.
fn say(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
