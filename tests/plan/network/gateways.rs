//! Internet gateways: who needs a public address, and what VPC Block Public Access closes.

use fargate_updater::plan::network::Verdict::{self, Blocked, Reachable};
use fargate_updater::plan::network::facts::BlockPublicAccess::{self, Bidirectional, Ingress, Off};

use super::support::{Case, Facts, check};

/// Runs the tasks next to the Internet gateway.
fn in_public(f: &mut Facts) {
    f.run_in(&["subnet-public"]);
}

/// Runs the tasks in a subnet that has IPv6 addresses only, with one way out.
fn over_v6(f: &mut Facts, route: &str) {
    f.add_subnet("subnet-six", &["2001:db8:0:1::/64"]);
    f.subnet("subnet-six", |subnet| subnet.ipv6_only = true);
    f.run_in(&["subnet-six"]);
    f.own_table("subnet-six", &["10.0.0.0/16 local", "2001:db8::/56 local", route]);
    f.console_at(&["2001:db8:ffff::10", "203.0.113.10"]);
    f.egress("sg-app", &["all ::/0"]);
}

#[test]
fn an_internet_gateway_needs_a_public_address_unless_it_is_ipv6() {
    let cases: &[Case] = &[
        (
            "with one",
            |f| {
                in_public(f);
                f.network.public_address = true;
            },
            Reachable,
            &[],
        ),
        (
            "without",
            in_public,
            Blocked,
            &[
                "NoPublicAddress { subnet: subnet-public, gateway: \"igw-1\", to: Console }",
                "NoPublicAddress { subnet: subnet-public, gateway: \"igw-1\", to: Registry }",
            ],
        ),
        ("by NAT nobody needs one", |f| f.network.public_address = false, Reachable, &[]),
        ("IPv6 without one", |f| over_v6(f, "::/0 igw-1"), Reachable, &[]),
        ("IPv6 by an egress-only gateway", |f| over_v6(f, "::/0 eigw-1"), Reachable, &[]),
    ];
    check(cases);
    let no_route = Facts::with(|f| over_v6(f, "0.0.0.0/0 nat-1"));
    assert_eq!(no_route.judge().verdict(), Blocked, "a route of the other kind leads nowhere");
    let gone = Facts::with(|f| over_v6(f, "::/0 eigw-1 blackhole"));
    assert_eq!(gone.judge().verdict(), Blocked, "a gateway that is gone leads nowhere");
}

#[test]
fn vpc_block_public_access_closes_what_it_says() {
    type Way = fn(&mut Facts, BlockPublicAccess);
    let igw: Way = |f, access| {
        in_public(f);
        f.network.public_address = true;
        f.subnet("subnet-public", |subnet| subnet.block_public_access = access);
    };
    let igw_v6: Way = |f, access| {
        over_v6(f, "::/0 igw-1");
        f.subnet("subnet-six", |subnet| subnet.block_public_access = access);
    };
    let eigw: Way = |f, access| {
        over_v6(f, "::/0 eigw-1");
        f.subnet("subnet-six", |subnet| subnet.block_public_access = access);
    };
    let nat: Way = |f, access| f.subnet("subnet-public", |subnet| subnet.block_public_access = access);
    let cases: [(&str, Way, [Verdict; 3]); 4] = [
        ("an Internet gateway", igw, [Reachable, Blocked, Blocked]),
        ("an Internet gateway by IPv6", igw_v6, [Reachable, Blocked, Blocked]),
        ("an egress-only gateway", eigw, [Reachable, Reachable, Blocked]),
        ("a NAT gateway", nat, [Reachable, Reachable, Blocked]),
    ];
    for (name, way, verdicts) in cases {
        for (access, verdict) in [Off, Ingress, Bidirectional].into_iter().zip(verdicts) {
            let facts = Facts::with(|f| way(f, access));
            let judgement = facts.judge();
            assert_eq!(judgement.verdict(), verdict, "{name}, {access:?}");
            let told = facts.told(&judgement);
            assert!(told.iter().all(|line| line.starts_with("PublicAccessBlocked")), "{name}, {access:?}: {told:?}");
            assert_eq!(told.is_empty(), verdict == Reachable, "{name}, {access:?}: {told:?}");
        }
    }
}

#[test]
fn public_access_is_blocked_where_the_gateway_is() {
    let facts = Facts::with(|f| f.subnet("subnet-public", |subnet| subnet.block_public_access = Bidirectional));
    let of = |server: &str| format!("PublicAccessBlocked {{ subnet: subnet-app, of: subnet-public, to: {server} }}");
    assert_eq!(facts.told(&facts.judge()), [of("Console"), of("Registry")]);
    // A Console inside is reached without any gateway.
    let inside = Facts::with(|f| {
        f.console_at(&["10.0.5.10"]);
        f.subnet("subnet-public", |subnet| subnet.block_public_access = Bidirectional);
    });
    assert_eq!(inside.told(&inside.judge()), [of("Registry")]);
}
