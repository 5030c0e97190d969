//! A Console that answers: its state, the way of a request through it, and what tests ask afterwards.
//!
//! A request is read, named, passed through the gate, answered from the state, and the answer is spoilt if the gate says so. What
//! the Console answers is decided in `routes`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::response::Response;
use serde_json::Value;

use super::address::ApiVersion;
use super::answer::Answer;
use super::defended::DefendedTasks;
use super::defenders::Defender;
use super::definition::Console;
use super::errors::BUSY;
use super::line::Line;
use super::parameters::Query;
use super::registry::{PendingScans, RateLimit};
use super::routes::{self, Asked, Route};
use super::session::Sessions;
use crate::aws::Aws;
use crate::gate::{Call, Gate, Server};
use crate::response::{cut, instead, spoil};
use crate::world::connection::Connection;

/// More than any task definition: ECS takes 64 KiB.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// One request to `POST defenders/fargate.json`, whether or not it was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Embed {
    /// The query, in the order it was sent.
    pub parameters: Vec<(String, String)>,
    /// The body; `null` when it was not JSON.
    pub body: Value,
    /// The body to the letter.
    pub received: String,
}

impl Embed {
    /// Returns a query parameter, the first when it was repeated.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One request as it arrived, credentials left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub method: String,
    /// With the tenant and the version of the API.
    pub path: String,
    pub parameters: Vec<(String, String)>,
}

pub(super) struct State {
    pub(super) console: Console,
    pub(super) sessions: Sessions,
    pub(super) registry_calls: RateLimit,
    pub(super) pending_scans: PendingScans,
    pub(super) defenders: Vec<Defender>,
    pub(super) tasks: DefendedTasks,
    embeds: Vec<Embed>,
    received: Vec<Received>,
    /// In front of a capacity that is limited.
    line: Option<Line>,
    counting_only: bool,
}

impl State {
    /// Keeps a request to embed for whoever asks afterwards.
    pub(super) fn keep(&mut self, embed: impl FnOnce() -> Embed) {
        if !self.counting_only {
            self.embeds.push(embed());
        }
    }

    /// Returns the line of the capacity that the Console has now, if that is limited.
    fn line(&mut self) -> Option<Line> {
        let capacity = self.console.capacity?;
        if self.line.as_ref().is_none_or(|line| line.capacity != capacity) {
            self.line = Some(Line::new(capacity));
        }
        self.line.clone()
    }
}

/// A Console under way. Clones are the same one.
#[derive(Clone)]
pub struct RunningConsole {
    state: Arc<Mutex<State>>,
    gate: Gate,
    /// Where tasks run whose Defenders connect. There is none for a Console by itself.
    aws: Option<Aws>,
}

impl RunningConsole {
    pub fn new(console: Console, gate: Gate) -> Self {
        let state = State {
            console,
            sessions: Sessions::default(),
            registry_calls: RateLimit::default(),
            pending_scans: PendingScans::new(),
            defenders: Vec::new(),
            tasks: DefendedTasks::default(),
            embeds: Vec::new(),
            received: Vec::new(),
            line: None,
            counting_only: false,
        };
        Self { state: Arc::new(Mutex::new(state)), gate, aws: None }
    }

    /// Lists the Defenders of the tasks that run there from now on.
    pub(crate) fn lists_tasks_of(mut self, aws: Aws) -> Self {
        self.aws = Some(aws);
        self
    }

    /// Returns what to serve, over the world's own listener: faults cut the connection, which axum's cannot. It answers every
    /// path, those of no tenant included.
    pub fn router(&self) -> Router {
        let console = self.clone();
        Router::new().fallback(move |ConnectInfo(connection): ConnectInfo<Connection>, request: Request| {
            let console = console.clone();
            async move { console.serve(&connection, request).await }
        })
    }

    /// Keeps no requests from now on, so that memory does not grow with them.
    pub fn count_only(&self) {
        self.state().counting_only = true;
    }

    /// Returns every request to embed so far; none in a world that only counts.
    pub fn embeds(&self) -> Vec<Embed> {
        self.state().embeds.clone()
    }

