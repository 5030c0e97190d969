//! Who may pull: Basic authorization, bearer tokens and their realm, and the tokens of ECR.
//!
//! Source: distribution/distribution, docs/spec/auth/token and docs/spec/auth/scope; RFC 7617.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::Answer;
use super::definition::{Access, Registry};
use super::running::{Asked, State, What};
use crate::aws::{Aws, EcrRegistry, Pull};

/// Seconds; what the specification takes a token that says nothing to last is 60. Nothing here expires.
const TOKEN_SECONDS: u64 = 300;

/// A bearer token, and where it is good.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    host: String,
    repositories: Vec<String>,
}

/// Returns an answer unless whoever asks may have what they ask for.
pub(super) fn admit(state: &State, aws: &Aws, registry: &Registry, asked: &Asked) -> Result<(), Answer> {
    if let Some(ecr) = EcrRegistry::parse(&registry.host) {
        return admit_to_ecr(aws, registry, &ecr, asked);
    }
    match &registry.access {
        Access::Basic { user, password } if asked.is_by(user, password) => Ok(()),
        Access::Basic { .. } => {
            Err(Answer::challenge("authentication required", &format!("Basic realm=\"https://{}/\"", registry.host)))
        }
        Access::Anybody | Access::Token { .. } => admit_bearer(state, registry, asked),
    }
}

fn admit_to_ecr(aws: &Aws, registry: &Registry, ecr: &EcrRegistry, asked: &Asked) -> Result<(), Answer> {
    let credentials = asked.credentials();
    let credentials = credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
    let pull = asked.repository().map(|repository| Pull {
        action: if matches!(asked.what, What::Blob { .. }) { "ecr:GetDownloadUrlForLayer" } else { "ecr:BatchGetImage" },
        repository,
        let_in: &registry.lets,
    });
    aws.state().may_pull(ecr, credentials, pull).map_err(|(status, code, message)| match status {
        401 => {
            let challenge = format!("Basic realm=\"https://{}/\",service=\"ecr.amazonaws.com\"", registry.host);
            Answer::challenge(&message, &challenge)
        }
        _ => Answer::error(status, code, &message),
    })
}

/// A token is good for the registry that handed it out, and for the repositories it was asked for.
fn admit_bearer(state: &State, registry: &Registry, asked: &Asked) -> Result<(), Answer> {
    let sent = asked.authorization.as_deref().and_then(|authorization| after_scheme(authorization, "bearer"));
    let token = state.tokens.iter().find(|token| Some(token.text.as_str()) == sent && token.host == registry.host);
    let wanted = asked.repository();
    if token.is_some_and(|token| wanted.is_none_or(|wanted| token.repositories.iter().any(|repository| repository == wanted))) {
        return Ok(());
    }
    let realm = format!("http://{}/{}/token", asked.called, registry.host);
    let mut challenge = format!("Bearer realm=\"{realm}\",service=\"{}\"", registry.host);
    if let Some(repository) = wanted {
        challenge.push_str(",scope=\"repository:");
        challenge.push_str(repository);
        challenge.push_str(":pull\"");
    }
    if token.is_some() {
        challenge.push_str(",error=\"insufficient_scope\"");
    }
    Err(Answer::challenge("authentication required", &challenge))
}

/// Hands out a token for what the query asks for.
pub(super) fn issue(state: &mut State, registry: &Registry, asked: &Asked) -> Answer {
    match &registry.access {
        _ if EcrRegistry::parse(&registry.host).is_some() => return no_realm(),
        Access::Basic { .. } => return no_realm(),
        Access::Token { user, password } if !asked.is_by(user, password) => {
            return Answer::challenge("incorrect username or password", &format!("Basic realm=\"{}\"", registry.host));
        }
        Access::Anybody | Access::Token { .. } => {}
    }
    let number = state.number();
    let text = format!("SimulatedBearerToken{}{number:08}", "0123456789abcdef".repeat(8));
    let repositories = asked.scopes().into_iter().map(str::to_owned).collect();
    state.tokens.push(Token { text: text.clone(), host: registry.host.clone(), repositories });
    Answer::json(200, &json!({ "token": text, "access_token": text, "expires_in": TOKEN_SECONDS }))
}

fn no_realm() -> Answer {
    Answer::error(404, "UNSUPPORTED", "this registry hands out no tokens")
}

impl Asked {
    /// Returns user and password of Basic authorization.
    pub(super) fn credentials(&self) -> Option<(String, String)> {
        let encoded = after_scheme(self.authorization.as_deref()?, "basic")?;
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    fn is_by(&self, user: &str, password: &str) -> bool {
        self.credentials().is_some_and(|(sent_user, sent_password)| sent_user == user && sent_password == password)
    }

    /// Returns the repositories a token is asked for, to pull from at least.
    pub(super) fn scopes(&self) -> Vec<&str> {
        let scopes = self.query.iter().filter(|(key, _)| key == "scope").flat_map(|(_, value)| value.split(' '));
        let repositories = scopes.filter_map(|scope| scope.strip_prefix("repository:")?.rsplit_once(':'));
        repositories.filter(|(_, actions)| actions.split(',').any(|action| action == "pull")).map(|(name, _)| name).collect()
    }
}

/// Takes the scheme, which is written in any case, off an `Authorization` header.
fn after_scheme<'a>(authorization: &'a str, scheme: &str) -> Option<&'a str> {
    let (sent, rest) = authorization.split_once(' ')?;
    sent.eq_ignore_ascii_case(scheme).then_some(rest.trim())
}
