//! As whom we call: the caller, and the member role of each account, renewed before it expires.
//!
//! Every account has its own credentials and no SDK cache stands between: the SDK's identity cache holds 64 entries, and a walk
//! through more accounts at once would assume each role again and again (aws-smithy-runtime 1.16, `DEFAULT_MAX_PARTITIONS`).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;
use futures::future::BoxFuture;
use serde_json::Value;

use super::call::{At, Calls};
use super::ec2::{Ec2Reader, Ec2Writer};
use super::ecr::{self, RegistryToken};
use super::ecs::{EcsReader, EcsWriter};
use super::error::{AwsError, Kind};
use super::tasks::TaskReader;
use super::{connections, operations, secrets};
use crate::ids::{self, AccountId, Partition, RegionName};
use crate::once::Shared;
use crate::plan::descriptors::Share;

/// A role assumed with the credentials of another role lasts an hour at most.
/// Source: AWS IAM User Guide, "Roles terms and concepts", role chaining (read 2026-11).
const SESSION_SECONDS: i32 = 3600;

/// Credentials this near to their end are renewed before the next call.
const RENEWED_BEFORE: Duration = Duration::from_secs(300);

/// Why there is no way into AWS at all.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("no AWS Region is set")]
    NoRegion,
    #[error("the AWS Region that is set is none")]
    BadRegion(#[source] ids::IdError),
    #[error("could not find out who the caller is")]
    Caller(#[source] AwsError),
    #[error("could not make sense of the caller's identity")]
    BadCaller(#[source] ids::IdError),
}

impl AccessError {
    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoRegion | Self::BadRegion(_) => {
                Some("set AWS_REGION, or `region` in the profile that AWS_PROFILE names".to_owned())
            }
            Self::Caller(error) if error.kind() == Kind::Unreachable => Some(
                "check that AWS can be reached from here: network, NAT or VPC endpoints; HTTPS_PROXY is not used for AWS".to_owned(),
            ),
            Self::Caller(_) => Some(
                "check the AWS credentials: AWS_PROFILE, `aws sso login`, or the task role; `aws sts get-caller-identity` must work"
                    .to_owned(),
            ),
            Self::BadCaller(_) => None,
        }
    }
}

/// The caller's own way into AWS.
pub struct Aws {
    /// Whether this run may change anything.
    may_write: bool,
    config: SdkConfig,
    pub(super) calls: Arc<Calls>,
    pub region: RegionName,
    pub partition: Partition,
    pub account: AccountId,
    principal: String,
}

impl Aws {
    /// Finds credentials and Region where the AWS CLI does, and asks AWS who that is.
    ///
    /// Where nothing may be written there is no writer: [`EcsAccess::writer`] and [`Account::ec2_writer`] give none, and a member role is
    /// assumed with a session policy that lets nothing but reading through.
    ///
    /// # Errors
    ///
    /// When there is no Region, no credentials, or AWS does not accept them.
    pub async fn start(calls: Calls, share: Share, may_write: bool) -> Result<Self, AccessError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(Duration::from_secs(60))
            .build();
        let config = aws_config::defaults(BehaviorVersion::latest())
            .http_client(connections::pool(share))
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .load()
            .await;
        Self::with(config, calls, may_write).await
    }

    /// Finds out who the caller is, with a configuration that is there already.
    ///
    /// # Errors
    ///
    /// When it names no Region, or AWS does not know the caller.
    pub async fn with(config: SdkConfig, calls: Calls, may_write: bool) -> Result<Self, AccessError> {
        let region = config.region().ok_or(AccessError::NoRegion)?.as_ref().parse().map_err(AccessError::BadRegion)?;
        let sts = aws_sdk_sts::Client::new(&config);
        let at = At { account: None, region, session: None };
        let identity = calls.send(&operations::GET_CALLER_IDENTITY, &at, || sts.get_caller_identity().send()).await;
        let identity = identity.map_err(AccessError::Caller)?;
        let arn = identity.arn().unwrap_or_default();
        let (partition, account) = ids::caller_of(arn).map_err(AccessError::BadCaller)?;
        let principal = ids::principal_of(arn).unwrap_or_default();
        Ok(Self { may_write, config, calls: Arc::new(calls), region: at.region, partition, account, principal })
    }

    /// Returns the caller's own access to its own account and Region.
    pub(super) fn own(&self) -> At {
        At { account: Some(self.account.clone()), region: self.region.clone(), session: None }
    }

    pub(super) fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Returns access to the caller's own account with the caller's own credentials.
    pub fn own_account(&self) -> Account {
        let (id, principal) = (self.account.clone(), self.principal.clone());
        Account {
            id,
            may_write: self.may_write,
            home: self.region.clone(),
            config: self.config.clone(),
            calls: Arc::clone(&self.calls),
            session: None,
            principal,
        }
    }

    /// Returns what reads tasks of the caller's own account in a Region, with the caller's own credentials.
    pub fn task_reader(&self, region: &RegionName) -> TaskReader {
        let config = self.config.to_builder().region(Region::new(region.as_str().to_owned())).build();
        let at = At { region: region.clone(), ..self.own() };
        TaskReader::of_the_caller(aws_sdk_ecs::Client::new(&config), Arc::clone(&self.calls), at)
    }

    /// Assumes the member role of an account.
    ///
    /// # Errors
    ///
    /// When AWS does not let us.
    pub async fn assume(&self, account: &AccountId, role: &MemberRole) -> Result<Account, AwsError> {
        let session = Arc::new(Session {
            sts: aws_sdk_sts::Client::new(&self.config),
            at: self.own(),
            role_arn: format!("arn:{}:iam::{account}:role/{}", self.partition, role.name),
            session_name: role.session_name.clone(),
            external_id: role.external_id.clone(),
            policy: (!self.may_write).then(operations::read_only_policy),
            renewed: Shared::default(),
            current: Mutex::new(None),
        });
        session.keep_fresh(&self.calls).await?;
        let config = self
            .config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(SessionCredentials(Arc::clone(&session))))
            .identity_cache(aws_config::identity::IdentityCache::no_cache())
            .build();
        let principal = ids::principal_of(&session.role_arn).unwrap_or_default();
        let (id, home, calls) = (account.clone(), self.region.clone(), Arc::clone(&self.calls));
        Ok(Account { id, may_write: self.may_write, home, config, calls, session: Some(session), principal })
    }
}

