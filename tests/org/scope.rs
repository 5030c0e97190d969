//! What is out of scope is not called at all: no role assumed, no Region asked, no cluster read.

use fargate_updater::exit;
use simulator::scenario::ROOT;
use simulator::{Account, Org, World};

use crate::support::{ACCOUNT, HOME, accounts_entered, expect_defender, expect_exit, one_container, updater};

const MANAGEMENT: &str = "123456789012";
const SECOND: &str = "222233334444";
const THIRD: &str = "333344445555";
const ELSEWHERE: &str = "eu-west-1";

/// Three accounts and the management account, each with two Regions of two clusters; three of them in units, one below another.
fn organization() -> Org {
    Org::new()
        .management(furnished)
        .account(ACCOUNT, furnished)
        .account(SECOND, furnished)
        .account(THIRD, furnished)
        .unit("ou-ab12-11111111", ROOT, &[ACCOUNT])
        .unit("ou-ab12-22222222", "ou-ab12-11111111", &[])
        .unit("ou-ab12-33333333", "ou-ab12-22222222", &[SECOND])
        .unit("ou-ab12-44444444", ROOT, &[THIRD])
}

fn furnished(account: Account) -> Account {
    account
        .service("web/shop", one_container("shop"))
        .service("pay/ledger", one_container("ledger"))
        .region(ELSEWHERE, |region| region.service("web/shop", one_container("shop")))
}

/// Returns where services are protected now: account, Region and place, in order.
fn protected(world: &World) -> Vec<String> {
    let with_defender = world.services().into_iter().filter(|service| !service.task_definition_arn().ends_with(":1"));
    let mut places: Vec<String> = with_defender
        .map(|service| {
            expect_defender(world, &service.account, &service.region, &service.place);
            format!("{} {} {}", service.account, service.region, service.place)
        })
        .collect();
    places.sort();
    places
}

/// Returns where ECS was called at all: account and Region, in order.
fn asked(world: &World) -> Vec<String> {
    let ecs = ["ListClusters", "DescribeClusters", "ListServices", "DescribeServices", "DescribeTaskDefinition"];
    let calls = world.calls();
    let mut places: Vec<String> = calls
        .iter()
        .filter(|(call, _)| ecs.contains(&call.operation.as_str()))
        .map(|(call, _)| format!("{} {}", call.account, call.region))
        .collect();
    places.sort();
    places.dedup();
    places
}

/// All that one account has.
fn all_of(account: &str) -> [String; 3] {
    let at = |region: &str, place: &str| format!("{account} {region} {place}");
    [at(ELSEWHERE, "web/shop"), at(HOME, "pay/ledger"), at(HOME, "web/shop")]
}

#[tokio::test]
async fn filters_on_accounts_let_through_what_they_name_and_nothing_else_is_entered() {
    type Settings = &'static [(&'static str, &'static str)];
    let table: [(Settings, &[&str]); 9] = [
        (&[], &[ACCOUNT, MANAGEMENT, SECOND, THIRD]),
        (&[("ACCOUNTS", "111122223333, 222233334444")], &[ACCOUNT, SECOND]),
        (&[("EXCLUDE_ACCOUNTS", "111122223333,123456789012")], &[SECOND, THIRD]),
        (&[("ACCOUNTS", "111122223333,222233334444"), ("EXCLUDE_ACCOUNTS", "111122223333")], &[SECOND]),
        (&[("ORGANIZATIONAL_UNITS", "ou-ab12-11111111")], &[ACCOUNT, SECOND]),
        (&[("ORGANIZATIONAL_UNITS", "ou-ab12-22222222,ou-ab12-44444444")], &[SECOND, THIRD]),
        (&[("ORGANIZATIONAL_UNITS", "ou-ab12-11111111,ou-ab12-33333333")], &[ACCOUNT, SECOND]),
        (&[("ORGANIZATIONAL_UNITS", ROOT)], &[ACCOUNT, MANAGEMENT, SECOND, THIRD]),
        (&[("ORGANIZATIONAL_UNITS", "ou-ab12-11111111"), ("EXCLUDE_ACCOUNTS", "222233334444")], &[ACCOUNT]),
    ];
    for (settings, accounts) in table {
        let world = organization().start().await;
        let program = settings.iter().fold(updater(&world), |program, (name, value)| program.env(name, value));
        let run = program.run().await;
        expect_exit(&run, exit::DONE);
        assert_eq!(accounts_entered(&world), accounts, "{settings:?}");
        let expected: Vec<String> = accounts.iter().flat_map(|account| all_of(account)).collect();
        assert_eq!(protected(&world), expected, "{settings:?}");
        assert_eq!(world.calls().of("ListClusters"), 2 * accounts.len() as u64, "{settings:?}");
    }
}

