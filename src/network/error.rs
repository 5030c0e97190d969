//! Why a service's network is not as it must be, and the way out.

use std::collections::BTreeSet;

use crate::aws::AwsError;
use crate::aws::error::Kind;
use crate::ids::{AccountId, NetworkAclId, RegionName, SecurityGroupId, VpcId};
use crate::plan::network::{Obstacle, Opening};

/// Why a service's tasks would not reach what they need, or why nobody knows.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    #[error("its tasks would not reach what they need: {}", joined(.obstacles))]
    Blocked { obstacles: BTreeSet<Obstacle> },
    #[error("its tasks would not reach the Console, and NETWORK is check; missing is {}", joined(.missing))]
    NotOpened { missing: Vec<Opening> },
    #[error("could not read the subnets of account {account} in {region}")]
    Subnets { account: AccountId, region: RegionName, source: AwsError },
    #[error("could not enter account {owner}, which owns the VPC")]
    Owner { owner: AccountId, source: AwsError },
    #[error("could not read the network of {vpc}")]
    Vpc { vpc: VpcId, source: AwsError },
    #[error("could not open {what}")]
    Open { what: String, source: AwsError },
    #[error("no security group that the rule may go into has room for it ({})", joined(.groups))]
    GroupsFull { groups: Vec<SecurityGroupId> },
    #[error("{acl} has no room for another entry")]
    AclFull { acl: NetworkAclId },
    #[error("somebody else changes the network ACL at the same time")]
    NumbersTaken,
    #[error("the run is stopping")]
    Stopping,
}

impl NetworkError {
    /// Returns the way out, if we know it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Blocked { obstacles } => {
                let mut hints: Vec<String> = Vec::new();
                for hint in obstacles.iter().map(Obstacle::hint) {
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                Some(hints.join("; "))
            }
            Self::NotOpened { .. } => Some("set NETWORK=patch to have it opened, or open it yourself".to_owned()),
            Self::Subnets { source, .. } | Self::Vpc { source, .. } if source.kind() == Kind::Denied => {
                source.hint().map(|hint| format!("{hint}; or set NETWORK=off, and see to the network yourself"))
            }
            Self::Open { source, .. } if source.kind() == Kind::Denied => {
                source.hint().map(|hint| format!("{hint}; or open it yourself"))
            }
            Self::Subnets { source, .. } | Self::Vpc { source, .. } | Self::Open { source, .. } | Self::Owner { source, .. } => {
                source.hint()
            }
            Self::GroupsFull { .. } => Some(
                "take a rule out of one of them, raise the quota \"Rules per security group\", or attach another group to the \
                 service"
                    .to_owned(),
            ),
            Self::AclFull { .. } => {
                Some("take an entry out of it, or raise the quota \"Rules per network ACL\" (up to 40)".to_owned())
            }
            Self::NumbersTaken => Some("run again".to_owned()),
            Self::Stopping => None,
        }
    }
}

fn joined<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}
