//! The registry of the Defender's image: judged on its own port as things will be after the patch, and never opened.

use fargate_updater::plan::network::Verdict::{Blocked, Patchable, Reachable, Unknown};

use super::support::{Case, ECR_IMAGE, Facts, check};

const CLOSED: &str = "GroupsClosed { groups: [sg-app], to: Registry }";

#[test]
fn the_groups_have_to_let_https_out_and_no_rule_is_added_for_it() {
    let cases: &[Case] = &[
        ("the Console's port alone", |f| f.egress("sg-app", &["8084 0.0.0.0/0"]), Blocked, &[CLOSED]),
        ("HTTPS inside alone", |f| f.egress("sg-app", &["8084 0.0.0.0/0", "443 10.0.0.0/8"]), Blocked, &[CLOSED]),
        (
            "HTTPS to a part of the Internet: the registry may be there",
            |f| f.egress("sg-app", &["8084 0.0.0.0/0", "443 198.51.100.0/24"]),
            Unknown,
            &["Groups { groups: [sg-app], to: Registry }"],
        ),
        (
            "HTTPS to a list that could not be read",
            |f| {
                f.egress("sg-app", &["8084 0.0.0.0/0", "443 pl-registry"]);
                f.prefix_list("pl-registry", None);
            },
            Unknown,
            &["Groups { groups: [sg-app], to: Registry }"],
        ),
        (
            "HTTPS to all of the Internet, and to nothing inside",
            |f| {
                let internet = [
                    "443 0.0.0.0/5",
                    "443 8.0.0.0/7",
                    "443 11.0.0.0/8",
                    "443 12.0.0.0/6",
                    "443 16.0.0.0/4",
                    "443 32.0.0.0/3",
                    "443 64.0.0.0/2",
                    "443 128.0.0.0/1",
                ];
                f.egress("sg-app", &[&["8084 0.0.0.0/0"][..], &internet].concat());
            },
            Reachable,
            &[],
        ),
        (
            "a Console in the cloud is on the same port, and what is opened for it opens the registry too",
            |f| {
                f.port(443);
                f.egress("sg-app", &[]);
            },
            Patchable,
            &["sg-app: TCP 443 out to 0.0.0.0/0"],
        ),
        (
            "that goes for ACLs too",
            |f| {
                f.port(443);
                f.open_acl_but("subnet-app", &["90 out deny 443 0.0.0.0/0"]);
                f.open_acl_but("subnet-public", &["90 out deny 443 0.0.0.0/0"]);
            },
            Patchable,
            &["acl-app: entry 89 out, TCP 443 to 0.0.0.0/0", "acl-public: entry 89 out, TCP 443 to 0.0.0.0/0"],
        ),
        (
            "but not when CONSOLE_CIDRS keeps it narrow",
            |f| {
                f.port(443);
                f.console_in(&["10.0.5.0/24"]);
                f.egress("sg-app", &[]);
            },
            Blocked,
            &[CLOSED, "sg-app: TCP 443 out to 10.0.5.0/24"],
        ),
    ];
    check(cases);
}

#[test]
fn a_registry_on_the_internet_needs_a_way_there() {
    let cases: &[Case] = &[
        (
            "no way out, and the Console is inside",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.routes("rtb-main", &["10.0.0.0/16 local"]);
            },
            Blocked,
            &["NoRoute { subnet: subnet-app, table: rtb-main, to: Registry }"],
        ),
        (
            "no public address, and the Console is inside",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.run_in(&["subnet-public"]);
            },
            Blocked,
            &["NoPublicAddress { subnet: subnet-public, gateway: \"igw-1\", to: Registry }"],
        ),
        (
            "beyond a transit gateway",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "0.0.0.0/0 transit gateway tgw-1"]);
            },
            Unknown,
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Registry }"],
        ),
        (
            "a private network beyond a transit gateway is not the Internet",
            |f| {
                f.console_at(&["10.0.5.10"]);
                f.routes("rtb-main", &["10.0.0.0/16 local", "10.0.0.0/8 transit gateway tgw-1"]);
            },
            Blocked,
            &["NoRoute { subnet: subnet-app, table: rtb-main, to: Registry }"],
        ),
        (
            "ECR without endpoints is on the Internet",
            |f| {
                f.image(ECR_IMAGE);
                f.console_at(&["10.0.5.10"]);
                f.routes("rtb-main", &["10.0.0.0/16 local"]);
            },
            Blocked,
            &["NoRoute { subnet: subnet-app, table: rtb-main, to: Registry }"],
        ),
        ("ECR by NAT", |f| f.image(ECR_IMAGE), Reachable, &[]),
    ];
    check(cases);
}

#[test]
fn a_registry_of_the_customers_own_may_be_anywhere() {
    let own = |f: &mut Facts, routes: &[&str]| {
        f.image("registry.example.test:5000/defender:1");
        f.console_at(&["10.0.5.10"]);
        f.routes("rtb-main", &[&["10.0.0.0/16 local"], routes].concat());
    };
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("out", &["0.0.0.0/0 nat-1"], &[]),
        (
            "inside of the VPC, where nothing else leads",
            &[],
            &["Way { subnet: subnet-app, what: \"nothing but the VPC itself\", to: Registry }"],
        ),
        (
            "behind a transit gateway",
            &["10.0.0.0/8 transit gateway tgw-1"],
            &["Way { subnet: subnet-app, what: \"transit gateway tgw-1\", to: Registry }"],
        ),
        (
            "inside of the VPC, and the way out is a black hole",
            &["0.0.0.0/0 nat-1 blackhole"],
            &["Way { subnet: subnet-app, what: \"nothing but the VPC itself\", to: Registry }"],
        ),
    ];
    for (name, routes, told) in cases {
        let facts = Facts::with(|f| own(f, routes));
        let judgement = facts.judge();
        assert_eq!(facts.told(&judgement), told, "{name}");
        assert_eq!(judgement.verdict(), if told.is_empty() { Reachable } else { Unknown }, "{name}");
    }
    let port = Facts::with(|f| {
        own(f, &["0.0.0.0/0 nat-1"]);
        f.egress("sg-app", &["8084 0.0.0.0/0", "443 0.0.0.0/0"]);
    });
    assert_eq!(port.told(&port.judge()), [CLOSED], "its port is 5000");
}

#[test]
fn the_way_out_is_named() {
    let hints =
        |edit: fn(&mut Facts)| -> Vec<String> { Facts::with(edit).judge().obstacles.iter().map(|it| it.hint()).collect() };
    let closed = hints(|f| f.egress("sg-app", &["8084 0.0.0.0/0"]));
    let denied = hints(|f| f.open_acl_but("subnet-app", &["90 out deny 443 0.0.0.0/0"]));
    let no_route = hints(|f| {
        f.console_at(&["10.0.5.10"]);
        f.routes("rtb-main", &["10.0.0.0/16 local"]);
    });
    for (name, hints) in [("groups", closed), ("an ACL", denied), ("routes", no_route)] {
        assert_eq!(hints.len(), 1, "{name}");
        assert!(
            hints[0].contains("mirror the Defender's image into ECR") && hints[0].contains("DEFENDER_IMAGE"),
            "{name}: {hints:?}"
        );
    }
    let stays = hints(|f| f.open_acl_but("subnet-app", &["90 in deny 1024-65535 203.0.113.0/24"]));
    assert!(stays[0].contains("CONSOLE_CIDRS"), "{stays:?}");
    let address = hints(|f| f.run_in(&["subnet-public"]));
    assert!(address.iter().all(|hint| hint.contains("assignPublicIp")), "{address:?}");
}
