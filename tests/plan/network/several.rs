//! Several subnets: all are judged, since ECS may start a task in any of them, and what they share is opened once.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};

use super::support::{Case, Facts, check};

const DENY: [&str; 3] = ["90 out deny 8084 0.0.0.0/0", "100 out allow all 0.0.0.0/0", "100 in allow all 0.0.0.0/0"];

/// Runs the tasks in two subnets that are alike.
fn in_two(f: &mut Facts) {
    f.add_subnet("subnet-two", &["10.0.2.0/24"]);
    f.run_in(&["subnet-app", "subnet-two"]);
}

#[test]
fn what_subnets_share_is_opened_once() {
    let cases: &[Case] = &[
        ("nothing stands in the way", in_two, Reachable, &[]),
        (
            "one group for both",
            |f| {
                in_two(f);
                f.only_https();
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "one ACL for both",
            |f| {
                in_two(f);
                f.share_acl("acl-both", &["subnet-app", "subnet-two"], &DENY);
            },
            Patchable,
            &["acl-both: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "an ACL each",
            |f| {
                in_two(f);
                f.own_acl("subnet-app", &DENY);
                f.own_acl("subnet-two", &DENY);
            },
            Patchable,
            &["acl-app: entry 89 out, TCP 8084 to 0.0.0.0/0", "acl-two: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "one NAT gateway for both: its way out once, its ways to the tasks once for each",
            |f| {
                in_two(f);
                f.port(843);
                let entries = ["90 in allow 443 10.0.0.0/16", "100 in allow 1024-65535 0.0.0.0/0", "100 out allow 443 0.0.0.0/0"];
                f.own_acl("subnet-public", &entries);
            },
            Patchable,
            &[
                "acl-public: entry 110 in, TCP 843 from 10.0.0.0/24",
                "acl-public: entry 110 out, TCP 843 to 0.0.0.0/0",
                "acl-public: entry 120 out, TCP 1024-65535 to 10.0.0.0/24",
                "acl-public: entry 120 in, TCP 843 from 10.0.2.0/24",
                "acl-public: entry 130 out, TCP 1024-65535 to 10.0.2.0/24",
            ],
        ),
        (
            "a NAT gateway each",
            |f| {
                in_two(f);
                f.add_subnet("subnet-edge", &["10.0.3.0/24"]);
                f.own_table("subnet-edge", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1"]);
                f.nat("nat-2", "subnet-edge", true, true);
                f.own_table("subnet-two", &["10.0.0.0/16 local", "0.0.0.0/0 nat-2"]);
                f.own_acl("subnet-edge", &DENY);
            },
            Patchable,
            &["acl-edge: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
    ];
    check(cases);
}

#[test]
fn one_subnet_is_enough_to_block() {
    let cases: &[Case] = &[
        (
            "one has no route",
            |f| {
                in_two(f);
                f.own_table("subnet-two", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "203.0.113.0/24 nat-1 blackhole"]);
            },
            Blocked,
            &["Blackhole { subnet: subnet-two, table: rtb-two, to: Console }"],
        ),
        (
            "one needs a public address",
            |f| f.run_in(&["subnet-app", "subnet-public"]),
            Blocked,
            &[
                "NoPublicAddress { subnet: subnet-public, gateway: \"igw-1\", to: Console }",
                "NoPublicAddress { subnet: subnet-public, gateway: \"igw-1\", to: Registry }",
            ],
        ),
        (
            "one leads beyond what can be seen",
            |f| {
                in_two(f);
                f.own_table("subnet-two", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "203.0.113.0/24 transit gateway tgw-1"]);
            },
            Unknown,
            // The registry may be there as well.
            &[
                "Way { subnet: subnet-two, what: \"transit gateway tgw-1\", to: Console }",
                "Way { subnet: subnet-two, what: \"transit gateway tgw-1\", to: Registry }",
            ],
        ),
        (
            "one is blocked, and the other one's entry is told with it",
            |f| {
                in_two(f);
                f.own_acl("subnet-app", &DENY);
                f.open_acl_but("subnet-two", &["1 out deny 8084 0.0.0.0/0"]);
            },
            Blocked,
            &[
                "AclStays { acl: acl-two, why: NoFreeNumber { before: 1 }, answers: false, to: Console }",
                "acl-app: entry 89 out, TCP 8084 to 0.0.0.0/0",
            ],
        ),
        (
            "a service without subnets has nothing to judge",
            |f| {
                f.run_in(&[]);
                f.egress("sg-app", &[]);
            },
            Reachable,
            &[],
        ),
    ];
    check(cases);
}

// Everything is judged as it will be, and what is opened for the last subnet is a part of that.
#[test]
fn what_is_opened_for_one_subnet_counts_for_the_other() {
    check(&[
        (
            "some of the answers were denied, until all of the Console's were let in",
            |f| {
                f.run_in(&["subnet-app", "subnet-public"]);
                f.network.public_address = true;
                f.console_in(&["203.0.0.0/8"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "203.0.113.0/24 nat-1", "0.0.0.0/0 transit gateway tgw-1"]);
                f.open_acl_but("subnet-public", &["1 in allow 40000-50000 203.0.113.0/24", "3 in deny all 203.0.0.0/8"]);
            },
            Patchable,
            &[
                "Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }",
                "Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Registry }",
                "acl-public: entry 2 in, TCP 1024-65535 from 203.0.0.0/8",
            ],
        ),
        (
            "there was no place for one address, until there was one for both",
            |f| {
                in_two(f);
                f.console_at(&["203.0.113.10", "10.20.30.7"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "203.0.113.0/24 transit gateway tgw-1"]);
                f.own_table("subnet-two", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1"]);
                let out =
                    ["90 out allow 443 0.0.0.0/0", "95 out allow 1024-65535 10.0.0.0/16", "32766 out deny all 203.0.113.0/24"];
                f.own_acl("subnet-public", &[&out[..], &["100 in allow all 0.0.0.0/0"]].concat());
            },
            Patchable,
            &[
                "Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }",
                "Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Registry }",
                "acl-public: entry 32765 out, TCP 8084 to 0.0.0.0/0",
            ],
        ),
    ]);
}
