//! AWS STS: who am I, and the member roles.
//! Source: AWS STS API Reference, AssumeRole and GetCallerIdentity (read 2026-11).

use std::time::{Duration, SystemTime};

use super::access::{Caller, permit};
use super::clock::iso8601;
use super::errors::{AwsError, ErrorKind, Service};
use super::reply::element;
use super::server::Form;
use super::state::{ORGANIZATION, Session, State};
use crate::iam::{Context, Policy, Principal};

/// Role chaining: the caller is itself an assumed role.
/// Source: AWS STS API Reference, AssumeRole, `DurationSeconds` (read 2026-11).
const CHAINED_SESSION_SECONDS: u64 = 3600;

/// Source: AWS STS API Reference, AssumeRole, `Policy` (read 2026-11).
const POLICY_CHARACTERS: usize = 2048;

/// Returns the inside of the answer's XML document.
pub(super) fn answer(state: &mut State, caller: &Caller, action: &str, form: &Form) -> Result<String, AwsError> {
    match action {
        "GetCallerIdentity" => Ok(caller_identity(caller)),
        "AssumeRole" => assume_role(state, caller, form),
        _ => Err(AwsError::new(ErrorKind::StsUnknownAction, &[action])),
    }
}

/// Needs no permission: `sts:GetCallerIdentity` cannot be denied.
fn caller_identity(caller: &Caller) -> String {
    let session_name = caller.session.arn.rsplit('/').next().unwrap_or_default();
    let user_id = format!("SIMULATEDROLE:{session_name}");
    [element("Arn", &caller.session.arn), element("UserId", &user_id), element("Account", caller.account())].concat()
}

fn assume_role(state: &mut State, caller: &Caller, form: &Form) -> Result<String, AwsError> {
    let required =
        |name: &str, shown: &str| form.get(name).cloned().ok_or_else(|| AwsError::new(ErrorKind::StsMissingParameter, &[shown]));
    let role_arn = required("RoleArn", "roleArn")?;
    let session_name = required("RoleSessionName", "roleSessionName")?;
    check_session_name(&session_name)?;
    let seconds = duration(form)?;
    let policy_document = session_policy(form)?;
    let policy = policy_document.as_ref().map(Policy::parse).transpose().map_err(|_| ErrorKind::MalformedPolicy)?;
    permit(state, caller, Service::Sts, "sts:AssumeRole", &role_arn)?;

    // A role that is missing, one that does not trust the caller and an account that is suspended look the same from outside.
    let denied = || AwsError::new(ErrorKind::StsDenied, &[&caller.session.arn, "sts:AssumeRole", &role_arn]);
    let (account, role) = split_role_arn(&role_arn, &state.partition).ok_or_else(denied)?;
    let known = state.account(account).ok_or_else(denied)?;
    if !known.is_active() || known.role(state.installation.member_role_name()) != Some(role) {
        return Err(denied());
    }
    // A template that IAM refuses is refused before the world starts.
    let assumed = state.installation.member(account, role).ok().flatten().ok_or_else(denied)?;
    let said = Context::default()
        .with("aws:PrincipalOrgID", ORGANIZATION)
        .with("aws:ResourceOrgID", ORGANIZATION)
        .with_all("sts:ExternalId", form.get("ExternalId").cloned());
    if !assumed.trusts(&Principal::Identity(caller.session.principal.clone()), &said) {
        return Err(denied());
    }

    let number = state.number();
    let expires = SystemTime::now() + Duration::from_secs(state.session_seconds.map_or(seconds, |most| most.min(seconds)));
    let access_key_id = format!("SIMULATEDSESSION{number:04}");
    let session = Session {
        account: account.to_owned(),
        arn: format!("arn:{}:sts::{account}:assumed-role/{role}/{session_name}", state.partition),
        secret: format!("simulated-secret-{number}"),
        token: Some(session_token(number)),
        expires: Some(expires),
        principal: assumed.arn.clone(),
        identity: state.identity(&assumed),
        policy,
        policy_document,
    };
    let credentials = [
        element("AccessKeyId", &access_key_id),
        element("SecretAccessKey", &session.secret),
        element("SessionToken", session.token.as_deref().unwrap_or_default()),
        element("Expiration", &iso8601(expires)),
    ]
    .concat();
    let user = [element("AssumedRoleId", &format!("SIMULATEDROLE:{session_name}")), element("Arn", &session.arn)].concat();
    state.sessions.insert(access_key_id, session);
    Ok(format!("<AssumedRoleUser>{user}</AssumedRoleUser><Credentials>{credentials}</Credentials>"))
}

/// Returns a session token in the form of AWS's: hundreds of characters of base64, so that a client may know one by its shape.
/// Source: IAM User Guide, Temporary security credentials: the size of a token is not fixed, and the typical size is under 4096.
fn session_token(number: u64) -> String {
    format!("SimulatedSessionToken{}{number:08}==", "0123456789abcdef".repeat(16))
}

fn split_role_arn<'a>(arn: &'a str, partition: &str) -> Option<(&'a str, &'a str)> {
    let rest = arn.strip_prefix("arn:")?.strip_prefix(partition)?.strip_prefix(":iam::")?;
    rest.split_once(":role/")
}

/// Source: AWS STS API Reference, AssumeRole, `RoleSessionName`: 2 to 64 characters of `[\w+=,.@-]` (read 2026-11).
fn check_session_name(name: &str) -> Result<(), AwsError> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "_+=,.@-".contains(character);
    if (2..=64).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let constraint = "Member must satisfy regular expression pattern: [\\w+=,.@-]*";
    Err(AwsError::new(ErrorKind::StsInvalidParameter, &[name, "roleSessionName", constraint]))
}

fn duration(form: &Form) -> Result<u64, AwsError> {
    let Some(text) = form.get("DurationSeconds") else {
        return Ok(CHAINED_SESSION_SECONDS);
    };
    match text.parse() {
        Ok(seconds @ 900..=CHAINED_SESSION_SECONDS) => Ok(seconds),
        Ok(3601..=43200) => Err(ErrorKind::RoleChaining.into()),
        _ => {
            let constraint = "Member must have value greater than or equal to 900 and less than or equal to 43200";
            Err(AwsError::new(ErrorKind::StsInvalidParameter, &[text, "durationSeconds", constraint]))
        }
    }
}

fn session_policy(form: &Form) -> Result<Option<serde_json::Value>, AwsError> {
    let Some(text) = form.get("Policy") else {
        return Ok(None);
    };
    let problem = |constraint: &str| AwsError::new(ErrorKind::StsInvalidParameter, &[text, "policy", constraint]);
    if text.chars().count() > POLICY_CHARACTERS {
        return Err(problem("Member must have length less than or equal to 2048"));
    }
    serde_json::from_str(text).map(Some).map_err(|_| ErrorKind::MalformedPolicy.into())
}
