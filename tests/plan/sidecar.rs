//! The Defender's own container: what its owner tuned stays, where it logs, and that nothing waits for itself because of it.

use fargate_updater::plan::{Refusal, TaskDefinition};
use serde_json::{Value, json};
use simulator::Console;

use crate::support::{Setup, container, definition_of, image_runs, policy, revision};

/// The sidecar that replaces another one.
fn replacing(replaced: &Value, spoil: impl FnOnce(&mut Value)) -> Value {
    let definition = definition_of(&[container("web")]);
    let mut setup = Setup::reading(&definition, &policy(), &image_runs());
    setup.stripped.sidecar = Some(replaced.clone());
    let mut answer = setup.answer(&Console::default());
    spoil(&mut answer["containerDefinitions"][1]);
    let accepted = setup.accept(&answer).expect("the answer is accepted");
    revision(&definition, &accepted.change)["containerDefinitions"][1].clone()
}

fn older() -> Value {
    let console = Console::default().version("33.01.137");
    console.protect(definition_of(&[container("web")]).json(), crate::support::CONSOLE_NAME)["containerDefinitions"][1].clone()
}

#[test]
fn what_its_owner_tuned_stays_and_what_the_console_writes_is_todays() {
    let mut tuned = older();
    let tuning = json!({
        "cpu": 256, "memory": 512, "memoryReservation": 256, "essential": false, "stopTimeout": 30,
        "logConfiguration": { "logDriver": "awslogs", "options": { "awslogs-group": "/defenders" } },
        "dockerLabels": { "team": "security" }, "futureField": [1.0],
    });
    tuned.as_object_mut().expect("a container").extend(tuning.as_object().expect("tuning").clone());
    tuned["environment"].as_array_mut().expect("variables").push(json!({ "name": "HTTPS_PROXY", "value": "http://proxy" }));
    tuned["healthCheck"] = json!({ "command": ["old"] });
    tuned["entryPoint"] = json!(["/old"]);
    tuned["ulimits"] = json!("old");
    // What the Console writes today is today's, as long as nobody is known to tune it.
    let with_limits = |sidecar: &mut Value| sidecar["ulimits"] = json!("today's");
    let today = replacing(&older(), with_limits);
    let now = replacing(&tuned, with_limits);
    for (key, value) in tuning.as_object().expect("tuning") {
        assert_eq!(&now[key], value, "{key}");
    }
    for key in ["image", "entryPoint", "healthCheck", "portMappings", "name", "ulimits"] {
        assert_eq!(now[key], today[key], "{key}");
    }
    let names = |sidecar: &Value| {
        let variables = sidecar["environment"].as_array().expect("variables").iter();
        variables.map(|variable| variable["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&now), [names(&today), vec!["HTTPS_PROXY".to_owned()]].concat());
    assert!(today["image"].as_str().is_some_and(|image| image.ends_with("defender_34_03_138")), "{}", today["image"]);
}

/// ECS would try one registry's credentials at another, and the pull may fail for that.
#[test]
fn what_its_image_is_pulled_with_stays_as_long_as_the_registry_does() {
    let secret =
        |name: &str| json!({ "credentialsParameter": format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}") });
    let replaced = |image: &str| {
        let mut sidecar = older();
        sidecar["image"] = json!(image);
        sidecar["repositoryCredentials"] = secret("old");
        sidecar
    };
    let mirror = "mirror.example.test/twistlock/defender:defender_33_01_137";
    let to_mirror = |sidecar: &mut Value| sidecar["image"] = json!("mirror.example.test/twistlock/defender:defender_34_03_138");
    assert_eq!(replacing(&replaced(mirror), to_mirror)["repositoryCredentials"], secret("old"));
    assert_eq!(replacing(&replaced(mirror), |_| {}).get("repositoryCredentials"), None, "another registry");
    let with_new = |sidecar: &mut Value| {
        to_mirror(sidecar);
        sidecar["repositoryCredentials"] = secret("new");
    };
    assert_eq!(replacing(&replaced(mirror), with_new)["repositoryCredentials"], secret("new"), "the settings name one");
}

fn logging(name: &str, driver: &str) -> Value {
    let mut container = container(name);
    container["logConfiguration"] = json!({ "logDriver": driver, "options": { "from": name } });
    container
}

fn router(log_configuration: Option<Value>) -> Value {
    let mut router = container("router");
    router["firelensConfiguration"] = json!({ "type": "fluentbit" });
    if let Some(log_configuration) = log_configuration {
        router["logConfiguration"] = log_configuration;
    }
    router
}

/// The revision of these containers.
fn revision_of(containers: &[Value], replaced: Option<Value>) -> Result<Value, Refusal> {
    let definition = definition_of(containers);
    let mut setup = Setup::reading(&definition, &policy(), &image_runs());
    setup.stripped.sidecar = replaced;
    let accepted = setup.accept(&setup.answer(&Console::default()))?;
    Ok(revision(&definition, &accepted.change))
}

#[test]
fn a_sidecar_that_would_log_through_the_router_logs_where_the_router_does_or_nowhere() {
    let own = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/router" } });
    let cases = [
        ("the router has its own", vec![logging("web", "awsfirelens"), router(Some(own.clone()))], Some(own.clone())),
        ("the router has none", vec![logging("web", "awsfirelens"), router(None)], None),
        (
            "the application has another",
            vec![logging("web", "awslogs"), router(Some(own))],
            Some(json!({ "logDriver": "awslogs", "options": { "from": "web" } })),
        ),
    ];
    for (name, containers, expected) in cases {
        let revision = revision_of(&containers, None).expect(name);
        let last = revision["containerDefinitions"].as_array().and_then(|list| list.last()).expect("a sidecar");
        assert_eq!(last.get("logConfiguration"), expected.as_ref(), "{name}");
        assert_eq!(revision["containerDefinitions"][1], containers[1], "{name}: the router is not wrapped");
    }
}

#[test]
fn a_tuned_log_configuration_stays_unless_a_container_would_wait_for_itself() {
    let mut tuned = older();
    tuned["logConfiguration"] = json!({ "logDriver": "awsfirelens", "options": { "from": "tuning" } });
    let containers = [logging("web", "awsfirelens"), router(None)];
    let harmless = revision_of(&containers, Some(tuned.clone())).expect("nobody waits in a circle");
    assert_eq!(harmless["containerDefinitions"][2]["logConfiguration"]["options"]["from"], "tuning");

    // One that is the application's own is the Console's copy of it.
    let mut copied = older();
    copied["logConfiguration"] = logging("web", "awsfirelens")["logConfiguration"].clone();
    let own = json!({ "logDriver": "awslogs", "options": { "from": "router" } });
    let mended = revision_of(&[logging("web", "awsfirelens"), router(Some(own.clone()))], Some(copied)).expect("it is mended");
    assert_eq!(mended["containerDefinitions"][2]["logConfiguration"], own);

    // The router waits for the application, which waits for the Defender, which waits for the router.
    let mut waiting = router(Some(own.clone()));
    waiting["dependsOn"] = json!([{ "containerName": "web", "condition": "START" }]);
    let containers = [logging("web", "awslogs"), waiting];
    let mended = revision_of(&containers, Some(tuned)).expect("the Defender logs where the router does");
    assert_eq!(mended["containerDefinitions"][2]["logConfiguration"], own);
}

#[test]
fn what_would_wait_for_itself_is_refused_by_its_names() {
    let mut web = container("web");
    web["dependsOn"] = json!([{ "containerName": "db", "condition": "START" }]);
    let mut db = container("db");
    db["dependsOn"] = json!([{ "containerName": "web", "condition": "START" }]);
    let refused = revision_of(&[web, db], None).expect_err("they wait for each other");
    assert_eq!(refused, Refusal::Circle { containers: vec!["db".to_owned(), "web".to_owned()] });
    assert_eq!(refused.to_string(), "the containers db, web would wait for each other in a circle");
}

#[test]
fn an_image_that_starts_with_another_agent_is_refused_by_its_vendor() {
    let definition = TaskDefinition::from_json(json!({
        "family": "checkout", "containerDefinitions": [{ "name": "web", "image": "registry.example.test/web:1" }],
    }));
    let setup = Setup::asking(&definition, &policy());
    let console = Console::default().image("registry.example.test/web:1", &["/opt/draios/bin/instrument", "/app"], &["x"]);
    let refused = setup.accept(&setup.answer(&console));
    assert_eq!(refused, Err(Refusal::OtherAgent { container: "web".to_owned(), vendor: "Sysdig" }));
}
