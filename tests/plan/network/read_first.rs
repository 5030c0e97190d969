//! What has to be read before a judgement, and what only if something is to be opened.

use fargate_updater::ids::PrefixListId;
use fargate_updater::plan::network::facts::EndpointService::EcrApi;
use fargate_updater::plan::network::{needs_interfaces, prefix_lists};

use super::support::{Edit, Facts, OURS, apply};
use crate::support::id;

#[test]
fn the_prefix_lists_that_rules_and_routes_name_are_read() {
    let cases: [(&str, Edit, &[&str]); 10] = [
        ("none", |_| {}, &[]),
        ("of an attached group", |f| f.egress("sg-app", &["443 pl-1", "8084 pl-2"]), &["pl-1", "pl-2"]),
        ("of a group that is not attached", |f| f.egress("sg-default", &["443 pl-1"]), &[]),
        (
            "of the default group, where no other is attached",
            |f| {
                f.egress("sg-default", &["443 pl-1"]);
                f.attach(&[]);
            },
            &["pl-1"],
        ),
        ("for UDP they do not matter", |f| f.egress("sg-app", &["udp pl-1"]), &[]),
        ("of the subnet's routes", |f| f.routes("rtb-main", &["pl-1 transit gateway tgw-1", "0.0.0.0/0 nat-1"]), &["pl-1"]),
        (
            "of the NAT gateway's routes",
            |f| f.routes("rtb-public", &["pl-1 transit gateway tgw-1", "0.0.0.0/0 igw-1"]),
            &["pl-1"],
        ),
        ("of another subnet's routes", |f| f.own_table("subnet-other", &["pl-1 transit gateway tgw-1"]), &[]),
        ("S3's own, which is long and holds no Console", |f| f.routes("rtb-main", &["pl-s3 s3-gateway", "0.0.0.0/0 nat-1"]), &[]),
        (
            "of the groups of endpoints",
            |f| {
                f.group("sg-endpoints", "endpoints", &[]);
                f.ingress("sg-endpoints", &["443 pl-1"]);
                f.endpoint("vpce-api", EcrApi, &["subnet-app"]);
            },
            &["pl-1"],
        ),
    ];
    for (name, edit, expected) in cases {
        let facts = Facts::with(edit);
        let lists: Vec<PrefixListId> = prefix_lists(&facts.network, &facts.vpc, &id(OURS)).into_iter().collect();
        assert_eq!(lists, expected.iter().map(|list| PrefixListId::from(*list)).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn interfaces_are_read_only_for_a_rule() {
    let cases: [(&str, Edit, bool); 4] = [
        ("nothing to open", |_| {}, false),
        ("an ACL to open", |f| f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0"]), false),
        ("a group to open", |f| f.only_https(), true),
        (
            "a group that refers to another one",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.egress("sg-app", &["443 0.0.0.0/0", "8084 sg-console"]);
            },
            true,
        ),
    ];
    for (name, edit, expected) in cases {
        let facts = Facts::with(|f| {
            edit(f);
            f.vpc.groups.interfaces = None;
        });
        assert_eq!(needs_interfaces(&facts.judge()), expected, "{name}");
    }
}

#[test]
fn with_the_interfaces_read_a_reference_to_the_consoles_group_is_enough() {
    let mut facts = Facts::with(|f| {
        f.console_at(&["10.0.5.10"]);
        f.egress("sg-app", &["443 0.0.0.0/0", "8084 sg-console"]);
        f.vpc.groups.interfaces = None;
    });
    let first = facts.judge();
    assert!(needs_interfaces(&first));
    facts.interface("sg-console", &["10.0.5.10"]);
    assert!(facts.judge().patch.is_empty(), "the rule is there already");
    apply(&first.patch, &mut facts.vpc);
    assert!(facts.judge().patch.is_empty());
}
