//! What cannot be seen or reached fails where it is, with the way out; everything else is done.

use fargate_updater::exit;
use simulator::{Account, Fault, FaultRule, Finished, Org};

use crate::support::{ACCOUNT, HOME, accounts_entered, expect_defender, expect_exit, expect_told, one_container, updater};

/// The account that something is wrong with.
const OTHER: &str = "444455556666";

/// An organization in which one account is well, with one service.
fn one_good_account() -> Org {
    Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json"))
}

fn with_service(account: Account) -> Account {
    account.service("pay/ledger", one_container("ledger"))
}

/// Returns the line that tells of an account, a Region or a cluster; there must be one, and it must begin with the outcome.
fn line_about<'a>(run: &'a Finished, place: &str, outcome: &str) -> &'a str {
    let about = format!(" {place}:");
    let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains(&about)).collect();
    assert_eq!(lines.len(), 1, "{place}: {lines:#?}\n{}", run.stdout);
    assert!(lines[0].starts_with(&format!("{outcome} ")), "{}", lines[0]);
    lines[0]
}

/// Checks that the summary holds a hint, word for word.
fn expect_hint(run: &Finished, hint: &str) {
    let hint = format!("  hint:  {hint}");
    assert!(run.stdout.lines().any(|line| line == hint), "no {hint:?} in\n{}{}", run.stdout, run.stderr);
}

#[tokio::test]
async fn an_account_without_the_role_does_not_stop_the_others() {
    let world = one_good_account().account(OTHER, |account| with_service(account).without_member_role()).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "web/shop", "protected", "httpd:1 -> httpd:2");
    let line = line_about(&run, &format!("account {OTHER}"), "failed");
    assert!(line.ends_with("could not assume the role FargateDeployMember"), "{line}");
    expect_hint(
        &run,
        "check that FargateDeployMember exists in that account and trusts this caller (the StackSet may not reach it, or the role \
         may ask for an EXTERNAL_ID), or leave the account out with EXCLUDE_ACCOUNTS",
    );
}

#[tokio::test]
async fn another_role_name_is_the_one_that_is_assumed() {
    let org = Org::new().account(ACCOUNT, |account| account.service("web/shop", "httpd.json").member_role("FargateDeployMember"));
    let org = org.account(OTHER, with_service).stack(|stack| stack.parameter("MemberRoleName", "Patcher"));
    let world = org.start().await;
    let run = updater(&world).env("ROLE_NAME", "Patcher").run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_told(&run, "pay/ledger", "protected", "ledger:1 -> ledger:2");
    let line = line_about(&run, &format!("account {ACCOUNT}"), "failed");
    assert!(line.ends_with("could not assume the role Patcher"), "{line}");
}

#[tokio::test]
async fn an_account_that_is_not_active_is_not_walked_which_is_no_failure() {
    let world = one_good_account()
        .account(OTHER, |account| with_service(account).state("SUSPENDED"))
        .account("555566667777", |account| with_service(account).state("PENDING_CLOSURE"))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    line_about(&run, &format!("account {OTHER}"), "not walked");
    assert!(run.stdout.contains(&format!("account {OTHER}: the account is SUSPENDED")), "{}", run.stdout);
    assert!(run.stdout.contains("account 555566667777: the account is PENDING_CLOSURE"), "{}", run.stdout);
    assert_eq!(accounts_entered(&world), [ACCOUNT, "123456789012"], "no role is assumed there");
}

/// `ListAccounts` told the state in `Status` alone before 2026-09.
#[tokio::test]
async fn an_account_whose_state_is_told_in_the_old_field_counts_the_same() {
    let world = one_good_account()
        .account(OTHER, |account| with_service(account).only_status())
        .account("555566667777", |account| with_service(account).only_status().state("SUSPENDED"))
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, OTHER, HOME, "pay/ledger");
    line_about(&run, "account 555566667777", "not walked");
}

#[tokio::test]
async fn a_region_that_the_organization_denies_is_not_walked_which_is_no_failure() {
    let world = one_good_account().account(OTHER, |account| with_service(account).denied_region("eu-west-1")).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);
    let line = line_about(&run, &format!("account {OTHER}, eu-west-1"), "not walked");
    assert!(line.ends_with("a service control policy of the organization denies the Region"), "{line}");
    expect_defender(&world, OTHER, HOME, "pay/ledger");
}

