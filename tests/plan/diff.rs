//! How two revisions differ, in lines that a person can read and that show no secret.

use fargate_updater::plan::diff::differences;
use fargate_updater::plan::redact::Redactor;
use serde_json::{Value, json};

fn lines(before: &Value, after: &Value) -> Vec<String> {
    differences(before, after, &Redactor::default())
}

#[test]
fn each_difference_is_a_line_with_its_place() {
    let cases: [(&str, Value, Value, &[&str]); 12] = [
        ("nothing", json!({"a": 1}), json!({"a": 1}), &[]),
        ("a member more", json!({}), json!({"cpu": "256"}), &["+ cpu: 256"]),
        ("a member less", json!({"memory": "512", "x": 1}), json!({}), &["- memory: 512", "- x"]),
        ("another value", json!({"cpu": "256"}), json!({"cpu": "512"}), &["~ cpu: 256 -> 512"]),
        ("another value that is not shown", json!({"x": "before"}), json!({"x": "after"}), &["~ x"]),
        (
            "a container more, and one less",
            json!({"containerDefinitions": [{"name": "a", "image": "a:1"}]}),
            json!({"containerDefinitions": [{"name": "b", "image": "b:1"}]}),
            &["+ containerDefinitions/b (image b:1)", "- containerDefinitions/a"],
        ),
        (
            "another order",
            json!({"containerDefinitions": [{"name": "a"}, {"name": "b"}]}),
            json!({"containerDefinitions": [{"name": "b"}, {"name": "a"}]}),
            &[],
        ),
        (
            "a variable more, and one that has another value",
            json!({"environment": [{"name": "A", "value": "planted-one"}]}),
            json!({"environment": [{"name": "B", "value": "planted-two"}, {"name": "A", "value": "planted-three"}]}),
            &["+ environment/B", "~ environment/A"],
        ),
        (
            "a list that nothing was in",
            json!({}),
            json!({"dependsOn": [{"containerName": "d", "condition": "START"}]}),
            &["+ dependsOn/d"],
        ),
        ("a list without names", json!({"command": ["planted-one"]}), json!({"command": ["planted-two"]}), &["~ command"]),
        (
            "an entry point",
            json!({"entryPoint": ["/app"]}),
            json!({"entryPoint": ["/d", "/app"]}),
            &["~ entryPoint: /app -> /d /app"],
        ),
        (
            "a tag of ours, and one of its owner's",
            json!({"tags": []}),
            json!({"tags": [{"key": "fargate-updater:source", "value": "a:1"}, {"key": "team", "value": "planted"}]}),
            &["+ tags/fargate-updater:source: a:1", "+ tags/team"],
        ),
    ];
    for (name, before, after, expected) in cases {
        assert_eq!(lines(&before, &after), expected, "{name}");
        assert!(!lines(&before, &after).join(" ").contains("planted"), "{name}");
    }
}

#[test]
fn the_registry_token_in_an_images_name_is_masked() {
    let before = json!({"image": "registry-auth.twistlock.com/tw_planted/twistlock/defender:defender_34_03_138"});
    let after = json!({"image": "registry-auth.twistlock.com/tw_planted/twistlock/defender:defender_34_04_145"});
    let told = lines(&before, &after).join("\n");
    assert!(told.starts_with("~ image: registry-auth.twistlock.com/***/twistlock/defender:defender_34_03_138 -> "), "{told}");
    assert!(!told.contains("planted"), "{told}");
}
