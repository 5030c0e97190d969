//! Who is calling: the signature of a request, checked with AWS's own signing code over exactly what arrived.
//!
//! The account is the one the access key belongs to; the Region and the service are those of the signature's scope. The URL and
//! the `Host` header say neither, because every service of every Region is reached at one address here.
//! Source: IAM User Guide, Create a signed AWS API request.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use aws_smithy_runtime_api::http::Headers;
use axum::body::Bytes;
use http::HeaderMap;

use super::clock::signing_time;
use super::errors::{ErrorKind, Service};
use super::s3::asked::CONTENT_SHA256;
use super::s3::chunked;
use super::state::Session;

/// What S3 is called in the scope of a signature.
pub(super) const S3: &str = "s3";

/// A request as it arrived.
pub(super) struct Received {
    pub(super) method: String,
    /// The path with the query, as in the request line.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What an `Authorization` header says.
pub(super) struct Authorization {
    pub(super) access_key_id: String,
    pub(super) region: String,
    pub(super) service: String,
    signed_headers: Vec<String>,
    signature: String,
}

/// Why a caller is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuthProblem {
    Unsigned,
    UnknownKey,
    Expired,
    Signature,
}

impl AuthProblem {
    /// Returns the error in the words of a service.
    pub(super) fn of(self, service: Service) -> ErrorKind {
        match (self, service) {
            (Self::Unsigned, Service::Sts) => ErrorKind::StsUnsigned,
            (Self::Unsigned, Service::Ec2) => ErrorKind::Ec2Unsigned,
            (Self::Unsigned, Service::S3) => ErrorKind::S3Unsigned,
            (Self::Unsigned, _) => ErrorKind::JsonUnsigned,
            (Self::UnknownKey, Service::Sts) => ErrorKind::StsUnknownKey,
            (Self::UnknownKey, Service::Ec2) => ErrorKind::Ec2UnknownKey,
            (Self::UnknownKey, Service::S3) => ErrorKind::S3UnknownKey,
            (Self::UnknownKey, _) => ErrorKind::JsonUnknownKey,
            (Self::Expired, Service::Sts) => ErrorKind::StsExpired,
            (Self::Expired, Service::Ec2) => ErrorKind::Ec2Expired,
            (Self::Expired, Service::S3) => ErrorKind::S3Expired,
            (Self::Expired, _) => ErrorKind::JsonExpired,
            (Self::Signature, Service::Sts) => ErrorKind::StsSignature,
            (Self::Signature, Service::Ec2) => ErrorKind::Ec2Signature,
            (Self::Signature, Service::S3) => ErrorKind::S3Signature,
            (Self::Signature, _) => ErrorKind::JsonSignature,
        }
    }
}

/// Reads the `Authorization` header.
pub(super) fn authorization(request: &Received) -> Option<Authorization> {
    let fields = request.header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let field =
        |name: &str| fields.split(',').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
    let credential = field("Credential")?;
    let scope: Vec<&str> = credential.split('/').collect();
    let [access_key_id, _date, region, service, "aws4_request"] = scope.as_slice() else {
        return None;
    };
    Some(Authorization {
        access_key_id: (*access_key_id).to_owned(),
        region: (*region).to_owned(),
        service: (*service).to_owned(),
        signed_headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
        signature: field("Signature")?,
    })
}

/// Checks that the owner of the session signed this request, and that the session still stands.
pub(super) fn verify(request: &Received, authorization: &Authorization, session: &Session) -> Result<(), AuthProblem> {
    // A token that is not the session's own is an unknown key to AWS, not a bad signature.
    if request.header("x-amz-security-token") != session.token.as_deref() {
        return Err(AuthProblem::UnknownKey);
    }
    if session.expires.is_some_and(|expires| expires <= SystemTime::now()) {
        return Err(AuthProblem::Expired);
    }
    match expected_signature(request, authorization, session) {
        Some(expected) if expected == authorization.signature => {}
        _ => return Err(AuthProblem::Signature),
    }
    match payload(request, authorization) {
        Some(SignableBody::StreamingSignedPayloadTrailer) => {
            are_signed(request, authorization, session).filter(|all| *all).map(|_| ()).ok_or(AuthProblem::Signature)
        }
        _ => Ok(()),
    }
}

/// Returns what of a body is signed with the headers. S3 is told in one of them; the others sign all of it.
/// Source: Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)" (read 2026-11).
fn payload<'a>(request: &'a Received, authorization: &Authorization) -> Option<SignableBody<'a>> {
    let whole = SignableBody::Bytes(&request.body);
    if authorization.service != S3 {
        return Some(whole);
    }
    Some(match request.header(CONTENT_SHA256)? {
        "UNSIGNED-PAYLOAD" => SignableBody::UnsignedPayload,
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => SignableBody::StreamingUnsignedPayloadTrailer,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => SignableBody::StreamingSignedPayloadTrailer,
        _ => whole,
    })
}

fn identity(authorization: &Authorization, session: &Session) -> Identity {
    let token = session.token.clone();
    Identity::from(Credentials::new(&authorization.access_key_id, &session.secret, token, None, "simulator"))
}

fn params<'a>(
    request: &Received,
    authorization: &'a Authorization,
    identity: &'a Identity,
) -> Option<v4::SigningParams<'a, SigningSettings>> {
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    if authorization.service == S3 {
        // Its keys are signed as they are sent.
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let builder = v4::SigningParams::builder().identity(identity).settings(settings);
    let builder = builder.region(&authorization.region).name(&authorization.service);
    builder.time(signing_time(request.header("x-amz-date")?)?).build().ok()
}

/// Signs what arrived once more. Only the headers the caller says it signed take part.
fn expected_signature(request: &Received, authorization: &Authorization, session: &Session) -> Option<String> {
    let host = request.header("host")?;
    let identity = identity(authorization, session);
    let params = params(request, authorization, &identity)?.into();
    let headers = request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signed = headers.filter(|(name, _)| authorization.signed_headers.iter().any(|signed| signed == name));
    let uri = format!("http://{host}{}", request.target);
    let signable = SignableRequest::new(&request.method, uri, signed, payload(request, authorization)?).ok()?;
    Some(sign(signable, &params).ok()?.into_parts().1)
}

/// Returns whether every piece of a body is signed, each with the signature before it, and the headers at its end.
fn are_signed(request: &Received, authorization: &Authorization, session: &Session) -> Option<bool> {
    let identity = identity(authorization, session);
    let params = params(request, authorization, &identity)?;
    let body = chunked::read(&request.body)?;
    let mut before = authorization.signature.clone();
    for (chunk, told) in &body.chunks {
        let (_, expected) = v4::sign_chunk(chunk, &before, &params).ok()?.into_parts();
        if expected != *told {
            return Some(false);
        }
        before = expected;
    }
    let mut trailers = Headers::new();
    for (name, value) in &body.trailers {
        trailers.try_append(name.clone(), value.clone()).ok()?;
    }
    let (_, expected) = v4::sign_trailer(&trailers, &before, &params).ok()?.into_parts();
    Some(body.trailer_signature == Some(expected))
}
