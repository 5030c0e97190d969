//! Taking a Defender out gives back what was there, whatever Console put it in and whatever ECS and the owner did to it since; and
//! embedding again gives what embedding gave.

use fargate_updater::plan::TaskDefinition;
use fargate_updater::plan::image::Runs;
use fargate_updater::plan::strip::strip;
use fargate_updater::plan::task_definition::Registrable;
use proptest::prelude::*;
use serde_json::{Value, json};
use simulator::console::Profile;
use simulator::{Console, as_ecs_stores};

use crate::generate;
use crate::support::{Setup, container, embed, fixture, image_runs, policy, protect, revision};

fn stripped(definition: &Value) -> Value {
    let definition = TaskDefinition::from_json(definition.clone());
    revision(&definition, &strip(&definition).change)
}

/// Returns a definition without the lists and objects at which nobody can see whether they were empty or not there: those that
/// embedding puts something into. Everywhere else an empty list is kept.
fn without_empty(definition: &Value) -> Value {
    let mut definition = definition.clone();
    let lists =
        ["entryPoint", "command", "environment", "dependsOn", "volumesFrom", "mountPoints", "portMappings", "tags", "volumes"];
    let drop_empty = |members: &mut serde_json::Map<String, Value>| {
        members.retain(|key, value| !(lists.contains(&key.as_str()) && value.as_array().is_some_and(Vec::is_empty)));
    };
    for container in definition["containerDefinitions"].as_array_mut().into_iter().flatten() {
        let members = container.as_object_mut().expect("a container");
        drop_empty(members);
        for pointer in ["/linuxParameters/capabilities/add", "/linuxParameters/capabilities", "/linuxParameters"] {
            let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
            let is_empty = |value: &Value| value == &json!([]) || value == &json!({});
            if container.pointer(pointer).is_some_and(is_empty)
                && let Some(Value::Object(members)) = container.pointer_mut(parent)
            {
                members.shift_remove(key);
            }
        }
    }
    drop_empty(definition.as_object_mut().expect("a definition"));
    definition
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn what_was_there_comes_back_and_embedding_again_gives_what_embedding_gave(
        definition in generate::task_definition(),
        console in generate::console(),
        newest in generate::console(),
        waas_port in prop::option::of(8081_u16..8083),
    ) {
        let policy = fargate_updater::plan::Policy { waas_port, ..policy() };
        let before = as_ecs_stores(definition);
        let (protected, _) = protect(&TaskDefinition::from_json(before.clone()), &console, &policy);
        let running = TaskDefinition::from_json(as_ecs_stores(protected));
        let strip = strip(&running);
        let bare = running.changed_by(&strip.change).expect("the change was made for it");
        prop_assert_eq!(without_empty(&as_ecs_stores(bare.json().clone())), without_empty(&before));
        let back = strip.change.invert().apply(bare.json()).expect("it can be taken back");
        prop_assert_eq!(back.to_string(), running.json().to_string());

        // The same Console again, and any other.
        for console in [&console, &newest] {
            let mut setup = Setup::reading(&bare, &policy, &image_runs());
            setup.replaced = strip.sidecar.clone();
            let again = as_ecs_stores(embed(&setup, console).0);
            let (at_once, _) = protect(&TaskDefinition::from_json(before.clone()), console, &policy);
            prop_assert_eq!(without_empty(&untuned(&again)), without_empty(&untuned(&as_ecs_stores(at_once))));
        }
    }
}

/// Where the sidecar logs is kept from the one that is replaced, as an owner may have tuned it; another Console may say another.
fn untuned(definition: &Value) -> Value {
    let mut definition = definition.clone();
    let containers = definition["containerDefinitions"].as_array_mut().expect("containers");
    let sidecar = containers.iter_mut().find(|container| container["name"] == "TwistlockDefender").expect("a Defender");
    sidecar.as_object_mut().expect("a container").shift_remove("logConfiguration");
    definition
}

