//! Taking a roll-out back takes nothing away from anybody: not what its owner deployed since, nor a revision that something runs.

use fargate_updater::exit;
use serde_json::Value;
use simulator::{Fault, FaultRule, Org, Program, Service, World};

use crate::support::{ACCOUNT, HOME, expect_exit, expect_told, updater};

const SHOP: &str = "web/shop";
const OTHER: &str = "api/other";

/// The image of `httpd.json`, whose program does not run behind a Defender here.
const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";

fn failing(service: impl FnOnce(Service) -> Service) -> Org {
    let org =
        Org::new().account(ACCOUNT, |account| account.service_with(SHOP, "httpd.json", service).service(OTHER, "orders.json"));
    org.image_fails_behind_defender(IMAGE, 70)
}

/// The program, which sees the cluster `web` alone and has a patience of twenty looks.
fn impatient(world: &World) -> Program {
    let cluster = format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/web");
    updater(world).env("WAIT_TIMEOUT", "20ms").env("CLUSTERS", cluster)
}

fn runs(world: &World, service: &str) -> String {
    world.service(ACCOUNT, HOME, service).task_definition_arn().rsplit('/').next().unwrap_or_default().to_owned()
}

fn status(world: &World, revision: u64) -> Value {
    let revisions = world.revisions(ACCOUNT, HOME, "httpd");
    let found = revisions.iter().find(|it| it["revision"] == revision);
    found.map(|it| it["status"].clone()).expect("a revision of httpd")
}

fn always(operation: &str, from: u64, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from, to: None, fault }
}

#[tokio::test]
async fn what_an_owner_deploys_while_a_roll_out_is_taken_back_stays() {
    let blue_green = |it: Service| it.strategy("BLUE_GREEN").bake_minutes(1);
    for service in [blue_green as fn(Service) -> Service, |it| it] {
        let world = failing(service).start().await;
        // The first thing that is written about a roll-out that failed.
        let remembering = world.hold("TagResource");
        let running = impatient(&world).start().await;
        remembering.reached().await;
        world.deploy(ACCOUNT, HOME, SHOP, "orders.json");
        remembering.release();
        let run = running.wait().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_told(&run, SHOP, "failed", "failed, and somebody changed the service meanwhile, which was left as it is");
        expect_told(&run, SHOP, "failed", "exit code 70");
        assert!(runs(&world, SHOP).starts_with("orders:"), "{}", run.stdout);
        assert_eq!(world.updates().len(), 1, "ours, and no way back");
        assert_eq!(status(&world, 2), "INACTIVE", "nothing runs the revision that failed");
    }
}

#[tokio::test]
async fn a_revision_that_a_service_out_of_scope_runs_stays_active() {
    let world = failing(|it| it).start().await;
    let remembering = world.hold("TagResource");
    let running = impatient(&world).start().await;
    remembering.reached().await;
    world.deploy_revision(ACCOUNT, HOME, OTHER, "httpd:2");
    remembering.release();
    let run = running.wait().await;
    expect_told(&run, SHOP, "failed", "the service was put back to httpd:1");
    assert_eq!(status(&world, 2), "ACTIVE", "{}", run.stdout);

    // Nor does a later run make it inactive, until nothing runs it any more.
    expect_exit(&impatient(&world).run().await, exit::DONE);
    assert_eq!(status(&world, 2), "ACTIVE");
    world.deploy_revision(ACCOUNT, HOME, OTHER, "orders:1");
    expect_exit(&impatient(&world).run().await, exit::DONE);
    assert_eq!(status(&world, 2), "INACTIVE");
}

