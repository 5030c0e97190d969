//! What is missing is opened, no more than that, and a second run finds nothing missing.

use simulator::scenario::network::{DEFAULT_GROUP, DEFAULT_VPC, NAT, NetworkAcl, PRIVATE_SUBNET, PUBLIC_SUBNET, SecurityGroup};
use simulator::{Account, Org};

use super::{
    ACL, GROUP, OPEN_ACL, SERVICE, entries, noted, notes, only_https, open_acl, opened, rules_out, self_hosted, told, with_acl,
};
use crate::support::{ACCOUNT, HOME, expect_defender, expect_exit, updater};

#[tokio::test]
async fn a_closed_group_gets_exactly_one_rule_which_says_whose_it_is_and_a_second_run_opens_nothing() {
    let world = self_hosted(|vpc| vpc.group(GROUP, only_https)).start().await;
    let before = world.group(ACCOUNT, HOME, GROUP);
    let run = updater(&world).run().await;
    assert_eq!(notes(&run), "");
    expect_defender(&world, ACCOUNT, HOME, SERVICE);

    assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0", "tcp 8084-8084 0.0.0.0/0"]);
    let after = world.group(ACCOUNT, HOME, GROUP);
    assert_eq!(after["ingress"], before["ingress"], "ingress rules are nobody's business");
    let rule = &after["egress"][1];
    assert_eq!(rule["description"], "Defender to the Prisma Cloud Console, opened by fargate-updater");
    assert!(rule["tags"]["fargate-updater:opened"].as_str().is_some_and(|run| run.len() > 10), "{rule}");

    // Its id is told as it happens, and once more in the summary, so that it can be closed again.
    let id = rule["id"].as_str().expect("an id");
    let lines: Vec<&str> = run.stdout.lines().filter(|line| line.contains(id)).collect();
    assert_eq!(lines.len(), 2, "{}", run.stdout);
    assert!(lines.iter().all(|line| line.contains(&format!("{GROUP}: TCP 8084 out to 0.0.0.0/0 ({id})"))), "{lines:?}");

    world.gate().forget_calls();
    expect_exit(&updater(&world).run().await, 0);
    assert_eq!(world.calls().writes(), 0);
}

#[tokio::test]
async fn an_open_group_is_left_as_it_is_and_so_are_two_groups_of_which_one_is_open() {
    let two = |account: Account| {
        let account = account.network(|vpc| vpc.group("sg-closed", only_https).group("sg-open", |group| group));
        let account =
            account.service_with("web/two", "httpd.json", |it| it.network(&[PRIVATE_SUBNET], &["sg-closed", "sg-open"]));
        account.service("web/one", "httpd.json")
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, two).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, 0);
    assert_eq!(opened(&run), Vec::<String>::new());
    assert_eq!(world.calls().of("AuthorizeSecurityGroupEgress"), 0);
    assert_eq!(world.calls().of("DescribeNetworkInterfaces"), 0, "nobody needs to know who carries a group that is open");
    assert_eq!(rules_out(&world, ACCOUNT, "sg-closed"), ["tcp 443-443 0.0.0.0/0"]);
}

#[tokio::test]
async fn for_a_console_in_the_cloud_443_is_opened_and_8084_is_not() {
    let shop =
        |account: Account| account.network(|vpc| vpc.group(GROUP, |group| group.without_egress())).service(SERVICE, "httpd.json");
    let world = Org::new().account(ACCOUNT, shop).start().await;
    let run = updater(&world).run().await;
    // The image's registry is reached through the same rule.
    assert_eq!(notes(&run), "");
    assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0"]);
}

