//! What the Console is sent: one call for each way of looking entry points up, and one answer made of theirs.

use std::collections::BTreeMap;

use fargate_updater::plan::entrypoint::{Question, Source, one_answer, questions};
use fargate_updater::plan::task_definition::Registrable;
use fargate_updater::plan::{Refusal, TaskDefinition, accept};
use serde_json::{Value, json};
use simulator::Console;

use crate::support::{CONSOLE_NAME, container, definition_of, policy, revision};

fn registry(credential_id: &str) -> Source {
    Source::Registry { registry_type: "aws".to_owned(), credential_id: Some(credential_id.to_owned()) }
}

fn silent(name: &str) -> Value {
    json!({ "name": name, "image": format!("registry.example.test/{name}:1") })
}

/// Three containers, two of them silent and each in a registry with its own credential.
fn two_credentials() -> (TaskDefinition<Registrable>, BTreeMap<String, Source>) {
    let definition = definition_of(&[silent("web"), container("db"), silent("worker")]);
    let sources = [("web".to_owned(), registry("111122223333")), ("worker".to_owned(), registry("444455556666"))];
    (definition, sources.into_iter().collect())
}

/// What a Console answers that opens one registry with each credential.
fn answer(question: &Question) -> Value {
    let (image, entry_point) = match &question.lookup {
        Some(source) if *source == registry("111122223333") => ("registry.example.test/web:1", "/web-init"),
        _ => ("registry.example.test/worker:1", "/worker-init"),
    };
    Console::default().image(image, &[entry_point], &["serve"]).protect(&question.body, CONSOLE_NAME)
}

#[test]
fn containers_that_say_their_entry_points_make_one_question_without_a_lookup() {
    let definition = definition_of(&[container("web"), container("db")]);
    let questions = questions(&definition, &BTreeMap::new());
    assert_eq!(questions.len(), 1);
    assert_eq!((&questions[0].body, &questions[0].lookup), (definition.json(), &None));
}

#[test]
fn containers_of_one_credential_share_a_question() {
    let definition = definition_of(&[silent("web"), silent("worker")]);
    let sources = ["web", "worker"].map(|name| (name.to_owned(), registry("111122223333"))).into_iter().collect();
    let questions = questions(&definition, &sources);
    assert_eq!(questions.len(), 1);
    assert_eq!((&questions[0].body, &questions[0].lookup), (definition.json(), &Some(registry("111122223333"))));
}

#[test]
fn tags_and_lists_that_say_nothing_are_not_sent() {
    let mut web = silent("web");
    web["entryPoint"] = json!([]);
    web["command"] = json!([]);
    web["environment"] = json!([]);
    let mut definition = definition_of(&[web]).json().clone();
    definition["tags"] = json!([{ "key": "team", "value": "payments" }]);
    let sources = [("web".to_owned(), Source::Scanned)].into_iter().collect();
    let questions = questions(&TaskDefinition::from_json(definition), &sources);
    let mut expected = silent("web");
    expected["environment"] = json!([]);
    assert_eq!(questions[0].body, *definition_of(&[expected]).json());
    assert_eq!(questions[0].lookup, Some(Source::Scanned));
}

#[test]
fn two_credentials_are_two_questions_whose_answers_become_one() {
    let (definition, sources) = two_credentials();
    let questions = questions(&definition, &sources);
    let lookups: Vec<_> = questions.iter().map(|question| question.lookup.clone()).collect();
    assert_eq!(lookups, [Some(registry("111122223333")), Some(registry("444455556666"))]);
    for question in &questions {
        let silent = question.body["containerDefinitions"].as_array().expect("containers").iter();
        let silent = silent.filter(|container| container.get("entryPoint").is_none()).count();
        assert_eq!(silent, 1, "each question asks for its own container alone");
    }

    let answers = questions.into_iter().map(|question| (question.clone(), answer(&question))).collect();
    let whole = one_answer(answers);
    let accepted = accept(&definition, &whole, &policy()).expect("the answers are accepted");
    assert_eq!(accepted.put_back, vec![]);
    let revision = revision(&definition, &accepted.change);
    let last = |index: usize| revision["containerDefinitions"][index]["entryPoint"][3].clone();
    assert_eq!([last(0), last(1), last(2)], [json!("/web-init"), json!("/bin/run"), json!("/worker-init")]);
    assert!(!revision.to_string().contains("asked-elsewhere"), "{revision}");
    assert_eq!(revision["containerDefinitions"].as_array().map(Vec::len), Some(4));
}

#[test]
fn an_answer_without_the_container_it_was_asked_for_leaves_it_unprotected_and_never_with_a_placeholder() {
    let (definition, sources) = two_credentials();
    let mut answers: Vec<(Question, Value)> =
        questions(&definition, &sources).into_iter().map(|question| (question.clone(), answer(&question))).collect();
    answers[1].1["containerDefinitions"].as_array_mut().expect("there are containers").remove(2);
    let refused = accept(&definition, &one_answer(answers), &policy());
    assert_eq!(refused, Err(Refusal::Unwrapped { container: "worker".to_owned() }));
}

#[test]
fn no_answers_are_no_definition() {
    assert_eq!(one_answer(Vec::new()), Value::Null);
}

#[test]
fn what_only_a_later_answer_adds_is_refused_like_the_rest() {
    let (definition, sources) = two_credentials();
    type Addition = (&'static str, fn(&mut Value));
    let additions: [Addition; 2] = [
        ("/taskRoleArn", |answer| answer["taskRoleArn"] = json!("arn:aws:iam::111122223333:role/more")),
        ("/containerDefinitions/4", |answer| {
            let containers = answer["containerDefinitions"].as_array_mut().expect("containers");
            containers.push(json!({ "name": "stranger", "image": "registry.example.test/stranger:1" }));
        }),
    ];
    for (place, add) in additions {
        let mut answers: Vec<(Question, Value)> = questions(&definition, &sources)
            .into_iter()
            .map(|question| {
                let answer = answer(&question);
                (question, answer)
            })
            .collect();
        add(&mut answers.last_mut().expect("two questions").1);
        let refused = accept(&definition, &one_answer(answers), &policy()).expect_err(place);
        assert!(
            matches!(&refused, Refusal::Additions { at } if at.iter().any(|at| at.to_string() == place)),
            "{place}: {refused}"
        );
    }
}
