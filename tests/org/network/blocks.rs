//! What certainly blocks and is not ours to open fails the service before anything is registered; what cannot be seen is a note.

use simulator::scenario::network::{INTERNET_GATEWAY, MAIN_ROUTES, NAT, PRIVATE_SUBNET, PUBLIC_SUBNET, Vpc};
use simulator::{Account, Org};

use super::{GROUP, SERVICE, expect_blocked, notes, only_https, opened, rules_out, self_hosted};
use crate::support::{ACCOUNT, HOME, expect_exit, expect_told, updater};

const CONSOLE: &str = "the Console (127.0.0.1, TCP 8084)";

#[tokio::test]
async fn each_certain_block_is_named_with_the_way_out_and_nothing_is_opened_or_registered() {
    type Edit = fn(Vpc) -> Vpc;
    let no_route: Edit = |vpc| vpc.routes(MAIN_ROUTES, |table| table.without_route("0.0.0.0/0"));
    let black_hole: Edit = |vpc| vpc.routes(MAIN_ROUTES, |table| table.without_route("0.0.0.0/0").blackhole("0.0.0.0/0", NAT));
    let gone: Edit = |vpc| vpc.nat(NAT, |nat| nat.state("failed"));
    let no_address: Edit =
        |vpc| vpc.routes(MAIN_ROUTES, |table| table.without_route("0.0.0.0/0").route("0.0.0.0/0", INTERNET_GATEWAY));
    let no_access: Edit = |vpc| vpc.subnet(PUBLIC_SUBNET, |subnet| subnet.block_public_access("block-bidirectional"));
    let no_https: Edit = |vpc| vpc.group(GROUP, |group| group.without_egress());
    let no_number: Edit = |vpc| super::with_acl(vpc, |acl| super::open_acl(acl).deny_out(1, "tcp", 8084, 8084, "0.0.0.0/0"));
    let cases: [(Edit, String, &str); 7] = [
        (no_route, format!("{MAIN_ROUTES} of {PRIVATE_SUBNET} has no route to {CONSOLE}"), "add the route"),
        (
            black_hole,
            format!("the route in {MAIN_ROUTES} of {PRIVATE_SUBNET} to {CONSOLE} is a black hole"),
            "point the route at something",
        ),
        (gone, format!("{PRIVATE_SUBNET} leads to {CONSOLE} through {NAT}, which is not available"), "mend the route"),
        (
            no_address,
            format!("{PRIVATE_SUBNET} leads to {CONSOLE} through {INTERNET_GATEWAY}, and the tasks get no public address"),
            "set assignPublicIp to ENABLED",
        ),
        (
            no_access,
            format!("closes {PUBLIC_SUBNET} to the Internet, which is where {PRIVATE_SUBNET} leads to {CONSOLE}"),
            "exclude the subnet from VPC Block Public Access",
        ),
        (
            no_https,
            format!("no security group of the service ({GROUP}) lets connections out to the registry of the Defender's image"),
            "let that port out in one of the groups; or mirror the Defender's image into ECR",
        ),
        (
            no_number,
            format!("acl-private denies connections to {CONSOLE}, and no number is free before entry 1"),
            "renumber the ACL's entries",
        ),
    ];
    for (edit, why, hint) in cases {
        let world = self_hosted(edit).start().await;
        let run = updater(&world).run().await;
        expect_blocked(&world, &run, &why, hint);
        assert_eq!(world.calls().writes(), 0, "{why}: {}", run.stdout);
    }
}

#[tokio::test]
async fn a_way_that_leads_beyond_what_can_be_seen_is_taken_and_noted() {
    let beyond = [
        ("tgw-1", "transit gateway tgw-1"),
        ("pcx-1", "peering connection pcx-1"),
        ("vgw-1", "virtual private gateway vgw-1"),
        ("vpce-1", "the firewall or load balancer behind endpoint vpce-1"),
        ("eni-1", "network interface eni-1"),
    ];
    for (target, told) in beyond {
        let routed = |vpc: Vpc| vpc.routes(MAIN_ROUTES, |table| table.without_route("0.0.0.0/0").route("0.0.0.0/0", target));
        let world = self_hosted(|vpc| routed(vpc).group(GROUP, only_https)).start().await;
        let run = updater(&world).run().await;
        let notes = notes(&run);
        assert!(notes.contains(&format!("{PRIVATE_SUBNET} sends what is for {CONSOLE} to {told}")), "{notes}");
        assert!(run.stdout.contains("\nTo be looked at\n"), "{}", run.stdout);
        // What can be seen is opened all the same.
        assert_eq!(rules_out(&world, ACCOUNT, GROUP).len(), 2, "{target}");
    }
}

