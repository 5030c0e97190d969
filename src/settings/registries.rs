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
    /// Takes from others what is not given here, each of the three for itself.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            user: self.user.or(others.user),
            password: self.password.or(others.password),
            auth_config: self.auth_config.or(others.auth_config),
        }
    }

    /// Returns what they come to.
    ///
    /// # Errors
    ///
    /// When one of them cannot be used, or is half of a pair; the text itself is not shown.
    pub fn logins(&self) -> Result<RegistryLogins, Problem> {
        let mut logins = self.by_registry()?;
        let text = |text: &SecretString| text.expose_secret().trim().to_owned();
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                logins.or_docker_hub(RegistryLogin { user: text(user), password: password.clone() });
                Ok(logins)
            }
            (None, None) => Ok(logins),
            (Some(_), None) => Err(problem(DOCKER_PASSWORD, "it is missing; DOCKER_USER needs it".to_owned())),
            (None, Some(_)) => Err(problem(DOCKER_USER, "it is missing; DOCKER_PASS needs it".to_owned())),
        }
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
