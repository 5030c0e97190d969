//! Registries that answer: what is in them now, the way of a request through them, and what tests ask and change.
//!
//! A request is read, named, passed through the gate and answered; whoever may not have what they ask for learns that from `access`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use http::Method;
use http::header::{AUTHORIZATION, HOST};

use super::access::{self, Token};
use super::answer::Answer;
use super::content::Document;
use super::definition::{Image, Registry};
use super::name::{self, FullName};
use crate::aws::Aws;
use crate::gate::{Call, Gate, Server};
use crate::response::{instead, spoil};
use crate::world::connection::Connection;

/// A request, read.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    path: String,
    host: String,
    pub(super) what: What,
    pub(super) query: Vec<(String, String)>,
    pub(super) authorization: Option<String>,
    /// What the caller calls this server, for the realm it is sent to.
    pub(super) called: String,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Whether there is a registry, and what it wants.
    Base,
    /// By a tag or by a digest.
    Manifest {
        repository: String,
        reference: String,
    },
    Blob {
        repository: String,
        digest: String,
    },
    Token,
    Nothing,
}

impl What {
    /// Reads a path below a registry's host. A repository may have slashes in its name.
    fn of(method: &Method, path: &str) -> Self {
        let reads = *method == Method::GET || *method == Method::HEAD;
        match path {
            _ if !reads => Self::Nothing,
            "v2" | "v2/" => Self::Base,
            "token" => Self::Token,
            _ => Self::below(path).unwrap_or(Self::Nothing),
        }
    }

    fn below(path: &str) -> Option<Self> {
        let (rest, last) = path.strip_prefix("v2/")?.rsplit_once('/')?;
        let (repository, kind) = rest.rsplit_once('/')?;
        let (repository, last) = (repository.to_owned(), last.to_owned());
        match kind {
            "manifests" => Some(Self::Manifest { repository, reference: last }),
            "blobs" => Some(Self::Blob { repository, digest: last }),
            _ => None,
        }
    }
}

impl Asked {
    fn read(request: &Request) -> Self {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let path = request.uri().path();
        let (host, below) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
        Self {
            method: request.method().clone(),
            path: path.to_owned(),
            host: name::host(host).to_owned(),
            what: What::of(request.method(), below),
            query: form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()).into_owned().collect(),
            authorization: header(AUTHORIZATION),
            called: header(HOST).unwrap_or_default(),
        }
    }

    pub(super) fn repository(&self) -> Option<&str> {
        match &self.what {
            What::Manifest { repository, .. } | What::Blob { repository, .. } => Some(repository),
            What::Base | What::Token | What::Nothing => None,
        }
    }

    fn call(&self) -> Call {
        let method = &self.method;
        let operation = match &self.what {
            What::Base => format!("{method} v2"),
            What::Manifest { .. } => format!("{method} manifests"),
            What::Blob { .. } => format!("{method} blobs"),
            What::Token => format!("{method} registry token"),
            What::Nothing => format!("{method} {}", self.path),
        };
        let scopes = if self.what == What::Token { self.scopes() } else { Vec::new() };
        let subject = match self.repository().or(scopes.first().copied()) {
            Some(repository) => format!("{}/{repository}", self.host),
            None => self.host.clone(),
        };
        Call { operation, account: String::new(), region: String::new(), write: false, subject }
    }
}

/// A registry and what was pushed to it; nothing is ever deleted from one.
struct Stored {
    definition: Registry,
    repositories: BTreeMap<String, Repository>,
}

#[derive(Default)]
struct Repository {
    /// The digest each tag names now.
    tags: BTreeMap<String, String>,
    manifests: BTreeMap<String, Document>,
    blobs: BTreeMap<String, Document>,
}

impl Stored {
    fn new(definition: Registry) -> Self {
        let mut stored = Self { definition, repositories: BTreeMap::new() };
        for image in stored.definition.images.clone() {
            stored.push(&image, 0);
        }
        stored
    }

    fn push(&mut self, image: &Image, push: u64) {
        let name = FullName::of(&self.definition.host, &image.name);
        let content = self.definition.content(image, push);
        let repository = self.repositories.entry(name.repository).or_default();
        repository.tags.insert(name.tag, content.named().to_owned());
        let by_digest = |document: Document| (document.digest.clone(), document);
        repository.manifests.extend(content.manifests.into_iter().map(by_digest));
        repository.blobs.extend(content.blobs.into_iter().map(by_digest));
    }

