//! `permissions` prints what a run must be allowed, for whoever writes the roles.

use fargate_updater::aws::operations::{Role, actions_of};
use serde_json::Value;
use simulator::Org;

use crate::{all_output, bare, updater};

/// Returns the actions that a policy allows, sorted.
fn allowed(policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().into_iter().flatten();
    let actions = statements.flat_map(|statement| statement["Action"].as_array().into_iter().flatten());
    let mut actions: Vec<String> = actions.filter_map(Value::as_str).map(str::to_owned).collect();
    actions.sort();
    actions
}

#[tokio::test]
async fn permissions_prints_a_policy_for_each_role_and_needs_no_settings() {
    let run = bare().arg("permissions").run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(run.stderr, "");
    let policies: Value = serde_json::from_str(&run.stdout).expect("the output is JSON");
    let names: Vec<&String> = policies.as_object().expect("policies by their names").keys().collect();
    let expected = [
        ("FargateUpdaterMasterPolicy", Role::Master),
        ("FargateUpdaterMemberPolicy", Role::Member),
        ("FargateUpdaterReportsPolicy", Role::Reports),
        ("FargateUpdaterRegistrySecretsPolicy", Role::RegistrySecrets),
        ("FargateUpdaterUndoPolicy", Role::Undo),
    ];
    assert_eq!(names, expected.map(|(name, _)| name));
    for (name, role) in expected {
        let policy = &policies[name];
        assert_eq!(policy["Version"], "2012-10-17", "{name}");
        assert_eq!(allowed(policy), actions_of(role), "{name}");
    }
}

#[tokio::test]
async fn roles_are_passed_to_tasks_only() {
    let run = bare().arg("permissions").run().await;
    let policies: Value = serde_json::from_str(&run.stdout).expect("the output is JSON");
    let statements = policies["FargateUpdaterMemberPolicy"]["Statement"].as_array().expect("statements");
    let passing: Vec<&Value> =
        statements.iter().filter(|statement| statement["Action"].to_string().contains("iam:PassRole")).collect();
    assert_eq!(passing.len(), 1);
    assert_eq!(passing[0]["Condition"]["StringEquals"]["iam:PassedToService"], "ecs-tasks.amazonaws.com");
}

#[tokio::test]
async fn permissions_calls_nobody_and_minds_no_bad_setting() {
    let world = Org::new().start().await;
    let run = updater(&world).env("FS_MONITOR", "perhaps").arg("permissions").run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().total(), 0);
}
