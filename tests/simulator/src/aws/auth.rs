//! Who is calling: the signature of a request, checked with AWS's own signing code over exactly what arrived.
//!
//! The account is the one the access key belongs to; the Region and the service are those of the signature's scope. The URL and
//! the `Host` header say neither, because every service of every Region is reached at one address here.
//! Source: IAM User Guide, Create a signed AWS API request.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use axum::body::Bytes;
use http::HeaderMap;

use super::clock::signing_time;
use super::errors::{ErrorKind, Service};
use super::state::Session;

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
            (Self::Unsigned, _) => ErrorKind::JsonUnsigned,
            (Self::UnknownKey, Service::Sts) => ErrorKind::StsUnknownKey,
            (Self::UnknownKey, Service::Ec2) => ErrorKind::Ec2UnknownKey,
            (Self::UnknownKey, _) => ErrorKind::JsonUnknownKey,
            (Self::Expired, Service::Sts) => ErrorKind::StsExpired,
            (Self::Expired, Service::Ec2) => ErrorKind::Ec2Expired,
            (Self::Expired, _) => ErrorKind::JsonExpired,
            (Self::Signature, Service::Sts) => ErrorKind::StsSignature,
            (Self::Signature, Service::Ec2) => ErrorKind::Ec2Signature,
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
        Some(expected) if expected == authorization.signature => Ok(()),
        _ => Err(AuthProblem::Signature),
    }
}

/// Signs what arrived once more. Only the headers the caller says it signed take part.
fn expected_signature(request: &Received, authorization: &Authorization, session: &Session) -> Option<String> {
    let time = signing_time(request.header("x-amz-date")?)?;
    let host = request.header("host")?;
    let token = session.token.clone();
    let credentials = Credentials::new(&authorization.access_key_id, &session.secret, token, None, "simulator");
    let identity = Identity::from(credentials);
    let mut settings = SigningSettings::default();
    settings.excluded_headers = None;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(&authorization.region)
        .name(&authorization.service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let headers = request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signed = headers.filter(|(name, _)| authorization.signed_headers.iter().any(|signed| signed == name));
    let uri = format!("http://{host}{}", request.target);
    let signable = SignableRequest::new(&request.method, uri, signed, SignableBody::Bytes(&request.body)).ok()?;
    Some(sign(signable, &params).ok()?.into_parts().1)
}