#[tokio::test]
async fn a_region_that_is_named_and_not_enabled_is_not_walked_which_is_no_failure() {
    let world = one_good_account()
        .account(OTHER, |account| {
            with_service(account).region("af-south-1", |region| region.service("pay/ledger", "orders.json"))
        })
        .start()
        .await;
    let run = updater(&world).env("REGIONS", "us-east-1,af-south-1").run().await;
    expect_exit(&run, exit::DONE);
    let line = line_about(&run, &format!("account {ACCOUNT}, af-south-1"), "not walked");
    assert!(line.ends_with("the Region is not enabled in the account"), "{line}");
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    expect_defender(&world, OTHER, "af-south-1", "pay/ledger");
    // Regions that are named need not be asked for, except where ECS answers as it does to credentials that nobody knows.
    let asked = |account| world.calls().of_at("DescribeRegions", account, HOME);
    assert_eq!([asked(ACCOUNT), asked(OTHER)], [1, 0]);
}

#[tokio::test]
async fn a_denied_call_fails_what_needs_it_and_the_hint_names_action_and_policy() {
    struct Denied {
        action: &'static str,
        place: &'static str,
        told: &'static str,
        hint: &'static str,
    }
    let table = [
        Denied {
            action: "ec2:DescribeRegions",
            place: "account 444455556666",
            told: "could not list the account's Regions",
            hint: "allow ec2:DescribeRegions in FargateUpdaterMemberPolicy, then run again; or name the Regions in REGIONS",
        },
        Denied {
            action: "ecs:ListClusters",
            place: "account 444455556666, us-east-1",
            told: "could not list the clusters",
            hint: "allow ecs:ListClusters in FargateUpdaterMemberPolicy, then run again",
        },
        Denied {
            action: "ecs:DescribeClusters",
            place: "account 444455556666, us-east-1",
            told: "could not read the clusters' tags",
            hint: "allow ecs:DescribeClusters in FargateUpdaterMemberPolicy, then run again",
        },
        Denied {
            action: "ecs:ListServices",
            place: "account 444455556666, us-east-1, cluster pay",
            told: "could not list the services",
            hint: "allow ecs:ListServices in FargateUpdaterMemberPolicy, then run again",
        },
        Denied {
            action: "ecs:DescribeServices",
            place: "account 444455556666, us-east-1, cluster pay",
            told: "could not describe the services",
            hint: "allow ecs:DescribeServices in FargateUpdaterMemberPolicy, then run again",
        },
    ];
    for Denied { action, place, told, hint } in table {
        let world = one_good_account().account(OTHER, |account| with_service(account).deny(action)).start().await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::NOT_ALL);
        let line = line_about(&run, place, "failed");
        assert!(line.ends_with(told), "{action}: {line}");
        expect_hint(&run, hint);
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
    }
}

#[tokio::test]
async fn a_denied_write_or_look_fails_its_service_and_the_hint_names_the_action() {
    let table = [
        ("ecs:DescribeTaskDefinition", "could not read the task definition ledger:1", "ecs:DescribeTaskDefinition"),
        ("ecs:RegisterTaskDefinition", "could not register a new revision of ledger", "ecs:RegisterTaskDefinition"),
        ("ecs:TagResource", "could not register a new revision of ledger", "ecs:TagResource"),
        ("iam:PassRole", "could not register a new revision of ledger", "iam:PassRole"),
        ("ecs:UpdateService", "could not move the service to ledger:2; the next run uses that revision", "ecs:UpdateService"),
    ];
    for (denied, told, named) in table {
        let world = one_good_account().account(OTHER, |account| with_service(account).deny(denied)).start().await;
        let run = updater(&world).run().await;
        expect_exit(&run, exit::NOT_ALL);
        expect_told(&run, "pay/ledger", "failed", told);
        expect_hint(&run, &format!("allow {named} in FargateUpdaterMemberPolicy, then run again"));
        expect_defender(&world, ACCOUNT, HOME, "web/shop");
    }
}

#[tokio::test]
async fn regions_that_are_named_need_no_permission_to_list_them() {
    let world = one_good_account().account(OTHER, |account| with_service(account).deny("ec2:DescribeRegions")).start().await;
    let run = updater(&world).env("REGIONS", HOME).run().await;
    expect_exit(&run, exit::DONE);
    expect_defender(&world, OTHER, HOME, "pay/ledger");
}

