//! AWS says "too busy", answers late or not at all: everything is done in the end, and nothing is done twice.

use std::time::Duration;

use simulator::{Fault, FaultRule, Finished, Org, World};

use crate::support::{ACCOUNT, HOME, expect_defender, updater};

/// The sentence of ECS when two registrations of one family overlap.
const OVERLAPPING: &str = "Too many concurrent attempts to create a new revision of the specified family.";

fn two_services() -> Org {
    Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json").service("web/orders", "orders.json"))
}

/// Makes the first calls of an operation fail.
fn first_calls(operation: &str, number: u64, fault: Fault) -> FaultRule {
    FaultRule { operation: operation.to_owned(), account: None, region: None, from: 1, to: Some(number), fault }
}

fn all_output(run: &Finished) -> String {
    format!("{}{}", run.stdout, run.stderr)
}

/// Checks that both services are protected, and that each of their definitions has exactly one revision more.
fn expect_both_protected_once(world: &World) {
    for (service, family) in [("web/checkout", "httpd"), ("web/orders", "orders")] {
        expect_defender(world, ACCOUNT, HOME, service);
        assert_eq!(world.revisions(ACCOUNT, HOME, family).len(), 2, "revisions of {family}");
    }
}

#[tokio::test]
async fn every_operation_is_repeated_when_aws_is_too_busy() {
    let operations = [
        "GetCallerIdentity",
        "GetSecretValue",
        "ListAccounts",
        "AssumeRole",
        "DescribeRegions",
        "ListClusters",
        "DescribeClusters",
        "ListServices",
        "DescribeServices",
        "DescribeTaskDefinition",
        "RegisterTaskDefinition",
        "UpdateService",
    ];
    let busy = [
        Fault::throttled(),
        Fault::error(400, "Throttling", "Rate exceeded"),
        Fault::error(429, "TooManyRequestsException", "Too many requests"),
        Fault::error(503, "RequestLimitExceeded", "Request limit exceeded."),
    ];
    for operation in operations {
        for fault in &busy {
            let world = two_services().fault(first_calls(operation, 3, fault.clone())).start().await;
            let run = updater(&world).run().await;
            assert_eq!(run.exit_code, Some(0), "{operation}, {fault:?}: {}", all_output(&run));
            assert!(world.calls().of(operation) > 3, "{operation} was never throttled");
            expect_both_protected_once(&world);
        }
    }
}

#[tokio::test]
async fn everything_throttled_at_once_is_done_in_the_end() {
    let operations = ["AssumeRole", "ListServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"];
    let org = operations.iter().fold(two_services(), |org, operation| org.fault(first_calls(operation, 5, Fault::throttled())));
    let world = org.start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    expect_both_protected_once(&world);
    assert_eq!((world.registered().len(), world.updates().len()), (2, 2));
}

#[tokio::test]
async fn a_registration_that_overlaps_another_is_repeated() {
    let overlapping = Fault::error(400, "ClientException", OVERLAPPING);
    let world = two_services().fault(first_calls("RegisterTaskDefinition", 4, overlapping)).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of("RegisterTaskDefinition"), 6);
    expect_both_protected_once(&world);
}

#[tokio::test]
async fn a_registration_that_is_refused_is_not_repeated() {
    let refused = Fault::error(400, "ClientException", "No.");
    let world = two_services().fault(first_calls("RegisterTaskDefinition", 1, refused)).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(3), "{}", all_output(&run));
    assert_eq!(world.calls().of("RegisterTaskDefinition"), 2, "one for each definition");
    assert!(run.stdout.contains("cause: RegisterTaskDefinition was refused (ClientException): No."), "{}", run.stdout);
}

#[tokio::test]
async fn a_registration_whose_answer_is_lost_is_not_repeated_and_the_next_run_uses_its_revision() {
    let lost = [Fault::LostAnswer, Fault::HalfAnswer];
    for fault in lost {
        let org = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
        let world = org.fault_at("RegisterTaskDefinition", 1, fault.clone()).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(3), "{fault:?}: {}", all_output(&run));
        assert_eq!(world.calls().of("RegisterTaskDefinition"), 1, "{fault:?}");
        assert_eq!(world.revisions(ACCOUNT, HOME, "httpd").len(), 2, "{fault:?}: it was registered all the same");
        assert!(world.updates().is_empty(), "{fault:?}");

        let next = updater(&world).run().await;
        assert_eq!(next.exit_code, Some(0), "{fault:?}: {}", all_output(&next));
        assert!(next.stdout.contains("the revision that an earlier run registered was used"), "{}", next.stdout);
        assert_eq!(world.registered().len(), 1, "{fault:?}");
        assert_eq!(world.revisions(ACCOUNT, HOME, "httpd").len(), 2, "{fault:?}");
        expect_defender(&world, ACCOUNT, HOME, "web/checkout");
    }
}

#[tokio::test]
async fn a_server_error_of_a_registration_is_not_repeated_either() {
    let org = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
    let world = org.fault_at("RegisterTaskDefinition", 1, Fault::error(500, "ServerException", "Service error.")).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(3), "{}", all_output(&run));
    assert_eq!(world.calls().of("RegisterTaskDefinition"), 1, "nobody knows whether it was done");
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_repeated_and_does_no_harm() {
    for fault in [Fault::LostAnswer, Fault::NoAnswer, Fault::error(500, "ServerException", "Service error.")] {
        let world = two_services().fault_at("UpdateService", 1, fault.clone()).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(0), "{fault:?}: {}", all_output(&run));
        assert_eq!(world.calls().of("UpdateService"), 3, "{fault:?}");
        expect_both_protected_once(&world);
    }
}

