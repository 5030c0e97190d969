//! What the Console is asked for: is it there, which version is it, does it know an image, and the embedding itself.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::address::{ConsoleUrl, api_of};
use super::error::{ConsoleError, What};
use super::login::Login;
use super::tls::CaBundle;
use super::wire::{Request, Turn, Waiting, Wire};
use crate::ids::{AccountId, RegionName};
use crate::once::Recent;
use crate::plan::defender::{self, DefenderToday};
use crate::plan::entrypoint::Lookup;
use crate::plan::image;
use crate::plan::policy::Policy;
use crate::plan::question::Question;
use crate::plan::redact::Redactor;
use crate::plan::template::Template;
use crate::plan::window::Window;

const EMBED: &str = "defenders/fargate.json";
const REGISTRY: &str = "registry";
const CERTIFICATES: &str = "settings/certs";

/// `GET /registry` gives at most 50 elements a page on SaaS.
/// Source: Prisma Cloud Compute API, `GET /registry`, `limit` (34.04).
const REGISTRY_PAGE: &str = "50";

/// `GET /registry` may be called so often in so long a time.
/// Source: pan.dev, openapi-specs/compute/desc/registry/get.md, "30 requests per 30 seconds" (read 2026-11).
const REGISTRY_CALLS: usize = 30;
const REGISTRY_TIME: Duration = Duration::from_secs(30);

/// So many answers are kept: definitions that are the same in many accounts are few, and asked for again and again.
const ANSWERS_KEPT: usize = 256;

/// So many images' scans are kept, of those that were asked for last.
const SCANS_KEPT: usize = 1024;

/// What was asked: the query and the definition.
type Asked = (Vec<(&'static str, String)>, String);

/// One Console, as one user.
pub struct Console {
    pub(super) wire: Wire,
    pub(super) login: Login,
    /// The name Defenders connect to: a host, without port and path.
    defenders_connect_to: String,
    /// As text: a document takes many times as much memory.
    answers: Recent<Asked, Arc<str>, ConsoleError>,
    scans: Recent<String, Scan, ConsoleError>,
    /// Known once it has said so: the user is the same for every image.
    may_see_scans: AtomicBool,
    registry_calls: Mutex<Window>,
}

/// What differs between Consoles besides their addresses and users.
#[derive(Clone, Debug, Default)]
pub struct ConsoleOptions<'a> {
    /// The name Defenders connect to, if it is not the Console's host.
    pub defenders_connect_to: Option<String>,
    /// Who may have signed its certificate, besides those that the machine trusts.
    pub authorities: Option<&'a CaBundle>,
    /// The project that is asked, where it has several.
    pub project: Option<String>,
}

/// What the Console knows of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scan {
    /// Nothing.
    None,
    /// Its user may not see scans.
    NotAllowed,
    /// ENTRYPOINT and CMD in one list.
    Joined(Vec<String>),
}

