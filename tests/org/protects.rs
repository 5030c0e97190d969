//! Every service in scope gets the Defender, one revision for each task definition, and nothing else changes.
//!
//! How the Console is asked is in `consoles`, where entry points come from in `entry_points`, what is taken from the Console's
//! answer in `takes_only_embedding`.

use std::time::Duration;

use fargate_updater::exit;
use serde_json::{Value, json};
use simulator::scenario::Definition;
use simulator::{Fault, Org, Service, World};

use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, expect_told, one_container, updater};

#[tokio::test]
async fn three_services_on_one_definition_share_one_revision() {
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account.service("web/one", "httpd.json").service("web/two", "httpd.json").service("api/three", "httpd.json")
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.registered().len(), 1);
    for service in ["web/one", "web/two", "api/three"] {
        expect_defender(&world, ACCOUNT, HOME, service);
    }
    for body in world.updates() {
        let fields: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["cluster", "service", "taskDefinition"]);
    }
}

/// What the Console of these scenarios puts in front of an entry point.
const PREFIX: [&str; 3] = ["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint"];

/// Returns a task definition as it must be once it is protected, written out here so that the program is not asked what is right.
/// Every container must say its entry point.
fn with_defender(before: &Value, world: &World, source: &str) -> Value {
    let mut expected = before.clone();
    let family = before["family"].clone();
    for container in expected["containerDefinitions"].as_array_mut().expect("containers") {
        let own = container["entryPoint"].as_array().expect("an entry point").clone();
        container["entryPoint"] = PREFIX.iter().map(|word| json!(word)).chain(own).collect();
        let (image, name) = (container["image"].clone(), container["name"].clone());
        append(container, "environment", json!({ "name": "TW_IMAGE_NAME", "value": image }));
        append(container, "environment", json!({ "name": "TW_CONTAINER_NAME", "value": name }));
        append(container, "environment", json!({ "name": "DEFENDER_TYPE", "value": "fargate" }));
        append(container, "environment", json!({ "name": "FARGATE_TASK", "value": family }));
        append(container, "environment", json!({ "name": "FILESYSTEM_MONITORING", "value": "false" }));
        append(container, "dependsOn", json!({ "containerName": "TwistlockDefender", "condition": "START" }));
        append(container, "volumesFrom", json!({ "sourceContainer": "TwistlockDefender", "readOnly": false }));
        container["linuxParameters"] = json!({ "capabilities": { "add": ["SYS_PTRACE"] } });
    }
    append(&mut expected, "containerDefinitions", sidecar(before, world));
    append(&mut expected, "tags", json!({ "key": "fargate-updater:source", "value": source }));
    append(&mut expected, "tags", json!({ "key": "fargate-updater:defender-version", "value": "34.03.138" }));
    expected
}

/// Returns the Console's own sidecar for a definition, without the nulls that ECS refuses.
fn sidecar(definition: &Value, world: &World) -> Value {
    let protected = world.console().protect(definition, "127.0.0.1");
    let mut sidecar = protected["containerDefinitions"].as_array().expect("containers").last().expect("a sidecar").clone();
    sidecar.as_object_mut().expect("a container").retain(|_, value| !value.is_null());
    sidecar
}

fn append(parent: &mut Value, list: &str, element: Value) {
    if parent[list].is_null() {
        parent[list] = json!([]);
    }
    parent[list].as_array_mut().expect("a list").push(element);
}

/// Takes the one tag out that differs from run to run, and checks that it was there.
fn without_run_id(registered: &Value) -> Value {
    let mut registered = registered.clone();
    let tags = registered["tags"].as_array_mut().expect("tags");
    let run = tags.pop().expect("a last tag");
    assert_eq!(run["key"], "fargate-updater:run-id");
    assert!(run["value"].as_str().is_some_and(|id| id.len() > 10), "{run}");
    registered
}

