//! What is taken from the Console's answer, against the published before and after, and what is put back.

use fargate_updater::plan::edit::Change;
use fargate_updater::plan::{Accepted, Policy, Refusal, TaskDefinition};
use serde_json::{Value, json};
use simulator::Console;

use crate::support::{accept_answer, accept_spoilt, answer, container, definition_of, fixture, policy, revision};

const SAAS_BEFORE: &str = include_str!("../fixtures/console/saas_34_before.json");
const SAAS_AFTER: &str = include_str!("../fixtures/console/saas_34_after.json");
const SELF_HOSTED_BEFORE: &str = include_str!("../fixtures/console/self_hosted_21_04_before.json");
const SELF_HOSTED_AFTER: &str = include_str!("../fixtures/console/self_hosted_21_04_after.json");

/// What one answer makes of one definition.
fn accepted(before: &str, after: &str, policy: &Policy) -> (Value, Accepted) {
    let definition = TaskDefinition::from_json(fixture(before));
    let accepted = accept_answer(&definition, &fixture(after), policy).expect("the recorded answer is accepted");
    (revision(&definition, &accepted.change), accepted)
}

/// The variables of the sidecar by name.
fn sidecar_variable(revision: &Value, name: &str) -> Option<String> {
    let containers = revision["containerDefinitions"].as_array().expect("there are containers");
    let sidecar = containers.iter().find(|container| container["name"] == "TwistlockDefender").expect("there is a sidecar");
    let variables = sidecar["environment"].as_array().expect("it has variables");
    let found = variables.iter().find(|variable| variable["name"] == name)?;
    found["value"].as_str().map(str::to_owned)
}

#[test]
fn the_recorded_answer_of_saas_34_is_taken_whole() {
    let (revision, accepted) = accepted(SAAS_BEFORE, SAAS_AFTER, &policy());
    assert_eq!(revision, fixture(SAAS_AFTER));
    assert_eq!((accepted.put_back, accepted.waas_port_nowhere), (vec![], None));
}

#[test]
fn the_recorded_answer_of_self_hosted_21_04_is_taken_whole_without_its_null() {
    let (revision, accepted) = accepted(SELF_HOSTED_BEFORE, SELF_HOSTED_AFTER, &policy());
    let mut expected = fixture(SELF_HOSTED_AFTER);
    let sidecar = expected["containerDefinitions"][2].as_object_mut().expect("the sidecar is the third");
    assert_eq!(sidecar.shift_remove("logConfiguration"), Some(Value::Null));
    assert_eq!(revision, expected);
    assert_eq!(accepted.put_back, vec![]);
    // Its second container says a command alone and never comes this far in a run; its command stays where it is.
    assert_eq!(revision["containerDefinitions"][1]["command"], json!(["node", "server.js"]));
}

#[test]
fn a_recorded_change_is_told_and_can_be_taken_back() {
    let (revision, accepted) = accepted(SAAS_BEFORE, SAAS_AFTER, &policy());
    let before = fixture(SAAS_BEFORE);
    assert_eq!(
        accepted.change.tell(&before),
        [
            "~ /containerDefinitions/orders/entryPoint",
            "+ /containerDefinitions/orders/environment/TW_IMAGE_NAME",
            "+ /containerDefinitions/orders/environment/TW_CONTAINER_NAME",
            "+ /containerDefinitions/orders/environment/DEFENDER_TYPE",
            "+ /containerDefinitions/orders/environment/FARGATE_TASK",
            "+ /containerDefinitions/orders/environment/FILESYSTEM_MONITORING",
            "+ /containerDefinitions/orders/dependsOn",
            "+ /containerDefinitions/orders/volumesFrom",
            "+ /containerDefinitions/orders/linuxParameters",
            "+ /containerDefinitions/TwistlockDefender",
        ]
    );
    let back = accepted.change.invert().apply(&revision).expect("the change can be taken back");
    assert_eq!(back.to_string(), before.to_string());
}

