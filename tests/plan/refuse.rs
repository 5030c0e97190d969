//! What in the Console's answer refuses the definition: what is missing, and every addition that is no part of embedding, with
//! its place.

use fargate_updater::plan::{Refusal, TaskDefinition};
use serde_json::{Value, json};

use crate::support::{accept_answer, accept_spoilt, answer, container, definition_of, policy};

type Spoil = fn(&mut Value);

/// A definition of two containers, the first with a little of everything.
fn definition() -> Value {
    let mut web = container("web");
    web["portMappings"] = json!([{ "containerPort": 80 }]);
    web["environment"] = json!([{ "name": "A", "value": "1", "future": { "scope": "task" } }]);
    web["mountPoints"] = json!([{ "sourceVolume": "data", "containerPath": "/data" }]);
    web["privileged"] = Value::Null;
    web["logConfiguration"] = json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/ecs" } });
    let mut db = container("db");
    db["linuxParameters"] = json!({ "capabilities": { "add": ["SYS_PTRACE"] } });
    json!({
        "family": "checkout",
        "containerDefinitions": [web, db],
        "volumes": [{ "name": "data" }],
        "tags": [{ "key": "team", "value": "payments" }],
    })
}

fn web(answer: &mut Value) -> &mut Value {
    &mut answer["containerDefinitions"][0]
}

fn sidecar(answer: &mut Value) -> &mut Value {
    &mut answer["containerDefinitions"][2]
}

fn push(list: &mut Value, element: Value) {
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut().expect("it is a list").push(element);
}