/// Unknown fields at every depth, empty texts and lists, and numbers that no machine word holds; the nine keys that only ECS
/// writes are gone, since nothing but these is added.
#[tokio::test]
async fn what_is_registered_is_what_was_there_plus_embedding_field_by_field() {
    let fixtures = ["unknown_fields.json", "orders.json", "two_containers.json", "port_mappings.json"];
    let as_ecs_tells = |verbatim: bool| {
        let org = Org::new().account(ACCOUNT, |account| {
            fixtures.iter().fold(account, |account, fixture| account.service(&format!("web/{fixture}"), *fixture))
        });
        if verbatim { org.stores_definitions_verbatim() } else { org }
    };
    for verbatim in [true, false] {
        let world = as_ecs_tells(verbatim).start().await;
        let found = |fixture: &str| world.service(ACCOUNT, HOME, &format!("web/{fixture}")).task_definition().clone();
        let before: Vec<Value> = fixtures.iter().map(|fixture| found(fixture)).collect();
        expect_exit(&updater(&world).run().await, exit::DONE);
        let registered = world.registered();
        assert_eq!(registered.len(), fixtures.len());
        for before in &before {
            let family = before["family"].as_str().expect("a family");
            let body = registered.iter().find(|body| body["family"] == family).expect("its revision");
            let expected = with_defender(before, &world, &format!("{family}:1"));
            assert_eq!(without_run_id(body), expected, "{family}, verbatim: {verbatim}");
        }
    }
}

