//! Requests to the Console and what comes back: sent, judged, repeated within a bound, and cleaned of secrets.
//!
//! Nothing in here knows what a route is for. Answers are judged by what they are, not by what they claim: a load balancer's page
//! with status 200 is a page. TLS is always verified, and redirects are not followed, because a Console that redirects an API
//! call is answering from the wrong path.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::address::{ConsoleUrl, NEWEST_API};
use super::error::{ConsoleError, What};
use super::login::Login;
use super::slots::Slots;
use super::tls::CaBundle;
use crate::plan::redact::Redactor;
use crate::plan::retry::{Patience, Trouble};
use crate::progress::Progress;

/// With entry point extraction the Console itself asks a registry before it answers, which takes its time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);

/// One request.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// The route below `/api/v34.03/`, or below `/api/v1/`.
    pub(super) route: &'static str,
    pub(super) query: &'a [(&'static str, String)],
    /// JSON.
    pub(super) body: Option<&'a str>,
    /// What its error texts must not show, beside what no text may.
    pub(super) secrets: Option<&'a Redactor>,
    pub(super) turn: Turn,
}

/// When the turn of a request comes.
#[derive(Clone, Copy)]
pub(super) enum Turn {
    /// Before all others: many may wait for its answer.
    First,
    /// Behind whatever is more urgent.
    ByUrgency(usize),
    /// The same for a request that makes the Console look into a registry: how long that takes says nothing about the Console.
    LooksElsewhere(usize),
}

impl<'a> Request<'a> {
    /// Returns a request without anything that goes before all others.
    pub(super) fn first(method: Method, route: &'static str) -> Self {
        Self { method, route, query: &[], body: None, secrets: None, turn: Turn::First }
    }
}

/// How requests wait before another try, and no longer once the run is asked to stop.
pub struct Waiting {
    /// The longest wait before the second try.
    pub first_wait: Duration,
    /// How many runs ask the same Console at once: each takes its share of what it can do.
    pub runs: u32,
    /// Where requests are counted that are not answered yet.
    pub progress: Arc<Progress>,
    pub stop: CancellationToken,
}

/// Routes that are asked for before the Console's version is known, or to learn it.
const BEFORE_THE_VERSION: [&str; 3] = ["_ping", "authenticate", "version"];

/// The connection to one Console.
pub(super) struct Wire {
    http: reqwest::Client,
    url: ConsoleUrl,
    /// The Console's own version of the API, once it is known. Empty when the Console does not serve it.
    api: RwLock<String>,
    /// Named in every request but those that log in: a user may be let into one project only.
    /// Source: pan.dev, "Access the API (self-hosted)", on projects (read 2026-11).
    project: Option<String>,
    patience: Patience,
    waiting: Waiting,
    slots: Slots,
    secrets: Redactor,
}

