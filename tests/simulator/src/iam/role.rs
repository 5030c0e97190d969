//! A role: who may assume it, and what it may do.

use super::{Context, Policy, Request, Verdict};

/// A role with its policies.
#[derive(Clone, Debug)]
pub struct Role {
    pub arn: String,
    pub trust: Policy,
    pub policies: Vec<Policy>,
}

/// Somebody who wants to assume a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A role or a user, by its ARN, which is that of the role and not of its session.
    Identity(String),
    /// A service of AWS, such as `ecs-tasks.amazonaws.com`.
    Service(String),
}

impl Role {
    /// Returns what its policies say of a request.
    pub fn judge(&self, request: Request<'_>) -> Verdict {
        Policy::judge(&self.policies, request)
    }

    /// Returns whether it lets somebody in, who has to be allowed to ask as well.
    ///
    /// What is known of the principal itself need not be in the context: it is added here.
    pub fn trusts(&self, principal: &Principal, context: &Context) -> bool {
        let mut all = context.clone();
        if let Principal::Identity(arn) = principal {
            all = all.with("aws:PrincipalArn", arn.as_str()).with("aws:PrincipalAccount", account_of(arn));
        }
        let request = Request { action: "sts:AssumeRole", resource: &self.arn, context: &all };
        self.trust.judge_trust(principal, request) == Verdict::Allowed
    }
}

impl Principal {
    /// Returns whether the element `Principal` of a statement means this one. An account stands for everybody in it.
    /// Source: IAM User Guide, "AWS JSON policy elements: Principal" (read 2026-11).
    pub(super) fn is_named(&self, kind: &str, name: &str) -> bool {
        match self {
            Self::Service(service) => kind == "Service" && service == name,
            Self::Identity(arn) => {
                let of_its_account = name == account_of(arn)
                    || (name.ends_with(":root") && name.contains(":iam:") && account_of(name) == account_of(arn));
                kind == "AWS" && (name == "*" || name == arn || of_its_account)
            }
        }
    }
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}