#[test]
fn fips_is_what_the_settings_say_wherever_the_console_knows_of_it() {
    let cases = [
        ("wanted and known", SAAS_BEFORE, SAAS_AFTER, true, Some("true")),
        ("not wanted and known", SAAS_BEFORE, SAAS_AFTER, false, Some("false")),
        ("wanted and not known", SELF_HOSTED_BEFORE, SELF_HOSTED_AFTER, true, Some("true")),
        ("not wanted and not known", SELF_HOSTED_BEFORE, SELF_HOSTED_AFTER, false, None),
    ];
    for (name, before, after, fips, expected) in cases {
        let (revision, _) = accepted(before, after, &Policy { fips, ..policy() });
        assert_eq!(sidecar_variable(&revision, "FIPS_ENABLED").as_deref(), expected, "{name}");
    }
    let mut on = fixture(SAAS_AFTER);
    on["containerDefinitions"][1]["environment"][5]["value"] = json!("true");
    let definition = TaskDefinition::from_json(fixture(SAAS_BEFORE));
    let accepted = accept_answer(&definition, &on, &policy()).expect("the answer is accepted");
    let off = revision(&definition, &accepted.change);
    assert_eq!(sidecar_variable(&off, "FIPS_ENABLED").as_deref(), Some("false"), "the Console has it on and it is not wanted");
}

#[test]
fn a_silent_container_runs_what_the_console_found_in_its_image() {
    let prefix = ["/var/lib/twistlock/fargate/defender", "fargate", "entrypoint"];
    let image = "registry.example.test/web:1";
    let split = Console::default().image(image, &["/init"], &["serve", "--all"]);
    let command_alone = Console::default().image(image, &[], &["serve"]);
    let cases = [
        ("split in two", split.clone(), json!({}), vec!["/init"], Some(vec!["serve", "--all"])),
        ("in one list", split.clone().combined_extraction(), json!({}), vec!["/init", "serve", "--all"], None),
        ("a command alone", command_alone, json!({}), vec![], Some(vec!["serve"])),
        (
            "empty lists say nothing",
            split,
            json!({ "entryPoint": [], "command": [] }),
            vec!["/init"],
            Some(vec!["serve", "--all"]),
        ),
    ];
    for (name, console, says, entry_point, command) in cases {
        let mut web = says;
        web["name"] = json!("web");
        web["image"] = json!(image);
        let definition = definition_of(&[web]);
        let accepted = accept_answer(&definition, &answer(&console, &definition), &policy()).expect(name);
        let revision = revision(&definition, &accepted.change);
        let web = &revision["containerDefinitions"][0];
        assert_eq!(web["entryPoint"], json!([prefix.as_slice(), &entry_point].concat()), "{name}");
        assert_eq!(web.get("command"), command.map(|command| json!(command)).as_ref(), "{name}");
        assert_eq!(accepted.put_back, vec![], "{name}");
    }
}

