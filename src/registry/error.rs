//! What went wrong with reading an image: what its registry said, and the way out.

use std::fmt;

use oci_client::errors::{OciDistributionError, OciErrorCode};

use crate::aws::AwsError;
use crate::aws::error::Kind;
use crate::ids::AccountId;
use crate::plan::defender;
use crate::plan::image::{DOCKER_HUB, EcrRegistry, registry_of};
use crate::plan::redact::Redactor;
use crate::plan::retry::Trouble;

/// An image that could not be read. No text in it holds a secret: what the registry said has been cleaned.
#[derive(Clone, Debug)]
pub struct ImageError {
    pub(super) image: String,
    pub(super) what: What,
    /// Whose login it was asked with.
    pub(super) whose: Whose,
    /// What went wrong before with the secret that the image is pulled with.
    pub(super) secret_problem: Option<AwsError>,
    /// Whose task was to pull it, if AWS was at hand.
    pub(super) account: Option<AccountId>,
}

/// Whose login a registry was asked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// None.
    Nobody,
    /// That of the container's `repositoryCredentials`.
    OwnSecret,
    /// That of the settings.
    Settings,
    /// A token that ECR gave to the account.
    Token,
}

/// What went wrong.
#[derive(Clone, Debug)]
pub enum What {
    /// The image's name is none.
    BadName { problem: String },
    /// ECR gave no token.
    Token(AwsError),
    /// No connection, no answer, or one that broke off.
    Unreachable { reason: String },
    /// The credentials are not accepted, or not enough.
    Denied { text: String },
    /// It asks for credentials. The library goes on without any when a registry is too busy to say which it takes, so that this is
    /// worth another try (seen with oci-client 0.18).
    Unauthorized,
    /// There is no such image, or none that may be seen.
    Missing { text: String },
    /// Too many requests, for longer than we are ready to wait.
    TooBusy { text: String },
    /// It answers with an error of its own.
    Refused { status: Option<u16>, text: String },
    /// It answers with what is no image.
    Unusable { problem: String },
    /// The run is asked to stop.
    Stopping,
}

/// So much of what a registry says is told.
const LONGEST_TEXT: usize = 300;

impl What {
    /// Takes the library's error apart. Its texts hold addresses, which may be signed ones, so that they are not passed on.
    pub(super) fn from_library(error: OciDistributionError, secrets: &Redactor) -> Self {
        let clean = |text: &str| secrets.clean_line(text).chars().take(LONGEST_TEXT).collect::<String>();
        match error {
            OciDistributionError::AuthenticationFailure(text) => Self::from_token_service(clean(&text_of(&text))),
            OciDistributionError::UnauthorizedError { .. } => Self::Unauthorized,
            OciDistributionError::RegistryError { envelope, .. } => {
                let code = envelope.errors.first().map(|error| &error.code);
                let texts = envelope.errors.iter().map(|error| match error.message.as_str() {
                    "" => format!("{:?}", error.code),
                    message => message.to_owned(),
                });
                let text = clean(&texts.collect::<Vec<_>>().join("; "));
                match code {
                    Some(OciErrorCode::Toomanyrequests) => Self::TooBusy { text },
                    Some(OciErrorCode::Denied | OciErrorCode::Unauthorized) => Self::Denied { text },
                    Some(
                        OciErrorCode::ManifestUnknown
                        | OciErrorCode::NameUnknown
                        | OciErrorCode::NotFound
                        | OciErrorCode::BlobUnknown,
                    ) => Self::Missing { text },
                    _ => Self::Refused { status: None, text },
                }
            }
            OciDistributionError::ServerError { code, message, .. } => {
                let text = clean(&text_of(&message));
                match code {
                    429 => Self::TooBusy { text },
                    401 => Self::Unauthorized,
                    403 => Self::Denied { text: format!("{text} (status {code})") },
                    404 => Self::Missing { text },
                    status => Self::Refused { status: Some(status), text },
                }
            }
            // Its own text would repeat the address.
            OciDistributionError::RequestError(error) => Self::Unreachable { reason: secrets.clean_chain(&error.without_url()) },
            OciDistributionError::IoError(error) => Self::Unreachable { reason: secrets.clean_chain(&error) },
            other => Self::Unusable { problem: clean(&other.to_string()) },
        }
    }
}

impl What {
    /// Takes what a registry's token service answers instead of a token. The library leaves its status out (oci-client 0.18), so that
    /// a service that is down and one that does not know the password are told apart by their words.
    fn from_token_service(text: String) -> Self {
        let of_credentials = ["unauthorized", "denied", "forbidden", "incorrect", "invalid", "credential", "password"];
        let said = text.to_ascii_lowercase();
        if said.contains("too many") {
            Self::TooBusy { text }
        } else if of_credentials.iter().any(|word| said.contains(word)) {
            Self::Denied { text }
        } else {
            Self::Unreachable { reason: format!("its token service answers {text}") }
        }
    }

    /// Returns whether asking again later in the run would change nothing.
    pub fn lasts(&self) -> bool {
        match self {
            Self::BadName { .. } | Self::Denied { .. } | Self::Unauthorized | Self::Missing { .. } | Self::Unusable { .. } => {
                true
            }
            Self::Token(error) => error.lasts(),
            Self::Unreachable { .. } | Self::TooBusy { .. } | Self::Refused { .. } | Self::Stopping => false,
        }
    }
}

