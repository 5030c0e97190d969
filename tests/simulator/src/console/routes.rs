//! One request to one answer: the table of routes, and what each asks of the state.
//!
//! Synchronous and without HTTP; `running` has already counted, delayed and perhaps refused the request.

use std::time::Instant;

use axum::http::Method;
use serde_json::{Value, json};

use super::address::{Address, ApiVersion};
use super::answer::{Answer, LOGIN_PAGE};
use super::defenders;
use super::embed;
use super::errors::{ConsoleError, FORBIDDEN, INVALID_CREDENTIALS, NOT_FOUND, NOT_JSON, RATE_LIMITED};
use super::parameters::{EmbedParameters, Query};
use super::registry;
use super::running::{Embed, State};

/// A request, read.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Query,
    pub(super) authorization: Option<String>,
    /// The name in the `Host` header, without the port.
    pub(super) host: String,
    pub(super) body: String,
}

/// The routes of the Console. What isn't here is answered with 404, other methods included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Ping,
    Authenticate,
    Renew,
    Version,
    Registry,
    RegistryScan,
    Certificates,
    RegistrySettings,
    Defenders,
    DefenderNames,
    DefenderImageName,
    InstallBundle,
    Credentials,
    EmbedTaskDefinition,
    LoginPage,
    Redirect,
    Unknown,
}

impl Route {
    pub(super) fn of(asked: &Asked, console: &super::Console) -> (Self, ApiVersion) {
        let (version, route) = match Address::of(&asked.path, console) {
            Address::Api { version, route } => (version, route),
            Address::Nothing => return (Self::Unknown, ApiVersion::Newest),
            Address::OtherTenant if asked.path == "/login" => return (Self::LoginPage, ApiVersion::Newest),
            Address::OtherTenant => return (Self::Redirect, ApiVersion::Newest),
        };
        let route = match (asked.method.as_str(), route) {
            ("GET", "_ping") => Self::Ping,
            ("POST", "authenticate") => Self::Authenticate,
            // Described in prose only, never in a versioned specification.
            // Source: pan.dev, openapi-specs/cwpp/desc/authenticate/renew_get.md.
            ("GET", "authenticate/renew") if version == ApiVersion::Newest => Self::Renew,
            ("GET", "version") => Self::Version,
            ("GET", "registry") => Self::Registry,
            ("POST", "registry/scan") => Self::RegistryScan,
            ("GET", "settings/certs") => Self::Certificates,
            ("GET", "settings/registry") => Self::RegistrySettings,
            ("GET", "defenders") => Self::Defenders,
            ("GET", "defenders/names") => Self::DefenderNames,
            ("GET", "defenders/image-name") => Self::DefenderImageName,
            ("GET", "defenders/install-bundle") => Self::InstallBundle,
            ("GET", "credentials") => Self::Credentials,
            ("POST", "defenders/fargate.json") => Self::EmbedTaskDefinition,
            _ => Self::Unknown,
        };
        (route, version)
    }

    /// Returns the operation as the gate names it, such as `POST defenders/fargate.json`, for every version of the API alike.
    pub(super) fn operation(self, asked: &Asked) -> String {
        let below = asked.path.split_once("/api/v").and_then(|(_, rest)| rest.split_once('/')).map(|(_, route)| route);
        match self {
            Self::Redirect | Self::LoginPage => format!("{} {}", asked.method, asked.path),
            _ => format!("{} {}", asked.method, below.unwrap_or(&asked.path)),
        }
    }

    /// Returns what the request is about, for people: the family, or the image.
    pub(super) fn subject(self, asked: &Asked) -> String {
        match self {
            Self::EmbedTaskDefinition => {
                let body: Value = serde_json::from_str(&asked.body).unwrap_or_default();
                let family = body["family"].as_str().or_else(|| body["Properties"]["Family"].as_str());
                family.unwrap_or_default().to_owned()
            }
            Self::Registry => asked.query.first("name").or_else(|| asked.query.first("search")).unwrap_or_default().to_owned(),
            _ => String::new(),
        }
    }

