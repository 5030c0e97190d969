//! What the Console is sent: one call for each way of looking entry points up, and one answer made of theirs.

use std::collections::BTreeSet;

use fargate_updater::plan::entrypoint::{Entry, Lookup};
use fargate_updater::plan::image::Runs;
use fargate_updater::plan::question::{Question, one_answer, questions};
use fargate_updater::plan::{Refusal, Selection, TaskDefinition};
use serde_json::{Value, json};
use simulator::Console;

use crate::support::{CONSOLE_NAME, Setup, container, definition_of, image_runs, policy, revision};

/// Stands for an entry point that is none, or that another question asks for.
const PLACEHOLDER: &str = "/fargate-updater/entry-point";

fn registry(credential_id: &str) -> Lookup {
    Lookup { registry_type: Some("aws".to_owned()), credential_id: Some(credential_id.to_owned()) }
}

fn silent(name: &str) -> Value {
    json!({ "name": name, "image": format!("registry.example.test/{name}:1") })
}

/// Three containers, two of them silent and each in a registry with its own credential.
fn two_credentials() -> Setup {
    let definition = definition_of(&[silent("web"), container("db"), silent("worker")]);
    let mut setup = Setup::asking(&definition, &policy());
    for (container, account) in [("web", "111122223333"), ("worker", "444455556666")] {
        setup.entries.insert(container.to_owned(), Entry::Asked(registry(account)));
    }
    setup
}

/// What a Console answers that opens one registry with each credential.
fn answer(question: &Question) -> Value {
    let (image, entry_point) = match &question.lookup {
        Some(lookup) if *lookup == registry("111122223333") => ("registry.example.test/web:1", "/web-init"),
        _ => ("registry.example.test/worker:1", "/worker-init"),
    };
    Console::default().image(image, &[entry_point], &["serve"]).protect(&question.body, CONSOLE_NAME)
}

fn asked(setup: &Setup) -> Vec<Question> {
    questions(&setup.embedding())
}

#[test]
fn containers_that_say_their_entry_points_make_one_question_without_a_lookup() {
    let definition = definition_of(&[container("web"), container("db")]);
    let questions = asked(&Setup::asking(&definition, &policy()));
    assert_eq!(questions.len(), 1);
    assert_eq!((&questions[0].body, &questions[0].lookup), (definition.json(), &None));
}

#[test]
fn containers_of_one_credential_share_a_question() {
    let definition = definition_of(&[silent("web"), silent("worker")]);
    let questions = asked(&Setup::asking(&definition, &policy()));
    assert_eq!(questions.len(), 1);
    assert_eq!((&questions[0].body, &questions[0].lookup), (definition.json(), &Some(Lookup::default())));
}

#[test]
fn tags_and_lists_that_say_nothing_are_not_sent() {
    let mut web = silent("web");
    web["entryPoint"] = json!([]);
    web["command"] = json!([]);
    web["environment"] = json!([]);
    let mut db = container("db");
    db["command"] = json!([]);
    let mut definition = definition_of(&[web, db]).json().clone();
    definition["tags"] = json!([{ "key": "team", "value": "payments" }]);
    let questions = asked(&Setup::asking(&TaskDefinition::from_json(definition), &policy()));
    let mut expected = silent("web");
    expected["environment"] = json!([]);
    assert_eq!(questions[0].body, *definition_of(&[expected, container("db")]).json());
    assert_eq!(questions[0].lookup, Some(Lookup::default()));
}

/// With a command and no entry point the Console loses the image's own without a word, so that this is never sent.
#[test]
fn a_container_whose_entry_point_is_known_is_sent_with_it_and_never_with_a_command_alone() {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let mut own_command = silent("web");
    own_command["command"] = json!(["report"]);
    let both = json!(["/sbin/init", "--"]);
    let cases = [
        ("both from the image", silent("web"), image_runs(), both.clone(), json!(["serve", ""])),
        ("a command of its own", own_command.clone(), image_runs(), both, json!(["report"])),
        (
            "an image without an ENTRYPOINT",
            own_command,
            Runs { entry_point: vec![], command: owned(&["serve"]) },
            json!([PLACEHOLDER]),
            json!(["report"]),
        ),
        (
            "an ENTRYPOINT alone",
            silent("web"),
            Runs { entry_point: owned(&["/init"]), command: vec![] },
            json!(["/init"]),
            Value::Null,
        ),
    ];
    for (name, web, runs, entry_point, command) in cases {
        let questions = asked(&Setup::reading(&definition_of(&[web]), &policy(), &runs));
        assert_eq!(questions.len(), 1, "{name}");
        assert_eq!(questions[0].lookup, None, "{name}: the Console looks nothing up");
        let sent = &questions[0].body["containerDefinitions"][0];
        assert_eq!((&sent["entryPoint"], &sent["command"]), (&entry_point, &command), "{name}");
    }
}