/// The role that is assumed in each account, and how.
#[derive(Clone, Debug)]
pub struct MemberRole {
    pub name: String,
    /// What the role's trust policy asks for, if it asks for anything. It is no secret.
    /// Source: AWS IAM User Guide, "Access to AWS accounts owned by third parties", external ID (read 2026-11).
    pub external_id: Option<String>,
    /// Names our sessions in the customer's CloudTrail.
    pub session_name: String,
}

/// One account, entered.
#[derive(Clone)]
pub struct Account {
    pub id: AccountId,
    may_write: bool,
    /// The Region the run itself is in.
    home: RegionName,
    config: SdkConfig,
    calls: Arc<Calls>,
    session: Option<Arc<Session>>,
    principal: String,
}

impl Account {
    /// Returns whom ECS will name as the one who registered our revisions, in the form of [`ids::principal_of`].
    pub fn principal(&self) -> &str {
        &self.principal
    }

    fn at(&self, region: &RegionName) -> At {
        At { account: Some(self.id.clone()), region: region.clone(), session: self.session.clone() }
    }

    fn config_in(&self, region: &RegionName) -> SdkConfig {
        self.config.to_builder().region(Region::new(region.as_str().to_owned())).build()
    }

    /// Returns what reads EC2 in a Region.
    pub fn ec2_reader(&self, region: &RegionName) -> Ec2Reader {
        Ec2Reader::new(aws_sdk_ec2::Client::new(&self.config_in(region)), Arc::clone(&self.calls), self.at(region))
    }

    /// Returns what opens things in EC2 in a Region; there is none in a run that may not write.
    pub fn ec2_writer(&self, region: &RegionName) -> Option<Ec2Writer> {
        let writer =
            || Ec2Writer::new(aws_sdk_ec2::Client::new(&self.config_in(region)), Arc::clone(&self.calls), self.at(region));
        self.may_write.then(writer)
    }

    /// Returns the Regions that the account has enabled, asked for in the run's own.
    ///
    /// # Errors
    ///
    /// When AWS does not tell.
    pub async fn enabled_regions(&self) -> Result<BTreeSet<RegionName>, AwsError> {
        self.ec2_reader(&self.home).enabled_regions().await
    }

    /// Returns ECS in a Region: one client for all that reads and changes there.
    pub fn ecs(&self, region: &RegionName) -> EcsAccess {
        let client = aws_sdk_ecs::Client::new(&self.config_in(region));
        EcsAccess { client, calls: Arc::clone(&self.calls), at: self.at(region), may_write: self.may_write }
    }

    /// Returns what reads ECS in a Region.
    pub fn ecs_reader(&self, region: &RegionName) -> EcsReader {
        self.ecs(region).reader()
    }

