//! Secrets Manager: the Console's address and credentials, and what private images are pulled with.

use aws_types::region::Region;
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::access::Aws;
use super::call::{At, Calls};
use super::error::{AwsError, Kind};
use super::operations;
use crate::ids;

/// The keys a Console secret holds.
const KEYS: [&str; 3] = ["PCC_URL", "PCC_USER", "PCC_PASS"];

/// What a Console secret holds.
pub struct ConsoleSecret {
    pub url: SecretString,
    pub user: SecretString,
    pub password: SecretString,
    /// What else it holds, by name: `DOCKER_PASS` and the like, each of which is read by who needs it.
    more: Map<String, Value>,
}

impl ConsoleSecret {
    /// Returns another text that the secret holds.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.more.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }
}

/// Why the Console's secret cannot be used. The secret's content is never part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("could not read the secret {name}")]
    Read { name: String, source: AwsError },
    #[error("the secret {name} is not a JSON object")]
    NotJson { name: String },
    #[error("the secret {name} has no {}", .missing.join(" and no "))]
    Missing { name: String, missing: Vec<&'static str> },
}

impl SecretError {
    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { source, .. } => Some(way_to_read(source)),
            Self::NotJson { .. } | Self::Missing { .. } => {
                Some("store it as JSON: {\"PCC_URL\": \"…\", \"PCC_USER\": \"…\", \"PCC_PASS\": \"…\"}".to_owned())
            }
        }
    }
}

/// Returns what to do about a secret that is not handed out.
///
/// Source of the errors: AWS Secrets Manager API Reference, GetSecretValue, "Errors".
fn way_to_read(error: &AwsError) -> String {
    let about_key = error.mentions("KMS") || error.mentions("kms:") || error.mentions("decrypt");
    let hint = match error.kind() {
        Kind::Missing => "check PCC_SECRET and AWS_REGION: a name is looked up in the run's own Region, an ARN in its own",
        Kind::Denied | Kind::Rejected if about_key => {
            "allow kms:Decrypt on the secret's key to the caller, and check that the key is enabled"
        }
        Kind::Rejected if error.mentions("deletion") => "restore the secret, or name another in PCC_SECRET",
        Kind::Denied => {
            "allow secretsmanager:GetSecretValue on this secret to the caller (FargateUpdaterMasterPolicy), and see that the \
                         secret's own policy does not deny it"
        }
        Kind::Rejected => "check that PCC_SECRET is the name or the full ARN of a secret that has a current value",
        Kind::Throttled | Kind::Unreachable | Kind::Other => {
            "run again; if it lasts, check that Secrets Manager can be reached from here (NAT or a VPC endpoint)"
        }
    };
    hint.to_owned()
}

/// Reads the Console's secret, from its own Region if its ARN names one. It may be stored as text or as bytes.
///
/// # Errors
///
/// When AWS does not hand it out, or it is not what it should be.
pub async fn console_secret(aws: &Aws, name: &str) -> Result<ConsoleSecret, SecretError> {
    let operation = &operations::GET_SECRET_VALUE;
    let mut at = aws.own();
    if let Some(region) = ids::region_of_secret(name) {
        at.region = region;
    }
    let config = aws.config().to_builder().region(Region::new(at.region.as_str().to_owned())).build();
    let client = aws_sdk_secretsmanager::Client::new(&config);
    let answer = aws.calls.send(operation, &at, || client.get_secret_value().secret_id(name).send()).await;
    let name = name.to_owned();
    let answer = answer.map_err(|source| SecretError::Read { name: name.clone(), source })?;
    let text = answer.secret_string().map(str::as_bytes).or_else(|| answer.secret_binary().map(AsRef::as_ref));
    let Some(Ok(Value::Object(more))) = text.map(serde_json::from_slice::<Value>) else {
        return Err(SecretError::NotJson { name });
    };
    let held = |key: &str| more.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let missing: Vec<&'static str> = KEYS.into_iter().filter(|key| held(key).is_none()).collect();
    let [Some(url), Some(user), Some(password)] = KEYS.map(held) else {
        return Err(SecretError::Missing { name, missing });
    };
    Ok(ConsoleSecret { url: url.into(), user: user.into(), password: password.into(), more })
}

/// Reads the secret that an image is pulled with.
pub(super) async fn registry_secret(
    client: &aws_sdk_secretsmanager::Client,
    calls: &Calls,
    at: &At,
    name_or_arn: &str,
) -> Result<Value, AwsError> {
    let operation = &operations::GET_REGISTRY_SECRET;
    let answer = calls.send(operation, at, || client.get_secret_value().secret_id(name_or_arn).send()).await?;
    let text = answer.secret_string().map(str::as_bytes).or_else(|| answer.secret_binary().map(AsRef::as_ref));
    // What is wrong with it is not told: serde_json's texts may repeat a part of it.
    let held = text.and_then(|text| serde_json::from_slice(text).ok());
    held.ok_or_else(|| AwsError::unusable(operation, "the secret holds no JSON".to_owned()))
}
