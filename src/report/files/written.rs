//! A file that is written under another name, and has its own when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Sheet;
use super::destination::beside;

/// A report that is being written. Dropped before its end, it leaves nothing.
pub(super) struct Unfinished {
    path: PathBuf,
    partial: PathBuf,
    pub(super) sheet: Box<dyn Sheet>,
    pub(super) out: BufWriter<File>,
}

impl Unfinished {
    pub(super) fn new(path: &Path, sheet: Box<dyn Sheet>) -> io::Result<Self> {
        let partial = beside(path);
        let file = OpenOptions::new().write(true).create_new(true).open(&partial)?;
        Ok(Self { path: path.to_owned(), partial, sheet, out: BufWriter::with_capacity(64 * 1024, file) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, in the place of an earlier report. What is not on disk by then is not taken for written.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        self.out.get_ref().sync_all()?;
        std::fs::rename(&self.partial, &self.path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // After the renaming there is nothing by this name.
        let _ = std::fs::remove_file(&self.partial);
    }
}
