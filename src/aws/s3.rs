//! S3: reports, put into buckets as the caller.

use std::cell::Cell;
use std::path::Path;
use std::time::Duration;

use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::access::Aws;
use super::call::At;
use super::error::{AwsError, Kind};
use super::{error, operations};
use crate::ids::RegionName;

/// As long as an upload may take.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// How much of a file is in memory at once.
const PIECE: usize = 64 * 1024;

/// What is put where.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub content_type: &'a str,
    pub file: &'a Path,
}

/// Puts a file into a bucket, in the place of an earlier object of this key. It is encrypted as the bucket is set up to do it.
///
/// It is sent to the run's own Region first, and to the bucket's if S3 says that it is in another one.
/// Source: Amazon S3 API Reference, "Error responses", PermanentRedirect, and Amazon S3 User Guide, "Making requests", on redirects
/// (read 2026-11).
///
/// # Errors
///
/// When S3 does not take it.
pub async fn put(aws: &Aws, put: Put<'_>) -> Result<(), AwsError> {
    let here = aws.own();
    let elsewhere = Cell::new(None);
    let Err(error) = send(aws, &here, put, &elsewhere).await else { return Ok(()) };
    match elsewhere.take().filter(|region| *region != here.region) {
        Some(region) => send(aws, &At { region, ..here }, put, &elsewhere).await,
        None => Err(error),
    }
}

/// Notes besides where the bucket is, if S3 says that it is elsewhere.
async fn send(aws: &Aws, at: &At, put: Put<'_>, elsewhere: &Cell<Option<RegionName>>) -> Result<(), AwsError> {
    let client = aws_sdk_s3::Client::new(&config(aws.config(), &at.region));
    let request = || async {
        let body = ByteStream::read_from().path(put.file).buffer_size(PIECE).build().await;
        let body = body.map_err(SdkError::construction_failure)?;
        let request = client.put_object().bucket(put.bucket).key(put.key);
        let sent = request.content_type(put.content_type).body(body).send().await;
        elsewhere.set(sent.as_ref().err().and_then(error::told_region));
        sent
    };
    aws.calls.send(&operations::PUT_OBJECT, at, request).await.map(|_| ())
}

/// A large report takes its time on a slow line, and one that gets nowhere is given up by the SDK long before.
/// Source: aws-smithy-runtime's documentation, stalled stream protection.
fn config(own: &SdkConfig, region: &RegionName) -> SdkConfig {
    let patient = own.timeout_config().map(|timeouts| timeouts.to_builder().operation_attempt_timeout(LONGEST).build());
    let mut config = own.to_builder().region(Region::new(region.as_str().to_owned()));
    config.set_timeout_config(patient);
    config.build()
}

/// Returns what to do about a report that S3 does not take.
///
/// Source of the errors: Amazon S3 API Reference, "Error responses" (read 2026-11).
pub fn way_out(error: &AwsError) -> &'static str {
    let is_about_key = ["kms:", "KMS"].iter().any(|word| error.mentions(word));
    match error.kind() {
        Kind::Denied | Kind::Rejected if is_about_key => {
            "allow kms:GenerateDataKey on the bucket's key to the caller (and in the key's own policy, if that names who may), and \
             check that the key is enabled"
        }
        Kind::Denied => {
            "allow s3:PutObject on the bucket's objects to the caller (the stack's ReportBucket), and see that the bucket's own \
             policy lets it"
        }
        Kind::Missing => "check the bucket's name in REPORT, or create the bucket",
        Kind::Rejected => "check the bucket and the key in REPORT",
        Kind::Throttled | Kind::Unreachable | Kind::Other => {
            "check that S3 can be reached from here (NAT or a VPC endpoint, whose policy has to let the bucket)"
        }
    }
}
