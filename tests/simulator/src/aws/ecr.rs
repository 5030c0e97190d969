//! Amazon ECR: tokens for its registries, and what one of those lets its bearer pull.
//!
//! The images are not here: a registry of ECR is one of [`crate::registry`], which asks [`State::may_pull`].
//! Source: Amazon ECR API Reference, GetAuthorizationToken; Amazon ECR User Guide, Private registry authentication.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::access::{Caller, permit};
use super::clock::epoch_seconds;
use super::errors::{AwsError, ErrorKind, Service};
use super::state::State;

/// The user of every token.
const USER: &str = "AWS";

/// Source: Amazon ECR API Reference, AuthorizationData, `expiresAt`: tokens are valid for 12 hours.
const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 3600);

/// A token for the registries of one Region, and who has it.
#[derive(Clone, Debug)]
pub(super) struct Token {
    password: String,
    caller: Caller,
}

impl Token {
    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Returns user and password as `GetAuthorizationToken` answers them, and as Basic authorization has them.
    pub(super) fn authorization(&self) -> String {
        STANDARD.encode(format!("{USER}:{}", self.password))
    }
}

pub(super) fn answer(state: &mut State, caller: &Caller, operation: &str) -> Result<Value, AwsError> {
    if operation != "GetAuthorizationToken" {
        return Err(ErrorKind::JsonUnknownOperation.into());
    }
    permit(state, caller, Service::Ecr, "ecr:GetAuthorizationToken", "*")?;
    // Hundreds of characters of base64, as AWS's are.
    let password = format!("SimulatedRegistryToken{}{:08}=", "0123456789abcdef".repeat(16), state.number());
    let token = Token { password, caller: caller.clone() };
    let authorization = token.authorization();
    state.registry_tokens.push(token);
    let suffix = if state.partition == "aws-cn" { ".cn" } else { "" };
    let (account, region) = (caller.account(), &caller.region);
    Ok(json!({ "authorizationData": [{
        "authorizationToken": authorization,
        "expiresAt": epoch_seconds(SystemTime::now() + TOKEN_LIFETIME),
        "proxyEndpoint": format!("https://{account}.dkr.ecr.{region}.amazonaws.com{suffix}"),
    }] }))
}

/// A registry of ECR, by its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Registry {
    pub(crate) account: String,
    pub(crate) region: String,
}

impl Registry {
    /// Reads a host, which may be the one for FIPS, the one for IPv6 or one in China.
    /// Source: AWS General Reference, Amazon ECR endpoints and quotas, Docker and OCI client endpoints.
    pub(crate) fn parse(host: &str) -> Option<Self> {
        let (account, rest) = host.split_once('.')?;
        let region = rest
            .strip_suffix(".amazonaws.com")
            .or_else(|| rest.strip_suffix(".amazonaws.com.cn"))
            .and_then(|rest| rest.strip_prefix("dkr.ecr.").or_else(|| rest.strip_prefix("dkr.ecr-fips.")))
            .or_else(|| {
                let rest = rest.strip_suffix(".on.aws")?;
                rest.strip_prefix("dkr-ecr.").or_else(|| rest.strip_prefix("dkr-ecr-fips."))
            })?;
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        let is_region = !region.is_empty() && !region.contains('.');
        (is_account && is_region).then(|| Self { account: account.to_owned(), region: region.to_owned() })
    }
}

/// What somebody wants to pull from a registry of ECR.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pull<'a> {
    /// `ecr:BatchGetImage` for a manifest, `ecr:GetDownloadUrlForLayer` for a blob.
    pub(crate) action: &'a str,
    pub(crate) repository: &'a str,
    /// Other accounts that the repository's policy lets pull.
    pub(crate) let_in: &'a [String],
}

impl State {
    /// Returns nothing when the bearer of a token may pull, or merely ask whether there is a registry; else status, code and message.
    pub(crate) fn may_pull(
        &self,
        registry: &Registry,
        credentials: Option<(&str, &str)>,
        pull: Option<Pull<'_>>,
    ) -> Result<(), (u16, &'static str, String)> {
        self.check_pull(registry, credentials, pull).map_err(|error| error.in_a_registry())
    }

    fn check_pull(&self, registry: &Registry, credentials: Option<(&str, &str)>, pull: Option<Pull<'_>>) -> Result<(), AwsError> {
        let password = credentials.filter(|(user, _)| *user == USER).map(|(_, password)| password);
        let token = self.registry_tokens.iter().find(|token| Some(token.password()) == password);
        let Token { caller, .. } = token.ok_or(ErrorKind::EcrTokenUnknown)?;
        if caller.region != registry.region {
            return Err(ErrorKind::EcrTokenExpired.into());
        }
        let Some(Pull { action, repository, let_in }) = pull else {
            return Ok(());
        };
        let resource = format!("arn:{}:ecr:{}:{}:repository/{repository}", self.partition, registry.region, registry.account);
        // A token lets its bearer do what the role it was handed to may do, and no more.
        // Source: Amazon ECR User Guide, Private registry authentication.
        permit(self, caller, Service::Ecr, action, &resource)?;
        let account = caller.account();
        if account == registry.account || let_in.iter().any(|other| other == account) {
            return Ok(());
        }
        Err(AwsError::new(ErrorKind::EcrRepositoryDenied, &[&caller.session.arn, action, &resource, action]))
    }
}

#[cfg(test)]
mod tests {
    use super::Registry;

    #[test]
    fn a_registry_is_known_by_its_host() {
        let cases = [
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com", Some("us-gov-west-1")),
            ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("111122223333.dkr-ecr.eu-west-1.on.aws", Some("eu-west-1")),
            ("111122223333.dkr-ecr-fips.us-east-1.on.aws", Some("us-east-1")),
            ("11112222333.dkr.ecr.eu-west-1.amazonaws.com", None),
            ("a11122223333.dkr.ecr.eu-west-1.amazonaws.com", None),
            ("111122223333.dkr.ecr.eu-west-1.amazonaws.com.example.test", None),
            ("111122223333.dkr.ecr.eu-west-1.on.aws", None),
            ("111122223333.dkr.ecr..amazonaws.com", None),
            ("public.ecr.aws", None),
            ("docker.io", None),
        ];
        for (host, region) in cases {
            let expected = region.map(|region| Registry { account: "111122223333".to_owned(), region: region.to_owned() });
            assert_eq!(Registry::parse(host), expected, "{host}");
        }
    }
}