/// Neither does the other's port lie in the way, nor do somebody's denies of databases and desktops stop winning.
#[tokio::test]
async fn an_acl_that_denies_the_port_or_the_answers_is_opened_behind_its_owners_denies() {
    let acl = |acl: NetworkAcl| {
        let acl = acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").deny_out(120, "tcp", 8000, 8999, "0.0.0.0/0");
        acl.deny_in(50, "tcp", 3389, 3389, "0.0.0.0/0").allow_in(100, "tcp", 443, 443, "0.0.0.0/0").deny_in(
            200,
            "tcp",
            5432,
            5432,
            "0.0.0.0/0",
        )
    };
    let world = self_hosted(|vpc| with_acl(vpc, acl)).start().await;
    let run = updater(&world).run().await;
    assert_eq!(notes(&run), "");
    assert_eq!(
        entries(&world, ACCOUNT, ACL),
        [
            "out 100 allow tcp 443-443 0.0.0.0/0",
            "out 119 allow tcp 8084-8084 0.0.0.0/0",
            "out 120 deny tcp 8000-8999 0.0.0.0/0",
            "in 50 deny tcp 3389-3389 0.0.0.0/0",
            "in 100 allow tcp 443-443 0.0.0.0/0",
            "in 200 deny tcp 5432-5432 0.0.0.0/0",
            "in 210 allow tcp 1024-65535 0.0.0.0/0",
        ]
    );
    assert_eq!(noted(&world, ACL), "out:119 in:210 run:RUN");
    assert_eq!(opened(&run).len(), 2, "{}", run.stdout);
    assert!(run.stdout.contains(&format!("{ACL}: entry 119 out, TCP 8084 to 0.0.0.0/0")), "{}", run.stdout);
    assert!(run.stdout.contains(&format!("{ACL}: entry 210 in, TCP 1024-65535 from 0.0.0.0/0")), "{}", run.stdout);

    world.gate().forget_calls();
    world.deploy(ACCOUNT, HOME, SERVICE, "orders.json");
    expect_exit(&updater(&world).run().await, 0);
    assert_eq!(world.calls().of("CreateNetworkAclEntry") + world.calls().of("CreateTags"), 0, "it is open by then");
}

#[tokio::test]
async fn what_is_opened_is_opened_to_console_cidrs_and_then_answers_may_come_in_past_a_deny() {
    let closed = |acl: NetworkAcl| open_acl(acl).deny_in(40, "tcp", 1024, 65535, "0.0.0.0/0");
    let vpc = || self_hosted(|vpc| with_acl(vpc.group(GROUP, only_https), closed));

    let world = vpc().start().await;
    let run = updater(&world).run().await;
    let why = "entry 40 of acl-private denies answers from the Console (127.0.0.1, TCP 8084), and what would open it would have to come before";
    super::expect_blocked(&world, &run, why, "allow the connection in the network ACL");
    assert!(run.stdout.contains("for the Console: set CONSOLE_CIDRS"), "{}", run.stdout);
    assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0"], "half of a way helps nobody");

    // The registry answers past the same deny: its owner lets most of the world in.
    let world = vpc().start().await;
    let most =
        |acl: NetworkAcl| acl.allow_in(30, "tcp", 1024, 65535, "0.0.0.0/1").allow_in(31, "tcp", 1024, 65535, "128.0.0.0/2");
    world.change_vpc(ACCOUNT, HOME, DEFAULT_VPC, |vpc| vpc.acl(ACL, most));
    let run = updater(&world).env("CONSOLE_CIDRS", "198.51.100.0/24,203.0.113.7").run().await;
    assert_eq!(notes(&run), "");
    assert_eq!(
        rules_out(&world, ACCOUNT, GROUP),
        ["tcp 443-443 0.0.0.0/0", "tcp 8084-8084 198.51.100.0/24", "tcp 8084-8084 203.0.113.7/32"]
    );
    let entries = entries(&world, ACCOUNT, ACL);
    for number in ["in 39 allow tcp 1024-65535", "in 38 allow tcp 1024-65535"] {
        assert!(entries.iter().any(|entry| entry.starts_with(number)), "{entries:#?}");
    }
    assert_eq!(noted(&world, ACL), "in:38.39 run:RUN");
}

/// One that is there already would have AWS refuse all of them.
#[tokio::test]
async fn of_several_blocks_only_those_are_opened_that_are_closed() {
    let half = |group: SecurityGroup| only_https(group).egress("tcp", 8084, 8084, "198.51.100.0/24");
    let world = self_hosted(|vpc| vpc.group(GROUP, half)).start().await;
    let run = updater(&world).env("CONSOLE_CIDRS", "198.51.100.0/24,203.0.113.0/24").run().await;
    assert_eq!(notes(&run), "");
    assert_eq!(opened(&run).len(), 1, "{}", run.stdout);
    assert_eq!(
        rules_out(&world, ACCOUNT, GROUP),
        ["tcp 443-443 0.0.0.0/0", "tcp 8084-8084 198.51.100.0/24", "tcp 8084-8084 203.0.113.0/24"]
    );
}