#[test]
fn what_the_customer_had_and_the_answer_changed_or_dropped_is_put_back_and_told() {
    let web = json!({
        "name": "web", "image": "registry.example.test/web:1", "entryPoint": ["/bin/run"], "command": ["serve"],
        "environment": [{ "name": "A", "value": "1" }], "dependsOn": [{ "containerName": "db", "condition": "HEALTHY" }],
        "mountPoints": [{ "sourceVolume": "data", "containerPath": "/data" }],
        "linuxParameters": { "initProcessEnabled": true, "capabilities": { "drop": ["ALL"] } },
        "portMappings": [{ "containerPort": 80 }, { "containerPort": 81 }], "restartPolicy": { "enabled": true },
    });
    let definition = TaskDefinition::from_json(json!({
        "family": "checkout", "cpu": "256", "taskRoleArn": "arn:aws:iam::111122223333:role/task",
        "enableFaultInjection": true, "volumes": [{ "name": "data", "future": { "tier": "cold" } }],
        "containerDefinitions": [web, container("db")],
    }));
    type Spoil = fn(&mut Value);
    let cases: [(&str, Spoil, &str); 18] = [
        ("a value of the top level", |answer| answer["cpu"] = json!("512"), "/cpu"),
        ("a member of the top level", |answer| drop_member(answer, "enableFaultInjection"), "/enableFaultInjection"),
        ("the task role", |answer| drop_member(answer, "taskRoleArn"), "/taskRoleArn"),
        ("all volumes", |answer| drop_member(answer, "volumes"), "/volumes"),
        ("a volume", |answer| answer["volumes"] = json!([]), "/volumes"),
        ("a volume's member", |answer| answer["volumes"][0] = json!({ "name": "data" }), "/volumes/0/future"),
        (
            "a member of a container",
            |answer| drop_member(web_of(answer), "restartPolicy"),
            "/containerDefinitions/0/restartPolicy",
        ),
        ("a container's image", |answer| web_of(answer)["image"] = json!("other"), "/containerDefinitions/0/image"),
        ("a port mapping", |answer| drop_first(web_of(answer), "portMappings"), "/containerDefinitions/0/portMappings"),
        (
            "a port",
            |answer| web_of(answer)["portMappings"][1]["containerPort"] = json!(82),
            "/containerDefinitions/0/portMappings/1/containerPort",
        ),
        ("a variable", |answer| drop_first(web_of(answer), "environment"), "/containerDefinitions/0/environment"),
        (
            "a variable's value",
            |answer| web_of(answer)["environment"][0]["value"] = json!("2"),
            "/containerDefinitions/0/environment/0/value",
        ),
        ("a dependency", |answer| drop_first(web_of(answer), "dependsOn"), "/containerDefinitions/0/dependsOn"),
        ("all mounts", |answer| drop_member(web_of(answer), "mountPoints"), "/containerDefinitions/0/mountPoints"),
        (
            "the Linux parameters",
            |answer| drop_member(web_of(answer), "linuxParameters"),
            "/containerDefinitions/0/linuxParameters",
        ),
        (
            "a dropped capability",
            |answer| drop_member(&mut web_of(answer)["linuxParameters"]["capabilities"], "drop"),
            "/containerDefinitions/0/linuxParameters/capabilities/drop",
        ),
        ("the command", |answer| drop_member(web_of(answer), "command"), "/containerDefinitions/0/command"),
        (
            "words of the entry point",
            |answer| web_of(answer)["entryPoint"][3] = json!("/bin/other"),
            "/containerDefinitions/0/entryPoint",
        ),
    ];
    let untouched = accept_spoilt(&definition, &policy(), |_| {}).expect("the answer is accepted");
    assert_eq!(untouched.put_back, vec![]);
    let whole = revision(&definition, &untouched.change);
    for (name, spoil, place) in cases {
        let accepted = accept_spoilt(&definition, &policy(), spoil).expect(name);
        let told: Vec<String> = accepted.put_back.iter().map(ToString::to_string).collect();
        assert_eq!(told, [place], "{name}");
        let without_tracing = without_linux_parameters(&revision(&definition, &accepted.change));
        assert_eq!(without_tracing, without_linux_parameters(&whole), "{name}");
    }
}

fn web_of(answer: &mut Value) -> &mut Value {
    &mut answer["containerDefinitions"][0]
}

fn drop_member(parent: &mut Value, key: &str) {
    let dropped = parent.as_object_mut().and_then(|members| members.shift_remove(key));
    assert!(dropped.is_some(), "{key} was there");
}

fn drop_first(parent: &mut Value, list: &str) {
    parent[list].as_array_mut().expect("it is a list").remove(0);
}

/// Whether `SYS_PTRACE` is added is the answer's to say, so that a case that drops the Linux parameters differs in it.
fn without_linux_parameters(revision: &Value) -> Value {
    let mut revision = revision.clone();
    drop_member(web_of(&mut revision), "linuxParameters");
    revision
}

#[test]
fn a_console_that_drops_what_it_does_not_know_is_told_of() {
    let definition = TaskDefinition::from_json(fixture(include_str!("../fixtures/task_definitions/unknown_fields.json")));
    let answer = answer(&Console::default().drops_unknown_fields(), &definition);
    let accepted = accept_answer(&definition, &answer, &policy()).expect("the answer is accepted");
    let told: Vec<String> = accepted.put_back.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["/futureTopLevelField", "/containerDefinitions/0/futureContainerField"]);
    let back = accepted.change.invert().apply(&revision(&definition, &accepted.change)).expect("it can be taken back");
    assert_eq!(&back, definition.json());
}

#[test]
fn nulls_in_the_answer_say_nothing() {
    let definition = definition_of(&[container("web")]);
    let accepted = accept_spoilt(&definition, &policy(), |answer| {
        answer["taskRoleArn"] = Value::Null;
        answer["volumes"] = Value::Null;
        answer["containerDefinitions"][0]["secrets"] = Value::Null;
        answer["containerDefinitions"][0]["mountPoints"] = Value::Null;
        answer["containerDefinitions"][1]["user"] = Value::Null;
    });
    let accepted = accepted.expect("the answer is accepted");
    let revision = revision(&definition, &accepted.change);
    assert!(!revision.to_string().contains("null"), "{revision}");
    assert_eq!(accepted.put_back, vec![]);
}

