//! The names AWS gives things, as types: parsed once, printed as they came, and nothing more.
//!
//! A `String` that should have been an account is a bug that hasn't happened yet. Read [`crate::plan`] next.

mod ec2;

use std::fmt;
use std::str::FromStr;

pub use ec2::{NatGatewayId, NetworkAclId, PrefixListId, RouteTableId, SecurityGroupId, SubnetId, VpcId};

/// A text that is not the kind of name it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct IdError {
    text: String,
    expected: &'static str,
}

impl IdError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.to_owned(), expected }
    }
}

/// Gives a name-like type its printing; the parsing is what differs.
macro_rules! prints_its_text {
    ($($name:ident),+) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

prints_its_text!(AccountId, RegionName, Partition, Family, ClusterArn, ServiceArn, TaskArn, TaskDefinitionArn);

/// An AWS account, such as `111122223333`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(text, "an account id of 12 digits, such as 111122223333"))
        }
    }
}

/// An AWS Region, such as `eu-west-1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionName(String);

impl RegionName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegionName {
    type Err = IdError;

    /// Checks the shape only (`us-gov-west-1`, `ap-southeast-7`): AWS opens Regions faster than we release.
    fn from_str(text: &str) -> Result<Self, IdError> {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
        let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        match parts.split_last() {
            Some((last, words)) if words.len() >= 2 && number(last) && words.iter().copied().all(word) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(IdError::new(text, "a Region, such as eu-west-1")),
        }
    }
}

/// A part of AWS that shares nothing with the others: `aws`, `aws-us-gov`, `aws-cn`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(String);

impl Partition {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Partition {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.starts_with("aws") { Ok(Self(text.to_owned())) } else { Err(IdError::new(text, "an AWS partition")) }
    }
}

/// A task definition's family, such as `checkout`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family(String);

impl Family {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Family {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// The six parts of an ARN, borrowed.
struct Arn<'a> {
    partition: &'a str,
    service: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        let mut part = || parts.next();
        Some(Self { partition: part()?, service: part()?, region: part()?, account: part()?, resource: part()? })
    }

    /// Returns the part behind `kind/` if this is an ECS resource of that kind in an account and a Region.
    fn ecs_resource(&self, kind: &str) -> Option<&'a str> {
        let located = RegionName::from_str(self.region).is_ok() && AccountId::from_str(self.account).is_ok();
        let ours = self.service == "ecs" && Partition::from_str(self.partition).is_ok() && located;
        self.resource.strip_prefix(kind)?.strip_prefix('/').filter(|name| ours && !name.is_empty())
    }
}

/// Gives an ECS ARN type its text, account and Region.
macro_rules! ecs_arn {
    ($($name:ident),+) => {$(
        impl $name {
            pub fn as_str(&self) -> &str {
                &self.text
            }

            pub fn account(&self) -> &AccountId {
                &self.account
            }

            pub fn region(&self) -> &RegionName {
                &self.region
            }
        }
    )+};
}

ecs_arn!(ClusterArn, ServiceArn, TaskArn, TaskDefinitionArn);

/// `arn:aws:ecs:eu-west-1:111122223333:cluster/web`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterArn {
    text: String,
    account: AccountId,
    region: RegionName,
    name: String,
}

impl ClusterArn {
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for ClusterArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "a cluster's ARN, such as arn:aws:ecs:eu-west-1:111122223333:cluster/web";
        let wrong = || IdError::new(text, expected);
        let arn = Arn::parse(text).ok_or_else(wrong)?;
        let name = arn.ecs_resource("cluster").filter(|name| !name.contains('/')).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), account: arn.account.parse()?, region: arn.region.parse()?, name: name.to_owned() })
    }
}

/// `arn:aws:ecs:eu-west-1:111122223333:service/web/checkout`, or the older form without the cluster.
///
/// Source: Amazon ECS Developer Guide, "Amazon Resource Names (ARNs) and IDs".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceArn {
    text: String,
    account: AccountId,
    region: RegionName,
    name: String,
}

impl ServiceArn {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the cluster that it names; the older form names none.
    pub fn cluster(&self) -> Option<ClusterArn> {
        let (before, path) = self.text.split_once(":service/")?;
        let (cluster, _) = path.split_once('/')?;
        format!("{before}:cluster/{cluster}").parse().ok()
    }
}

impl FromStr for ServiceArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "a service's ARN, such as arn:aws:ecs:eu-west-1:111122223333:service/web/checkout";
        let wrong = || IdError::new(text, expected);
        let arn = Arn::parse(text).ok_or_else(wrong)?;
        let path = arn.ecs_resource("service").ok_or_else(wrong)?;
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), account: arn.account.parse()?, region: arn.region.parse()?, name: name.to_owned() })
    }
}

