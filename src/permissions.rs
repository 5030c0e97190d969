//! The `permissions` command: what a run needs to be allowed, from the table of what it calls.

use serde_json::{Value, json};

use crate::aws::operations::{self, Role};

/// Returns the IAM policies of a run: the caller's and the member role's, the one that the caller needs besides where reports go into
/// a bucket, and those that the member role needs where images are pulled with secrets, and where networks are closed again.
///
/// Roles are passed to tasks only, which is all that registering a task definition does with them.
/// Source: IAM User Guide, `iam:PassedToService` (read 2026-11).
pub fn policies() -> Value {
    json!({
        "FargateUpdaterMasterPolicy": policy(Role::Master),
        "FargateUpdaterMemberPolicy": policy(Role::Member),
        "FargateUpdaterReportsPolicy": policy(Role::Reports),
        "FargateUpdaterRegistrySecretsPolicy": policy(Role::RegistrySecrets),
        "FargateUpdaterUndoPolicy": policy(Role::Undo),
    })
}

fn policy(role: Role) -> Value {
    let (pass_role, plain): (Vec<&str>, Vec<&str>) =
        operations::actions_of(role).into_iter().partition(|action| *action == "iam:PassRole");
    let mut statements = vec![json!({"Effect": "Allow", "Action": plain, "Resource": "*"})];
    if !pass_role.is_empty() {
        statements.push(json!({
            "Effect": "Allow",
            "Action": pass_role,
            "Resource": "*",
            "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        }));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}
