//! A file that is written under another name, and has its own when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::destination::{Destination, Object, beside};
use super::{Sheet, sheet};

/// A report that is being written. Dropped before its end, it leaves nothing.
pub(super) struct Unfinished {
    destination: Destination,
    path: PathBuf,
    partial: PathBuf,
    pub(super) sheet: Box<dyn Sheet>,
    pub(super) out: BufWriter<File>,
}

impl Unfinished {
    /// Begins a report at its place or, if it is for a bucket, at this one, where nobody else may read it.
    pub(super) fn new(destination: &Destination, path: &Path) -> io::Result<Self> {
        let partial = beside(path);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        if let Destination::Object(_) = destination {
            options.mode(0o600);
        }
        let file = options.open(&partial)?;
        let (destination, path, sheet) = (destination.clone(), path.to_owned(), sheet(destination.format()));
        Ok(Self { destination, path, partial, sheet, out: BufWriter::with_capacity(64 * 1024, file) })
    }

    pub(super) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Gives the file its name, in the place of an earlier report, and returns what is to be uploaded of it. What is not on disk by then
    /// is not taken for written.
    pub(super) fn finish(mut self) -> io::Result<Option<Upload>> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        std::fs::rename(&self.partial, &self.path)?;
        Ok(match &self.destination {
            Destination::File { .. } => None,
            Destination::Object(object) => Some(Upload { object: object.clone(), file: self.path.clone() }),
        })
    }
}

/// A report that is whole, and waits to be uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub object: Object,
    pub file: PathBuf,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the renaming there is nothing by this name.
        let _ = std::fs::remove_file(&self.partial);
    }
}
