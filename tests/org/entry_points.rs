//! A container that says no entry point runs its image's, as the Console finds it: by scan, else by the registry. Never less.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::console::Embed;
use simulator::{Console, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

/// The image that `no_entry_point.json` runs.
const WORKER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";
/// An image in another account's registry.
const PROXY: &str =
    "444455556666.dkr.ecr.eu-west-1.amazonaws.com/proxy@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
/// What the Console puts in front of an entry point.
const PREFIX: [&str; 3] = ["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint"];

/// Runs the program over one service that runs this definition.
async fn protect(console: impl FnOnce(Console) -> Console, definition: Value, edit: impl FnOnce(Program) -> Program) -> World {
    let world = Org::new().console(console).account(ACCOUNT, |account| account.service("web/worker", definition)).start().await;
    let run = edit(updater(&world)).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/worker");
    world
}

/// A definition of containers that run these images and say nothing more.
fn silent(images: &[(&str, &str)]) -> Value {
    let containers: Value = images.iter().map(|(name, image)| json!({ "name": name, "image": image })).collect();
    json!({
        "family": "silent",
        "networkMode": "awsvpc",
        "containerDefinitions": containers,
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    })
}

/// What the first containers of `web/worker` run now: entry point behind the prefix, and command.
fn runs(world: &World, container: usize) -> (Vec<Value>, Value) {
    let view = world.service(ACCOUNT, HOME, "web/worker");
    let container = &view.task_definition()["containerDefinitions"][container];
    let entry_point = container["entryPoint"].as_array().expect("an entry point");
    assert_eq!(entry_point[..3], PREFIX, "the prefix comes first");
    (entry_point[3..].to_vec(), container["command"].clone())
}

/// Embed calls but the sample's.
fn asked(world: &World) -> Vec<Embed> {
    world.console().embeds().split_off(1)
}

/// The three parameters of a look-up.
fn lookup(embed: &Embed) -> [Option<&str>; 3] {
    ["extractEntrypoint", "registryType", "registryCredentialID"].map(|name| embed.parameter(name))
}

#[tokio::test]
async fn an_image_that_the_console_has_scanned_needs_no_credential() {
    let scanned = |console: Console| console.scanned_image(WORKER, &["/entrypoint.sh"], &["serve"]);
    let world = protect(scanned, silent(&[("worker", WORKER)]), |program| program).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), None, None]);
}

#[tokio::test]
async fn an_image_that_is_not_scanned_is_looked_up_with_the_credential_of_its_own_registry() {
    let registry = |console: Console| console.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &["serve"]);
    let world = protect(registry, silent(&[("worker", WORKER)]), |program| program).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), Some("aws"), Some("111122223333")]);
}

#[tokio::test]
async fn the_settings_name_another_registry_type_and_credential() {
    let image = "registry.example.com:5000/team/worker";
    let registry = |console: Console| console.registry_image("docker-hub", image, &["/entrypoint.sh"], &[]);
    let settings = |program: Program| program.env("REGISTRY_TYPE", "2").env("CREDENTIAL_ID", "docker-hub");
    let world = protect(registry, silent(&[("worker", image)]), settings).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], Value::Null));
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), Some("2"), Some("docker-hub")]);
}

/// The Console's own search finds `worker:1.0` in `worker:1.0.1`, whose entry point is another.
#[tokio::test]
async fn a_scan_of_an_image_whose_name_goes_on_is_no_scan_of_this_one() {
    let console = |console: Console| {
        let longer = console.scanned_image(&format!("{WORKER}.1"), &["/wrong.sh"], &[]);
        longer.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &[])
    };
    let world = protect(console, silent(&[("worker", WORKER)]), |program| program).await;
    assert_eq!(runs(&world, 0).0, [json!("/entrypoint.sh")]);
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), Some("aws"), Some("111122223333")]);
}

