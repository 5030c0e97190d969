//! A subnet.

use serde::{Deserialize, Serialize};

/// A subnet of a VPC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subnet {
    pub id: String,
    /// IPv4; empty stands for one of the VPC's that no other subnet has, and for none when there is only IPv6.
    pub cidr: String,
    pub ipv6_cidr: Option<String>,
    /// Whether it has no IPv4 addresses at all.
    pub ipv6_native: bool,
    /// `None` stands for the VPC's default ACL.
    pub acl: Option<String>,
    /// `None` stands for the VPC's main table, with which the subnet is then not associated explicitly.
    pub routes: Option<String>,
    /// The mode of VPC Block Public Access; `None` stands for `off`.
    pub block_public_access: Option<String>,
    /// The accounts that may put tasks in it besides the VPC's owner.
    pub shared_with: Vec<String>,
    /// Empty stands for the Region's first one.
    pub availability_zone: String,
}

impl Subnet {
    pub(super) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), ..Self::default() }
    }

    pub fn cidr(mut self, cidr: &str) -> Self {
        self.cidr = cidr.to_owned();
        self
    }

    /// Gives it IPv6 addresses besides those it has.
    pub fn ipv6(mut self, cidr: &str) -> Self {
        self.ipv6_cidr = Some(cidr.to_owned());
        self
    }

    /// Leaves it IPv6 addresses alone; [`Self::ipv6`] says which.
    pub fn ipv6_native(mut self) -> Self {
        self.ipv6_native = true;
        self.cidr.clear();
        self
    }

    /// Associates it with a network ACL other than the default one.
    pub fn acl(mut self, id: &str) -> Self {
        self.acl = Some(id.to_owned());
        self
    }

    /// Associates it with a route table explicitly, the main one or another.
    pub fn routes(mut self, id: &str) -> Self {
        self.routes = Some(id.to_owned());
        self
    }

    /// Sets the mode of VPC Block Public Access: `off`, `block-bidirectional` or `block-ingress`.
    pub fn block_public_access(mut self, mode: &str) -> Self {
        self.block_public_access = Some(mode.to_owned());
        self
    }

    /// Shares it with another account; see [`super::Vpc::owned_by`].
    pub fn shared_with(mut self, account: &str) -> Self {
        self.shared_with.push(account.to_owned());
        self
    }

    pub fn availability_zone(mut self, zone: &str) -> Self {
        self.availability_zone = zone.to_owned();
        self
    }

    pub(crate) fn is_shared_with(&self, account: &str) -> bool {
        self.shared_with.iter().any(|other| other == account)
    }
}
