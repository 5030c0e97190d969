//! AWS Secrets Manager: the secrets of the account and the Region of the call.
//! Source: AWS Secrets Manager API Reference, GetSecretValue (read 2026-11).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::{Caller, permit, permit_with};
use super::errors::{AwsError, ErrorKind, Service};
use super::state::{SECRET_SUFFIX, State};
use crate::iam::{Context, Request};

pub(super) fn answer(state: &State, caller: &Caller, operation: &str, input: &Value) -> Result<Value, AwsError> {
    if operation != "GetSecretValue" {
        return Err(ErrorKind::JsonUnknownOperation.into());
    }
    let Some(id) = input.get("SecretId").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
        return Err(AwsError::new(ErrorKind::SecretsInvalidParameter, &["SecretId"]));
    };
    let arn = |name: &str| state.secret_arn(caller.account(), &caller.region, name);
    // A secret that is not there is asked about by the ARN that it would have: which one AWS takes is not known.
    let resource = if id.ends_with(SECRET_SUFFIX) { id.to_owned() } else { arn(id.rsplit(":secret:").next().unwrap_or(id)) };
    permit(state, caller, Service::SecretsManager, "secretsmanager:GetSecretValue", &resource)?;
    let place = (caller.account().to_owned(), caller.region.clone());
    let secret = state.secrets.get(&place).into_iter().flatten().find(|secret| {
        let full = arn(&secret.name);
        id == secret.name || id == full || full.strip_suffix(SECRET_SUFFIX) == Some(id)
    });
    let Some(secret) = secret else {
        return Err(ErrorKind::SecretNotFound.into());
    };
    if secret.own_key {
        may_decrypt(state, caller, &resource)?;
    }
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

/// Returns an error unless the caller may use the key of a secret, which Secrets Manager does in the caller's name.
/// Source: AWS Secrets Manager User Guide, "Secret encryption and decryption in AWS Secrets Manager" (read 2026-11).
fn may_decrypt(state: &State, caller: &Caller, secret: &str) -> Result<(), AwsError> {
    let suffix = if state.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let context = Context::default()
        .with("kms:ViaService", format!("secretsmanager.{}.{suffix}", caller.region))
        .with("kms:EncryptionContext:SecretARN", secret);
    let key = format!("arn:{}:kms:{}:{}:key/own-key-of-the-secret", state.partition, caller.region, caller.account());
    let request = Request { action: "kms:Decrypt", resource: &key, context: &context };
    permit_with(state, caller, Service::SecretsManager, request).map_err(|_| ErrorKind::SecretKeyDenied.into())
}
