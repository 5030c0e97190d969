//! IPv4 and IPv6: which of the two a subnet's tasks reach the Console by, and what is opened for it.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};

use super::support::{ALLOW_ALL, Case, Facts, block, check};

/// Gives `subnet-app` IPv6 addresses besides, and a way out for them.
fn dual(f: &mut Facts) {
    f.subnet("subnet-app", |subnet| subnet.blocks.push(block("2001:db8:0:1::/64")));
    f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "2001:db8::/56 local", "::/0 eigw-1"]);
}

/// Adds a subnet with IPv6 addresses only.
fn add_six(f: &mut Facts) {
    f.add_subnet("subnet-six", &["2001:db8:0:6::/64"]);
    f.subnet("subnet-six", |subnet| subnet.ipv6_only = true);
    f.own_table("subnet-six", &["2001:db8::/56 local", "::/0 eigw-1"]);
}

#[test]
fn tasks_reach_the_console_by_the_kind_of_addresses_that_both_have() {
    let other = |subnet: &str| format!("OtherAddresses {{ subnet: {subnet}, to: Console }}");
    let other_app = other("subnet-app");
    let cases: &[Case] = &[
        (
            "both have both: IPv4, and IPv6 need not be open",
            |f| {
                dual(f);
                f.console_at(&["203.0.113.10", "2001:db8:ffff::10"]);
                f.open_acl_but("subnet-app", &["90 out deny all ::/0"]);
            },
            Reachable,
            &[],
        ),
        (
            "the Console has IPv6 alone",
            |f| {
                dual(f);
                f.console_at(&["2001:db8:ffff::10"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to ::/0"],
        ),
        (
            "the Console has IPv6 alone, and that is open",
            |f| {
                dual(f);
                f.console_at(&["2001:db8:ffff::10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 2001:db8:ffff::/48"]);
            },
            Reachable,
            &[],
        ),
        ("the Console has IPv6 alone, and the subnet does not", |f| f.console_at(&["2001:db8:ffff::10"]), Blocked, &[&other_app]),
        (
            "the Console has IPv4 alone, and the subnet does not",
            |f| {
                add_six(f);
                f.run_in(&["subnet-six"]);
                f.egress("sg-app", &["443 ::/0"]);
            },
            Unknown,
            &["Way { subnet: subnet-six, what: \"NAT64, if it has that\", to: Console }"],
        ),
        ("CONSOLE_CIDRS are of the other kind", |f| f.console_in(&["2001:db8:ffff::/48"]), Blocked, &[&other_app]),
        (
            "nobody knows where the Console is, and the subnet has IPv6 alone",
            |f| {
                add_six(f);
                f.console_anywhere();
                f.run_in(&["subnet-six"]);
                f.egress("sg-app", &["443 ::/0"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to ::/0"],
        ),
    ];
    check(cases);
}

#[test]
fn what_is_opened_is_of_the_same_kind() {
    let cases: &[Case] = &[
        (
            "one rule for both kinds, where two subnets need one each",
            |f| {
                add_six(f);
                f.run_in(&["subnet-app", "subnet-six"]);
                f.console_at(&["203.0.113.10", "2001:db8:ffff::10"]);
                f.only_https();
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0, ::/0"],
        ),
        (
            "only for the kind that is closed",
            |f| {
                add_six(f);
                f.run_in(&["subnet-app", "subnet-six"]);
                f.console_at(&["203.0.113.10", "2001:db8:ffff::10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "443 ::/0", "8084 0.0.0.0/0"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to ::/0"],
        ),
        (
            "CONSOLE_CIDRS of both kinds, and one kind of subnet",
            |f| {
                f.console_in(&["203.0.113.0/24", "2001:db8:ffff::/48"]);
                f.only_https();
            },
            Patchable,
            &["sg-app: TCP 8084 out to 203.0.113.0/24"],
        ),
        (
            "an ACL's entries",
            |f| {
                dual(f);
                f.console_at(&["2001:db8:ffff::10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "all ::/0"]);
                f.own_acl("subnet-app", &ALLOW_ALL[..2]);
            },
            Patchable,
            &["acl-app: entry 110 out, TCP 8084 to ::/0", "acl-app: entry 110 in, TCP 1024-65535 from ::/0"],
        ),
        (
            "an ACL's entry before a deny",
            |f| {
                dual(f);
                f.console_at(&["2001:db8:ffff::10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "all ::/0"]);
                f.open_acl_but("subnet-app", &["90 out deny 8084 ::/0"]);
            },
            Patchable,
            &["acl-app: entry 89 out, TCP 8084 to ::/0"],
        ),
    ];
    check(cases);
}
