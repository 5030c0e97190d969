//! What went wrong with a call to AWS: the one place that takes the SDK's errors apart.
//!
//! The SDK prints only "service error". Here it becomes a kind that callers can act on, and a text that people can act on. No
//! other file looks at AWS's codes and sentences.

use std::error::Error;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::operations::{self, Effect, Operation, Role};
use crate::ids::RegionName;
use crate::plan::redact::Redactor;
use crate::plan::retry::Trouble;

/// What kind of failure a call ended in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AWS was too busy and did nothing.
    Throttled,
    Denied,
    /// What the call is about does not exist.
    Missing,
    /// AWS understood and refused.
    Rejected,
    /// No answer, or half of one: it may have been done.
    Unreachable,
    Other,
}

/// A call to AWS that failed.
#[derive(Clone, Debug)]
pub struct AwsError {
    operation: &'static Operation,
    kind: Kind,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    /// Whether it was tried as often as it is worth, so that nobody above begins anew.
    given_up: bool,
}

/// Codes that mean "too busy", in every service we call.
/// Source: the services' API references, "Common errors", and botocore's list of throttling codes (read 2026-11).
const THROTTLING: [&str; 7] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
];

/// The sentence of ECS when two registrations of one family overlap; nothing was done then.
/// Source: hashicorp/terraform-provider-aws#9777, PrefectHQ/prefect#10102.
const OVERLAPPING_REGISTRATIONS: &str = "Too many concurrent attempts to create a new revision";

/// Codes with which services answer in a Region that the account has not enabled.
/// Source: cloud-custodian/cloud-custodian#6820, nccgroup/ScoutSuite#381 and #1389.
const NOT_ENABLED: [&str; 4] = ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "OptInRequired"];

/// The code with which S3 gives up a body that comes too slowly. It has the status 400, and is worth another try.
/// Source: Amazon S3 API Reference, "Error responses", List of error codes (read 2026-11).
const REQUEST_TIMEOUT: &str = "RequestTimeout";

impl AwsError {
    /// Takes an SDK error apart.
    pub(super) fn from_sdk<E>(operation: &'static Operation, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let code = error.code().map(str::to_owned);
        let status = error.raw_response().map(|response| response.status().as_u16());
        // Whatever AWS repeats of what it was sent, tokens and bundles are not shown; callers that know more secrets clean again.
        let redactor = Redactor::default();
        let message = error.message().map_or_else(|| redactor.clean_chain(error), |message| redactor.clean(message));
        let kind = match error {
            SdkError::ServiceError(_) => kind_of(code.as_deref(), &message, status),
            // A dispatch fails for want of credentials too, and no other try will find any.
            SdkError::DispatchFailure(_) if is_about_credentials(error) => Kind::Other,
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Kind::Unreachable,
            _ => Kind::Other,
        };
        let request_id = error.request_id().map(str::to_owned);
        Self { operation, kind, code, message, request_id, given_up: false }
    }

    /// Returns an error that we found out ourselves, such as an answer without what it must hold.
    pub(super) fn unusable(operation: &'static Operation, message: String) -> Self {
        Self { operation, kind: Kind::Other, code: None, message, request_id: None, given_up: false }
    }

    /// Returns the error of a call that was not sent, because the run is asked to stop: AWS did nothing.
    pub(super) fn not_sent(operation: &'static Operation) -> Self {
        let message = "the run is stopping, and it was not sent".to_owned();
        Self { operation, kind: Kind::Throttled, code: None, message, request_id: None, given_up: true }
    }

    /// Returns an error about a secret that was handed out and is not what it should be; what it holds is not part of it.
    pub fn unusable_secret(problem: &str) -> Self {
        Self::unusable(&operations::GET_REGISTRY_SECRET, problem.to_owned())
    }

    /// Returns the name of the operation that failed.
    pub(super) fn operation(&self) -> &'static str {
        self.operation.name
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns whether trying again later would give the same.
    pub fn lasts(&self) -> bool {
        matches!(self.kind, Kind::Denied | Kind::Missing | Kind::Rejected | Kind::Other)
    }

    /// Returns whether AWS was too busy, and did nothing.
    pub fn is_throttled(&self) -> bool {
        self.kind == Kind::Throttled
    }

    /// Returns whether AWS's token bucket was empty, and not only something else in the way.
    pub(super) fn tells_an_empty_bucket(&self) -> bool {
        self.code.as_deref().is_some_and(|code| THROTTLING.contains(&code))
    }

    /// Returns whether trying again may mend it.
    pub fn is_worth_another_try(&self) -> bool {
        self.trouble().is_some()
    }