#[tokio::test]
async fn the_rule_goes_into_the_group_that_the_fewest_carry_and_never_into_the_default_one_if_there_is_another() {
    let shop = |account: Account| {
        let account = account.network(|vpc| {
            let vpc = vpc.group("sg-busy", only_https).group("sg-quiet", only_https).group(DEFAULT_GROUP, only_https);
            vpc.interface(|it| it.group("sg-busy").subnet(PRIVATE_SUBNET))
                .interface(|it| it.group("sg-busy").subnet(PRIVATE_SUBNET))
        });
        let groups = ["sg-busy", DEFAULT_GROUP, "sg-quiet"];
        account.service_with(SERVICE, "httpd.json", |it| it.network(&[PRIVATE_SUBNET], &groups))
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
    expect_exit(&updater(&world).run().await, 0);
    let out = |group: &str| rules_out(&world, ACCOUNT, group).len();
    assert_eq!((out("sg-busy"), out("sg-quiet"), out(DEFAULT_GROUP)), (1, 2, 1));
}

#[tokio::test]
async fn a_service_without_groups_has_the_vpcs_default_one() {
    let shop = |account: Account| {
        let account = account.network(|vpc| vpc.group(DEFAULT_GROUP, only_https));
        account.service_with(SERVICE, "httpd.json", |it| it.network(&[PUBLIC_SUBNET], &[]).public_address())
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
    assert_eq!(notes(&updater(&world).run().await), "");
    assert_eq!(rules_out(&world, ACCOUNT, DEFAULT_GROUP), ["tcp 443-443 0.0.0.0/0", "tcp 8084-8084 0.0.0.0/0"]);
}

#[tokio::test]
async fn a_full_group_is_passed_over_and_when_all_are_full_the_service_fails() {
    let full = |account: Account| {
        let account = account.network(|vpc| vpc.group("sg-a", |group| group.without_egress().full()).group("sg-b", only_https));
        account.service_with(SERVICE, "httpd.json", |it| it.network(&[PRIVATE_SUBNET], &["sg-a", "sg-b"]))
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, full).start().await;
    let run = updater(&world).run().await;
    assert_eq!(notes(&run), "");
    assert_eq!(rules_out(&world, ACCOUNT, "sg-b"), ["tcp 443-443 0.0.0.0/0", "tcp 8084-8084 0.0.0.0/0"]);

    let world = self_hosted(|vpc| vpc.group(GROUP, |group| only_https(group).egress_limit(1))).start().await;
    let run = updater(&world).run().await;
    super::expect_blocked(&world, &run, "no security group that the rule may go into has room for it", "take a rule out of one");
}

/// It is in another subnet than the tasks, with an ACL of its own.
#[tokio::test]
async fn the_acl_of_the_nat_gateways_subnet_is_opened_too() {
    let world = self_hosted(|vpc| {
        let vpc = vpc.acl("acl-public", |acl| {
            let acl = acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0").allow_out(110, "tcp", 1024, 65535, "10.0.0.0/16");
            acl.allow_in(100, "tcp", 443, 443, "10.0.0.0/16").allow_in(110, "tcp", 1024, 65535, "0.0.0.0/0")
        });
        vpc.subnet(PUBLIC_SUBNET, |subnet| subnet.acl("acl-public")).nat(NAT, |nat| nat.subnet(PUBLIC_SUBNET))
    })
    .start()
    .await;
    let run = updater(&world).run().await;
    assert_eq!(notes(&run), "");
    let entries = entries(&world, ACCOUNT, "acl-public");
    assert!(entries.contains(&"out 120 allow tcp 8084-8084 0.0.0.0/0".to_owned()), "{entries:#?}");
    // From the tasks, in on the Console's port: the open range from everywhere holds that port already.
    assert_eq!(entries.len(), 5, "{entries:#?}");
    assert_eq!(super::entries(&world, ACCOUNT, OPEN_ACL).len(), 2, "the tasks' own ACL is open");
}

#[tokio::test]
async fn two_services_that_need_the_same_share_it() {
    let ten = |account: Account| {
        let account =
            account.network(|vpc| with_acl(vpc.group(GROUP, only_https), |acl| acl.allow_out(100, "tcp", 443, 443, "0.0.0.0/0")));
        (0..10).fold(account, |account, n| {
            account.service(&format!("web/s{n}"), if n % 2 == 0 { "httpd.json" } else { "orders.json" })
        })
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, ten).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, 0);
    assert_eq!(opened(&run).len(), 3, "{}", run.stdout);
    assert_eq!(told(&world.group(ACCOUNT, HOME, GROUP)["egress"]).len(), 2);
    assert_eq!(entries(&world, ACCOUNT, ACL).len(), 3);
    let calls = world.calls();
    let written = ["AuthorizeSecurityGroupEgress", "CreateNetworkAclEntry", "CreateTags"].map(|operation| calls.of(operation));
    assert_eq!(written, [1, 2, 1], "each once, and one note for both ways");
}
