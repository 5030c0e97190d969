//! Where entry points come from: which containers must be looked up, with which credential, and whether a scan is of this image.

use fargate_updater::plan::Policy;
use fargate_updater::plan::entrypoint::{Source, is_scan_of, source, unknown};
use serde_json::{Value, json};

use crate::support::{definition_of, policy};

#[test]
fn a_container_that_says_nothing_is_looked_up_and_one_that_says_a_command_alone_fails() {
    let image = "registry.example.test/web:1";
    let says = |members: Value| {
        let mut web = members;
        web["name"] = json!("web");
        web["image"] = json!(image);
        web
    };
    let cases = [
        ("its own entry point", says(json!({ "entryPoint": ["/run"] })), Ok(0)),
        ("its own entry point and command", says(json!({ "entryPoint": ["/run"], "command": ["x"] })), Ok(0)),
        ("nothing", says(json!({})), Ok(1)),
        ("empty lists", says(json!({ "entryPoint": [], "command": [] })), Ok(1)),
        ("nulls", says(json!({ "entryPoint": null, "command": null })), Ok(1)),
        ("a command alone", says(json!({ "command": ["x"] })), Err(())),
        ("a command and an empty entry point", says(json!({ "entryPoint": [], "command": ["x"] })), Err(())),
    ];
    for (name, web, expected) in cases {
        let definition = definition_of(&[crate::support::container("first"), web]);
        match (unknown(&definition), expected) {
            (Ok(found), Ok(count)) => {
                let found: Vec<_> = found.iter().map(|unknown| (unknown.container.as_str(), unknown.image.as_str())).collect();
                assert_eq!(found, vec![("web", image); count], "{name}");
            }
            (Err(error), Err(())) => {
                let text = error.to_string();
                assert!(text.contains("container web says `command`") && text.contains(image), "{name}: {text}");
            }
            (found, _) => panic!("{name}: {found:?}"),
        }
    }
}

#[test]
fn the_credential_is_the_account_of_the_images_own_ecr_host() {
    let cases = [
        ("ECR", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", Some("111122223333")),
        ("ECR in China", "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/team/web", Some("111122223333")),
        ("ECR by its dual-stack name", "111122223333.dkr-ecr.eu-west-1.on.aws/web@sha256:00", Some("111122223333")),
        ("ECR with FIPS", "111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/web:1", Some("111122223333")),
        ("public ECR", "public.ecr.aws/docker/library/httpd:2.4", None),
        ("Docker Hub", "httpd", None),
        ("Docker Hub with an account's number as the user", "111122223333/httpd", None),
        ("a registry of one's own", "registry.example.test:5000/web:1", None),
        ("a host that begins with a number", "111122223333.example.test/web:1", None),
        ("a number too short", "11112222333.dkr.ecr.eu-west-1.amazonaws.com/web:1", None),
        ("an ECR name in the path", "example.test/111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", None),
    ];
    for (name, image, expected) in cases {
        let registry = |credential_id: Option<&str>, registry_type: &str| Source::Registry {
            registry_type: registry_type.to_owned(),
            credential_id: credential_id.map(str::to_owned),
        };
        assert_eq!(source(image, false, &policy()), registry(expected, "aws"), "{name}");
        assert_eq!(source(image, true, &policy()), Source::Scanned, "{name}: a scan comes first");
        let told = Policy { registry_type: "jfrog".to_owned(), credential_id: Some("mine".to_owned()), ..policy() };
        assert_eq!(source(image, false, &told), registry(Some("mine"), "jfrog"), "{name}: a setting wins");
    }
}

#[test]
fn only_a_scan_of_exactly_this_image_counts() {
    let scan = |registry: &str, repo: &str, tag: &str, digest: &str| {
        let id = "";
        json!({ "repoTag": { "registry": registry, "repo": repo, "tag": tag, "digest": digest, "id": id } })
    };
    let host = "registry.example.test:5000";
    let cases = [
        ("the same", "registry.example.test:5000/team/app:1", scan(host, "team/app", "1", ""), true),
        ("a tag that goes on", "registry.example.test:5000/team/app:1", scan(host, "team/app", "10", ""), false),
        ("a tag that is cut off", "registry.example.test:5000/team/app:10", scan(host, "team/app", "1", ""), false),
        ("a repository that goes on", "registry.example.test:5000/team/app:1", scan(host, "team/app-2", "1", ""), false),
        ("a repository that begins before", "registry.example.test:5000/app:1", scan(host, "team/app", "1", ""), false),
        ("another registry", "registry.example.test/team/app:1", scan(host, "team/app", "1", ""), false),
        ("no tag is latest", "registry.example.test:5000/app", scan(host, "app", "latest", ""), true),
        ("no tag is no other", "registry.example.test:5000/app", scan(host, "app", "5000", ""), false),
        ("a short name", "httpd:2.4", scan("", "httpd", "2.4", ""), true),
        ("a short name of a team", "team/httpd", scan("", "team/httpd", "latest", ""), true),
        ("a digest", "registry.example.test:5000/app@sha256:00", scan(host, "app", "", "sha256:00"), true),
        (
            "a digest decides beside a tag",
            "registry.example.test:5000/app:1@sha256:00",
            scan(host, "app", "2", "sha256:00"),
            true,
        ),
        ("another digest", "registry.example.test:5000/app:1@sha256:00", scan(host, "app", "1", "sha256:01"), false),
        ("a tag does not stand for a digest", "registry.example.test:5000/app:1@sha256:00", scan(host, "app", "1", ""), false),
        ("no repoTag", "httpd", json!({ "id": "sha256:00" }), false),
        ("null", "httpd", Value::Null, false),
    ];
    for (name, image, element, expected) in cases {
        assert_eq!(is_scan_of(&element, image), expected, "{name}");
    }
}