#[tokio::test]
async fn a_public_subnet_does_with_a_public_address() {
    let shop = |account: Account| {
        account.service_with(SERVICE, "httpd.json", |it| it.network(&[PUBLIC_SUBNET], &[GROUP]).public_address())
    };
    let world = Org::new().account(ACCOUNT, shop).start().await;
    assert_eq!(notes(&updater(&world).run().await), "");
}

/// ECS may start a task in any of them.
#[tokio::test]
async fn one_subnet_that_blocks_fails_the_service_and_leaves_the_others_of_its_definition_alone() {
    let shop = |account: Account| {
        let account = account.network(|vpc| {
            vpc.routes("rtb-inside", |table| table).subnet("subnet-inside", |it| it.cidr("10.0.64.0/24").routes("rtb-inside"))
        });
        let account = account.service_with(SERVICE, "httpd.json", |it| it.network(&[PRIVATE_SUBNET, "subnet-inside"], &[GROUP]));
        account.service("web/other", "httpd.json")
    };
    let world = Org::new().account(ACCOUNT, shop).start().await;
    let run = updater(&world).run().await;
    expect_exit(&run, 3);
    expect_told(&run, SERVICE, "failed", "rtb-inside of subnet-inside has no route to the Console");
    expect_told(&run, "web/other", "protected", "httpd:1 -> httpd:2");
    assert_eq!((world.registered().len(), world.updates().len()), (1, 1));
}

#[tokio::test]
async fn check_judges_and_opens_nothing_and_off_asks_nothing() {
    let closed = || self_hosted(|vpc| vpc.group(GROUP, only_https));
    let world = closed().start().await;
    let run = updater(&world).env("NETWORK", "check").run().await;
    let why = format!("NETWORK is check; missing is {GROUP}: TCP 8084 out to 0.0.0.0/0");
    expect_blocked(&world, &run, &why, "set NETWORK=patch");
    assert_eq!(world.calls().writes(), 0);

    let open = self_hosted(|vpc| vpc).start().await;
    assert_eq!(notes(&updater(&open).env("NETWORK", "check").run().await), "");

    let world = closed().start().await;
    let run = updater(&world).env("NETWORK", "off").run().await;
    assert_eq!(notes(&run), "");
    let asked: Vec<String> = world.calls().iter().map(|(call, _)| call.operation.clone()).collect();
    let of_ec2 =
        ["DescribeSubnets", "DescribeSecurityGroups", "DescribeNetworkAcls", "DescribeRouteTables", "DescribeNatGateways"];
    assert!(of_ec2.iter().all(|operation| !asked.iter().any(|asked| asked == operation)), "{asked:?}");
    assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0"]);
}

#[tokio::test]
async fn a_refused_rule_or_a_refused_look_fails_the_service_and_names_the_permission() {
    let cases = [
        (
            "ec2:AuthorizeSecurityGroupEgress",
            "could not open",
            "allow ec2:AuthorizeSecurityGroupEgress in FargateUpdaterMemberPolicy",
        ),
        ("ec2:CreateTags", "could not open", "allow ec2:CreateTags in FargateUpdaterMemberPolicy"),
        (
            "ec2:DescribeSubnets",
            "could not read the subnets of account",
            "allow ec2:DescribeSubnets in FargateUpdaterMemberPolicy",
        ),
        (
            "ec2:DescribeRouteTables",
            "could not read the network of vpc-",
            "allow ec2:DescribeRouteTables in FargateUpdaterMemberPolicy",
        ),
        (
            "ec2:DescribeNetworkInterfaces",
            "could not read the network of vpc-",
            "allow ec2:DescribeNetworkInterfaces in FargateUpdaterMemberPolicy",
        ),
    ];
    for (action, why, hint) in cases {
        let shop = |account: Account| {
            let account = account.network(|vpc| vpc.group(GROUP, only_https)).deny(action);
            account.service(SERVICE, "httpd.json").service("web/other", "orders.json")
        };
        let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
        let run = updater(&world).run().await;
        expect_blocked(&world, &run, why, hint);
        assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 0.0.0.0/0"]);
        assert_eq!(opened(&run), Vec::<String>::new());
        let operation = action.strip_prefix("ec2:").expect("an action of EC2");
        if operation.starts_with("Describe") {
            assert_eq!(world.calls().of(operation), 1, "what is denied is denied to the next service too");
        }
    }
}