impl Wire {
    pub(super) fn new(
        url: ConsoleUrl,
        authorities: Option<&CaBundle>,
        project: Option<String>,
        secrets: Redactor,
        waiting: Waiting,
    ) -> Result<Self, String> {
        let http = reqwest::Client::builder()
            .tls_certs_merge(authorities.into_iter().flat_map(CaBundle::certificates))
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(ANSWER_TIMEOUT)
            .user_agent(concat!("fargate-updater/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| error.to_string())?;
        let longest_wait = Duration::from_secs(30).min(waiting.first_wait.saturating_mul(60));
        let patience = Patience { throttled_tries: 10, unclear_tries: 5, first_wait: waiting.first_wait, longest_wait };
        let slots = Slots::shared_by(waiting.runs);
        Ok(Self { http, url, api: RwLock::default(), project, patience, waiting, slots, secrets })
    }

    /// Uses the versioned API from now on. Consoles before 21.08 have none, and one that does not serve its own is asked for the
    /// newest as soon as it says so.
    pub(super) fn use_api(&self, api: String) {
        *self.api.write().unwrap_or_else(PoisonError::into_inner) = api;
    }

    /// Returns the API that a route is asked for in.
    fn api(&self, route: &str) -> String {
        let api = self.api.read().unwrap_or_else(PoisonError::into_inner);
        if api.is_empty() || BEFORE_THE_VERSION.contains(&route) { NEWEST_API.to_owned() } else { api.clone() }
    }

    /// Waits, unless the run is asked to stop; returns whether it waited.
    pub(super) async fn wait(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.waiting.stop.cancelled() => false,
        }
    }

    pub(super) fn error(&self, route: &'static str, what: What) -> ConsoleError {
        ConsoleError { route, console: self.url.clone(), what }
    }

    /// Sends a request and returns its JSON. With a login, the request carries its token.
    ///
    /// A token that is not accepted is renewed once for each request, and never again: a login that yields tokens which are not
    /// accepted must not go round in circles. SaaS answers 500 when the token behind the token has ended, so that the first 500
    /// renews it as well (PaloAltoNetworks/pcs-cwp-fargate-deploy, commit 4912089, does so without a bound).
    pub(super) async fn json(&self, request: &Request<'_>, login: Option<&Login>) -> Result<Value, ConsoleError> {
        let mut tries = 0;
        let mut renewed = false;
        loop {
            let token = match login {
                Some(login) => Some(login.token(self).await?),
                None => None,
            };
            let api = self.api(request.route);
            let (error, asked) = match self.try_once(request, &api, token.as_ref()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if error.is_not_found() && api != NEWEST_API {
                debug!(route = request.route, api, "the Console does not serve this version of its API");
                self.use_api(String::new());
                continue;
            }
            let stale =
                matches!(&error.what, What::Unauthorized | What::Refused { status: 500, .. } | What::NotJson { status: 500, .. });
            if let (Some(login), Some(token), true, false) = (login, &token, stale, renewed) {
                renewed = true;
                login.forget(token).await;
                if error.what == What::Unauthorized {
                    continue;
                }
            }
            tries += 1;
            let wait = error.trouble().and_then(|trouble| self.patience.wait(trouble, tries, asked, fastrand::f64()));
            let Some(wait) = wait else { return Err(error) };
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            if error.trouble() == Some(Trouble::Throttled) {
                debug!(route = request.route, tries, wait_ms, "the Console is busy");
            } else {
                warn!(route = request.route, tries, wait_ms, %error, "asking the Console again");
            }
            if !self.wait(wait).await {
                return Err(error);
            }
        }
    }

    async fn try_once(
        &self,
        request: &Request<'_>,
        api: &str,
        token: Option<&SecretString>,
    ) -> Result<Value, (ConsoleError, Option<Duration>)> {
        // Nothing that is asked of the Console changes anything, so that a run that is asked to stop can let go at once.
        tokio::select! {
            biased;
            () = self.waiting.stop.cancelled() => {
                let reason = "the run is stopping".to_owned();
                Err((self.error(request.route, What::Unreachable { reason }), None))
            }
            answer = self.ask(request, api, token) => answer,
        }
    }

    async fn ask(
        &self,
        request: &Request<'_>,
        api: &str,
        token: Option<&SecretString>,
    ) -> Result<Value, (ConsoleError, Option<Duration>)> {
        let unreachable = |error: &reqwest::Error| {
            // The URL in reqwest's text would repeat ours, with the query.
            let reason = self.clean(request, &Redactor::default().clean_chain(error));
            (self.error(request.route, What::Unreachable { reason }), None)
        };
        let (urgency, tells) = match request.turn {
            Turn::First => (usize::MAX, false),
            Turn::ByUrgency(urgency) => (urgency, true),
            Turn::LooksElsewhere(urgency) => (urgency, false),
        };
        let slot = self.slots.take(urgency).await;
        let _unanswered = self.waiting.progress.unanswered_by_console.during();
        self.waiting.progress.console_calls.add(1);
        let started = Instant::now();
        let answered = async {
            let response = self.built(request, api, token).send().await?;
            Ok((response.status().as_u16(), response.headers().clone(), response.bytes().await?))
        };
        let (status, headers, body) = answered.await.map_err(|error: reqwest::Error| {
            if error.is_timeout() {
                slot.was_busy();
            }
            unreachable(&error.without_url())
        })?;
        match status {
            429 | 503 => {
                slot.was_busy();
                self.waiting.progress.console_throttled.add(1);
            }
            200..300 if tells => slot.answered(started.elapsed()),
            _ => {}
        }
        drop(slot);
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        debug!(route = request.route, status, took_ms, "called the Console");
        self.judge(request, status, &headers, &body).map_err(|what| {
            let asked = if matches!(status, 429 | 503) { retry_after(&headers, SystemTime::now()) } else { None };
            (self.error(request.route, what), asked)
        })
    }

    fn built(&self, request: &Request<'_>, api: &str, token: Option<&SecretString>) -> RequestBuilder {
        let mut built = self.http.request(request.method.clone(), self.url.route(api, request.route)).query(request.query);
        if let Some(token) = token {
            built = built.bearer_auth(token.expose_secret());
            built = built.query(&self.project.as_ref().map(|project| [("project", project)]));
        }
        match request.body {
            Some(body) => built.header(CONTENT_TYPE, "application/json").body(body.to_owned()),
            None => built,
        }
    }

    /// Tells an answer from what only looks like one.
    fn judge(&self, request: &Request<'_>, status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Value, What> {
        let json = serde_json::from_slice::<Value>(body);
        if (200..300).contains(&status) {
            return json.map_err(|error| {
                let looks_like_json = matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
                if looks_like_json {
                    What::Unreachable { reason: format!("its JSON breaks off or is broken (column {})", error.column()) }
                } else {
                    What::NotJson { status, kind: kind_of(headers, body) }
                }
            });
        }
        let text = match &json {
            Ok(Value::Object(members)) => members.get("err").or_else(|| members.get("message")).and_then(Value::as_str),
            _ => None,
        };
        let text = text.map(|text| self.clean(request, text));
        Err(match (status, text) {
            (429, _) => What::TooBusy,
            (401, _) => What::Unauthorized,
            (300..=399, _) => What::Redirected { status },
            (403, Some(text)) => What::Forbidden { text },
            (_, Some(text)) => What::Refused { status, text },
            (_, None) => What::NotJson { status, kind: kind_of(headers, body) },
        })
    }

    /// Returns a text of the Console's without our secrets and the request's.
    fn clean(&self, request: &Request<'_>, text: &str) -> String {
        let ours = self.secrets.clean_line(text);
        let clean = request.secrets.map_or(ours, |secrets| self.secrets.and(secrets).clean_line(text));
        // A page in an error field helps nobody.
        clean.chars().take(500).collect()
    }
}

/// Returns what a body is, in words: never the body itself.
fn kind_of(headers: &HeaderMap, body: &[u8]) -> String {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let start = body.trim_ascii_start().get(..1);
    if body.is_empty() {
        "an empty body".to_owned()
    } else if content_type.starts_with("text/html") || start == Some(b"<") {
        "a web page".to_owned()
    } else if content_type.is_empty() {
        format!("{} bytes of something", body.len())
    } else {
        format!("{} bytes of {}", body.len(), content_type.split(';').next().unwrap_or_default())
    }
}

/// Reads `Retry-After`: seconds, or a date. Source: RFC 9110, section 10.2.3.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    httpdate::parse_http_date(text).ok()?.duration_since(now).ok()
}
