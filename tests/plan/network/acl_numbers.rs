//! The number a new entry of an ACL gets: behind what has to go on winning, before what is overruled, and never one that is taken.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable};

use super::support::{Case, Facts, apply, check};

const ANSWERS: &str = "100 in allow 1024-65535 0.0.0.0/0";

/// The obstacle of an ACL that has no room for the way out.
macro_rules! no_room {
    ($before:literal) => {
        concat!("AclStays { acl: acl-app, why: NoFreeNumber { before: ", $before, " }, answers: false, to: Console }")
    };
}

#[test]
fn a_deny_of_the_port_is_overruled_right_before_it() {
    let cases: &[Case] = &[
        (
            "right before it",
            |f| f.open_acl_but("subnet-app", &["50 out deny 8084 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 49 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "and behind somebody's deny of other addresses",
            |f| f.open_acl_but("subnet-app", &["40 out deny 8084 10.0.0.0/8", "50 out deny 8084 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 49 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "and not in the place of another entry",
            |f| f.open_acl_but("subnet-app", &["49 out allow 443 0.0.0.0/0", "50 out deny 8084 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 48 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "nor of one for another protocol, or for IPv6",
            |f| {
                f.open_acl_but(
                    "subnet-app",
                    &["49 out allow udp 0.0.0.0/0", "48 out deny all ::/0", "50 out deny 8084 0.0.0.0/0"],
                )
            },
            Patchable,
            &["acl-app: entry 47 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "but the other direction has numbers of its own",
            |f| f.open_acl_but("subnet-app", &["49 in allow all 0.0.0.0/0", "50 out deny 8084 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 49 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "two denies for the same addresses: before the first",
            |f| f.open_acl_but("subnet-app", &["40 out deny 8084 203.0.113.0/24", "50 out deny 8084 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 39 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "one each for two addresses: before the first",
            |f| {
                f.console_at(&["203.0.113.10", "203.0.113.20"]);
                f.open_acl_but("subnet-app", &["40 out deny 8084 203.0.113.10/32", "50 out deny 8084 203.0.113.20/32"]);
            },
            Patchable,
            &["acl-app: entry 39 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "nobody knows where the Console is: before the widest, and a narrower one goes on winning",
            |f| {
                f.console_anywhere();
                f.open_acl_but("subnet-app", &["40 out deny 8084 10.0.0.0/8", "50 out deny 8084 0.0.0.0/0"]);
            },
            Patchable,
            &["acl-app: entry 49 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "CONSOLE_CIDRS: as narrow as they are",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.open_acl_but("subnet-app", &["50 out deny 8084 0.0.0.0/0"]);
            },
            Patchable,
            &["acl-app: entry 49 out, TCP 8084 to 203.0.113.0/24", "acl-app: entry 48 out, TCP 8084 to 198.51.100.0/24"],
        ),
        (
            "CONSOLE_CIDRS, and one of them is denied",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.open_acl_but("subnet-app", &["50 out deny 8084 198.51.100.0/25"]);
            },
            Patchable,
            &["acl-app: entry 49 out, TCP 8084 to 198.51.100.0/24"],
        ),
    ];
    check(cases);
}

#[test]
fn without_a_free_number_nothing_is_renumbered() {
    let cases: &[Case] = &[
        (
            "the deny is the first there can be",
            |f| f.open_acl_but("subnet-app", &["1 out deny 8084 0.0.0.0/0"]),
            Blocked,
            &[no_room!("1")],
        ),
        (
            "everything before it is taken",
            |f| {
                let taken = [
                    "1 out allow 443 0.0.0.0/0",
                    "2 out allow udp 0.0.0.0/0",
                    "3 out deny all ::/0",
                    "4 out deny 8084 0.0.0.0/0",
                ];
                f.open_acl_but("subnet-app", &taken);
            },
            Blocked,
            &[no_room!("4")],
        ),
        (
            "a deny that has to go on winning is right before it",
            |f| f.open_acl_but("subnet-app", &["49 out deny 8084 198.51.100.0/24", "50 out deny 8084 0.0.0.0/0"]),
            Blocked,
            &[no_room!("50")],
        ),
        (
            "the last number is taken by an allow: there is room before it",
            |f| f.own_acl("subnet-app", &["32766 out allow 443 0.0.0.0/0", ANSWERS]),
            Patchable,
            &["acl-app: entry 32765 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "the last number is taken by a deny that has to go on winning",
            |f| {
                let entries = ["100 out allow 443 0.0.0.0/0", "32766 out deny 8084 198.51.100.0/24", ANSWERS];
                f.own_acl("subnet-app", &entries);
            },
            Blocked,
            &[no_room!("32767")],
        ),
        (
            "the last number is taken by a deny of a port that answers may come to",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", "32766 in deny 3389 0.0.0.0/0"]),
            Blocked,
            &[
                "AclClosed { subnet: subnet-app, acl: acl-app, entry: 32767, answers: true, to: Registry }",
                "AclStays { acl: acl-app, why: NoFreeNumber { before: 32767 }, answers: true, to: Console }",
            ],
        ),
        (
            "one of two CONSOLE_CIDRS has no place: then neither is opened",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.open_acl_but("subnet-app", &["1 out deny 8084 0.0.0.0/0"]);
            },
            Blocked,
            &[no_room!("1")],
        ),
        (
            "room for one of two CONSOLE_CIDRS: then neither is opened",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.open_acl_but("subnet-app", &["2 out deny 8084 0.0.0.0/0"]);
            },
            Blocked,
            &[no_room!("2")],
        ),
    ];
    check(cases);
}

#[test]
fn what_is_missing_goes_behind_everything_with_room_for_others() {
    let cases: &[Case] = &[
        (
            "in the next ten",
            |f| f.own_acl("subnet-app", &["101 out allow 443 0.0.0.0/0", ANSWERS]),
            Patchable,
            &["acl-app: entry 110 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "one for each of CONSOLE_CIDRS",
            |f| {
                f.console_in(&["203.0.113.0/24", "198.51.100.0/24"]);
                f.own_acl("subnet-app", &["100 out allow 443 0.0.0.0/0", ANSWERS]);
            },
            Patchable,
            &["acl-app: entry 110 out, TCP 8084 to 203.0.113.0/24", "acl-app: entry 120 out, TCP 8084 to 198.51.100.0/24"],
        ),
        (
            "behind a deny of other addresses",
            |f| f.own_acl("subnet-app", &["100 out allow 443 0.0.0.0/0", "300 out deny 8084 10.0.0.0/8", ANSWERS]),
            Patchable,
            &["acl-app: entry 310 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "twenty entries: how many there may be is for EC2 to say, since the quota can be raised",
            |f| {
                let entries: Vec<String> = (1..=20).map(|number| format!("{number} out allow 443 0.0.0.0/0")).collect();
                let entries: Vec<&str> = entries.iter().map(String::as_str).chain([ANSWERS]).collect();
                f.own_acl("subnet-app", &entries);
            },
            Patchable,
            &["acl-app: entry 30 out, TCP 8084 to 0.0.0.0/0"],
        ),
    ];
    check(cases);
}

#[test]
fn an_overruled_deny_goes_on_winning_for_everybody_else() {
    let mut facts = Facts::with(|f| {
        f.console_in(&["203.0.113.0/24"]);
        f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0", "90 in deny 1024-65535 203.0.0.0/8"]);
    });
    let judgement = facts.judge();
    assert_eq!(judgement.verdict(), Patchable);
    apply(&judgement.patch, &mut facts.vpc);
    assert_eq!(facts.judge().verdict(), Reachable);
    facts.console_in(&["203.0.114.0/24"]);
    assert_eq!(facts.judge().verdict(), Patchable, "what is next to CONSOLE_CIDRS is as closed as it was");
    facts.console_at(&["203.0.114.1"]);
    assert_eq!(facts.judge().verdict(), Blocked);
}

#[test]
fn the_default_acl_is_opened_like_any_other() {
    let facts = Facts::with(|f| {
        f.acl("acl-default").entries.retain(|entry| !entry.is_explicit() || entry.block.addr().is_ipv6());
    });
    let told = facts.told(&facts.judge());
    assert!(told.iter().any(|line| line.starts_with("acl-default: entry 110 out, TCP 8084")), "{told:?}");
}