/// `arn:aws:ecs:eu-west-1:111122223333:task/web/0123456789abcdef0123456789abcdef`, or the older form without the cluster.
///
/// Source: Amazon ECS Developer Guide, "Amazon Resource Names (ARNs) and IDs".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskArn {
    text: String,
    account: AccountId,
    region: RegionName,
    id: String,
}

impl TaskArn {
    /// Returns the part that people search for.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl FromStr for TaskArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "a task's ARN, such as arn:aws:ecs:eu-west-1:111122223333:task/web/0123456789abcdef0123456789abcdef";
        let wrong = || IdError::new(text, expected);
        let arn = Arn::parse(text).ok_or_else(wrong)?;
        let path = arn.ecs_resource("task").ok_or_else(wrong)?;
        let id = path.rsplit('/').next().filter(|id| !id.is_empty()).ok_or_else(wrong)?;
        Ok(Self { text: text.to_owned(), account: arn.account.parse()?, region: arn.region.parse()?, id: id.to_owned() })
    }
}

/// `arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskDefinitionArn {
    // In this order, so that the revisions of a family sort by number.
    account: AccountId,
    region: RegionName,
    family: Family,
    revision: u64,
    text: String,
}

impl TaskDefinitionArn {
    pub fn family(&self) -> &Family {
        &self.family
    }

    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns another revision of the same family.
    #[must_use]
    pub fn sibling(&self, revision: u64) -> Self {
        let text = match self.text.rsplit_once(':') {
            Some((family, _)) => format!("{family}:{revision}"),
            None => self.text.clone(),
        };
        Self { revision, text, ..self.clone() }
    }

    /// Returns `family:revision`, the short form people use.
    pub fn short(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }
}

impl FromStr for TaskDefinitionArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let expected = "a task definition's ARN, such as arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7";
        let wrong = || IdError::new(text, expected);
        let arn = Arn::parse(text).ok_or_else(wrong)?;
        let (family, revision) = arn.ecs_resource("task-definition").and_then(|name| name.rsplit_once(':')).ok_or_else(wrong)?;
        if family.is_empty() || !revision.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let revision = revision.parse().map_err(|_| wrong())?;
        let (account, region) = (arn.account.parse()?, arn.region.parse()?);
        Ok(Self { text: text.to_owned(), account, region, family: Family::from(family), revision })
    }
}

/// An organizational unit or the root of an organization, such as `ou-ab12-11111111` or `r-ab12`.
///
/// Source: AWS Organizations API Reference, ListAccountsForParent, `ParentId`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(String);

impl UnitId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnitId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let part = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
            lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let parts: Vec<&str> = text.split('-').collect();
        let right = match parts.as_slice() {
            ["r", root] => part(root, 4..=32),
            ["ou", root, unit] => part(root, 4..=32) && part(unit, 8..=32),
            _ => false,
        };
        if right {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::new(text, "an organizational unit, such as ou-ab12-11111111, or a root, such as r-ab12"))
        }
    }
}

/// The name of an IAM role, whichever of its ARNs it came in.
///
/// ECS may show a caller as `arn:aws:iam::ID:role/path/NAME` or as `arn:aws:sts::ID:assumed-role/NAME/SESSION`; both are the same
/// role, and [`principal_of`] gives both the same text.
pub fn principal_of(arn: &str) -> Option<String> {
    let parsed = Arn::parse(arn)?;
    let (kind, name) = parsed.resource.split_once('/').unwrap_or((parsed.resource, ""));
    let principal = match (parsed.service, kind) {
        ("sts", "assumed-role") => format!("role/{}", name.split('/').next()?),
        ("iam", "role") => format!("role/{}", name.rsplit('/').next()?),
        _ => parsed.resource.to_owned(),
    };
    Some(format!("{}/{principal}", parsed.account))
}

/// Returns the partition and the account of a caller's ARN.
///
/// # Errors
///
/// When the text is not an ARN, or names no account.
pub fn caller_of(arn: &str) -> Result<(Partition, AccountId), IdError> {
    let parsed = Arn::parse(arn).ok_or_else(|| IdError::new(arn, "an ARN"))?;
    Ok((parsed.partition.parse()?, parsed.account.parse()?))
}

/// Returns the Region of a secret's ARN, or nothing for a secret's name.
pub fn region_of_secret(name_or_arn: &str) -> Option<RegionName> {
    let arn = Arn::parse(name_or_arn)?;
    if arn.service == "secretsmanager" { arn.region.parse().ok() } else { None }
}
