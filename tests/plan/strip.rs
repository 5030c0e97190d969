//! Taking a Defender out gives back what was there, whatever Console put it in and whatever ECS and the owner did to it since; and
//! embedding again gives what embedding gave.

use std::collections::BTreeSet;

use fargate_updater::plan::image::Runs;
use fargate_updater::plan::pin::Pins;
use fargate_updater::plan::strip::{Earlier, NamedPorts, Stripped, strip};
use fargate_updater::plan::task_definition::Registrable;
use fargate_updater::plan::{Selection, TaskDefinition};
use proptest::prelude::*;
use serde_json::{Value, json};
use simulator::console::Profile;
use simulator::{Console, as_ecs_stores};

use crate::generate;
use crate::support::{DIGEST, Setup, container, embed, embed_pinned, fixture, image_runs, pins_of, policy, protect, revision};

/// What is taken out where nothing is left out and nothing is load-balanced.
fn taken_out(definition: &TaskDefinition<Registrable>) -> Stripped {
    strip(definition, &Selection::of(definition, &BTreeSet::new()), &NamedPorts::new())
}

fn stripped(definition: &Value) -> Value {
    let definition = TaskDefinition::from_json(definition.clone());
    revision(&definition, &taken_out(&definition).change)
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
        pinned in any::<bool>(),
    ) {
        let policy = fargate_updater::plan::Policy { waas_port, ..policy() };
        let before = as_ecs_stores(definition);
        let original = TaskDefinition::from_json(before.clone());
        let pins = if pinned { pins_of(&original) } else { Pins::default() };
        let (protected, _) = embed_pinned(&Setup::reading(&original, &policy, &image_runs()), &console, &pins);
        let running = TaskDefinition::from_json(as_ecs_stores(protected));
        let strip = taken_out(&running);
        let bare = running.changed_by(&strip.change).expect("the change was made for it");
        prop_assert_eq!(without_empty(&as_ecs_stores(bare.json().clone())), without_empty(&before));
        let back = strip.change.invert().apply(bare.json()).expect("it can be taken back");
        prop_assert_eq!(back.to_string(), running.json().to_string());

        // The same Console again, and any other.
        for console in [&console, &newest] {
            let mut setup = Setup::reading(&bare, &policy, &image_runs());
            setup.stripped = strip.clone();
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
    let known = taken_out(&untouched).earlier;
    let earlier = |runs| Earlier::Filled { runs, joined: false };
    assert_eq!(known["silent"], earlier(filled.clone()), "an upgrade can go on with it when the image cannot be read");
    assert_eq!(known["report"], earlier(Runs { command: Vec::new(), ..filled }));
    assert_eq!(known.len(), 2);

    let mut other_image = running(|it| it["containerDefinitions"][0]["image"] = json!("registry.example.test/silent:2"));
    assert_eq!(containers(&other_image)[0].get("entryPoint"), None, "it is resolved anew");
    assert!(!taken_out(&other_image).earlier.contains_key("silent"), "what was filled in is another image's");

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

/// What runs today counts, whatever the image says; and nobody can tell a record from the lack of one but by our tag.
#[test]
fn a_command_that_stands_alone_behind_the_defender_is_told_apart_from_one_that_was_filled_in() {
    let alone = |with_tags: bool, command: Value, image: &str| {
        let mut definition = original();
        definition["containerDefinitions"] = json!([{ "name": "web", "image": "web:1", "command": ["daily"] }]);
        let setup = Setup::reading(
            &TaskDefinition::from_json(definition),
            &policy(),
            &Runs { entry_point: Vec::new(), command: vec!["serve".to_owned()] },
        );
        let (mut protected, _) = embed(&setup, &Console::default());
        protected["containerDefinitions"][0]["command"] = command;
        protected["containerDefinitions"][0]["image"] = json!(image);
        if !with_tags {
            protected.as_object_mut().expect("a definition").shift_remove("tags");
        }
        taken_out(&TaskDefinition::from_json(protected)).earlier.remove("web")
    };
    let daily = || json!(["daily"]);
    assert_eq!(alone(false, daily(), "web:1"), Some(Earlier::CommandAlone));
    assert_eq!(alone(false, daily(), "web:2"), Some(Earlier::CommandAlone));
    assert_eq!(alone(true, daily(), "web:1"), Some(Earlier::Filled { runs: Runs::default(), joined: false }));
    assert_eq!(alone(true, daily(), "web:2"), None, "it was filled in for another image, and is resolved anew");
    assert_eq!(alone(false, json!([]), "web:1"), None, "there is nothing to keep");
}

/// The Console's scan and some look-ups have ENTRYPOINT and CMD in one list, and a later run must know.
#[test]
fn an_entry_point_that_was_joined_is_remembered_as_that() {
    let joins = |joins: bool| {
        let image = Console::default().image("web:1", &["/init"], &["serve"]);
        let console = if joins { image.combined_extraction() } else { image };
        let definition = json!({ "family": "checkout", "containerDefinitions": [{ "name": "web", "image": "web:1" }] });
        let setup = Setup::asking(&TaskDefinition::from_json(definition.clone()), &policy());
        let protected = embed(&setup, &console).0;
        assert_eq!(stripped(&protected), definition);
        taken_out(&TaskDefinition::from_json(protected)).earlier.remove("web")
    };
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let runs = Runs { entry_point: words(&["/init", "serve"]), command: Vec::new() };
    assert_eq!(joins(true), Some(Earlier::Filled { runs, joined: true }));
    let runs = Runs { entry_point: words(&["/init"]), command: words(&["serve"]) };
    assert_eq!(joins(false), Some(Earlier::Filled { runs, joined: false }));
}

#[test]
fn an_application_keeps_a_variable_that_sidecars_have_too() {
    let mut web = container("web");
    web["environment"] = json!([{ "name": "FIPS_ENABLED", "value": "true" }]);
    for profile in Profile::ALL {
        let before = TaskDefinition::from_json(json!({ "family": "checkout", "containerDefinitions": [web] }));
        let (mut protected, _) = protect(&before, &Console::default().profile(profile), &policy());
        protected.as_object_mut().expect("a definition").shift_remove("tags");
        assert_eq!(stripped(&protected)["containerDefinitions"][0]["environment"], web["environment"], "{profile:?}");
    }
}

/// A log router that waits for the Defender, say: embedding would not give it that back.
#[test]
fn what_its_owner_made_of_a_container_that_is_not_wrapped_stays() {
    let mut router = container("router");
    router["dependsOn"] = json!([{ "containerName": "TwistlockDefender", "condition": "START" }]);
    router["volumesFrom"] = json!([{ "sourceContainer": "TwistlockDefender", "readOnly": true }]);
    let with_router = |it: &mut Value| it["containerDefinitions"].as_array_mut().expect("containers").push(router.clone());
    let containers = stripped(running(with_router).json())["containerDefinitions"].clone();
    assert_eq!(containers[3], router);
    let renamed = running(|it| {
        with_router(it);
        let text = it.to_string().replace("\"TwistlockDefender\"", "\"runtime-protection\"");
        *it = serde_json::from_str(&text).expect("it is JSON still");
    });
    let containers = stripped(renamed.json())["containerDefinitions"].clone();
    assert_eq!(containers[3], router, "today's Defender has the vendor's name");
}

/// One that is left out again starts with its owner's wrapper, as it did behind the Defender.
#[test]
fn a_wrapper_of_its_owners_stays_before_what_is_left_out() {
    let before = |words: &[&str], left_out: &str| {
        let definition = running(|it| {
            for index in [0, 2] {
                let entry_point = it["containerDefinitions"][index]["entryPoint"].as_array_mut().expect("words");
                entry_point.splice(0..0, words.iter().map(|word| json!(word)));
            }
            let tag = json!({ "key": "fargate-updater:skip-containers", "value": left_out });
            it["tags"].as_array_mut().expect("tags").push(tag);
        });
        let out = taken_out(&definition);
        let containers = revision(&definition, &out.change)["containerDefinitions"].clone();
        (out, [0, 2].map(|index| containers[index].get("entryPoint").cloned().unwrap_or_default()))
    };
    let tini = || vec!["/tini".to_owned(), "--".to_owned()];
    let (out, entry_points) = before(&["/tini", "--"], "");
    assert_eq!(out.before_program, [("silent".to_owned(), tini()), ("theirs".to_owned(), tini())].into());
    assert_eq!(entry_points, [Value::Null, json!(["/bin/run"])], "they are put before the Defender again");
    let (_, entry_points) = before(&["/tini", "--"], "silent theirs");
    assert_eq!(entry_points, [json!(["/tini", "--", "/sbin/init", "--"]), json!(["/tini", "--", "/bin/run"])]);
    let (_, entry_points) = before(&["/busybox/sh"], "silent theirs");
    assert_eq!(entry_points, [Value::Null, json!(["/bin/run"])], "an interpreter is the Defender's");
}

/// ECS refuses to move a service to a definition without the port that its load balancer names.
#[test]
fn a_waas_port_that_a_load_balancer_names_stays() {
    let definition = running(|_| {});
    let ports = |named_ports: &[(&str, u16)]| {
        let named_ports = named_ports.iter().map(|(name, port)| ((*name).to_owned(), *port)).collect();
        let strip = strip(&definition, &Selection::of(&definition, &BTreeSet::new()), &named_ports);
        revision(&definition, &strip.change)["containerDefinitions"][2]["portMappings"].clone()
    };
    assert_eq!(ports(&[("theirs", 8088)])[1]["containerPort"], 8088);
    for other in [&[][..], &[("theirs", 80)], &[("silent", 8088)]] {
        assert_eq!(ports(other), json!([{ "containerPort": 80 }]), "{other:?}");
    }
}

#[test]
fn a_container_that_was_never_embedded_loses_nothing() {
    let mut new = container("new");
    new["environment"] = json!([{ "name": "FILESYSTEM_MONITORING", "value": "mine" }]);
    new["linuxParameters"] = json!({ "capabilities": { "add": ["SYS_PTRACE"] } });
    let added = running(|it| it["containerDefinitions"].as_array_mut().expect("containers").push(new.clone()));
    assert_eq!(stripped(added.json())["containerDefinitions"][3], new);
}

/// An image that its owner has pinned since, or pinned to something else, is theirs.
#[test]
fn the_image_has_its_owners_name_again_unless_its_owner_gave_it_another() {
    let definition = TaskDefinition::from_json(original());
    let setup = Setup::reading(&definition, &policy(), &image_runs());
    let (protected, _) = embed_pinned(&setup, &Console::default(), &pins_of(&definition));
    let images = |edit: fn(&mut Value)| {
        let mut now = protected.clone();
        edit(&mut now);
        let bare = stripped(&now);
        [0, 1].map(|index| bare["containerDefinitions"][index]["image"].as_str().expect("an image").to_owned())
    };
    let (silent, report) = ("registry.example.test/silent:1", "registry.example.test/report:1");
    let ours = format!("{silent}@{DIGEST}");
    let theirs = format!("{silent}@{}", DIGEST.replace("5f", "00"));
    assert_eq!(protected["containerDefinitions"][0]["image"], json!(ours));
    assert_eq!(images(|_| {}), [silent, report]);
    let other = |it: &mut Value| {
        let image = it["containerDefinitions"][0]["image"].as_str().expect("an image").replace("5f", "00");
        it["containerDefinitions"][0]["image"] = json!(image);
    };
    assert_eq!(images(other), [theirs.as_str(), report]);
    assert_eq!(images(|it| it["containerDefinitions"][0]["image"] = json!("silent:2")), ["silent:2", report]);
    let no_tags = |it: &mut Value| drop(it.as_object_mut().expect("a definition").shift_remove("tags"));
    assert_eq!(images(no_tags)[0], ours, "nobody knows whose digest it is");
    let no_defender = |it: &mut Value| drop(it["containerDefinitions"].as_array_mut().expect("containers").pop());
    assert_eq!(images(no_defender), [silent, report], "somebody took the Defender out by hand");

    let known = taken_out(&TaskDefinition::from_json(protected.clone())).earlier;
    assert!(known.contains_key("silent"), "its image is the same by its name");
}

#[test]
fn without_a_defender_nothing_is_taken() {
    let definition = TaskDefinition::from_json(original());
    let nothing = taken_out(&definition);
    assert_eq!(nothing, Stripped::default());
}

/// Somebody took the Defender out by hand, and left behind what names another image or another run.
#[test]
fn what_a_defender_that_is_gone_has_left_behind_is_taken_too() {
    let mut definition = original();
    let left = json!([{ "name": "TW_IMAGE_NAME", "value": "old:1" }, { "name": "A", "value": "1" }]);
    definition["containerDefinitions"][0]["environment"] = left;
    let tags = definition["tags"].as_array_mut().expect("tags");
    tags.push(json!({ "key": "fargate-updater:filled", "value": "silent/entryPoint=0123456789abcdef" }));
    let mut expected = original();
    expected["containerDefinitions"][0]["environment"] = json!([{ "name": "A", "value": "1" }]);
    assert_eq!(stripped(&definition), expected);
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
