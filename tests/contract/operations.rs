//! `aws/operations.rs` is what is really called: every operation that a run makes is in the table, and every one in the table is made.

use std::collections::BTreeMap;

use fargate_updater::aws::operations::{ALL, Effect};
use simulator::{Org, Program, World};

const ACCOUNT: &str = "111122223333";

fn updater(world: &World) -> Program {
    Program::new(env!("CARGO_BIN_EXE_fargate-updater")).in_world(world).arg("--first-wait-ms=1")
}

/// Returns the AWS operations of a few runs, and whether the simulated AWS counts them as writes.
async fn called() -> BTreeMap<String, bool> {
    let shop = || Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
    let plain = shop().start().await;
    let by_unit = shop().unit("ou-ab12-11111111", simulator::scenario::ROOT, &[ACCOUNT]).start().await;
    let runs = [updater(&plain).run().await, updater(&by_unit).env("ORGANIZATIONAL_UNITS", "ou-ab12-11111111").run().await];
    for run in runs {
        assert_eq!(run.exit_code, Some(0), "{}{}", run.stdout, run.stderr);
    }
    let mut called = BTreeMap::new();
    for world in [plain, by_unit] {
        // Calls to the Console belong to no account.
        called.extend(
            world
                .calls()
                .iter()
                .filter(|(call, _)| !call.account.is_empty())
                .map(|(call, _)| (call.operation.clone(), call.write)),
        );
    }
    called
}

#[tokio::test]
async fn the_table_of_operations_is_what_is_called() {
    let called = called().await;
    let known: BTreeMap<String, bool> =
        ALL.iter().map(|operation| (operation.name.to_owned(), operation.effect != Effect::Read)).collect();
    let unknown: Vec<&String> = called.keys().filter(|name| !known.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "src/aws/operations.rs does not have {unknown:?}: add them to ALL, with their IAM actions");
    let unused: Vec<&String> = known.keys().filter(|name| !called.contains_key(*name)).collect();
    assert!(
        unused.is_empty(),
        "no run calls {unused:?}: take them out of src/aws/operations.rs, so that nobody has to allow them, or add a run that calls them here"
    );
    for (name, write) in &called {
        assert_eq!(known[name], *write, "{name}: src/aws/operations.rs and the simulator do not agree whether it is a write");
    }
}

#[test]
fn every_operation_is_named_once_and_names_its_own_action_first() {
    let names: BTreeMap<&str, usize> = ALL.iter().map(|operation| (operation.name, operation.actions.len())).collect();
    assert_eq!(names.len(), ALL.len(), "an operation is in the table twice");
    for operation in ALL {
        let (service, action) = operation.actions[0].split_once(':').expect("an IAM action is service:Action");
        assert_eq!(action, operation.name, "the first action of {} is of another operation", operation.name);
        assert!(["ec2", "ecs", "organizations", "secretsmanager", "sts"].contains(&service), "{service}");
    }
}
