//! A container that says no entry point runs its image's: as the registry tells it, else the Console's scan, else the Console's own
//! look-up. Never less, and never with arguments in the wrong place.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::console::Embed;
use simulator::{Account, Console, Finished, Org, Program, World, argv, unwrapped};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, updater};

/// The image that `no_entry_point.json` runs.
const WORKER: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/worker:1.0";
/// The image that `command_only.json` runs, with a command of its own.
const REPORT: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/report:1.0";
/// An image in another account's registry.
const PROXY: &str =
    "444455556666.dkr.ecr.eu-west-1.amazonaws.com/proxy@sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
/// What the Console puts in front of an entry point.
const PREFIX: [&str; 3] = ["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint"];

/// Runs the program over one service that runs this definition, and expects it protected.
async fn protect(
    edit: impl FnOnce(Org) -> Org,
    definition: impl Into<simulator::scenario::Definition>,
    run: impl FnOnce(Program) -> Program,
) -> (World, Finished) {
    let world = edit(Org::new().account(ACCOUNT, |account| account.service("web/worker", definition))).start().await;
    let finished = run(updater(&world)).run().await;
    expect_exit(&finished, exit::DONE);
    expect_defender(&world, ACCOUNT, HOME, "web/worker");
    (world, finished)
}

fn with_console(edit: impl FnOnce(Console) -> Console) -> impl FnOnce(Org) -> Org {
    |org| org.console(edit)
}

fn as_it_is(program: Program) -> Program {
    program
}

/// A definition of containers that run these images and say nothing more.
fn silent(images: &[(&str, &str)]) -> Value {
    let containers: Value = images.iter().map(|(name, image)| json!({ "name": name, "image": image })).collect();
    json!({
        "family": "silent",
        "executionRoleArn": "arn:aws:iam::111122223333:role/ecsTaskExecutionRole",
        "networkMode": "awsvpc",
        "containerDefinitions": containers,
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
    })
}

/// The same, with a command of the first container's own.
fn with_command(image: &str, command: &[&str]) -> Value {
    let mut definition = silent(&[("worker", image)]);
    definition["containerDefinitions"][0]["command"] = json!(command);
    definition
}

/// What a container of `web/worker` runs now: entry point behind the prefix, and command.
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

fn expect_note(run: &Finished, text: &str) {
    assert!(run.stdout.contains(&format!("note: {text}")), "{text:?} is not said: {}", run.stdout);
}

#[tokio::test]
async fn what_an_image_runs_is_read_from_its_registry_and_the_console_is_asked_for_nothing_but_its_prefix() {
    let known = |org: Org| org.image(WORKER, &["/entrypoint.sh"], &["serve"]);
    let (world, run) = protect(known, "no_entry_point.json", as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(lookup(&asked(&world)[0]), [None; 3]);
    assert_eq!(world.calls().of("GET registry"), 0, "the scan is not asked for");
    expect_note(&run, "the entry point of container worker comes from the image's configuration");
    let tags = world.service(ACCOUNT, HOME, "web/worker").task_definition()["tags"].to_string();
    assert!(tags.contains("fargate-updater:filled") && tags.contains("worker/entryPoint="), "{tags}");
}

/// `run-task` and schedules override the command; an argument that had moved into the entry point would run twice.
#[tokio::test]
async fn a_command_override_runs_once_and_everything_else_as_before() {
    type Image = (&'static [&'static str], &'static [&'static str]);
    let cases: [(&str, Image, Option<&[&str]>); 4] = [
        ("ENTRYPOINT and CMD", (&["/entrypoint.sh"], &["serve"]), None),
        ("ENTRYPOINT, CMD and a command of the task's", (&["/entrypoint.sh"], &["serve"]), Some(&["report"])),
        ("CMD alone", (&[], &["/bin/server", "--port=80"]), None),
        ("CMD and a command of the task's", (&[], &["/bin/server"]), Some(&["/bin/report"])),
    ];
    for (name, (entrypoint, cmd), command) in cases {
        let before = command.map_or_else(|| silent(&[("worker", WORKER)]), |command| with_command(WORKER, command));
        let (world, _) = protect(|org| org.image(WORKER, entrypoint, cmd), before.clone(), as_it_is).await;
        let view = world.service(ACCOUNT, HOME, "web/worker");
        let (before, after) = (&before["containerDefinitions"][0], &view.task_definition()["containerDefinitions"][0]);
        for by_hand in [None, Some(&["/bin/migrate", "--once"][..])] {
            let image = Some((entrypoint, cmd));
            let (was, is) = (argv(before, image, by_hand), argv(after, image, by_hand));
            assert_eq!(unwrapped(&is), was, "{name}, overridden with {by_hand:?}");
            assert_eq!(is[..3], PREFIX, "{name}: the Defender starts it");
        }
    }
}

