//! Networks that work and look blocked, and networks that are blocked in part and look open: none is to be taken for the other.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};
use fargate_updater::plan::network::facts::EndpointService::{EcrApi, EcrImages, S3};

use super::support::{Case, Facts, block, check};

const ANSWERS_TO_NAT: &str = "AclPart { acl: acl-public, entry: 90, answers: true, to: Console }";

#[test]
fn a_nat_gateway_is_given_other_ports_than_a_task() {
    let cases: &[Case] = &[
        (
            "half of the gateway's ports are denied",
            |f| f.open_acl_but("subnet-public", &["90 in deny 1024-32767 203.0.113.0/24"]),
            Unknown,
            &[ANSWERS_TO_NAT],
        ),
        (
            "one of them is, which nobody notices",
            |f| f.open_acl_but("subnet-public", &["90 in deny 3389 0.0.0.0/0"]),
            Reachable,
            &[],
        ),
        (
            "only those are allowed that Linux gives to tasks",
            |f| {
                let out = ["100 out allow all 0.0.0.0/0", "100 in allow all 10.0.0.0/16"];
                f.own_acl("subnet-public", &[&out[..], &["110 in allow 32768-60999 0.0.0.0/0"]].concat());
            },
            Patchable,
            &["acl-public: entry 120 in, TCP 1024-65535 from 0.0.0.0/0"],
        ),
    ];
    check(cases);
}

