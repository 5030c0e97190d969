//! The Console's token: fetched once for everybody, renewed before it is old, and once more when it is not accepted.

use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::error::{ConsoleError, What};
use super::wire::{Request, Wire};
use crate::plan::redact::Redactor;

/// A token older than this is fetched anew. SaaS tokens wrap one that is valid for ten minutes, and the vendor advises to renew
/// every five; `authenticate/renew` is in no published API description, so that we log in again.
/// Source: pan.dev, "Access the API (SaaS)" (read 2026-11).
const OLD: Duration = Duration::from_secs(4 * 60);

const ROUTE: &str = "authenticate";

/// Knows user and password, and keeps the token.
pub(super) struct Login {
    user: SecretString,
    password: SecretString,
    /// Whoever holds the lock fetches; the others wait for it and find a token.
    token: Mutex<Option<(SecretString, Instant)>>,
}

impl Login {
    pub(super) fn new(user: SecretString, password: SecretString) -> Self {
        Self { user, password, token: Mutex::new(None) }
    }

    /// Returns a token, from the Console if there is none or it is old.
    pub(super) async fn token(&self, wire: &Wire) -> Result<SecretString, ConsoleError> {
        let mut kept = self.token.lock().await;
        if let Some((token, since)) = kept.as_ref()
            && since.elapsed() < OLD
        {
            return Ok(token.clone());
        }
        let token = Box::pin(self.fetch(wire)).await?;
        *kept = Some((token.clone(), Instant::now()));
        Ok(token)
    }

    /// Forgets a token that was not accepted, unless somebody has fetched a newer one already.
    pub(super) async fn forget(&self, refused: &SecretString) {
        let mut kept = self.token.lock().await;
        let same = kept.as_ref().is_some_and(|(token, _)| token.expose_secret() == refused.expose_secret());
        if same {
            *kept = None;
        }
    }

    async fn fetch(&self, wire: &Wire) -> Result<SecretString, ConsoleError> {
        let body = json!({"username": self.user.expose_secret(), "password": self.password.expose_secret()});
        let redactor = Redactor::default();
        let request = Request { method: Method::POST, route: ROUTE, query: &[], body: Some(&body), redactor: &redactor };
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