#[test]
fn every_addition_that_is_no_part_of_embedding_is_refused_by_its_place() {
    let cases: [(&str, Spoil, &str); 33] = [
        ("a task role", |answer| answer["taskRoleArn"] = json!("arn:aws:iam::444455556666:role/other"), "/taskRoleArn"),
        ("a field of the top level", |answer| answer["pidMode"] = json!("task"), "/pidMode"),
        (
            "tags like those that were not sent",
            |answer| answer["tags"] = json!([{ "key": "team", "value": "payments" }]),
            "/tags",
        ),
        ("another container", |answer| push(&mut answer["containerDefinitions"], container("miner")), "/containerDefinitions/3"),
        (
            "a second container by a customer's name",
            |answer| push(&mut answer["containerDefinitions"], container("db")),
            "/containerDefinitions/3",
        ),
        (
            "something that is no container",
            |answer| push(&mut answer["containerDefinitions"], json!("x")),
            "/containerDefinitions/3",
        ),
        (
            "a port on an application container that has some",
            |answer| push(&mut web(answer)["portMappings"], json!({ "containerPort": 22 })),
            "/containerDefinitions/0/portMappings/1",
        ),
        (
            "a port on an application container that has none",
            |answer| answer["containerDefinitions"][1]["portMappings"] = json!([{ "containerPort": 22 }]),
            "/containerDefinitions/1/portMappings",
        ),
        (
            "a port on the sidecar",
            |answer| push(&mut sidecar(answer)["portMappings"], json!({ "containerPort": 22 })),
            "/containerDefinitions/2/portMappings",
        ),
        (
            "a capability of an application container",
            |answer| push(&mut web(answer)["linuxParameters"]["capabilities"]["add"], json!("NET_ADMIN")),
            "/containerDefinitions/0/linuxParameters/capabilities/add/0",
        ),
        (
            "a capability beside the customer's own",
            |answer| push(&mut answer["containerDefinitions"][1]["linuxParameters"]["capabilities"]["add"], json!("NET_ADMIN")),
            "/containerDefinitions/1/linuxParameters/capabilities/add/1",
        ),
        (
            "a capability of the sidecar",
            |answer| sidecar(answer)["linuxParameters"] = json!({ "capabilities": { "add": ["SYS_PTRACE", "NET_ADMIN"] } }),
            "/containerDefinitions/2/linuxParameters/capabilities/add/1",
        ),
        (
            "another Linux parameter",
            |answer| web(answer)["linuxParameters"]["devices"] = json!([{ "hostPath": "/dev/fuse" }]),
            "/containerDefinitions/0/linuxParameters/devices",
        ),
        ("privilege where null was", |answer| web(answer)["privileged"] = json!(true), "/containerDefinitions/0/privileged"),
        (
            "privilege where nothing was",
            |answer| answer["containerDefinitions"][1]["privileged"] = json!(true),
            "/containerDefinitions/1/privileged",
        ),
        ("a privileged sidecar", |answer| sidecar(answer)["privileged"] = json!(true), "/containerDefinitions/2/privileged"),
        (
            "a mount of the customer's volume on the sidecar",
            |answer| sidecar(answer)["mountPoints"] = json!([{ "sourceVolume": "data", "containerPath": "/data" }]),
            "/containerDefinitions/2/mountPoints/0",
        ),
        (
            "another mount of the customer's volume",
            |answer| push(&mut web(answer)["mountPoints"], json!({ "sourceVolume": "data", "containerPath": "/etc" })),
            "/containerDefinitions/0/mountPoints/1",
        ),
        (
            "a file system",
            |answer| push(&mut answer["volumes"], json!({ "name": "x", "efsVolumeConfiguration": { "fileSystemId": "fs-1" } })),
            "/volumes/1/efsVolumeConfiguration",
        ),
        (
            "a path of the host",
            |answer| push(&mut answer["volumes"], json!({ "name": "x", "host": { "sourcePath": "/" } })),
            "/volumes/1/host",
        ),
        ("a volume without a name", |answer| push(&mut answer["volumes"], json!({ "host": {} })), "/volumes/1"),
        (
            "a file system in the customer's volume",
            |answer| answer["volumes"][0]["efsVolumeConfiguration"] = json!({ "fileSystemId": "fs-1" }),
            "/volumes/0/efsVolumeConfiguration",
        ),
        (
            "volumes of the sidecar with more than embedding says",
            |answer| web(answer)["volumesFrom"] = json!([{ "sourceContainer": "TwistlockDefender", "propagation": "shared" }]),
            "/containerDefinitions/0/volumesFrom/0",
        ),
        (
            "a dependency on another container",
            |answer| push(&mut web(answer)["dependsOn"], json!({ "containerName": "db", "condition": "START" })),
            "/containerDefinitions/0/dependsOn/1",
        ),
        (
            "a dependency of the sidecar",
            |answer| sidecar(answer)["dependsOn"] = json!([{ "containerName": "db", "condition": "START" }]),
            "/containerDefinitions/2/dependsOn",
        ),
        (
            "another container's files",
            |answer| push(&mut web(answer)["volumesFrom"], json!({ "sourceContainer": "db" })),
            "/containerDefinitions/0/volumesFrom/1",
        ),
        (
            "a customer's files for the sidecar",
            |answer| sidecar(answer)["volumesFrom"] = json!([{ "sourceContainer": "web" }]),
            "/containerDefinitions/2/volumesFrom",
        ),
        ("a new field of a container", |answer| web(answer)["user"] = json!("0"), "/containerDefinitions/0/user"),
        (
            "a secret",
            |answer| web(answer)["secrets"] = json!([{ "name": "A", "valueFrom": "b" }]),
            "/containerDefinitions/0/secrets",
        ),
        ("a command", |answer| web(answer)["command"] = json!(["--evil"]), "/containerDefinitions/0/command"),
        (
            "a variable that is more than a name and a value",
            |answer| push(&mut web(answer)["environment"], json!({ "name": "B", "value": "1", "valueFrom": "c" })),
            "/containerDefinitions/0/environment/6",
        ),
        (
            "something hidden in a changed value",
            |answer| {
                web(answer)["logConfiguration"] =
                    json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/x", "endpoint": "y" } })
            },
            "/containerDefinitions/0/logConfiguration/options/endpoint",
        ),
        (
            "something hidden in a variable's own member",
            |answer| web(answer)["environment"][0]["future"]["role"] = json!("x"),
            "/containerDefinitions/0/environment/0/future/role",
        ),
    ];
    let definition = TaskDefinition::from_json(definition());
    assert!(accept_spoilt(&definition, &policy(), |_| {}).is_ok());
    for (name, spoil, place) in cases {
        match accept_spoilt(&definition, &policy(), spoil) {
            Err(Refusal::Additions { at }) => {
                let places: Vec<String> = at.iter().map(ToString::to_string).collect();
                assert_eq!(places, [place], "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn every_addition_is_named_at_once_and_no_value_with_it() {
    let refused = accept_spoilt(&TaskDefinition::from_json(definition()), &policy(), |answer| {
        answer["taskRoleArn"] = json!("hunter2");
        web(answer)["user"] = json!("hunter2");
        sidecar(answer)["privileged"] = json!(true);
    });
    let error = refused.expect_err("three things were added").to_string();
    assert_eq!(
        error,
        "the Console's answer adds what is no part of embedding, at /taskRoleArn, /containerDefinitions/0/user, \
         /containerDefinitions/2/privileged"
    );
}

#[test]
fn an_answer_without_a_whole_defender_is_refused() {
    let unwrapped = || Refusal::Unwrapped { container: "web".to_owned() };
    let cases: [(&str, Spoil, Refusal); 13] = [
        ("no object", |answer| *answer = json!([]), Refusal::NotATaskDefinition),
        ("null", |answer| *answer = Value::Null, Refusal::NotATaskDefinition),
        ("no list of containers", |answer| answer["containerDefinitions"] = json!({}), Refusal::NotATaskDefinition),
        ("no sidecar", |answer| sidecar(answer)["name"] = json!("Other"), Refusal::Sidecars { count: 0 }),
        (
            "two sidecars",
            |answer| {
                let second = sidecar(answer).clone();
                push(&mut answer["containerDefinitions"], second);
            },
            Refusal::Sidecars { count: 2 },
        ),
        ("no image", |answer| sidecar(answer)["image"] = json!(""), Refusal::IncompleteDefender { missing: "image" }),
        (
            "an empty bundle",
            |answer| sidecar(answer)["environment"][0]["value"] = json!(""),
            Refusal::IncompleteDefender { missing: "INSTALL_BUNDLE" },
        ),
        (
            "no variables",
            |answer| sidecar(answer)["environment"] = Value::Null,
            Refusal::IncompleteDefender { missing: "INSTALL_BUNDLE" },
        ),
        (
            "no address",
            |answer| sidecar(answer)["environment"][3]["name"] = json!("OTHER"),
            Refusal::IncompleteDefender { missing: "WS_ADDRESS" },
        ),
        ("an entry point as it was", |answer| web(answer)["entryPoint"] = json!(["/bin/run"]), unwrapped()),
        ("no entry point at all", |answer| web(answer)["entryPoint"] = Value::Null, unwrapped()),
        ("no way to the Defender's files", |answer| web(answer)["volumesFrom"] = json!([]), unwrapped()),
        (
            "a container fewer",
            |answer| {
                answer["containerDefinitions"].as_array_mut().expect("there are containers").remove(0);
            },
            unwrapped(),
        ),
    ];
    for (name, spoil, expected) in cases {
        assert_eq!(accept_spoilt(&TaskDefinition::from_json(definition()), &policy(), spoil), Err(expected), "{name}");
    }
}

#[test]
fn a_container_with_nothing_to_run_is_refused() {
    let definition = definition_of(&[json!({ "name": "web", "image": "registry.example.test/unknown:1" })]);
    // No image of that name is known, so that the Console gives the prefix alone.
    let prefix_only = answer(&simulator::Console::default(), &definition);
    assert_eq!(accept_answer(&definition, &prefix_only, &policy()), Err(Refusal::NothingToRun { container: "web".to_owned() }));
}
