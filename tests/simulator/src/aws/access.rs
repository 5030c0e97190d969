//! May this caller do that? The policies of the role it has, session policies, denials of the scenario and service control policies,
//! in AWS's sentences.

use super::errors::{AwsError, ErrorKind, Service};
use super::state::{CALLER_KEY, Identity, Session, State};
use crate::iam::{self, Context, Policy, Request, Verdict};

/// A caller whose signature was checked.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) access_key_id: String,
    pub(super) session: Session,
    pub(super) region: String,
}

impl Caller {
    pub(super) fn account(&self) -> &str {
        &self.session.account
    }

    /// Returns whether this is the caller that the world hands out, and not a role that it assumed.
    pub(super) fn is_the_first(&self) -> bool {
        self.access_key_id == CALLER_KEY
    }
}

/// Returns an error unless the caller may use this IAM action, such as `ecs:ListServices`, of the service it called.
pub(super) fn permit(state: &State, caller: &Caller, service: Service, action: &str, resource: &str) -> Result<(), AwsError> {
    permit_with(state, caller, service, Request { action, resource, context: &Context::default() })
}

/// Returns an error unless the caller may do what it asks, of which more is known than its action and its resource.
pub(super) fn permit_with(state: &State, caller: &Caller, service: Service, request: Request<'_>) -> Result<(), AwsError> {
    let judged = judge(state, caller, service, request);
    state.note_question(caller, request.action, judged.is_ok());
    judged
}

fn judge(state: &State, caller: &Caller, service: Service, request: Request<'_>) -> Result<(), AwsError> {
    let Request { action, resource, context } = request;
    let account = state.account(caller.account());
    if service == Service::Ecs && account.is_some_and(|account| account.denied_regions.contains(&caller.region)) {
        let places = [caller.session.arn.as_str(), action, resource];
        return Err(AwsError::new(ErrorKind::DeniedByServiceControlPolicy, &places));
    }
    let denied = if caller.is_the_first() {
        state.denied.as_slice()
    } else {
        account.map_or(&[][..], |account| account.denied.as_slice())
    };
    let context = state.known_of(caller).and(context);
    let request = Request { action, resource, context: &context };
    let allowed = match &caller.session.identity {
        Identity::Everything => true,
        Identity::Role(role) => role.judge(request) == Verdict::Allowed,
    };
    if !allowed || is_denied(denied, action) {
        return Err(denial(service, &caller.session.arn, action, resource, "identity-based"));
    }
    if let Some(policy) = &caller.session.policy
        && Policy::judge([policy], request) != Verdict::Allowed
    {
        return Err(denial(service, &caller.session.arn, action, resource, "session"));
    }
    Ok(())
}

/// Returns whether one of the actions that a scenario denies, in which `*` stands for any text, is this one.
fn is_denied(denied: &[String], action: &str) -> bool {
    denied.iter().any(|pattern| iam::action_matches(pattern, action))
}

fn denial(service: Service, arn: &str, action: &str, resource: &str, kind: &str) -> AwsError {
    match service {
        Service::Ecs | Service::SecretsManager | Service::Ecr => {
            AwsError::new(ErrorKind::JsonDenied, &[arn, action, resource, kind, action])
        }
        Service::S3 => AwsError::new(ErrorKind::S3Denied, &[arn, action, resource, kind, action]),
        Service::Organizations => ErrorKind::OrganizationsDenied.into(),
        Service::Sts => AwsError::new(ErrorKind::StsDenied, &[arn, action, resource]),
        Service::Ec2 => AwsError::new(ErrorKind::Ec2Denied, &[arn, action, kind, action]),
    }
}
