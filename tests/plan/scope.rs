//! Every filter narrows: what a run is about never grows when one is added.

use std::collections::BTreeSet;

use fargate_updater::ids::{AccountId, ClusterArn, RegionName, ServiceArn};
use fargate_updater::plan::scope::{Mode, OneService, Scope};
use proptest::prelude::*;

use crate::generate;
use crate::support::id;

const ACCOUNTS: [&str; 3] = ["111122223333", "444455556666", "777788889999"];
const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "us-gov-west-1"];

fn everything() -> Scope {
    Scope::everything(Mode::Organization)
}

fn set<T: std::str::FromStr<Err: std::fmt::Debug> + Ord>(texts: &[&str]) -> BTreeSet<T> {
    texts.iter().map(|text| id(text)).collect()
}

fn cluster(account: &str, region: &str) -> ClusterArn {
    id(&format!("arn:aws:ecs:{region}:{account}:cluster/web"))
}

/// Every account and Region of the tests' world that is in scope.
fn walked(scope: &Scope) -> BTreeSet<(AccountId, RegionName)> {
    let pairs = ACCOUNTS.iter().flat_map(|account| REGIONS.iter().map(|region| (id(account), id(region))));
    pairs.filter(|(account, region)| scope.includes_account(account) && scope.includes_region(account, region)).collect()
}

#[test]
fn filters_let_through_what_they_name() {
    let pairs = |pairs: &[(usize, usize)]| {
        pairs.iter().map(|(account, region)| (id(ACCOUNTS[*account]), id(REGIONS[*region]))).collect::<BTreeSet<_>>()
    };
    let one_cluster = || Some(BTreeSet::from([cluster(ACCOUNTS[1], REGIONS[2])]));
    let cases = [
        ("one account", Scope { accounts: Some(set(&[ACCOUNTS[0]])), ..everything() }, pairs(&[(0, 0), (0, 1), (0, 2)])),
        (
            "all accounts but two",
            Scope { excluded_accounts: set(&[ACCOUNTS[0], ACCOUNTS[1]]), ..everything() },
            pairs(&[(2, 0), (2, 1), (2, 2)]),
        ),
        (
            "an account named and excluded",
            Scope { accounts: Some(set(&[ACCOUNTS[0]])), excluded_accounts: set(&[ACCOUNTS[0]]), ..everything() },
            pairs(&[]),
        ),
        ("one Region", Scope { regions: Some(set(&[REGIONS[1]])), ..everything() }, pairs(&[(0, 1), (1, 1), (2, 1)])),
        ("one cluster", Scope { clusters: one_cluster(), ..everything() }, pairs(&[(1, 2)])),
        (
            "a cluster in another Region",
            Scope { clusters: one_cluster(), regions: Some(set(&[REGIONS[0]])), ..everything() },
            pairs(&[]),
        ),
        (
            "a cluster in an excluded account",
            Scope { clusters: one_cluster(), excluded_accounts: set(&[ACCOUNTS[1]]), ..everything() },
            pairs(&[]),
        ),
        ("filters that name nothing", Scope { accounts: Some(BTreeSet::new()), ..everything() }, pairs(&[])),
    ];
    assert_eq!(walked(&everything()).len(), 9);
    for (name, scope, expected) in cases {
        assert_eq!(walked(&scope), expected, "{name}");
    }
}

#[test]
fn named_regions_need_not_be_asked_for() {
    let account = id(ACCOUNTS[0]);
    let clusters = Some(BTreeSet::from([
        cluster(ACCOUNTS[0], REGIONS[0]),
        cluster(ACCOUNTS[0], REGIONS[1]),
        cluster(ACCOUNTS[1], REGIONS[2]),
    ]));
    let cases = [
        ("nothing is named", everything(), None),
        ("Regions are", Scope { regions: Some(set(&REGIONS[..2])), ..everything() }, Some(set(&REGIONS[..2]))),
        ("clusters are", Scope { clusters: clusters.clone(), ..everything() }, Some(set(&REGIONS[..2]))),
        (
            "both are",
            Scope { clusters: clusters.clone(), regions: Some(set(&REGIONS[1..])), ..everything() },
            Some(set(&[REGIONS[1]])),
        ),
    ];
    for (name, scope, expected) in cases {
        assert_eq!(scope.named_regions(&account), expected, "{name}");
    }
    let scope = Scope { clusters, ..everything() };
    assert_eq!(scope.named_clusters(&account, &id(REGIONS[0])), Some(vec![cluster(ACCOUNTS[0], REGIONS[0])]));
    assert_eq!(scope.named_clusters(&account, &id(REGIONS[2])), Some(vec![]));
    assert_eq!(everything().named_clusters(&account, &id(REGIONS[0])), None);
}

