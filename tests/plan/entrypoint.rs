//! Where entry points come from: which containers must be looked up, what each source makes of them, and what the Console is asked.

use std::collections::BTreeSet;

use fargate_updater::plan::entrypoint::{Entry, FoundIn, Lookup, Silent, lookup, silent};
use fargate_updater::plan::image::Runs;
use fargate_updater::plan::strip::Earlier;
use fargate_updater::plan::{Policy, Selection, TaskDefinition};
use serde_json::{Value, json};

use crate::support::{container, definition_of, policy};

/// A container `web` that says these members besides its name and image.
fn says(members: Value) -> Value {
    let mut web = members;
    web["name"] = json!("web");
    web["image"] = json!("registry.example.test/web:1");
    web
}

fn selected(definition: &TaskDefinition<fargate_updater::plan::task_definition::Registrable>, skipped: &[&str]) -> Selection {
    Selection::of(definition, &skipped.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn a_container_is_silent_that_says_no_entry_point_whatever_its_command() {
    let cases = [
        ("its own entry point", says(json!({ "entryPoint": ["/run"] })), None),
        ("its own entry point and command", says(json!({ "entryPoint": ["/run"], "command": ["x"] })), None),
        ("nothing", says(json!({})), Some(vec![])),
        ("empty lists", says(json!({ "entryPoint": [], "command": [] })), Some(vec![])),
        ("nulls", says(json!({ "entryPoint": null, "command": null })), Some(vec![])),
        ("a command alone", says(json!({ "command": ["x", "y"] })), Some(vec!["x", "y"])),
        ("a command and an empty entry point", says(json!({ "entryPoint": [], "command": ["x"] })), Some(vec!["x"])),
    ];
    for (name, web, expected) in cases {
        let definition = definition_of(&[container("first"), web]);
        let found = silent(&definition, &selected(&definition, &[]));
        let found: Vec<_> = found.iter().map(|it| (it.container.as_str(), it.image.as_str(), it.command.clone())).collect();
        let expected = expected.map(|command: Vec<&str>| {
            ("web", "registry.example.test/web:1", command.into_iter().map(str::to_owned).collect::<Vec<_>>())
        });
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{name}");
    }
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pull-AbCdEf";
    let definition = definition_of(&[says(json!({ "repositoryCredentials": { "credentialsParameter": secret } }))]);
    assert_eq!(silent(&definition, &selected(&definition, &[]))[0].pull_secret.as_deref(), Some(secret));
}

#[test]
fn log_routers_and_what_owners_leave_out_are_not_wrapped() {
    let mut router = container("router");
    router["firelensConfiguration"] = json!({ "type": "fluentbit" });
    let mut no_router = container("no-router");
    no_router["firelensConfiguration"] = Value::Null;
    let containers = [container("web"), router, no_router, container("proxy"), container("cache")];
    let mut definition = definition_of(&containers).json().clone();
    definition["tags"] = json!([{ "key": "fargate-updater:skip-containers", "value": "cache somebody" }]);
    let definition = TaskDefinition::from_json(definition);
    let selection = selected(&definition, &["proxy"]);
    let wrapped: Vec<&str> = definition.containers().map(|it| it.name()).filter(|name| selection.wraps(name)).collect();
    assert_eq!(wrapped, ["web", "no-router"]);
    assert!(!selection.is_empty());
    let alone = definition_of(&[containers[1].clone()]);
    assert!(Selection::of(&alone, &BTreeSet::new()).is_empty());
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn runs(entry_point: &[&str], command: &[&str]) -> Runs {
    Runs { entry_point: words(entry_point), command: words(command) }
}

fn silent_with(command: &[&str]) -> Silent {
    Silent {
        container: "web".to_owned(),
        image: "registry.example.test/web:1".to_owned(),
        command: words(command),
        pull_secret: None,
    }
}

/// Docker's own rules: the task's command takes the place of the image's CMD, and the image's ENTRYPOINT stays.
#[test]
fn an_images_configuration_makes_entry_point_and_command() {
    let image = runs(&["/init", "--"], &["serve"]);
    let cases = [
        ("both from the image", &[][..], image.clone(), Some(image.clone())),
        ("the task's own command", &["report"], image, Some(runs(&["/init", "--"], &["report"]))),
        ("no ENTRYPOINT", &[], runs(&[], &["serve"]), Some(runs(&[], &["serve"]))),
        ("no ENTRYPOINT and a command of its own", &["report"], runs(&[], &["serve"]), Some(runs(&[], &["report"]))),
        ("no CMD", &[], runs(&["/init"], &[]), Some(runs(&["/init"], &[]))),
        ("a command and an image that says nothing", &["report"], runs(&[], &[]), Some(runs(&[], &["report"]))),
        ("nothing at all", &[], runs(&[], &[]), None),
    ];
    for (name, command, image, expected) in cases {
        let entry = Entry::from_image(&silent_with(command), &image);
        assert_eq!(entry, expected.map(|runs| Entry::Known { runs, found_in: FoundIn::Image }), "{name}");
    }
}

/// ENTRYPOINT and CMD are in one list there, and the command would run twice.
#[test]
fn a_scan_is_of_no_use_to_a_container_with_a_command_of_its_own() {
    let joined = words(&["/init", "serve"]);
    let known = |runs| Some(Entry::Known { runs, found_in: FoundIn::Scan });
    assert_eq!(Entry::from_scan(&silent_with(&[]), &joined), known(runs(&["/init", "serve"], &[])));
    assert_eq!(Entry::from_scan(&silent_with(&["report"]), &joined), None);
    assert_eq!(Entry::from_scan(&silent_with(&[]), &[]), None, "it says nothing");
}

/// What was joined once is joined still when a later run takes it over, and its owner may have added a command since.
#[test]
fn what_an_earlier_run_filled_in_is_taken_over_unless_a_command_would_run_twice() {
    let filled = |joined: bool| Earlier::Filled { runs: runs(&["/init", "serve"], &[]), joined };
    let known = |joined: bool, command: &[&str]| {
        Some(Entry::Known { runs: runs(&["/init", "serve"], command), found_in: FoundIn::EarlierRevision { joined } })
    };
    let taken_over = |command: &[&str], earlier: &Earlier| Entry::from_earlier_revision(&silent_with(command), earlier);
    assert_eq!(taken_over(&[], &filled(true)), known(true, &[]));
    assert_eq!(taken_over(&["report"], &filled(true)), None);
    assert_eq!(taken_over(&["report"], &filled(false)), known(false, &["report"]));
    assert_eq!(taken_over(&["report"], &Earlier::CommandAlone), None);

    let alone = |earlier: &Earlier| Entry::from_command_alone(&silent_with(&["report"]), earlier);
    let running = Entry::Known { runs: runs(&[], &["report"]), found_in: FoundIn::Running };
    assert_eq!((alone(&Earlier::CommandAlone), alone(&filled(false))), (Some(running), None));
}

#[test]
fn the_console_is_asked_with_the_account_of_the_images_own_ecr_host_and_aws_is_for_ecr_only() {
    let registry = |registry_type: &str, credential: Option<&str>| Lookup {
        registry_type: Some(registry_type.to_owned()),
        credential_id: credential.map(str::to_owned),
    };
    let ecr = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";
    let told = |registry_type: Option<&str>, credential: Option<&str>| Policy {
        registry_type: registry_type.map(str::to_owned),
        credential_id: credential.map(str::to_owned),
        ..policy()
    };
    let cases = [
        ("ECR", ecr, told(None, None), registry("aws", Some("111122223333"))),
        ("ECR and a credential of the settings", ecr, told(None, Some("mine")), registry("aws", Some("mine"))),
        ("ECR and another registry's credential", ecr, told(Some("jfrog"), Some("j")), registry("aws", Some("111122223333"))),
        ("no ECR", "registry.example.test/web:1", told(None, None), Lookup::default()),
        ("no ECR and aws", "registry.example.test/web:1", told(Some("aws"), Some("mine")), Lookup::default()),
        ("no ECR and its type", "registry.example.test/web:1", told(Some("jfrog"), Some("j")), registry("jfrog", Some("j"))),
        ("Docker Hub and its type", "httpd", told(Some("2"), None), registry("2", None)),
    ];
    for (name, image, policy, expected) in cases {
        assert_eq!(lookup(image, false, &policy), expected, "{name}");
        assert_eq!(lookup(image, true, &policy), Lookup::default(), "{name}: a scan needs no credential");
    }
}
