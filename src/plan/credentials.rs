//! Whose name and password a registry is asked with: Docker's own configuration, and what of it goes to which registry.
//!
//! A password goes to the registry that it was given for and to no other: task definitions name registries, and whoever may write
//! one must not be able to collect passwords with it.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::image::{DOCKER_HUB, plain_host};
use super::redact::Redactor;

/// A user and a password.
#[derive(Clone)]
pub struct RegistryLogin {
    pub user: String,
    pub password: SecretString,
}

/// Shows neither: a user may be a token's name.
impl fmt::Debug for RegistryLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistryLogin")
    }
}

impl RegistryLogin {
    /// Reads `{"username": …, "password": …}`, which is how ECS has the secrets of `repositoryCredentials`.
    /// Source: Amazon ECS Developer Guide, "Using non-AWS container images in Amazon ECS" (read 2026-11).
    pub fn from_secret(secret: &Value) -> Option<Self> {
        let text = |key: &str| secret.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        Some(Self { user: text("username")?.to_owned(), password: text("password")?.into() })
    }

    /// Returns what hides it in texts from elsewhere: the password, alone and as Basic authorization sends it.
    pub fn redactor(&self) -> Redactor {
        let password = self.password.expose_secret();
        let basic = STANDARD.encode(format!("{}:{password}", self.user));
        Redactor::hiding([password, basic.as_str()])
    }

    /// Takes `user:password` apart.
    pub fn from_pair(pair: &str) -> Option<Self> {
        let (user, password) = pair.split_once(':').filter(|(user, password)| !user.is_empty() && !password.is_empty())?;
        Some(Self { user: user.to_owned(), password: password.into() })
    }
}

/// Logins by registry.
#[derive(Clone, Debug, Default)]
pub struct RegistryLogins(BTreeMap<String, RegistryLogin>);

/// Why a text is not Docker's configuration. The text itself is left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAuthConfig {
    #[error("it is neither JSON nor JSON in base64")]
    NotJson,
    #[error("it has no `auths`, or none that is an object")]
    NoAuths,
    #[error("its entry for {registry} holds no user and password; an identity token or a credential helper cannot be used")]
    NoPassword { registry: String },
}

impl RegistryLogins {
    /// Reads Docker's configuration, `{"auths": {"registry.example.com": {"auth": "dXNlcjpwYXNz"}}}`, as it is or in base64, which
    /// is what other vendors' patching tools call a pull token.
    ///
    /// Source: docker/cli, `cli/config/configfile`: `auth` is base64 of `user:password`; `username` and `password` may stand instead.
    ///
    /// # Errors
    ///
    /// When it is something else, or an entry holds nothing that can be used.
    pub fn from_auth_config(text: &str) -> Result<Self, BadAuthConfig> {
        let text = text.trim();
        let decoded = if text.starts_with('{') { text.as_bytes().to_vec() } else { from_base64(text).unwrap_or_default() };
        let config: Value = serde_json::from_slice(&decoded).map_err(|_| BadAuthConfig::NotJson)?;
        let auths = config.get("auths").and_then(Value::as_object).ok_or(BadAuthConfig::NoAuths)?;
        let mut logins = BTreeMap::new();
        for (registry, entry) in auths {
            let pair = entry.get("auth").and_then(Value::as_str).and_then(from_base64);
            let pair = pair.and_then(|pair| RegistryLogin::from_pair(std::str::from_utf8(&pair).ok()?.trim_end_matches('\0')));
            let host = host_of(registry);
            let login = pair.or_else(|| RegistryLogin::from_secret(entry));
            let login = login.ok_or_else(|| BadAuthConfig::NoPassword { registry: host.to_owned() })?;
            logins.insert(host.to_owned(), login);
        }
        Ok(Self(logins))
    }

    /// Adds the login of Docker Hub, unless there is one.
    pub fn or_docker_hub(&mut self, login: RegistryLogin) {
        let _ = self.0.entry(DOCKER_HUB.to_owned()).or_insert(login);
    }

    /// Adds another's logins where there are none.
    pub fn or(&mut self, others: Self) {
        for (registry, login) in others.0 {
            let _ = self.0.entry(registry).or_insert(login);
        }
    }

    /// Returns the login for a registry.
    pub fn of(&self, registry: &str) -> Option<&RegistryLogin> {
        self.0.get(registry)
    }
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.split_whitespace().collect::<String>()).ok()
}

/// Returns the registry of a key of `auths`, which may be a host or an address such as `https://index.docker.io/v1/`.
fn host_of(key: &str) -> &str {
    let key = key.split_once("://").map_or(key, |(_, rest)| rest);
    let host = key.split('/').next().unwrap_or(key);
    // A user and a password before it are not used, and must not be told either.
    plain_host(host.rsplit_once('@').map_or(host, |(_, host)| host))
}
