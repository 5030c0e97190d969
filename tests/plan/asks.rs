//! What is shown before a run that writes, whether it asks, and which answers are a yes.

use fargate_updater::plan::consent::agrees;
use fargate_updater::report::shown;

use crate::settings::with_secret;

fn shown_of(arguments: &[&str]) -> String {
    let settings = with_secret(arguments).expect("the settings can be used");
    let lines: Vec<String> = shown::settings(&settings).into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.join("\n")
}

#[test]
fn without_filters_everything_is_in_scope_and_said_to_be() {
    insta::assert_snapshot!(shown_of(&[]), @"
    ACCOUNTS: every account of the organization
    REGIONS: all that an account has enabled
    CLUSTERS: all
    NETWORK: patch
    CONSOLE_CIDRS: not given
    UPGRADE: true
    REEMBED: false
    PIN_IMAGES: false
    MAX_CHANGES: not given
    ASSUME_ROLE: true
    WAIT: true
    WAIT_TIMEOUT: 15m
    ROLLOUTS: 5
    ROLLBACK: true
    CANARY: not given
    MAX_FAILURES: 10
    VERIFY: true
    ROLE_NAME: FargateDeployMember
    ");
}

#[test]
fn every_filter_is_shown() {
    let arguments = [
        "--accounts=222233334444,111122223333",
        "--exclude-accounts=444455556666",
        "--organizational-units=ou-ab12-11111111",
        "--regions=us-east-1,eu-west-1",
        "--clusters=arn:aws:ecs:eu-west-1:111122223333:cluster/web",
        "--network=patch",
        "--console-cidrs=203.0.113.0/24,198.51.100.7",
        "--upgrade=true",
        "--reembed",
        "--max-changes=10",
        "--role-name=Updater",
    ];
    insta::assert_snapshot!(shown_of(&arguments), @"
    ACCOUNTS: 111122223333, 222233334444
    EXCLUDE_ACCOUNTS: 444455556666
    ORGANIZATIONAL_UNITS: ou-ab12-11111111
    REGIONS: eu-west-1, us-east-1
    CLUSTERS: arn:aws:ecs:eu-west-1:111122223333:cluster/web
    NETWORK: patch
    CONSOLE_CIDRS: 198.51.100.7/32, 203.0.113.0/24
    UPGRADE: true
    REEMBED: true
    PIN_IMAGES: false
    MAX_CHANGES: 10
    ASSUME_ROLE: true
    WAIT: true
    WAIT_TIMEOUT: 15m
    ROLLOUTS: 5
    ROLLBACK: true
    CANARY: not given
    MAX_FAILURES: 10
    VERIFY: true
    ROLE_NAME: Updater
    ");
}

#[test]
fn one_account_with_its_own_credentials_is_said_to_be_that() {
    let shown = shown_of(&["--deployment-mode=single", "--assume-role=false", "--network=off", "--upgrade=false"]);
    insta::assert_snapshot!(shown, @"
    ACCOUNTS: the caller's own (DEPLOYMENT_MODE=SINGLE)
    REGIONS: all that an account has enabled
    CLUSTERS: all
    NETWORK: off
    CONSOLE_CIDRS: not given
    UPGRADE: false
    REEMBED: false
    PIN_IMAGES: false
    MAX_CHANGES: not given
    ASSUME_ROLE: false
    WAIT: true
    WAIT_TIMEOUT: 15m
    ROLLOUTS: 5
    ROLLBACK: true
    CANARY: not given
    MAX_FAILURES: 10
    VERIFY: true
    ");
}

#[test]
fn what_needs_wait_is_shown_only_with_it() {
    let names = ["WAIT_TIMEOUT: ", "ROLLOUTS: ", "ROLLBACK: ", "CANARY: ", "VERIFY: "];
    let shown =
        |arguments: &[&str]| shown_of(arguments).lines().filter(|line| names.iter().any(|it| line.starts_with(it))).count();
    assert_eq!((shown(&["--wait=false"]), shown(&["--verify=false"])), (0, names.len()));
    assert!(shown_of(&["--verify=false"]).contains("VERIFY: false"));
}

#[test]
fn of_a_long_list_the_rest_is_counted() {
    let accounts: Vec<String> = (0..23).map(|number| format!("1111222233{number:02}")).collect();
    let shown = shown_of(&[&format!("--accounts={}", accounts.join(","))]);
    let line = shown.lines().next().expect("a first line");
    assert_eq!(line, format!("ACCOUNTS: {} and 3 more", accounts[..20].join(", ")));
}

#[test]
fn a_run_asks_if_it_would_write_and_somebody_is_there_who_has_not_said_yes() {
    let cases = [
        ("nobody is there", &[][..], false),
        ("somebody is there", &["--ask"], true),
        ("who has said yes", &["--ask", "--yes"], false),
        ("nothing would be written", &["--ask", "--dry-run"], false),
        ("yes to nobody", &["--yes"], false),
    ];
    for (name, arguments, expected) in cases {
        assert_eq!(with_secret(arguments).expect("the settings can be used").run.asks(), expected, "{name}");
    }
}

#[test]
fn only_yes_is_a_yes() {
    for answer in ["y", "yes", "Y", "YES\n", " yes \r\n"] {
        assert!(agrees(answer), "{answer:?}");
    }
    for answer in ["", "\n", "n", "no", "yes please", "yy", "true", "1", "yes\nno"] {
        assert!(!agrees(answer), "{answer:?}");
    }
}