    /// Source: OCI Distribution Specification, Error Codes.
    fn repository(&self, name: &str) -> Result<&Repository, Answer> {
        let repository = self.repositories.get(name);
        repository.ok_or_else(|| Answer::error(404, "NAME_UNKNOWN", "repository name not known to registry"))
    }

    fn manifest(&self, repository: &str, reference: &str) -> Result<Answer, Answer> {
        let repository = self.repository(repository)?;
        let digest = repository.tags.get(reference).map_or(reference, String::as_str);
        let manifest = repository.manifests.get(digest);
        let manifest = manifest.ok_or_else(|| Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"))?;
        Ok(Answer::document(manifest, manifest.media_type))
    }

    fn blob(&self, repository: &str, digest: &str) -> Result<Answer, Answer> {
        let blob = self.repository(repository)?.blobs.get(digest);
        let blob = blob.ok_or_else(|| Answer::error(404, "BLOB_UNKNOWN", "blob unknown to registry"))?;
        Ok(Answer::document(blob, "application/octet-stream"))
    }
}

/// What the registries know.
pub(super) struct State {
    registries: BTreeMap<String, Stored>,
    pub(super) tokens: Vec<Token>,
    numbers: u64,
}

impl State {
    /// Returns a number that was not returned before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }
}

/// All registries, running. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Registries {
    state: Arc<Mutex<State>>,
    aws: Aws,
    gate: Gate,
}

impl Registries {
    /// Takes the simulated AWS, which knows whose tokens for ECR are whose.
    pub(crate) fn new(registries: Vec<Registry>, aws: Aws, gate: Gate) -> Self {
        let stored = registries.into_iter().map(|registry| {
            let host = name::host(&registry.host).to_owned();
            (host.clone(), Stored::new(Registry { host, ..registry }))
        });
        let state = State { registries: stored.collect(), tokens: Vec::new(), numbers: 0 };
        Self { state: Arc::new(Mutex::new(state)), aws, gate }
    }

    pub(crate) fn router(&self) -> Router {
        let registries = self.clone();
        Router::new().fallback(move |ConnectInfo(connection): ConnectInfo<Connection>, request: Request| {
            let registries = registries.clone();
            async move { registries.serve(&connection, &Asked::read(&request)).await }
        })
    }

    /// Returns the digest a tag names now, if there is such an image.
    pub(crate) fn digest_of(&self, full_name: &str) -> Option<String> {
        let name = FullName::parse(full_name);
        let state = self.state();
        state.registries.get(&name.host)?.repositories.get(&name.repository)?.tags.get(&name.tag).cloned()
    }

    /// Pushes another image under a tag. What was there before can still be had by its digest.
    pub(crate) fn change_image(&self, full_name: &str, entrypoint: &[&str], command: &[&str]) {
        let name = FullName::parse(full_name);
        let mut state = self.state();
        let push = state.number();
        let registry = state.registries.entry(name.host.clone()).or_insert_with(|| Stored::new(Registry::new(&name.host)));
        registry.push(&Image::new(&name.in_registry(), entrypoint, command), push);
    }

    /// Returns every bearer token handed out so far.
    pub(crate) fn tokens_issued(&self) -> Vec<String> {
        self.state().tokens.iter().map(|token| token.text.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, connection: &Connection, asked: &Asked) -> Response {
        self.gate.peer(Server::Registries, connection.peer);
        let entered = self.gate.enter(&asked.call()).await;
        let error = |status, code: &str, message: &str| Answer::error(status, code, message).into_response();
        if let Some(instead) = instead(entered.fault.as_ref(), connection, error) {
            return instead;
        }
        let answer = self.answer(asked);
        self.gate.leave(&entered).await;
        spoil(entered.fault.as_ref(), connection, answer.body.len());
        answer.into_response()
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.state();
        let unnamed = Stored::new(Registry::new(&asked.host));
        let definition = state.registries.get(&asked.host).unwrap_or(&unnamed).definition.clone();
        let answer = match &asked.what {
            What::Token => return access::issue(&mut state, &definition, asked),
            What::Nothing => return Answer::error(404, "UNSUPPORTED", "the operation is unsupported"),
            What::Base | What::Manifest { .. } | What::Blob { .. } => access::admit(&state, &self.aws, &definition, asked)
                .and_then(|()| {
                    let registry = state.registries.get(&asked.host).unwrap_or(&unnamed);
                    match &asked.what {
                        What::Manifest { repository, reference } => registry.manifest(repository, reference),
                        What::Blob { repository, digest } => registry.blob(repository, digest),
                        _ => Ok(Answer::json(200, &serde_json::json!({}))),
                    }
                }),
        };
        answer.unwrap_or_else(|refusal| refusal)
    }
}
