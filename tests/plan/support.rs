//! What the tables share: a definition, a policy, a service, and the way of a definition through a simulated Console.

use fargate_updater::ids::TaskDefinitionArn;
use fargate_updater::plan::defender::{self, DefenderToday};
use fargate_updater::plan::edit::Change;
use fargate_updater::plan::entrypoint::{self, Source};
use fargate_updater::plan::memory::{self, Origin};
use fargate_updater::plan::task_definition::{Described, Registrable};
use fargate_updater::plan::{Accepted, Policy, Refusal, ServiceFacts, TaskDefinition, accept};
use serde_json::{Value, json};
use simulator::Console;

/// The name Defenders connect to in these tests.
pub(crate) const CONSOLE_NAME: &str = "console.example.test";

/// What a run wants that was told nothing.
pub(crate) fn policy() -> Policy {
    Policy {
        file_system_monitoring: false,
        fips: false,
        waas_port: None,
        upgrade: true,
        allow_arm64: false,
        registry_type: "aws".to_owned(),
        credential_id: None,
    }
}

/// Parses a name that is known to be one.
pub(crate) fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("the text is such a name")
}

/// A container that says its own entry point.
pub(crate) fn container(name: &str) -> Value {
    json!({ "name": name, "image": format!("registry.example.test/{name}:1"), "entryPoint": ["/bin/run"] })
}

/// A definition of these containers, in the form that is registered.
pub(crate) fn definition_of(containers: &[Value]) -> TaskDefinition<Registrable> {
    TaskDefinition::from_json(json!({ "family": "checkout", "containerDefinitions": containers }))
}

/// One of `tests/fixtures`, parsed.
pub(crate) fn fixture(text: &str) -> Value {
    serde_json::from_str(text).expect("the fixture is JSON")
}

/// What a Console embeds today, learnt as the program learns it.
pub(crate) fn today(console: &Console) -> DefenderToday {
    DefenderToday::from_sample(&console.protect(&defender::sample(), CONSOLE_NAME)).expect("the Console's sample is whole")
}

/// A Console's answer to a definition, every silent container's image known from a scan.
pub(crate) fn answer(console: &Console, definition: &TaskDefinition<Registrable>) -> Value {
    let unknown = entrypoint::unknown(definition).expect("no container says a command alone");
    let sources = unknown.into_iter().map(|unknown| (unknown.container, Source::Scanned)).collect();
    let answers = entrypoint::questions(definition, &sources).into_iter();
    entrypoint::one_answer(answers.map(|question| (question.clone(), console.protect(&question.body, CONSOLE_NAME))).collect())
}

/// What is accepted of a Console's answer to a definition after somebody had a hand in it.
pub(crate) fn accept_spoilt(
    definition: &TaskDefinition<Registrable>,
    policy: &Policy,
    spoil: impl FnOnce(&mut Value),
) -> Result<Accepted, Refusal> {
    let mut answer = answer(&Console::default(), definition);
    spoil(&mut answer);
    accept(definition, &answer, policy)
}

/// The revision that a change makes of a definition.
pub(crate) fn revision(definition: &TaskDefinition<Registrable>, change: &Change) -> Value {
    definition.protected_by(change).expect("the change was made for this definition").json().clone()
}

/// The whole way of a definition: the Console's answer, what is accepted of it, and our tags. Returns the change as well.
pub(crate) fn protect(definition: &TaskDefinition<Registrable>, console: &Console, policy: &Policy) -> (Value, Change) {
    let accepted = accept(definition, &answer(console, definition), policy).expect("the Console's answer is accepted");
    let mut change = accepted.change;
    change.extend(memory::remember(definition, &origin()));
    (revision(definition, &change), change)
}

/// Where a revision comes from in these tests.
pub(crate) fn origin() -> Origin {
    Origin { source: source(), version: Some("34.03.138".to_owned()), run_id: "0123456789abcdef".to_owned() }
}

pub(crate) fn source() -> TaskDefinitionArn {
    id("arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7")
}

/// The body of `DescribeTaskDefinition` for a definition: the read-only keys inside, the tags beside it.
pub(crate) fn described(definition: &Value, tags: Option<Value>) -> TaskDefinition<Described> {
    let mut definition = definition.clone();
    let members = definition.as_object_mut().expect("a definition is an object");
    let own_tags = members.shift_remove("tags");
    for (key, value) in read_only() {
        members.insert(key.to_owned(), value);
    }
    let mut body = json!({ "taskDefinition": definition });
    if let Some(tags) = tags.or(own_tags) {
        body["tags"] = tags;
    }
    TaskDefinition::described(&body).expect("ECS describes it whole")
}

/// The nine keys that come back and cannot be registered.
fn read_only() -> [(&'static str, Value); 9] {
    [
        ("taskDefinitionArn", json!("arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7")),
        ("revision", json!(7)),
        ("status", json!("ACTIVE")),
        ("requiresAttributes", json!([{ "name": "com.amazonaws.ecs.capability.task-eni" }])),
        ("compatibilities", json!(["EC2", "FARGATE"])),
        ("registeredAt", json!(1_767_225_600.5)),
        ("registeredBy", json!("arn:aws:sts::111122223333:assumed-role/deploy/pipeline")),
        ("deregisteredAt", json!(1_767_225_601)),
        ("deleteRequestedAt", json!(1_767_225_602)),
    ]
}

/// An active service on Fargate that nothing stands in the way of.
pub(crate) fn service() -> ServiceFacts {
    ServiceFacts {
        arn: id("arn:aws:ecs:eu-west-1:111122223333:service/web/checkout"),
        cluster: id("arn:aws:ecs:eu-west-1:111122223333:cluster/web"),
        task_definition: Some(source()),
        status: "ACTIVE".to_owned(),
        launch_type: Some("FARGATE".to_owned()),
        capacity_providers: Vec::new(),
        deployment_controller: "ECS".to_owned(),
        platform_version: Some("LATEST".to_owned()),
        platform_family: Some("Linux".to_owned()),
        express_mode: false,
        deploying: false,
        cluster_opted_out: false,
        tags: Vec::new(),
    }
}
