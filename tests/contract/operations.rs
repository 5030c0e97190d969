//! `aws/operations.rs` is what is really called: every operation that a run makes is in the table, and every one in the table is made.

use std::collections::{BTreeMap, BTreeSet};

use fargate_updater::aws::operations::{ALL, Effect};
use fargate_updater::plan::network::close::StillProtected;
use fargate_updater::report::Style;
use serde_json::{Value, json};
use simulator::scenario::network::{APP_GROUP, NetworkAcl, PRIVATE_SUBNET, Vpc};
use simulator::{Org, Program, World};

use crate::closing::close;

const ACCOUNT: &str = "111122223333";

fn updater(world: &World) -> Program {
    Program::new(env!("CARGO_BIN_EXE_fargate-updater"))
        .in_world(world)
        .arg("--first-wait-ms=1")
        .arg("--watch-every-ms=1")
        .arg("--quota-scale=1000")
}

/// A definition whose image is pulled with a secret of its account, and whose entry point only the image knows.
fn pulled_with_a_secret() -> Value {
    json!({
        "family": "pulled",
        "networkMode": "awsvpc",
        "containerDefinitions": [{
            "name": "pulled",
            "image": "registry.example.test/pulled:1",
            "repositoryCredentials": {
                "credentialsParameter": "arn:aws:secretsmanager:us-east-1:222233334444:secret:pull-SiMuLa",
            },
        }],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    })
}

/// Returns the AWS operations of a few runs, and whether the simulated AWS counts them as writes.
async fn called() -> BTreeMap<String, bool> {
    let shop = || Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
    // An image in ECR that must be read, and one that is pulled with a secret.
    let worker = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";
    let plain = shop().image(worker, &["/worker"], &[]).account("222233334444", |account| {
        account.service("web/pulled", pulled_with_a_secret()).secret("pull", json!({ "username": "u", "password": "p" }))
    });
    let plain = plain.image("registry.example.test/pulled:1", &["/pulled"], &[]);
    let plain = plain.account("333344445555", |account| account.service("web/worker", "no_entry_point.json"));
    let plain =
        plain.registry("111122223333.dkr.ecr.us-east-1.amazonaws.com", |registry| registry.lets("333344445555")).start().await;
    // A closed group and a closed ACL, behind a NAT gateway; a prefix list; the Defender's image in ECR.
    let closed = |vpc: Vpc| {
        let vpc =
            vpc.group(APP_GROUP, |group| group.without_egress().egress("tcp", 443, 443, "0.0.0.0/0").egress("tcp", 1, 1, "pl-1"));
        let acl = |acl: NetworkAcl| {
            let acl = acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0");
            acl.allow_in(100, "tcp", 32768, 65535, "0.0.0.0/0")
        };
        vpc.acl("acl-closed", acl).subnet(PRIVATE_SUBNET, |subnet| subnet.acl("acl-closed"))
    };
    let defender = "111122223333.dkr.ecr.us-east-1.amazonaws.com/defender:1";
    let closed =
        Org::new().console(|console| console.self_hosted()).image(defender, &["/defender"], &[]).account(ACCOUNT, |account| {
            account.network(closed).prefix_list("pl-1", &["203.0.113.0/24"]).service("web/checkout", "httpd.json")
        });
    let closed = closed.start().await;
    let by_unit = shop().unit("ou-ab12-11111111", simulator::scenario::ROOT, &[ACCOUNT]).start().await;
    let opens = updater(&closed).env("DEFENDER_IMAGE", defender).run().await;
    // A run in a task of ECS looks for others of its family.
    let in_ecs = shop().updater_task("own", |task| task).start().await;
    let alone = updater(&in_ecs).env("ECS_CONTAINER_METADATA_URI_V4", in_ecs.task_metadata("own")).run().await;
    let runs = [
        opens,
        alone,
        updater(&plain).run().await,
        updater(&by_unit).env("ORGANIZATIONAL_UNITS", "ou-ab12-11111111").run().await,
    ];
    for run in runs {
        assert_eq!(run.exit_code, Some(0), "{}{}", run.stdout, run.stderr);
    }
    // Roll-outs that fail, and one that is not rolling.
    let failing = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";
    let failing = Org::new().image_fails_behind_defender(failing, 1).account(ACCOUNT, |account| {
        let account =
            account.service("web/one", "httpd.json").service_with("web/green", "orders.json", |it| it.strategy("BLUE_GREEN"));
        account.service_with("web/untold", "httpd.json", |service| service.untold_deployment())
    });
    let failing = failing.start().await;
    let failed = updater(&failing).run().await;
    assert_eq!(failed.exit_code, Some(3), "{}{}", failed.stdout, failed.stderr);
    // What was opened is closed again.
    let nothing = StillProtected { services: Vec::new(), looked_at: ACCOUNT.parse().into_iter().collect() };
    let (closing, told) = close(&closed, ACCOUNT, &nothing, None, true, Style::Json).await;
    assert!(closing.is_ok_and(|closing| closing.failed.is_empty()), "{told}");
    let mut called = BTreeMap::new();
    for world in [plain, by_unit, closed, in_ecs, failing] {
        // Calls to the Console and for a task's metadata belong to no account.
        called.extend(
            world
                .calls()
                .iter()
                // A dry run is the same operation, and changes nothing.
                .filter(|(call, _)| !call.account.is_empty() && !call.operation.ends_with(" (dry run)"))
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
    // One operation may be made with two roles, each of which needs it.
    let names: BTreeSet<_> = ALL.iter().map(|operation| (operation.name, operation.role)).collect();
    assert_eq!(names.len(), ALL.len(), "an operation is in the table twice");
    for operation in ALL.into_iter().filter(|operation| operation.name != "GetCallerIdentity") {
        let (service, action) = operation.actions[0].split_once(':').expect("an IAM action is service:Action");
        assert_eq!(action, operation.name, "the first action of {} is of another operation", operation.name);
        assert!(["ec2", "ecr", "ecs", "organizations", "secretsmanager", "sts"].contains(&service), "{service}");
    }
}
