//! What CI systems read from standard output, text by text, and as many errors as they show.

use fargate_updater::events::{Event, Outcome, ServiceEnded, Stage};
use fargate_updater::report::ci::{System, azure, azure_summary, github, github_property};
use fargate_updater::report::files::totals::Totals;

use crate::run::{ACCOUNT, began, failure, fixed, listed, service};

#[test]
fn texts_end_no_command() {
    let table = [
        ("plain: text, as it is", "plain: text, as it is", "plain%3A text%2C as it is", "plain: text, as it is"),
        ("100%", "100%25", "100%25", "100%AZP25"),
        ("one\r\ntwo", "one%0D%0Atwo", "one%0D%0Atwo", "one%0D%0Atwo"),
        ("%0A is no line end", "%250A is no line end", "%250A is no line end", "%AZP250A is no line end"),
        ("a\n::stop-commands::x", "a%0A::stop-commands::x", "a%0A%3A%3Astop-commands%3A%3Ax", "a%0A::stop-commands::x"),
    ];
    for (text, data, property, logged) in table {
        assert_eq!((github(text).as_str(), github_property(text).as_str(), azure(text).as_str()), (data, property, logged));
    }
}

fn told(system: System, events: Vec<Event>) -> String {
    let mut totals = Totals::default();
    events.iter().for_each(|event| totals.add(event));
    let mut out = Vec::new();
    system.failures(&totals, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("text")
}

#[test]
fn failures_are_annotations() {
    insta::assert_snapshot!(told(System::GitHub, fixed()), @"
    ::error title=account 444455556666 could not be walked::could not assume the role FargateDeployMember%0Away out: check that it exists
    ::error title=web/report (111122223333%2C us-east-1) is not protected::could not find the entry point of container report%0Ait is nowhere%0Away out: add the image's own entry point as `entryPoint` to the container in the task definition
    ");
    insta::assert_snapshot!(told(System::AzureDevOps, fixed()), @"
    ##vso[task.logissue type=error]account 444455556666 could not be walked: could not assume the role FargateDeployMember: way out: check that it exists
    ##vso[task.logissue type=error]web/report (111122223333, us-east-1) is not protected: could not find the entry point of container report: it is nowhere: way out: add the image's own entry point as `entryPoint` to the container in the task definition
    ");
}

#[test]
fn as_many_errors_as_a_step_shows_are_told_and_the_last_counts_the_others() {
    let failing = |number: usize| {
        let outcome = Outcome::Failed(failure(Stage::Update, &["it\nfailed"], None));
        let id = service(ACCOUNT, "us-east-1", "web", &format!("service-{number:02}"));
        Event::Service(ServiceEnded::new(id, outcome))
    };
    for (failures, lines, last) in [(10, 10, "service-09"), (11, 10, "2 more failures"), (300, 10, "291 more failures")] {
        let events = [began(), listed(1, &[])].into_iter().chain((0..failures).rev().map(failing)).collect();
        let told = told(System::GitHub, events);
        let all: Vec<&str> = told.lines().collect();
        assert_eq!(all.len(), lines, "{told}");
        assert!(all.iter().all(|line| line.starts_with("::error title=")), "{told}");
        assert!(all.last().is_some_and(|line| line.contains(last)), "{told}");
        assert!(all[0].contains("service-00"), "the first in the order of their places: {told}");
    }
}

#[test]
fn azure_devops_is_told_where_the_markdown_is() {
    let mut out = Vec::new();
    azure_summary("/agent/_temp/100%.md", &mut out).expect("a vector takes everything");
    assert_eq!(out, b"##vso[task.uploadsummary]/agent/_temp/100%AZP25.md\n");
}
