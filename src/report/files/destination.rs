//! Where a report goes, and in which format: `REPORT`, item by item.

use std::fmt;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// What a report is written as; its name's extension says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    Json,
    Csv,
    Markdown,
    Html,
    Junit,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Json, Self::Csv, Self::Markdown, Self::Html, Self::Junit];

    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Junit => "xml",
        }
    }

    /// Returns the format that a name asks for, whatever the case of its letters.
    pub fn of(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit('/').next()?.rsplit_once('.')?;
        Self::ALL.into_iter().find(|format| extension.eq_ignore_ascii_case(format.extension()))
    }

    /// Returns what it is told to be by whoever hands it out over HTTP. JSON is UTF-8 anyway and knows no charset.
    /// Source: RFC 8259 (JSON), RFC 4180 (CSV), RFC 7763 (Markdown), RFC 7303 (XML), and the HTML Standard.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Junit => "application/xml; charset=utf-8",
        }
    }

    /// Returns whether it tells of services one by one; Markdown sums up.
    pub fn tells_services(self) -> bool {
        self != Self::Markdown
    }
}

/// Where a report goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    File {
        path: PathBuf,
        format: Format,
    },
    /// An object in S3, which is a file until the run is over.
    Object(Object),
}

/// An object in S3.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub bucket: String,
    pub key: String,
    pub format: Format,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl Destination {
    pub fn format(&self) -> Format {
        match self {
            Self::File { format, .. } | Self::Object(Object { format, .. }) => *format,
        }
    }

    /// Reads one item of `REPORT`.
    ///
    /// # Errors
    ///
    /// When it names no format, or no place that can be written to.
    pub fn parse(text: &str) -> Result<Self, BadDestination> {
        if let Some(rest) = text.strip_prefix("s3://") {
            let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
            if !is_bucket(bucket) {
                return Err(BadDestination::NoBucket { text: text.to_owned(), bucket: bucket.to_owned() });
            }
            let format = Format::of(key).filter(|_| is_key(key));
            let format = format.ok_or_else(|| BadDestination::NoObject { text: text.to_owned() })?;
            return Ok(Self::Object(Object { bucket: bucket.to_owned(), key: key.to_owned(), format }));
        }
        if text.contains("://") {
            return Err(BadDestination::OtherScheme { text: text.to_owned() });
        }
        let format = Format::of(text).ok_or_else(|| BadDestination::NoFormat { text: text.to_owned() })?;
        Ok(Self::File { path: PathBuf::from(text), format })
    }

    /// Returns the file that the report is written to: what was given or, for an object, one in the directory for temporary files
    /// that nothing else has.
    pub(super) fn file(&self, temporary: &Path) -> PathBuf {
        match self {
            Self::File { path, .. } => path.clone(),
            Self::Object(Object { format, .. }) => {
                temporary.join(format!("fargate-updater-report.{}.{}", letters(), format.extension()))
            }
        }
    }

    /// Tries whether a report can be written there, by creating a file beside it and taking it away again. Whether a bucket takes it,
    /// nobody is asked.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub fn check(&self, temporary: &Path) -> Result<(), BadDestination> {
        let path = self.file(temporary);
        let told = self.to_string();
        if let Self::Object(_) = self {
            let directory = temporary.display().to_string();
            return try_beside(&path).map_err(|error| BadDestination::NoTemporaryFile { text: told, directory, error });
        }
        if path.is_dir() {
            return Err(BadDestination::IsDirectory { path: told });
        }
        let directory = directory_of(&path);
        if !directory.is_dir() {
            return Err(BadDestination::NoDirectory { path: told, directory: directory.display().to_string() });
        }
        let directory = directory.display().to_string();
        try_beside(&path).map_err(|error| BadDestination::NotWritable { path: told, directory, error })
    }
}

/// Creates a file beside another one and takes it away again.
fn try_beside(path: &Path) -> Result<(), String> {
    let probe = beside(path);
    let tried = std::fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    tried.and_then(|_| std::fs::remove_file(&probe)).map_err(|error| error.to_string())
}

/// Returns whether something may be the name of a general purpose bucket, or the alias of an access point. Directory buckets, whose
/// names end in `--x-s3`, are opened in another way.
/// Source: Amazon S3 User Guide, "General purpose bucket naming rules" (read 2026-11).
fn is_bucket(text: &str) -> bool {
    let begins = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let (first, last) = (text.bytes().next(), text.bytes().last());
    (3..=63).contains(&text.len())
        && text.bytes().all(|letter| begins(letter) || b".-".contains(&letter))
        && first.is_some_and(begins)
        && last.is_some_and(begins)
        && !text.contains("..")
        && !text.ends_with("--x-s3")
        && text.parse::<Ipv4Addr>().is_err()
}

/// Returns whether something may be a key that people mean: at most 1,024 bytes, every part of its path named, none of them `.` or `..`.
/// Source: Amazon S3 User Guide, "Naming Amazon S3 objects" (read 2026-11).
fn is_key(text: &str) -> bool {
    let is_part = |part: &str| !["", ".", ".."].contains(&part);
    text.len() <= 1024 && text.split('/').all(is_part) && !text.contains(char::is_control)
}

/// Returns the directory that a file is in.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Returns a name in the same directory that nothing else has.
pub(super) fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    directory_of(path).join(format!(".{name}.{}.partial", letters()))
}

/// Returns letters that no other name has.
fn letters() -> String {
    std::iter::repeat_with(fastrand::lowercase).take(8).collect()
}

/// Why a report cannot go where it is to go, with the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadDestination {
    NoFormat { text: String },
    NoBucket { text: String, bucket: String },
    NoObject { text: String },
    OtherScheme { text: String },
    IsDirectory { path: String },
    NoDirectory { path: String, directory: String },
    NotWritable { path: String, directory: String, error: String },
    NoTemporaryFile { text: String, directory: String, error: String },
}

impl fmt::Display for BadDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFormat { text } => {
                write!(
                    f,
                    "{text:?} does not say in which format; give a name that ends in .json, .csv, .md, .html or .xml (JUnit)"
                )
            }
            Self::NoBucket { text, bucket } => write!(
                f,
                "{text:?} names no bucket: {bucket:?} is not 3 to 63 small letters, digits, dots and hyphens, as the names of general \
                 purpose buckets are; give s3://BUCKET/KEY"
            ),
            Self::NoObject { text } => write!(
                f,
                "{text:?} names no object that a report can be; give s3://BUCKET/KEY, with a key that ends in .json, .csv, .md, \
                 .html or .xml (JUnit)"
            ),
            Self::OtherScheme { text } => write!(f, "{text:?} is neither a path nor s3://BUCKET/KEY; give one of them"),
            Self::IsDirectory { path } => write!(f, "{path:?} is a directory; give the name of a file in it"),
            Self::NoDirectory { path, directory } => {
                write!(f, "{path:?} cannot be written: there is no directory {directory:?}; create it, or give another path")
            }
            Self::NotWritable { path, directory, error } => {
                write!(f, "{path:?} cannot be written: {directory:?} takes no file ({error}); give a path that can be written to")
            }
            Self::NoTemporaryFile { text, directory, error } => write!(
                f,
                "{text:?} is written to a file before it is uploaded, and {directory:?} takes none ({error}); set TMPDIR to a directory \
                 that can be written to"
            ),
        }
    }
}