    /// Returns every request so far; none in a world that only counts.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// Upgrades or downgrades the Console, between runs or in the middle of one.
    pub fn set_version(&self, version: &str) {
        self.change(|console| console.version(version));
    }

    /// Changes anything about the Console, by its builder.
    pub fn change(&self, change: impl FnOnce(Console) -> Console) {
        let mut state = self.state();
        state.console = change(state.console.clone());
    }

    /// Returns every bearer token handed out, so that a test can look for them in outputs.
    pub fn tokens_issued(&self) -> Vec<String> {
        self.state().sessions.issued()
    }

    /// Makes every token handed out so far an expired one, as time would.
    pub fn expire_tokens(&self) {
        self.state().sessions.expire_all();
    }

    /// Returns the Console as it is now.
    pub fn definition(&self) -> Console {
        self.state().console.clone()
    }

    /// Returns the definition with a Defender in it, for scenarios that begin with protected services.
    pub fn protect(&self, task_definition: &Value, consoleaddr: &str) -> Value {
        self.definition().protect(task_definition, consoleaddr)
    }

    /// Lists a Defender from now on; one of the same host name is replaced.
    pub fn connect(&self, defender: Defender) {
        let mut state = self.state();
        state.defenders.retain(|known| known.hostname != defender.hostname);
        state.defenders.push(defender);
    }

    /// Lists a Defender as disconnected.
    pub fn disconnect(&self, hostname: &str) {
        let mut state = self.state();
        for defender in state.defenders.iter_mut().filter(|defender| defender.hostname == hostname) {
            defender.connected = false;
        }
    }

    /// Forgets a Defender, as the Console does an hour after it disconnected.
    /// Source: docs.prismacloud.io, admin-guide/install/deploy-defender/app-embedded.
    pub fn forget(&self, hostname: &str) {
        self.state().defenders.retain(|known| known.hostname != hostname);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, connection: &Connection, request: Request) -> Response {
        self.gate.peer(Server::Console, connection.peer);
        let Some(asked) = read(request).await else {
            return cut(connection);
        };
        let (route, version, delay, call) = self.arrive(&asked);
        let entered = self.gate.enter(&call).await;
        let error = |status, _: &str, message: &str| Answer::error(status, message).uncached().into_response();
        if let Some(instead) = instead(entered.fault.as_ref(), connection, error) {
            return instead;
        }
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        let line = (route == Route::EmbedTaskDefinition).then(|| self.state().line()).flatten();
        if let Some(line) = line {
            let Some(turn) = line.join() else {
                self.gate.note_throttled(&call);
                return Answer::from(BUSY).uncached().into_response();
            };
            turn.take().await;
        }
        // AWS is asked first: nobody holds its state and the Console's at once.
        let running = self.aws.as_ref().filter(|_| route.lists_defenders()).map(|aws| aws.state().defended_tasks());
        let answer = {
            let mut state = self.state();
            if let Some(running) = running {
                state.tasks.run(running);
            }
            routes::answer(&mut state, route, version, &asked)
        };
        self.gate.leave(&entered).await;
        spoil(entered.fault.as_ref(), connection, answer.body.len());
        answer.into_response()
    }

    fn arrive(&self, asked: &Asked) -> (Route, ApiVersion, Option<Duration>, Call) {
        let mut state = self.state();
        if !state.counting_only {
            state.received.push(Received {
                method: asked.method.to_string(),
                path: asked.path.clone(),
                parameters: asked.query.pairs().to_vec(),
            });
        }
        let (route, version) = Route::of(asked, &state.console);
        let operation = route.operation(asked);
        let delay = state.console.delays.iter().find(|(slow, _)| *slow == operation).map(|(_, delay)| *delay);
        let subject = route.subject(asked);
        (route, version, delay, Call { operation, account: String::new(), region: String::new(), write: false, subject })
    }
}

/// Reads a request; `None` when its sender went away.
async fn read(request: Request) -> Option<Asked> {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.ok()?;
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let host = header(HOST).unwrap_or_default();
    Some(Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: Query::parse(head.uri.query().unwrap_or_default()),
        authorization: header(AUTHORIZATION),
        host: host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name).to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}
