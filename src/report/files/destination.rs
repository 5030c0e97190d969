//! Where a report goes, and in which format: `REPORT`, item by item.

use std::fmt;
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
    /// An object in S3. [`Destination::check`] refuses it as long as nothing is uploaded.
    Object {
        bucket: String,
        key: String,
        format: Format,
    },
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => path.display().fmt(f),
            Self::Object { bucket, key, .. } => write!(f, "s3://{bucket}/{key}"),
        }
    }
}

impl Destination {
    pub fn format(&self) -> Format {
        match self {
            Self::File { format, .. } | Self::Object { format, .. } => *format,
        }
    }

    /// Reads one item of `REPORT`.
    ///
    /// # Errors
    ///
    /// When it names no format, or no place that can be written to.
    pub fn parse(text: &str) -> Result<Self, BadDestination> {
        if let Some(rest) = text.strip_prefix("s3://") {
            let object = rest.split_once('/').filter(|(bucket, _)| is_bucket(bucket));
            let object = object.and_then(|(bucket, key)| Some((bucket, key, Format::of(key)?)));
            let (bucket, key, format) = object.ok_or_else(|| BadDestination::NoObject { text: text.to_owned() })?;
            return Ok(Self::Object { bucket: bucket.to_owned(), key: key.to_owned(), format });
        }
        if text.contains("://") {
            return Err(BadDestination::OtherScheme { text: text.to_owned() });
        }
        let format = Format::of(text).ok_or_else(|| BadDestination::NoFormat { text: text.to_owned() })?;
        Ok(Self::File { path: PathBuf::from(text), format })
    }

    /// Tries whether a report can be written there, by creating a file beside it and taking it away again.
    ///
    /// # Errors
    ///
    /// When it cannot.
    pub fn check(&self) -> Result<(), BadDestination> {
        let Self::File { path, .. } = self else { return Err(BadDestination::NotYet { text: self.to_string() }) };
        let told = path.display().to_string();
        if path.is_dir() {
            return Err(BadDestination::IsDirectory { path: told });
        }
        let directory = directory_of(path);
        if !directory.is_dir() {
            return Err(BadDestination::NoDirectory { path: told, directory: directory.display().to_string() });
        }
        let probe = beside(path);
        let tried = std::fs::OpenOptions::new().write(true).create_new(true).open(&probe);
        tried.and_then(|_| std::fs::remove_file(&probe)).map_err(|error| BadDestination::NotWritable {
            path: told,
            directory: directory.display().to_string(),
            error: error.to_string(),
        })
    }
}

/// Source: Amazon S3 User Guide, "General purpose bucket naming rules" (read 2026-11).
fn is_bucket(text: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || b".-".contains(&letter);
    (3..=63).contains(&text.len()) && text.bytes().all(fits)
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
    let letters: String = std::iter::repeat_with(fastrand::lowercase).take(8).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    directory_of(path).join(format!(".{name}.{letters}.partial"))
}

/// Why a report cannot go where it is to go, with the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadDestination {
    NoFormat {
        text: String,
    },
    NoObject {
        text: String,
    },
    OtherScheme {
        text: String,
    },
    /// What will be there and is not yet.
    NotYet {
        text: String,
    },
    IsDirectory {
        path: String,
    },
    NoDirectory {
        path: String,
        directory: String,
    },
    NotWritable {
        path: String,
        directory: String,
        error: String,
    },
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
            Self::NoObject { text } => write!(
                f,
                "{text:?} names no object that a report can be; give s3://BUCKET/KEY, with a key that ends in .json, .csv, .md, \
                 .html or .xml (JUnit)"
            ),
            Self::OtherScheme { text } => write!(f, "{text:?} is neither a path nor s3://BUCKET/KEY; give one of them"),
            Self::NotYet { text } => write!(
                f,
                "{text:?} cannot be written yet, since reports are not uploaded to S3; give a path, and copy the file (aws s3 cp)"
            ),
            Self::IsDirectory { path } => write!(f, "{path:?} is a directory; give the name of a file in it"),
            Self::NoDirectory { path, directory } => {
                write!(f, "{path:?} cannot be written: there is no directory {directory:?}; create it, or give another path")
            }
            Self::NotWritable { path, directory, error } => {
                write!(f, "{path:?} cannot be written: {directory:?} takes no file ({error}); give a path that can be written to")
            }
        }
    }
}
