//! Which of a service's groups the rule goes into.

use fargate_updater::ids::SecurityGroupId;
use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Unknown};

use super::support::{Case, Facts, OTHERS, check};
use crate::support::id;

/// Two groups of the service's own that let only HTTPS out.
fn two_closed(f: &mut Facts) {
    f.only_https();
    f.group("sg-web", "web", &[]);
    f.attach(&["sg-app", "sg-web"]);
}

#[test]
fn the_group_that_the_fewest_interfaces_carry_gets_the_rule() {
    let cases: &[Case] = &[
        (
            "the second group is on fewer",
            |f| {
                two_closed(f);
                f.interface("sg-app", &["10.0.0.4"]);
                f.interface("sg-app", &["10.0.0.5"]);
                f.interface("sg-web", &["10.0.0.4"]);
            },
            Patchable,
            &["sg-web: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "the first group is on fewer",
            |f| {
                two_closed(f);
                f.interface("sg-web", &["10.0.0.4"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "both are on as many: the first by name, whoever asks",
            |f| {
                two_closed(f);
                f.interface("sg-web", &["10.0.0.4"]);
                f.interface("sg-app", &["10.0.0.5"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "the default group never, when there is another",
            |f| {
                f.only_https();
                f.attach(&["sg-app", "sg-default"]);
                f.interface("sg-app", &["10.0.0.4"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "the default group, when there is no other",
            |f| {
                f.egress("sg-default", &["443 0.0.0.0/0"]);
                f.attach(&["sg-default"]);
            },
            Patchable,
            &["sg-default: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "a service without groups has the VPC's default one",
            |f| {
                f.egress("sg-default", &["443 0.0.0.0/0"]);
                f.attach(&[]);
            },
            Patchable,
            &["sg-default: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "another account's group never",
            |f| {
                two_closed(f);
                f.belongs_to("sg-web", OTHERS);
                f.interface("sg-app", &["10.0.0.4"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "the default group, when the other is another account's",
            |f| {
                f.only_https();
                f.belongs_to("sg-app", OTHERS);
                f.attach(&["sg-app", "sg-default"]);
            },
            Patchable,
            &["sg-default: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "no group, when all are another account's",
            |f| {
                f.only_https();
                f.belongs_to("sg-app", OTHERS);
            },
            Blocked,
            &["GroupsOfOthers { groups: [sg-app], to: Console }"],
        ),
        (
            "another account's group lets out only a part of where the Console is",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 203.0.113.0/25"]);
                f.belongs_to("sg-app", OTHERS);
            },
            Blocked,
            &["GroupsOfOthers { groups: [sg-app], to: Console }"],
        ),
        (
            "no group can be found at all",
            |f| {
                f.vpc.groups.groups.clear();
                f.attach(&[]);
            },
            Blocked,
            &["NoGroup { subnet: subnet-app }"],
        ),
    ];
    check(cases);
}

#[test]
fn a_full_group_falls_to_the_next() {
    let facts = Facts::with(|f| {
        two_closed(f);
        f.group("sg-third", "third", &[]);
        f.attach(&["sg-app", "sg-default", "sg-third", "sg-web"]);
        f.interface("sg-app", &["10.0.0.4"]);
        f.interface("sg-app", &["10.0.0.5"]);
        f.interface("sg-third", &["10.0.0.4"]);
    });
    let rule = facts.judge().patch.group_rule.expect("a rule is missing");
    let expected: Vec<SecurityGroupId> = ["sg-web", "sg-third", "sg-app"].map(SecurityGroupId::from).into();
    assert_eq!(rule.groups, expected, "from the fewest interfaces to the most, without the default group");
}

#[test]
fn another_accounts_group_that_cannot_be_seen_whole_is_no_definite_block() {
    check(&[(
        "its prefix list could not be read",
        |f| {
            f.egress("sg-app", &["443 0.0.0.0/0", "8084 pl-console"]);
            f.prefix_list("pl-console", None);
            f.belongs_to("sg-app", OTHERS);
        },
        Unknown,
        &["Groups { groups: [sg-app], to: Console }"],
    )]);
}

#[test]
fn a_group_that_nobody_may_read_is_no_definite_block() {
    let shared = |f: &mut Facts| f.subnet("subnet-app", |subnet| subnet.owner = id(OTHERS));
    let facts = Facts::with(|f| {
        shared(f);
        f.attach(&["sg-unread"]);
    });
    assert_eq!(facts.judge().verdict(), Unknown, "{:?}", facts.told(&facts.judge()));
}

#[test]
fn a_group_that_is_not_there_is_a_block_in_a_vpc_of_the_accounts_own() {
    let facts = Facts::with(|f| f.attach(&["sg-app", "sg-gone"]));
    assert_eq!(facts.told(&facts.judge()), ["NoSuchGroup { group: sg-gone }"]);
}
