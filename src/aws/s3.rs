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

/// As long as an upload may take, all tries of it.
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
/// When S3 does not take it, or has not answered when it is too late, or when that takes longer than any upload may.
pub async fn put(aws: &Aws, put: Put<'_>, too_late: impl Future<Output = ()>) -> Result<(), AwsError> {
    let unanswered = |why: &str| AwsError::unusable(&operations::PUT_OBJECT, format!("S3 had not answered when {why}"));
    tokio::select! {
        put = sent(aws, put) => put,
        () = too_late => Err(unanswered("the run had to stop")),
        () = tokio::time::sleep(LONGEST) => Err(unanswered("15 minutes were over")),
    }
}

async fn sent(aws: &Aws, put: Put<'_>) -> Result<(), AwsError> {
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

/// A large report takes its time on a slow line; a body that S3 does not take on is given up by the SDK long before.
/// Source: aws-smithy-runtime's documentation, stalled stream protection.
fn config(own: &SdkConfig, region: &RegionName) -> SdkConfig {
    let patient = own.timeout_config().map(|timeouts| timeouts.to_builder().operation_attempt_timeout(LONGEST).build());
    let mut config = own.to_builder().region(Region::new(region.as_str().to_owned()));
    config.set_timeout_config(patient);
    config.build()
}

/// Codes with which S3 does not take the credentials, or the time that they were used at.
/// Source: Amazon S3 API Reference, "Error responses", List of error codes (read 2026-11).
const OF_CREDENTIALS: [&str; 5] =
    ["ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch", "RequestTimeTooSkewed"];

/// Returns what to do about a report that S3 does not take.
///
/// Source of the errors: Amazon S3 API Reference, "Error responses" (read 2026-11).
pub fn way_out(error: &AwsError) -> &'static str {
    let is_about_key = error.has_code_that(|code| code.starts_with("KMS.")) || error.mentions("kms:GenerateDataKey");
    match error.kind() {
        _ if error.has_code_that(|code| OF_CREDENTIALS.contains(&code)) => "check the AWS credentials, and this machine's clock",
        Kind::Denied | Kind::Rejected | Kind::Missing if is_about_key => {
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
