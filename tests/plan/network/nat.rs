//! NAT gateways: the ACL of the gateway's own subnet counts four times, and its own routes have to lead out.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};

use super::support::{Case, Edit, Facts, check};

#[test]
fn the_acl_of_the_gateways_subnet_counts_on_four_legs() {
    let stays = "AclStays { acl: acl-public, why: OnlyBefore { entry: 90 }, answers: false, to: Console }";
    let answers = "AclStays { acl: acl-public, why: OnlyBefore { entry: 90 }, answers: true, to: Console }";
    let registry = "AclClosed { subnet: subnet-app, acl: acl-public, entry: 90, answers: true, to: Registry }";
    let cases: &[Case] = &[
        ("everything is allowed", |f| f.open_acl_but("subnet-public", &[]), Reachable, &[]),
        (
            "in from the tasks: denied, and nobody said that this may be overruled",
            |f| f.open_acl_but("subnet-public", &["90 in deny 8084 10.0.0.0/24"]),
            Blocked,
            &[stays],
        ),
        (
            "in from the tasks: denied for half of them",
            |f| f.open_acl_but("subnet-public", &["90 in deny 8084 10.0.0.128/25"]),
            Blocked,
            &[stays],
        ),
        (
            "in from the tasks: denied for another subnet's",
            |f| f.open_acl_but("subnet-public", &["90 in deny 8084 10.0.2.0/24"]),
            Reachable,
            &[],
        ),
        (
            "in from the tasks: missing",
            |f| {
                f.port(843);
                let entries = ["90 in allow 443 10.0.0.0/16", "100 in allow 1024-65535 0.0.0.0/0", "100 out allow all 0.0.0.0/0"];
                f.own_acl("subnet-public", &entries);
            },
            Patchable,
            &["acl-public: entry 110 in, TCP 843 from 10.0.0.0/24"],
        ),
        (
            "in from the tasks: missing, behind a deny of another subnet's",
            |f| {
                f.port(843);
                let denied = ["90 in allow 443 10.0.0.0/16", "200 in deny 843 10.0.0.0/16", "95 in allow 843 10.0.0.0/24"];
                f.own_acl(
                    "subnet-public",
                    &[&denied[..], &["100 in allow 1024-65535 0.0.0.0/0", "100 out allow all 0.0.0.0/0"]].concat(),
                );
            },
            Reachable,
            &[],
        ),
        (
            "out to the Console: denied",
            |f| f.open_acl_but("subnet-public", &["90 out deny 8084 0.0.0.0/0"]),
            Patchable,
            &["acl-public: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "out to the Console: missing",
            |f| {
                let entries = ["90 out allow 443 0.0.0.0/0", "95 out allow 1024-65535 10.0.0.0/16", "100 in allow all 0.0.0.0/0"];
                f.own_acl("subnet-public", &entries);
            },
            Patchable,
            &["acl-public: entry 100 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "answers from the Console: denied",
            |f| f.open_acl_but("subnet-public", &["90 in deny 1024-65535 203.0.113.0/24"]),
            Blocked,
            &[answers],
        ),
        (
            "answers from the Console: denied, with CONSOLE_CIDRS",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.open_acl_but("subnet-public", &["90 in deny 1024-65535 203.0.113.0/24"]);
            },
            Patchable,
            &["acl-public: entry 89 in, TCP 1024-65535 from 203.0.113.0/24"],
        ),
        (
            "answers from the Console: missing",
            |f| f.own_acl("subnet-public", &["90 in allow all 10.0.0.0/16", "100 out allow all 0.0.0.0/0"]),
            Patchable,
            &["acl-public: entry 100 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
        (
            "answers from the Console: a port of somebody's own is denied",
            |f| f.open_acl_but("subnet-public", &["90 in deny 3389 0.0.0.0/0"]),
            Reachable,
            &[],
        ),
        (
            "answers to the tasks: denied",
            |f| f.open_acl_but("subnet-public", &["90 out deny 32768-65535 10.0.0.0/24"]),
            Blocked,
            &[registry, answers],
        ),
        (
            "answers to the tasks: missing",
            |f| {
                let entries = ["90 out allow 443 0.0.0.0/0", "95 out allow 8084 0.0.0.0/0", "100 in allow all 0.0.0.0/0"];
                f.own_acl("subnet-public", &entries);
            },
            Patchable,
            &["acl-public: entry 100 out, TCP 1024-65535 to 10.0.0.0/24"],
        ),
        (
            "answers to the tasks: some of the ports are denied",
            |f| f.open_acl_but("subnet-public", &["90 out deny 40000-50000 10.0.0.0/24"]),
            Unknown,
            &[
                "AclPart { acl: acl-public, entry: 90, answers: true, to: Console }",
                "AclPart { acl: acl-public, entry: 90, answers: true, to: Registry }",
            ],
        ),
        (
            "an ACL that a gateway and its tasks share is opened once for both",
            |f| {
                f.share_acl(
                    "acl-one",
                    &["subnet-app", "subnet-public"],
                    &["100 in allow all 0.0.0.0/0", "90 out deny 8084 0.0.0.0/0", "95 out allow all 0.0.0.0/0"],
                )
            },
            Patchable,
            &["acl-one: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "a regional gateway is in no subnet, and behind no ACL of one",
            |f| {
                f.open_acl_but("subnet-public", &["90 in deny all 0.0.0.0/0", "90 out deny all 0.0.0.0/0"]);
                f.vpc.layout.nat_gateways.values_mut().for_each(|nat| nat.subnet = None);
            },
            Reachable,
            &[],
        ),
        (
            "a gateway that nothing leads to does not count",
            |f| {
                f.add_subnet("subnet-other", &["10.0.2.0/24"]);
                f.nat("nat-2", "subnet-other", false, false);
                f.open_acl_but("subnet-other", &["90 in deny all 0.0.0.0/0", "90 out deny all 0.0.0.0/0"]);
            },
            Reachable,
            &[],
        ),
    ];
    check(cases);
}

#[test]
fn a_gateway_in_the_tasks_own_subnet_is_not_behind_another_acl() {
    // What the tasks send it stays in the subnet.
    check(&[(
        "the ACL lets nothing in from the subnet itself",
        |f| {
            f.add_subnet("subnet-one", &["10.0.3.0/24"]);
            f.run_in(&["subnet-one"]);
            f.nat("nat-1", "subnet-one", true, true);
            f.own_table("subnet-one", &["10.0.0.0/16 local", "0.0.0.0/0 transit gateway tgw-1"]);
            f.routes("rtb-one", &["10.0.0.0/16 local", "203.0.113.0/24 igw-1", "0.0.0.0/0 igw-1"]);
            f.network.public_address = true;
            f.open_acl_but("subnet-one", &["90 in deny all 10.0.3.0/24", "90 out deny 1024-65535 10.0.3.0/24"]);
        },
        Reachable,
        &[],
    )]);
}

/// What both servers are behind, in the order of the alphabet.
fn both(obstacle: &str) -> Vec<String> {
    ["Console", "Registry"].map(|server| format!("{obstacle}, to: {server} }}")).into()
}

#[test]
fn a_gateway_has_to_work_and_to_lead_on() {
    let gone = "NatGone { subnet: subnet-app, nat: nat-1";
    let nowhere = "NatNowhere { subnet: subnet-app, nat: nat-1, table: rtb-public";
    let cases: [(&str, Edit, &str); 8] = [
        ("it failed, or is being made or deleted", |f| f.nat("nat-1", "subnet-public", false, true), gone),
        ("it is gone", |f| f.vpc.layout.nat_gateways.clear(), gone),
        ("its subnet has no way out", |f| f.routes("rtb-public", &["10.0.0.0/16 local"]), nowhere),
        ("its way out is a black hole", |f| f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1 blackhole"]), nowhere),
        ("its way out is itself", |f| f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1"]), nowhere),
        (
            "its way out is for IPv6 only",
            |f| f.routes("rtb-public", &["10.0.0.0/16 local", "::/0 igw-1", "0.0.0.0/0 eigw-1"]),
            nowhere,
        ),
        ("it is private, and leads to the Internet", |f| f.nat("nat-1", "subnet-public", true, false), nowhere),
        (
            "the main table is its own, and leads back to it",
            |f| f.table("rtb-public").subnets.clear(),
            "NatNowhere { subnet: subnet-app, nat: nat-1, table: rtb-main",
        ),
    ];
    for (name, edit, obstacle) in cases {
        let facts = Facts::with(edit);
        let judgement = facts.judge();
        assert_eq!(facts.told(&judgement), both(obstacle), "{name}");
        assert_eq!(judgement.verdict(), Blocked, "{name}");
    }
}

#[test]
fn a_gateway_leads_to_what_its_own_table_says() {
    let cases: &[Case] = &[
        (
            "the Console's block is a black hole there",
            |f| {
                f.console_at(&["10.20.30.7"]);
                f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1", "10.20.0.0/16 transit gateway tgw-1 blackhole"]);
            },
            Blocked,
            &["NatNowhere { subnet: subnet-app, nat: nat-1, table: rtb-public, to: Console }"],
        ),
        (
            "the Console is behind a transit gateway",
            |f| {
                f.console_at(&["10.20.30.7"]);
                f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1", "10.0.0.0/8 transit gateway tgw-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }"],
        ),
        (
            "a private gateway, and the Console behind a transit gateway",
            |f| {
                f.console_at(&["10.20.30.7"]);
                f.add_subnet("subnet-private", &["10.0.2.0/24"]);
                f.nat("nat-2", "subnet-private", true, false);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "10.0.0.0/8 nat-2"]);
                f.own_table("subnet-private", &["10.0.0.0/16 local", "10.0.0.0/8 transit gateway tgw-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }"],
        ),
        (
            "a firewall before the Internet gateway",
            |f| f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 endpoint vpce-1"]),
            Unknown,
            &[
                "Way { subnet: subnet-app, what: \"endpoint vpce-1\", to: Console }",
                "Way { subnet: subnet-app, what: \"endpoint vpce-1\", to: Registry }",
            ],
        ),
    ];
    check(cases);
}

#[test]
fn the_acl_of_a_gateway_counts_before_a_firewall_too() {
    let facts = Facts::with(|f| {
        f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 endpoint vpce-1"]);
        f.open_acl_but("subnet-public", &["90 in deny 8084 10.0.0.0/24"]);
    });
    assert_eq!(facts.judge().verdict(), Blocked, "{:?}", facts.told(&facts.judge()));
    let facts = Facts::with(|f| {
        f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 endpoint vpce-1"]);
        f.open_acl_but("subnet-public", &["90 out deny 8084 0.0.0.0/0"]);
    });
    assert_eq!(facts.judge().verdict(), Patchable, "{:?}", facts.told(&facts.judge()));
}

#[test]
fn a_black_hole_for_a_part_of_everywhere_in_the_gateways_table_is_no_block() {
    let facts = Facts::with(|f| {
        f.console_anywhere();
        f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1", "192.168.0.0/16 peering connection pcx-1 blackhole"]);
    });
    assert_eq!(facts.judge().verdict(), Reachable, "{:?}", facts.told(&facts.judge()));
    let facts =
        Facts::with(|f| f.routes("rtb-public", &["10.0.0.0/16 local", "0.0.0.0/0 igw-1", "198.51.100.0/24 igw-2 blackhole"]));
    assert_eq!(facts.judge().verdict(), Reachable, "{:?}", facts.told(&facts.judge()));
}
