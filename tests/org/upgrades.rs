//! An older Defender is taken out and today's put in: the application comes back as it was, what its owner tuned stays, and a
//! further run changes nothing.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::console::Profile;
use simulator::scenario::Service;
use simulator::{Console, Org};

use crate::shop::{WORKER, application, as_it_is, edit, expect_quiet, org, original, run, running, sidecar};
use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

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
        expect_told(&second, "web/shop", "upgraded", "shop:2 -> shop:3, Defender 33.01.137 -> 34.03.138, rolled out");
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
        assert_eq!(application(&running(&world)), before, "{profile:?}");
        assert!(sidecar(&running(&world))["image"].as_str().is_some_and(|image| image.ends_with("34_03_138")));
        let revisions = world.revisions(ACCOUNT, HOME, "shop");
        let tags = revisions[2]["tags"].to_string();
        assert!(tags.contains("shop:2") && tags.contains("34.03.138") && tags.contains("app/SYS_PTRACE"), "{tags}");
        expect_quiet(&world, as_it_is).await;
    }
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

/// ECS refuses to move a service to a definition without the port that its load balancer or service discovery names.
#[tokio::test]
async fn a_waas_port_that_a_load_balancer_uses_outlives_the_setting_and_an_upgrade() {
    let named: [fn(Service) -> Service; 2] = [|it| it.load_balancer("app", 9000), |it| it.service_registry("app", 9000)];
    for naming in named {
        let org = Org::new().image(WORKER, &["/entrypoint.sh"], &["serve"]).console(|console| console.version("33.01.137"));
        let world = org.account(ACCOUNT, |account| account.service_with("web/shop", original(), naming)).start().await;
        run(&world, |program| program.env("WAAS_PORT", "9000")).await;
        expect_quiet(&world, as_it_is).await;
        world.console().set_version("34.03.138");
        run(&world, as_it_is).await;
        let ports = running(&world)["containerDefinitions"][2]["portMappings"].clone();
        let ports: Vec<u64> = ports.as_array().into_iter().flatten().filter_map(|port| port["containerPort"].as_u64()).collect();
        assert_eq!(ports, [8080, 9000]);
        expect_quiet(&world, as_it_is).await;
    }
}

/// A wrapper of an owner's before the Defender is theirs: it is no difference, and an upgrade does not take it away.
#[tokio::test]
async fn a_wrapper_before_the_defender_stays() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    run(&world, as_it_is).await;
    edit(&world, true, |it| {
        let entry_point = it["containerDefinitions"][2]["entryPoint"].as_array_mut().expect("words");
        entry_point.splice(0..0, ["chamber", "exec", "prod", "--"].map(Value::from));
    });
    let before = running(&world)["containerDefinitions"][2]["entryPoint"].clone();
    expect_quiet(&world, as_it_is).await;
    world.console().set_version("34.03.138");
    run(&world, as_it_is).await;
    assert_eq!(running(&world)["containerDefinitions"][2]["entryPoint"], before);
    expect_quiet(&world, as_it_is).await;
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
        expect_told(&first, "web/shop", "upgraded", "Defender 33.01.137 -> 34.03.138, rolled out");
        let containers = running(&world)["containerDefinitions"].clone();
        let last_words = |index: usize| containers[index]["entryPoint"].as_array().and_then(|words| words.last()).cloned();
        assert_eq!(last_words(0), Some(json!("/entrypoint.sh")), "{profile:?}");
        // Its image's entry point was lost when it was embedded; what runs today is not made another program by an upgrade.
        assert_eq!(last_words(1), Some(json!("entrypoint")), "{profile:?}");
        assert_eq!(containers[1]["command"], json!(["daily"]));
        let note = "note: the entry point of container report comes from the revision it replaces, where nothing but its command";
        assert!(first.stdout.contains(note), "{profile:?}: {}", first.stdout);
        expect_quiet(&world, as_it_is).await;

        world.console().set_version("35.00.100");
        run(&world, as_it_is).await;
        assert_eq!(running(&world)["containerDefinitions"][1]["command"], json!(["daily"]));
        assert_eq!(running(&world)["containerDefinitions"][1]["entryPoint"].as_array().map(Vec::len), Some(3), "{profile:?}");
    }
}

/// Its image's entry point was lost when it was embedded; left out, it would get it back, before a command that may repeat it.
#[tokio::test]
async fn a_container_that_is_left_out_now_and_had_lost_its_entry_point_is_its_owners_to_mend() {
    let mut definition = Console::new().version("33.01.137").profile(Profile::V21_04).protect(&original(), "127.0.0.1");
    let skip = json!({ "key": "fargate-updater:skip-containers", "value": "report" });
    definition["tags"].as_array_mut().expect("tags").push(skip);
    for container in definition["containerDefinitions"].as_array_mut().expect("containers") {
        container.as_object_mut().expect("a container").retain(|_, value| !value.is_null());
    }
    let org = Org::new().image(WORKER, &["/entrypoint.sh"], &["serve"]);
    let world = org.account(ACCOUNT, |account| account.service("web/shop", definition)).start().await;
    let first = updater(&world).run().await;
    expect_exit(&first, exit::NOT_ALL);
    expect_told(&first, "web/shop", "failed", "container report is left out, and nothing but its command stood behind");
    assert!(first.stdout.contains("say in the task definition what report is to start with"), "{}", first.stdout);
    assert_eq!(world.calls().writes(), 0);
}
