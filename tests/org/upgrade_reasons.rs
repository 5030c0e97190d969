//! Why a Defender is replaced: what the Console embeds today counts, each difference once, and nothing that it makes anew at each call.

use serde_json::json;
use simulator::console::Profile;
use simulator::{Org, Program};

use crate::shop::{Setting, WORKER, application, as_it_is, edit, expect_quiet, org, original, run, running, sidecar};
use crate::support::{ACCOUNT, expect_told};

/// What a Console embeds is what counts, not what it says its version is.
#[tokio::test]
async fn each_setting_that_has_changed_reaches_what_is_protected_already_and_only_once() {
    let fs: Setting = |program| program.env("FS_MONITOR", "true");
    let fips: Setting = |program| program.env("FIPS_ENABLED", "true");
    let waas: Setting = |program| program.env("WAAS_PORT", "9000");
    let san: Setting = |program| program.env("PCC_SAN", "console.example.test").arg("--console-addresses=none");
    let interpreter: Setting = |program| program.env("INTERPRETER", "/busybox/sh");
    let mirror: Setting =
        |program| program.env("DEFENDER_IMAGE", "{account}.dkr.ecr.{region}.amazonaws.com/twistlock/defender:stable");
    let cases: [(&str, Setting, &str); 6] = [
        ("monitoring", fs, "its file-system monitoring is not what FS_MONITOR says"),
        ("FIPS", fips, "its FIPS mode is not what FIPS_ENABLED says"),
        ("WAAS", waas, "its WAAS port is not what WAAS_PORT says"),
        ("another name", san, "its Defender connects elsewhere than to wss://console.example.test:443"),
        ("an interpreter", interpreter, "is started in another way than today"),
        ("a mirror", mirror, "Defender 34.03.138 -> of unknown version, rolled out"),
    ];
    for (name, setting, why) in cases {
        let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/twistlock/defender:stable";
        let world = org().image(image, &["/usr/local/bin/defender"], &[]).start().await;
        run(&world, as_it_is).await;
        let before = application(&running(&world));
        let changed = run(&world, setting).await;
        expect_told(&changed, "web/shop", "upgraded", why);
        expect_quiet(&world, setting).await;
        if name == "a mirror" {
            assert_eq!(sidecar(&running(&world))["image"], image);
        }
        // And back.
        run(&world, as_it_is).await;
        assert_eq!(application(&running(&world)), before, "{name}");
        expect_quiet(&world, as_it_is).await;
    }
}

/// It ignores the parameters, and what it embeds is what counts; or every Defender would be replaced at every run.
#[tokio::test]
async fn a_console_that_does_not_know_a_setting_rolls_nothing_out_again() {
    let world = org().console(|console| console.profile(Profile::V21_04)).start().await;
    let settings = |program: Program| program.env("FS_MONITOR", "true").env("INTERPRETER", "/busybox/sh");
    run(&world, settings).await;
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

/// Without room for our tags nothing tells what runs from what would be registered; it is still not told as a change to itself.
#[tokio::test]
async fn a_forced_replacement_never_moves_a_service_to_the_revision_that_it_runs() {
    let mut definition = original();
    definition["tags"] = (0..50).map(|number| json!({ "key": format!("owner-{number}"), "value": "x" })).collect();
    let org = Org::new().image(WORKER, &["/entrypoint.sh"], &["serve"]);
    let world = org.account(ACCOUNT, |account| account.service("web/shop", definition)).start().await;
    run(&world, as_it_is).await;
    let forced = run(&world, |program| program.env("REEMBED", "true")).await;
    expect_told(&forced, "web/shop", "upgraded", "shop:2 -> shop:3");
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