#[test]
fn the_recorded_protected_definitions_become_what_they_were() {
    let recorded = [
        (
            "SaaS 34",
            include_str!("../fixtures/console/saas_34_before.json"),
            include_str!("../fixtures/console/saas_34_after.json"),
        ),
        (
            "self-hosted 21.04, with a command alone",
            include_str!("../fixtures/console/self_hosted_21_04_before.json"),
            include_str!("../fixtures/console/self_hosted_21_04_after.json"),
        ),
    ];
    for (name, before, after) in recorded {
        assert_eq!(stripped(&fixture(after)), fixture(before), "{name}");
    }
}

/// A definition of a container that is silent, one that is not, and one with everything embedding adds of its own.
fn original() -> Value {
    let mut theirs = container("theirs");
    theirs["linuxParameters"] = json!({ "capabilities": { "add": ["SYS_PTRACE"] }, "initProcessEnabled": true });
    theirs["environment"] = json!([{ "name": "DEFENDER_TYPE", "value": "mine" }, { "name": "A", "value": "1" }]);
    theirs["portMappings"] = json!([{ "containerPort": 80 }]);
    theirs["dependsOn"] = json!([{ "containerName": "silent", "condition": "START" }]);
    json!({
        "family": "checkout",
        "containerDefinitions": [
            { "name": "silent", "image": "registry.example.test/silent:1" },
            { "name": "report", "image": "registry.example.test/report:1", "command": ["daily"] },
            theirs,
        ],
        "tags": [{ "key": "team", "value": "payments" }],
    })
}

fn protected_by(profile: Profile) -> Value {
    let policy = fargate_updater::plan::Policy { waas_port: Some(8088), ..policy() };
    let console = Console::default().profile(profile);
    protect(&TaskDefinition::from_json(original()), &console, &policy).0
}

#[test]
fn a_definition_of_every_generation_becomes_what_it_was_whatever_its_owner_moved() {
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 4] = [
        ("nothing", |_| {}),
        ("the sidecar is the first", |it| it["containerDefinitions"].as_array_mut().expect("containers").rotate_right(1)),
        ("the variables are in another order", |it| {
            for container in it["containerDefinitions"].as_array_mut().expect("containers") {
                container["environment"].as_array_mut().expect("variables").rotate_left(2);
            }
        }),
        ("the sidecar is renamed", |it| {
            let text = it.to_string().replace("\"TwistlockDefender\"", "\"runtime-protection\"");
            *it = serde_json::from_str(&text).expect("it is JSON still");
        }),
    ];
    for profile in Profile::ALL {
        for (name, edit) in edits {
            let mut protected = protected_by(profile);
            edit(&mut protected);
            let mut expected = original();
            if name.contains("order") {
                // What is theirs keeps the order it has now.
                expected["containerDefinitions"][2]["environment"].as_array_mut().expect("variables").reverse();
            }
            let mut found = stripped(&protected);
            let sort = |it: &mut Value| {
                let variables = it["containerDefinitions"][2]["environment"].as_array_mut().expect("variables");
                variables.sort_by_key(|variable| variable["name"].to_string());
            };
            sort(&mut found);
            sort(&mut expected);
            assert_eq!(found, expected, "{profile:?}: {name}");
        }
    }
}

fn running(edit: impl FnOnce(&mut Value)) -> TaskDefinition<Registrable> {
    let mut protected = protected_by(Profile::V34);
    edit(&mut protected);
    TaskDefinition::from_json(protected)
}