#[test]
fn a_named_account_that_nobody_lists_is_missing() {
    let listed: BTreeSet<AccountId> = set(&[ACCOUNTS[0]]);
    let cases = [
        ("nothing is named", everything(), vec![]),
        ("two are named", Scope { accounts: Some(set(&ACCOUNTS[..2])), ..everything() }, vec![id(ACCOUNTS[1])]),
        (
            "a cluster's account is named with it",
            Scope { clusters: Some(BTreeSet::from([cluster(ACCOUNTS[2], REGIONS[0])])), ..everything() },
            vec![id(ACCOUNTS[2])],
        ),
        (
            "an excluded account is missed by nobody",
            Scope { accounts: Some(set(&ACCOUNTS[..2])), excluded_accounts: set(&ACCOUNTS[1..]), ..everything() },
            vec![],
        ),
    ];
    for (name, scope, expected) in cases {
        assert_eq!(scope.missing_from(&listed), expected, "{name}");
    }
}

#[test]
fn one_service_is_all_that_is_walked_and_its_account_is_missed_if_nobody_lists_it() {
    let one = |account: &str| {
        let arn: ServiceArn = id(&format!("arn:aws:ecs:{}:{account}:service/web/shop", REGIONS[1]));
        let service = Some(OneService { cluster: arn.cluster().expect("it names one"), arn });
        Scope { service, ..everything() }
    };
    let scope = one(ACCOUNTS[0]);
    let account: AccountId = id(ACCOUNTS[0]);
    assert_eq!(ACCOUNTS.map(|account| scope.walks(&id(account))), [true, false, false]);
    assert_eq!(ACCOUNTS.map(|account| everything().walks(&id(account))), [true; 3]);
    // The owner of what is shared with it may still be entered.
    assert_eq!(ACCOUNTS.map(|account| scope.includes_account(&id(account))), [true; 3]);
    assert_eq!(scope.named_regions(&account), Some(set(&REGIONS[1..2])));
    assert_eq!(scope.named_clusters(&account, &id(REGIONS[1])), Some(vec![cluster(ACCOUNTS[0], REGIONS[1])]));
    let listed = set(&[ACCOUNTS[0]]);
    assert_eq!(scope.missing_from(&listed), vec![]);
    assert_eq!(one(ACCOUNTS[1]).missing_from(&listed), vec![id(ACCOUNTS[1])]);
    // Others that the settings name matter to other runs.
    let others = Scope { accounts: Some(set(&ACCOUNTS)), ..scope };
    assert_eq!(others.missing_from(&listed), vec![]);
}

/// Some of these names, as a filter that may not be there.
fn filter<T: std::str::FromStr<Err: std::fmt::Debug> + Ord + Clone + std::fmt::Debug + 'static>(
    names: &'static [&'static str],
) -> impl Strategy<Value = Option<BTreeSet<T>>> {
    prop::option::of(prop::sample::subsequence(names, 0..=names.len()).prop_map(|names| set(&names)))
}

fn scope() -> impl Strategy<Value = Scope> {
    let clusters = prop::option::of(prop::collection::btree_set(
        (prop::sample::select(&ACCOUNTS[..]), prop::sample::select(&REGIONS[..]))
            .prop_map(|(account, region)| cluster(account, region)),
        0..3,
    ));
    (filter(&ACCOUNTS), filter(&ACCOUNTS), filter(&REGIONS), clusters).prop_map(|(accounts, excluded, regions, clusters)| Scope {
        accounts,
        excluded_accounts: excluded.unwrap_or_default(),
        regions,
        clusters,
        ..everything()
    })
}

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn adding_a_filter_never_grows_the_scope(one in scope(), other in scope()) {
        let before = walked(&one);
        let excluded_accounts = one.excluded_accounts.union(&other.excluded_accounts).cloned().collect();
        let added = [
            ("ACCOUNTS", Scope { accounts: one.accounts.clone().or(other.accounts), ..one.clone() }),
            ("REGIONS", Scope { regions: one.regions.clone().or(other.regions), ..one.clone() }),
            ("CLUSTERS", Scope { clusters: one.clusters.clone().or(other.clusters), ..one.clone() }),
            ("EXCLUDE_ACCOUNTS", Scope { excluded_accounts, ..one }),
        ];
        for (name, narrowed) in added {
            prop_assert!(walked(&narrowed).is_subset(&before), "{}: {:?}", name, narrowed);
        }
    }

    #[test]
    fn what_is_named_is_what_is_included(scope in scope()) {
        for account in ACCOUNTS {
            let account: AccountId = id(account);
            let Some(named) = scope.named_regions(&account) else { continue };
            for region in REGIONS {
                let region: RegionName = id(region);
                prop_assert_eq!(named.contains(&region), scope.includes_region(&account, &region));
                let clusters = scope.named_clusters(&account, &region).unwrap_or_default();
                prop_assert!(clusters.iter().all(|cluster| cluster.account() == &account && cluster.region() == &region));
            }
        }
    }
}