#[tokio::test]
async fn one_cluster_that_fails_does_not_stop_the_others_of_its_region() {
    let denied = Fault::error(400, "AccessDeniedException", "User is not authorized to perform: ecs:ListServices");
    let once = FaultRule {
        operation: "ListServices".to_owned(),
        account: Some(OTHER.to_owned()),
        region: None,
        from: 1,
        to: Some(1),
        fault: denied,
    };
    let world = one_good_account()
        .account(OTHER, |account| {
            account.service("one/ledger", one_container("ledger")).service("two/ledger", one_container("ledger"))
        })
        .fault(once)
        .start()
        .await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("2 services seen, 3 accounts in scope: 2 protected"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("could not list the services").count(), 2, "one line and one failure: {}", run.stdout);
}

#[tokio::test]
async fn an_organization_that_cannot_be_listed_ends_the_run_before_it_begins() {
    let world = one_good_account().deny("organizations:ListAccounts").start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(run.stderr.starts_with("error: could not find out which accounts there are\n"), "{}", run.stderr);
    assert!(!run.stdout.contains("Summary"), "there is nothing to sum up: {}", run.stdout);
    let hint = "  hint:  allow organizations:ListAccounts in FargateUpdaterMasterPolicy (or whatever the caller is allowed by), \
                then run again; or run in the management account or a delegated administrator's; or name the accounts in ACCOUNTS";
    assert!(run.stderr.lines().any(|line| line == hint), "{}", run.stderr);
    assert_eq!(world.calls().writes(), 0);
    assert_eq!(accounts_entered(&world), Vec::<String>::new());
}

#[tokio::test]
async fn accounts_that_are_named_are_walked_although_the_organization_cannot_be_listed() {
    let world = one_good_account().account(OTHER, with_service).deny("organizations:ListAccounts").start().await;
    let run = updater(&world).env("ACCOUNTS", ACCOUNT).run().await;
    expect_exit(&run, exit::DONE);
    let warning = "warning: the organization's accounts cannot be listed, so those in ACCOUNTS are walked as they are";
    assert!(run.stdout.contains(warning), "{}", run.stdout);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    assert_eq!(accounts_entered(&world), [ACCOUNT]);
}

#[tokio::test]
async fn an_account_that_is_named_and_not_in_the_organization_fails_alone() {
    let world = one_good_account().start().await;
    let run = updater(&world).env("ACCOUNTS", format!("{ACCOUNT},{OTHER}")).run().await;
    expect_exit(&run, exit::NOT_ALL);
    expect_defender(&world, ACCOUNT, HOME, "web/shop");
    let line = line_about(&run, &format!("account {OTHER}"), "failed");
    assert!(line.ends_with("the settings name this account, and it is not among those that can be walked"), "{line}");
    expect_hint(&run, "check ACCOUNTS, CLUSTERS, ORGANIZATIONAL_UNITS and DEPLOYMENT_MODE");
}

/// The first page came; the run must not take it for the whole organization.
#[tokio::test]
async fn what_was_listed_before_a_list_broke_off_is_walked_and_the_rest_is_told() {
    let broken = Fault::error(400, "ServiceException", "AWS Organizations can't complete your request.");
    let many = (1..=30).fold(one_good_account(), |org, number| org.account(&format!("11112222{number:04}"), with_service));
    let world = many.fault_at("ListAccounts", 2, broken).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::NOT_ALL);
    assert!(run.stdout.contains("20 accounts in scope"), "{}", run.stdout);
    assert!(run.stdout.contains("could not list the rest of the organization"), "{}", run.stdout);
    assert!(run.stdout.contains("1 place could not be walked"), "{}", run.stdout);
    assert_eq!(world.calls().of("AssumeRole"), 20);
}

#[tokio::test]
async fn a_list_of_accounts_that_does_not_begin_is_no_run() {
    let broken = Fault::error(400, "ServiceException", "AWS Organizations can't complete your request.");
    let world = one_good_account().fault_at("ListAccounts", 1, broken).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn an_account_in_no_organization_is_told_how_to_walk_alone() {
    let text = "Your account is not a member of an organization.";
    let world =
        Org::new().fault_at("ListAccounts", 1, Fault::error(400, "AWSOrganizationsNotInUseException", text)).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(run.stderr.contains("set DEPLOYMENT_MODE=SINGLE"), "{}", run.stderr);
}