/// Returns what a registry says in its own envelope, else that it said something: pages are for browsers.
fn text_of(body: &str) -> String {
    let body = body.trim();
    if body.is_empty() {
        return "no text".to_owned();
    }
    if body.starts_with('<') {
        return "a web page".to_owned();
    }
    let json = serde_json::from_str::<serde_json::Value>(body).ok();
    let said = json.as_ref().and_then(|json| {
        let first = json.pointer("/errors/0/message").or_else(|| json.get("details")).or_else(|| json.get("message"));
        first.and_then(serde_json::Value::as_str)
    });
    said.unwrap_or(body).to_owned()
}

impl ImageError {
    /// Returns what went wrong.
    pub fn what(&self) -> &What {
        &self.what
    }

    /// Returns what to think of trying again.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        match &self.what {
            What::TooBusy { .. } => Some(Trouble::Throttled),
            What::Unreachable { .. } | What::Unauthorized | What::Refused { status: Some(500..), .. } => Some(Trouble::Unclear),
            _ => None,
        }
    }

    /// Returns the setting, policy or page to change.
    pub fn hint(&self) -> String {
        let registry = registry_of(&self.image);
        let ecr = EcrRegistry::of(&self.image);
        let way = match (&self.what, &ecr) {
            (What::Token(error), _) => error.hint().unwrap_or_else(|| "see that ECR can be reached from here".to_owned()),
            (What::Denied { .. } | What::Unauthorized, Some(ecr)) => match &self.account {
                None => format!("give AWS credentials that may pull in account {}", ecr.account),
                Some(account) if *account == ecr.account => {
                    "allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer in FargateUpdaterMemberPolicy".to_owned()
                }
                Some(account) => format!(
                    "let account {account} pull in the repository's policy in account {}, and allow ecr:BatchGetImage and \
                     ecr:GetDownloadUrlForLayer in FargateUpdaterMemberPolicy",
                    ecr.account
                ),
            },
            (What::Missing { .. }, Some(_)) => "check that the image still exists under this name".to_owned(),
            (What::Denied { .. } | What::Unauthorized | What::Missing { .. }, None) => self.login_hint(registry),
            (What::TooBusy { .. }, None) if registry == DOCKER_HUB && self.whose == Whose::Nobody => {
                "give credentials in DOCKER_USER and DOCKER_PASS: Docker Hub lets those through that log in".to_owned()
            }
            (What::TooBusy { .. }, _) => "run again later".to_owned(),
            (What::Unreachable { .. } | What::Refused { .. }, _) => {
                format!("see that {registry} can be reached from here (NAT, VPC endpoints, security groups, HTTPS_PROXY)")
            }
            (What::BadName { .. } | What::Unusable { .. } | What::Stopping, _) => return ENTRY_POINT.to_owned(),
        };
        let secret = match &self.secret_problem {
            Some(problem) if problem.kind() == Kind::Denied => {
                "allow secretsmanager:GetSecretValue on the secret of `repositoryCredentials` to the member role \
                 (FargateUpdaterRegistrySecretsPolicy), or "
            }
            Some(_) => "correct the secret of `repositoryCredentials`, or ",
            None => "",
        };
        format!("{secret}{way}; or {ENTRY_POINT}")
    }

    fn login_hint(&self, registry: &str) -> String {
        let setting = if registry == DOCKER_HUB {
            "DOCKER_USER and DOCKER_PASS".to_owned()
        } else {
            format!("the entry for {registry} in DOCKER_AUTH_CONFIG")
        };
        let missing = matches!(self.what, What::Missing { .. });
        let check = if missing { "check that the image still exists under this name and may be seen with" } else { "correct" };
        match self.whose {
            Whose::OwnSecret => format!("{check} the secret of `repositoryCredentials`"),
            Whose::Settings => format!("{check} {setting}"),
            Whose::Nobody | Whose::Token if registry == DOCKER_HUB => {
                format!("give credentials in {setting} if the image is private")
            }
            Whose::Nobody | Whose::Token => {
                format!("give credentials for {registry} in DOCKER_AUTH_CONFIG if the image is private")
            }
        }
    }

    /// Returns whether the image is missing for somebody who would see it: to strangers a registry may say so of a private one.
    pub fn is_certainly_missing(&self) -> bool {
        matches!(self.what, What::Missing { .. }) && self.whose != Whose::Nobody && self.secret_problem.is_none()
    }
}

/// What helps in any case.
const ENTRY_POINT: &str = "add the image's own entry point as `entryPoint` to the container in the task definition";

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, secret_problem, .. } = self;
        let image = &defender::public_image(&self.image);
        // Most names begin with their registry's.
        let registry = registry_of(image);
        let by = if image.starts_with(registry) { "its registry" } else { registry };
        match what {
            What::BadName { problem } => write!(f, "{image} is not an image's name: {problem}")?,
            What::Token(error) => write!(f, "no token for {registry}: {error}")?,
            What::Unreachable { reason } => write!(f, "no usable answer from {registry}: {reason}")?,
            What::Denied { text } => write!(f, "{image} was denied by {by}: {text}")?,
            What::Unauthorized => write!(f, "{image} was denied by {by}: it asks for credentials (status 401)")?,
            What::Missing { text } => write!(f, "{image} is not known to {by}: {text}")?,
            What::TooBusy { text } => write!(f, "{registry} answers with too many requests (status 429): {text}")?,
            What::Refused { status: Some(status), text } => write!(f, "{image} was refused by {by} (status {status}): {text}")?,
            What::Refused { status: None, text } => write!(f, "{image} was refused by {by}: {text}")?,
            What::Unusable { problem } => write!(f, "{image} cannot be used as {by} holds it: {problem}")?,
            What::Stopping => write!(f, "the run is stopping")?,
        }
        match secret_problem {
            Some(problem) => write!(f, "; without the secret of its own: {problem}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ImageError {}
