//! How much is protected: what counts, and where it is told.

use std::time::Duration;

use fargate_updater::events::{Counts, Coverage, Event, Outcome, RollOut, ServiceEnded, ServiceId, Unattempted, UndoBeginning};
use fargate_updater::ids::TaskDefinitionArn;
use fargate_updater::plan::SkipReason;
use fargate_updater::progress::Spent;
use fargate_updater::report::tally::Tally;
use fargate_updater::report::text::summary;

use crate::support::id;

fn ended(account: u64, region: &str, name: usize, outcome: Outcome) -> Event {
    let account = format!("{account:012}");
    let service = ServiceId {
        account: id(&account),
        region: id(region),
        cluster: "web".to_owned(),
        name: format!("s{name}"),
        arn: id(&format!("arn:aws:ecs:{region}:{account}:service/web/s{name}")),
        task_definition: None,
    };
    Event::Service(ServiceEnded::new(service, outcome))
}

fn revision(number: u32) -> TaskDefinitionArn {
    id(&format!("arn:aws:ecs:us-east-1:111122223333:task-definition/web:{number}"))
}

fn up_to_date() -> Outcome {
    Outcome::UpToDate { task_definition: revision(2) }
}

fn skipped() -> Outcome {
    Outcome::Skipped(SkipReason::DeploymentInProgress)
}

fn tally(events: impl IntoIterator<Item = Event>) -> Tally {
    let mut tally = Tally::default();
    tally.add(&Event::AccountsListed { in_scope: 1, names: Default::default() });
    events.into_iter().for_each(|event| tally.add(&event));
    tally
}

/// The summary's first lines and what it says of places: all that comes before what is told of single services.
fn told(tally: &Tally) -> String {
    let spent = Spent { elapsed: Duration::from_secs(72), calls: 1234, throttled: 5, console_calls: 61, console_throttled: 0 };
    let mut written = Vec::new();
    summary(tally, &spent, false, &mut written).expect("a vector takes all");
    let text = String::from_utf8(written).expect("text");
    let end = text.find("\nSkipped, and why").or_else(|| text.find("\nEvery service")).unwrap_or(text.len());
    text[..end].trim().to_owned()
}

#[test]
fn protected_is_what_has_a_defender_and_in_scope_is_what_runs_on_fargate() {
    let (from, to) = (revision(1), revision(2));
    let roll_out = RollOut::Done;
    let cases = [
        (Outcome::Protected { from: from.clone(), to: to.clone(), roll_out }, 1),
        (up_to_date(), 1),
        (Outcome::Undone { from: from.clone(), to, roll_out }, 0),
        (Outcome::Planned { from, why: None }, 0),
        (skipped(), 0),
        // Somebody else's Defender protects, too.
        (Outcome::Skipped(SkipReason::NotOurs), 1),
        (Outcome::NotAttempted(Unattempted::Stopped), 0),
    ];
    for (outcome, protected) in cases {
        let (mut counts, mut alone) = (Counts::default(), Coverage::default());
        alone.add(&outcome);
        counts.add(&ended(1, "us-east-1", 1, outcome.clone()));
        assert_eq!(alone, Coverage { protected, in_scope: 1 }, "{outcome:?}");
        assert_eq!(counts.coverage, alone, "{outcome:?}: one by one it is the same as counted together");
    }
}

#[test]
fn a_share_is_rounded_down_so_that_only_all_is_all() {
    let cases = [(0, 0, "-"), (0, 3, "0.0%"), (1, 3, "33.3%"), (2, 3, "66.6%"), (9999, 10_000, "99.9%"), (7, 7, "100%")];
    for (protected, in_scope, shown) in cases {
        assert_eq!(Coverage { protected, in_scope }.to_string(), shown, "{protected} of {in_scope}");
    }
}

