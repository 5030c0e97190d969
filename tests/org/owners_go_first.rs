//! A run never takes an owner's newer deployment back, however long it waited between its look at a service and its turn.
//!
//! A service is looked at again when its description is old; `--look-again-after-ms=0` makes every description old.

use fargate_updater::exit;
use serde_json::json;
use simulator::{Fault, FaultRule, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_untouched, updater};

const EMBED: &str = "POST defenders/fargate.json";

fn forgetful(world: &World) -> Program {
    updater(world).arg("--look-again-after-ms=0")
}

/// The image of the container that is not the Defender.
fn image_of(world: &World, service: &str) -> String {
    let view = world.service(ACCOUNT, HOME, service);
    view.task_definition()["containerDefinitions"][0]["image"].as_str().expect("an image").to_owned()
}

/// The newer code that an owner deploys.
fn newer() -> serde_json::Value {
    json!({
        "family": "httpd",
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "containerDefinitions": [{
            "name": "httpd",
            "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.5",
            "essential": true,
            "entryPoint": ["/usr/local/bin/httpd"],
        }],
    })
}

#[tokio::test]
async fn a_deployment_while_the_console_works_is_protected_and_not_taken_back() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json")).start().await;
    // The first embedding is the sample's, at the start of the run.
    let sample = world.hold(EMBED);
    let running = forgetful(&world).start().await;
    sample.reached().await;
    let embedding = world.hold(EMBED);
    sample.release();
    embedding.reached().await;
    world.deploy(ACCOUNT, HOME, "web/shop", newer());
    embedding.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    assert!(image_of(&world, "web/shop").ends_with("httpd:2.5"), "the owner's newer code runs");
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert_eq!(world.registered().len(), 1, "nothing was registered for the code that nobody runs any more");
}

#[tokio::test]
async fn a_deployment_while_aws_is_busy_is_protected_and_not_taken_back() {
    let busy = FaultRule {
        operation: "UpdateService".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: Some(1),
        fault: Fault::throttled(),
    };
    let org = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json"));
    let world = org.fault(busy).start().await;
    let updating = world.hold("UpdateService");
    let running = forgetful(&world).start().await;
    updating.reached().await;
    world.deploy(ACCOUNT, HOME, "web/shop", newer());
    updating.release();
    let run = running.wait().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().of("UpdateService"), 2, "the throttled one, and the one that moved the newer code");
    assert!(image_of(&world, "web/shop").ends_with("httpd:2.5"), "the owner's newer code runs");
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
}

#[tokio::test]
async fn a_service_that_did_not_change_is_looked_at_again_and_moved() {
    let org = Org::new().account(ACCOUNT, |account| {
        (0..12).fold(account, |account, n| account.service(&format!("web/shop-{n:02}"), "httpd.json"))
    });
    let world = org.start().await;
    let run = forgetful(&world).env("WAIT", "false").run().await;
    expect_exit(&run, exit::DONE);
    assert!(run.stdout.contains("12 services seen, 2 accounts in scope: 12 protected"), "{}", run.stdout);
    assert_eq!(world.registered().len(), 1);
    // Two to find them; two before the revision is registered; one each before the ten and the two are moved.
    assert_eq!(world.calls().of("DescribeServices"), 6);
}

#[tokio::test]
async fn young_descriptions_are_not_read_twice() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json")).start().await;
    expect_exit(&updater(&world).env("WAIT", "false").run().await, exit::DONE);
    assert_eq!(world.calls().of("DescribeServices"), 1);
}

#[tokio::test]
async fn a_service_that_cannot_be_looked_at_again_fails_and_is_not_changed() {
    let refused = FaultRule {
        operation: "DescribeServices".to_owned(),
        account: None,
        region: None,
        from: 2,
        to: None,
        fault: Fault::error(400, "AccessDeniedException", "not now"),
    };
    let org = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json"));
    let world = org.fault(refused).start().await;
    let before = world.service(ACCOUNT, HOME, "web/shop").task_definition().clone();
    let run = forgetful(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("could not look at the service again before changing it"), "{}", run.stdout);
    expect_untouched(&world, &before, ACCOUNT, HOME, "web/shop");
    assert!(world.registered().is_empty());
}
