//! `aws/operations.rs` is what is really called: every operation that a run makes is in the table, and every one in the table is made.

use std::collections::{BTreeMap, BTreeSet};

use fargate_updater::aws::operations::{ALL, Effect};

use crate::fleet::FLEETS;

/// Returns the AWS operations of a few runs, and whether the simulated AWS counts them as writes.
async fn called() -> BTreeMap<String, bool> {
    let mut called = BTreeMap::new();
    for fleet in &FLEETS {
        let world = (fleet.org)().start().await;
        fleet.run(&world).await.unwrap_or_else(|problem| panic!("{problem}"));
        // Calls to the Console and for a task's metadata belong to no account. A dry run is the same operation, and changes nothing.
        let calls = world.calls();
        let calls = calls.iter().filter(|(call, _)| !call.account.is_empty() && !call.operation.ends_with(" (dry run)"));
        called.extend(calls.map(|(call, _)| (call.operation.clone(), call.write)));
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
    // One operation may be made with two roles, each of which needs it.
    let names: BTreeSet<_> = ALL.iter().map(|operation| (operation.name, operation.role)).collect();
    assert_eq!(names.len(), ALL.len(), "an operation is in the table twice");
    for operation in ALL.into_iter().filter(|operation| operation.name != "GetCallerIdentity") {
        let (service, action) = operation.actions[0].split_once(':').expect("an IAM action is service:Action");
        assert_eq!(action, operation.name, "the first action of {} is of another operation", operation.name);
        assert!(["ec2", "ecr", "ecs", "organizations", "s3", "secretsmanager", "sts"].contains(&service), "{service}");
    }
}
