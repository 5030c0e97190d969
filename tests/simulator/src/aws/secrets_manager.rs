//! AWS Secrets Manager: the secrets of the management account, in its home Region.
//! Source: AWS Secrets Manager API Reference, GetSecretValue (read 2026-11).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::{Caller, permit};
use super::errors::{AwsError, ErrorKind, Service};
use super::state::State;

/// What Secrets Manager adds to the name in an ARN; random there, the same for every secret here.
const SUFFIX: &str = "-SiMuLa";

pub(super) fn answer(state: &State, caller: &Caller, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "GetSecretValue" {
        return Err(ErrorKind::JsonUnknownOperation.into());
    }
    let Some(id) = input.get("SecretId").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
        return Err(AwsError::new(ErrorKind::SecretsInvalidParameter, &["SecretId"]));
    };
    permit(state, caller, Service::SecretsManager, "secretsmanager:GetSecretValue", id)?;
    let owned = caller.account() == state.management() && caller.region == state.home_region;
    let prefix = format!("arn:{}:secretsmanager:{}:{}:secret:", state.partition, state.home_region, state.management());
    let secret = state.secrets.iter().find(|secret| {
        let full = format!("{prefix}{}{SUFFIX}", secret.name);
        id == secret.name || id == full || id == full.trim_end_matches(SUFFIX)
    });
    let Some(secret) = secret.filter(|_| owned) else {
        return Err(ErrorKind::SecretNotFound.into());
    };
    let mut answer = json!({
        "ARN": format!("{prefix}{}{SUFFIX}", secret.name),
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
