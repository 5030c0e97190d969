//! What the Console is asked for: is it there, which version is it, does it know an image, and the embedding itself.

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;

use super::address::ConsoleUrl;
use super::error::{ConsoleError, What};
use super::login::Login;
use super::wire::{Request, Waiting, Wire};
use crate::once::Once;
use crate::plan::defender::{self, DefenderToday};
use crate::plan::entrypoint::{self, Question, Source};
use crate::plan::policy::Policy;
use crate::plan::redact::Redactor;

const EMBED: &str = "defenders/fargate.json";
const REGISTRY: &str = "registry";

/// `GET /registry` gives at most 50 elements a page on SaaS.
/// Source: Prisma Cloud Compute API, `GET /registry`, `limit` (34.04).
const REGISTRY_PAGE: &str = "50";

/// One Console, as one user.
pub struct Console {
    wire: Wire,
    login: Login,
    /// The name Defenders connect to: a host, without port and path.
    defenders_connect_to: String,
    scans: Once<String, bool, ConsoleError>,
    /// `GET /registry` is limited to 30 calls in 30 seconds, so that only one is asking at a time.
    registry_turn: Mutex<()>,
}

impl Console {
    /// Returns a client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// When no HTTPS client can be made on this machine.
    pub fn new(
        url: ConsoleUrl,
        user: SecretString,
        password: SecretString,
        defenders_connect_to: Option<String>,
        waiting: Waiting,
    ) -> Result<Self, String> {
        let defenders_connect_to = defenders_connect_to.unwrap_or_else(|| url.host().to_owned());
        let secrets = Redactor::hiding([password.expose_secret()]);
        let wire = Wire::new(url, secrets, waiting)?;
        Ok(Self {
            wire,
            login: Login::new(user, password),
            defenders_connect_to,
            scans: Once::default(),
            registry_turn: Mutex::new(()),
        })
    }

    /// Makes sure that a Console is there.
    ///
    /// # Errors
    ///
    /// When nothing answers.
    pub async fn ping(&self) -> Result<(), ConsoleError> {
        let request = Request { method: Method::GET, route: "_ping", query: &[], body: None, secrets: None };
        match self.wire.json(&request, None).await {
            Ok(_) => Ok(()),
            // What it answers is not documented, only that it does; a page, though, comes from somewhere else.
            Err(error) => match error.what() {
                What::NotJson { status: 200..300, kind } if kind != "a web page" => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Returns the Console's version, such as `34.03.138`.
    ///
    /// # Errors
    ///
    /// When the Console does not tell.
    pub async fn version(&self) -> Result<String, ConsoleError> {
        let request = Request { method: Method::GET, route: "version", query: &[], body: None, secrets: None };
        let answer = self.wire.json(&request, Some(&self.login)).await?;
        let version = answer.as_str().map(str::to_owned);
        version.ok_or_else(|| self.wire.error("version", What::Unusable { problem: "it is not a text".to_owned() }))
    }

    /// Learns what the Console embeds today, by having it embed the sample task definition.
    ///
    /// # Errors
    ///
    /// When the Console does not do it, or its answer holds no whole Defender.
    pub async fn defender_today(&self, policy: &Policy) -> Result<DefenderToday, ConsoleError> {
        let answer = self.send(&defender::sample(), None, policy, None).await?;
        DefenderToday::from_sample(&answer)
            .map_err(|problem| self.wire.error(EMBED, What::Unusable { problem: problem.to_string() }))
    }

    /// Has the Defender embedded, and returns the Console's answer as it is.
    ///
    /// # Errors
    ///
    /// When the Console refuses, or does not answer with JSON. What it says is cleaned of the definition's secrets.
    pub async fn embed(&self, question: &Question, policy: &Policy, secrets: &Redactor) -> Result<Value, ConsoleError> {
        self.send(&question.body, question.lookup.as_ref(), policy, Some(secrets)).await
    }

    /// Embedding changes nothing on the Console, so that it can be repeated.
    ///
    /// There is no parameter for FIPS in any published version of the API, and parameters left out have their defaults.
    /// Source: Prisma Cloud Compute API, `POST /defenders/fargate.json`, versions 22.12 to 34.04.
    async fn send(
        &self,
        body: &Value,
        lookup: Option<&Source>,
        policy: &Policy,
        secrets: Option<&Redactor>,
    ) -> Result<Value, ConsoleError> {
        let mut query = vec![
            ("consoleaddr", self.defenders_connect_to.clone()),
            ("defenderType", "appEmbedded".to_owned()),
            ("filesystemMonitoring", policy.file_system_monitoring.to_string()),
        ];
        if lookup.is_some() {
            query.push(("extractEntrypoint", "true".to_owned()));
        }
        if let Some(Source::Registry { registry_type, credential_id }) = lookup {
            query.push(("registryType", registry_type.clone()));
            query.extend(credential_id.iter().map(|credential_id| ("registryCredentialID", credential_id.clone())));
        }
        let request = Request { method: Method::POST, route: EMBED, query: &query, body: Some(body), secrets };
        self.wire.json(&request, Some(&self.login)).await
    }

    /// Returns whether the Console has scanned exactly this image, asked once per image and run.
    ///
    /// A user who may not see scan results is answered "no", and the Console then asks the image's registry.
    ///
    /// # Errors
    ///
    /// When the Console does not tell.
    pub async fn has_scanned(&self, image: &str) -> Result<bool, ConsoleError> {
        self.scans.get(image.to_owned(), self.ask_for_scan(image)).await
    }

    async fn ask_for_scan(&self, image: &str) -> Result<bool, ConsoleError> {
        let _turn = self.registry_turn.lock().await;
        let query = [("name", image.to_owned()), ("limit", REGISTRY_PAGE.to_owned())];
        let request = Request { method: Method::GET, route: REGISTRY, query: &query, body: None, secrets: None };
        match self.wire.json(&request, Some(&self.login)).await {
            // Nothing found is `null`, not an empty list (PaloAltoNetworks/prismacloud-api-python, cwpp.py).
            Ok(Value::Null) => Ok(false),
            Ok(Value::Array(elements)) => Ok(elements.iter().any(|element| entrypoint::is_scan_of(element, image))),
            Ok(_) => Err(self.wire.error(REGISTRY, What::Unusable { problem: "it is not a list".to_owned() })),
            Err(error) if matches!(error.what(), What::Forbidden { .. } | What::NotJson { status: 403, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
