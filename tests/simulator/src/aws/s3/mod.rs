//! Amazon S3: objects that are put into buckets, as REST over HTTP, and nothing else of it.
//!
//! `asked` is a request as S3 reads it, `chunked` the encoding of a body that is signed, or summed, in pieces. A bucket belongs to
//! whoever calls: policies of buckets are not simulated.
//! Source: Amazon S3 API Reference, PutObject and "Error responses" (read 2026-11).

pub(super) mod asked;
pub(super) mod chunked;

use std::collections::BTreeMap;

use axum::body::Bytes;

use self::asked::Asked;
use super::access::{Caller, permit, permit_with};
use super::errors::{AwsError, ErrorKind, Service};
use super::state::State;
use crate::iam::{Context, Request};
use crate::scenario::Bucket;

/// Regions that came later than March 2019, which answer for a bucket of another Region, and for whose buckets others answer, in a way
/// of their own.
/// Source: boto/boto3 #2728, and the Regions that an account has to enable.
const LATER_REGIONS: [&str; 13] = [
    "af-south-1",
    "ap-east-1",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// A bucket and what is in it.
#[derive(Clone, Debug)]
pub(super) struct StoredBucket {
    pub(super) region: String,
    pub(super) own_key: bool,
    pub(super) objects: BTreeMap<String, StoredObject>,
}

impl StoredBucket {
    pub(super) fn new(bucket: &Bucket, home_region: &str) -> Self {
        let region = bucket.region.clone().unwrap_or_else(|| home_region.to_owned());
        Self { region, own_key: bucket.own_key, objects: BTreeMap::new() }
    }
}

/// An object as it was put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    pub content_type: String,
    pub content: Bytes,
}

/// Puts an object into its bucket, and returns the headers of the answer.
pub(super) fn answer(state: &mut State, caller: &Caller, asked: &Asked) -> Result<Vec<(String, String)>, AwsError> {
    if !asked.is_put() {
        return Err(ErrorKind::S3NotImplemented.into());
    }
    let Asked { bucket: name, key, .. } = asked;
    // Which buckets there are, and where, is told to everybody.
    let bucket = state.buckets.get(name).ok_or(ErrorKind::NoSuchBucket)?;
    if bucket.region != caller.region {
        return Err(elsewhere(bucket));
    }
    let arn = format!("arn:{}:s3:::{name}", state.partition);
    permit(state, caller, Service::S3, "s3:PutObject", &format!("{arn}/{key}"))?;
    if bucket.own_key {
        may_encrypt(state, caller, &format!("{arn}/{key}"))?;
    }
    let (content, checksum) = asked.content()?;
    let object = StoredObject { content_type: asked.content_type.clone(), content };
    let (number, own_key) = (state.number(), bucket_mut(state, name)?.own_key);
    bucket_mut(state, name)?.objects.insert(key.clone(), object);
    let encryption = if own_key { "aws:kms" } else { "AES256" };
    let headers = [
        ("etag", format!("\"{number:032x}\"")),
        ("x-amz-checksum-crc32", checksum),
        ("x-amz-checksum-type", "FULL_OBJECT".to_owned()),
        ("x-amz-server-side-encryption", encryption.to_owned()),
    ];
    Ok(headers.map(|(name, value)| (name.to_owned(), value)).to_vec())
}

fn bucket_mut<'a>(state: &'a mut State, name: &str) -> Result<&'a mut StoredBucket, AwsError> {
    state.buckets.get_mut(name).ok_or(ErrorKind::NoSuchBucket.into())
}

/// Returns what a Region answers for a bucket of another one.
fn elsewhere(bucket: &StoredBucket) -> AwsError {
    if LATER_REGIONS.contains(&bucket.region.as_str()) {
        return AwsError::new(ErrorKind::S3LaterRegion, &[&bucket.region]);
    }
    AwsError::from(ErrorKind::S3OtherRegion).with_header("x-amz-bucket-region", &bucket.region)
}

/// Returns an error unless the caller may use the key of a bucket, which S3 does in the caller's name. Here no bucket has a key that is
/// shared by its objects.
/// Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)", permissions and encryption context (from
/// memory).
fn may_encrypt(state: &State, caller: &Caller, object: &str) -> Result<(), AwsError> {
    let suffix = if state.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let context = Context::default()
        .with("kms:ViaService", format!("s3.{}.{suffix}", caller.region))
        .with("kms:EncryptionContext:aws:s3:arn", object);
    let key = format!("arn:{}:kms:{}:{}:key/own-key-of-the-bucket", state.partition, caller.region, caller.account());
    permit_with(state, caller, Service::S3, Request { action: "kms:GenerateDataKey", resource: &key, context: &context })
}