#[test]
fn a_null_deep_in_what_the_customer_has_is_no_addition_of_the_answers() {
    let mut web = container("web");
    web["environment"] = json!([{ "name": "A", "value": "1", "futureField": [[null], null, { "deep": null }] }]);
    let definition = definition_of(&[web.clone()]);
    let accepted = accept_spoilt(&definition, &policy(), |_| {}).expect("the answer adds nothing of the kind");
    assert_eq!(accepted.put_back, vec![]);
    let revision = revision(&definition, &accepted.change);
    assert_eq!(revision["containerDefinitions"][0]["environment"][0], web["environment"][0]);
}

#[test]
fn a_null_that_the_customer_has_gives_way_to_what_embedding_adds() {
    let mut web = container("web");
    for key in ["environment", "dependsOn", "volumesFrom", "linuxParameters", "command"] {
        web[key] = Value::Null;
    }
    let definition = definition_of(&[web]);
    let accepted = accept_spoilt(&definition, &policy(), |_| {}).expect("the answer is accepted");
    let web = &revision(&definition, &accepted.change)["containerDefinitions"][0];
    assert_eq!(web["linuxParameters"], json!({ "capabilities": { "add": ["SYS_PTRACE"] } }));
    assert_eq!(web["volumesFrom"], json!([{ "sourceContainer": "TwistlockDefender", "readOnly": false }]));
}

#[test]
fn new_scratch_volumes_and_their_mounts_are_part_of_embedding() {
    let definition = definition_of(&[container("web")]);
    let accepted = accept_spoilt(&definition, &policy(), |answer| {
        answer["volumes"] = json!([{ "name": "twistlock", "host": {} }]);
        for container in answer["containerDefinitions"].as_array_mut().expect("there are containers") {
            container["mountPoints"] = json!([{ "sourceVolume": "twistlock", "containerPath": "/var/lib/twistlock" }]);
        }
        drop_member(web_of(answer), "volumesFrom");
    });
    let revision = revision(&definition, &accepted.expect("the answer is accepted").change);
    assert_eq!(revision["volumes"], json!([{ "name": "twistlock", "host": {} }]));
    assert_eq!(revision["containerDefinitions"][0]["mountPoints"][0]["sourceVolume"], "twistlock");
    assert_eq!(revision["containerDefinitions"][1]["mountPoints"][0]["sourceVolume"], "twistlock");
}

#[test]
fn a_container_with_a_command_of_its_own_keeps_it_and_gets_only_what_is_surely_the_images_entry_point() {
    let definition = definition_of(&[json!({ "name": "web", "image": "registry.example.test/web:1", "command": ["report"] })]);
    let console = Console::default().image("registry.example.test/web:1", &["/init"], &["serve"]);
    let split = answer(&console, &definition);
    let accepted = accept_answer(&definition, &split, &policy()).expect("the answer is accepted");
    let web = &revision(&definition, &accepted.change)["containerDefinitions"][0];
    assert_eq!(web["entryPoint"].as_array().and_then(|words| words.last()), Some(&json!("/init")));
    assert_eq!(web["command"], json!(["report"]));

    // Without a CMD beside it, the entry point may hold the CMD as well: the command would run behind it.
    let joined = answer(&console.combined_extraction(), &definition);
    assert_eq!(accept_answer(&definition, &joined, &policy()), Err(Refusal::Joined { container: "web".to_owned() }));
}

#[test]
fn an_answer_to_another_definition_makes_a_change_that_does_not_fit() {
    let accepted = accept_spoilt(&definition_of(&[container("web")]), &policy(), |_| {}).expect("the answer is accepted");
    let other = definition_of(&[container("web"), container("db")]);
    let _: &Change = &accepted.change;
    let mut busy = container("web");
    busy["entryPoint"] = json!(["/bin/other"]);
    assert!(definition_of(&[busy]).protected_by(&accepted.change).is_err());
    assert_eq!(
        accept_answer(&other, &answer(&Console::default(), &definition_of(&[container("web")])), &policy()),
        Err(Refusal::Unwrapped { container: "db".to_owned() })
    );
}