#[tokio::test]
async fn reads_without_an_answer_are_repeated() {
    for operation in ["AssumeRole", "ListClusters", "DescribeServices", "DescribeTaskDefinition"] {
        for fault in [Fault::NoAnswer, Fault::HalfAnswer, Fault::error(500, "InternalFailure", "Try again.")] {
            let world = two_services().fault(first_calls(operation, 1, fault.clone())).start().await;
            let run = updater(&world).run().await;
            assert_eq!(run.exit_code, Some(0), "{operation}, {fault:?}: {}", all_output(&run));
            expect_both_protected_once(&world);
        }
    }
}

#[tokio::test]
async fn credentials_that_end_during_a_run_are_renewed_before_the_calls_that_need_them() {
    // So short that they are old as soon as they are there: every call renews them, and none is made with old ones.
    let world = two_services().sessions_of(Duration::from_secs(60)).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    expect_both_protected_once(&world);
    let calls = world.calls();
    let made = calls.iter().filter(|(call, _)| call.account == ACCOUNT).map(|(_, count)| count).sum::<u64>();
    let accounts = 2;
    assert!(calls.of("AssumeRole") > accounts, "assumed {} times", calls.of("AssumeRole"));
    assert!(calls.of("AssumeRole") >= made, "{made} calls with {} sessions", calls.of("AssumeRole"));
}

#[tokio::test]
async fn seventy_accounts_at_once_assume_each_role_once() {
    let org = (0..70).fold(Org::new(), |org, number| {
        org.account(&format!("{}", 200_000_000_000_u64 + number), |account| account.service("web/checkout", "httpd.json"))
    });
    let world = org.start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(0), "{}", all_output(&run));
    assert_eq!(world.calls().of("AssumeRole"), 71, "the management account's role among them");
    assert!(run.stdout.contains("70 services seen, 71 accounts in scope: 70 protected"), "{}", run.stdout);
}

#[tokio::test]
async fn the_narrowest_bounds_let_everything_through() {
    let org = || {
        let org = Org::new().account(ACCOUNT, |account| {
            let account =
                account.service("web/one", "httpd.json").service("web/two", "httpd.json").service("api/three", "orders.json");
            account.region("eu-west-1", |region| region.service("web/four", "orders.json"))
        });
        let org = org.account("222233334444", |account| {
            account.service_with("web/five", "httpd.json", |service| service.deploying()).service("web/six", "orders.json")
        });
        org.sessions_of(Duration::from_secs(60)).fault(first_calls("AssumeRole", 2, Fault::throttled()))
    };
    for narrow in [
        &["--concurrency=1"][..],
        &["--services-kept=1"],
        &["--regions-walked=1"],
        &["--concurrency=1", "--services-kept=1", "--regions-walked=1", "--pace=1"],
    ] {
        let world = org().start().await;
        let run = updater(&world).args(narrow).run().await;
        assert_eq!(run.exit_code, Some(0), "{narrow:?}: {}", all_output(&run));
        assert!(run.stdout.contains("6 services seen, 3 accounts in scope: 6 protected"), "{narrow:?}: {}", run.stdout);
    }
}

#[tokio::test]
async fn what_stays_throttled_fails_and_says_so() {
    for (operation, told) in [
        (
            "DescribeTaskDefinition",
            "cause: DescribeTaskDefinition was throttled until we gave up (ThrottlingException): Rate exceeded",
        ),
        (
            "RegisterTaskDefinition",
            "cause: RegisterTaskDefinition was throttled until we gave up (ThrottlingException): Rate exceeded",
        ),
        ("UpdateService", "cause: UpdateService was throttled until we gave up (ThrottlingException): Rate exceeded"),
    ] {
        let rule = FaultRule { to: None, ..first_calls(operation, 1, Fault::throttled()) };
        let org = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
        let world = org.fault(rule).start().await;
        let run = updater(&world).run().await;
        assert_eq!(run.exit_code, Some(3), "{operation}: {}", all_output(&run));
        assert!(run.stdout.contains(told), "{operation}: {}", run.stdout);
        let tries = world.calls().of(operation);
        assert!((2..=50).contains(&tries), "{operation} was tried {tries} times");
    }
}

#[tokio::test]
async fn a_renewal_that_stays_throttled_is_not_begun_anew_by_each_call_that_needs_it() {
    let renewals = FaultRule { from: 2, to: None, ..first_calls("AssumeRole", 1, Fault::throttled()) };
    let org = Org::new().account(ACCOUNT, |account| account.service("web/checkout", "httpd.json"));
    // Sessions this short are renewed before every call.
    let world = org.sessions_of(Duration::from_secs(60)).fault(renewals).start().await;
    let run = updater(&world).run().await;
    assert_eq!(run.exit_code, Some(3), "{}", all_output(&run));
    assert!(run.stdout.contains("AssumeRole was throttled until we gave up"), "{}", run.stdout);
    let tries = world.calls().of("AssumeRole");
    assert!((2..=100).contains(&tries), "AssumeRole was tried {tries} times for two accounts");
}
