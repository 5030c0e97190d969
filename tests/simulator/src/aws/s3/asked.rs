//! A request as S3 reads it: which bucket and which key, and whether what arrived is what was sent.

use axum::body::Bytes;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::chunked::{self, Chunked};
use crate::aws::auth::Received;
use crate::aws::errors::{AwsError, ErrorKind};

/// Says how a body is signed: as a whole, not at all, or in pieces.
pub(crate) const CONTENT_SHA256: &str = "x-amz-content-sha256";

const CRC32: &str = "x-amz-checksum-crc32";

/// What a request may say to S3 in headers of its own. Whatever else one says changes what becomes of an object, and nobody here would
/// do it.
const KNOWN: [&str; 8] = [
    CONTENT_SHA256,
    CRC32,
    "x-amz-date",
    "x-amz-decoded-content-length",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-security-token",
    "x-amz-trailer",
    "x-amz-user-agent",
];

/// What is asked of S3.
#[derive(Debug)]
pub(crate) struct Asked {
    method: String,
    query: String,
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) content_type: String,
    has_length: bool,
    /// How long the content is before it is encoded, if it is.
    decoded_length: Option<String>,
    checksum: Option<String>,
    trailer: Option<String>,
    is_known: bool,
    body: Option<Chunked>,
}

impl Asked {
    /// Reads a request; what is wrong with its body is found later.
    pub(crate) fn read(received: &Received) -> Self {
        let text = |name: &str| received.header(name).map(str::to_owned);
        let (path, query) = received.target.split_once('?').unwrap_or((&received.target, ""));
        let path = decoded(path.trim_start_matches('/'));
        // A host that begins with the bucket, or a path that does.
        // Source: Amazon S3 User Guide, "Virtual hosting of general purpose buckets" (read 2026-11).
        let host = received.header("host").unwrap_or_default();
        let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
        let (bucket, key) = match host.strip_suffix(".localhost") {
            Some(bucket) => (bucket, path.as_str()),
            None => path.split_once('/').unwrap_or((&path, "")),
        };
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let in_pieces = received.header(CONTENT_SHA256).is_some_and(|kind| kind.starts_with("STREAMING-"));
        let body = if in_pieces { chunked::read(&received.body) } else { Some(Chunked::whole(received.body.clone())) };
        let ours = |name: &str| !name.starts_with("x-amz-") || KNOWN.contains(&name);
        Self {
            method: received.method.clone(),
            query: query.to_owned(),
            bucket,
            key,
            content_type: text("content-type").unwrap_or_else(|| "binary/octet-stream".to_owned()),
            has_length: received.header("content-length").is_some(),
            decoded_length: text("x-amz-decoded-content-length").or_else(|| in_pieces.then(String::new)),
            checksum: text(CRC32),
            trailer: text("x-amz-trailer"),
            is_known: received.headers.keys().all(|name| ours(name.as_str())),
            body,
        }
    }

    /// Returns whether an object is put; the query may only say so once more.
    pub(super) fn is_put(&self) -> bool {
        let is_plain = ["", "x-id=PutObject"].contains(&self.query.as_str());
        self.method == "PUT" && !self.key.is_empty() && is_plain && self.is_known
    }

    /// Returns the operation, or what is asked instead in the words of HTTP.
    pub(crate) fn operation(&self) -> String {
        if self.is_put() { "PutObject".to_owned() } else { format!("{} {}/{}", self.method, self.bucket, self.key) }
    }

    pub(crate) fn subject(&self) -> String {
        format!("{}/{}", self.bucket, self.key)
    }

    /// Returns the content and its checksum, as AWS writes it, if all of it arrived as it was sent.
    pub(super) fn content(&self) -> Result<(Bytes, String), AwsError> {
        if !self.has_length {
            return Err(ErrorKind::S3MissingLength.into());
        }
        let body = self.body.as_ref().ok_or(ErrorKind::S3IncompleteBody)?;
        let content = body.content();
        if self.decoded_length.as_ref().is_some_and(|told| *told != content.len().to_string()) {
            return Err(ErrorKind::S3IncompleteBody.into());
        }
        let in_trailer = body.trailers.iter().find(|(name, _)| name == CRC32).map(|(_, value)| value);
        // What comes at the end is announced at the beginning.
        let is_announced = in_trailer.is_some() == (self.trailer.as_deref() == Some(CRC32));
        let told = in_trailer.or(self.checksum.as_ref()).filter(|_| is_announced).ok_or(ErrorKind::S3NotImplemented)?;
        let found = STANDARD.encode(crc32fast::hash(&content).to_be_bytes());
        if *told == found { Ok((content, found)) } else { Err(ErrorKind::S3BadDigest.into()) }
    }
}

/// Takes the escapes out of a path, in which `+` is no blank.
fn decoded(path: &str) -> String {
    let pair = format!("path={}", path.replace('+', "%2B"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, path)| path.into_owned()).unwrap_or_default()
}
