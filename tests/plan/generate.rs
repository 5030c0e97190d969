//! Made-up task definitions, Consoles and edits: what customers were seen to write, and what nobody has written yet.

use fargate_updater::plan::edit::{Change, Edit, JsonPath};
use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::{Map, Value, json};
use simulator::Console;
use simulator::console::Profile;

/// Images that every Console of [`console`] has scanned.
pub(crate) const SCANNED: [&str; 2] =
    ["111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", "registry.example.test:5000/team/worker@sha256:00ff"];

/// Numbers that a program with 64-bit ideas of them would change.
const ODD_NUMBERS: [&str; 9] =
    ["0", "-1", "1.0", "1e5", "1.10", "-0.0", "18446744073709551616", "123456789012345678901234567890", "0.30000000000000004"];

/// Keys that ECS may invent tomorrow, and keys that mean something elsewhere in the document.
const UNKNOWN_KEYS: [&str; 8] =
    ["futureField", "future field", "a/b~c", "revision", "status", "tags", "registeredBy", "TwistlockDefender"];

/// How properties run: nothing is written into the tree when one fails.
pub(crate) fn config() -> Config {
    Config { failure_persistence: None, ..Config::default() }
}

/// Texts, the empty one and those that need escapes among them.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-zA-Z0-9/_.:-]{1,12}",
        Just("$(date) \"quoted\" \\ back\nline\u{7f}".to_owned()),
        Just("größe \u{1F680} \u{0}".to_owned()),
    ]
}

pub(crate) fn number() -> impl Strategy<Value = Value> {
    prop::sample::select(ODD_NUMBERS.to_vec()).prop_map(|text| serde_json::from_str(text).expect("an odd number is JSON"))
}

/// Any JSON value, a few levels deep.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool), number(), text().prop_map(Value::String)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(UNKNOWN_KEYS.to_vec()), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

