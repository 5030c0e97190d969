//! The stack of `fargateDeployCFT.yaml` that gives an organization its roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ROOT;

/// What is asked of the template, and what is taken out of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stack {
    /// Besides the template's own defaults. The organizational units are the whole organization unless they are named here.
    pub parameters: BTreeMap<String, String>,
    /// The account that the stack is in, and the updater at home: a delegated administrator; `None` stands for the management account.
    pub account: Option<String>,
    /// Accounts that have a stack of their own, which is nothing but a member role.
    pub alone_in: Vec<String>,
    /// Permissions that the policies lack.
    pub without: BTreeSet<Permission>,
}

/// One action that a statement of a policy of the template allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The policy's name, such as `FargateUpdaterMemberPolicy`.
    pub policy: String,
    /// The statement's Sid.
    pub statement: String,
    /// Such as `ecs:UpdateService`.
    pub action: String,
}

impl Default for Stack {
    fn default() -> Self {
        let parameters = [("DeploymentMode", "Organization"), ("OrganizationalUnitIds", ROOT)];
        Self {
            parameters: parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            account: None,
            alone_in: Vec::new(),
            without: BTreeSet::new(),
        }
    }
}

impl Stack {
    /// Sets a parameter of the template.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        self.parameters.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Puts the stack into a delegated administrator, from where the updater then runs.
    pub fn in_account(mut self, id: &str) -> Self {
        self.account = Some(id.to_owned());
        self.parameter("CallAs", "DELEGATED_ADMIN")
    }

    /// Gives an account a stack of its own that is nothing but a member role.
    pub fn alone_in(mut self, id: &str) -> Self {
        self.alone_in.push(id.to_owned());
        self
    }

    /// Takes a permission out of the template.
    pub fn without(mut self, permission: Permission) -> Self {
        self.without.insert(permission);
        self
    }
}