#[tokio::test]
async fn a_prefix_list_that_may_not_be_read_is_noted_and_one_that_may_be_counts() {
    let shop = |denied: bool| {
        move |account: Account| {
            let account = account.prefix_list("pl-console", &["203.0.113.0/24"]);
            let account =
                account.network(|vpc| vpc.group(GROUP, |group| only_https(group).egress("tcp", 8084, 8084, "pl-console")));
            let account = if denied { account.deny("ec2:GetManagedPrefixListEntries") } else { account };
            account.service(SERVICE, "httpd.json")
        }
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop(false)).start().await;
    let run = updater(&world).arg("--console-addresses=203.0.113.7").run().await;
    assert_eq!((notes(&run).as_str(), opened(&run).len()), ("", 0));

    // Nobody can tell whether it lets the Console's address out: one rule is opened, and nothing is left to note.
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop(true)).start().await;
    let run = updater(&world).arg("--console-addresses=203.0.113.7").run().await;
    assert_eq!((notes(&run).as_str(), opened(&run).len()), ("", 1));
}

#[tokio::test]
async fn without_a_network_of_its_own_there_is_nothing_to_judge() {
    let shop = |account: Account| account.service_with(SERVICE, "httpd.json", |service| service.without_network());
    let world = Org::new().account(ACCOUNT, shop).start().await;
    assert_eq!(notes(&updater(&world).run().await), "");
    assert_eq!(world.calls().of_at("DescribeSubnets", ACCOUNT, HOME), 0);
}

/// Mirrored into ECR, with everything that ECR needs in the VPC.
#[tokio::test]
async fn a_mirror_with_endpoints_needs_no_way_to_the_internet_but_the_consoles() {
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/twistlock/defender:34_03_138";
    let shop = |endpoints: bool| {
        move |account: Account| {
            let account = account.network(|vpc| {
                let vpc = vpc.group("sg-endpoints", |group| group.ingress("tcp", 443, 443, GROUP));
                let vpc = vpc.group(GROUP, |group| group.without_egress().egress("tcp", 443, 443, "sg-endpoints"));
                if !endpoints {
                    return vpc;
                }
                let interface = |vpc: Vpc, id: &str, service: &str| {
                    let service = format!("com.amazonaws.us-east-1.{service}");
                    vpc.endpoint(id, |endpoint| endpoint.service(&service).subnet(PRIVATE_SUBNET).group("sg-endpoints"))
                };
                interface(interface(interface(vpc, "vpce-api", "ecr.api"), "vpce-dkr", "ecr.dkr"), "vpce-s3", "s3")
            });
            account.service(SERVICE, "httpd.json")
        }
    };
    let org = |endpoints: bool| {
        let org = Org::new().image(image, &["/usr/local/bin/defender"], &[]).console(|console| console.self_hosted());
        org.account(ACCOUNT, shop(endpoints))
    };
    let world = org(true).start().await;
    let run = updater(&world).env("DEFENDER_IMAGE", image).run().await;
    assert_eq!(notes(&run), "");
    assert_eq!(rules_out(&world, ACCOUNT, GROUP), ["tcp 443-443 sg-endpoints", "tcp 8084-8084 0.0.0.0/0"]);

    let world = org(false).start().await;
    let run = updater(&world).env("DEFENDER_IMAGE", image).run().await;
    expect_exit(&run, 3);
    expect_told(&run, SERVICE, "failed", "lets connections out to the registry of the Defender's image (111122223333.dkr.ecr");
}
