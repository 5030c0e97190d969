//! An older Defender is taken out and today's put in: the application comes back as it was, what its owner tuned stays, and a
//! further run changes nothing.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::console::Profile;
use simulator::{Console, Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

/// The image of the container that says nothing.
const WORKER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";

/// A definition with a bit of everything: a container that says nothing at all, one that says a command alone, one with
/// variables, ports and `SYS_PTRACE` of its own.
fn original() -> Value {
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

fn org() -> Org {
    let org = Org::new().image(WORKER, &["/entrypoint.sh"], &["serve"]);
    org.account(ACCOUNT, |account| account.service("web/shop", original()))
}

fn running(world: &World) -> Value {
    world.service(ACCOUNT, HOME, "web/shop").task_definition().clone()
}

/// What runs but for the Defender's container and our tags: the application.
fn application(definition: &Value) -> Value {
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

fn sidecar(definition: &Value) -> Value {
    let containers = definition["containerDefinitions"].as_array().expect("containers");
    containers.iter().find(|container| container["name"] == "TwistlockDefender").expect("a Defender").clone()
}

async fn run(world: &World, edit: impl FnOnce(Program) -> Program) -> Finished {
    let run = edit(updater(world)).run().await;
    expect_exit(&run, exit::DONE);
    run
}

type Setting = fn(Program) -> Program;

fn as_it_is(program: Program) -> Program {
    program
}

/// Runs once more and expects that nothing is changed.
async fn expect_quiet(world: &World, edit: impl FnOnce(Program) -> Program) {
    world.gate().forget_calls();
    let again = run(world, edit).await;
    assert_eq!(world.calls().writes(), 0, "{}", again.stdout);
    expect_told(&again, "web/shop", "up to date", "shop:");
}

/// Every generation a Defender may have been embedded by, and what an owner may have done to it since.
#[tokio::test]
async fn every_generation_is_upgraded_to_the_newest_and_the_application_is_what_it_was() {
    for profile in Profile::ALL {
        let world = org().console(|console| console.profile(profile).version("33.01.137")).start().await;
        let first = run(&world, as_it_is).await;
        expect_told(&first, "web/shop", "protected", "shop:1 -> shop:2");
        let before = application(&running(&world));

        world.console().change(|console| console.profile(Profile::V34).version("34.03.138"));
        let second = run(&world, as_it_is).await;
        expect_told(&second, "web/shop", "upgraded", "shop:2 -> shop:3, Defender 33.01.137 -> 34.03.138, roll-out not watched");
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
        assert_eq!(application(&running(&world)), before, "{profile:?}");
        assert!(sidecar(&running(&world))["image"].as_str().is_some_and(|image| image.ends_with("34_03_138")));
        let revisions = world.revisions(ACCOUNT, HOME, "shop");
        let tags = revisions[2]["tags"].to_string();
        assert!(tags.contains("shop:2") && tags.contains("34.03.138") && tags.contains("app/SYS_PTRACE"), "{tags}");
        expect_quiet(&world, as_it_is).await;
    }
}

/// Registers and deploys the running definition with something changed, as a pipeline does that copied it.
fn edit(world: &World, with_tags: bool, change: impl FnOnce(&mut Value)) {
    let mut definition = running(world);
    change(&mut definition);
    if !with_tags {
        definition["tags"] = json!([{ "key": "team", "value": "payments" }]);
    }
    world.deploy(ACCOUNT, HOME, "web/shop", definition);
}

#[tokio::test]
async fn what_an_owner_did_to_a_protected_definition_is_protected_again_and_stays() {
    type Change = fn(&mut Value);
    type Check = fn(&Value);
    let cases: [(&str, Change, &str, Check); 5] = [
        (
            "the image was changed",
            |it| it["containerDefinitions"][2]["image"] = json!("app:2"),
            "TW_IMAGE_NAME of its container app names something else",
            |it| assert_eq!(it["containerDefinitions"][2]["image"], "app:2"),
        ),
        (
            "the image of a container was changed whose entry point was filled in",
            |it| it["containerDefinitions"][0]["image"] = json!("registry.example.test/worker:2"),
            "TW_IMAGE_NAME of its container worker names something else",
            |it| {
                let worker = &it["containerDefinitions"][0];
                assert_eq!(worker["entryPoint"].as_array().and_then(|words| words.last()), Some(&json!("/v2")));
                assert_eq!(worker["command"], json!(["serve-v2"]));
            },
        ),
        (
            "a container was added",
            |it| {
                let new = json!({ "name": "new", "image": "new:1", "entryPoint": ["/new"], "essential": false });
                it["containerDefinitions"].as_array_mut().expect("containers").insert(0, new);
            },
            "its container new is not wrapped by the Defender",
            |it| assert_eq!(it["containerDefinitions"][0]["name"], "new"),
        ),
        (
            "the sidecar was moved, and another setting changed",
            |it| {
                it["containerDefinitions"].as_array_mut().expect("containers").rotate_right(1);
                it["containerDefinitions"][1]["command"] = json!(["serve", "--debug"]);
                it["containerDefinitions"][1]["volumesFrom"] = json!([]);
            },
            "its container worker lacks `volumesFrom` the Defender",
            |it| assert_eq!(it["containerDefinitions"][0]["command"], json!(["serve", "--debug"]), "it is its owner's now"),
        ),
        (
            "the variables are in another order and one is gone",
            |it| {
                let variables = it["containerDefinitions"][2]["environment"].as_array_mut().expect("variables");
                variables.reverse();
                variables.retain(|variable| variable["name"] != "TW_CONTAINER_NAME");
            },
            "its container app lacks today's TW_CONTAINER_NAME",
            |_| {},
        ),
    ];
    for (name, change, why, check) in cases {
        let world = org().image("registry.example.test/worker:2", &["/v2"], &["serve-v2"]).start().await;
        run(&world, as_it_is).await;
        edit(&world, true, change);
        let again = run(&world, as_it_is).await;
        expect_told(&again, "web/shop", "upgraded", why);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
        let names: Vec<Value> =
            running(&world)["containerDefinitions"].as_array().expect("containers").iter().map(|it| it["name"].clone()).collect();
        assert_eq!(names.last(), Some(&json!("TwistlockDefender")), "{name}");
        check(&running(&world));
        expect_quiet(&world, as_it_is).await;
    }
}

/// A pipeline that copies a definition often leaves its tags behind.
#[tokio::test]
async fn a_copy_without_our_tags_keeps_the_entry_points_it_came_with() {
    let world = org().start().await;
    run(&world, as_it_is).await;
    let before = application(&running(&world));
    edit(&world, false, |it| it["containerDefinitions"][2]["image"] = json!("app:2"));
    run(&world, as_it_is).await;
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    let mut expected = before;
    expected["containerDefinitions"][2]["image"] = json!("app:2");
    assert_eq!(application(&running(&world)), expected);
    expect_quiet(&world, as_it_is).await;
}

#[tokio::test]
async fn what_its_owner_tuned_on_the_defender_stays() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    run(&world, as_it_is).await;
    let tuning = json!({
        "cpu": 256, "memory": 512, "memoryReservation": 256, "essential": false, "stopTimeout": 30,
        "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/defenders" } },
    });
    edit(&world, true, |it| {
        let sidecar = it["containerDefinitions"][3].as_object_mut().expect("the sidecar");
        sidecar.extend(tuning.as_object().expect("tuning").clone());
    });
    world.console().set_version("34.03.138");
    run(&world, as_it_is).await;
    let now = sidecar(&running(&world));
    for (key, value) in tuning.as_object().expect("tuning") {
        assert_eq!(&now[key], value, "{key}");
    }
    assert!(now["image"].as_str().is_some_and(|image| image.ends_with("34_03_138")), "{}", now["image"]);
    expect_quiet(&world, as_it_is).await;
}

