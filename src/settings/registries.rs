//! What both the settings and the Console's secret may hold: credentials for image registries, and certificates.

use super::Problem;
use crate::console::CaBundle;
use crate::plan::credentials::{RegistryLogin, RegistryLogins};

pub(super) const DOCKER_USER: &str = "DOCKER_USER";
pub(super) const DOCKER_PASSWORD: &str = "DOCKER_PASS";
pub(super) const DOCKER_AUTH_CONFIG: &str = "DOCKER_AUTH_CONFIG";
pub(super) const CA_BUNDLE: &str = "PCC_CA_BUNDLE";

/// Returns the credentials for image registries that three texts hold.
///
/// # Errors
///
/// When one of them cannot be used; the text itself is not shown.
pub(super) fn logins_of(
    user: Option<&str>,
    password: Option<&str>,
    auth_config: Option<&str>,
) -> Result<RegistryLogins, Problem> {
    let problem = |setting: &str, text: String| Problem { setting: setting.to_owned(), text };
    let mut logins = auth_config.map_or(Ok(RegistryLogins::default()), |text| {
        RegistryLogins::from_auth_config(text).map_err(|error| {
            let example = "{\"auths\": {\"registry.example.com\": {\"auth\": \"…\"}}}";
            problem(DOCKER_AUTH_CONFIG, format!("{error}; give Docker's configuration, such as {example}"))
        })
    })?;
    match (user, password) {
        (Some(user), Some(password)) => {
            logins.or_docker_hub(RegistryLogin { user: user.trim().to_owned(), password: password.into() });
        }
        (None, None) => {}
        (Some(_), None) => return Err(problem(DOCKER_PASSWORD, "it is missing; DOCKER_USER needs it".to_owned())),
        (None, Some(_)) => return Err(problem(DOCKER_USER, "it is missing; DOCKER_PASS needs it".to_owned())),
    }
    Ok(logins)
}

/// What a Console secret may hold besides the Console's address and credentials. What is set in another way wins.
#[derive(Debug, Default)]
pub struct FromSecret {
    pub logins: RegistryLogins,
    pub authorities: Option<CaBundle>,
}

impl FromSecret {
    /// Reads it, by the names of the settings.
    ///
    /// # Errors
    ///
    /// When something in it cannot be used; what it is is not shown.
    pub fn read<'a>(text: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Problem> {
        let logins = logins_of(text(DOCKER_USER), text(DOCKER_PASSWORD), text(DOCKER_AUTH_CONFIG))?;
        let authorities = text(CA_BUNDLE).map(|pem| CaBundle::from_pem(unfolded(pem).as_bytes()));
        let authorities = authorities.transpose();
        let authorities = authorities.map_err(|error| Problem { setting: CA_BUNDLE.to_owned(), text: error.to_string() })?;
        Ok(Self { logins, authorities })
    }
}

/// Returns a text of several lines that was written in one, with `\n` for each line's end.
pub(super) fn unfolded(text: &str) -> String {
    text.replace("\\n", "\n")
}
