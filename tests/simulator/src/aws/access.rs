//! May this caller do that? Denials of the scenario, session policies and service control policies, in AWS's sentences.

use super::errors::{AwsError, ErrorKind, Service};
use super::policy::{denies, session_allows};
use super::state::{CALLER_KEY, Session, State};

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

    /// Returns whether this is the management account's own caller, and not a role it assumed.
    pub(super) fn is_master(&self) -> bool {
        self.access_key_id == CALLER_KEY
    }
}

/// Returns an error unless the caller may use this IAM action, such as `ecs:ListServices`, of the service it called.
pub(super) fn permit(state: &State, caller: &Caller, service: Service, action: &str, resource: &str) -> Result<(), AwsError> {
    let account = state.account(caller.account());
    if service == Service::Ecs && account.is_some_and(|account| account.denied_regions.contains(&caller.region)) {
        let places = [caller.session.arn.as_str(), action, resource];
        return Err(AwsError::new(ErrorKind::DeniedByServiceControlPolicy, &places));
    }
    let denied =
        if caller.is_master() { state.denied.as_slice() } else { account.map_or(&[][..], |account| account.denied.as_slice()) };
    if denies(denied, action) {
        return Err(denial(service, &caller.session.arn, action, resource, "identity-based"));
    }
    match &caller.session.policy {
        Some(policy) if !session_allows(policy, action) => Err(denial(service, &caller.session.arn, action, resource, "session")),
        _ => Ok(()),
    }
}

fn denial(service: Service, arn: &str, action: &str, resource: &str, kind: &str) -> AwsError {
    match service {
        Service::Ecs | Service::SecretsManager | Service::Ecr => {
            AwsError::new(ErrorKind::JsonDenied, &[arn, action, resource, kind, action])
        }
        Service::Organizations => ErrorKind::OrganizationsDenied.into(),
        Service::Sts => AwsError::new(ErrorKind::StsDenied, &[arn, action, resource]),
        Service::Ec2 => AwsError::new(ErrorKind::Ec2Denied, &[arn, action, kind, action]),
    }
}