/// Members that no version of ECS has, to be put among known ones.
fn unknown_members() -> impl Strategy<Value = Vec<(String, Value)>> {
    let member = (prop::sample::select(UNKNOWN_KEYS.to_vec()), value());
    prop::collection::vec(member, 0..3)
        .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// An object of these members and unknown ones, in any order.
fn object(known: Vec<(&'static str, Value)>) -> impl Strategy<Value = Value> {
    let known: Vec<(String, Value)> = known.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    unknown_members()
        .prop_map(move |unknown| unknown.into_iter().chain(known.clone()).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// Some of these members, left out one by one.
fn some_of(members: Vec<(&'static str, Value)>) -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let most = members.len();
    prop::sample::subsequence(members, 0..=most)
}

fn linux_parameters() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!({}),
        json!({ "capabilities": {} }),
        json!({ "capabilities": { "drop": ["ALL"] } }),
        json!({ "capabilities": { "add": [], "futureList": ["x"] }, "initProcessEnabled": true }),
        json!({ "capabilities": { "add": ["SYS_PTRACE"] } }),
        json!({ "initProcessEnabled": false, "tmpfs": [{ "containerPath": "/tmp", "size": 64, "mountOptions": [] }] }),
    ])
}

/// Environment variables: names that differ, one of ours among them at times, values of every kind.
fn environment() -> impl Strategy<Value = Value> {
    let variable = |index: usize| {
        let name = if index == 0 { "DEFENDER_TYPE".to_owned() } else { format!("VARIABLE_{index}") };
        text().prop_flat_map(move |value| object(vec![("name", json!(name)), ("value", json!(value))]))
    };
    prop_oneof![
        Just(Vec::new()).prop_map(Value::Array),
        [variable(1), variable(2)].prop_map(|variables| Value::Array(variables.to_vec())),
        [variable(3), variable(0), variable(4)].prop_map(|variables| Value::Array(variables.to_vec())),
    ]
}

/// What a container runs: its own entry point and perhaps a command, or nothing that it says, in either way of saying nothing.
fn runs() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let words = || prop::collection::vec(text(), 1..4).prop_map(|words| json!(words));
    prop_oneof![
        words().prop_map(|words| vec![("entryPoint", words)]),
        (words(), words()).prop_map(|(entry_point, command)| vec![("entryPoint", entry_point), ("command", command)]),
        words().prop_map(|words| vec![("entryPoint", words), ("command", json!([]))]),
        words().prop_map(|words| vec![("command", words)]),
        Just(Vec::new()),
        Just(vec![("entryPoint", json!([])), ("command", json!([]))]),
    ]
}

fn container(index: usize) -> impl Strategy<Value = Value> {
    let name = format!("container-{index}");
    let others = vec![
        ("essential", json!(index == 0)),
        ("cpu", json!(0)),
        ("portMappings", json!([{ "containerPort": 8080 + index, "name": "http", "futurePort": { "quic": true } }])),
        ("dependsOn", if index == 0 { json!([]) } else { json!([{ "containerName": "container-0", "condition": "START" }]) }),
        ("volumesFrom", json!([])),
        ("mountPoints", json!([{ "sourceVolume": "data", "containerPath": "/data", "readOnly": false }])),
        ("secrets", json!([{ "name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/token" }])),
        ("logConfiguration", json!({ "logDriver": "awslogs", "options": { "awslogs-group": "/ecs", "prefix": "" } })),
        ("restartPolicy", json!({ "enabled": true, "ignoredExitCodes": [0], "restartAttemptPeriod": 60 })),
        ("dockerLabels", json!({})),
    ];
    let image = prop::sample::select(SCANNED.to_vec());
    let parts = (image, runs(), some_of(others), prop::option::of(environment()), prop::option::of(linux_parameters()));
    parts.prop_flat_map(move |(image, runs, mut members, environment, linux_parameters)| {
        members.extend(runs);
        members.extend(environment.map(|environment| ("environment", environment)));
        members.extend(linux_parameters.map(|parameters| ("linuxParameters", parameters)));
        members.push(("name", json!(name)));
        members.push(("image", json!(image)));
        object(members)
    })
}

fn tags() -> impl Strategy<Value = Value> {
    let tag = |index: usize| text().prop_map(move |value| json!({ "key": format!("owner-{index}"), "value": value }));
    prop_oneof![[tag(0), tag(1)].prop_map(|tags| Value::Array(tags.to_vec())), tag(2).prop_map(|tag| json!([tag]))]
}

/// A task definition that a customer may have registered: Linux, no Defender, up to nine containers, unknown fields everywhere.
pub(crate) fn task_definition() -> impl Strategy<Value = Value> {
    let containers = (1_usize..4).prop_flat_map(|count| (0..count).map(container).collect::<Vec<_>>());
    let volumes = object(vec![("name", json!("data"))]).prop_map(|volume| json!([volume, { "name": "more", "host": {} }]));
    let others = vec![
        ("networkMode", json!("awsvpc")),
        ("requiresCompatibilities", json!(["FARGATE"])),
        ("cpu", json!("1024")),
        ("memory", json!("2048")),
        ("taskRoleArn", json!("arn:aws:iam::111122223333:role/task")),
        ("runtimePlatform", json!({ "cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX" })),
        ("pidMode", json!("task")),
        ("placementConstraints", json!([])),
        ("enableFaultInjection", json!(false)),
    ];
    let parts = (containers, prop::option::of(volumes), prop::option::of(tags()), some_of(others));
    parts.prop_flat_map(|(containers, volumes, tags, mut members)| {
        members.extend(volumes.map(|volumes| ("volumes", volumes)));
        members.push(("family", json!("checkout")));
        members.push(("containerDefinitions", Value::Array(containers)));
        // Last, so that a tag list wins over an unknown member of that name: tags are not the definition's own.
        object(members).prop_map(move |mut definition| {
            let members = definition.as_object_mut().expect("an object was made");
            // Unknown members of these names would be the real thing on the top level.
            for key in ["revision", "status", "registeredBy", "tags"] {
                members.shift_remove(key);
            }
            members.extend(tags.clone().map(|tags| ("tags".to_owned(), tags)));
            definition
        })
    })
}

/// A Console of any generation, with any of its doubtful habits.
pub(crate) fn console() -> impl Strategy<Value = Console> {
    (prop::sample::select(Profile::ALL.to_vec()), prop::array::uniform5(any::<bool>())).prop_map(|(profile, habits)| {
        let [self_hosted, drops, first, combined, healthy] = habits;
        let when = |wanted: bool, console: Console, habit: fn(Console) -> Console| if wanted { habit(console) } else { console };
        let mut console = Console::default().profile(profile);
        for image in SCANNED {
            console = console.image(image, &["/sbin/init", "--"], &["serve", ""]);
        }
        console = when(self_hosted, console, Console::self_hosted);
        console = when(drops, console, Console::drops_unknown_fields);
        console = when(first, console, Console::order_sidecar_first);
        console = when(combined, console, Console::combined_extraction);
        when(healthy, console, |console| console.dependency("HEALTHY"))
    })
}

/// A document, and edits that fit it one after the other.
pub(crate) fn document_and_edits() -> impl Strategy<Value = (Value, Vec<Edit>)> {
    let wish = (any::<prop::sample::Index>(), 0_u8..3, value());
    (value().prop_map(|value| json!({ "root": value, "list": [1, 2] })), prop::collection::vec(wish, 0..8)).prop_map(
        |(document, wishes)| {
            let mut now = document.clone();
            let mut edits = Vec::new();
            for (number, (place, kind, value)) in wishes.into_iter().enumerate() {
                let places = places_of(&now, &JsonPath::root());
                if places.is_empty() {
                    break;
                }
                let (at, found) = place.get(&places).clone();
                let edit = match (kind, &found) {
                    (0, Value::Object(_)) => Edit::add(at.key(&format!("new-{number}")), value),
                    (0, Value::Array(elements)) => Edit::add(at.index(place.index(elements.len() + 1)), value),
                    (1, _) => Edit::remove(&now, at).expect("the place was found in the document"),
                    _ => Edit::Replace { at, before: found.clone(), after: value },
                };
                let step: Change = [edit.clone()].into_iter().collect();
                now = step.apply(&now).expect("the edit was made for this document");
                edits.push(edit);
            }
            (document, edits)
        },
    )
}

/// Every place below the root of a value, with what stands there; never empty for an object with members.
fn places_of(value: &Value, at: &JsonPath) -> Vec<(JsonPath, Value)> {
    let children: Vec<(JsonPath, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(key, child)| (at.key(key), child)).collect(),
        Value::Array(elements) => elements.iter().enumerate().map(|(index, child)| (at.index(index), child)).collect(),
        _ => Vec::new(),
    };
    let below = children.into_iter().flat_map(|(at, child)| {
        let deeper = places_of(child, &at);
        std::iter::once((at, child.clone())).chain(deeper)
    });
    below.collect()
}