    /// Returns a token for the private ECR registries of a Region that this account may read.
    ///
    /// # Errors
    ///
    /// When AWS does not give one.
    pub async fn registry_token(&self, region: &RegionName) -> Result<RegistryToken, AwsError> {
        ecr::token(&aws_sdk_ecr::Client::new(&self.config_in(region)), &self.calls, &self.at(region)).await
    }

    /// Returns what a secret of this account holds, from the Region that its ARN names, else from the given one.
    ///
    /// # Errors
    ///
    /// When AWS does not hand it out, or it holds no JSON.
    pub async fn registry_secret(&self, name_or_arn: &str, region: &RegionName) -> Result<Value, AwsError> {
        let region = ids::region_of_secret(name_or_arn).unwrap_or_else(|| region.clone());
        let client = aws_sdk_secretsmanager::Client::new(&self.config_in(&region));
        secrets::registry_secret(&client, &self.calls, &self.at(&region), name_or_arn).await
    }

    /// Returns what changes ECS in a Region; there is none in a run that may not write.
    pub fn ecs_writer(&self, region: &RegionName) -> Option<EcsWriter> {
        self.ecs(region).writer()
    }
}

/// ECS in one account and Region.
pub struct EcsAccess {
    client: aws_sdk_ecs::Client,
    calls: Arc<Calls>,
    at: At,
    may_write: bool,
}

impl EcsAccess {
    /// Returns what reads clusters, services and task definitions.
    pub fn reader(&self) -> EcsReader {
        EcsReader::new(self.client.clone(), Arc::clone(&self.calls), self.at.clone())
    }

    /// Returns what reads the tasks of services.
    pub fn task_reader(&self) -> TaskReader {
        TaskReader::of_services(self.client.clone(), Arc::clone(&self.calls), self.at.clone())
    }

    /// Returns what changes things; there is nothing in a run that may not write.
    pub fn writer(&self) -> Option<EcsWriter> {
        self.may_write.then(|| EcsWriter::new(self.client.clone(), Arc::clone(&self.calls), self.at.clone()))
    }
}

/// The assumed member role of one account.
pub(super) struct Session {
    sts: aws_sdk_sts::Client,
    at: At,
    role_arn: String,
    session_name: String,
    external_id: Option<String>,
    /// What the session may do at most.
    policy: Option<String>,
    renewed: Shared<Credentials, AwsError>,
    /// What the SDK is handed, which does not wait.
    current: Mutex<Option<Credentials>>,
}

impl Session {
    fn current(&self) -> Option<Credentials> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Assumes the role, unless its credentials last a while yet.
    ///
    /// Done before a call takes its place in flight: a renewal inside the call would wait for a place that the call holds.
    pub(super) fn keep_fresh<'a>(self: &'a Arc<Self>, calls: &'a Calls) -> BoxFuture<'a, Result<(), AwsError>> {
        let is_fresh =
            |credentials: &Credentials| credentials.expiry().is_some_and(|ends| ends > SystemTime::now() + RENEWED_BEFORE);
        Box::pin(async move { self.renewed.get(is_fresh, self.assume(calls)).await.map(|_| ()) })
    }

    async fn assume(&self, calls: &Calls) -> Result<Credentials, AwsError> {
        let request = || {
            let request = self.sts.assume_role().role_arn(&self.role_arn).role_session_name(&self.session_name);
            let request = request.duration_seconds(SESSION_SECONDS).set_policy(self.policy.clone());
            request.set_external_id(self.external_id.clone()).send()
        };
        let answer = calls.send(&operations::ASSUME_ROLE, &self.at, request).await?;
        let given = answer.credentials();
        let given = given.ok_or_else(|| AwsError::unusable(&operations::ASSUME_ROLE, "it holds no credentials".to_owned()))?;
        let ends = SystemTime::try_from(*given.expiration()).ok();
        let (key, secret, token) = (given.access_key_id(), given.secret_access_key(), given.session_token());
        let credentials = Credentials::new(key, secret, Some(token.to_owned()), ends, "member role");
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        Ok(credentials)
    }
}

/// Hands the SDK what [`Session::keep_fresh`] fetched.
struct SessionCredentials(Arc<Session>);

impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionCredentials({})", self.0.role_arn)
    }
}

impl ProvideCredentials for SessionCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let current = self.0.current();
        future::ProvideCredentials::ready(current.ok_or_else(|| CredentialsError::not_loaded("the role is not assumed yet")))
    }
}
