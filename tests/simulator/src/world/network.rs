//! EC2's network as a test sees it, and what its owner does meanwhile.

use serde_json::Value;

use super::World;
use crate::scenario::network::Vpc;

impl World {
    /// Returns a security group of an account: its rules in `egress` and `ingress`, each with `id`, `protocol`, `from`, `to`, `peer`,
    /// `description` and `tags`, and its own `tags`.
    ///
    /// # Panics
    ///
    /// When the account has no such group.
    pub fn group(&self, account: &str, region: &str, id: &str) -> Value {
        let group = self.aws.state().security_group(account, region, id);
        group.unwrap_or_else(|| panic!("there is no group {id} in {region} of {account}"))
    }

    /// Returns a network ACL that an account sees: `entries`, each with `number`, `egress`, `allow`, `protocol`, `from`, `to` and
    /// `cidr`, the way out first and then by number, without those that deny the rest; and its `tags`.
    ///
    /// # Panics
    ///
    /// When the account sees no such ACL.
    pub fn acl(&self, account: &str, region: &str, id: &str) -> Value {
        let acl = self.aws.state().network_acl(account, region, id);
        acl.unwrap_or_else(|| panic!("there is no ACL {id} in {region} of {account}"))
    }

    /// Edits a VPC as its owner would, or the account's half of one that is shared with it.
    ///
    /// # Panics
    ///
    /// When the account has no such VPC.
    pub fn change_vpc(&self, account: &str, region: &str, vpc: &str, edit: impl FnOnce(Vpc) -> Vpc) {
        let changed = self.aws.state().change_vpc(account, region, vpc, edit);
        changed.unwrap_or_else(|| panic!("there is no VPC {vpc} in {region} of {account}"));
    }
}
