//! VPC endpoints: an image in ECR without a way to the Internet takes three of them, and their own groups have to let tasks in.

use std::collections::BTreeSet;

use fargate_updater::plan::network::Verdict::{self, Blocked, Patchable, Reachable, Unknown};
use fargate_updater::plan::network::facts::EndpointService::{EcrApi, EcrImages, S3};

use super::support::{Case, ECR_IMAGE, Facts, block, check};

/// A VPC without a way out: the Console is inside, the image in ECR. `services` are reached by interfaces.
fn isolated(f: &mut Facts, services: &[&str]) {
    f.image(ECR_IMAGE);
    f.console_at(&["10.0.5.10"]);
    f.routes("rtb-main", &["10.0.0.0/16 local"]);
    f.add_subnet("subnet-endpoints", &["10.0.9.0/24"]);
    f.group("sg-endpoints", "endpoints", &[]);
    f.ingress("sg-endpoints", &["443 10.0.0.0/16"]);
    for (name, service) in [("vpce-api", EcrApi), ("vpce-dkr", EcrImages), ("vpce-s3", S3)] {
        if services.contains(&name) {
            f.endpoint(name, service, &["subnet-endpoints"]);
        }
    }
}

const ALL: [&str; 3] = ["vpce-api", "vpce-dkr", "vpce-s3"];