#[tokio::test]
async fn three_services_on_one_older_definition_share_one_new_revision() {
    let world = Org::new()
        .console(|console| console.version("33.01.137"))
        .account(ACCOUNT, |account| {
            ["web/shop", "web/two", "api/three"].iter().fold(account, |it, place| it.service(place, "httpd.json"))
        })
        .start()
        .await;
    run(&world, as_it_is).await;
    world.console().set_version("34.03.138");
    world.gate().forget_calls();
    let second = run(&world, as_it_is).await;
    assert_eq!((world.calls().of("RegisterTaskDefinition"), world.calls().of("UpdateService")), (1, 3));
    assert!(second.stdout.contains("3 services seen, 2 accounts in scope: 3 upgraded"), "{}", second.stdout);
    let why = "\nUpgraded, and why\n      3  it carries Defender 33.01.137, today's is 34.03.138\n";
    assert!(second.stdout.contains(why), "{}", second.stdout);
}

/// What a Console embeds is what counts, not what it says its version is.
#[tokio::test]
async fn each_setting_that_has_changed_reaches_what_is_protected_already_and_only_once() {
    let fs: Setting = |program| program.env("FS_MONITOR", "true");
    let fips: Setting = |program| program.env("FIPS_ENABLED", "true");
    let waas: Setting = |program| program.env("WAAS_PORT", "9000");
    let san: Setting = |program| program.env("PCC_SAN", "console.example.test");
    let interpreter: Setting = |program| program.env("INTERPRETER", "/busybox/sh");
    let mirror: Setting =
        |program| program.env("DEFENDER_IMAGE", "{account}.dkr.ecr.{region}.amazonaws.com/twistlock/defender:stable");
    let cases: [(&str, Setting, &str); 6] = [
        ("monitoring", fs, "its file-system monitoring is not what FS_MONITOR says"),
        ("FIPS", fips, "its FIPS mode is not what FIPS_ENABLED says"),
        ("WAAS", waas, "its WAAS port is not what WAAS_PORT says"),
        ("another name", san, "its Defender connects elsewhere than to wss://console.example.test:443"),
        ("an interpreter", interpreter, "is started in another way than today"),
        ("a mirror", mirror, "Defender 34.03.138 -> of unknown version, roll-out not watched"),
    ];
    for (name, setting, why) in cases {
        let world = org().start().await;
        run(&world, as_it_is).await;
        let before = application(&running(&world));
        let changed = run(&world, setting).await;
        expect_told(&changed, "web/shop", "upgraded", why);
        expect_quiet(&world, setting).await;
        if name == "a mirror" {
            let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/twistlock/defender:stable";
            assert_eq!(sidecar(&running(&world))["image"], image);
        }
        // And back.
        run(&world, as_it_is).await;
        assert_eq!(application(&running(&world)), before, "{name}");
        expect_quiet(&world, as_it_is).await;
    }
}

