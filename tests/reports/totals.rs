//! Who counts as protected, by which version, in which share; and how long a summary may get.

use fargate_updater::events::{Event, Outcome, Protection, RollOut, ServiceEnded, Stage, Unattempted, versions};
use fargate_updater::plan::{Outdated, SkipReason};
use fargate_updater::report::files::tile::Tile;
use fargate_updater::report::files::totals::Totals;
use fargate_updater::report::files::write_markdown;

use crate::run::{ACCOUNT, began, failure, listed, revision, service};

/// A summary of a step may be so long.
/// Source: GitHub Docs, "Workflow commands for GitHub Actions", "Step isolation and limits" (read 2026-11).
const MOST_BYTES: usize = 1024 * 1024;

#[test]
fn an_outcome_says_what_a_service_is_left_with() {
    let (from, to) = (revision(ACCOUNT, "orders", 1), revision(ACCOUNT, "orders", 2));
    let older = || Outdated::Version { installed: "33.01.137".to_owned(), today: "34.03.138".to_owned() };
    let unknown = Outdated::Version { installed: "of unknown version".to_owned(), today: "34.03.138".to_owned() };
    let upgraded = |why| Outcome::Upgraded { from: from.clone(), to: to.clone(), why, roll_out: RollOut::Done };
    let planned = |why| Outcome::Planned { from: from.clone(), why };
    let (today, none) = (Some("34.03.138"), Some("none"));
    let table = [
        (
            "protected",
            Outcome::Protected { from: from.clone(), to: to.clone(), roll_out: RollOut::NotWatched },
            Protection::Today,
            (none, today),
        ),
        ("upgraded from another version", upgraded(older()), Protection::Today, (Some("33.01.137"), today)),
        ("upgraded from nobody knows which", upgraded(unknown), Protection::Today, (None, today)),
        ("upgraded from another place", upgraded(Outdated::Image), Protection::Today, (None, today)),
        ("upgraded for its settings", upgraded(Outdated::Fips), Protection::Today, (today, today)),
        ("up to date", Outcome::UpToDate { task_definition: to.clone() }, Protection::Today, (today, today)),
        ("planned, without a Defender", planned(None), Protection::None, (none, none)),
        ("planned, with an older one", planned(Some(older())), Protection::Other, (Some("33.01.137"), Some("33.01.137"))),
        (
            "upgrades are off",
            Outcome::Skipped(SkipReason::UpgradesAreOff { outdated: older() }),
            Protection::Other,
            (Some("33.01.137"), Some("33.01.137")),
        ),
        ("on EC2", Outcome::Skipped(SkipReason::NotFargate { runs_on: "EC2".to_owned() }), Protection::OutOfScope, (None, None)),
        ("gone", Outcome::Skipped(SkipReason::gone()), Protection::OutOfScope, (None, None)),
        ("left out by its owner", Outcome::Skipped(SkipReason::OptedOut { tagged: "service" }), Protection::None, (None, None)),
        ("failed", Outcome::Failed(failure(Stage::Update, &["it failed"], None)), Protection::None, (None, None)),
        ("not attempted", Outcome::NotAttempted(Unattempted::Stopped), Protection::None, (None, None)),
    ];
    for (name, outcome, protection, expected) in table {
        assert_eq!(Protection::of(&outcome, false), protection, "{name}");
        let (before, after) = versions(&outcome, today, false);
        assert_eq!((before.told().as_deref(), after.told().as_deref()), expected, "{name}");
    }
    // An undo knows no version of today's, and what it would take out is still there.
    let undone = Outcome::Undone { from: from.clone(), to, roll_out: RollOut::Done };
    for (outcome, protection, now) in [(undone, Protection::None, none), (planned(None), Protection::Other, None)] {
        assert_eq!((Protection::of(&outcome, true), versions(&outcome, None, true).1.told().as_deref()), (protection, now));
    }
}

#[test]
fn a_share_is_cut_off_and_a_hundred_percent_is_all() {
    for (today, other, none, percent) in [
        (0, 0, 0, None),
        (0, 0, 3, Some("0%")),
        (1, 0, 2, Some("33.3%")),
        (1, 1, 1, Some("66.6%")),
        (1, 0, 1, Some("50%")),
        (99_999, 0, 1, Some("99.9%")),
        (7, 3, 0, Some("100%")),
    ] {
        let tile = Tile { today, other, none, out_of_scope: 5, failed: 0 };
        assert_eq!(tile.percent().as_deref(), percent, "{tile:?}");
    }
}

#[test]
fn markdown_of_the_worst_run_fits_into_a_steps_summary() {
    let long = "x|".repeat(10_000);
    let mut totals = Totals::default();
    totals.add(&began());
    totals.add(&listed(1, &[(ACCOUNT, &long)]));
    for number in 0..500 {
        let failed = Outcome::Failed(failure(Stage::Update, &[long.as_str(); 6], Some(&long)));
        let id = service(ACCOUNT, "us-east-1", "web", &format!("service-{number}"));
        totals.add(&Event::Service(ServiceEnded::new(id, failed)));
        totals.add(&Event::Warning { text: long.clone() });
    }
    for reason in SkipReason::examples() {
        totals.add(&Event::Service(ServiceEnded::new(service(ACCOUNT, "us-east-1", "web", "skipped"), Outcome::Skipped(reason))));
    }
    let mut text = Vec::new();
    write_markdown(&totals, &mut text).expect("a vector takes everything");
    assert!(text.len() < MOST_BYTES, "{} bytes", text.len());
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains("- and 450 more"), "the rest is counted");
}
