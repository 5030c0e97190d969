//! `undo` takes the Defender out again: every service and network is as before, compared as data, and no later run does it again.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::network::APP_GROUP;
use simulator::{Account, Finished, Moment, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, kill_at_write, one_container, updater};

const OTHER: &str = "222233334444";

fn undo(world: &World) -> Program {
    updater(world).arg("undo").without_env("PCC_SECRET")
}

fn closed(account: Account) -> Account {
    account.network(|vpc| vpc.group(APP_GROUP, |group| group.without_egress().egress("tcp", 80, 80, "0.0.0.0/0")))
}

/// Two accounts, closed networks, services that share a definition, one without an entry point, and one that stays unprotected.
fn org() -> Org {
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:3";
    let org = Org::new().image(image, &["/worker"], &["serve"]);
    let org = org.account(ACCOUNT, |account| {
        let account = closed(account).service("web/shop", "httpd.json").service("web/cart", "httpd.json");
        let account = account.service("api/orders", "orders.json").service("api/many", "two_containers.json");
        account.service_with("api/hosts", "httpd.json", |service| service.launch_type("EC2"))
    });
    org.account(OTHER, |account| closed(account).service("web/other", one_container("other")))
}

/// What each service runs, by its place, in the form in which it can be registered, and every network.
fn as_data(world: &World) -> Vec<Value> {
    let services = world.services();
    let mut data: Vec<Value> = services
        .iter()
        .map(|service| json!([service.account, service.place, service.task_definition_arn(), service.task_definition()]))
        .collect();
    let snapshot = world.snapshot();
    data.extend(snapshot.as_object().expect("places by their names").iter().map(|(name, place)| json!([name, place["network"]])));
    data
}

/// What is started from a family without a number.
fn newest(world: &World, family: &str) -> Value {
    let revisions = world.revisions(ACCOUNT, HOME, family);
    revisions.into_iter().rfind(|revision| revision["status"] == "ACTIVE").expect("an active revision")
}

fn run_id(run: &Finished) -> String {
    let line = run.stdout.lines().find_map(|line| line.strip_prefix("run ")).expect("the run says its id");
    line.split(' ').next().expect("a word").to_owned()
}

#[tokio::test]
async fn everything_is_as_before_and_stays_so() {
    let world = org().start().await;
    let before = as_data(&world);
    let first = updater(&world).run().await;
    expect_exit(&first, exit::DONE);
    assert!(first.stdout.contains("6 services seen, 3 accounts in scope: 5 protected, 1 skipped"), "{}", first.stdout);
    assert_ne!(as_data(&world), before);

    let undone = undo(&world).run().await;
    expect_exit(&undone, exit::DONE);
    assert!(undone.stdout.contains("6 services seen, 3 accounts in scope: 5 undone, 1 skipped"), "{}", undone.stdout);
    expect_told(&undone, "web/shop", "undone", "httpd:2 -> httpd:1, rolled out");
    assert!(undone.stdout.ends_with("Every service in scope is undone, or skipped for a reason.\n"), "{}", undone.stdout);
    assert_eq!(as_data(&world), before);
    assert_eq!(newest(&world, "httpd")["revision"], 1, "nothing new is started with a Defender");

    world.gate().forget_calls();
    let again = undo(&world).run().await;
    expect_exit(&again, exit::DONE);
    expect_told(&again, "web/shop", "skipped", "it carries no Defender, so that there is nothing to undo");
    assert_eq!((world.calls().writes(), as_data(&world)), (0, before.clone()));

    // The next scheduled run does not do it again, whatever the Defender is by then.
    for version in ["34.03.138", "34.04.145"] {
        world.console().set_version(version);
        let next = updater(&world).run().await;
        expect_exit(&next, exit::DONE);
        expect_told(&next, "web/shop", "skipped", "its protection was undone");
        assert_eq!(as_data(&world), before);
    }
    world.deploy(ACCOUNT, HOME, "web/shop", "orders.json");
    expect_told(&updater(&world).run().await, "web/shop", "protected", "rolled out");
    expect_told(&updater(&world).env("RETRY_FAILED", "true").run().await, "web/cart", "protected", "rolled out");
}