/// It ignores the parameter, so that its own image counts; or every Defender would be replaced at every run.
#[tokio::test]
async fn a_console_that_does_not_know_a_setting_rolls_nothing_out_again() {
    let world = org().console(|console| console.profile(Profile::V21_04)).start().await;
    let settings = |program: Program| {
        let program = program.env("FS_MONITOR", "true").env("INTERPRETER", "/busybox/sh");
        program.env("DEFENDER_IMAGE", "mirror.example.test/twistlock/defender:defender_{version}")
    };
    let first = run(&world, settings).await;
    let warning = "warning: the Console embeds its own Defender image and not DEFENDER_IMAGE";
    assert!(first.stdout.contains(warning), "{}", first.stdout);
    expect_quiet(&world, settings).await;
}

#[tokio::test]
async fn a_new_bundle_alone_is_no_reason_and_reembed_is() {
    let world = org().start().await;
    run(&world, as_it_is).await;
    world.console().change(|console| console.bundle("YW5vdGhlci1idW5kbGU="));
    expect_quiet(&world, as_it_is).await;
    let forced = run(&world, |program| program.env("REEMBED", "true")).await;
    expect_told(&forced, "web/shop", "upgraded", "REEMBED asks for it");
    let variables = sidecar(&running(&world))["environment"].to_string();
    assert!(variables.contains("YW5vdGhlci1idW5kbGU="), "the bundle is today's");
    expect_quiet(&world, as_it_is).await;
}

#[tokio::test]
async fn a_new_registry_token_is_a_reason_and_is_never_shown() {
    let world = org().start().await;
    run(&world, as_it_is).await;
    world.console().change(|console| console.registry_token("tw_another0synthetic0token0another0"));
    let second = run(&world, as_it_is).await;
    expect_told(&second, "web/shop", "upgraded", "the registry token in its Defender's image has changed");
    let tokens = ["synthetic0token0synthetic0token0", "another0synthetic0token0another0"].map(str::to_owned);
    assert!(second.leaks(&tokens).is_empty(), "{}", second.stdout);
    expect_quiet(&world, as_it_is).await;
}

