//! Embedding against the worked examples in `tests/fixtures/console`, then its rules one by one.

use serde_json::{Value, json};

use super::embed::embed;
use super::errors;
use super::parameters::{EmbedParameters, Query};
use super::{Console, Profile};

/// The bundle and the registry token of the examples.
fn example(console: Console) -> Console {
    console.bundle("ZmFrZS1pbnN0YWxsLWJ1bmRsZQ==").registry_token("tw_synthetic0token0synthetic0token0")
}

fn ask(console: &Console, query: &str, document: &Value) -> Result<Value, errors::ConsoleError> {
    let parameters = EmbedParameters::read(&Query::parse(query), console.profile)?;
    embed(console, &parameters, document)
}

fn definition(containers: Value) -> Value {
    json!({ "family": "web", "containerDefinitions": containers })
}

/// The containers of the answer to one embed call, the sidecar last.
fn containers(console: &Console, query: &str, containers: Value) -> Result<Vec<Value>, errors::ConsoleError> {
    let answer = ask(console, query, &definition(containers))?;
    Ok(answer["containerDefinitions"].as_array().cloned().unwrap_or_default())
}

#[test]
fn the_worked_examples_come_out_as_written() {
    let cases = [
        (
            "SaaS, 34.03.138, one container",
            example(Console::new()),
            "consoleaddr=us-east1.cloud.twistlock.com&defenderType=appEmbedded&filesystemMonitoring=false",
            include_str!("../../../fixtures/console/saas_34_before.json"),
            include_str!("../../../fixtures/console/saas_34_after.json"),
        ),
        (
            "self-hosted, 21.04.421, two containers",
            example(Console::new()).self_hosted().version("21.04.421").profile(Profile::V21_04),
            "consoleaddr=console.example.test&defenderType=appEmbedded",
            include_str!("../../../fixtures/console/self_hosted_21_04_before.json"),
            include_str!("../../../fixtures/console/self_hosted_21_04_after.json"),
        ),
        (
            "CloudFormation, 22.12.694 with the variables of 22.06",
            example(Console::new()).version("22.12.694").profile(Profile::V22_06),
            "consoleaddr=eu-central1.cloud.example.test&cloudFormation=true&filesystemMonitoring=true",
            include_str!("../../../fixtures/console/cloudformation_22_06_before.json"),
            include_str!("../../../fixtures/console/cloudformation_22_06_after.json"),
        ),
    ];
    for (name, console, query, before, after) in cases {
        let before: Value = serde_json::from_str(before).expect("a fixture is JSON");
        let after: Value = serde_json::from_str(after).expect("a fixture is JSON");
        assert_eq!(ask(&console, query, &before), Ok(after), "{name}");
    }
}

#[test]
fn protecting_for_a_scenario_is_embedding() {
    let before = serde_json::from_str(include_str!("../../../fixtures/console/saas_34_before.json")).expect("a fixture is JSON");
    let after: Value =
        serde_json::from_str(include_str!("../../../fixtures/console/saas_34_after.json")).expect("a fixture is JSON");
    let console = example(Console::new()).adds("/taskRoleArn", json!("other")).refuses_protected();
    assert_eq!(console.protect(&before, "us-east1.cloud.twistlock.com"), after);
}

