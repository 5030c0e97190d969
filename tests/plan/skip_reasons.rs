//! Why services are left alone, as people and machines are told.

use std::collections::BTreeSet;

use fargate_updater::plan::{Outdated, SkipReason};

#[test]
fn there_is_one_example_of_each_reason_and_each_has_its_own_code() {
    let examples = SkipReason::examples();
    let codes: BTreeSet<&str> = examples.iter().map(SkipReason::code).collect();
    assert_eq!(codes.len(), examples.len());
    assert_eq!(
        codes.into_iter().collect::<Vec<_>>(),
        [
            "another-run",
            "arm64",
            "cannot-deploy",
            "definition-too-large",
            "deployment-in-progress",
            "express-mode",
            "managed-by-its-owner",
            "no-defender",
            "no-execution-role",
            "no-free-addresses",
            "not-active",
            "not-fargate",
            "not-ours",
            "nothing-to-wrap",
            "old-platform-version",
            "opted-out",
            "other-agent",
            "other-deployment-controller",
            "reverted",
            "rolled-back-before",
            "second-defender",
            "task-too-small",
            "tasks-missing",
            "ten-containers",
            "undone",
            "unknown-defender",
            "upgrades-are-off",
            "windows",
        ]
    );
}

#[test]
fn every_reason_is_one_sentence_on_one_line_without_a_full_stop() {
    for reason in SkipReason::examples() {
        let sentence = reason.sentence();
        assert!(!sentence.contains('\n') && !sentence.contains("  "), "{sentence:?}");
        assert!(!sentence.ends_with('.') && sentence.trim() == sentence && sentence.len() > 20, "{sentence:?}");
        assert!(!sentence.contains(". "), "{sentence:?} is more than one sentence");
    }
}

#[test]
fn what_differs_from_service_to_service_is_in_the_sentence() {
    let name = || "shown-in-it".to_owned();
    let reasons = [
        SkipReason::NotFargate { runs_on: name() },
        SkipReason::OtherController { controller: name() },
        SkipReason::OldPlatform { version: name() },
        SkipReason::NotActive { status: name() },
        SkipReason::OptedOut { tagged: "shown-in-it" },
        SkipReason::UpgradesAreOff { outdated: Outdated::Version { installed: name(), today: "34".to_owned() } },
        SkipReason::UpgradesAreOff { outdated: Outdated::Version { installed: "33".to_owned(), today: name() } },
        SkipReason::UpgradesAreOff { outdated: Outdated::Unwrapped { container: name() } },
        SkipReason::OtherAgent { vendor: name() },
        SkipReason::UnknownDefender { container: name() },
    ];
    for reason in reasons {
        assert!(reason.sentence().contains("shown-in-it"), "{reason:?}");
    }
}

#[test]
fn every_reason_to_replace_a_defender_has_its_own_code_and_one_sentence() {
    let examples = Outdated::examples();
    let codes: BTreeSet<&str> = examples.iter().map(Outdated::code).collect();
    assert_eq!(codes.len(), examples.len());
    assert_eq!(codes.len(), 13, "an example of each");
    for outdated in examples {
        let sentence = outdated.sentence();
        assert!(!sentence.contains(". ") && !sentence.ends_with('.') && sentence.len() > 15, "{sentence:?}");
    }
}
