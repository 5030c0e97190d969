//! Whose credentials a registry is asked with: the container's own secret, a token for ECR, else what the settings hold for it.

use std::time::{Duration, SystemTime};

use super::error::What;
use crate::aws::error::Kind;
use crate::aws::{Account, AwsError, RegistryToken};
use crate::ids::{AccountId, RegionName};
use crate::once::Once;
use crate::plan::credentials::{RegistryLogin, RegistryLogins};
use crate::plan::image::{EcrRegistry, registry_of};

/// A token this near to its end is fetched anew.
const RENEWED_BEFORE: Duration = Duration::from_secs(600);

/// Who pulls an image: the account whose task it is, and the secret that its container names.
#[derive(Clone, Copy)]
pub struct Puller<'a> {
    pub account: &'a Account,
    pub region: &'a RegionName,
    pub secret: Option<&'a str>,
}

/// Whom a registry sees. What one may not see says nothing about another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Identity {
    /// The account's own, with ECR or with a secret of its own.
    Account { account: AccountId, secret: Option<String> },
    /// What the settings hold, which is the same for every account.
    Settings,
}

impl Puller<'_> {
    pub(super) fn identity(&self, image: &str) -> Identity {
        match (self.secret, EcrRegistry::of(image)) {
            (None, None) => Identity::Settings,
            (secret, _) => Identity::Account { account: self.account.id.clone(), secret: secret.map(str::to_owned) },
        }
    }
}

/// A denial is kept for the whole run; whatever else fails is tried again by the next who asks.
type Kept<T> = Result<T, AwsError>;

/// Credentials, each fetched once.
pub(super) struct Access {
    logins: RegistryLogins,
    tokens: Once<(AccountId, RegionName), Kept<RegistryToken>, AwsError>,
    secrets: Once<(AccountId, String), Kept<RegistryLogin>, AwsError>,
}

impl Access {
    pub(super) fn new(logins: RegistryLogins) -> Self {
        Self { logins, tokens: Once::default(), secrets: Once::default() }
    }

    /// Returns the login to read an image with, and what was wrong with the container's own secret, if it was that.
    pub(super) async fn login(&self, image: &str, puller: &Puller<'_>) -> (Result<Option<RegistryLogin>, What>, Option<String>) {
        let mut problem = None;
        if let Some(secret) = puller.secret {
            match self.secret(puller, secret).await {
                Ok(login) => return (Ok(Some(login)), None),
                Err(error) => problem = Some(error.to_string()),
            }
        }
        let login = match EcrRegistry::of(image) {
            Some(ecr) => self.token(puller.account, &ecr.region).await.map(Some).map_err(What::Token),
            None => Ok(self.logins.of(registry_of(image)).cloned()),
        };
        (login, problem)
    }

    async fn token(&self, account: &Account, region: &RegionName) -> Result<RegistryLogin, AwsError> {
        let key = (account.id.clone(), region.clone());
        let lasts = |token: &RegistryToken| token.expires.is_none_or(|ends| ends > SystemTime::now() + RENEWED_BEFORE);
        let is_good = |kept: &Kept<RegistryToken>| kept.as_ref().map_or(true, lasts);
        let kept = self.tokens.get_if(key, is_good, async { kept(account.registry_token(region).await) }).await??;
        Ok(kept.login)
    }

    async fn secret(&self, puller: &Puller<'_>, secret: &str) -> Result<RegistryLogin, AwsError> {
        let key = (puller.account.id.clone(), secret.to_owned());
        let fetch = async {
            let held = puller.account.registry_secret(secret, puller.region).await;
            let login = held.and_then(|held| {
                let login = RegistryLogin::from_secret(&held);
                login.ok_or_else(|| AwsError::unusable_secret("the secret does not hold `username` and `password`"))
            });
            kept(login)
        };
        self.secrets.get(key, fetch).await?
    }
}

fn kept<T>(fetched: Result<T, AwsError>) -> Result<Kept<T>, AwsError> {
    match fetched {
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::Missing | Kind::Other) => Ok(Err(error)),
        Err(error) => Err(error),
        Ok(value) => Ok(Ok(value)),
    }
}
