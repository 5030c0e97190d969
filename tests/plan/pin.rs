//! Which images a roll-out would bring, and what naming the ones that run comes to.

use fargate_updater::plan::pin::{Digests, Running, RunningTask, by_tag, is_digest, newest, short};
use fargate_updater::plan::service::Condition;
use fargate_updater::plan::{Outdated, TaskDefinition};
use serde_json::{Value, json};
use simulator::Console;

use crate::support::{
    DIGEST, Setup, container, definition_of, embed_pinned, id, image_runs, pins_of, policy, seen, source, today,
};

fn digests(pairs: &[(&str, &str)]) -> Digests {
    pairs.iter().map(|(container, digest)| ((*container).to_owned(), (*digest).to_owned())).collect()
}

#[test]
fn an_image_with_a_digest_cannot_have_changed() {
    let images = ["web", "web:1", "r.example.test:5000/web", "web@sha256:00ff", "web:1@sha256:00ff"];
    let containers: Vec<Value> = images.iter().map(|image| json!({ "name": image, "image": image })).collect();
    let tagged = by_tag(&definition_of(&containers));
    assert_eq!(tagged.iter().map(|tagged| tagged.image.as_str()).collect::<Vec<_>>(), images[..3]);
    let mut pulled = container("web");
    pulled["repositoryCredentials"] = json!({ "credentialsParameter": "pull" });
    assert_eq!(by_tag(&definition_of(&[pulled]))[0].pull_secret.as_deref(), Some("pull"));
}

#[test]
fn the_newest_task_of_the_revision_counts() {
    let task = |arn: &str, created_at, digest: &str| RunningTask {
        arn: arn.to_owned(),
        created_at,
        task_definition: source(),
        digests: digests(&[("web", digest)]),
    };
    let other = RunningTask {
        task_definition: id("arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:6"),
        ..task("z", Some(9), "older revision")
    };
    let pending = RunningTask { digests: Digests::new(), ..task("y", Some(9), "") };
    let cases = [
        ("the younger one", vec![task("b", Some(1), "old"), task("a", Some(2), "new")], Some("new")),
        ("one without an age is the oldest", vec![task("b", None, "old"), task("a", Some(2), "new")], Some("new")),
        ("of two as old either, and always the same", vec![task("a", Some(1), "a"), task("b", Some(1), "b")], Some("b")),
        ("one that tells nothing yet is passed over", vec![pending, task("a", Some(2), "new")], Some("new")),
        ("another revision's does not count", vec![other.clone(), task("a", Some(2), "new")], Some("new")),
        ("none of the revision", vec![other], None),
        ("none at all", vec![], None),
    ];
    for (name, tasks, expected) in cases {
        assert_eq!(newest(tasks, &source()).get("web").map(String::as_str), expected, "{name}");
    }
}

#[test]
fn one_revision_can_name_one_image_only() {
    let (a, b, none) = (digests(&[("web", "a"), ("db", "x")]), digests(&[("web", "b")]), digests(&[]));
    let differ = "its services run different images, and get one revision";
    let unseen = "not every service that gets the revision tells which image it runs";
    let cases = [
        ("one service", vec![Some(&a)], Ok("a")),
        ("two of a kind", vec![Some(&a), Some(&a)], Ok("a")),
        ("two of two kinds", vec![Some(&a), Some(&b)], Err(differ)),
        ("one that could not be looked at", vec![Some(&a), None], Err(unseen)),
        ("one that does not tell", vec![Some(&a), Some(&none)], Err(unseen)),
    ];
    for (name, services, expected) in cases {
        assert_eq!(Running::of("web", services).one(), expected, "{name}");
    }
}

#[test]
fn an_index_and_its_image_for_the_platform_are_the_same() {
    let running = Running::of("web", [Some(&digests(&[("web", "image")]))]);
    assert_eq!(running.other_than(&["index", "image"]), None);
    assert_eq!(running.other_than(&["image"]), None);
    assert_eq!(running.other_than(&["index", "other"]), Some("image"));
    assert_eq!(Running::of("db", [Some(&digests(&[("web", "image")]))]).other_than(&["index"]), None, "nothing is known of it");
}

#[test]
fn only_a_whole_digest_is_one() {
    assert!(is_digest(DIGEST));
    let others = ["", "sha256:", "sha256:00ff", &DIGEST[7..], &DIGEST.replace("sha256", "sha512"), &DIGEST.replace('5', "g")];
    for other in others {
        assert!(!is_digest(other), "{other}");
    }
    assert_eq!(short(DIGEST), "sha256:5f70bf18a086");
}

/// What runs under a digest of ours is today's, whatever the Console calls the image.
#[test]
fn a_pinned_image_is_nothing_outdated_and_a_pin_of_somebody_elses_is() {
    let definition = definition_of(&[container("web"), container("db")]);
    let setup = Setup::reading(&definition, &policy(), &image_runs());
    let console = Console::default();
    let (protected, _) = embed_pinned(&setup, &console, &pins_of(&definition));
    assert_eq!(protected["containerDefinitions"][0]["image"], json!(format!("registry.example.test/web:1@{DIGEST}")));
    let variables = protected["containerDefinitions"][0]["environment"].as_array().expect("variables");
    let name = variables.iter().find(|variable| variable["name"] == "TW_IMAGE_NAME").expect("the Console adds it");
    assert_eq!(name["value"], "registry.example.test/web:1", "rules of the Console name images as their owners do");
    let condition = |definition: Value| seen(&TaskDefinition::from_json(definition), &today(&console), &policy());
    assert_eq!(condition(protected.clone()), Condition::Current);

    let mut theirs = protected.clone();
    theirs["containerDefinitions"][0]["image"] = json!(format!("registry.example.test/web:1@{}", DIGEST.replace("5f", "00")));
    let copied = Outdated::Copied { container: "web".to_owned(), variable: "TW_IMAGE_NAME".to_owned() };
    assert_eq!(condition(theirs), Condition::Outdated(copied));
}