    /// Returns whether its answer tells of Defenders.
    pub(super) fn lists_defenders(self) -> bool {
        matches!(self, Self::Defenders | Self::DefenderNames)
    }

    fn needs_authorization(self) -> bool {
        !matches!(self, Self::Ping | Self::Authenticate | Self::LoginPage | Self::Redirect | Self::Unknown)
    }
}

/// Answers one request.
pub(super) fn answer(state: &mut State, route: Route, version: ApiVersion, asked: &Asked) -> Answer {
    let answered = (|| {
        if route.needs_authorization() {
            state.sessions.authorize(&state.console, asked.authorization.as_deref())?;
        }
        work(state, route, version, asked)
    })();
    answered.unwrap_or_else(Answer::from).uncached()
}

fn work(state: &mut State, route: Route, version: ApiVersion, asked: &Asked) -> Result<Answer, ConsoleError> {
    let console = &mut state.console;
    match route {
        // The specification calls the body a byte array; its content is not public.
        Route::Ping => Ok(Answer::text(200, "text/plain; charset=utf-8", "OK")),
        Route::Authenticate => log_in(state, &asked.body),
        Route::Renew => {
            let token = state.sessions.issue(&console.user);
            Ok(Answer::json(&json!({ "token": token })))
        }
        Route::Version => Ok(Answer::json(&json!(console.version))),
        Route::Registry => {
            if !state.registry_calls.admits(Instant::now(), console.registry_rate_limit) {
                return Err(RATE_LIMITED);
            }
            registry::list(console, &mut state.pending_scans, version, &asked.query)
        }
        Route::RegistryScan => registry::scan(console, &mut state.pending_scans, &asked.body),
        Route::Certificates => Ok(defenders::certificates(console, &asked.host)),
        Route::Credentials if console.may_manage_credentials => Ok(defenders::credentials(console)),
        Route::RegistrySettings if console.may_manage_credentials => Ok(Answer::json(&json!({ "specifications": null }))),
        Route::Credentials | Route::RegistrySettings => Err(FORBIDDEN),
        Route::Defenders | Route::DefenderNames if console.may_not_see_defenders => Err(FORBIDDEN),
        Route::Defenders => {
            let known = [&state.defenders[..], &state.tasks.look(console, &asked.query)].concat();
            defenders::list(console, &known, &asked.query)
        }
        Route::DefenderNames => Ok(defenders::names(&[&state.defenders[..], &state.tasks.defenders(console)].concat())),
        Route::DefenderImageName => Ok(defenders::image_name(console)),
        Route::InstallBundle => Ok(defenders::install_bundle(console, &asked.query)),
        Route::EmbedTaskDefinition => {
            let body: Option<Value> = serde_json::from_str(&asked.body).ok();
            state.keep(|| Embed {
                parameters: asked.query.pairs().to_vec(),
                body: body.clone().unwrap_or_default(),
                received: asked.body.clone(),
            });
            let console = &state.console;
            let parameters = EmbedParameters::read(&asked.query, console.profile)?;
            let embedded = embed::embed(console, &parameters, &body.ok_or(NOT_JSON)?)?;
            Ok(Answer::json(&embedded))
        }
        Route::LoginPage => Ok(Answer::text(200, "text/html; charset=utf-8", LOGIN_PAGE)),
        Route::Redirect => Ok(Answer::text(302, "text/html; charset=utf-8", "").with_header("location", "/login")),
        Route::Unknown => Err(NOT_FOUND),
    }
}

/// Source: pan.dev, openapi-specs/compute/openapi-34-04-145-sh.json, `api.AuthenticationRequest`.
fn log_in(state: &mut State, body: &str) -> Result<Answer, ConsoleError> {
    let body: Value = serde_json::from_str(body).map_err(|_| NOT_JSON)?;
    if body["username"] != *state.console.user || body["password"] != *state.console.password {
        return Err(INVALID_CREDENTIALS);
    }
    let token = state.sessions.issue(&state.console.user);
    Ok(Answer::json(&json!({ "token": token })))
}
