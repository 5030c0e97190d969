//! `check` is a gate: 0 for today's Defender, 3 for anything else, told where the file says it.

use fargate_updater::exit;
use serde_json::Value;
use simulator::{Finished, Program, World};

use crate::support::{expect_exit, expect_says, fixture, org, pipe, program, world};

fn with_files(world: &World) -> Program {
    program(world)
        .file("current.json", fixture("protected/registration.json"))
        .file("bare.json", fixture("registration.json"))
        .file("shop.yaml", fixture("template.yaml"))
        .file(
            "windows.json",
            fixture("registration.json").replacen(
                '{',
                "{\"runtimePlatform\":{\"operatingSystemFamily\":\"WINDOWS_SERVER_2022_CORE\"},",
                1,
            ),
        )
}

async fn check(world: &World, arguments: &[&str]) -> Finished {
    with_files(world).arg("check").args(arguments).run().await
}

#[tokio::test]
async fn todays_defender_passes_and_nothing_else_does() {
    let world = world().await;
    let passes = check(&world, &["current.json"]).await;
    expect_exit(&passes, exit::DONE);
    assert_eq!(
        passes.stdout,
        "current.json:1:1: ok: orders: it carries today's Defender\n1 of 1 task definition carries today's Defender (34.03.138)\n"
    );
    let fails = check(&world, &["current.json", "bare.json", "shop.yaml", "windows.json"]).await;
    expect_exit(&fails, exit::NOT_ALL);
    assert_eq!(
        fails.stdout,
        "current.json:1:1: ok: orders: it carries today's Defender\n\
         bare.json:1:1: not protected: orders: it carries no Defender\n\
         shop.yaml:18:5: not protected: Shop: it carries no Defender\n\
         shop.yaml:66:5: not protected: Worker: it carries no Defender\n\
         windows.json:1:1: not protected: orders: it gets no Defender: its tasks run Windows, for which the vendor has no App-Embedded Defender\n\
         1 of 5 task definitions carry today's Defender (34.03.138)\n"
    );
    assert_eq!(world.calls().of("RegisterTaskDefinition"), 0);
}

/// One environment serves fleets and files, in places that have less than those where fleets are run.
#[tokio::test]
async fn settings_that_mean_nothing_for_files_are_passed_over() {
    let world = world().await;
    for command in ["check", "embed", "inspect"] {
        let run = with_files(&world)
            .env("REPORT", "/nowhere/report.json")
            .env("CANARY", "none")
            .env("SHARDS", "4")
            .env("VERBOSE", "true")
            .env("RUN_ID", "20261126T000000Z-abcd")
            .args([command, "current.json", "--quiet", "--organizational-units", "?", "--explain", "arn"])
            .run()
            .await;
        expect_exit(&run, exit::DONE);
    }
    // What it makes something of has to be right.
    let wrong = with_files(&world).env("FIPS_ENABLED", "perhaps").args(["check", "current.json"]).run().await;
    expect_exit(&wrong, exit::BAD_SETTINGS);
    expect_says(&wrong, "FIPS_ENABLED: \"perhaps\" is neither yes nor no");
    let half = with_files(&world).env("DOCKER_USER", "somebody").args(["embed", "current.json"]).run().await;
    expect_says(&half, "DOCKER_PASS cannot be used: it is missing");
    let half = with_files(&world).env("DOCKER_USER", "somebody").args(["check", "current.json"]).run().await;
    expect_exit(&half, exit::DONE);
}

#[tokio::test]
async fn an_older_or_altered_defender_does_not_pass() {
    let newer = org().console(|console| console.version("34.04.100")).start().await;
    let old = check(&newer, &["current.json"]).await;
    expect_exit(&old, exit::NOT_ALL);
    assert!(old.stdout.contains("not current: orders: it carries Defender 34.03.138, today's is 34.04.100"), "{}", old.stdout);
    let world = world().await;
    let piped = pipe(&world, &["check", "-", "--format=github"], fixture("compact.json")).await;
    expect_exit(&piped, exit::NOT_ALL);
    assert!(piped.stdout.starts_with("::error line=1,col=1,"), "{}", piped.stdout);
    assert!(piped.stdout.contains("put it in with `fargate-updater embed`"), "{}", piped.stdout);
    let altered = fixture("protected/registration.json").replacen("\"/metrics\"", "\"/other\"", 1);
    let still = pipe(&world, &["check", "-"], altered).await;
    expect_exit(&still, exit::DONE);
    let unwrapped = fixture("protected/registration.json").replacen("\"fargate\",\n        \"entrypoint\",", "", 1);
    let run = pipe(&world, &["check", "-"], unwrapped).await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("its container orders is not wrapped by the Defender"), "{}", run.stdout);
}

#[tokio::test]
async fn github_gets_annotations_at_the_lines() {
    let world = world().await;
    let run = check(&world, &["current.json", "shop.yaml", "--resource=Shop", "--format=github"]).await;
    expect_exit(&run, exit::BAD_SETTINGS);
    expect_says(&run, "current.json cannot be used");
    let run = check(&world, &["shop.yaml", "--format=github"]).await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!(
        run.stdout,
        "::error file=shop.yaml,line=18,col=5,title=Shop is not protected by today's Defender::it carries no Defender: run `fargate-updater embed shop.yaml -o shop.yaml`\n\
         ::error file=shop.yaml,line=66,col=5,title=Worker is not protected by today's Defender::it carries no Defender: run `fargate-updater embed shop.yaml -o shop.yaml`\n\
         0 of 2 task definitions carry today's Defender (34.03.138)\n"
    );
}

#[tokio::test]
async fn code_scanning_gets_sarif() {
    let world = world().await;
    let run = check(&world, &["current.json", "bare.json", "windows.json", "--format", "sarif"]).await;
    expect_exit(&run, exit::NOT_ALL);
    let log: Value = serde_json::from_str(&run.stdout).expect("SARIF is JSON");
    assert_eq!(log["version"], "2.1.0");
    let driver = &log["runs"][0]["tool"]["driver"];
    let results = log["runs"][0]["results"].as_array().expect("results");
    let told: Vec<[Value; 3]> = results
        .iter()
        .map(|result| {
            let location = &result["locations"][0]["physicalLocation"];
            assert_eq!(location["region"], serde_json::json!({ "startLine": 1, "startColumn": 1 }));
            let rule = result["ruleIndex"].as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index");
            assert_eq!(driver["rules"][rule]["id"], result["ruleId"]);
            [location["artifactLocation"]["uri"].clone(), result["ruleId"].clone(), result["level"].clone()]
        })
        .collect();
    let expected = [["bare.json", "unprotected", "error"], ["windows.json", "not-protectable", "warning"]];
    assert_eq!(told, expected.map(|words| words.map(Value::from)));
}

#[tokio::test]
async fn the_console_is_asked_once_for_all_files_and_no_registry_is() {
    let world = world().await;
    let run = check(&world, &["bare.json", "shop.yaml", "current.json"]).await;
    expect_exit(&run, exit::NOT_ALL);
    assert_eq!(world.console().embeds().len(), 1, "the sample alone");
}