#[tokio::test]
async fn an_image_that_only_the_console_has_scanned_runs_what_the_scan_says() {
    let scanned = with_console(|console| console.scanned_image(WORKER, &["/entrypoint.sh"], &["serve"]));
    let (world, run) = protect(scanned, silent(&[("worker", WORKER)]), as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh"), json!("serve")], Value::Null));
    assert_eq!(lookup(&asked(&world)[0]), [None; 3]);
    expect_note(&run, "the entry point of container worker comes from the Console's scan of the image, which joins");
}

/// A scan joins ENTRYPOINT and CMD, so that it cannot tell what stands before the task's own command.
#[tokio::test]
async fn a_scan_is_of_no_use_to_a_command_of_the_tasks_own_and_the_console_looks_up_instead() {
    let scanned = with_console(|console| console.scanned_image(REPORT, &["/entrypoint.sh"], &["serve"]));
    let (world, run) = protect(scanned, with_command(REPORT, &["daily"]), as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["daily"])));
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), None, None]);
    assert_eq!(asked(&world)[0].body["containerDefinitions"][0].get("command"), None, "it is never sent alone");
    expect_note(&run, "the entry point of container worker comes from the Console, which looked it up");
}

/// Whether the real Console joins what it extracts is not public.
#[tokio::test]
async fn a_console_that_joins_what_it_looks_up_is_believed_only_where_no_command_would_run_twice() {
    let joins = |console: Console| console.combined_extraction().registry_image("111122223333", WORKER, &["/init"], &["serve"]);
    let (world, _) = protect(with_console(joins), silent(&[("worker", WORKER)]), as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/init"), json!("serve")], Value::Null));

    let world = Org::new().console(joins).account(ACCOUNT, |account| account.service("web/worker", with_command(WORKER, &["x"])));
    let world = world.start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/worker", "failed", "may have joined ENTRYPOINT and CMD of container worker");
    assert_eq!(world.registered(), Vec::<Value>::new());
}

#[tokio::test]
async fn an_image_that_is_nowhere_known_is_looked_up_with_the_credential_of_its_own_registry() {
    let registry = with_console(|console| console.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &["serve"]));
    let (world, _) = protect(registry, silent(&[("worker", WORKER)]), as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), Some("aws"), Some("111122223333")]);
}

#[tokio::test]
async fn the_settings_name_another_registry_type_and_credential() {
    let image = "registry.example.com:5000/team/worker";
    let registry = with_console(|console| console.registry_image("docker-hub", image, &["/entrypoint.sh"], &[]));
    let settings = |program: Program| program.env("REGISTRY_TYPE", "2").env("CREDENTIAL_ID", "docker-hub");
    let (world, _) = protect(registry, silent(&[("worker", image)]), settings).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], Value::Null));
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), Some("2"), Some("docker-hub")]);
}

/// The Console's own search finds `worker:1.0` in `worker:1.0.1`, whose entry point is another.
#[tokio::test]
async fn a_scan_of_an_image_whose_name_goes_on_is_no_scan_of_this_one() {
    let console = with_console(|console| {
        let longer = console.scanned_image(&format!("{WORKER}.1"), &["/wrong.sh"], &[]);
        longer.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &[])
    });
    let (world, _) = protect(console, silent(&[("worker", WORKER)]), as_it_is).await;
    assert_eq!(runs(&world, 0).0, [json!("/entrypoint.sh")]);
    assert_eq!(lookup(&asked(&world)[0]), [Some("true"), Some("aws"), Some("111122223333")]);
}

/// The Console takes one credential a call.
#[tokio::test]
async fn containers_from_two_accounts_are_looked_up_each_with_its_own_credential() {
    let console = with_console(|console| {
        let first = console.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &["serve"]);
        first.registry_image("444455556666", PROXY, &["/proxy", "--listen"], &[])
    });
    let (world, _) = protect(console, silent(&[("worker", WORKER), ("proxy", PROXY)]), as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/entrypoint.sh")], json!(["serve"])));
    assert_eq!(runs(&world, 1), (vec![json!("/proxy"), json!("--listen")], Value::Null));
    let mut credentials: Vec<String> =
        asked(&world).iter().filter_map(|embed| embed.parameter("registryCredentialID").map(str::to_owned)).collect();
    credentials.sort();
    assert_eq!(credentials, ["111122223333", "444455556666"]);
}

