//! Files and fleets together: a run leaves what a pipeline protected, mends it when it is outdated, and knows what the file remembered.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::{Finished, Org, World};

use crate::support::{ACCOUNT, expect_exit, fixture, org, pipe, program, world};

const HOME: &str = "us-east-1";

/// What a pipeline made of `one_silent.json` and registered.
async fn protected_by_a_pipeline() -> Value {
    let run = pipe(&world().await, &["embed", "-"], fixture("one_silent.json").replace("1e2", "100")).await;
    expect_exit(&run, exit::DONE);
    serde_json::from_str(&run.stdout).expect("JSON")
}

async fn fleet(org: Org, definition: Value) -> World {
    org.account(ACCOUNT, |account| account.service("web/web", definition)).start().await
}

async fn run(world: &World, command: &str) -> Finished {
    program(world).env("LOG_FORMAT", "text").env("VERBOSE", "true").args(["--watch-every-ms=1", command]).run().await
}

fn now(world: &World) -> Value {
    world.service(ACCOUNT, HOME, "web/web").task_definition().clone()
}

#[tokio::test]
async fn a_run_finds_nothing_to_do_behind_a_pipeline() {
    let world = fleet(org(), protected_by_a_pipeline().await).await;
    let before = now(&world);
    let finished = run(&world, "run").await;
    expect_exit(&finished, exit::DONE);
    assert!(finished.stdout.contains("up to date"), "{}", finished.stdout);
    assert_eq!(now(&world), before);
    let undone = run(&world, "undo").await;
    expect_exit(&undone, exit::DONE);
    assert!(undone.stdout.contains("its Defender was put there by somebody else"), "{}", undone.stdout);
    assert_eq!(now(&world), before);
}

#[tokio::test]
async fn a_newer_defender_comes_with_a_run_and_what_the_file_remembered_goes_into_tags() {
    let definition = protected_by_a_pipeline().await;
    let labels = definition["containerDefinitions"][2]["dockerLabels"].clone();
    assert!(labels["fargate-updater:filled"].is_string(), "{labels}");
    let world = fleet(org().console(|console| console.version("34.04.100")), definition).await;
    let finished = run(&world, "run").await;
    expect_exit(&finished, exit::DONE);
    let upgraded = now(&world);
    let sidecar = &upgraded["containerDefinitions"][2];
    assert!(sidecar["image"].as_str().is_some_and(|image| image.ends_with("34_04_100")), "{sidecar}");
    assert_eq!(sidecar.get("dockerLabels"), None, "a run writes tags");
    assert_eq!(upgraded["containerDefinitions"][0]["command"], json!(["httpd-foreground"]));
    let mut described = json!({ "taskDefinition": upgraded });
    described["tags"] = described["taskDefinition"].as_object_mut().and_then(|it| it.remove("tags")).expect("tags");
    let stripped = pipe(&world, &["strip", "-", "--form=register"], described.to_string()).await;
    expect_exit(&stripped, exit::DONE);
    let bare: Value = serde_json::from_str(&stripped.stdout).expect("JSON");
    let web = &bare["containerDefinitions"][0];
    assert_eq!(
        (web.get("command"), web.get("entryPoint")),
        (None, None),
        "what was filled in is known to be: {}",
        stripped.stdout
    );
    assert_eq!(bare.get("tags"), None, "tags of ours went with the Defender");
}

#[tokio::test]
async fn an_image_in_ecr_is_read_with_the_callers_own_credentials() {
    let image = &format!("{}.dkr.ecr.us-east-1.amazonaws.com/worker:1.0", Org::new().management.id);
    let world = org().image(image, &["/worker"], &[]).start().await;
    let definition = json!({
        "family": "worker",
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "containerDefinitions": [{ "name": "worker", "image": image }],
    });
    let run = pipe(&world, &["embed", "-"], definition.to_string()).await;
    expect_exit(&run, exit::DONE);
    let embedded: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(embedded["containerDefinitions"][0]["entryPoint"][3], "/worker");
    assert_eq!(world.calls().of("GetAuthorizationToken"), 1);
    assert_eq!(world.calls().of("AssumeRole"), 0);
}
