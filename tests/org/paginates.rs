//! However many accounts, clusters and services there are, each is seen once and nothing is asked twice.

use fargate_updater::exit;
use simulator::{Account, Finished, Org};

use crate::support::{ACCOUNT, HOME, accounts_entered, expect_exit, lines_about, one_container, updater};

/// Checks that each of these services is told of in one line, as protected.
fn expect_each_once(run: &Finished, services: impl IntoIterator<Item = String>) {
    for service in services {
        let lines = lines_about(run, &service);
        assert_eq!(lines.len(), 1, "{service}: {lines:#?}");
        assert!(lines[0].starts_with("protected "), "{}", lines[0]);
    }
}

/// Organizations gives 20 accounts a page, and the simulated one an empty page after the first: 20, 0, 20, 5.
#[tokio::test]
async fn every_one_of_45_accounts_is_walked_once() {
    let others: Vec<String> = (1..=44).map(|number| format!("11112222{number:04}")).collect();
    let org = others
        .iter()
        .fold(Org::new(), |org, id| org.account(id, |account| account.service(&format!("web/of-{id}"), one_container("shop"))));
    let world = org.management(|account| account.service("web/of-management", one_container("shop"))).start().await;
    let run = updater(&world).env("WAIT", "false").run().await;
    expect_exit(&run, exit::DONE);

    expect_each_once(&run, others.iter().map(|id| format!("web/of-{id}")).chain(["web/of-management".to_owned()]));
    let calls = world.calls();
    assert_eq!(calls.of("ListAccounts"), 4, "20, none, 20 and 5 accounts");
    let mut every_account: Vec<String> = others.iter().cloned().chain([world.management()]).collect();
    every_account.sort();
    assert_eq!(accounts_entered(&world), every_account, "each role is assumed once");
    for account in &every_account {
        assert_eq!(calls.of_at("ListClusters", account, HOME), 1, "{account}");
    }
    for once in ["DescribeRegions", "ListClusters", "ListServices", "DescribeServices", "RegisterTaskDefinition", "UpdateService"]
    {
        assert_eq!(calls.of(once), 45, "{once}");
    }
}

#[tokio::test]
async fn many_services_in_a_cluster_are_listed_by_the_hundred_and_described_by_ten() {
    for (services, lists, describes) in [(35, 1, 4), (120, 2, 12)] {
        let name = |number: usize| format!("web/service-{number}");
        let family = |number: usize| one_container(&format!("family-{}", number % 3));
        let all = |account: Account| (0..services).fold(account, |account, n| account.service(&name(n), family(n)));
        let world = Org::new().account(ACCOUNT, all).start().await;
        let run = updater(&world).env("WAIT", "false").run().await;
        expect_exit(&run, exit::DONE);

        expect_each_once(&run, (0..services).map(name));
        let calls = world.calls();
        assert_eq!(calls.of("ListServices"), lists, "{services} services");
        assert_eq!(calls.of("DescribeServices"), describes, "{services} services");
        assert_eq!(calls.of("RegisterTaskDefinition"), 3, "one for each definition");
        assert_eq!(calls.of("UpdateService"), services as u64, "one for each service");
    }
}

#[tokio::test]
async fn more_than_a_hundred_clusters_are_listed_and_described_by_the_hundred() {
    let place = |number: usize| format!("cluster-{number}/service");
    let all = |account: Account| (0..105).fold(account, |account, n| account.service(&place(n), one_container("shop")));
    let world = Org::new().account(ACCOUNT, all).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, exit::DONE);

    expect_each_once(&run, (0..105).map(place));
    let calls = world.calls();
    assert_eq!(calls.of_at("ListClusters", ACCOUNT, HOME), 2);
    assert_eq!(calls.of_at("DescribeClusters", ACCOUNT, HOME), 2);
    assert_eq!(calls.of("ListServices"), 105, "one for each cluster");
    assert_eq!(calls.of("RegisterTaskDefinition"), 1, "one definition, wherever it runs");
}
