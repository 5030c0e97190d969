//! An image's name, its configuration, the right one of an index, and whether a scan is of this image.

use fargate_updater::plan::image::{
    DOCKER_HUB, EcrRegistry, IndexEntry, Platform, Runs, is_scan_of, registry_of, scanned_entry_point,
};
use serde_json::{Value, json};

use crate::support::{container, definition_of};

#[test]
fn an_image_names_its_registry_or_means_docker_hub() {
    let cases = [
        ("a short name", "httpd:2.4", DOCKER_HUB),
        ("a short name with a digest", "httpd@sha256:00", DOCKER_HUB),
        ("somebody's image", "team/httpd", DOCKER_HUB),
        ("Docker Hub by its name", "docker.io/library/httpd", DOCKER_HUB),
        ("Docker Hub by its older name", "index.docker.io/library/httpd", DOCKER_HUB),
        ("a number for a user", "111122223333/httpd", DOCKER_HUB),
        ("a host", "registry.example.test/web:1", "registry.example.test"),
        ("a host with a port", "registry.example.test:5000/web", "registry.example.test:5000"),
        ("this machine", "localhost/web", "localhost"),
        ("a port alone", "registry:5000/web", "registry:5000"),
    ];
    for (name, image, expected) in cases {
        assert_eq!(registry_of(image), expected, "{name}");
    }
}

#[test]
fn an_ecr_registry_is_told_by_its_host() {
    let cases = [
        ("ECR", "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", Some(("111122223333", "eu-west-1"))),
        ("ECR in China", "111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn/team/web", Some(("111122223333", "cn-north-1"))),
        (
            "ECR by its dual-stack name",
            "111122223333.dkr-ecr.eu-west-1.on.aws/web@sha256:00",
            Some(("111122223333", "eu-west-1")),
        ),
        ("ECR with FIPS", "111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com/web:1", Some(("111122223333", "us-gov-west-1"))),
        ("public ECR", "public.ecr.aws/docker/library/httpd:2.4", None),
        ("Docker Hub", "httpd", None),
        ("Docker Hub with an account's number as the user", "111122223333/httpd", None),
        ("a registry of one's own", "registry.example.test:5000/web:1", None),
        ("a host that begins with a number", "111122223333.example.test/web:1", None),
        ("a number too short", "11112222333.dkr.ecr.eu-west-1.amazonaws.com/web:1", None),
        ("an ECR name in the path", "example.test/111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1", None),
        ("somebody else's host of that form", "111122223333.dkr.ecr.eu-west-1.amazonaws.com.example.test/web", None),
        ("a Region that is none", "111122223333.dkr.ecr.europe.amazonaws.com/web:1", None),
    ];
    for (name, image, expected) in cases {
        let found = EcrRegistry::of(image).map(|ecr| (ecr.account.to_string(), ecr.region.to_string()));
        assert_eq!(found, expected.map(|(account, region)| (account.to_owned(), region.to_owned())), "{name}");
    }
}

#[test]
fn a_configuration_says_entry_point_and_command() {
    let image = |config: Value| json!({ "architecture": "amd64", "os": "linux", "config": config, "rootfs": {} });
    let runs = |entry_point: &[&str], command: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Some(Runs { entry_point: owned(entry_point), command: owned(command) })
    };
    let cases = [
        ("both", image(json!({ "Entrypoint": ["/init"], "Cmd": ["serve", ""] })), runs(&["/init"], &["serve", ""])),
        ("nulls", image(json!({ "Entrypoint": null, "Cmd": null })), runs(&[], &[])),
        ("empty lists", image(json!({ "Entrypoint": [], "Cmd": [] })), runs(&[], &[])),
        ("neither", image(json!({})), runs(&[], &[])),
        ("no config", json!({ "os": "linux" }), runs(&[], &[])),
        ("a command alone", image(json!({ "Cmd": ["/bin/sh"] })), runs(&[], &["/bin/sh"])),
        ("a text for a list", image(json!({ "Entrypoint": "/init" })), None),
        ("a number among the words", image(json!({ "Cmd": ["sleep", 5] })), None),
        ("a chart's configuration", json!({ "name": "chart", "version": "1" }), None),
        ("no object", json!([]), None),
    ];
    for (name, configuration, expected) in cases {
        assert_eq!(Runs::from_configuration(&configuration).ok(), expected, "{name}");
    }
}

#[test]
fn the_platform_follows_the_task_definition() {
    let on = |platform: Value| {
        let mut definition = definition_of(&[container("web")]).json().clone();
        definition["runtimePlatform"] = platform;
        Platform::of(&fargate_updater::plan::TaskDefinition::from_json(definition))
    };
    assert_eq!(on(Value::Null), Platform::Amd64);
    assert_eq!(on(json!({ "cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX" })), Platform::Amd64);
    assert_eq!(on(json!({ "cpuArchitecture": "ARM64" })), Platform::Arm64);
}

#[test]
fn of_an_index_the_image_for_the_platform_is_chosen() {
    let entry = |os, architecture, variant, digest| IndexEntry { os, architecture, variant, digest };
    let index = [
        entry("unknown", "unknown", None, "attestation"),
        entry("windows", "amd64", None, "windows"),
        entry("linux", "arm", Some("v7"), "arm"),
        entry("linux", "arm64", Some("v9"), "arm64-v9"),
        entry("linux", "arm64", Some("v8"), "arm64-v8"),
        entry("linux", "amd64", Some("v3"), "amd64-v3"),
        entry("linux", "amd64", None, "amd64"),
        entry("linux", "amd64", None, "second"),
    ];
    assert_eq!(Platform::Amd64.choose(index), Some("amd64"));
    assert_eq!(Platform::Arm64.choose(index), Some("arm64-v8"));
    assert_eq!(Platform::Arm64.choose(index[..3].iter().copied()), None);
    assert_eq!((Platform::Amd64.to_string(), Platform::Arm64.to_string()), ("linux/amd64".to_owned(), "linux/arm64".to_owned()));
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
        ("Docker Hub by all its names", "docker.io/library/httpd:2.4", scan("", "httpd", "2.4", ""), true),
        ("and the other way round", "httpd:2.4", scan("index.docker.io", "library/httpd", "2.4", ""), true),
        ("a team's on Docker Hub", "docker.io/team/httpd", scan("", "team/httpd", "latest", ""), true),
        ("a team that is not the library", "httpd:2.4", scan("", "team/httpd", "2.4", ""), false),
        ("no registry is Docker Hub and no other", "registry.example.test/httpd:2.4", scan("", "httpd", "2.4", ""), false),
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

#[test]
fn a_scan_says_entry_point_and_command_in_one_list() {
    let cases = [
        ("some", json!({ "image": { "entrypoint": ["/init", "serve"] } }), vec!["/init", "serve"]),
        ("none", json!({ "image": { "entrypoint": null } }), vec![]),
        ("a compact one", json!({}), vec![]),
    ];
    for (name, element, expected) in cases {
        assert_eq!(scanned_entry_point(&element), expected, "{name}");
    }
}