#[tokio::test]
async fn every_way_to_run_on_fargate_is_protected() {
    type Edit = fn(Service) -> Service;
    let ways: [(&str, Edit); 6] = [
        ("launch-type", |service| service.launch_type("FARGATE")),
        ("spot", |service| service.capacity_provider("FARGATE_SPOT", Some(1))),
        ("mixed-with-ec2", |service| service.capacity_provider("own-ec2", Some(9)).capacity_provider("FARGATE", Some(1))),
        ("without-weights", |service| service.capacity_provider("FARGATE", None).capacity_provider("FARGATE_SPOT", None)),
        ("weight-of-zero", |service| service.capacity_provider("own-ec2", Some(1)).capacity_provider("FARGATE_SPOT", Some(0))),
        ("platform-1-4", |service| service.platform_version("1.4.0")),
    ];
    let world = Org::new()
        .account(ACCOUNT, |account| {
            ways.iter()
                .fold(account, |account, (name, edit)| account.service_with(&format!("web/{name}"), one_container(name), edit))
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    for (name, _) in ways {
        let service = format!("web/{name}");
        expect_told(&run, &service, "protected", &format!("{name}:1 -> {name}:2"));
        expect_defender(&world, ACCOUNT, HOME, &service);
    }
}

#[tokio::test]
async fn an_owners_deployment_goes_first_and_the_service_is_protected_at_the_end() {
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account
                .service_with("web/deploying", "httpd.json", Service::deploying)
                .service_with("web/changing", "httpd.json", |service| service.deploying_to("orders.json"))
                .service("web/quiet", "two_containers.json")
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);

    expect_told(&run, "web/deploying", "protected", "httpd:1 -> httpd:2");
    expect_told(&run, "web/changing", "protected", "orders:1 -> orders:2");
    for service in ["web/deploying", "web/changing", "web/quiet"] {
        expect_defender(&world, ACCOUNT, HOME, service);
    }
    assert!(world.calls().of("DescribeServices") > 1, "they are looked at anew before they are touched");
    let at = |service: &str| run.stdout.find(service).expect("a line");
    assert!(at(" web/quiet ") < at(" web/deploying "), "{}", run.stdout);
    let new_code = world.service(ACCOUNT, HOME, "web/changing");
    assert_eq!(new_code.task_definition()["family"], "orders", "the owner's new definition stays");
}

/// ECS refuses a registration while another of its family is under way. With slow answers two at a time would meet, and the
/// refused one would be tried again, which shows in the count.
#[tokio::test]
async fn registrations_of_one_family_never_overlap() {
    let revision = |stage: &str| {
        let mut definition = one_container("checkout");
        definition["containerDefinitions"][0]["environment"] = json!([{ "name": "STAGE", "value": stage }]);
        definition
    };
    let stages = ["one", "two", "three"];
    let world = Org::new()
        .latency(Duration::from_millis(20))
        .account(ACCOUNT, |account| {
            stages.iter().fold(account, |account, stage| account.service(&format!("web/{stage}"), revision(stage)))
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    // Two for older code, and on top of each the newest, which the third service then runs.
    assert_eq!(world.calls().of("RegisterTaskDefinition"), 4, "none was refused and sent again");
    for (stage, source) in stages.iter().zip(["checkout:1", "checkout:2", "checkout:3"]) {
        let service = format!("web/{stage}");
        expect_defender(&world, ACCOUNT, HOME, &service);
        let view = world.service(ACCOUNT, HOME, &service);
        let tags = view.task_definition()["tags"].as_array().expect("tags").clone();
        assert!(tags.contains(&json!({ "key": "fargate-updater:source", "value": source })), "{service}: {tags:?}");
        let environment = view.task_definition()["containerDefinitions"][0]["environment"].clone();
        let own = environment.as_array().expect("variables").iter().find(|variable| variable["name"] == "STAGE");
        assert_eq!(own.expect("its own variable")["value"], *stage, "{service} runs its own code");
    }
}

#[tokio::test]
async fn a_failed_update_fails_one_service_and_the_next_run_uses_the_revision_that_is_there() {
    let refused = Fault::error(400, "InvalidParameterException", "The service is in a state that takes no update.");
    let world = Org::new()
        .account(ACCOUNT, |account| account.service("web/one", "orders.json").service("web/two", "orders.json"))
        .fault_at("UpdateService", 1, refused)
        .start()
        .await;
    let first = updater(&world).run().await;
    expect_exit(&first, exit::NOT_ALL);
    let runs_new = |service: &&str| world.service(ACCOUNT, HOME, service).task_definition_arn().ends_with(":2");
    let (done, open): (Vec<_>, Vec<_>) = ["web/one", "web/two"].into_iter().partition(runs_new);
    assert_eq!((done.len(), open.len()), (1, 1), "one update was refused: {}", first.stdout);
    expect_told(&first, done[0], "protected", "orders:1 -> orders:2");
    expect_told(&first, open[0], "failed", "could not move the service to orders:2; the next run uses that revision");

    // The Console makes another bundle each time, which is no reason for another revision.
    world.console().change(|console| console.bundle("YW5vdGhlciBidW5kbGU="));
    let second = updater(&world).run().await;
    expect_exit(&second, exit::DONE);
    expect_told(&second, done[0], "up to date", "orders:2");
    expect_told(&second, open[0], "protected", "orders:1 -> orders:2");
    assert!(second.stdout.contains("note: the revision that an earlier run registered was used"), "{}", second.stdout);
    assert_eq!(world.registered().len(), 1, "no second revision of the same");
    expect_defender(&world, ACCOUNT, HOME, open[0]);
}

#[tokio::test]
async fn a_newer_revision_of_the_owners_is_not_taken_for_one_of_ours() {
    let newer = {
        let mut definition = Definition::from("orders.json").load();
        definition["cpu"] = json!("512");
        definition
    };
    let world = Org::new()
        .account(ACCOUNT, |account| {
            account.service("web/orders", "orders.json").service_with("web/newer", newer, |service| service.launch_type("EC2"))
        })
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_told(&run, "web/orders", "protected", "orders:1 -> orders:3");
    let after = world.service(ACCOUNT, HOME, "web/orders");
    assert_eq!(after.task_definition()["cpu"], "256", "what ran goes on running");
    expect_defender(&world, ACCOUNT, HOME, "web/orders");
}

#[tokio::test]
async fn an_owner_with_as_many_tags_as_ecs_allows_keeps_them_all_and_ours_are_left_out() {
    let with_tags = |family: &str, count: usize| {
        let mut definition = one_container(family);
        definition["tags"] = (0..count).map(|n| json!({ "key": format!("tag-{n}"), "value": "theirs" })).collect();
        definition
    };
    let world = Org::new()
        .account(ACCOUNT, |account| account.service("web/room", with_tags("room", 47)).service("web/full", with_tags("full", 48)))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    for (service, tags) in [("web/room", 50), ("web/full", 48)] {
        expect_defender(&world, ACCOUNT, HOME, service);
        let view = world.service(ACCOUNT, HOME, service);
        assert_eq!(view.task_definition()["tags"].as_array().map(Vec::len), Some(tags), "{service}");
    }
    let note = "note: tags of ours were left out: there would have been more than 50";
    assert_eq!(run.stdout.matches(note).count(), 1, "{}", run.stdout);
}