#[test]
fn an_image_in_ecr_takes_three_endpoints() {
    let registry = "NoRoute { subnet: subnet-app, table: rtb-main, to: Registry }";
    let layers = "NoRoute { subnet: subnet-app, table: rtb-main, to: Layers }";
    let cases: &[Case] = &[
        ("all of them by interfaces", |f| isolated(f, &ALL), Reachable, &[]),
        (
            "S3 by routes",
            |f| {
                isolated(f, &["vpce-api", "vpce-dkr"]);
                f.gateway_endpoint("vpce-s3", "rtb-main");
            },
            Reachable,
            &[],
        ),
        (
            "S3 by routes of another table",
            |f| {
                isolated(f, &["vpce-api", "vpce-dkr"]);
                f.gateway_endpoint("vpce-s3", "rtb-public");
            },
            Blocked,
            &[layers],
        ),
        ("none for S3", |f| isolated(f, &["vpce-api", "vpce-dkr"]), Blocked, &[layers]),
        ("none for the API", |f| isolated(f, &["vpce-dkr", "vpce-s3"]), Blocked, &[registry]),
        ("none for the images", |f| isolated(f, &["vpce-api", "vpce-s3"]), Blocked, &[registry]),
        ("none at all: told once", |f| isolated(f, &[]), Blocked, &[registry]),
        (
            "none for S3, which is reached by NAT",
            |f| {
                isolated(f, &["vpce-api", "vpce-dkr"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 nat-1"]);
            },
            Reachable,
            &[],
        ),
        (
            "in another VPC, where routes and names may lead",
            |f| {
                isolated(f, &[]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "10.0.0.0/8 transit gateway tgw-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Registry }"],
        ),
        (
            "by names of somebody's own: whether tasks use it cannot be seen",
            |f| {
                isolated(f, &ALL);
                f.vpc.layout.endpoints[2].by_name = false;
            },
            Unknown,
            &["Endpoint { endpoint: \"vpce-s3\" }"],
        ),
        (
            "S3 by names of somebody's own and by routes: by routes",
            |f| {
                isolated(f, &ALL);
                f.vpc.layout.endpoints[2].by_name = false;
                f.gateway_endpoint("vpce-routes", "rtb-main");
            },
            Reachable,
            &[],
        ),
        (
            "endpoints for ECR say nothing about another registry",
            |f| {
                isolated(f, &ALL);
                f.image(super::support::IMAGE);
            },
            Blocked,
            &[registry],
        ),
    ];
    check(cases);
}

#[test]
fn the_groups_of_an_endpoint_have_to_let_tasks_in() {
    let closed = |id: &str, to: &str| format!("EndpointClosed {{ subnet: subnet-app, endpoint: {id:?}, to: {to} }}");
    let all_closed = [closed("vpce-api", "Registry"), closed("vpce-dkr", "Registry"), closed("vpce-s3", "Layers")];
    let unseen: Vec<String> = ALL.iter().map(|id| format!("Endpoint {{ endpoint: {id:?} }}")).collect();
    let rows: [(&str, &[&str], Verdict, &[String]); 9] = [
        ("by the VPC's block", &["443 10.0.0.0/16"], Reachable, &[]),
        ("by the subnet's block", &["443 10.0.0.0/24"], Reachable, &[]),
        ("by the group that the tasks carry", &["443 sg-app"], Reachable, &[]),
        ("all of it", &["all 0.0.0.0/0"], Reachable, &[]),
        ("nothing", &[], Blocked, &all_closed),
        ("another port", &["8443 10.0.0.0/16"], Blocked, &all_closed),
        ("UDP", &["udp 10.0.0.0/16"], Blocked, &all_closed),
        ("another subnet's block", &["443 10.0.2.0/24"], Blocked, &all_closed),
        ("half of the subnet's block", &["443 10.0.0.0/25"], Unknown, &unseen),
    ];
    for (name, ingress, verdict, told) in rows {
        let facts = Facts::with(|f| {
            isolated(f, &ALL);
            f.ingress("sg-endpoints", ingress);
        });
        let judgement = facts.judge();
        assert_eq!((judgement.verdict(), facts.told(&judgement).as_slice()), (verdict, told), "{name}");
    }
    let others = Facts::with(|f| {
        isolated(f, &ALL);
        f.ingress("sg-endpoints", &["443 sg-other"]);
        f.interface("sg-other", &["10.0.2.4"]);
    });
    assert_eq!(others.judge().verdict(), Blocked, "a group that others carry");
    let unread = Facts::with(|f| {
        isolated(f, &ALL);
        for endpoint in &mut f.vpc.layout.endpoints {
            endpoint.groups = BTreeSet::from(["sg-unread".into()]);
        }
    });
    assert_eq!((unread.judge().verdict(), unread.told(&unread.judge())), (Unknown, unseen), "a group that nobody may read");
}

#[test]
fn the_tasks_have_to_be_let_out_to_the_endpoints() {
    let cases: &[Case] = &[
        (
            "to the VPC",
            |f| {
                isolated(f, &ALL);
                f.egress("sg-app", &["all 10.0.0.0/16"]);
            },
            Reachable,
            &[],
        ),
        (
            "to the group that the endpoints carry",
            |f| {
                isolated(f, &ALL);
                f.egress("sg-app", &["8084 10.0.0.0/16", "443 sg-endpoints"]);
            },
            Reachable,
            &[],
        ),
        (
            "to another subnet",
            |f| {
                isolated(f, &ALL);
                f.egress("sg-app", &["8084 10.0.0.0/16", "443 10.0.2.0/24"]);
            },
            Blocked,
            &["GroupsClosed { groups: [sg-app], to: Registry }", "GroupsClosed { groups: [sg-app], to: Layers }"],
        ),
        (
            "to the VPC and to S3's prefix list: whether that is all of S3 cannot be seen",
            |f| {
                isolated(f, &["vpce-api", "vpce-dkr"]);
                f.gateway_endpoint("vpce-s3", "rtb-main");
                f.egress("sg-app", &["all 10.0.0.0/16", "443 pl-s3"]);
                f.prefix_list("pl-s3", Some(&["198.51.100.0/24"]));
            },
            Unknown,
            &["Groups { groups: [sg-app], to: Layers }"],
        ),
        (
            "the Console is opened, and the endpoints stay as they are",
            |f| {
                isolated(f, &ALL);
                f.egress("sg-app", &["443 10.0.0.0/16"]);
            },
            Patchable,
            &["sg-app: TCP 8084 out to 0.0.0.0/0"],
        ),
        (
            "past the subnet's ACL",
            |f| {
                isolated(f, &ALL);
                f.open_acl_but("subnet-app", &["90 out deny 443 10.0.0.0/16"]);
            },
            Blocked,
            &[
                "AclClosed { subnet: subnet-app, acl: acl-app, entry: 90, answers: false, to: Registry }",
                "AclClosed { subnet: subnet-app, acl: acl-app, entry: 90, answers: false, to: Layers }",
            ],
        ),
    ];
    check(cases);
}

// By routes S3 is at its public addresses, and nowhere in the VPC.
#[test]
fn s3_by_routes_needs_a_group_that_lets_out_to_public_addresses() {
    check(&[(
        "out to the VPC alone",
        |f| {
            isolated(f, &["vpce-api", "vpce-dkr"]);
            f.gateway_endpoint("vpce-s3", "rtb-main");
            f.egress("sg-app", &["all 10.0.0.0/16"]);
        },
        Blocked,
        &["GroupsClosed { groups: [sg-app], to: Layers }"],
    )]);
}

#[test]
fn a_subnet_with_both_kinds_of_addresses_uses_an_endpoint_by_ipv4() {
    check(&[(
        "the endpoints' group lets the VPC's IPv4 block in",
        |f| {
            isolated(f, &ALL);
            f.subnet("subnet-app", |subnet| subnet.blocks.push(block("2001:db8:0:1::/64")));
        },
        Reachable,
        &[],
    )]);
}

// What goes through an endpoint of routes has S3's public addresses, and the ACL sees them.
#[test]
fn s3_by_routes_is_behind_the_subnets_acl() {
    let facts = Facts::with(|f| {
        isolated(f, &["vpce-api", "vpce-dkr"]);
        f.gateway_endpoint("vpce-s3", "rtb-main");
        f.own_acl("subnet-app", &["100 out allow all 10.0.0.0/16", "100 in allow all 10.0.0.0/16"]);
    });
    assert_eq!(facts.judge().verdict(), Blocked, "{:?}", facts.told(&facts.judge()));
}

#[test]
fn endpoints_are_behind_the_acl_of_their_own_subnet() {
    let facts = Facts::with(|f| {
        isolated(f, &ALL);
        f.open_acl_but("subnet-endpoints", &["90 in deny 443 10.0.0.0/24"]);
    });
    assert_eq!(facts.judge().verdict(), Blocked, "{:?}", facts.told(&facts.judge()));
}

// An ACL does not see what stays in its subnet.
#[test]
fn endpoints_in_the_tasks_own_subnet_are_not_behind_its_acl() {
    let facts = Facts::with(|f| {
        isolated(f, &[]);
        for (name, service) in [("vpce-api", EcrApi), ("vpce-dkr", EcrImages), ("vpce-s3", S3)] {
            f.endpoint(name, service, &["subnet-app"]);
        }
        f.open_acl_but("subnet-app", &["90 out deny 443 0.0.0.0/0"]);
    });
    assert_eq!(facts.judge().verdict(), Reachable, "{:?}", facts.told(&facts.judge()));
}

// A rule for a group lets in what carries that group, and these tasks do not, whatever else is in their subnet.
#[test]
fn an_endpoint_that_lets_only_another_group_in_is_closed() {
    let lets_others_in = |f: &mut Facts| {
        isolated(f, &ALL);
        f.ingress("sg-endpoints", &["443 sg-other"]);
    };
    let neighbours = Facts::with(|f| {
        lets_others_in(f);
        f.interface("sg-other", &["10.0.0.9"]);
    });
    assert_eq!(neighbours.judge().verdict(), Blocked, "{:?}", neighbours.told(&neighbours.judge()));
    let unread = Facts::with(|f| {
        lets_others_in(f);
        f.vpc.groups.interfaces = None;
    });
    assert_eq!(unread.judge().verdict(), Blocked, "{:?}", unread.told(&unread.judge()));
}
