//! What both the settings and the Console's secret may hold: credentials for image registries, and certificates.

use secrecy::{ExposeSecret, SecretString};

use super::Problem;
use crate::console::CaBundle;
use crate::plan::credentials::{RegistryLogin, RegistryLogins};

pub(super) const DOCKER_USER: &str = "DOCKER_USER";
pub(super) const DOCKER_PASSWORD: &str = "DOCKER_PASS";
pub(super) const DOCKER_AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";
pub(super) const CA_BUNDLE: &str = "PCC_CA_BUNDLE";

/// Credentials for image registries as they were given, or as a secret holds them.
#[derive(Clone, Debug, Default)]
pub struct RegistryTexts {
    pub user: Option<SecretString>,
    pub password: Option<SecretString>,
    pub auth_config: Option<SecretString>,
}

impl RegistryTexts {
    /// Returns what they come to.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used, or is half of a pair; the text itself is not shown.
    pub fn logins(&self) -> Result<RegistryLogins, Problem> {
        self.logins_with(&Self::default())
    }

    /// Returns what they and those of a secret come to. A registry's login is taken from here if it is here; user and password for
    /// Docker Hub may be one here and one there, and then the pair counts as given here.
    ///
    /// # Errors
    ///
    /// As [`RegistryTexts::logins`].
    pub fn logins_with(&self, held: &Self) -> Result<RegistryLogins, Problem> {
        let pair = match (self.user.as_ref().or(held.user.as_ref()), self.password.as_ref().or(held.password.as_ref())) {
            (Some(user), Some(password)) => {
                Some(RegistryLogin { user: user.expose_secret().trim().to_owned(), password: password.clone() })
            }
            (None, None) => None,
            (Some(_), None) => return Err(problem(DOCKER_PASSWORD, "it is missing; DOCKER_USER needs it".to_owned())),
            (None, Some(_)) => return Err(problem(DOCKER_USER, "it is missing; DOCKER_PASS needs it".to_owned())),
        };
        let is_given_here = self.user.is_some() || self.password.is_some();
        let mut logins = self.by_registry()?;
        let (first, last) = if is_given_here { (pair, None) } else { (None, pair) };
        first.into_iter().for_each(|login| logins.or_docker_hub(login));
        logins.or(held.by_registry()?);
        last.into_iter().for_each(|login| logins.or_docker_hub(login));
        Ok(logins)
    }

    /// Returns what `DOCKER_AUTH_CONFIG` alone comes to.
    pub(super) fn by_registry(&self) -> Result<RegistryLogins, Problem> {
        let Some(text) = &self.auth_config else { return Ok(RegistryLogins::default()) };
        RegistryLogins::from_auth_config(text.expose_secret()).map_err(|error| {
            let example = "{\"auths\": {\"registry.example.com\": {\"auth\": \"…\"}}}";
            problem(DOCKER_AUTH_CONFIG, format!("{error}; give Docker's configuration, such as {example}"))
        })
    }
}

fn problem(setting: &str, text: String) -> Problem {
    Problem { setting: setting.to_owned(), text }
}

/// What a Console secret may hold besides the Console's address and credentials. What is set in another way wins.
#[derive(Debug, Default)]
pub struct FromSecret {
    pub registries: RegistryTexts,
    pub authorities: Option<CaBundle>,
}

impl FromSecret {
    /// Reads it, by the names of the settings.
    ///
    /// # Errors
    ///
    /// When something in it cannot be used; what it is is not shown.
    pub fn read<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Problem> {
        let held = |setting| text(setting).map(SecretString::from);
        let registries =
            RegistryTexts { user: held(DOCKER_USER), password: held(DOCKER_PASSWORD), auth_config: held(DOCKER_AUTH_CONFIG) };
        registries.by_registry()?;
        let authorities = text(CA_BUNDLE).map(|pem| CaBundle::from_pem(unfolded(pem).as_bytes()));
        let authorities = authorities.transpose().map_err(|error| problem(CA_BUNDLE, error.to_string()))?;
        Ok(Self { registries, authorities })
    }
}

/// Returns a text of several lines that was written in one, with `\n` for each line's end.
pub(super) fn unfolded(text: &str) -> String {
    text.replace("\\n", "\n")
}
