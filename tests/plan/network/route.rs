//! Routes: which table, which route, and what becomes of a packet whose target is gone.

use fargate_updater::plan::network::Verdict::{self, Blocked, Patchable, Reachable, Unknown};

use super::support::{Case, Facts, check};

/// Lets the Console be behind a private address outside of the VPC.
fn private(f: &mut Facts, routes: &[&str]) {
    f.console_at(&["10.20.30.7"]);
    f.routes("rtb-main", &[&["10.0.0.0/16 local", "0.0.0.0/0 nat-1"], routes].concat());
}

#[test]
fn a_subnet_has_its_own_table_or_the_main_one() {
    let no_route = "NoRoute { subnet: subnet-app, table: rtb-app, to: Console }";
    let no_registry = "NoRoute { subnet: subnet-app, table: rtb-app, to: Registry }";
    let cases: &[Case] = &[
        ("the main table, where there is no other", |_| {}, Reachable, &[]),
        (
            "its own, and the main one leads nowhere",
            |f| {
                f.own_table("subnet-app", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1"]);
                f.routes("rtb-main", &["10.0.0.0/16 local"]);
            },
            Reachable,
            &[],
        ),
        (
            "its own leads nowhere, and the main one does",
            |f| f.own_table("subnet-app", &["10.0.0.0/16 local"]),
            Blocked,
            &[no_route, no_registry],
        ),
        (
            "a table of another subnet says nothing",
            |f| {
                f.routes("rtb-main", &["10.0.0.0/16 local"]);
                f.own_table("subnet-app", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1"]);
                f.own_table("subnet-other", &["0.0.0.0/0 nat-1 blackhole"]);
            },
            Reachable,
            &[],
        ),
    ];
    check(cases);
}

#[test]
fn the_longest_prefix_decides() {
    let way = "Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }";
    let cases: &[Case] = &[
        ("a longer one leads elsewhere", |f| private(f, &["10.20.0.0/16 transit gateway tgw-1"]), Unknown, &[way]),
        ("a longer one for other addresses", |f| private(f, &["10.21.0.0/16 transit gateway tgw-1"]), Reachable, &[]),
        (
            "the longest of three, wherever it stands",
            |f| private(f, &["10.20.30.0/24 nat-1", "10.0.0.0/8 transit gateway tgw-2", "10.20.0.0/16 transit gateway tgw-1"]),
            Reachable,
            &[],
        ),
        (
            "a black hole, though a shorter one leads out",
            |f| private(f, &["10.20.0.0/16 peering connection pcx-1 blackhole"]),
            Blocked,
            &["Blackhole { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
        (
            "a black hole that a longer one leads out of",
            |f| private(f, &["10.0.0.0/8 transit gateway tgw-1 blackhole", "10.20.0.0/16 nat-1"]),
            Reachable,
            &[],
        ),
        (
            "IPv6 routes say nothing",
            |f| private(f, &["::/0 transit gateway tgw-1", "2001:db8::/32 transit gateway tgw-1 blackhole"]),
            Reachable,
            &[],
        ),
        (
            "a Console in the VPC",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.open_acl_but("subnet-app", &[]);
            },
            Reachable,
            &[],
        ),
        (
            "a Console in the VPC, behind a firewall there",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "10.0.5.0/24 endpoint vpce-1", "0.0.0.0/0 nat-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"endpoint vpce-1\", to: Console }"],
        ),
    ];
    check(cases);
}

#[test]
fn what_is_configured_elsewhere_is_beyond_what_can_be_seen() {
    let ways = [
        "transit gateway tgw-1",
        "peering connection pcx-1",
        "virtual private gateway vgw-1",
        "endpoint vpce-1",
        "core network arn:aws:networkmanager::111122223333:core-network/core-network-1",
        "network interface eni-1",
        "local gateway lgw-1",
        "carrier gateway cagw-1",
    ];
    for what in ways {
        let facts = Facts::with(|f| private(f, &[&format!("10.20.0.0/16 {what}")]));
        let judgement = facts.judge();
        assert_eq!(judgement.verdict(), Unknown, "{what}");
        assert_eq!(facts.told(&judgement), [format!("Way {{ subnet: subnet-app, what: {what:?}, to: Console }}")]);
        let gone = Facts::with(|f| private(f, &[&format!("10.20.0.0/16 {what} blackhole")]));
        assert_eq!(gone.judge().verdict(), Blocked, "{what}");
        // What is ours to open is opened all the same, and told with what cannot be seen.
        let closed = Facts::with(|f| {
            private(f, &[&format!("10.20.0.0/16 {what}")]);
            f.only_https();
        });
        let judgement = closed.judge();
        assert_eq!((judgement.verdict(), judgement.beyond.len()), (Patchable, 1), "{what}");
    }
}

#[test]
fn a_route_for_a_prefix_list_is_for_what_it_holds() {
    let unread =
        |to: &str| format!("Way {{ subnet: subnet-app, what: \"prefix list pl-1, which could not be read\", to: {to} }}");
    let cases: [Case; 5] = [
        (
            "it holds the Console",
            |f| {
                f.prefix_list("pl-1", Some(&["10.20.0.0/16"]));
                f.routes("rtb-main", &["10.0.0.0/16 local", "pl-1 transit gateway tgw-1", "0.0.0.0/0 nat-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }"],
        ),
        (
            "it does not",
            |f| {
                f.prefix_list("pl-1", Some(&["10.21.0.0/16"]));
                f.routes("rtb-main", &["10.0.0.0/16 local", "pl-1 transit gateway tgw-1", "0.0.0.0/0 nat-1"]);
            },
            Reachable,
            &[],
        ),
        (
            "nobody could read it, and no other route is for the Console",
            |f| {
                f.prefix_list("pl-1", None);
                f.routes("rtb-main", &["10.0.0.0/16 local", "pl-1 transit gateway tgw-1", "128.0.0.0/1 nat-1"]);
            },
            Unknown,
            &[&unread("Console"), &unread("Registry")],
        ),
        (
            "its target is gone",
            |f| {
                f.prefix_list("pl-1", Some(&["10.20.0.0/16"]));
                f.routes("rtb-main", &["10.0.0.0/16 local", "pl-1 transit gateway tgw-1 blackhole", "0.0.0.0/0 nat-1"]);
            },
            Blocked,
            &["Blackhole { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
        (
            "one of S3's own is not the Console's, read or not",
            |f| f.routes("rtb-main", &["10.0.0.0/16 local", "pl-s3 s3-gateway", "128.0.0.0/1 nat-1"]),
            Blocked,
            &["NoRoute { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
    ];
    for (name, edit, verdict, told) in cases {
        let facts = Facts::with(|f| {
            f.console_at(&["10.20.30.7"]);
            edit(f);
        });
        let judgement = facts.judge();
        assert_eq!(facts.told(&judgement), told, "{name}");
        assert_eq!(judgement.verdict(), verdict, "{name}");
    }
}

#[test]
fn every_address_of_the_console_needs_a_way() {
    let cases: &[Case] = &[
        (
            "one of two addresses is in a black hole",
            |f| {
                f.console_at(&["203.0.113.10", "203.0.113.200"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "203.0.113.128/25 nat-1 blackhole"]);
            },
            Blocked,
            &["Blackhole { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
        (
            "the larger part of CONSOLE_CIDRS has no route, and the Console may be there",
            |f| {
                f.console_in(&["10.20.0.0/16"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "128.0.0.0/1 nat-1", "10.20.0.0/18 nat-1"]);
            },
            Unknown,
            &["Routes { subnet: subnet-app, to: Console }"],
        ),
        (
            "the smaller part of CONSOLE_CIDRS has no route",
            |f| {
                f.console_in(&["10.20.0.0/16"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "128.0.0.0/1 nat-1", "10.20.0.0/17 nat-1"]);
            },
            Reachable,
            &[],
        ),
        (
            "none of CONSOLE_CIDRS has a route",
            |f| {
                f.console_in(&["10.20.0.0/16", "10.30.0.0/16"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "128.0.0.0/1 nat-1"]);
            },
            Blocked,
            &["NoRoute { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
        (
            "one of two addresses in CONSOLE_CIDRS has no route",
            |f| {
                f.console_in(&["203.0.113.10/32", "10.20.30.7/32"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "128.0.0.0/1 nat-1"]);
            },
            Blocked,
            &["NoRoute { subnet: subnet-app, table: rtb-main, to: Console }"],
        ),
        (
            "a part of CONSOLE_CIDRS is beyond what can be seen",
            |f| {
                f.console_in(&["10.20.0.0/16"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "10.20.30.0/24 transit gateway tgw-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Console }"],
        ),
    ];
    check(cases);
}

#[test]
fn a_console_that_may_be_anywhere_needs_the_wide_way() {
    let unknown = |f: &mut Facts, routes: &[&str]| {
        f.console_anywhere();
        f.routes("rtb-main", &[&["10.0.0.0/16 local"], routes].concat());
    };
    let cases: [(&str, &[&str], Verdict); 6] = [
        ("out", &["0.0.0.0/0 nat-1"], Reachable),
        (
            "out, with a black hole for a part",
            &["0.0.0.0/0 nat-1", "192.168.0.0/16 peering connection pcx-1 blackhole"],
            Reachable,
        ),
        ("out, and a part is beyond what can be seen", &["0.0.0.0/0 nat-1", "10.0.0.0/8 transit gateway tgw-1"], Unknown),
        ("beyond what can be seen", &["0.0.0.0/0 transit gateway tgw-1"], Unknown),
        ("into the VPC alone", &[], Blocked),
        ("a black hole", &["0.0.0.0/0 nat-1 blackhole"], Blocked),
    ];
    for (name, routes, verdict) in cases {
        let facts = Facts::with(|f| unknown(f, routes));
        assert_eq!(facts.judge().verdict(), verdict, "{name}: {:?}", facts.told(&facts.judge()));
    }
}

#[test]
fn a_subnet_that_nobody_knows_is_an_obstacle_and_the_others_are_judged() {
    check(&[(
        "one of two",
        |f| {
            f.run_in(&["subnet-app", "subnet-gone"]);
            f.only_https();
        },
        Blocked,
        &["NoSuchSubnet { subnet: subnet-gone }", "sg-app: TCP 8084 out to 0.0.0.0/0"],
    )]);
}

#[test]
fn a_narrow_route_for_the_console_is_no_way_to_the_registry() {
    let facts = Facts::with(|f| f.routes("rtb-main", &["10.0.0.0/16 local", "203.0.113.0/24 nat-1"]));
    assert_ne!(facts.judge().verdict(), Reachable, "the registry has no route");
    let facts =
        Facts::with(|f| f.routes("rtb-main", &["10.0.0.0/16 local", "203.0.113.0/24 nat-1", "0.0.0.0/0 nat-1 blackhole"]));
    assert_ne!(facts.judge().verdict(), Reachable, "the registry is in a black hole");
}
