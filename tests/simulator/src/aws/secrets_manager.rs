//! AWS Secrets Manager: the secrets of the account and the Region of the call.
//! Source: AWS Secrets Manager API Reference, GetSecretValue (read 2026-11).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::{Caller, permit};
use super::errors::{AwsError, ErrorKind, Service};
use super::state::{SECRET_SUFFIX, State};

pub(super) fn answer(state: &State, caller: &Caller, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "GetSecretValue" {
        return Err(ErrorKind::JsonUnknownOperation.into());
    }
    let Some(id) = input.get("SecretId").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
        return Err(AwsError::new(ErrorKind::SecretsInvalidParameter, &["SecretId"]));
    };
    permit(state, caller, Service::SecretsManager, "secretsmanager:GetSecretValue", id)?;
    let arn = |name: &str| state.secret_arn(caller.account(), &caller.region, name);
    let place = (caller.account().to_owned(), caller.region.clone());
    let secret = state.secrets.get(&place).into_iter().flatten().find(|secret| {
        let full = arn(&secret.name);
        id == secret.name || id == full || full.strip_suffix(SECRET_SUFFIX) == Some(id)
    });
    let Some(secret) = secret else {
        return Err(ErrorKind::SecretNotFound.into());
    };
    let mut answer = json!({
        "ARN": arn(&secret.name),
        "Name": secret.name,
        "VersionId": "00000000-0000-4000-8000-000000000001",
        "VersionStages": ["AWSCURRENT"],
        "CreatedDate": 1_700_000_000.5,
    });
    if secret.binary {
        answer["SecretBinary"] = Value::String(STANDARD.encode(&secret.text));
    } else {
        answer["SecretString"] = Value::String(secret.text.clone());
    }
    Ok(answer)
}