    /// Returns what to think of trying again: AWS did nothing, or nobody knows. A write that must not be done twice is not
    /// repeated in the second case.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match self.kind {
            _ if self.given_up => None,
            Kind::Throttled => Some(Trouble::Throttled),
            Kind::Unreachable if self.operation.effect != Effect::WriteOnce => Some(Trouble::Unclear),
            _ => None,
        }
    }

    /// Returns the error as the last word: a call that needed this one must not try it all over again.
    #[must_use]
    pub(super) fn given_up(mut self) -> Self {
        self.given_up = true;
        self
    }

    /// Returns whether a service control policy denied it: somebody in the organization decided that.
    pub fn denied_by_organization(&self) -> bool {
        self.kind == Kind::Denied && self.message.contains("service control policy")
    }

    /// Returns whether it failed because the account has not enabled the Region.
    pub fn region_not_enabled(&self) -> bool {
        self.code.as_deref().is_some_and(|code| NOT_ENABLED.contains(&code))
    }

    /// Returns whether the caller's account is in no organization.
    pub fn no_organization(&self) -> bool {
        self.code.as_deref() == Some("AWSOrganizationsNotInUseException")
    }

    /// Returns whether there is no such task definition, or no active revision of the family.
    pub fn no_such_task_definition(&self) -> bool {
        self.kind == Kind::Rejected && self.message.contains("Unable to describe task definition")
    }

    /// Returns whether a security group has the rule already.
    pub(super) fn is_duplicate_rule(&self) -> bool {
        self.has_code("InvalidPermission.Duplicate")
    }

    /// Returns whether a security group has no room for another rule.
    pub(super) fn is_full_group(&self) -> bool {
        self.has_code("RulesPerSecurityGroupLimitExceeded")
    }

    /// Returns whether a number in a network ACL is taken.
    pub(super) fn is_taken_entry(&self) -> bool {
        self.has_code("NetworkAclEntryAlreadyExists")
    }

    /// Returns whether a network ACL has no room for another entry.
    pub(super) fn is_full_acl(&self) -> bool {
        self.has_code("NetworkAclEntryLimitExceeded")
    }

    /// Returns whether this is what EC2 answers when it was only asked whether it would.
    pub(super) fn would_have_succeeded(&self) -> bool {
        self.has_code("DryRunOperation")
    }

    fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Returns whether AWS named a code, and one of a kind.
    pub(super) fn has_code_that(&self, is_of_kind: impl Fn(&str) -> bool) -> bool {
        self.code.as_deref().is_some_and(is_of_kind)
    }

    /// Returns whether AWS's message holds a text.
    pub(super) fn mentions(&self, text: &str) -> bool {
        self.message.contains(text)
    }

    /// Returns the error with a customer's secrets taken out of AWS's message.
    #[must_use]
    pub fn cleaned_by(mut self, redactor: &Redactor) -> Self {
        self.message = redactor.clean(&self.message);
        self
    }

    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        self.missing_permission().map(|allow| format!("{allow}, then run again"))
    }

    /// Returns which permission to give to whom, if that is what it failed for.
    pub fn missing_permission(&self) -> Option<String> {
        if self.kind != Kind::Denied || self.denied_by_organization() {
            return None;
        }
        let policy = match self.operation.role {
            Role::Master => "FargateUpdaterMasterPolicy (or whatever the caller is allowed by)",
            Role::Reports => "FargateUpdaterMasterPolicy, for that bucket (the stack's ReportBucket)",
            Role::Member => "FargateUpdaterMemberPolicy",
            Role::RegistrySecrets => "FargateUpdaterMemberPolicy, for that secret (the stack's RegistrySecretArns)",
            Role::Undo => "FargateUpdaterMemberPolicy",
        };
        // One operation may need several actions; AWS's message says which one is missing.
        let named = self.operation.actions.iter().find(|action| self.message.contains(*action));
        let action = named.or(self.operation.actions.first())?;
        Some(format!("allow {action} in {policy}"))
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Throttled => "was throttled until we gave up",
            Kind::Denied => "was denied",
            Kind::Missing => "found nothing",
            Kind::Rejected => "was refused",
            Kind::Unreachable => "got no usable answer",
            Kind::Other => "failed",
        };
        write!(f, "{} {what}", self.operation.name)?;
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        // Some of AWS's messages have several lines, and whatever tells of a failure tells it in one.
        write!(f, ": {}", self.message.split_whitespace().collect::<Vec<_>>().join(" "))?;
        match &self.request_id {
            Some(request_id) => write!(f, " (request {request_id})"),
            None => Ok(()),
        }
    }
}

impl Error for AwsError {}

fn kind_of(code: Option<&str>, message: &str, status: Option<u16>) -> Kind {
    let code = code.unwrap_or_default();
    if THROTTLING.contains(&code) || message.starts_with(OVERLAPPING_REGISTRATIONS) || status == Some(429) {
        Kind::Throttled
    } else if code.starts_with("AccessDenied") || code == "UnauthorizedOperation" || code == "AuthorizationError" {
        Kind::Denied
    } else if code.contains("NotFound") || code.starts_with("NoSuch") {
        Kind::Missing
    } else if status.is_some_and(|status| status >= 500) || code == REQUEST_TIMEOUT {
        Kind::Unreachable
    } else if status.is_some_and(|status| status >= 300) {
        Kind::Rejected
    } else {
        // A success that could not be read.
        Kind::Unreachable
    }
}

/// Returns the Region of a bucket that was asked for in another one: S3 names it in a header, in the answer, or in its sentence.
/// Source: Amazon S3 API Reference, "Error responses", PermanentRedirect, TemporaryRedirect and AuthorizationHeaderMalformed;
/// botocore's `S3RegionRedirectorv2`, on where the Region is found; boto/boto3#2728, on Regions that came later (read 2026-11).
pub(super) fn told_region<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<RegionName> {
    let response = error.raw_response().filter(|response| [301, 307, 400].contains(&response.status().as_u16()))?;
    let in_answer = || {
        let (_, rest) = std::str::from_utf8(response.body().bytes()?).ok()?.split_once("<Region>")?;
        rest.split_once("</Region>").map(|(region, _)| region)
    };
    let in_sentence = || {
        let message = error.message().filter(|_| error.code() == Some("IllegalLocationConstraintException"))?;
        message.strip_prefix("The ")?.split_once(" location constraint").map(|(region, _)| region)
    };
    let told = response.headers().get("x-amz-bucket-region").or_else(in_answer).or_else(in_sentence);
    told.and_then(|region| region.parse().ok())
}

fn is_about_credentials(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| (*error).source()).any(|error| error.is::<CredentialsError>())
}