#[test]
fn a_container_that_the_console_looks_up_is_sent_without_its_command() {
    let mut web = silent("web");
    web["command"] = json!(["report"]);
    let questions = asked(&Setup::asking(&definition_of(&[web]), &policy()));
    assert_eq!(questions[0].body, *definition_of(&[silent("web")]).json());
}

#[test]
fn containers_that_are_not_wrapped_are_not_sent() {
    let definition = definition_of(&[container("web"), container("router"), silent("cache")]);
    let skipped: BTreeSet<String> = ["router", "cache"].map(str::to_owned).into();
    let mut setup = Setup::asking(&definition, &policy());
    setup.selection = Selection::of(&definition, &skipped);
    setup.entries.clear();
    let questions = asked(&setup);
    assert_eq!(questions[0].body, *definition_of(&[container("web")]).json());
    let accepted = setup.accept(&setup.answer(&Console::default())).expect("the answer is accepted");
    let revision = revision(&definition, &accepted.change);
    let containers = revision["containerDefinitions"].as_array().expect("containers");
    assert_eq!(containers[1], container("router"));
    assert_eq!(containers[2], silent("cache"));
    assert_eq!(containers[3]["name"], "TwistlockDefender");

    // One that was not sent and comes back is an addition, whatever it is called.
    let mut answer = setup.answer(&Console::default());
    answer["containerDefinitions"].as_array_mut().expect("containers").push(container("router"));
    assert!(matches!(setup.accept(&answer), Err(Refusal::Additions { .. })));
}

#[test]
fn two_credentials_are_two_questions_whose_answers_become_one() {
    let setup = two_credentials();
    let questions = asked(&setup);
    let lookups: Vec<_> = questions.iter().map(|question| question.lookup.clone()).collect();
    assert_eq!(lookups, [Some(registry("111122223333")), Some(registry("444455556666"))]);
    for question in &questions {
        let silent = question.body["containerDefinitions"].as_array().expect("containers").iter();
        let silent = silent.filter(|container| container.get("entryPoint").is_none()).count();
        assert_eq!(silent, 1, "each question asks for its own container alone");
    }

    let answers = questions.into_iter().map(|question| (question.clone(), answer(&question))).collect();
    let accepted = setup.accept(&one_answer(answers)).expect("the answers are accepted");
    assert_eq!(accepted.put_back, vec![]);
    let revision = revision(&setup.definition, &accepted.change);
    let last = |index: usize| revision["containerDefinitions"][index]["entryPoint"][3].clone();
    assert_eq!([last(0), last(1), last(2)], [json!("/web-init"), json!("/bin/run"), json!("/worker-init")]);
    assert!(!revision.to_string().contains(PLACEHOLDER), "{revision}");
    assert_eq!(revision["containerDefinitions"].as_array().map(Vec::len), Some(4));
}

#[test]
fn an_answer_without_the_container_it_was_asked_for_leaves_it_unprotected_and_never_with_a_placeholder() {
    let setup = two_credentials();
    let mut answers: Vec<(Question, Value)> =
        asked(&setup).into_iter().map(|question| (question.clone(), answer(&question))).collect();
    answers[1].1["containerDefinitions"].as_array_mut().expect("there are containers").remove(2);
    let refused = setup.accept(&one_answer(answers));
    assert_eq!(refused, Err(Refusal::Unwrapped { container: "worker".to_owned() }));
}

#[test]
fn no_answers_are_no_definition() {
    assert_eq!(one_answer(Vec::new()), Value::Null);
}

#[test]
fn what_only_a_later_answer_adds_is_refused_like_the_rest() {
    let setup = two_credentials();
    type Addition = (&'static str, fn(&mut Value));
    let additions: [Addition; 2] = [
        ("/taskRoleArn", |answer| answer["taskRoleArn"] = json!("arn:aws:iam::111122223333:role/more")),
        ("/containerDefinitions/4", |answer| {
            let containers = answer["containerDefinitions"].as_array_mut().expect("containers");
            containers.push(json!({ "name": "stranger", "image": "registry.example.test/stranger:1" }));
        }),
    ];
    for (place, add) in additions {
        let mut answers: Vec<(Question, Value)> = asked(&setup)
            .into_iter()
            .map(|question| {
                let answer = answer(&question);
                (question, answer)
            })
            .collect();
        add(&mut answers.last_mut().expect("two questions").1);
        let refused = setup.accept(&one_answer(answers)).expect_err(place);
        assert!(
            matches!(&refused, Refusal::Additions { at } if at.iter().any(|at| at.to_string() == place)),
            "{place}: {refused}"
        );
    }
}
