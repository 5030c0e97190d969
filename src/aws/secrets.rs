//! Secrets Manager: the Console's address and credentials.

use aws_types::region::Region;
use secrecy::SecretString;
use serde_json::Value;

use super::access::Aws;
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
            Self::Read { source, .. } => match source.kind() {
                Kind::Missing => Some(
                    "check PCC_SECRET and AWS_REGION: a name is looked up in the run's own Region, an ARN in its own".to_owned(),
                ),
                Kind::Denied if source.mentions("kms:") || source.mentions("KMS") => {
                    Some("allow kms:Decrypt on the secret's key to the caller".to_owned())
                }
                Kind::Rejected if source.mentions("deletion") => {
                    Some("restore the secret, or name another in PCC_SECRET".to_owned())
                }
                Kind::Rejected if source.mentions("decrypt") || source.mentions("KMS") => {
                    Some("allow kms:Decrypt on the secret's key to the caller, and check that the key is enabled".to_owned())
                }
                _ => source.hint(),
            },
            Self::NotJson { .. } | Self::Missing { .. } => {
                Some("store it as JSON: {\"PCC_URL\": \"…\", \"PCC_USER\": \"…\", \"PCC_PASS\": \"…\"}".to_owned())
            }
        }
    }
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
    let Some(Ok(Value::Object(held))) = text.map(serde_json::from_slice::<Value>) else {
        return Err(SecretError::NotJson { name });
    };
    let held = |key: &str| held.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let missing: Vec<&'static str> = KEYS.into_iter().filter(|key| held(key).is_none()).collect();
    let [Some(url), Some(user), Some(password)] = KEYS.map(held) else {
        return Err(SecretError::Missing { name, missing });
    };
    Ok(ConsoleSecret { url: url.into(), user: user.into(), password: password.into() })
}
