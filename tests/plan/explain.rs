//! What is told to whoever asks why: every way out there is, and the words that machines look for.

use std::collections::BTreeSet;
use std::time::Duration;

use fargate_updater::plan::SkipReason;
use fargate_updater::plan::explain::{Decision, Section, Told, after_planned, after_skipped, service, turn};
use fargate_updater::plan::rollout::{Percents, Tasks};
use fargate_updater::plan::service::{Details, ServiceFacts, Turn};
use fargate_updater::plan::watch::{Deployment, Health, Rollout};

use crate::support;

/// Returns what a fact of a service's part says.
fn told(of: &ServiceFacts, name: &str) -> Vec<String> {
    let fact = service(of).facts.into_iter().find(|fact| fact.name == name).unwrap_or_else(|| panic!("there is no {name}"));
    match fact.told {
        Told::One(text) => vec![text],
        Told::Each(texts) => texts,
    }
}

#[test]
fn every_reason_to_leave_a_service_alone_has_a_way_out() {
    for reason in SkipReason::examples() {
        let way_out = after_skipped(&reason);
        assert!(!way_out.is_empty() && !way_out.ends_with('.') && !way_out.contains("  "), "{}: {way_out:?}", reason.code());
        assert_ne!(way_out, reason.sentence(), "{}", reason.code());
    }
    assert!(after_planned().contains("fargate-updater:skip"));
}

#[test]
fn sections_have_words_and_titles_of_their_own() {
    let codes: BTreeSet<&str> = Section::ALL.into_iter().map(Section::code).collect();
    let titles: BTreeSet<&str> = Section::ALL.into_iter().map(Section::title).collect();
    assert_eq!((codes.len(), titles.len()), (Section::ALL.len(), Section::ALL.len()));
    assert!(Section::ALL.is_sorted());
}

#[test]
fn a_service_is_told_as_ecs_describes_it() {
    let deployment = |primary, rollout, task_definition, failed| Deployment {
        id: "ecs-svc/1".to_owned(),
        primary,
        task_definition,
        rollout,
        reason: String::new(),
        tasks: Health { desired: 2, running: 1, failed },
        age: Duration::ZERO,
    };
    let deployments =
        vec![deployment(true, Some(Rollout::InProgress), Some(support::source()), 3), deployment(false, None, None, 0)];
    let tags = vec![
        ("fargate-updater:left-alone".to_owned(), "undone checkout:7 34.03.138".to_owned()),
        ("owner".to_owned(), "planted".to_owned()),
        ("team".to_owned(), "planted".to_owned()),
    ];
    let of = ServiceFacts {
        details: Details { strategy: Some("CANARY".to_owned()), circuit_breaker: Some((true, false)) },
        deployments,
        tasks: Tasks { desired: 2, running: 1, percents: None },
        cluster_opted_out: true,
        tags,
        ..support::service()
    };
    let cases: [(&str, &[&str]); 6] = [
        ("controller", &["ECS, strategy CANARY"]),
        ("tasks", &["1 of 2 run"]),
        ("percentages", &["its strategy uses none"]),
        ("circuit_breaker", &["on, and does not roll back"]),
        (
            "deployments",
            &["PRIMARY IN_PROGRESS: checkout:7, 1 of 2 tasks run, 3 failed", "ACTIVE: no task definition, 1 of 2 tasks run"],
        ),
        (
            "tags",
            &[
                "fargate-updater:left-alone = undone checkout:7 34.03.138",
                "fargate-updater:skip on its cluster web",
                "2 of its owner's that do not matter here",
            ],
        ),
    ];
    for (name, expected) in cases {
        assert_eq!(told(&of, name), expected, "{name}");
    }
    let decided = service(&of).decision;
    assert_eq!(decided, Decision::Ends("it is left alone: the tag fargate-updater:skip on the cluster says so".to_owned()));

    let providers = vec!["FARGATE_SPOT".to_owned(), "FARGATE".to_owned()];
    let of = ServiceFacts { launch_type: None, capacity_providers: providers, ..support::service() };
    assert_eq!(told(&of, "runs_on"), ["capacity providers FARGATE_SPOT, FARGATE"]);
    assert_eq!(told(&of, "circuit_breaker"), ["ECS does not tell"]);
    assert_eq!(told(&of, "percentages"), ["minimumHealthyPercent 100, maximumPercent 200"]);
    assert!(matches!(service(&of).decision, Decision::GoesOn(_)));
}

#[test]
fn only_a_turn_that_has_come_goes_on() {
    let of = support::service();
    let percents = Percents::default();
    let never = SkipReason::CannotDeploy { desired: 2, percents };
    for (decided, goes_on) in [(Turn::Protect, true), (Turn::Wait, false), (Turn::Leave(never), false)] {
        for last_look in [false, true] {
            let part = turn(&of, &decided, last_look);
            assert_eq!(matches!(part.decision, Decision::GoesOn(_)), goes_on, "{decided:?}");
        }
    }
}