#[tokio::test]
async fn only_the_regions_that_are_named_are_asked() {
    let world = organization().start().await;
    let run = updater(&world).env("REGIONS", ELSEWHERE).env("ACCOUNTS", ACCOUNT).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(asked(&world), [format!("{ACCOUNT} {ELSEWHERE}")]);
    assert_eq!(protected(&world), [format!("{ACCOUNT} {ELSEWHERE} web/shop")]);
    assert_eq!(world.calls().of("DescribeRegions"), 0);
}

#[tokio::test]
async fn only_the_clusters_that_are_named_are_read_and_only_their_accounts_entered() {
    let world = organization().start().await;
    let clusters = [format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/web"), format!("arn:aws:ecs:{ELSEWHERE}:{THIRD}:cluster/web")];
    let run = updater(&world).env("CLUSTERS", clusters.join(" , ")).run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(accounts_entered(&world), [ACCOUNT, THIRD]);
    assert_eq!(asked(&world), [format!("{ACCOUNT} {HOME}"), format!("{THIRD} {ELSEWHERE}")]);
    assert_eq!(protected(&world), [format!("{ACCOUNT} {HOME} web/shop"), format!("{THIRD} {ELSEWHERE} web/shop")]);
    let calls = world.calls();
    assert_eq!((calls.of("ListClusters"), calls.of("DescribeRegions"), calls.of("ListServices")), (0, 0, 2));
}

#[tokio::test]
async fn a_cluster_that_is_named_and_does_not_exist_is_told_and_the_others_are_done() {
    let world = organization().start().await;
    let clusters = format!("arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/web,arn:aws:ecs:{HOME}:{ACCOUNT}:cluster/wbe");
    let run = updater(&world).env("CLUSTERS", clusters).run().await;
    expect_exit(&run, exit::NOT_ALL);
    let told = format!("failed        account {ACCOUNT}, {HOME}, cluster wbe: ECS knows no such cluster");
    assert!(run.stdout.lines().any(|line| line == told), "{}", run.stdout);
    assert!(run.stdout.contains("\n  hint:  check CLUSTERS\n"), "{}", run.stdout);
    assert_eq!(protected(&world), [format!("{ACCOUNT} {HOME} web/shop")]);
}

#[tokio::test]
async fn single_mode_walks_the_callers_own_account_by_the_member_role() {
    let world = organization().deny("organizations:*").start().await;
    let run = updater(&world).env("DEPLOYMENT_MODE", "SINGLE").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(accounts_entered(&world), [MANAGEMENT]);
    assert_eq!(protected(&world), all_of(MANAGEMENT));
    assert_eq!(world.calls().of("ListAccounts"), 0);
}

#[tokio::test]
async fn single_mode_without_a_role_uses_the_callers_own_credentials() {
    let world = organization().without_policies().management(Account::without_member_role).start().await;
    let run = updater(&world).env("DEPLOYMENT_MODE", "single").env("ASSUME_ROLE", "false").run().await;
    expect_exit(&run, exit::DONE);
    assert_eq!(world.calls().of("AssumeRole"), 0);
    assert_eq!(protected(&world), all_of(MANAGEMENT));

    let again = updater(&world).env("DEPLOYMENT_MODE", "SINGLE").env("ASSUME_ROLE", "no").run().await;
    expect_exit(&again, exit::DONE);
    assert_eq!(world.registered().len(), 3, "the second run finds its own revisions");
}

#[tokio::test]
async fn filters_that_leave_nothing_end_the_run_with_a_hint() {
    let table = [
        [("DEPLOYMENT_MODE", "ORG"), ("EXCLUDE_ACCOUNTS", "111122223333,222233334444,333344445555,123456789012")],
        [("DEPLOYMENT_MODE", "SINGLE"), ("EXCLUDE_ACCOUNTS", "123456789012")],
    ];
    for settings in table {
        let world = organization().start().await;
        let program = settings.iter().fold(updater(&world), |program, (name, value)| program.env(name, value));
        let run = program.run().await;
        expect_exit(&run, exit::COULD_NOT_START);
        let told = "error: could not find out which accounts there are\n  cause: no account is in scope\n  hint:  check ACCOUNTS, \
                    EXCLUDE_ACCOUNTS, ORGANIZATIONAL_UNITS and CLUSTERS: together they leave nothing\n";
        assert_eq!(run.stderr, told);
        assert_eq!(world.calls().of("AssumeRole"), 0);
    }
}

/// A typing error in a unit's id must not read as an empty organization.
#[tokio::test]
async fn a_unit_that_does_not_exist_ends_the_run() {
    let world = organization().start().await;
    let run = updater(&world).env("ORGANIZATIONAL_UNITS", "ou-ab12-99999999").run().await;
    expect_exit(&run, exit::COULD_NOT_START);
    assert!(run.stderr.contains("could not list the accounts of the organizational units"), "{}", run.stderr);
    assert_eq!(world.calls().of("AssumeRole"), 0);
}