#[test]
fn few_places_are_told_one_by_one() {
    let one = tally([ended(1, "us-east-1", 1, up_to_date()), ended(1, "us-east-1", 2, skipped())]);
    insta::assert_snapshot!(told(&one), @"
    Summary
      2 services seen, 1 account in scope: 1 up to date, 1 skipped
      50.0% protected: 1 of 2 services
      took 1 min 12 s, with 1,234 calls to AWS, 5 of them throttled, and 61 to the Console, none of them throttled
    ");
    let few = tally([
        ended(1, "us-east-1", 1, up_to_date()),
        ended(1, "us-east-1", 2, skipped()),
        ended(1, "ap-northeast-1", 3, up_to_date()),
        ended(2, "us-east-1", 4, skipped()),
    ]);
    insta::assert_snapshot!(told(&few), @"
    Summary
      4 services seen, 1 account in scope: 2 up to date, 2 skipped
      50.0% protected: 2 of 4 services
      took 1 min 12 s, with 1,234 calls to AWS, 5 of them throttled, and 61 to the Console, none of them throttled

    Protected, by account and Region
      000000000001  ap-northeast-1    100%  1 of 1
      000000000001  us-east-1        50.0%  1 of 2
      000000000002  us-east-1         0.0%  0 of 1
    ");
}

#[test]
fn many_places_are_told_by_account_and_many_accounts_by_what_is_missing() {
    let regions: Vec<String> = (1..=9).map(|number| format!("eu-west-{number}")).collect();
    let everywhere = |account: u64, outcome: &Outcome| -> Vec<Event> {
        regions.iter().enumerate().map(|(name, region)| ended(account, region, name, outcome.clone())).collect()
    };
    let three = [(1, up_to_date()), (2, skipped()), (3, up_to_date())];
    let by_account = tally(three.iter().flat_map(|(account, outcome)| everywhere(*account, outcome)));
    insta::assert_snapshot!(told(&by_account), @"
    Summary
      27 services seen, 1 account in scope: 18 up to date, 9 skipped
      66.6% protected: 18 of 27 services
      took 1 min 12 s, with 1,234 calls to AWS, 5 of them throttled, and 61 to the Console, none of them throttled

    Protected, by account
      000000000001    100%  9 of 9
      000000000002    0.0%  0 of 9
      000000000003    100%  9 of 9
    ");

    let partly =
        |account: u64| (0..account).map(move |name| ended(account, "us-east-1", usize::try_from(name).expect("few"), skipped()));
    let many = tally((1..=22).flat_map(partly).chain((23..=30).flat_map(|account| everywhere(account, &up_to_date()))));
    insta::assert_snapshot!(told(&many), @"
    Summary
      325 services seen, 1 account in scope: 72 up to date, 253 skipped
      22.1% protected: 72 of 325 services
      took 1 min 12 s, with 1,234 calls to AWS, 5 of them throttled, and 61 to the Console, none of them throttled

    Protected, in the accounts where most is missing
      000000000022    0.0%  0 of 22
      000000000021    0.0%  0 of 21
      000000000020    0.0%  0 of 20
      000000000019    0.0%  0 of 19
      000000000018    0.0%  0 of 18
      000000000017    0.0%  0 of 17
      000000000016    0.0%  0 of 16
      000000000015    0.0%  0 of 15
      000000000014    0.0%  0 of 14
      000000000013    0.0%  0 of 13
      000000000012    0.0%  0 of 12
      000000000011    0.0%  0 of 11
      000000000010    0.0%  0 of 10
      000000000009    0.0%  0 of 9
      000000000008    0.0%  0 of 8
      000000000007    0.0%  0 of 7
      000000000006    0.0%  0 of 6
      000000000005    0.0%  0 of 5
      000000000004    0.0%  0 of 4
      000000000003    0.0%  0 of 3
      and 2 more where something is missing; 8 of 30 accounts are protected as a whole
    ");
    let whole = tally((1..=30).flat_map(|account| everywhere(account, &up_to_date())));
    insta::assert_snapshot!(told(&whole), @"
    Summary
      270 services seen, 1 account in scope: 270 up to date
      100% protected: 270 of 270 services
      took 1 min 12 s, with 1,234 calls to AWS, 5 of them throttled, and 61 to the Console, none of them throttled
      in each of 30 accounts with services, all of them
    ");
}

#[test]
fn a_run_that_takes_defenders_out_says_nothing_of_coverage() {
    let beginning = UndoBeginning {
        run_id: "run".to_owned(),
        caller: id("123456789012"),
        region: id("us-east-1"),
        undone_run: None,
        keep_network: false,
        dry_run: false,
    };
    let events =
        [Event::UndoBegan(Box::new(beginning)), ended(1, "us-east-1", 1, skipped()), ended(2, "us-east-1", 1, skipped())];
    let told = told(&tally(events));
    assert!(!told.contains('%') && !told.contains("Protected"), "{told}");
}
