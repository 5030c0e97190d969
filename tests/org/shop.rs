//! A shop with a bit of everything, its services run under older Defenders: what the tests of upgrades share.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::{Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_exit, expect_told, updater};

/// The image of the container that says nothing.
pub(crate) const WORKER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";

/// A definition with a bit of everything: a container that says nothing at all, one that says a command alone, one with
/// variables, ports and `SYS_PTRACE` of its own.
pub(crate) fn original() -> Value {
    json!({
        "family": "shop",
        "executionRoleArn": "arn:aws:iam::111122223333:role/shop-exec",
        "networkMode": "awsvpc",
        "containerDefinitions": [
            { "name": "worker", "image": WORKER },
            { "name": "report", "image": WORKER, "command": ["daily"], "environment": [{ "name": "B", "value": "2" }] },
            {
                "name": "app", "image": "app:1", "entryPoint": ["/app"], "command": ["--serve"],
                "environment": [{ "name": "Z", "value": "1" }, { "name": "A", "value": "2" }],
                "portMappings": [{ "containerPort": 8080 }],
                "dependsOn": [{ "containerName": "worker", "condition": "START" }],
                "linuxParameters": { "initProcessEnabled": true, "capabilities": { "add": ["SYS_PTRACE"] } },
                "futureField": { "deep": [1.0, ""] },
            },
        ],
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "1024",
        "memory": "2048",
        "tags": [{ "key": "team", "value": "payments" }],
    })
}

pub(crate) fn org() -> Org {
    let org = Org::new().image(WORKER, &["/entrypoint.sh"], &["serve"]);
    org.account(ACCOUNT, |account| account.service("web/shop", original()))
}

pub(crate) fn running(world: &World) -> Value {
    world.service(ACCOUNT, HOME, "web/shop").task_definition().clone()
}

/// What runs but for the Defender's container and our tags: the application.
pub(crate) fn application(definition: &Value) -> Value {
    let mut definition = definition.clone();
    let containers = definition["containerDefinitions"].as_array_mut().expect("containers");
    containers.retain(|container| container["name"] != "TwistlockDefender");
    for container in containers.iter_mut() {
        let words = container["entryPoint"].as_array().expect("it is wrapped").clone();
        let at = words.windows(2).position(|pair| pair == ["fargate", "entrypoint"]).expect("it is wrapped");
        container["entryPoint"] = json!(words[at + 2..]);
        let ours = ["TW_IMAGE_NAME", "TW_CONTAINER_NAME", "DEFENDER_TYPE", "FARGATE_TASK", "FILESYSTEM_MONITORING"];
        container["environment"].as_array_mut().expect("variables").retain(|it| !ours.iter().any(|name| it["name"] == *name));
        container["dependsOn"].as_array_mut().expect("a list").retain(|it| it["containerName"] != "TwistlockDefender");
        container["volumesFrom"].as_array_mut().expect("a list").retain(|it| it["sourceContainer"] != "TwistlockDefender");
    }
    let tags = definition["tags"].as_array_mut().expect("tags");
    tags.retain(|tag| !tag["key"].as_str().is_some_and(|key| key.starts_with("fargate-updater:")));
    definition
}

pub(crate) fn sidecar(definition: &Value) -> Value {
    let containers = definition["containerDefinitions"].as_array().expect("containers");
    containers.iter().find(|container| container["name"] == "TwistlockDefender").expect("a Defender").clone()
}

pub(crate) async fn run(world: &World, edit: impl FnOnce(Program) -> Program) -> Finished {
    let run = edit(updater(world)).run().await;
    expect_exit(&run, exit::DONE);
    run
}

pub(crate) type Setting = fn(Program) -> Program;

pub(crate) fn as_it_is(program: Program) -> Program {
    program
}

/// Runs once more and expects that nothing is changed.
pub(crate) async fn expect_quiet(world: &World, edit: impl FnOnce(Program) -> Program) {
    world.gate().forget_calls();
    let again = run(world, edit).await;
    assert_eq!(world.calls().writes(), 0, "{}", again.stdout);
    expect_told(&again, "web/shop", "up to date", "shop:");
}

/// Registers and deploys the running definition with something changed, as a pipeline does that copied it.
pub(crate) fn edit(world: &World, with_tags: bool, change: impl FnOnce(&mut Value)) {
    let mut definition = running(world);
    change(&mut definition);
    if !with_tags {
        definition["tags"] = json!([{ "key": "team", "value": "payments" }]);
    }
    world.deploy(ACCOUNT, HOME, "web/shop", definition);
}
