//! Reaches the Console and learns what it embeds today, for a run as for a command on a file.

use secrecy::{ExposeSecret, SecretString};

use super::StartError;
use crate::aws::Aws;
use crate::aws::secrets::console_secret;
use crate::console::{Console, ConsoleOptions, ConsoleUrl, Waiting};
use crate::ids::{AccountId, RegionName};
use crate::plan::Policy;
use crate::plan::credentials::RegistryLogins;
use crate::plan::defender::{DefenderToday, certifies, public_image};
use crate::settings::{ConsoleAccess, ConsoleSettings, FromSecret, Problem, RegistryTexts, not_a_console};

/// How the Console is reached, and what else its secret holds.
pub struct Access {
    url: ConsoleUrl,
    user: SecretString,
    password: SecretString,
    from_secret: FromSecret,
}

/// A Console that answers.
pub struct Reached {
    /// Its address, without what is secret in it.
    pub url: String,
    pub console: Console,
    pub console_version: String,
    pub today: DefenderToday,
    /// Credentials for image registries, from the settings and from the Console's secret.
    pub logins: RegistryLogins,
}

/// Finds the Console's address and credentials; in a secret only where AWS is at hand.
///
/// # Errors
///
/// When the secret cannot be read, or holds what cannot be used.
pub async fn access(settings: &ConsoleSettings, aws: Option<&Aws>) -> Result<Access, StartError> {
    match (&settings.access, aws) {
        (ConsoleAccess::Given { url, user, password }, _) => {
            let (url, user, password) = (url.clone(), user.clone(), password.clone());
            Ok(Access { url, user, password, from_secret: FromSecret::default() })
        }
        (ConsoleAccess::Secret(_), None) => Err(StartError::NoAws { what: "PCC_SECRET" }),
        (ConsoleAccess::Secret(name), Some(aws)) => {
            let held = console_secret(aws, name).await.map_err(StartError::Secret)?;
            let url = ConsoleUrl::parse(held.url.expose_secret());
            let url = url.map_err(|problem| StartError::SecretUrl { name: name.clone(), problem: not_a_console(problem) })?;
            let from_secret = FromSecret::read(|key| held.text(key));
            let from_secret = from_secret.map_err(|Problem { setting, text: problem }| StartError::SecretHolds {
                name: name.clone(),
                setting,
                problem,
            })?;
            Ok(Access { url, user: held.user, password: held.password, from_secret })
        }
    }
}

/// Logs in and has the sample embedded.
///
/// # Errors
///
/// When the Console cannot be reached, does not let us in, or embeds what cannot be used.
pub async fn reach(
    settings: &ConsoleSettings,
    registries: &RegistryTexts,
    policy: &Policy,
    access: Access,
    (account, region): (&AccountId, &RegionName),
    waiting: Waiting,
) -> Result<Reached, StartError> {
    let logins = registries.logins_with(&access.from_secret.registries);
    let logins = logins.map_err(|Problem { setting, text: problem }| StartError::Setting { setting, problem })?;
    let options = ConsoleOptions {
        defenders_connect_to: settings.defenders_connect_to.clone(),
        authorities: settings.authorities.as_ref().or(access.from_secret.authorities.as_ref()),
        project: settings.project.clone(),
    };
    let url = access.url.to_string();
    let console = Console::new(access.url, access.user, access.password, options, waiting).map_err(StartError::Https)?;
    console.ping().await.map_err(StartError::Ping)?;
    let console_version = console.version().await.map_err(StartError::Login)?;
    let today = console.defender_today(policy, &console_version, account, region).await;
    let today = today.map_err(StartError::Sample)?;
    if let Some(template) = &policy.defender_image
        && today.asked_image(account, region).is_none()
    {
        // Its own image may come from where tasks cannot reach, and a task whose image cannot be pulled never starts.
        let asked = public_image(&template.fill(account, region, &console_version));
        return Err(StartError::OtherImage { asked, embedded: today.public_image() });
    }
    Ok(Reached { url, console, console_version, today, logins })
}

/// Returns what looks wrong about the Console and does not keep a run from going on.
pub async fn warning(console: &Console) -> Option<String> {
    let name = console.defenders_connect_to();
    let names = console.certificate_names().await.unwrap_or_default();
    if certifies(&names, name) {
        return None;
    }
    let names = names.join(", ");
    Some(format!(
        "Defenders are told to connect to {name}, which is not among the names in the Console's certificate ({names}): they would \
         refuse it; set PCC_SAN to one of those names"
    ))
}
