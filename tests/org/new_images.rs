//! A tag that names another image by now than the one that runs: the roll-out would ship that too, which is said, and with PIN_IMAGES
//! what runs is kept.

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::{Account, Fault, FaultRule, Finished, Org, Program, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, lines_about, one_container, updater};

/// The image of [`one_container`], which says its entry point.
const APP: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1.0";

fn service(definition: impl Into<simulator::scenario::Definition>) -> impl FnOnce(Account) -> Account {
    |account| account.service("web/app", definition)
}

/// One service whose image is in its registry.
fn org() -> Org {
    Org::new().image(APP, &["/app"], &[]).account(ACCOUNT, service(one_container("app")))
}

/// A definition of a container that says nothing.
fn silent() -> Value {
    let mut definition = one_container("app");
    definition["containerDefinitions"][0].as_object_mut().expect("a container").shift_remove("entryPoint");
    definition
}

type Edit = fn(Program) -> Program;

fn as_it_is(program: Program) -> Program {
    program
}

fn pinning(program: Program) -> Program {
    program.env("PIN_IMAGES", "true")
}

async fn run(world: &World, edit: Edit) -> Finished {
    let run = edit(updater(world)).run().await;
    expect_exit(&run, exit::DONE);
    run
}

/// As much of a digest as is told.
fn short(digest: &str) -> &str {
    &digest[..19]
}

/// The application's container as the service has it now.
fn container(world: &World) -> Value {
    world.service(ACCOUNT, HOME, "web/app").task_definition()["containerDefinitions"][0].clone()
}

fn tag(world: &World, key: &str) -> Value {
    let definition = world.service(ACCOUNT, HOME, "web/app").task_definition().clone();
    let tags = definition["tags"].as_array().expect("tags");
    tags.iter().find(|tag| tag["key"] == key).map_or(Value::Null, |tag| tag["value"].clone())
}

/// How often ECS was asked for tasks, and a registry for a digest alone and for a manifest.
fn asked(world: &World) -> [u64; 4] {
    ["ListTasks", "DescribeTasks", "HEAD manifests", "GET manifests"].map(|operation| world.calls().of(operation))
}

/// Nothing but what every run says.
fn expect_silence(run: &Finished) {
    for word in ["warning:", "note:", "another image", "pinned"] {
        assert!(!run.stdout.contains(word), "{word}: {}", run.stdout);
    }
}