#[tokio::test]
async fn every_source_has_its_part_in_one_definition() {
    let org = |org: Org| {
        let org = org.image("registry.example.test/read:1", &["/read"], &["x"]);
        org.console(|console| {
            let console = console.scanned_image("registry.example.test/scanned:1", &["/scanned"], &["y"]);
            console.registry_image("444455556666", PROXY, &["/proxy"], &["--verbose"])
        })
    };
    let images = [
        ("read", "registry.example.test/read:1"),
        ("scanned", "registry.example.test/scanned:1"),
        ("proxy", PROXY),
        ("own", "own:1"),
    ];
    let mut definition = silent(&images);
    definition["containerDefinitions"][3]["entryPoint"] = json!(["/own"]);
    definition["containerDefinitions"][3]["command"] = json!(["z"]);
    let (world, run) = protect(org, definition, as_it_is).await;
    assert_eq!(runs(&world, 0), (vec![json!("/read")], json!(["x"])));
    assert_eq!(runs(&world, 1), (vec![json!("/scanned"), json!("y")], Value::Null));
    assert_eq!(runs(&world, 2), (vec![json!("/proxy")], json!(["--verbose"])));
    assert_eq!(runs(&world, 3), (vec![json!("/own")], json!(["z"])));
    assert_eq!(asked(&world).len(), 1, "one call for one credential");
    assert_eq!(run.stdout.matches("note: the entry point of container").count(), 3, "{}", run.stdout);
}

#[tokio::test]
async fn an_image_is_read_once_however_many_definitions_of_however_many_accounts_run_it() {
    let families = ["one", "two", "three"].map(|family| {
        let mut definition = silent(&[("worker", WORKER)]);
        definition["family"] = json!(family);
        definition
    });
    let services = |account: Account| {
        families.iter().fold(account, |account, definition| {
            account.service(&format!("web/{}", definition["family"].as_str().expect("a family")), definition.clone())
        })
    };
    let org = Org::new().image(WORKER, &["/entrypoint.sh"], &[]);
    let org = org.registry("111122223333.dkr.ecr.us-east-1.amazonaws.com", |registry| registry.lets("222233334444"));
    let world = org.account(ACCOUNT, services).account("222233334444", services).start().await;
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert_eq!(world.registered().len(), 6);
    assert_eq!((world.calls().of("GET manifests"), world.calls().of("GET blobs")), (1, 1));
    assert!(world.calls().of("GetAuthorizationToken") <= 2, "one for each account at most");
}

#[tokio::test]
async fn an_image_that_nobody_can_find_fails_its_service_with_what_was_asked_and_the_way_out() {
    let world = Org::new()
        .account(ACCOUNT, |account| account.service("web/worker", "no_entry_point.json").service("web/shop", "httpd.json"))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/worker", "failed", "could not find the entry point of container worker");
    let says = |text: &str| assert!(run.stdout.contains(text), "{text:?} is not said: {}", run.stdout);
    says(&format!("{WORKER} is not known to its registry"));
    says("the Console has not scanned it");
    says("  cause: the Console refused defenders/fargate.json (status 400): failed to extract entrypoint");
    says("  hint:  check that the image still exists under this name; or add the image's own entry point as `entryPoint`");
    says("or set REGISTRY_TYPE and CREDENTIAL_ID to a credential of the Console for it");
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert_eq!(world.registered().len(), 1);
}

