//! Subnets that another account shares: its ACL is opened there, if this run reaches that account, and told otherwise.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};
use fargate_updater::plan::network::facts::Layout;

use super::support::{Case, ECR_IMAGE, Edit, Facts, OTHERS, check};
use crate::support::id;

/// Lets the subnets belong to another account, which this run reaches: its own view is there.
fn shared(f: &mut Facts) {
    for name in ["subnet-app", "subnet-public"] {
        f.subnet(name, |subnet| subnet.owner = id(OTHERS));
    }
    // A participant does not see what is not shared with it.
    f.vpc.subnets.remove(&"subnet-public".into());
}

/// The same, when the owner is none of this run's accounts: no ACL, no route, no gateway can be seen.
fn foreign(f: &mut Facts) {
    shared(f);
    f.vpc.layout = Layout { foreign: Some(id(OTHERS)), ..Layout::default() };
}

#[test]
fn an_owner_that_this_run_reaches_is_judged_and_opened_like_any_other() {
    let cases: &[Case] = &[
        ("nothing stands in the way", shared, Reachable, &[]),
        (
            "the owner's ACL denies the port",
            |f| {
                shared(f);
                f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0"]);
            },
            Patchable,
            &["acl-app: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "the ACL of the owner's NAT gateway denies the port, in a subnet that is not shared",
            |f| {
                shared(f);
                f.open_acl_but("subnet-public", &["90 out deny 8084 0.0.0.0/0"]);
            },
            Patchable,
            &["acl-public: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "the group is the participant's, and is opened there",
            |f| {
                shared(f);
                f.only_https();
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "the owner's route is a black hole",
            |f| {
                shared(f);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "203.0.113.0/24 nat-1 blackhole"]);
            },
            Blocked,
            &["Blackhole { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
    ];
    check(cases);
}

#[test]
fn an_owner_out_of_reach_leaves_the_ways_out_unseen() {
    let unseen = ["RouteTable { subnet: subnet-app }", "Acl { subnet: subnet-app }"];
    let cases: &[Case] = &[
        ("everything open that can be seen", foreign, Unknown, &unseen),
        (
            "the group is closed, and is the participant's to open",
            |f| {
                foreign(f);
                f.only_https();
            },
            Patchable,
            &[unseen[0], unseen[1], "sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "the group closes the registry, which is a definite block all the same",
            |f| {
                foreign(f);
                f.egress("sg-app", &["8084 0.0.0.0/0"]);
            },
            Blocked,
            &["GroupsClosed { groups: [sg-app], to: Registry }", unseen[0], unseen[1]],
        ),
        (
            "an image in ECR, for which the owner may have endpoints",
            |f| {
                foreign(f);
                f.image(ECR_IMAGE);
            },
            Unknown,
            &unseen,
        ),
    ];
    check(cases);
}

#[test]
fn what_can_be_seen_of_it_is_judged_and_not_opened() {
    // Whatever a participant may come to see: an ACL it must not plan anything for.
    let seen = |f: &mut Facts| {
        shared(f);
        f.vpc.layout.foreign = Some(id(OTHERS));
    };
    let of_others = "AclOfOthers { acl: acl-app, owner: 444455556666, to: Console }";
    let cases: [(&str, Edit, &[&str]); 5] = [
        ("nothing stands in the way", |_| {}, &[]),
        ("the port is denied", |f| f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0"]), &[of_others]),
        (
            "answers are denied",
            |f| f.open_acl_but("subnet-app", &["90 in deny 1024-65535 203.0.113.0/24"]),
            &["AclStays { acl: acl-app, why: OnlyBefore { entry: 90 }, answers: true, to: Console }"],
        ),
        (
            "answers to a part of the ports are missing",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", "100 in allow 45000-65535 0.0.0.0/0"]),
            &[
                "AclPart { acl: acl-app, entry: 32767, answers: true, to: Console }",
                "AclPart { acl: acl-app, entry: 32767, answers: true, to: Registry }",
            ],
        ),
        (
            "the NAT gateway cannot be seen",
            |f| f.vpc.layout.nat_gateways.clear(),
            &[
                "Way { subnet: subnet-app, what: \"NAT gateway nat-1\", to: Console }",
                "Way { subnet: subnet-app, what: \"NAT gateway nat-1\", to: Registry }",
            ],
        ),
    ];
    for (name, edit, told) in cases {
        let facts = Facts::with(|f| {
            seen(f);
            edit(f);
        });
        let judgement = facts.judge();
        assert_eq!(facts.told(&judgement), told, "{name}");
        assert!(judgement.patch.is_empty(), "{name}");
    }
    let hints = Facts::with(|f| {
        seen(f);
        f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0"]);
    });
    let hints: Vec<String> = hints.judge().obstacles.iter().map(|it| it.hint()).collect();
    assert!(hints[0].contains(OTHERS), "{hints:?}");
}