#[test]
fn a_deny_is_not_overruled_at_the_cost_of_others() {
    let cases: &[Case] = &[
        (
            "behind the deny of the Console there is one of somebody else",
            |f| f.open_acl_but("subnet-app", &["90 out deny all 203.0.113.0/24", "95 out deny all 198.51.100.0/24"]),
            Blocked,
            &["AclStays { acl: acl-app, why: OnlyBefore { entry: 90 }, answers: false, to: Console }"],
        ),
        (
            "CONSOLE_CIDRS says how narrow it may be",
            |f| {
                f.console_in(&["203.0.113.10/32"]);
                f.open_acl_but("subnet-app", &["90 out deny all 203.0.113.0/24", "95 out deny all 198.51.100.0/24"]);
            },
            Patchable,
            &["acl-app: entry 89 out, TCP 8084 to 203.0.113.10/32"],
        ),
        (
            "both deny the Console",
            |f| f.open_acl_but("subnet-app", &["90 out deny all 203.0.113.0/24", "95 out deny all 203.0.0.0/8"]),
            Patchable,
            &["acl-app: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
        (
            "the deny of the Console is of everything, so that the one behind it never decided",
            |f| f.open_acl_but("subnet-app", &["90 out deny 8084 0.0.0.0/0", "95 out deny all 198.51.100.0/24"]),
            Patchable,
            &["acl-app: entry 89 out, TCP 8084 to 0.0.0.0/0"],
        ),
    ];
    check(cases);
}

#[test]
fn what_is_opened_for_the_console_alone_is_no_way_to_the_registry() {
    let cases: &[Case] = &[
        (
            "a group that lets nothing out",
            |f| {
                f.console_in(&["198.51.100.0/24"]);
                f.port(443);
                f.egress("sg-app", &[]);
            },
            Blocked,
            &["GroupsClosed { groups: [sg-app], to: Registry }", "sg-app: TCP 443 out to 198.51.100.0/24"],
        ),
        (
            "an ACL that lets nothing out",
            |f| {
                f.console_in(&["198.51.100.0/24"]);
                f.port(443);
                f.own_acl("subnet-app", &["100 in allow all 0.0.0.0/0"]);
            },
            Blocked,
            &[
                "AclClosed { subnet: subnet-app, acl: acl-app, entry: 32767, answers: false, to: Registry }",
                "acl-app: entry 10 out, TCP 443 to 198.51.100.0/24",
            ],
        ),
    ];
    for (name, edit, verdict, told) in cases {
        let facts = Facts::with(edit);
        assert_eq!(facts.told(&facts.judge()), *told, "{name}");
        assert_eq!(facts.judge().verdict(), *verdict, "{name}");
    }
}

#[test]
fn a_console_somewhere_in_the_vpc_opens_no_other_subnet() {
    let database = |f: &mut Facts| {
        f.add_subnet("subnet-database", &["10.0.9.0/24"]);
        f.open_acl_but("subnet-database", &["90 in deny all 10.0.0.0/24"]);
        f.console_in(&["10.0.0.0/16"]);
    };
    let facts = Facts::with(database);
    assert_eq!((facts.judge().verdict(), facts.told(&facts.judge())), (Reachable, Vec::new()));
}

#[test]
fn with_both_kinds_of_addresses_one_that_leads_out_is_enough() {
    let by_v6 = |f: &mut Facts| {
        f.subnet("subnet-app", |subnet| subnet.blocks.push(block("2001:db8:0:1::/64")));
        f.open_acl_but("subnet-app", &["80 out allow all ::/0", "80 in allow all ::/0"]);
        f.egress("sg-app", &["all 0.0.0.0/0", "all ::/0"]);
        f.routes("rtb-main", &["10.0.0.0/16 local", "2001:db8::/56 local", "::/0 eigw-1"]);
    };
    let facts = Facts::with(|f| {
        by_v6(f);
        f.console_at(&["203.0.113.10", "2001:db8:ffff::10"]);
    });
    let registry = "Way { subnet: subnet-app, what: \"IPv6, if it has such addresses\", to: Registry }";
    assert_eq!((facts.judge().verdict(), facts.told(&facts.judge())), (Unknown, vec![registry.to_owned()]));
    let facts = Facts::with(|f| {
        by_v6(f);
        f.console_at(&["203.0.113.10"]);
    });
    assert_eq!(facts.judge().verdict(), Blocked, "the Console has IPv4 alone");
}

#[test]
fn an_endpoint_that_tasks_do_not_use_by_itself_is_no_way_and_no_block() {
    let unused = |f: &mut Facts, leads_out: bool| {
        f.image("111122223333.dkr.ecr.eu-west-1.amazonaws.com/defender:1");
        for (name, service) in [("vpce-api", EcrApi), ("vpce-dkr", EcrImages), ("vpce-s3", S3)] {
            f.endpoint(name, service, &["subnet-public"]);
        }
        f.vpc.layout.endpoints.iter_mut().for_each(|endpoint| endpoint.by_name = false);
        if !leads_out {
            f.routes("rtb-main", &["10.0.0.0/16 local", "203.0.113.0/24 nat-1"]);
        }
    };
    let facts = Facts::with(|f| unused(f, true));
    assert_eq!((facts.judge().verdict(), facts.told(&facts.judge())), (Reachable, Vec::new()));
    let facts = Facts::with(|f| {
        unused(f, false);
        f.routes("rtb-main", &["10.0.0.0/16 local"]);
        f.console_at(&["10.0.1.10"]);
    });
    let told = vec!["Endpoint { endpoint: \"vpce-api\" }".to_owned()];
    assert_eq!((facts.judge().verdict(), facts.told(&facts.judge())), (Unknown, told));
}

#[test]
fn a_prefix_list_that_cannot_be_read_may_lead_elsewhere() {
    let wherever = "prefix list pl-spoke, which could not be read";
    let line = |server: &str| format!("Way {{ subnet: subnet-app, what: \"{wherever}\", to: {server} }}");
    let facts = Facts::with(|f| {
        f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1", "pl-spoke transit gateway tgw-1"]);
        f.prefix_list("pl-spoke", None);
    });
    assert_eq!((facts.judge().verdict(), facts.told(&facts.judge())), (Unknown, vec![line("Console"), line("Registry")]));
    let facts = Facts::with(|f| {
        f.routes("rtb-public", &["10.0.0.0/16 local", "pl-spoke igw-1"]);
        f.prefix_list("pl-spoke", None);
    });
    assert_eq!(facts.judge().verdict(), Unknown, "in the table of the NAT gateway too: {:?}", facts.told(&facts.judge()));
}
