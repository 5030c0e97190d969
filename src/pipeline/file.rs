//! Files as they come and go: read whole, and written whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::{FileError, say};
use crate::cli::Definitions;
use crate::plan::document::{Document, Parts};
use crate::plan::forms::{self, Spot, Wanted};

/// What standard input is called on a command line.
const STANDARD_INPUT: &str = "-";

/// A file that was read.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) from_standard_input: bool,
    pub(super) document: Document,
}

impl Source {
    /// Reads a file, or standard input.
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let from_standard_input = path.as_os_str() == STANDARD_INPUT;
        let name = if from_standard_input { "standard input".to_owned() } else { path.display().to_string() };
        let read = if from_standard_input {
            if io::stdin().is_terminal() {
                say("reading a task definition from standard input, until Ctrl-D; FILE names a file");
            }
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(path)
        };
        let bytes = read.map_err(|source| FileError::Read { name: name.clone(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| FileError::NotText { name: name.clone() })?;
        let document = Document::parse(&text).map_err(|source| FileError::NotADocument { name: name.clone(), source })?;
        Ok(Self { name, from_standard_input, document })
    }

    /// Returns the task definitions that are meant.
    pub(super) fn spots(&self, wanted: &Wanted) -> Result<Vec<Spot>, FileError> {
        forms::spots(&self.document, wanted).map_err(|source| FileError::Unusable { name: self.name.clone(), source })
    }

    /// Takes what was made of its document, part by part.
    pub(super) fn put_together(&mut self, parts: Parts, spots: &[Spot]) -> Result<(), FileError> {
        self.document = parts.into_whole().map_err(|error| FileError::not_written(spots, error.into()))?;
        Ok(())
    }
}

impl From<&Definitions> for Wanted {
    fn from(given: &Definitions) -> Self {
        Self { family: given.family.clone(), template: given.cloudformation, resources: given.resource.clone() }
    }
}

/// Makes sure that there is a folder for a file that is to be written, before anybody is asked for anything.
pub(super) fn check_output(output: Option<&Path>) -> Result<(), FileError> {
    if let Some(folder) = output.filter(|output| output.is_dir()) {
        return Err(FileError::Arguments(format!("--output: {} is a folder; give the name of a file", folder.display())));
    }
    let folder = output.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => {
            Err(FileError::Arguments(format!("--output: there is no folder {}; make it first", folder.display())))
        }
        _ => Ok(()),
    }
}

/// Writes a text to a file, or to standard output.
pub(super) fn write(output: Option<&Path>, text: &str) -> Result<(), FileError> {
    match output.filter(|path| path.as_os_str() != STANDARD_INPUT) {
        Some(path) => {
            let written = replace(path, text);
            written.map_err(|source| FileError::Write { name: path.display().to_string(), source })
        }
        None => {
            let mut out = io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            written.map_err(|source| FileError::Write { name: "standard output".to_owned(), source })
        }
    }
}

/// Puts a text in the place of a file: whoever reads it meanwhile reads the one or the other. What is no plain file, such as a pipe, is
/// written to.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one, and what it leads to is replaced.
    let Ok(path) = fs::canonicalize(path) else { return create(path, text) };
    let metadata = fs::metadata(&path)?;
    if !metadata.is_file() {
        return fs::write(&path, text);
    }
    let beside = beside(&path);
    let written = write_new(&beside, text)
        .and_then(|()| fs::set_permissions(&beside, metadata.permissions()))
        .and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // It is ours, and nobody's use.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    let written = write_new(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Writes a file that is its owner's alone: it may hold the install bundle, which is a credential.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}