#[tokio::test]
async fn with_upgrades_off_all_of_it_is_left_alone_with_the_reason() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    run(&world, as_it_is).await;
    let before = running(&world);
    world.console().set_version("34.03.138");
    world.gate().forget_calls();
    let off = run(&world, |program| program.env("UPGRADE", "false")).await;
    expect_told(&off, "web/shop", "skipped", "it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false");
    assert_eq!(world.calls().writes(), 0);
    edit(&world, true, |it| it["containerDefinitions"][2]["image"] = json!("app:2"));
    world.console().set_version("33.01.137");
    let off = run(&world, |program| program.env("UPGRADE", "false")).await;
    expect_told(&off, "web/shop", "skipped", "the definition was copied, and UPGRADE is false");
    assert_ne!(running(&world), before, "what its owner deployed");
}

/// The image is gone, but what an earlier run read of it is on the revision.
#[tokio::test]
async fn an_upgrade_goes_on_with_what_was_filled_in_when_the_image_cannot_be_read_again() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    run(&world, as_it_is).await;
    let before = application(&running(&world));
    world.console().set_version("34.03.138");
    let no_more = simulator::FaultRule {
        operation: "GET manifests".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault: simulator::Fault::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    };
    world.fault(no_more);
    let second = run(&world, as_it_is).await;
    assert!(
        second.stdout.contains("comes from the revision it replaces, since the image could not be read again"),
        "{}",
        second.stdout
    );
    assert_eq!(application(&running(&world)), before);
    expect_quiet(&world, as_it_is).await;
}

/// A mutable tag may mean another image by the time of the upgrade, and the new tasks start that one.
#[tokio::test]
async fn an_upgrade_reads_the_image_again_under_the_same_name() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    run(&world, as_it_is).await;
    world.change_image(WORKER, &["/new-entrypoint.sh"], &["serve"]);
    world.console().set_version("34.03.138");
    run(&world, as_it_is).await;
    let worker = running(&world)["containerDefinitions"][0].clone();
    assert_eq!(worker["entryPoint"].as_array().and_then(|words| words.last()), Some(&json!("/new-entrypoint.sh")));
}

/// The revision an upgrade registered and did not get to use is used by the next run.
#[tokio::test]
async fn a_killed_upgrade_is_finished_by_the_next_run() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    run(&world, as_it_is).await;
    world.console().set_version("34.03.138");
    let registered = world.on_write(1, simulator::Moment::After);
    let mut killed = updater(&world).start().await;
    registered.reached().await;
    killed.kill().await;
    registered.release();
    let next = run(&world, as_it_is).await;
    expect_told(&next, "web/shop", "upgraded", "shop:2 -> shop:3");
    assert!(next.stdout.contains("note: the revision that an earlier run registered was used"), "{}", next.stdout);
    assert_eq!(world.revisions(ACCOUNT, HOME, "shop").len(), 3);
}

/// Embedded by hand, long ago, with a tool that knew no tags: the vendor's own script, say.
#[tokio::test]
async fn a_defender_that_another_tool_embedded_is_upgraded_too() {
    for profile in Profile::ALL {
        let console = Console::new().profile(profile).version("33.01.137").image(WORKER, &["/entrypoint.sh"], &["serve"]);
        let mut definition = console.protect(&original(), "127.0.0.1");
        for container in definition["containerDefinitions"].as_array_mut().expect("containers") {
            container.as_object_mut().expect("a container").retain(|_, value| !value.is_null());
        }
        let world = Org::new()
            .image(WORKER, &["/entrypoint.sh"], &["serve"])
            .account(ACCOUNT, |account| account.service("web/shop", definition))
            .start()
            .await;
        let first = run(&world, as_it_is).await;
        expect_told(&first, "web/shop", "upgraded", "Defender 33.01.137 -> 34.03.138, roll-out not watched");
        let containers = running(&world)["containerDefinitions"].clone();
        let last_words = |index: usize| containers[index]["entryPoint"].as_array().and_then(|words| words.last()).cloned();
        assert_eq!(last_words(0), Some(json!("/entrypoint.sh")), "{profile:?}");
        assert_eq!(
            last_words(1),
            Some(json!("/entrypoint.sh")),
            "{profile:?}: the command alone had lost its image's entry point"
        );
        assert_eq!(containers[1]["command"], json!(["daily"]));
        expect_quiet(&world, as_it_is).await;
    }
}