/// The Console takes one credential a call.
#[tokio::test]
async fn containers_from_two_accounts_are_looked_up_each_with_its_own_credential() {
    let console = |console: Console| {
        let first = console.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &["serve"]);
        first.registry_image("444455556666", PROXY, &["/proxy", "--listen"], &[])
    };
    let world = protect(console, silent(&[("worker", WORKER), ("proxy", PROXY)]), |program| program).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(runs(&world, 1), (vec![json!("/proxy"), json!("--listen")], Value::Null));
    let mut credentials: Vec<String> =
        asked(&world).iter().filter_map(|embed| embed.parameter("registryCredentialID").map(str::to_owned)).collect();
    credentials.sort();
    assert_eq!(credentials, ["111122223333", "444455556666"]);
}

#[tokio::test]
async fn a_scanned_image_beside_one_that_is_not_and_one_that_needs_no_look_up_all_run_their_own() {
    let console = |console: Console| {
        let first = console.scanned_image(WORKER, &["/entrypoint.sh"], &["serve"]);
        first.registry_image("444455556666", PROXY, &["/proxy"], &["--verbose"])
    };
    let mut definition = silent(&[("worker", WORKER), ("proxy", PROXY), ("cache", "cache:7")]);
    definition["containerDefinitions"][2]["entryPoint"] = json!(["docker-entrypoint.sh"]);
    definition["containerDefinitions"][2]["command"] = json!(["redis-server"]);
    let world = protect(console, definition, |program| program).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(runs(&world, 1), (vec![json!("/proxy")], json!(["--verbose"])));
    assert_eq!(runs(&world, 2), (vec![json!("docker-entrypoint.sh")], json!(["redis-server"])));
}

/// Which of the two the real Console does is not public.
#[tokio::test]
async fn a_console_that_puts_the_command_behind_the_entry_point_is_believed() {
    let console = |console: Console| console.combined_extraction().image(WORKER, &["/entrypoint.sh"], &["serve"]);
    let world = protect(console, silent(&[("worker", WORKER)]), |program| program).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh"), json!("serve")], Value::Null));
}

#[tokio::test]
async fn an_image_is_searched_for_once_however_many_definitions_run_it() {
    let families = ["one", "two", "three"].map(|family| {
        let mut definition = silent(&[("worker", WORKER)]);
        definition["family"] = json!(family);
        definition
    });
    let world = Org::new()
        .console(|console| console.scanned_image(WORKER, &["/entrypoint.sh"], &[]))
        .account(ACCOUNT, |account| {
            families.iter().fold(account, |account, definition| {
                account.service(&format!("web/{}", definition["family"].as_str().expect("a family")), definition.clone())
            })
        })
        .start()
        .await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert_eq!(world.registered().len(), 3);
    assert_eq!(world.calls().of("GET registry"), 1);
}

#[tokio::test]
async fn an_image_that_the_console_cannot_find_fails_its_service_with_the_way_out() {
    let world = Org::new()
        .account(ACCOUNT, |account| account.service("web/worker", "no_entry_point.json").service("web/shop", "httpd.json"))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/worker", "failed", "could not embed the Defender into no-entry-point");
    let hint = "  hint:  add `entryPoint` to the containers that have none, or have the Console scan their images' registry, \
                or set REGISTRY_TYPE and CREDENTIAL_ID to a credential of the Console for it";
    assert!(run.stdout.lines().any(|line| line == hint), "{}", run.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert_eq!(world.registered().len(), 1);
}

/// With extraction on, the Console would take the command alone and lose the image's entry point without a word.
#[tokio::test]
async fn a_command_without_entry_point_is_never_sent_and_fails_with_the_way_out() {
    let mut beside_another = silent(&[("worker", WORKER), ("report", WORKER)]);
    beside_another["containerDefinitions"][1]["command"] = json!(["--daily"]);
    let world = Org::new()
        .console(|console| console.image(WORKER, &["/entrypoint.sh"], &[]))
        .account(ACCOUNT, |account| account.service("web/report", "command_only.json").service("web/worker", beside_another))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    for service in ["web/report", "web/worker"] {
        expect_told(&run, service, "failed", "container report says `command` and no `entryPoint`");
    }
    let hint = "  hint:  add the image's own entry point as `entryPoint` to the container in the task definition";
    assert_eq!(run.stdout.lines().filter(|line| *line == hint).count(), 2, "{}", run.stdout);
    assert_eq!(asked(&world), [], "the Console is not asked");
    assert_eq!(world.calls().writes(), 0);
}
