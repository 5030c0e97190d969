//! What the tables share: a definition, a policy, a service, and the way of a definition through a simulated Console.

use std::collections::BTreeSet;
use std::time::Duration;

use fargate_updater::ids::TaskDefinitionArn;
use fargate_updater::plan::defender::{self, DefenderToday};
use fargate_updater::plan::edit::Change;
use fargate_updater::plan::entrypoint::{self, Entries, Entry, Lookup, Silent};
use fargate_updater::plan::image::Runs;
use fargate_updater::plan::memory::{self, Origin};
use fargate_updater::plan::pin::{self, Pins};
use fargate_updater::plan::question::{one_answer, questions};
use fargate_updater::plan::rollout::{Percents, Tasks};
use fargate_updater::plan::service::{Condition, Details, condition};
use fargate_updater::plan::strip::{NamedPorts, Stripped};
use fargate_updater::plan::task_definition::{Described, Registrable};
use fargate_updater::plan::{Accepted, Embedding, Measure, Policy, Refusal, Selection, ServiceFacts, TaskDefinition, accept};
use serde_json::{Value, json};
use simulator::Console;

/// The name Defenders connect to in these tests.
pub(crate) const CONSOLE_NAME: &str = "console.example.test";

/// What a run wants that was told nothing.
pub(crate) fn policy() -> Policy {
    Policy { upgrade: true, ..Policy::default() }
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

/// A definition, and all that embedding takes besides it.
pub(crate) struct Setup {
    pub(crate) definition: TaskDefinition<Registrable>,
    pub(crate) selection: Selection,
    pub(crate) entries: Entries,
    pub(crate) policy: Policy,
    pub(crate) stripped: Stripped,
}

impl Setup {
    /// Every silent container is left to the Console to look up.
    pub(crate) fn asking(definition: &TaskDefinition<Registrable>, policy: &Policy) -> Self {
        Self::with(definition, policy, |_| Some(Entry::Asked(Lookup::default())))
    }

    /// Every silent container's image was read, and runs this.
    pub(crate) fn reading(definition: &TaskDefinition<Registrable>, policy: &Policy, runs: &Runs) -> Self {
        Self::with(definition, policy, |silent| Entry::from_image(silent, runs))
    }

    fn with(definition: &TaskDefinition<Registrable>, policy: &Policy, entry: impl Fn(&Silent) -> Option<Entry>) -> Self {
        let selection = Selection::of(definition, &BTreeSet::new());
        let silent = entrypoint::silent(definition, &selection).into_iter();
        let entries = silent.map(|silent| (silent.container.clone(), entry(&silent).expect("it has something to run"))).collect();
        Self { definition: definition.clone(), selection, entries, policy: policy.clone(), stripped: Stripped::default() }
    }

    pub(crate) fn embedding(&self) -> Embedding<'_> {
        Embedding {
            definition: &self.definition,
            selection: &self.selection,
            entries: &self.entries,
            policy: &self.policy,
            stripped: &self.stripped,
        }
    }

    /// A Console's answer.
    pub(crate) fn answer(&self, console: &Console) -> Value {
        let answers = questions(&self.embedding()).into_iter();
        one_answer(answers.map(|question| (question.clone(), console.protect(&question.body, CONSOLE_NAME))).collect())
    }

    /// What is accepted of an answer.
    pub(crate) fn accept(&self, answer: &Value) -> Result<Accepted, Refusal> {
        accept(&self.embedding(), answer)
    }
}

/// A Console's answer to a definition, every silent container left to it.
pub(crate) fn answer(console: &Console, definition: &TaskDefinition<Registrable>) -> Value {
    Setup::asking(definition, &policy()).answer(console)
}

/// What is accepted of an answer to a definition, every silent container left to the Console.
pub(crate) fn accept_answer(
    definition: &TaskDefinition<Registrable>,
    answer: &Value,
    policy: &Policy,
) -> Result<Accepted, Refusal> {
    Setup::asking(definition, policy).accept(answer)
}

/// What is accepted of a Console's answer to a definition after somebody had a hand in it.
pub(crate) fn accept_spoilt(
    definition: &TaskDefinition<Registrable>,
    policy: &Policy,
    spoil: impl FnOnce(&mut Value),
) -> Result<Accepted, Refusal> {
    let mut answer = answer(&Console::default(), definition);
    spoil(&mut answer);
    accept_answer(definition, &answer, policy)
}

/// What every image runs that is read in these tests.
pub(crate) fn image_runs() -> Runs {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Runs { entry_point: owned(&["/sbin/init", "--"]), command: owned(&["serve", ""]) }
}

/// What a definition is, seen from what this Console embeds today.
pub(crate) fn seen(definition: &TaskDefinition<Registrable>, today: &DefenderToday, policy: &Policy) -> Condition {
    let selection = Selection::of(definition, &BTreeSet::new());
    let image = today.image_in(&id("111122223333"), &id("eu-west-1"));
    let named_ports = NamedPorts::new();
    condition(definition, &Measure { today, image: &image, policy, selection: &selection, named_ports: &named_ports })
}

/// The revision that a change makes of a definition.
pub(crate) fn revision(definition: &TaskDefinition<Registrable>, change: &Change) -> Value {
    definition.protected_by(change).expect("the change was made for this definition").json().clone()
}

/// The whole way of a definition: entry points from its images, the Console's answer, what is accepted of it, and our tags.
/// Returns the change as well.
pub(crate) fn protect(definition: &TaskDefinition<Registrable>, console: &Console, policy: &Policy) -> (Value, Change) {
    embed(&Setup::reading(definition, policy, &image_runs()), console)
}

/// The same for a set-up of one's own.
pub(crate) fn embed(setup: &Setup, console: &Console) -> (Value, Change) {
    embed_pinned(setup, console, &Pins::default())
}

/// The same with images that are named by what runs.
pub(crate) fn embed_pinned(setup: &Setup, console: &Console, pins: &Pins) -> (Value, Change) {
    let Accepted { change: embedded, mut record, .. } =
        setup.accept(&setup.answer(console)).expect("the Console's answer is accepted");
    let mut change = pins.change(&setup.definition);
    change.extend(embedded);
    pins.remember(&mut record);
    change.extend(memory::remember(&setup.definition, &origin(), &record).change);
    (revision(&setup.definition, &change), change)
}

/// The digest that every image has that is pinned in these tests.
pub(crate) const DIGEST: &str = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

/// Pins for every image of a definition that is named by a tag.
pub(crate) fn pins_of(definition: &TaskDefinition<Registrable>) -> Pins {
    let mut pins = Pins::default();
    pin::by_tag(definition).iter().for_each(|tagged| pins.add(tagged, DIGEST));
    pins
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
        task_sets: Vec::new(),
        deployments: Vec::new(),
        service_deployment: None,
        bake: Duration::ZERO,
        events: Vec::new(),
        cluster_opted_out: false,
        tasks: Tasks { desired: 1, running: 1, percents: Some(Percents::default()) },
        network: None,
        named_ports: NamedPorts::new(),
        tags: Vec::new(),
        details: Details::default(),
    }
}
