//! `embed --register` and `--update`: the new revision is registered, and a service is moved to it as a run moves it.

use fargate_updater::exit;
use serde_json::Value;
use simulator::{Finished, World};

use crate::support::{expect_exit, expect_says, fixture, org, program, world};

async fn embed(world: &World, arguments: &[&str], text: &str) -> Finished {
    program(world).arg("--watch-every-ms=1").args(["embed", "-"]).args(arguments).input(text).run().await
}

/// A world with a service that runs what `registration.json` says.
async fn with_service() -> World {
    let definition: Value = serde_json::from_str(&fixture("registration.json")).expect("JSON");
    org().management(|account| account.service("web/orders", definition)).start().await
}

#[tokio::test]
async fn the_arn_is_printed_and_the_revision_is_the_file() {
    let world = world().await;
    let run = embed(&world, &["--register"], &fixture("registration.json")).await;
    expect_exit(&run, exit::DONE);
    assert_eq!(run.stdout, format!("arn:aws:ecs:us-east-1:{}:task-definition/orders:1\n", world.management()));
    let registered = world.registered();
    let expected: Value = serde_json::from_str(&fixture("protected/registration.json")).expect("JSON");
    let last = registered.last().expect("a revision");
    for (key, value) in expected.as_object().expect("an object") {
        if key != "containerDefinitions" {
            assert_eq!(&last[key], value, "{key}");
        }
    }
    let containers = |value: &Value| value["containerDefinitions"].as_array().cloned().expect("containers");
    assert_eq!(containers(last).len(), containers(&expected).len());
    for (registered, expected) in containers(last).iter().zip(containers(&expected)) {
        for key in ["name", "image", "entryPoint", "command", "environment", "dependsOn", "volumesFrom", "linuxParameters"] {
            assert_eq!(registered.get(key), expected.get(key), "{key} of {}", expected["name"]);
        }
    }
}

#[tokio::test]
async fn a_service_is_moved_and_followed() {
    let world = with_service().await;
    let run = embed(&world, &["--update=web/orders"], &fixture("registration.json")).await;
    expect_exit(&run, exit::DONE);
    let arn = run.stdout.trim();
    assert_eq!(world.service(&world.management(), "us-east-1", "web/orders").task_definition_arn(), arn);
    expect_says(&run, "web/orders: runs it now, orders:2");
    let described =
        fixture("protected/described.json").replace("orders:7", "orders:2").replace("\"revision\": 7", "\"revision\": 2");
    let described =
        described.replace("us-east-1:111122223333:task-definition", &format!("us-east-1:{}:task-definition", world.management()));
    let again = embed(&world, &["--update=web/orders"], &described).await;
    expect_exit(&again, exit::DONE);
    assert_eq!(again.stdout.trim(), arn, "what is registered already is not registered again");
    expect_says(&again, "web/orders: it runs orders:2 already");
    let edited = described.replace("orders:1.0", "orders:1.1");
    let edited = embed(&world, &["--register"], &edited).await;
    expect_exit(&edited, exit::DONE);
    assert_ne!(edited.stdout.trim(), arn, "what was edited since it was described is another revision");
    let unwatched = program(&world).env("WAIT", "false").args(["embed", "-", "--update=web/orders"]);
    let unwatched = unwatched.input(fixture("registration.json")).run().await;
    expect_exit(&unwatched, exit::DONE);
    expect_says(&unwatched, "is being moved to it (WAIT is false)");
}

#[tokio::test]
async fn a_roll_out_that_fails_is_taken_back() {
    let definition: Value = serde_json::from_str(&fixture("registration.json")).expect("JSON");
    let org = org().image_fails_behind_defender("orders:1.0", 137);
    let world = org.management(|account| account.service("web/orders", definition)).start().await;
    let before = world.service(&world.management(), "us-east-1", "web/orders").task_definition_arn().to_owned();
    let run = embed(&world, &["--update=web/orders"], &fixture("registration.json")).await;
    expect_exit(&run, exit::NOT_ALL);
    expect_says(&run, "the service web/orders does not run the new revision orders:2");
    assert_eq!(world.service(&world.management(), "us-east-1", "web/orders").task_definition_arn(), before);
}

#[tokio::test]
async fn what_cannot_be_registered_is_said_before_anything_is_done() {
    let world = with_service().await;
    let before = world.registered().len();
    let no_family = fixture("registration.json").replacen("\"family\": \"orders\",", "", 1);
    let cases = [
        (fixture("containers.json"), "--register", "a list of containers cannot be registered"),
        (fixture("template.yaml"), "--register", "is registered by CloudFormation"),
        (no_family, "--register", "says no family"),
        (fixture("registration.json"), "--update=orders", "name the service as CLUSTER/SERVICE"),
    ];
    for (text, argument, says) in cases {
        let run = embed(&world, &[argument], &text).await;
        expect_exit(&run, exit::BAD_SETTINGS);
        expect_says(&run, says);
    }
    assert_eq!(world.registered().len(), before);
    let opted_out = fixture("registration.json").replacen("\"key\": \"team\"", "\"key\": \"fargate-updater:skip\"", 1);
    let cases = [
        (
            fixture("registration.json"),
            "--update=web/nothing",
            "could not move the service web/nothing, and nothing was registered",
        ),
        (fixture("registration.json"), "--update=web/nothing", "ECS knows no such service in us-east-1:"),
        (fixture("registration.json"), "--update=nothing/orders", "could not move the service nothing/orders"),
        (fixture("registration.yaml"), "--update=web/orders", "it runs the family orders, and this is a revision of nightly"),
        (opted_out, "--register", "the tag fargate-updater:skip on the task definition says so"),
    ];
    for (text, argument, says) in cases {
        let run = embed(&world, &[argument], &text).await;
        expect_exit(&run, exit::NOT_ALL);
        expect_says(&run, says);
        assert_eq!(run.stdout, "");
        assert!(!run.stderr.contains("is in it now"), "{}", run.stderr);
    }
    assert_eq!(world.registered().len(), before);
}