#[tokio::test]
async fn what_ecs_took_back_while_no_run_looked_is_told_and_not_repeated() {
    let world = failing(|it| it.circuit_breaker(true)).start().await;
    let run = impatient(&world).env("WAIT", "false").run().await;
    expect_told(&run, SHOP, "protected", "updated, roll-out not watched");
    // The simulated ECS gets on with it whenever somebody looks.
    let mut dry = impatient(&world).arg("--dry-run").run().await;
    for _ in 0..20 {
        if dry.stdout.contains("ECS put the service back") {
            break;
        }
        dry = impatient(&world).arg("--dry-run").run().await;
    }
    expect_told(&dry, SHOP, "failed", "the roll-out of httpd:2 failed, and ECS put the service back");
    let next = impatient(&world).run().await;
    expect_exit(&next, exit::NOT_ALL);
    expect_told(&next, SHOP, "failed", "the roll-out of httpd:2 failed, and ECS put the service back");
    assert_eq!((world.updates().len(), runs(&world, SHOP).as_str()), (1, "httpd:1"), "{}", next.stdout);
    assert_eq!(status(&world, 2), "INACTIVE");

    let last = impatient(&world).run().await;
    expect_exit(&last, exit::DONE);
    expect_told(&last, SHOP, "skipped", "this was rolled back before");
    // The two ways to have it tried again.
    let again = impatient(&world).env("RETRY_FAILED", "true").run().await;
    expect_told(&again, SHOP, "failed", "the roll-out of httpd:3 failed");
    world.untag(ACCOUNT, HOME, SHOP, "fargate-updater:left-alone");
    let untagged = impatient(&world).run().await;
    expect_told(&untagged, SHOP, "failed", "the roll-out of httpd:4 failed");
    assert_eq!(world.updates().len(), 3);
}

/// Where ECS does not tell with the service which deployment is its newest, the list of all of them does: to its last page.
#[tokio::test]
async fn what_ecs_took_back_is_found_behind_a_page_of_older_deployments() {
    let world = failing(|it| it.circuit_breaker(true).untold_deployment().oldest_deployment_first()).start().await;
    for _ in 0..120 {
        world.deploy_revision(ACCOUNT, HOME, SHOP, "httpd:1");
    }
    expect_exit(&impatient(&world).env("WAIT", "false").run().await, exit::DONE);
    let taken_back = "the roll-out of httpd:2 failed, and ECS put the service back";
    let mut dry = impatient(&world).arg("--dry-run").run().await;
    for _ in 0..20 {
        if dry.stdout.contains(taken_back) {
            break;
        }
        world.gate().forget_calls();
        dry = impatient(&world).arg("--dry-run").run().await;
    }
    expect_told(&dry, SHOP, "failed", taken_back);
    assert_eq!(world.calls().of("ListServiceDeployments"), 2, "a hundred on each page");
    assert_eq!(world.updates().len(), 1, "it is not tried again");
}

#[tokio::test]
async fn a_revision_that_cannot_be_made_inactive_is_told_of() {
    let world = failing(|it| it).start().await;
    world.fault(always("DeregisterTaskDefinition", 1, Fault::error(400, "ClientException", "not now")));
    let run = impatient(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let told = "could not deregister httpd:2, which no service is to run; what is started by its family's name may get it";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert!(run.stdout.contains("not now"), "{}", run.stdout);
    let next = impatient(&world).run().await;
    expect_told(&next, SHOP, "skipped", "this was rolled back before");
    expect_exit(&next, exit::NOT_ALL);
    assert!(next.stdout.contains(told), "{}", next.stdout);
}

#[tokio::test]
async fn a_roll_out_that_ecs_does_not_tell_of_is_no_success_and_not_called_unwritten() {
    let world = Org::new().account(ACCOUNT, |account| account.service(SHOP, "httpd.json")).start().await;
    // The first look is the walk's.
    world.fault(always("DescribeServices", 2, Fault::error(400, "AccessDeniedException", "no more of that")));
    let run = impatient(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", "the service was moved to httpd:2, and ECS did not tell what became of that");
    assert!(run.stdout.contains("no more of that"), "{}", run.stdout);
    assert_eq!(runs(&world, SHOP), "httpd:2");
}
