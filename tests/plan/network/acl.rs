//! The network ACL of the tasks' own subnet: which entry decides, in both directions, and when somebody's deny goes on winning.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};

use super::support::{Case, Facts, check};

/// What is opened right before an entry 90.
const BEFORE_90: &str = "acl-app: entry 89 out, TCP 8084 to 0.0.0.0/0";
/// Answers from everywhere, to ports of clients.
const ANSWERS: &str = "100 in allow 1024-65535 0.0.0.0/0";

#[test]
fn the_matching_entry_with_the_lowest_number_decides() {
    let cases: &[Case] = &[
        ("everything is allowed", |f| f.open_acl_but("subnet-app", &[]), Reachable, &[]),
        ("an allow behind a deny", |f| f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0"]), Patchable, &[BEFORE_90]),
        ("a deny behind an allow", |f| f.open_acl_but("subnet-app", &["110 out deny 8084 0.0.0.0/0"]), Reachable, &[]),
        (
            "an allow before a deny",
            |f| f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0", "80 out allow 8084 203.0.113.0/24"]),
            Reachable,
            &[],
        ),
        (
            "ports around it are denied",
            |f| f.open_acl_but("subnet-app", &["90 out deny 8000-9000 0.0.0.0/0"]),
            Patchable,
            &[BEFORE_90],
        ),
        ("ports beside it are denied", |f| f.open_acl_but("subnet-app", &["90 out deny 8085-9000 0.0.0.0/0"]), Reachable, &[]),
        ("another address is denied", |f| f.open_acl_but("subnet-app", &["90 out deny all 203.0.113.11/32"]), Reachable, &[]),
        (
            "the Console's address is denied",
            |f| f.open_acl_but("subnet-app", &["90 out deny all 203.0.113.10/32"]),
            Patchable,
            &[BEFORE_90],
        ),
        (
            "one of two addresses is denied",
            |f| {
                f.console_at(&["203.0.113.10", "203.0.113.20"]);
                f.open_acl_but("subnet-app", &["90 out deny all 203.0.113.20/32"]);
            },
            Patchable,
            &[BEFORE_90],
        ),
        ("UDP is denied", |f| f.open_acl_but("subnet-app", &["90 out deny udp 0.0.0.0/0"]), Reachable, &[]),
        (
            "UDP alone is allowed",
            |f| f.own_acl("subnet-app", &["90 out allow 443 0.0.0.0/0", "95 out allow udp 0.0.0.0/0", ANSWERS]),
            Patchable,
            &["acl-app: entry 100 out, TCP 8084 to 0.0.0.0/0"],
        ),
        ("the other kind of addresses is denied", |f| f.open_acl_but("subnet-app", &["90 out deny all ::/0"]), Reachable, &[]),
        (
            "the numbers of one direction say nothing about the other",
            |f| f.open_acl_but("subnet-app", &["90 in deny 8084 0.0.0.0/0", "80 out allow 8084 0.0.0.0/0"]),
            Reachable,
            &[],
        ),
        (
            "nothing is said about the port",
            |f| f.own_acl("subnet-app", &["100 out allow 443 0.0.0.0/0", ANSWERS]),
            Patchable,
            &["acl-app: entry 110 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "nothing at all is said",
            |f| f.own_acl("subnet-app", &[]),
            Blocked,
            &[
                "AclClosed { subnet: subnet-app, acl: acl-app, entry: 32767, answers: false, to: Registry }",
                "acl-app: entry 10 out, TCP 8084 to 0.0.0.0/0",
                "acl-app: entry 10 in, TCP 1024-65535 from 0.0.0.0/0",
            ],
        ),
    ];
    check(cases);
}

#[test]
fn answers_have_to_come_back_in() {
    let cases: &[Case] = &[
        ("to the ports of clients", |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", ANSWERS]), Reachable, &[]),
        (
            "from nowhere",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 10 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
        (
            "from nowhere, and out to nowhere but the registry",
            |f| f.own_acl("subnet-app", &["100 out allow 443 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 110 out, TCP 8084 to 0.0.0.0/0", "acl-app: entry 10 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
        (
            "to a part of those that Linux gives",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", "100 in allow 49152-65535 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 110 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
        (
            "to those that Linux gives, which is enough for a task",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", "100 in allow 32768-60999 0.0.0.0/0"]),
            Reachable,
            &[],
        ),
        (
            "to half of those that Linux gives",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", "100 in allow 45000-65535 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 110 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
        (
            "by TCP",
            |f| f.own_acl("subnet-app", &["100 out allow all 0.0.0.0/0", "100 in allow udp 0.0.0.0/0"]),
            Patchable,
            &["acl-app: entry 110 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
    ];
    check(cases);
}

#[test]
fn an_operators_deny_of_a_port_goes_on_winning_and_is_no_obstacle() {
    let cases: &[Case] = &[
        (
            "before an allow of everything",
            |f| f.open_acl_but("subnet-app", &["80 in deny 3389 0.0.0.0/0", "90 in deny 5432 0.0.0.0/0"]),
            Reachable,
            &[],
        ),
        (
            "and the missing entry goes behind both",
            |f| {
                let denies = ["80 in deny 3389 0.0.0.0/0", "200 in deny 5432 0.0.0.0/0"];
                f.own_acl("subnet-app", &[&denies[..], &["100 out allow all 0.0.0.0/0"]].concat());
            },
            Patchable,
            &["acl-app: entry 210 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
        (
            "with CONSOLE_CIDRS too",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.own_acl(
                    "subnet-app",
                    &["80 in deny 3389 0.0.0.0/0", "100 out allow all 0.0.0.0/0", "90 in allow 1024-65535 0.0.0.0/1"],
                );
            },
            Patchable,
            &[
                "AclPart { acl: acl-app, entry: 32767, answers: true, to: Registry }",
                "acl-app: entry 100 in, TCP 1024-65535 from 203.0.113.0/24",
            ],
        ),
        (
            "for ports that Linux gives to clients a part of the connections fails",
            |f| f.open_acl_but("subnet-app", &["90 in deny 40000-50000 203.0.113.10/32"]),
            Unknown,
            &["AclPart { acl: acl-app, entry: 90, answers: true, to: Console }"],
        ),
        (
            "one for everybody else's addresses",
            |f| f.open_acl_but("subnet-app", &["90 in deny all 198.51.100.0/24"]),
            Reachable,
            &[],
        ),
    ];
    check(cases);
}

#[test]
fn what_denies_every_answer_is_overruled_only_for_console_cidrs() {
    let stays = "AclStays { acl: acl-app, why: OnlyBefore { entry: 90 }, answers: true, to: Console }";
    let registry = "AclClosed { subnet: subnet-app, acl: acl-app, entry: 90, answers: true, to: Registry }";
    let narrow = "acl-app: entry 89 in, TCP 1024-65535 from 203.0.113.0/24";
    let cases: &[Case] = &[
        (
            "all ports from everywhere, and nobody gave CONSOLE_CIDRS",
            |f| f.open_acl_but("subnet-app", &["90 in deny all 0.0.0.0/0"]),
            Blocked,
            &[registry, stays],
        ),
        (
            "the ports of clients from around the Console, and nobody gave CONSOLE_CIDRS",
            |f| f.open_acl_but("subnet-app", &["90 in deny 1024-65535 203.0.113.0/24"]),
            Blocked,
            &[stays],
        ),
        (
            "the ports of clients from around the Console, with CONSOLE_CIDRS",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.open_acl_but("subnet-app", &["90 in deny 1024-65535 203.0.113.0/24"]);
            },
            Patchable,
            &[narrow],
        ),
        (
            "a part of CONSOLE_CIDRS",
            |f| {
                f.console_in(&["203.0.113.0/24"]);
                f.open_acl_but("subnet-app", &["90 in deny 1024-65535 203.0.113.10/32"]);
            },
            Patchable,
            &[narrow],
        ),
        (
            "one of two CONSOLE_CIDRS: only that one is opened",
            |f| {
                f.console_in(&["198.51.100.0/24", "203.0.113.0/24"]);
                f.open_acl_but("subnet-app", &["90 in deny 1024-65535 203.0.113.0/24"]);
            },
            Patchable,
            &[narrow],
        ),
        (
            "both of two CONSOLE_CIDRS: one entry each",
            |f| {
                f.console_in(&["198.51.100.0/24", "203.0.113.0/24"]);
                f.open_acl_but("subnet-app", &["90 in deny 1024-65535 198.51.100.0/24", "91 in deny 1024-65535 203.0.113.0/24"]);
            },
            Patchable,
            &[
                "acl-app: entry 89 in, TCP 1024-65535 from 198.51.100.0/24",
                "acl-app: entry 88 in, TCP 1024-65535 from 203.0.113.0/24",
            ],
        ),
    ];
    check(cases);
}

// A block that is open for the Console is not taken for the whole Internet.
#[test]
fn what_is_opened_for_the_console_is_not_open_for_the_registry() {
    let facts = Facts::with(|f| {
        f.console_in(&["203.0.113.0/24"]);
        f.open_acl_but("subnet-app", &["90 in deny all 0.0.0.0/0"]);
    });
    let told = facts.told(&facts.judge());
    assert!(told.iter().any(|line| line.ends_with("to: Registry }")), "the registry's answers are denied: {told:?}");
    // The same without a patch: somebody opened the Console's block, and denied the rest.
    let facts = Facts::with(|f| f.open_acl_but("subnet-app", &["80 in allow all 203.0.113.0/24", "90 in deny all 0.0.0.0/0"]));
    assert_ne!(facts.judge().verdict(), Reachable);
}

#[test]
fn the_registrys_own_legs_are_judged_and_never_opened() {
    let closed =
        |answers: bool| format!("AclClosed {{ subnet: subnet-app, acl: acl-app, entry: 90, answers: {answers}, to: Registry }}");
    let out = Facts::with(|f| f.open_acl_but("subnet-app", &["90 out deny 443 0.0.0.0/0"]));
    assert_eq!(out.told(&out.judge()), [closed(false)]);
    let part = Facts::with(|f| f.open_acl_but("subnet-app", &["90 out deny 443 198.51.100.0/24"]));
    assert_eq!(part.judge().verdict(), Reachable, "nobody says that the registry is there");
    let missing =
        Facts::with(|f| f.own_acl("subnet-app", &["90 out allow 443 198.51.100.0/24", "95 out allow 8084 0.0.0.0/0", ANSWERS]));
    assert_eq!(missing.told(&missing.judge()), ["AclPart { acl: acl-app, entry: 32767, answers: false, to: Registry }"]);
}

// An ACL sees what enters and leaves its subnet, not what stays in it.
#[test]
fn a_console_in_the_tasks_own_subnet_is_not_behind_its_acl() {
    check(&[
        (
            "answers are denied",
            |f| {
                f.console_at(&["10.0.0.20"]);
                f.open_acl_but("subnet-app", &["90 in deny all 10.0.0.0/24"]);
            },
            Reachable,
            &[],
        ),
        (
            "the port is denied",
            |f| {
                f.console_at(&["10.0.0.20"]);
                f.open_acl_but("subnet-app", &["90 out deny 8084 10.0.0.0/24"]);
            },
            Reachable,
            &[],
        ),
    ]);
}

#[test]
fn a_console_in_another_subnet_is_behind_that_subnets_acl() {
    let facts = Facts::with(|f| {
        f.add_subnet("subnet-console", &["10.0.5.0/24"]);
        f.console_at(&["10.0.5.10"]);
        f.open_acl_but("subnet-console", &["90 in deny 8084 10.0.0.0/16"]);
    });
    assert_ne!(facts.judge().verdict(), Reachable);
}
