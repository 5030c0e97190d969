//! Services until the end of a run, on disk: they end in any order, and reports tell them in the order of their places.
//!
//! Records are appended. Each holds where the one before it of its account's Region begins, so that memory holds one number for
//! each of those, and no more; at the end, the services of one account's Region at a time are read and sorted. The file has no name
//! from the moment it is open, so that a killed run leaves none.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::destination::beside;
use super::row::Row;

/// What stands before a record: where the one before it begins, and how long this one is.
const HEAD: usize = 16;

/// Of the first record of an account's Region.
const NONE: u64 = u64::MAX;

pub(super) struct Spool {
    file: BufWriter<File>,
    length: u64,
    /// Where the last record of each account's Region begins.
    last: BTreeMap<(String, String), u64>,
    record: Vec<u8>,
}

impl Spool {
    /// Opens one in the directory of a report: there is room, and the program may write there.
    pub(super) fn beside(path: &Path) -> io::Result<Self> {
        let name = beside(path);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&name)?;
        std::fs::remove_file(&name)?;
        Ok(Self { file: BufWriter::new(file), length: 0, last: BTreeMap::new(), record: Vec::new() })
    }

    pub(super) fn push(&mut self, row: &Row) -> io::Result<()> {
        self.record.clear();
        serde_json::to_writer(&mut self.record, row)?;
        let before = self.last.insert((row.account.clone(), row.region.clone()), self.length).unwrap_or(NONE);
        self.file.write_all(&before.to_le_bytes())?;
        self.file.write_all(&(self.record.len() as u64).to_le_bytes())?;
        self.file.write_all(&self.record)?;
        self.length += (HEAD + self.record.len()) as u64;
        Ok(())
    }

    /// Hands over every service, by account, Region, cluster and name.
    pub(super) fn read(self, mut each: impl FnMut(Row)) -> io::Result<()> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        for last in self.last.into_values() {
            let mut rows = Vec::new();
            let mut at = last;
            while at != NONE {
                let (row, before) = record(&file, at)?;
                rows.push(row);
                at = before;
            }
            rows.sort_by(|one, other| (&one.cluster, &one.service).cmp(&(&other.cluster, &other.service)));
            rows.into_iter().for_each(&mut each);
        }
        Ok(())
    }
}

/// Returns the record that begins there, and where the one before it begins.
fn record(file: &File, at: u64) -> io::Result<(Row, u64)> {
    let mut head = [0; HEAD];
    file.read_exact_at(&mut head, at)?;
    let (before, length) = head.split_at(HEAD / 2);
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or(NONE);
    let mut record = vec![0; usize::try_from(number(length)).map_err(io::Error::other)?];
    file.read_exact_at(&mut record, at + HEAD as u64)?;
    Ok((serde_json::from_slice(&record)?, number(before)))
}