#[test]
fn numbers_and_key_order_survive() {
    let text = r#"{"zeta":1.0,"big":18446744073709551616,"containerDefinitions":[{"name":"a","image":"a","entryPoint":["x"]}]}"#;
    let document: Value = serde_json::from_str(text).expect("the text is JSON");
    let answer = ask(&Console::new(), "consoleaddr=c", &document).expect("it can be embedded").to_string();
    assert!(answer.starts_with(r#"{"zeta":1.0,"big":18446744073709551616,"containerDefinitions":[{"name":"a","#), "{answer}");
}

#[test]
fn what_goes_behind_the_prefix() {
    let prefix = ["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint"];
    let console = || Console::new().image("app:1", &["/init"], &["serve", "--all"]);
    let only_registry = || Console::new().registry_image("111122223333", "app:1", &["/init"], &["serve"]);
    let extract = "extractEntrypoint=true";
    let direct = "extractEntrypoint=true&registryType=aws&registryCredentialID=111122223333";
    let other_credential = "extractEntrypoint=True&registryType=aws&registryCredentialID=444455556666";
    let other_type = "extractEntrypoint=true&registryType=gcr&registryCredentialID=111122223333";
    type Expected = Result<(&'static [&'static str], Option<Value>), errors::ConsoleError>;
    let bare = json!({});
    let cases: Vec<(&str, Console, &str, Value, Expected)> = vec![
        ("the task's own entry point", console(), extract, json!({ "entryPoint": ["/own"] }), Ok((&["/own"], None))),
        (
            "both of the task's own",
            console(),
            extract,
            json!({ "entryPoint": ["/own"], "command": ["x"] }),
            Ok((&["/own"], Some(json!(["x"])))),
        ),
        ("a command bypasses extraction", console(), extract, json!({ "command": ["x"] }), Ok((&[], Some(json!(["x"]))))),
        ("extracted, split", console(), extract, bare.clone(), Ok((&["/init"], Some(json!(["serve", "--all"]))))),
        (
            "extracted although the lists are there, empty",
            console(),
            extract,
            json!({ "entryPoint": [], "command": [] }),
            Ok((&["/init"], Some(json!(["serve", "--all"])))),
        ),
        ("extracted, combined", console().combined_extraction(), extract, bare.clone(), Ok((&["/init", "serve", "--all"], None))),
        ("extracted from the registry", only_registry(), direct, bare.clone(), Ok((&["/init"], Some(json!(["serve"]))))),
        ("not scanned, and no registry named", only_registry(), extract, bare.clone(), Err(errors::EXTRACTION_FAILED)),
        ("another credential", only_registry(), other_credential, bare.clone(), Err(errors::EXTRACTION_FAILED)),
        ("a registry it cannot ask", only_registry(), other_type, bare.clone(), Err(errors::EXTRACTION_FAILED)),
        ("nothing, and extraction off", console(), "", bare.clone(), Err(errors::NO_ENTRYPOINT)),
        ("a release without extraction", console().profile(Profile::V21_04), extract, bare.clone(), Err(errors::NO_ENTRYPOINT)),
        ("the prefix alone", console().missing_entrypoint_is_prefix_only(), "", bare, Ok((&[], None))),
    ];
    for (name, console, query, mut container, expected) in cases {
        container["name"] = json!("app");
        container["image"] = json!("app:1");
        let found = containers(&console, query, json!([container])).map(|containers| {
            let command = containers[0].get("command").filter(|command| *command != &json!([])).cloned();
            (containers[0]["entryPoint"].clone(), command)
        });
        let expected = expected.map(|(entry_point, command)| (json!([&prefix[..], entry_point].concat()), command));
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_tag_that_only_begins_the_same_is_another_image() {
    let console = Console::new().image("app:10", &["/init"], &[]);
    let found = containers(&console, "extractEntrypoint=true", json!([{ "name": "app", "image": "app:1" }]));
    assert_eq!(found, Err(errors::EXTRACTION_FAILED));
}

#[test]
fn what_is_there_already_is_not_repeated() {
    let container = json!({
        "name": "app",
        "image": "app:1",
        "entryPoint": ["x"],
        "environment": null,
        "volumesFrom": [{ "sourceContainer": "TwistlockDefender", "readOnly": true }],
        "dependsOn": [{ "containerName": "TwistlockDefender", "condition": "HEALTHY" }],
        "linuxParameters": { "capabilities": { "add": ["SYS_PTRACE"], "drop": null } },
    });
    let found = containers(&Console::new(), "consoleaddr=c", json!([container])).expect("it can be embedded");
    for list in ["volumesFrom", "dependsOn", "linuxParameters"] {
        assert_eq!(found[0][list], container[list], "{list}");
    }
    assert_eq!(found[0]["environment"].as_array().map(Vec::len), Some(5));
}

#[test]
fn the_parameters_are_honoured() {
    let query = "consoleaddr=c&interpreter=/busybox/sh&defenderImage=mirror.example.test/defender:1&defenderImagePullSecret=s";
    let app = json!([{ "name": "app", "image": "app:1", "entryPoint": ["x"] }]);
    let found = containers(&Console::new(), query, app.clone()).expect("it can be embedded");
    assert_eq!(found[0]["entryPoint"][0], "/busybox/sh");
    assert_eq!(found[1]["image"], "mirror.example.test/defender:1");
    assert_eq!(found[1]["repositoryCredentials"], json!({ "credentialsParameter": "s" }));

    // 22.06 did not know the last two.
    let found = containers(&Console::new().profile(Profile::V22_06), query, app.clone()).expect("it can be embedded");
    assert_eq!(found[1]["image"], Console::new().defender_image());
    assert_eq!(containers(&Console::new(), "filesystemMonitoring=perhaps", app), Err(errors::BAD_PARAMETER));
}

#[test]
fn a_console_address_that_is_no_host_shows() {
    let cases = [
        (Console::new(), "us-east1.example.test", "wss://us-east1.example.test:443"),
        (Console::new().self_hosted(), "console.example.test", "wss://console.example.test:8084"),
        (Console::new(), "https://us-east1.example.test/us-9", "wss://https://us-east1.example.test/us-9:443"),
        (Console::new().self_hosted(), "console.example.test:8083", "wss://console.example.test:8083:8084"),
    ];
    for (console, consoleaddr, expected) in cases {
        assert_eq!(console.websocket_address(consoleaddr), expected);
    }
}

#[test]
fn doubtful_habits_are_switches() {
    let app = || json!([{ "name": "app", "image": "app:1", "entryPoint": ["x"], "restartPolicy": { "enabled": true } }]);
    let found = |console: Console| containers(&console, "consoleaddr=c", app()).expect("it can be embedded");

    assert_eq!(found(Console::new())[0]["restartPolicy"], json!({ "enabled": true }));
    assert_eq!(found(Console::new().drops_unknown_fields())[0].get("restartPolicy"), None);
    assert_eq!(found(Console::new().order_sidecar_first())[0]["name"], "TwistlockDefender");
    assert_eq!(found(Console::new().dependency("HEALTHY"))[0]["dependsOn"][0]["condition"], "HEALTHY");
    assert_eq!(found(Console::new().adds("/containerDefinitions/app/privileged", json!(true)))[0]["privileged"], true);
    assert_eq!(found(Console::new().changes("/containerDefinitions/app/image", None))[0].get("image"), None);

    let sidecar = json!({ "name": "TwistlockDefender", "image": "defender", "entryPoint": ["x"] });
    let doubled = containers(&Console::new(), "consoleaddr=c", json!([sidecar])).expect("it can be embedded");
    assert_eq!((doubled.len(), &doubled[1]["name"]), (2, &json!("TwistlockDefender")));
    let refused = containers(&Console::new().refuses_protected(), "consoleaddr=c", json!([sidecar]));
    assert_eq!(refused, Err(errors::ALREADY_PROTECTED));
}

#[test]
fn what_is_no_task_definition_is_refused() {
    let cases = [
        ("", json!([])),
        ("", json!(null)),
        ("", json!({ "family": "web" })),
        ("", json!({ "family": "web", "containerDefinitions": [] })),
        ("", json!({ "family": 1, "containerDefinitions": [{ "name": "a", "image": "b", "entryPoint": ["c"] }] })),
        ("", definition(json!([{ "name": "a", "entryPoint": ["c"] }]))),
        ("", definition(json!(["a"]))),
        ("", definition(json!([{ "name": "a", "image": "b", "entryPoint": ["c"], "environment": "d" }]))),
        ("cloudFormation=true", definition(json!([]))),
        ("cloudFormation=true", json!({ "Type": "AWS::ECS::TaskDefinition", "Properties": { "Family": { "Ref": "Name" } } })),
        ("cloudFormation=true", json!({ "Resources": { "Bucket": { "Type": "AWS::S3::Bucket" } } })),
    ];
    for (query, document) in cases {
        assert_eq!(ask(&Console::new(), query, &document).map_err(|error| error.status), Err(400), "{document}");
    }
}

#[test]
fn every_profile_differs_from_the_one_before_as_its_release_did() {
    let variables = |container: &Value| container["environment"].as_array().map_or(0, Vec::len);
    let expected = [
        ("/twistlock/fargate_defender.sh", 4, 4, false),
        ("/var/lib/twistlock/fargate/fargate_defender.sh", 4, 4, false),
        ("/var/lib/twistlock/fargate/fargate_defender.sh", 5, 5, true),
        ("/var/lib/twistlock/fargate/fargate_defender.sh", 5, 6, true),
        ("/var/lib/twistlock/fargate/defender", 5, 6, true),
    ];
    for (profile, expected) in Profile::ALL.into_iter().zip(expected) {
        let console = Console::new().profile(profile);
        let app = json!([{ "name": "app", "image": "app:1", "entryPoint": ["x"] }]);
        let found = containers(&console, "consoleaddr=c", app).expect("it can be embedded");
        let prefix = found[0]["entryPoint"][0].as_str().unwrap_or_default();
        let health_check = found[1].get("healthCheck").is_some();
        assert_eq!((prefix, variables(&found[0]), variables(&found[1]), health_check), expected, "{profile:?}");
        assert_eq!(found[1].get("logConfiguration"), Some(&Value::Null), "{profile:?}");
    }
}

#[test]
fn a_console_is_data() {
    let console = Console::new().image("app:1", &["/init"], &[]).adds("/cpu", json!("1")).changes("/memory", None);
    let text = serde_json::to_string(&console).expect("a Console can be written");
    assert_eq!(serde_json::from_str::<Console>(&text).expect("a Console can be read"), console);
    assert_eq!(serde_json::from_str::<Console>("{}").expect("everything has a default"), Console::default());
}

#[test]
fn the_secrets_look_like_the_real_ones() {
    let console = Console::new();
    assert_eq!(console.password().len(), 28);
    assert!(console.bundle.len() >= 100);
    assert_eq!(console.registry_token.len(), "tw_".len() + 32);
    let secrets = console.secrets();
    assert!(secrets.iter().all(|secret| secret.len() >= 20), "{secrets:?}");
    assert!(secrets.iter().any(|secret| console.defender_image().contains(secret.as_str())));
}
