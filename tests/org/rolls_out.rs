//! A roll-out is followed until our own deployment has won or lost; what fails is taken back, remembered and left alone.
//!
//! What becomes of a roll-out the simulated ECS works out from what was registered. A look is a millisecond, so that a timeout of some
//! milliseconds is as many looks.

use fargate_updater::exit;
use serde_json::Value;
use simulator::scenario::network::APP_GROUP;
use simulator::{Finished, Org, Program, Service, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, expect_untouched, lines_about, updater};

const SHOP: &str = "web/shop";

/// The image of `httpd.json`, whose program does not run behind a Defender in these scenarios.
const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";

fn org(service: impl FnOnce(Service) -> Service) -> Org {
    Org::new().account(ACCOUNT, |account| account.service_with(SHOP, "httpd.json", service))
}

fn failing(service: impl FnOnce(Service) -> Service) -> Org {
    org(service).image_fails_behind_defender(IMAGE, 70)
}

/// The program with a patience of twenty looks.
fn impatient(world: &World) -> Program {
    updater(world).env("WAIT_TIMEOUT", "20ms")
}

fn runs(world: &World, service: &str) -> String {
    world.service(ACCOUNT, HOME, service).task_definition_arn().rsplit('/').next().unwrap_or_default().to_owned()
}

fn tag(world: &World, service: &str, key: &str) -> Option<String> {
    let view = world.service(ACCOUNT, HOME, service);
    view.tags().iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
}

fn left_alone(world: &World) -> Option<String> {
    tag(world, SHOP, "fargate-updater:left-alone")
}

/// The PRIMARY deployment's state.
fn state(world: &World) -> Value {
    world.service(ACCOUNT, HOME, SHOP).json()["deployments"][0]["rolloutState"].clone()
}

