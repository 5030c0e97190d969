//! Whose credentials a registry is asked with: the container's own secret, a token for ECR, else what the settings hold for it.

use std::time::{Duration, SystemTime};

use super::error::{What, Whose};
use crate::aws::{Account, AwsError, RegistryToken};
use crate::ids::{AccountId, RegionName};
use crate::once::Recent;
use crate::plan::credentials::{RegistryLogin, RegistryLogins};
use crate::plan::image::{EcrRegistry, registry_of};

/// A token this near to its end is fetched anew.
const RENEWED_BEFORE: Duration = Duration::from_secs(600);

/// So many credentials are kept of those that were asked for last: accounts are at work side by side, and then not any more.
const KEPT: usize = 1024;

/// Who pulls an image: the account whose task it is, and the secret that its container names.
#[derive(Clone, Copy)]
pub struct Puller<'a> {
    /// None, where a file is read without AWS at hand: then nothing is asked of ECR and Secrets Manager, and what the settings hold is
    /// all there is.
    pub account: Option<&'a Account>,
    pub region: &'a RegionName,
    pub secret: Option<&'a str>,
}

/// Whom a registry sees. What one may not see says nothing about another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// The account's own, with ECR or with a secret of its own.
    Account { account: AccountId, secret: Option<SecretPlace> },
    /// What the settings hold, which is the same for every account.
    Settings,
}

/// A secret as a container names it, and the Region of the task: a name alone is another secret in each Region.
type SecretPlace = (RegionName, String);

impl Puller<'_> {
    pub(super) fn identity(&self, image: &str) -> Identity {
        match (self.account, self.secret, EcrRegistry::of(image)) {
            (None, ..) | (_, None, None) => Identity::Settings,
            (Some(account), secret, _) => {
                let secret = secret.map(|secret| self.secret_place(secret));
                Identity::Account { account: account.id.clone(), secret }
            }
        }
    }

    fn secret_place(&self, secret: &str) -> SecretPlace {
        (self.region.clone(), secret.to_owned())
    }
}

/// A failure that another try would not change is kept as a success is; any other is tried again by the next who asks.
type Kept<T> = Result<T, AwsError>;

/// Credentials, each fetched once.
pub(super) struct Access {
    logins: RegistryLogins,
    tokens: Recent<(AccountId, RegionName), Kept<RegistryToken>, AwsError>,
    secrets: Recent<(AccountId, SecretPlace), Kept<RegistryLogin>, AwsError>,
}

/// How a registry is to be asked.
pub(super) struct Credentials {
    /// Nothing where it is asked as nobody in particular.
    pub(super) login: Result<Option<RegistryLogin>, What>,
    pub(super) whose: Whose,
    /// What was wrong with the container's own secret, if it could not be used.
    pub(super) secret_problem: Option<AwsError>,
}

impl Access {
    pub(super) fn new(logins: RegistryLogins) -> Self {
        Self { logins, tokens: Recent::keeping(KEPT), secrets: Recent::keeping(KEPT) }
    }

    /// Returns what to read an image with.
    pub(super) async fn credentials(&self, image: &str, puller: &Puller<'_>) -> Credentials {
        let mut secret_problem = None;
        if let (Some(account), Some(secret)) = (puller.account, puller.secret) {
            match self.secret(account, puller.secret_place(secret)).await {
                Ok(login) => return Credentials { login: Ok(Some(login)), whose: Whose::OwnSecret, secret_problem },
                Err(error) => secret_problem = Some(error),
            }
        }
        if let (Some(account), Some(ecr)) = (puller.account, EcrRegistry::of(image)) {
            let token = self.token(account, &ecr.region).await;
            return Credentials { login: token.map(Some).map_err(What::Token), whose: Whose::Token, secret_problem };
        }
        let login = self.logins.of(registry_of(image)).cloned();
        let whose = if login.is_some() { Whose::Settings } else { Whose::Nobody };
        Credentials { login: Ok(login), whose, secret_problem }
    }

    async fn token(&self, account: &Account, region: &RegionName) -> Result<RegistryLogin, AwsError> {
        let key = (account.id.clone(), region.clone());
        let lasts = |token: &RegistryToken| token.expires.is_none_or(|ends| ends > SystemTime::now() + RENEWED_BEFORE);
        let is_good = |kept: &Kept<RegistryToken>| kept.as_ref().map_or(true, lasts);
        let kept = self.tokens.get_if(key, is_good, async { kept(account.registry_token(region).await) }).await??;
        Ok(kept.login)
    }

    async fn secret(&self, account: &Account, place: SecretPlace) -> Result<RegistryLogin, AwsError> {
        let (region, secret) = place.clone();
        let fetch = async {
            let held = account.registry_secret(&secret, &region).await;
            let login = held.and_then(|held| {
                let login = RegistryLogin::from_secret(&held);
                login.ok_or_else(|| AwsError::unusable_secret("the secret does not hold `username` and `password`"))
            });
            kept(login)
        };
        self.secrets.get((account.id.clone(), place), fetch).await?
    }
}

fn kept<T>(fetched: Result<T, AwsError>) -> Result<Kept<T>, AwsError> {
    match fetched {
        Err(error) if error.lasts() => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(value) => Ok(Ok(value)),
    }
}