/// Who asks for an undo is not an owner whose pipeline puts a service back.
#[tokio::test]
async fn what_is_undone_is_protected_again_where_that_is_asked_for_however_often() {
    let world = org().start().await;
    for _ in 0..4 {
        let run = updater(&world).env("RETRY_FAILED", "true").run().await;
        expect_exit(&run, exit::DONE);
        expect_told(&run, "web/shop", "protected", "rolled out");
        expect_exit(&undo(&world).run().await, exit::DONE);
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_undone_and_changes_nothing() {
    let world = org().start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    let before = as_data(&world);
    world.gate().forget_calls();
    let run = undo(&world).arg("--dry-run").run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("httpd:2 -> httpd:1, for"), "{}", run.stdout);
    assert!(run.stdout.contains("5 planned, 1 skipped"), "{}", run.stdout);
    assert!(run.stdout.contains("Would be closed"), "{}", run.stdout);
    assert_eq!((world.calls().writes(), as_data(&world)), (0, before));
}

#[tokio::test]
async fn networks_are_kept_where_that_is_asked_for_or_something_needs_them() {
    let world = org().start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    // Another cluster of the same network keeps its Defenders.
    let cluster = format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/api");
    let run = undo(&world).env("CLUSTERS", &cluster).run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("Kept open, and why"), "{}", run.stdout);
    assert!(!run.stdout.contains("\nClosed\n"), "{}", run.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    // What the services of the other cluster run stays active.
    let runs = world.service(ACCOUNT, HOME, "web/shop").task_definition_arn().to_owned();
    assert_eq!(newest(&world, "httpd")["taskDefinitionArn"], runs);

    world.gate().forget_calls();
    let kept = undo(&world).arg("--keep-network").run().await;
    expect_exit(&kept, exit::DONE);
    assert!(kept.stdout.contains("networks stay as they are"), "{}", kept.stdout);
    assert_eq!(world.calls().of("RevokeSecurityGroupEgress") + world.calls().of("DescribeSecurityGroupRules"), 0);
}

#[tokio::test]
async fn one_run_can_be_undone_and_the_others_stay() {
    let org = |account: Account| account.service("web/shop", "httpd.json").service("api/orders", "orders.json");
    let world = Org::new().account(ACCOUNT, org).start().await;
    let cluster = |name: &str| format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/{name}");
    let first = updater(&world).env("CLUSTERS", cluster("web")).run().await;
    let second = updater(&world).env("CLUSTERS", cluster("api")).run().await;
    expect_exit(&second, exit::DONE);
    let run = undo(&world).args(["--run-id".to_owned(), run_id(&first)]).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/shop", "undone", "httpd:2 -> httpd:1");
    expect_told(&run, "api/orders", "skipped", "its Defender is of another run than RUN_ID names");
    expect_defender(&world, ACCOUNT, HOME, "api/orders");
}

#[tokio::test]
async fn an_upgraded_service_goes_back_to_where_it_had_no_defender() {
    let org = Org::new().console(|console| console.version("33.01.137"));
    let world = org.account(ACCOUNT, |account| account.service("web/shop", "httpd.json")).start().await;
    let before = as_data(&world);
    expect_exit(&updater(&world).run().await, exit::DONE);
    world.console().set_version("34.03.138");
    expect_exit(&updater(&world).run().await, exit::DONE);
    let run = undo(&world).run().await;
    expect_told(&run, "web/shop", "undone", "httpd:3 -> httpd:1");
    assert_eq!(as_data(&world), before);
    assert_eq!(newest(&world, "httpd")["revision"], 1, "no older Defender is what is started without a number");
}

#[tokio::test]
async fn without_its_source_a_service_gets_what_is_left_without_the_defender() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json")).start().await;
    let before = world.service(ACCOUNT, HOME, "web/shop").task_definition().clone();
    expect_exit(&updater(&world).run().await, exit::DONE);
    world.deregister(ACCOUNT, HOME, "httpd:1");
    let run = undo(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/shop", "undone", "httpd:2 -> httpd:3");
    assert_eq!(*world.service(ACCOUNT, HOME, "web/shop").task_definition(), before);
    expect_told(&updater(&world).run().await, "web/shop", "skipped", "its protection was undone");
}

#[tokio::test]
async fn a_defender_of_somebody_else_stays() {
    let mut protected = simulator::Console::new().protect(&one_container("theirs"), "console.example.test");
    // ECS keeps no nulls.
    protected.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    for container in protected["containerDefinitions"].as_array_mut().expect("containers") {
        container.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
    }
    let world = Org::new().account(ACCOUNT, |account| account.service("web/theirs", protected.clone())).start().await;
    let run = undo(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/theirs", "skipped", "its Defender was put there by somebody else");
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn what_cannot_be_remembered_is_not_undone() {
    let refused = simulator::Fault::error(400, "AccessDeniedException", "no tags");
    let world = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json")).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    world.fault(simulator::FaultRule {
        operation: "TagResource".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault: refused,
    });
    let run = undo(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/shop", "failed", "it keeps its Defender");
    assert!(run.stdout.contains("could not undo service shop"), "{}", run.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
}

#[tokio::test]
async fn an_undo_that_is_killed_anywhere_is_finished_by_the_next() {
    let protected = async || {
        let world = Org::new().account(ACCOUNT, |account| closed(account).service("web/shop", "httpd.json")).start().await;
        let before = as_data(&world);
        expect_exit(&updater(&world).run().await, exit::DONE);
        (world, before)
    };
    let (world, before) = protected().await;
    world.gate().forget_calls();
    expect_exit(&undo(&world).run().await, exit::DONE);
    let writes = world.calls().writes();
    assert_eq!((writes, as_data(&world)), (4, before), "a tag, an update, a revision, a rule");
    for write in 1..=writes {
        for moment in [Moment::Before, Moment::After] {
            let (world, before) = protected().await;
            kill_at_write(&world, undo(&world), write, moment).await;
            let next = undo(&world).run().await;
            expect_exit(&next, exit::DONE);
            assert_eq!(as_data(&world), before, "killed {moment:?} write {write}: {}", next.stdout);
            assert_eq!(newest(&world, "httpd")["revision"], 1, "killed {moment:?} write {write}");
            expect_told(&updater(&world).run().await, "web/shop", "skipped", "its protection was undone");
        }
    }
}
