//! A family's newest revision stays its owner's newest code, whatever older code services run: run-task and schedules take it.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::{Fault, Moment, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, kill_at_write, updater};

const SHOP: &str = "web/shop";
const NEWER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.5";

/// Newer code of the family httpd.
fn newer() -> Value {
    let text = include_str!("../fixtures/task_definitions/httpd.json");
    let mut definition: Value = serde_json::from_str(text).expect("a fixture is JSON");
    definition["containerDefinitions"][0]["image"] = json!(NEWER);
    definition["containerDefinitions"][0]["entryPoint"] = json!(["/usr/local/bin/httpd"]);
    definition
}

/// A service that runs httpd:1, while httpd:2 is newer and run by nobody.
async fn with_newer(org: Org, newer: Value) -> World {
    let world = org.account(ACCOUNT, |account| account.service(SHOP, "httpd.json")).start().await;
    world.deploy(ACCOUNT, HOME, SHOP, newer);
    world.deploy_revision(ACCOUNT, HOME, SHOP, "httpd:1");
    world
}

/// Image and number of containers of each revision that can be started.
fn active(world: &World) -> Vec<(u64, String, usize)> {
    let revisions = world.revisions(ACCOUNT, HOME, "httpd");
    let active = revisions.iter().filter(|revision| revision["status"] == "ACTIVE");
    let told = |revision: &Value| {
        let containers = revision["containerDefinitions"].as_array().expect("containers");
        let image = containers[0]["image"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        (revision["revision"].as_u64().unwrap_or_default(), image, containers.len())
    };
    active.map(told).collect()
}

fn row(revision: u64, image: &str, containers: usize) -> (u64, String, usize) {
    (revision, image.to_owned(), containers)
}

/// What is there when all is done: the older code for its service, the newer one on top.
fn done() -> [(u64, String, usize); 4] {
    [row(1, "httpd:2.4", 1), row(2, "httpd:2.5", 1), row(3, "httpd:2.4", 2), row(4, "httpd:2.5", 2)]
}

#[tokio::test]
async fn newer_code_that_no_service_runs_goes_on_top_again_with_a_defender() {
    let world = with_newer(Org::new(), newer()).await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:3, rolled out");
    assert_eq!(active(&world), done());
    world.gate().forget_calls();
    let next = updater(&world).run().await;
    expect_told(&next, SHOP, "up to date", "httpd:3");
    assert_eq!(world.calls().writes(), 0);

    // A newer Defender goes the same way, and the newer code stays on top.
    world.console().set_version("34.04.145");
    let upgrade = updater(&world).run().await;
    expect_told(&upgrade, SHOP, "upgraded", "httpd:3 -> httpd:5");
    assert_eq!(active(&world)[4..], [row(5, "httpd:2.4", 2), row(6, "httpd:2.5", 2)]);
}

#[tokio::test]
async fn newer_code_that_a_service_runs_is_registered_once() {
    let org = Org::new().account(ACCOUNT, |account| account.service(SHOP, "httpd.json").service("web/new", newer()));
    let world = org.start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:3");
    expect_told(&run, "web/new", "protected", "httpd:2 -> httpd:4");
    assert!(!run.stdout.contains("an earlier run"), "{}", run.stdout);
    assert_eq!(active(&world), done());
}

#[tokio::test]
async fn newer_code_that_may_have_no_defender_goes_on_top_as_it_is() {
    let mut left_alone = newer();
    left_alone["tags"] = json!([{ "key": "fargate-updater:skip", "value": "yes" }]);
    let world = with_newer(Org::new(), left_alone).await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert_eq!(active(&world)[2..], [row(3, "httpd:2.4", 2), row(4, "httpd:2.5", 1)]);
    expect_defender(&world, ACCOUNT, HOME, SHOP);
}

#[tokio::test]
async fn a_run_that_is_killed_anywhere_leaves_it_to_the_next_to_put_it_on_top() {
    let undisturbed = with_newer(Org::new(), newer()).await;
    expect_exit(&updater(&undisturbed).run().await, exit::DONE);
    let writes = undisturbed.calls().writes();
    assert_eq!(writes, 4, "two registrations, an update and a tag");
    for write in 1..=writes {
        for moment in [Moment::Before, Moment::After] {
            let world = with_newer(Org::new(), newer()).await;
            kill_at_write(&world, updater(&world), write, moment).await;
            let next = updater(&world).run().await;
            expect_exit(&next, exit::DONE);
            assert_eq!(active(&world), done(), "killed {moment:?} write {write}: {}", next.stdout);
        }
    }
}

#[tokio::test]
async fn code_that_its_owner_registers_just_before_ours_goes_on_top_as_well() {
    let world = Org::new().account(ACCOUNT, |account| account.service(SHOP, "httpd.json")).start().await;
    let registering = world.hold("RegisterTaskDefinition");
    let running = updater(&world).start().await;
    registering.reached().await;
    world.deploy(ACCOUNT, HOME, SHOP, newer());
    world.deploy_revision(ACCOUNT, HOME, SHOP, "httpd:1");
    registering.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:3, rolled out");
    assert_eq!(active(&world), done());
}

#[tokio::test]
async fn what_is_registered_again_for_a_way_back_does_not_stay_on_top() {
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";
    let world = with_newer(Org::new().image_fails_behind_defender(image, 70), newer()).await;
    world.deregister(ACCOUNT, HOME, "httpd:1");
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", "the service was put back to httpd:5");
    let expected = [row(2, "httpd:2.5", 1), row(4, "httpd:2.5", 2), row(5, "httpd:2.4", 1), row(6, "httpd:2.5", 2)];
    assert_eq!(active(&world), expected);
    world.gate().forget_calls();
    expect_told(&updater(&world).run().await, SHOP, "skipped", "this was rolled back before");
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn newer_code_whose_roll_out_fails_stays_on_top_without_a_defender() {
    let org = Org::new().image_fails_behind_defender(NEWER, 70);
    let world = org.account(ACCOUNT, |account| account.service(SHOP, "httpd.json").service("web/new", newer())).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:3, rolled out");
    expect_told(&run, "web/new", "failed", "the roll-out of httpd:4 failed, and the service was put back to httpd:2");
    let expected = [row(1, "httpd:2.4", 1), row(2, "httpd:2.5", 1), row(3, "httpd:2.4", 2), row(5, "httpd:2.5", 1)];
    assert_eq!(active(&world), expected);
    world.gate().forget_calls();
    expect_told(&updater(&world).run().await, "web/new", "skipped", "this was rolled back before");
    assert_eq!((world.calls().writes(), active(&world).as_slice()), (0, expected.as_slice()));
}

#[tokio::test]
async fn what_cannot_be_put_on_top_leaves_everything_as_it_was() {
    let refused = Fault::error(400, "ClientException", "not now");
    let world = with_newer(Org::new().fault_at("RegisterTaskDefinition", 2, refused), newer()).await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", "could not register the newest code of httpd again");
    assert_eq!(active(&world), [row(1, "httpd:2.4", 1), row(2, "httpd:2.5", 1)]);
    assert!(world.updates().is_empty());
}