#[tokio::test]
async fn only_a_container_with_nothing_to_run_at_all_fails_for_that() {
    let mut idle = silent(&[("idle", "registry.example.test/idle:1")]);
    idle["family"] = json!("idle");
    let world = Org::new()
        .image("registry.example.test/idle:1", &[], &[])
        .account(ACCOUNT, |account| {
            let busy = with_command("registry.example.test/idle:1", &["/bin/run"]);
            account.service("web/idle", idle).service("web/worker", busy)
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/idle", "failed", "the image names no ENTRYPOINT and no CMD, and the container no command");
    let hint = "  hint:  add `entryPoint` or `command` to the container in the task definition";
    assert!(run.stdout.lines().any(|line| line == hint), "{}", run.stdout);
    assert_eq!(runs(&world, 0), (vec![], json!(["/bin/run"])));
}

#[tokio::test]
async fn an_image_that_another_vendors_agent_starts_is_left_alone() {
    let world = Org::new()
        .image(WORKER, &["/opt/draios/bin/instrument", "/entrypoint.sh"], &[])
        .account(ACCOUNT, |account| account.service("web/worker", "no_entry_point.json"))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/worker", "skipped", "its entry point is wrapped by another agent (Sysdig)");
    assert_eq!(world.calls().writes(), 0);
}

/// ECS starts a log router before everything that logs through it; wrapped, it would wait for the Defender.
#[tokio::test]
async fn a_log_router_is_not_wrapped_and_the_defender_logs_where_it_does() {
    let mut definition = silent(&[("app", "app:1"), ("router", "router:1")]);
    definition["containerDefinitions"][0]["entryPoint"] = json!(["/app"]);
    definition["containerDefinitions"][0]["logConfiguration"] =
        json!({ "logDriver": "awsfirelens", "options": { "Name": "es" } });
    let own = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/router" } });
    definition["containerDefinitions"][1]["firelensConfiguration"] = json!({ "type": "fluentbit" });
    definition["containerDefinitions"][1]["logConfiguration"] = own.clone();
    let world = Org::new().account(ACCOUNT, |account| account.service("web/worker", definition)).start().await;
    let before = world.service(ACCOUNT, HOME, "web/worker").task_definition()["containerDefinitions"][1].clone();
    expect_exit(&updater(&world).run().await, exit::DONE);
    let containers = world.service(ACCOUNT, HOME, "web/worker").task_definition()["containerDefinitions"].clone();
    assert_eq!(containers[0]["entryPoint"], json!([PREFIX.as_slice(), &["/app"]].concat()));
    assert_eq!(containers[1], before, "the router is as it was");
    assert_eq!(containers[2]["logConfiguration"], own);
    assert!(!asked(&world)[0].received.contains("\"router\""), "and the Console does not see it");
    world.gate().forget_calls();
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert_eq!(world.calls().writes(), 0, "a second run finds it as it should be");
}

/// Two owners of one definition may leave out different containers: then it takes two revisions.
#[tokio::test]
async fn containers_that_an_owner_leaves_out_stay_as_they_are_for_that_service() {
    let mut definition = silent(&[("app", "app:1"), ("proxy", "proxy:1")]);
    for index in 0..2 {
        definition["containerDefinitions"][index]["entryPoint"] = json!(["/run"]);
    }
    let world = Org::new()
        .account(ACCOUNT, |account| {
            let both = account.service("web/both", definition.clone());
            both.service_with("web/app", definition.clone(), |it| it.tag("fargate-updater:skip-containers", "proxy nobody"))
        })
        .start()
        .await;
    let first = updater(&world).run().await;
    expect_exit(&first, exit::DONE);
    expect_note(&first, "fargate-updater:skip-containers names nobody, and no container is called that");
    assert_eq!(first.stdout.matches("note: fargate-updater:skip-containers").count(), 1, "of the one that says so");
    assert_eq!(world.calls().writes(), 6, "two registrations, two updates and two tags");
    world.gate().forget_calls();
    expect_exit(&updater(&world).run().await, exit::DONE);
    assert_eq!(world.calls().writes(), 0);
    let entry_points = |service: &str| {
        let containers = world.service(ACCOUNT, HOME, service).task_definition()["containerDefinitions"].clone();
        [0, 1].map(|index| containers[index]["entryPoint"].as_array().map_or(0, Vec::len))
    };
    assert_eq!((entry_points("web/both"), entry_points("web/app")), ([4, 4], [4, 1]));
}

/// Two revisions of one family, which are seen to one after the other.
#[tokio::test]
async fn a_user_who_may_not_see_scans_is_asked_for_no_second() {
    let forbidden = simulator::FaultRule {
        operation: "GET registry".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault: simulator::console::faults::error(403, "insufficient permissions"),
    };
    let services = |account: Account| {
        let runs = |image: &str| silent(&[("worker", image)]);
        let one = account.service("web/one", runs("registry.example.test/one:1"));
        one.service("web/two", runs("registry.example.test/two:1"))
    };
    let world = Org::new().fault(forbidden).account(ACCOUNT, services).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    for service in ["web/one", "web/two"] {
        expect_told(&run, service, "failed", "the Console's user may not see its scans");
    }
    assert_eq!(world.calls().of("GET registry"), 1);

    // A page comes from something in between, which may let the next question through.
    let page = simulator::Fault::raw(403, "text/html", "<html>blocked</html>");
    let world = Org::new()
        .console(|console| console.scanned_image("registry.example.test/two:1", &["/two"], &[]))
        .fault_at("GET registry", 1, page)
        .account(ACCOUNT, services)
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_told(&run, "web/one", "failed", "the Console does not tell whether it has scanned it");
    expect_told(&run, "web/two", "protected", "silent:");
    expect_note(&run, "the entry point of container worker comes from the Console's scan of the image");
}

/// What went well with one question is not told of as a failure of another.
#[tokio::test]
async fn of_several_containers_only_those_that_nobody_knows_are_named() {
    let console = |console: Console| console.registry_image("111122223333", WORKER, &["/entrypoint.sh"], &["serve"]);
    let definition = silent(&[("worker", WORKER), ("proxy", PROXY)]);
    let world = Org::new().console(console).account(ACCOUNT, |account| account.service("web/worker", definition)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/worker", "failed", "could not find the entry point of container proxy");
    assert!(!run.stdout.contains(&format!("{WORKER} is")), "{}", run.stdout);
}