/// What one embed call asks for beside the definition itself.
#[derive(Default)]
struct Wishes<'a> {
    lookup: Option<&'a Lookup>,
    defender_image: Option<String>,
    pull_secret: Option<String>,
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
        options: ConsoleOptions<'_>,
        waiting: Waiting,
    ) -> Result<Self, String> {
        let ConsoleOptions { defenders_connect_to, authorities, project } = options;
        let defenders_connect_to = defenders_connect_to.unwrap_or_else(|| url.host().to_owned());
        let secrets = Redactor::hiding([password.expose_secret()]);
        let wire = Wire::new(url, authorities, project, secrets, waiting)?;
        Ok(Self {
            wire,
            login: Login::new(user, password),
            defenders_connect_to,
            answers: Recent::keeping(ANSWERS_KEPT),
            scans: Recent::keeping(SCANS_KEPT),
            may_see_scans: AtomicBool::new(true),
            registry_calls: Mutex::new(Window::new(REGISTRY_CALLS, REGISTRY_TIME)),
        })
    }

    /// Returns the name Defenders connect to.
    pub fn defenders_connect_to(&self) -> &str {
        &self.defenders_connect_to
    }

    /// Makes sure that a Console is there.
    ///
    /// # Errors
    ///
    /// When nothing answers.
    pub async fn ping(&self) -> Result<(), ConsoleError> {
        let request = Request::first(Method::GET, "_ping");
        match self.wire.json(&request, None).await {
            Ok(_) => Ok(()),
            // What it answers is not documented, only that it does; a page, though, comes from somewhere else.
            Err(error) => match error.what() {
                What::NotJson { status: 200..300, kind } if kind != "a web page" => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Returns the Console's version, such as `34.03.138`, and uses that version of its API from then on.
    ///
    /// # Errors
    ///
    /// When the Console does not tell.
    pub async fn version(&self) -> Result<String, ConsoleError> {
        let request = Request::first(Method::GET, "version");
        let answer = self.wire.json(&request, Some(&self.login)).await?;
        let version = answer.as_str().map(str::to_owned);
        let version =
            version.ok_or_else(|| self.wire.error("version", What::Unusable { problem: "it is not a text".to_owned() }))?;
        if let Some(api) = api_of(&version) {
            self.wire.use_api(api);
        }
        Ok(version)
    }

    /// Returns the names in the Console's certificate, which Defenders check; nothing when it does not tell, or not to this user.
    ///
    /// `GET /defenders/names` is no such list, whatever the vendor's prose says.
    /// Source: pan.dev, openapi-specs/compute/desc/settings/certs_get.md, against desc/defenders/names_get.md (read 2026-11).
    pub async fn certificate_names(&self) -> Option<Vec<String>> {
        let request = Request::first(Method::GET, CERTIFICATES);
        let answer = self.wire.json(&request, Some(&self.login)).await.ok()?;
        let names = answer.get("consoleSAN").and_then(Value::as_array)?.iter();
        Some(names.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Learns what the Console embeds today, by having it embed the sample task definition, in the caller's own account and Region.
    ///
    /// A Console before 22.12 does not know `defenderImage` and embeds its own image all the same; then no other is asked for later
    /// ([`DefenderToday::asked_image`]).
    ///
    /// # Errors
    ///
    /// When the Console does not do it, or its answer holds no whole Defender.
    pub async fn defender_today(
        &self,
        policy: &Policy,
        version: &str,
        account: &AccountId,
        region: &RegionName,
    ) -> Result<DefenderToday, ConsoleError> {
        let fill = |template: &Template| template.fill(account, region, version);
        let asked = policy.defender_image.as_ref().map(fill);
        let wishes = Wishes { defender_image: asked.clone(), ..Wishes::default() };
        let answer = self.send(&defender::sample(), &wishes, policy, (None, Turn::First)).await?;
        let today = DefenderToday::from_sample(&answer)
            .map_err(|problem| self.wire.error(EMBED, What::Unusable { problem: problem.to_string() }))?;
        Ok(match (&policy.defender_image, asked) {
            (Some(template), Some(asked)) if today.is_image(&asked) => today.mirrored(template.clone(), version),
            _ => today,
        })
    }

    /// Has the Defender embedded, and returns the Console's answer as it is. What is more urgent comes first. An equal question that was
    /// asked lately is not asked again.
    ///
    /// # Errors
    ///
    /// When the Console refuses, or does not answer with JSON. What it says is cleaned of the definition's secrets.
    pub async fn embed(
        &self,
        question: &Question,
        today: &DefenderToday,
        policy: &Policy,
        (account, region): (&AccountId, &RegionName),
        secrets: &Redactor,
        urgency: usize,
    ) -> Result<Value, ConsoleError> {
        let wishes = Wishes {
            lookup: question.lookup.as_ref(),
            defender_image: today.asked_image(account, region),
            pull_secret: policy.pull_secret_in(account, region),
        };
        let turn = if question.lookup.is_some() { Turn::LooksElsewhere(urgency) } else { Turn::ByUrgency(urgency) };
        self.send(&question.body, &wishes, policy, (Some(secrets), turn)).await
    }

    /// Embedding changes nothing on the Console, so that it can be repeated.
    ///
    /// There is no parameter for FIPS in any published version of the API, and parameters left out have their defaults.
    /// Source: Prisma Cloud Compute API, `POST /defenders/fargate.json`, versions 22.12 to 34.04.
    async fn send(
        &self,
        body: &Value,
        wishes: &Wishes<'_>,
        policy: &Policy,
        (secrets, turn): (Option<&Redactor>, Turn),
    ) -> Result<Value, ConsoleError> {
        let mut query = vec![
            ("consoleaddr", self.defenders_connect_to.clone()),
            ("defenderType", "appEmbedded".to_owned()),
            ("filesystemMonitoring", policy.file_system_monitoring.to_string()),
        ];
        let lookup = wishes.lookup.cloned();
        let extract = lookup.as_ref().map(|_| true.to_string());
        let Lookup { registry_type, credential_id } = lookup.unwrap_or_default();
        let given = [
            ("interpreter", policy.interpreter.clone()),
            ("defenderImage", wishes.defender_image.clone()),
            ("defenderImagePullSecret", wishes.pull_secret.clone()),
            ("extractEntrypoint", extract),
            ("registryType", registry_type),
            ("registryCredentialID", credential_id),
        ];
        query.extend(given.into_iter().filter_map(|(name, value)| Some((name, value?))));
        let body = body.to_string();
        let request = Request { query: &query, body: Some(&body), secrets, turn, ..Request::first(Method::POST, EMBED) };
        let embed = async { self.wire.json(&request, Some(&self.login)).await.map(|answer| Arc::from(answer.to_string())) };
        // Equal questions have equal answers, whoever asks.
        let answer: Arc<str> = self.answers.get((query.clone(), body.clone()), embed).await?;
        // It was written by us, from a document.
        Ok(serde_json::from_str(&answer).unwrap_or_default())
    }

    /// Returns what the Console's scan of exactly this image says it runs, asked once for each of the images that were asked for lately.
    ///
    /// # Errors
    ///
    /// When the Console does not tell.
    pub async fn scan(&self, image: &str) -> Result<Scan, ConsoleError> {
        if !self.may_see_scans.load(Ordering::Relaxed) {
            return Ok(Scan::NotAllowed);
        }
        self.scans.get(image.to_owned(), self.ask_for_scan(image)).await
    }

    async fn ask_for_scan(&self, image: &str) -> Result<Scan, ConsoleError> {
        let wait = self.registry_calls.lock().unwrap_or_else(PoisonError::into_inner).reserve(Instant::now());
        // A run that is asked to stop asks at once: the request itself is given up then.
        let _ = self.wire.wait(wait).await;
        let query = [("name", image.to_owned()), ("limit", REGISTRY_PAGE.to_owned())];
        let request = Request { query: &query, ..Request::first(Method::GET, REGISTRY) };
        match self.wire.json(&request, Some(&self.login)).await {
            // Nothing found is `null`, not an empty list (PaloAltoNetworks/prismacloud-api-python, cwpp.py).
            Ok(Value::Null) => Ok(Scan::None),
            Ok(Value::Array(elements)) => {
                let scan = elements.iter().find(|element| image::is_scan_of(element, image));
                Ok(scan.map_or(Scan::None, |scan| Scan::Joined(image::scanned_entry_point(scan))))
            }
            Ok(_) => Err(self.wire.error(REGISTRY, What::Unusable { problem: "it is not a list".to_owned() })),
            Err(error) => {
                // Not so a page with status 403: it comes from something in between, which may let the next question through.
                if !matches!(error.what(), What::Forbidden { .. }) {
                    return Err(error);
                }
                self.may_see_scans.store(false, Ordering::Relaxed);
                Ok(Scan::NotAllowed)
            }
        }
    }
}
