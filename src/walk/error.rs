//! What cannot be seen, and what to do about it.

use crate::aws::AwsError;
use crate::events::{Failure, Stage, Unseen};
use crate::ids::AccountId;
use crate::plan::scope::{Mode, Scope};

/// The accounts of the organization could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    #[error("could not list the organization's accounts")]
    List(#[source] AwsError),
    #[error("could not list the accounts of the organizational units")]
    Units(#[source] AwsError),
    #[error("no account is in scope")]
    Nothing,
}

impl AccountsError {
    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::List(error) if error.no_organization() => {
                Some("set DEPLOYMENT_MODE=SINGLE to walk the caller's own account only".to_owned())
            }
            Self::List(error) => error.hint().map(|hint| {
                format!(
                    "{hint}; or run in the management account or a delegated administrator's; or name the accounts in ACCOUNTS"
                )
            }),
            Self::Units(error) => error.hint().or_else(|| Some("check ORGANIZATIONAL_UNITS".to_owned())),
            Self::Nothing => Some(
                "check ACCOUNTS, EXCLUDE_ACCOUNTS, ORGANIZATIONAL_UNITS and CLUSTERS: together they leave nothing".to_owned(),
            ),
        }
    }
}

/// Returns why an account that the settings name is not walked: it is not among those that there are.
pub(super) fn not_listed(scope: &Scope, caller: &AccountId) -> Failure {
    let (cause, hint) = match (&scope.service, scope.mode) {
        (None, _) => (
            "the settings name this account, and it is not among those that can be walked",
            "check ACCOUNTS, CLUSTERS, ORGANIZATIONAL_UNITS and DEPLOYMENT_MODE".to_owned(),
        ),
        (Some(_), Mode::Single) => (
            "the service that --explain names is there, and DEPLOYMENT_MODE=SINGLE walks the caller's own account only",
            format!("name a service of account {caller}, run with credentials of the service's account, or leave out DEPLOYMENT_MODE"),
        ),
        (Some(_), Mode::Organization) if scope.units.is_some() => (
            "the service that --explain names is there, and the account is not in the units in ORGANIZATIONAL_UNITS",
            "check the ARN, or leave out ORGANIZATIONAL_UNITS".to_owned(),
        ),
        (Some(_), Mode::Organization) => (
            "the service that --explain names is there, and the account is not in the organization",
            "check the ARN; with credentials of that account, DEPLOYMENT_MODE=SINGLE and ASSUME_ROLE=false do without an organization"
                .to_owned(),
        ),
    };
    Failure { stage: Stage::AssumeRole, causes: vec![cause.to_owned()], hint: Some(hint) }
}

/// What cannot be seen below an account or a Region.
#[derive(Debug, thiserror::Error)]
pub(super) enum WalkError {
    #[error("could not assume the role {role}")]
    AssumeRole { role: String, source: AwsError },
    #[error("could not list the account's Regions")]
    Regions { source: AwsError },
    #[error("could not list the clusters")]
    Clusters { source: AwsError },
    #[error("could not read the clusters' tags")]
    ClusterTags { source: AwsError },
    #[error("ECS knows no such cluster")]
    NoSuchCluster,
    #[error("could not list the services")]
    Services { source: AwsError },
    #[error("could not describe the services")]
    Describe { source: AwsError },
    #[error("ECS knows no such cluster, and so no such service")]
    NoClusterOfService,
    #[error("ECS knows no service {name} in this cluster")]
    NoSuchService { name: String },
    #[error("ECS did not describe {arn}: {reason}")]
    NotDescribed { arn: String, reason: String },
}

impl WalkError {
    /// Returns whether this is what a Region answers that the account has not enabled.
    pub(super) fn may_be_not_enabled(&self) -> bool {
        matches!(self, Self::Clusters { source } | Self::ClusterTags { source } if source.region_not_enabled())
    }

    /// Returns how a place that could not be seen for this is told.
    pub(super) fn unseen(&self) -> Unseen {
        let (stage, source) = match self {
            Self::AssumeRole { source, .. } => (Stage::AssumeRole, Some(source)),
            Self::Regions { source } => (Stage::Regions, Some(source)),
            Self::Clusters { source } | Self::ClusterTags { source } => (Stage::Clusters, Some(source)),
            Self::NoSuchCluster | Self::NoClusterOfService => (Stage::Clusters, None),
            Self::Services { source } | Self::Describe { source } => (Stage::Services, Some(source)),
            Self::NoSuchService { .. } | Self::NotDescribed { .. } => (Stage::Services, None),
        };
        match (self, source) {
            (Self::Clusters { source } | Self::ClusterTags { source }, _) if source.denied_by_organization() => {
                Unseen::DeniedByOrganization
            }
            (Self::AssumeRole { role, source }, _) if source.hint().is_some() => {
                let hint = format!(
                    "check that {role} exists in that account and trusts this caller (the StackSet may not reach it, or the role \
                     may ask for an EXTERNAL_ID), or leave the account out with EXCLUDE_ACCOUNTS"
                );
                Unseen::Failed(Failure::new(stage, self, Some(hint)))
            }
            (Self::Regions { source }, _) => {
                let hint = source.hint().map_or_else(String::new, |hint| format!("{hint}; or "));
                Unseen::Failed(Failure::new(stage, self, Some(format!("{hint}name the Regions in REGIONS"))))
            }
            (Self::NoSuchCluster, _) => Unseen::Failed(Failure::new(stage, self, Some("check CLUSTERS".to_owned()))),
            (Self::NoClusterOfService | Self::NoSuchService { .. }, _) => {
                let hint = "check the ARN that --explain is given (`aws ecs list-services --cluster CLUSTER` lists those there are); \
                            what was deleted cannot be explained";
                Unseen::Failed(Failure::new(stage, self, Some(hint.to_owned())))
            }
            (_, source) => Unseen::Failed(Failure::new(stage, self, source.and_then(AwsError::hint))),
        }
    }
}