#[tokio::test]
async fn a_tag_that_was_moved_is_warned_about_and_what_it_names_is_shipped() {
    let world = org().start().await;
    let runs = world.digest_of(APP);
    world.change_image(APP, &["/app"], &[]);
    let run = run(&world, as_it_is).await;
    let (runs, named) = (short(&runs), world.digest_of(APP));
    let warning = format!(
        "warning: the tag of container app, {APP}, names another image ({}) than the one that runs ({runs}): the roll-out brings new \
         application code too",
        short(&named)
    );
    assert!(run.stdout.contains(&warning), "{}", run.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/app");
    assert_eq!((&container(&world)["image"], tag(&world, "fargate-updater:pinned")), (&json!(APP), Value::Null));
    assert_eq!(asked(&world), [1, 1, 1, 1]);
}

#[tokio::test]
async fn a_tag_that_was_not_moved_is_asked_for_once_and_nothing_is_said() {
    let many = |account: Account| {
        (0..5).fold(account, |account, n| account.service(&format!("web/app-{n}"), one_container(&format!("app-{n}"))))
    };
    let world = Org::new().image(APP, &["/app"], &[]).account(ACCOUNT, many).start().await;
    for edit in [as_it_is as Edit, pinning] {
        expect_silence(&run(&world, edit).await);
    }
    assert_eq!(asked(&world), [1, 1, 1, 0], "one look at all tasks, one at the tag, and none when nothing is changed");
}

#[tokio::test]
async fn the_digest_of_an_index_and_that_of_its_image_are_one() {
    let index = |registry: simulator::Registry| {
        registry.index("app:1.0", &[("linux/amd64", &["/app"], &[]), ("linux/arm64", &["/app"], &[])])
    };
    let host = APP.split_once('/').expect("a registry").0;
    let org = || Org::new().registry(host, index).account(ACCOUNT, service(one_container("app")));
    for org in [org(), org().tasks_tell_platform_digests()] {
        let world = org.start().await;
        expect_silence(&run(&world, as_it_is).await);
    }
    let world = org().tasks_tell_platform_digests().start().await;
    world.change_image(APP, &["/app"], &[]);
    assert!(run(&world, as_it_is).await.stdout.contains("names another image"));
}

#[tokio::test]
async fn what_runs_is_pinned_remembered_and_has_its_own_name_again_with_the_next_defender() {
    let world = org().console(|console| console.version("33.01.137")).start().await;
    let runs = world.digest_of(APP);
    world.change_image(APP, &["/app"], &[]);
    let first = run(&world, pinning).await;
    let pinned = format!("{APP}@{runs}");
    let named = world.digest_of(APP);
    let note = format!(
        "note: container app keeps the image that runs ({}): its tag, {APP}, names another by now ({})",
        short(&runs),
        short(&named)
    );
    assert!(first.stdout.contains(&note) && !first.stdout.contains("warning:"), "{}", first.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/app");
    assert_eq!(container(&world)["image"], json!(pinned));
    let variables = container(&world)["environment"].as_array().expect("variables").clone();
    assert!(variables.contains(&json!({ "name": "TW_IMAGE_NAME", "value": APP })), "{variables:?}");
    assert!(tag(&world, "fargate-updater:pinned").as_str().is_some_and(|tag| tag.starts_with("app/")));

    // Neither setting makes anything of it that would be outdated.
    for edit in [as_it_is as Edit, pinning] {
        world.gate().forget_calls();
        expect_told(&run(&world, edit).await, "web/app", "up to date", "app:2");
        assert_eq!((world.calls().writes(), asked(&world)), (0, [0; 4]));
    }

    // The digest that runs is still the same, and still not what the tag names.
    world.console().change(|console| console.version("34.03.138"));
    let second = run(&world, pinning).await;
    expect_told(&second, "web/app", "upgraded", "app:2 -> app:3");
    assert!(second.stdout.contains(&note), "{}", second.stdout);
    assert_eq!(container(&world)["image"], json!(pinned));

    world.console().change(|console| console.version("34.04.145"));
    let third = run(&world, as_it_is).await;
    assert!(third.stdout.contains("warning: the tag of container app, "), "{}", third.stdout);
    assert_eq!((&container(&world)["image"], tag(&world, "fargate-updater:pinned")), (&json!(APP), Value::Null));
}

/// The entry point of the newer image may not even be there in the one that runs.
#[tokio::test]
async fn a_pinned_container_is_started_as_the_image_that_runs_wants_it() {
    for (edit, expected) in [(pinning as Edit, "/right"), (as_it_is, "/newer")] {
        let world = Org::new().image(APP, &["/right"], &[]).account(ACCOUNT, service(silent())).start().await;
        world.change_image(APP, &["/newer"], &[]);
        run(&world, edit).await;
        let entry_point = container(&world)["entryPoint"].as_array().expect("an entry point").clone();
        assert_eq!(entry_point.last(), Some(&json!(expected)));
    }
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_shows_the_digest() {
    let world = org().start().await;
    let runs = world.digest_of(APP);
    world.change_image(APP, &["/app"], &[]);
    let run = run(&world, |program| pinning(program).env("DRY_RUN", "true")).await;
    assert!(run.stdout.contains("note: container app keeps the image that runs"), "{}", run.stdout);
    assert!(run.stdout.contains(&format!("{APP}@{runs}")), "{}", run.stdout);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn machines_are_told_of_both() {
    for (edit, code, level) in [(as_it_is as Edit, "new-image", "warn"), (pinning, "pinned-image", "info")] {
        let world = org().start().await;
        world.change_image(APP, &["/app"], &[]);
        let run = edit(updater(&world)).env("LOG_FORMAT", "json").run().await;
        let line = run.lines().into_iter().find(|line| line.contains("service protected")).expect("a line").to_owned();
        let line: Value = serde_json::from_str(&line).expect("a line is JSON");
        assert_eq!((&line["findings"][0]["code"], &line["level"]), (&json!(code), &json!(level)), "{line}");
    }
}

/// Nothing keeps a service from being protected; only who asked for pins is told that there are none.
#[tokio::test]
async fn what_cannot_be_found_out_is_told_only_to_those_who_want_images_pinned() {
    let moved = async |org: Org| {
        let world = org.start().await;
        world.change_image(APP, &["/app"], &[]);
        world
    };
    let denied = |action: &'static str| {
        let account = move |account: Account| service(one_container("app"))(account.deny(action));
        Org::new().image(APP, &["/app"], &[]).account(ACCOUNT, account)
    };
    let registry_down = FaultRule {
        operation: "GET v2".to_owned(),
        account: None,
        region: None,
        from: 1,
        to: None,
        fault: Fault::error(503, "UNAVAILABLE", "down"),
    };
    let cases = [
        ("no permission to list", moved(denied("ecs:ListTasks")).await, "its tasks cannot be seen: ListTasks was denied"),
        ("no permission to look", moved(denied("ecs:DescribeTasks")).await, "its tasks cannot be seen: DescribeTasks was denied"),
        ("no token for the registry", moved(denied("ecr:GetAuthorizationToken")).await, "no token for "),
        ("a registry that is down", moved(org().fault(registry_down)).await, ""),
        (
            "an image that no registry has",
            Org::new().account(ACCOUNT, service(one_container("app"))).start().await,
            "not every service that gets the revision tells which image it runs",
        ),
    ];
    for (name, world, why) in cases {
        let before = run(&world, |program| program.env("DRY_RUN", "true")).await;
        expect_silence(&before);
        let run = run(&world, pinning).await;
        let note = format!("note: container app may not keep the image that runs, since {APP} could not be pinned: {why}");
        assert!(run.stdout.contains(&note), "{name}: {}", run.stdout);
        expect_defender(&world, ACCOUNT, HOME, "web/app");
        assert_eq!(container(&world)["image"], json!(APP), "{name}");
    }
}

#[tokio::test]
async fn nobody_is_asked_where_there_is_nothing_to_find_out() {
    let digest = org().digest_of(APP);
    let mut by_digest = one_container("app");
    by_digest["containerDefinitions"][0]["image"] = json!(format!("{APP}@{digest}"));
    let image = || Org::new().image(APP, &["/app"], &[]);
    let cases = [
        ("its image is named by a digest", image().account(ACCOUNT, service(by_digest))),
        (
            "no task of it runs",
            image().account(ACCOUNT, |it| it.service_with("web/app", one_container("app"), |it| it.desired_count(0))),
        ),
        (
            "it is skipped",
            image()
                .account(ACCOUNT, |it| it.service_with("web/app", one_container("app"), |it| it.tag("fargate-updater:skip", ""))),
        ),
    ];
    for (name, org) in cases {
        let world = org.start().await;
        world.change_image(APP, &["/app"], &[]);
        let run = run(&world, pinning).await;
        assert_eq!(asked(&world), [0; 4], "{name}: {}", run.stdout);
        assert!(!run.stdout.contains("another image") && !run.stdout.contains("pinned"), "{name}: {}", run.stdout);
    }
}

/// One of them would get older code than it runs, or newer.
#[tokio::test]
async fn services_that_run_different_images_are_warned_about_and_not_pinned() {
    let two = |account: Account| account.service("web/app", one_container("app")).service("web/other", one_container("app"));
    let world = Org::new().image(APP, &["/app"], &[]).account(ACCOUNT, two).start().await;
    world.change_image(APP, &["/app"], &[]);
    world.deploy(ACCOUNT, HOME, "web/other", one_container("app"));
    let run = run(&world, pinning).await;
    for service in ["web/app", "web/other"] {
        assert!(lines_about(&run, service)[0].starts_with("protected "), "{}", run.stdout);
    }
    assert_eq!(run.stdout.matches("warning: the tag of container app, ").count(), 2, "{}", run.stdout);
    assert!(run.stdout.contains("could not be pinned: its services run different images"), "{}", run.stdout);
    assert_eq!(container(&world)["image"], json!(APP));
    assert_eq!(asked(&world)[..2], [2, 2], "each is asked");
}

/// What no tag names is cleaned up in many a registry, and a task could not start with it.
#[tokio::test]
async fn an_image_that_is_gone_is_not_pinned() {
    let gone = |operation: &str| FaultRule {
        operation: operation.to_owned(),
        account: None,
        region: None,
        from: 2,
        to: None,
        fault: Fault::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    };
    let world = org().fault(gone("HEAD manifests")).fault(gone("GET manifests")).start().await;
    world.change_image(APP, &["/app"], &[]);
    let run = run(&world, pinning).await;
    assert!(run.stdout.contains("warning: the tag of container app, "), "{}", run.stdout);
    assert!(run.stdout.contains("is not known to its registry"), "{}", run.stdout);
    assert_eq!(container(&world)["image"], json!(APP));
    expect_defender(&world, ACCOUNT, HOME, "web/app");
}

#[tokio::test]
async fn an_image_is_not_pinned_where_nobody_could_remember_it() {
    let mut definition = one_container("app");
    definition["tags"] = (0..50).map(|n| json!({ "key": format!("owner-{n}"), "value": "x" })).collect();
    let world = Org::new().image(APP, &["/app"], &[]).account(ACCOUNT, service(definition)).start().await;
    world.change_image(APP, &["/app"], &[]);
    let run = run(&world, pinning).await;
    assert!(run.stdout.contains("the task definition has no room for the tag that would remember it"), "{}", run.stdout);
    assert_eq!(container(&world)["image"], json!(APP));
}

#[tokio::test]
async fn a_pinned_revision_that_an_earlier_run_left_is_used() {
    let world = org().fault_at("UpdateService", 1, Fault::error(400, "ClientException", "not today")).start().await;
    world.change_image(APP, &["/app"], &[]);
    let first = pinning(updater(&world)).run().await;
    expect_told(&first, "web/app", "failed", "could not move the service");
    let second = run(&world, pinning).await;
    assert!(second.stdout.contains("the revision that an earlier run registered was used"), "{}", second.stdout);
    assert_eq!(world.registered().len(), 1);
    assert!(container(&world)["image"].as_str().is_some_and(|image| image.starts_with(&format!("{APP}@sha256:"))));
}