#[test]
fn what_was_filled_in_goes_and_what_its_owner_made_of_it_stays() {
    let filled = Runs { entry_point: image_runs().entry_point, command: image_runs().command };
    let containers = |definition: &TaskDefinition<Registrable>| stripped(definition.json())["containerDefinitions"].clone();

    let untouched = running(|_| {});
    assert_eq!(containers(&untouched)[0], original()["containerDefinitions"][0]);
    let known = strip(&untouched).filled;
    assert_eq!(known["silent"], filled, "an upgrade can go on with it when the image cannot be read");
    assert_eq!(known["report"], Runs { command: Vec::new(), ..filled });
    assert_eq!(known.len(), 2);

    let mut other_image = running(|it| it["containerDefinitions"][0]["image"] = json!("registry.example.test/silent:2"));
    assert_eq!(containers(&other_image)[0].get("entryPoint"), None, "it is resolved anew");
    assert!(!strip(&other_image).filled.contains_key("silent"), "what was filled in is another image's");

    other_image = running(|it| it["containerDefinitions"][0]["command"] = json!(["serve", "--debug"]));
    assert_eq!(containers(&other_image)[0]["command"], json!(["serve", "--debug"]), "the command is its owner's now");
    assert_eq!(containers(&other_image)[0].get("entryPoint"), None);

    let own = running(|it| {
        let entry_point = it["containerDefinitions"][0]["entryPoint"].as_array_mut().expect("an entry point");
        *entry_point.last_mut().expect("a word") = json!("/own");
    });
    assert_eq!(containers(&own)[0]["entryPoint"], json!(["/sbin/init", "/own"]), "the entry point is its owner's now");

    let no_tags = running(|it| drop(it.as_object_mut().expect("a definition").shift_remove("tags")));
    assert_eq!(containers(&no_tags)[0]["entryPoint"], json!(["/sbin/init", "--"]), "nobody knows that it was filled in");
}

#[test]
fn a_container_that_was_never_embedded_loses_nothing() {
    let mut new = container("new");
    new["environment"] = json!([{ "name": "FILESYSTEM_MONITORING", "value": "mine" }]);
    new["linuxParameters"] = json!({ "capabilities": { "add": ["SYS_PTRACE"] } });
    let added = running(|it| it["containerDefinitions"].as_array_mut().expect("containers").push(new.clone()));
    assert_eq!(stripped(added.json())["containerDefinitions"][3], new);
}

#[test]
fn without_a_defender_nothing_is_taken() {
    let definition = TaskDefinition::from_json(original());
    let stripped = strip(&definition);
    assert!(stripped.change.is_empty() && stripped.sidecar.is_none() && stripped.filled.is_empty());
}

#[test]
fn a_waas_port_that_its_owner_made_theirs_stays() {
    let ports = |edit: fn(&mut Value)| stripped(running(edit).json())["containerDefinitions"][2]["portMappings"].clone();
    assert_eq!(ports(|_| {}), json!([{ "containerPort": 80 }]));
    let named = ports(|it| it["containerDefinitions"][2]["portMappings"][1]["name"] = json!("waas"));
    assert_eq!(named[1]["containerPort"], 8088);
}

/// No release is known to add volumes or other variables; one that does must be followed all the same.
#[test]
fn volumes_and_variables_that_came_with_the_defender_go_with_it_and_theirs_stay() {
    let volumes = json!([{ "name": "data" }, { "name": "scratch" }]);
    let definition = TaskDefinition::from_json(json!({
        "family": "checkout", "containerDefinitions": [container("web")], "volumes": volumes,
    }));
    let setup = Setup::reading(&definition, &policy(), &image_runs());
    let mut answer = setup.answer(&Console::default());
    answer["volumes"].as_array_mut().expect("volumes").push(json!({ "name": "agent-files", "host": {} }));
    let mount = json!([{ "sourceVolume": "agent-files", "containerPath": "/opt/agent" }]);
    for container in answer["containerDefinitions"].as_array_mut().expect("containers") {
        container["mountPoints"] = mount.clone();
        container["environment"].as_array_mut().expect("variables").push(json!({ "name": "TW_NEW", "value": "x" }));
    }
    let accepted = setup.accept(&answer).expect("scratch space is embedding's");
    let mut change = accepted.change;
    let origin = crate::support::origin();
    change.extend(fargate_updater::plan::memory::remember(&definition, &origin, &accepted.record).change);
    let protected = revision(&definition, &change);
    assert_eq!(protected["volumes"].as_array().map(Vec::len), Some(3));
    assert_eq!(stripped(&protected), *definition.json());
}