/// Checks that the service is back where it was, that the report says why in one line, and that the next run leaves it alone.
async fn expect_taken_back(world: &World, run: &Finished, became: &str, why: &str) {
    expect_exit(run, exit::NOT_ALL);
    expect_told(run, SHOP, "failed", became);
    expect_told(run, SHOP, "failed", why);
    assert_eq!(runs(world, SHOP), "httpd:1", "{}", run.stdout);
    assert_eq!(state(world), "COMPLETED", "it was watched until it was back");
    assert_eq!(left_alone(world).as_deref(), Some("rolled-back httpd:1 34.03.138"));
    let revisions = world.revisions(ACCOUNT, HOME, "httpd");
    let active: Vec<&Value> = revisions.iter().filter(|revision| revision["status"] == "ACTIVE").collect();
    assert_eq!(active.len(), 1, "the revision that failed is not the family's newest any more");

    world.gate().forget_calls();
    let next = impatient(world).run().await;
    expect_exit(&next, exit::DONE);
    expect_told(&next, SHOP, "skipped", "this was rolled back before");
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn a_roll_out_that_wins_is_told_as_done() {
    let world = org(|service| service.desired_count(3).looks_to_start(6)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:2, rolled out");
    assert!(run.stdout.ends_with("Every service in scope is protected, or skipped for a reason.\n"), "{}", run.stdout);
    assert_eq!(state(&world), "COMPLETED");
    assert_eq!(tag(&world, SHOP, "fargate-updater:protected").as_deref(), Some("httpd:1 1"));
}

#[tokio::test]
async fn a_program_that_does_not_run_behind_a_defender_is_taken_back() {
    let world = failing(|service| service).start().await;
    let run = impatient(&world).run().await;
    let became = "the roll-out of httpd:2 failed, and the service was put back to httpd:1";
    let why = "Essential container in task exited; container httpd: exit code 70";
    assert!(run.stdout.contains("hint:  mend the cause, then run with RETRY_FAILED=true"), "{}", run.stdout);
    expect_taken_back(&world, &run, became, why).await;
    assert_eq!(world.calls().of("StopServiceDeployment"), 0);
}

#[tokio::test]
async fn a_registry_out_of_reach_is_taken_back_and_its_token_is_not_told() {
    let closed = |service: Service| service;
    let org = Org::new().account(ACCOUNT, |account| {
        let account = account.service_with(SHOP, "httpd.json", closed);
        account.network(|vpc| vpc.group(APP_GROUP, |group| group.without_egress().egress("tcp", 8080, 8080, "10.0.0.0/8")))
    });
    let world = org.start().await;
    // With networks looked at, nothing would be registered.
    let run = impatient(&world).env("NETWORK", "off").run().await;
    assert!(run.stdout.contains("failed to resolve ref ***: failed to do request"), "{}", run.stdout);
    let why = "CannotPullContainerError: pull image manifest has been retried";
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", why);
    expect_told(&run, SHOP, "failed", "the service was put back to httpd:1");
    assert_eq!(runs(&world, SHOP), "httpd:1");
    let next = impatient(&world).env("NETWORK", "off").run().await;
    expect_told(&next, SHOP, "skipped", "this was rolled back before");
}

#[tokio::test]
async fn the_services_own_breaker_and_alarm_are_only_watched() {
    for service in [Service::alarms as fn(Service) -> Service, |service| service.circuit_breaker(true)] {
        let world = failing(service).start().await;
        let run = impatient(&world).run().await;
        expect_taken_back(&world, &run, "failed, and ECS put the service back", "exit code 70").await;
        assert_eq!(world.updates().len(), 1, "ours, and nothing to go back");
        assert_eq!(world.calls().of("StopServiceDeployment"), 0);
    }
}

#[tokio::test]
async fn a_breaker_that_only_gives_up_leaves_the_way_back_to_us() {
    let world = failing(|service| service.circuit_breaker(false)).start().await;
    let run = impatient(&world).run().await;
    expect_taken_back(&world, &run, "the service was put back to httpd:1", "exit code 70").await;
}

#[tokio::test]
async fn tasks_that_hang_are_taken_back_at_the_timeout() {
    let world = org(|service| service.looks_to_start(10_000)).start().await;
    let run = impatient(&world).run().await;
    expect_taken_back(&world, &run, "the service was put back to httpd:1", "0 of 1 new tasks run, and ECS does not say why")
        .await;
}

#[tokio::test]
async fn a_slow_roll_out_that_is_healthy_is_left_to_itself_and_finished_by_the_next_run() {
    let world = org(|service| service.desired_count(4).looks_to_start(40)).start().await;
    let run = impatient(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:2, roll-out still in progress (1 of 4 new tasks run)");
    assert!(run.stdout.ends_with("1 roll-out was not seen to its end.\n"), "{}", run.stdout);
    assert_eq!((runs(&world, SHOP).as_str(), left_alone(&world)), ("httpd:2", None));

    let next = updater(&world).run().await;
    expect_exit(&next, exit::DONE);
    expect_told(&next, SHOP, "up to date", "httpd:2");
    assert_eq!(state(&world), "COMPLETED", "the next run followed it to its end");
}

#[tokio::test]
async fn blue_green_is_won_when_it_has_baked() {
    let world = org(|service| service.strategy("BLUE_GREEN").bake_minutes(30)).start().await;
    // Twenty looks and half an hour.
    let run = impatient(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "protected", "httpd:1 -> httpd:2, rolled out");
    assert!(world.calls().of("DescribeServiceDeployments") > 20, "it was followed by its service deployment");
    expect_defender(&world, ACCOUNT, HOME, SHOP);
}

#[tokio::test]
async fn blue_green_that_fails_is_stopped_and_goes_back() {
    let world = failing(|service| service.strategy("BLUE_GREEN").bake_minutes(5)).start().await;
    let run = impatient(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", "the service was put back to httpd:1: Essential container in task exited");
    assert_eq!((world.calls().of("StopServiceDeployment"), world.updates().len()), (1, 1));
    assert_eq!(left_alone(&world).as_deref(), Some("rolled-back httpd:1 34.03.138"));
}

#[tokio::test]
async fn without_rollback_a_failed_roll_out_is_left_and_told_again() {
    let world = failing(|service| service).start().await;
    let run = impatient(&world).env("ROLLBACK", "false").run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", "the roll-out of httpd:2 failed, and the service was left on it (ROLLBACK is false)");
    assert_eq!((runs(&world, SHOP).as_str(), left_alone(&world)), ("httpd:2", None));
    let next = impatient(&world).env("ROLLBACK", "false").run().await;
    expect_exit(&next, exit::NOT_ALL);
    expect_told(&next, SHOP, "failed", "exit code 70");
}

#[tokio::test]
async fn a_run_that_does_not_wait_leaves_the_truth_to_the_next_one() {
    let world = failing(|service| service).start().await;
    let started = updater(&world).env("WAIT", "false").run().await;
    expect_exit(&started, exit::DONE);
    expect_told(&started, SHOP, "protected", "httpd:1 -> httpd:2, updated, roll-out not watched");
    assert!(started.stdout.ends_with("1 roll-out was not seen to its end.\n"), "{}", started.stdout);

    let told = updater(&world).env("WAIT", "false").run().await;
    expect_exit(&told, exit::NOT_ALL);
    expect_told(&told, SHOP, "failed", "the roll-out of httpd:2 has not come to an end, and this run does not follow roll-outs");
    assert_eq!(runs(&world, SHOP), "httpd:2");

    let dry = updater(&world).env("DRY_RUN", "true").run().await;
    expect_told(&dry, SHOP, "failed", "has not come to an end");

    let followed = impatient(&world).run().await;
    expect_exit(&followed, exit::NOT_ALL);
    expect_taken_back(
        &world,
        &followed,
        "the roll-out of httpd:2 failed, and the service was put back to httpd:1",
        "exit code 70",
    )
    .await;
}

#[tokio::test]
async fn what_was_rolled_back_is_tried_again_when_it_is_asked_for_or_the_code_is_new() {
    let world = failing(|service| service).start().await;
    expect_exit(&impatient(&world).run().await, exit::NOT_ALL);
    let again = impatient(&world).env("RETRY_FAILED", "true").run().await;
    expect_exit(&again, exit::NOT_ALL);
    expect_told(&again, SHOP, "failed", "the roll-out of httpd:3 failed, and the service was put back to httpd:1");

    world.deploy(ACCOUNT, HOME, SHOP, "orders.json");
    let next = impatient(&world).run().await;
    expect_exit(&next, exit::DONE);
    expect_told(&next, SHOP, "protected", "orders:1 -> orders:2, rolled out");
}

#[tokio::test]
async fn an_inactive_revision_is_registered_again_for_the_way_back() {
    let world = failing(|service| service).start().await;
    world.deregister(ACCOUNT, HOME, "httpd:1");
    let before = world.service(ACCOUNT, HOME, SHOP).task_definition().clone();
    let run = impatient(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, SHOP, "failed", "the service was put back to httpd:3");
    expect_untouched(&world, &before, ACCOUNT, HOME, SHOP);
    assert_eq!(left_alone(&world).as_deref(), Some("rolled-back httpd:3 34.03.138"));
    let next = impatient(&world).run().await;
    expect_exit(&next, exit::DONE);
    expect_told(&next, SHOP, "skipped", "this was rolled back before");
}

#[tokio::test]
async fn an_owner_who_deploys_meanwhile_goes_first() {
    let world = org(|service| service.looks_to_start(10_000)).start().await;
    let looking = world.hold("DescribeServices");
    let running = updater(&world).start().await;
    looking.reached().await;
    let second = world.hold("DescribeServices");
    looking.release();
    second.reached().await;
    world.deploy(ACCOUNT, HOME, SHOP, "orders.json");
    second.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, SHOP, "skipped", "its owner's deployment is still in progress");
    assert_eq!((runs(&world, SHOP).as_str(), left_alone(&world)), ("orders:1", None));
}

#[tokio::test]
async fn a_signal_ends_the_watch_and_the_next_run_takes_it_up() {
    let world = failing(|service| service).start().await;
    let updated = world.on_write(2, simulator::Moment::After);
    let running = updater(&world).start().await;
    updated.reached().await;
    let looking = world.hold("DescribeServices");
    updated.release();
    looking.reached().await;
    running.terminate().await;
    let run = running.wait().await;
    looking.release();
    assert_eq!(lines_about(&run, SHOP).len(), 1, "{}", run.stdout);
    expect_told(&run, SHOP, "protected", "roll-out still in progress when the run was stopped");
    let next = impatient(&world).run().await;
    expect_taken_back(&world, &next, "the service was put back to httpd:1", "exit code 70").await;
}

#[tokio::test]
async fn an_owner_who_puts_the_revision_back_is_given_way_to_after_the_third_time() {
    let world = org(|service| service).start().await;
    let put_back = || world.deploy(ACCOUNT, HOME, SHOP, "httpd.json");
    for times in 1..=3 {
        let run = updater(&world).run().await;
        expect_told(&run, SHOP, "protected", "rolled out");
        assert_eq!(tag(&world, SHOP, "fargate-updater:protected"), Some(format!("httpd:1 {times}")));
        world.deploy_revision(ACCOUNT, HOME, SHOP, "httpd:1");
    }
    let reported = updater(&world).run().await;
    expect_exit(&reported, exit::DONE);
    expect_told(&reported, SHOP, "skipped", "reverted by its owner: it was protected 3 times");
    let again = updater(&world).env("REVERTED", "reprotect").run().await;
    expect_told(&again, SHOP, "protected", "rolled out");
    let newer = put_back();
    assert!(newer.ends_with(":3"), "a new revision is new code, whatever it holds: {newer}");
    expect_told(&updater(&world).run().await, SHOP, "protected", "rolled out");
}
