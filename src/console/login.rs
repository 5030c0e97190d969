//! The Console's token: fetched once for everybody, renewed before it is old, and once more when it is not accepted.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::error::{ConsoleError, What};
use super::wire::{Request, Wire};
use crate::once::Shared;

/// A token older than this is fetched anew. SaaS tokens wrap one that is valid for ten minutes, and the vendor advises to renew
/// every five; `authenticate/renew` is in no published API description, so that we log in again.
/// Source: pan.dev, "Access the API (SaaS)" (read 2026-11).
const OLD: Duration = Duration::from_secs(4 * 60);

const ROUTE: &str = "authenticate";

/// Knows user and password, and keeps the token.
pub(super) struct Login {
    user: SecretString,
    password: SecretString,
    token: Shared<(SecretString, Instant), ConsoleError>,
    /// Set once user and password were refused: trying them again and again would lock the account.
    refused: OnceLock<ConsoleError>,
}

impl Login {
    pub(super) fn new(user: SecretString, password: SecretString) -> Self {
        Self { user, password, token: Shared::default(), refused: OnceLock::new() }
    }

    /// Returns a token, from the Console if there is none or it is old.
    pub(super) async fn token(&self, wire: &Wire) -> Result<SecretString, ConsoleError> {
        if let Some(refused) = self.refused.get() {
            return Err(refused.clone());
        }
        let is_young = |(_, since): &(SecretString, Instant)| since.elapsed() < OLD;
        // Boxed, because fetching a token is itself a request, which could ask for a token.
        let fetch = Box::pin(async { Ok((self.fetch(wire).await?, Instant::now())) });
        let token = self.token.get(is_young, fetch).await.map(|(token, _)| token);
        token.inspect_err(|error| {
            if matches!(error.what(), What::BadCredentials { .. }) {
                let _ = self.refused.set(error.clone());
            }
        })
    }

    /// Forgets a token that was not accepted.
    pub(super) async fn forget(&self, refused: &SecretString) {
        self.token.forget(|(token, _)| token.expose_secret() == refused.expose_secret()).await;
    }

    async fn fetch(&self, wire: &Wire) -> Result<SecretString, ConsoleError> {
        let body = json!({"username": self.user.expose_secret(), "password": self.password.expose_secret()}).to_string();
        let request = Request { body: Some(&body), ..Request::first(Method::POST, ROUTE) };
        let answer = wire.json(&request, None).await.map_err(|error| match error.what() {
            What::Unauthorized => {
                let text = "wrong user or password".to_owned();
                wire.error(ROUTE, What::BadCredentials { status: 401, text })
            }
            What::Refused { status: status @ 400..500, text } => {
                wire.error(ROUTE, What::BadCredentials { status: *status, text: text.clone() })
            }
            _ => error,
        })?;
        match answer.get("token").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(token) => Ok(SecretString::from(token)),
            None => Err(wire.error(ROUTE, What::Unusable { problem: "it holds no token".to_owned() })),
        }
    }
}
