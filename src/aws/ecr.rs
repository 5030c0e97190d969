//! ECR: tokens for private registries. What is read with them is [`crate::registry`]'s.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::{At, Calls};
use super::error::AwsError;
use super::operations;
use crate::plan::credentials::RegistryLogin;

/// A login that ends.
#[derive(Clone, Debug)]
pub struct RegistryToken {
    pub login: RegistryLogin,
    /// Twelve hours after it was given.
    /// Source: Amazon ECR API Reference, GetAuthorizationToken (read 2026-11).
    pub expires: Option<SystemTime>,
}

/// Asks for a token; it is base64 of `AWS:password`, and opens every registry of the Region that lets its account in.
/// Source: Amazon ECR API Reference, AuthorizationData (read 2026-11).
pub(super) async fn token(client: &aws_sdk_ecr::Client, calls: &Calls, at: &At) -> Result<RegistryToken, AwsError> {
    let operation = &operations::GET_AUTHORIZATION_TOKEN;
    let answer = calls.send(operation, at, || client.get_authorization_token().send()).await?;
    let data = answer.authorization_data().first();
    let pair = data.and_then(|data| STANDARD.decode(data.authorization_token()?).ok());
    let login = pair.and_then(|pair| RegistryLogin::from_pair(std::str::from_utf8(&pair).ok()?));
    let login = login.ok_or_else(|| AwsError::unusable(operation, "it holds no token".to_owned()))?;
    let expires = data.and_then(|data| SystemTime::try_from(*data.expires_at()?).ok());
    Ok(RegistryToken { login, expires })
}
