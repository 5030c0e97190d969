//! AWS Secrets Manager: the secrets of the account and the Region of the call. Each has one version.
//! Source: AWS Secrets Manager API Reference, GetSecretValue and CreateSecret (read 2026-11).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::{Caller, permit, permit_with};
use super::errors::{AwsError, ErrorKind, Service};
use super::state::{SECRET_SUFFIX, State, StoredSecret};
use crate::iam::{Context, Request};

/// What may be in a name besides letters and digits, as the sentence of its refusal has it.
const NAME_SIGNS: &str = "-/_+=.@!";

/// Source: AWS Secrets Manager API Reference, CreateSecret, `Name` (read 2026-11).
const LONGEST_NAME: usize = 512;

pub(super) fn answer(state: &mut State, caller: &Caller, operation: &str, input: &Value) -> Result<Value, AwsError> {
    match operation {
        "GetSecretValue" => get_value(state, caller, input),
        "CreateSecret" => create(state, caller, input),
        _ => Err(ErrorKind::JsonUnknownOperation.into()),
    }
}

fn get_value(state: &State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
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
        "VersionId": secret.version,
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

/// Makes a secret. What every SDK sends as `ClientRequestToken` is its version: the same call once more has the same answer.
///
/// A secret without a value, and one of bytes that are no text, are not simulated.
fn create(state: &mut State, caller: &Caller, input: &Value) -> Result<Value, AwsError> {
    let text = |key: &str| input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let invalid = |parameter: &str| AwsError::new(ErrorKind::SecretsInvalidParameter, &[parameter]);
    let name = text("Name").ok_or_else(|| invalid("Name"))?;
    let resource = state.secret_arn(caller.account(), &caller.region, name);
    permit(state, caller, Service::SecretsManager, "secretsmanager:CreateSecret", &resource)?;
    if input.get("Tags").is_some() {
        // Source: AWS Secrets Manager API Reference, CreateSecret: required permissions (read 2026-11).
        permit(state, caller, Service::SecretsManager, "secretsmanager:TagResource", &resource)?;
    }
    let fits = |it: char| it.is_ascii_alphanumeric() || NAME_SIGNS.contains(it);
    if name.len() > LONGEST_NAME || !name.chars().all(fits) {
        return Err(ErrorKind::SecretName.into());
    }
    let (value, binary) = match (text("SecretString"), text("SecretBinary")) {
        (Some(value), None) => (value.to_owned(), false),
        (None, Some(encoded)) => {
            let bytes = STANDARD.decode(encoded).map_err(|_| invalid("SecretBinary"))?;
            (String::from_utf8(bytes).map_err(|_| invalid("SecretBinary"))?, true)
        }
        _ => return Err(invalid("SecretString")),
    };
    let version = text("ClientRequestToken").ok_or_else(|| invalid("ClientRequestToken"))?;

    let place = (caller.account().to_owned(), caller.region.clone());
    let secrets = state.secrets.entry(place).or_default();
    match secrets.iter().find(|secret| secret.name == name) {
        Some(known) if known.version != version || known.text != value || known.binary != binary => {
            return Err(AwsError::new(ErrorKind::SecretExists, &[name]));
        }
        Some(_) => {}
        None => {
            secrets.push(StoredSecret { name: name.to_owned(), text: value, binary, own_key: false, version: version.to_owned() })
        }
    }
    Ok(json!({ "ARN": resource, "Name": name, "VersionId": version }))
}
