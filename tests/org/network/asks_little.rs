//! EC2 is asked once for each VPC, however many services are in it.

use simulator::scenario::network::PRIVATE_SUBNET;
use simulator::{Account, Org};

use super::{GROUP, only_https};
use crate::support::{ACCOUNT, HOME, expect_exit, updater};

const LOOKS: [&str; 5] =
    ["DescribeSubnets", "DescribeSecurityGroups", "DescribeNetworkAcls", "DescribeRouteTables", "DescribeNatGateways"];

#[tokio::test]
async fn a_vpc_is_read_once_however_many_services_definitions_and_clusters_are_in_it() {
    let shop = |account: Account| {
        let account = account.network(|vpc| vpc.group(GROUP, only_https));
        (0..30).fold(account, |account, n| {
            let definition = crate::support::one_container(&format!("app-{n}"));
            account.service(&format!("cluster-{}/service-{n}", n % 3), definition)
        })
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
    expect_exit(&updater(&world).run().await, 0);
    assert_eq!(world.updates().len(), 30);
    let calls = world.calls();
    for operation in LOOKS.into_iter().chain(["DescribeNetworkInterfaces", "AuthorizeSecurityGroupEgress"]) {
        assert_eq!(calls.of(operation), 1, "{operation}");
    }
    assert_eq!(calls.of("DescribeVpcEndpoints") + calls.of("GetManagedPrefixListEntries"), 0, "nothing here is about those");
}

/// One more of each for every VPC, but for the subnets, which come at once for all of a Region.
#[tokio::test]
async fn each_vpc_and_each_region_is_read_for_itself() {
    let shop = |account: Account| {
        let account = account.vpc("vpc-2", |vpc| {
            let vpc = vpc.routes("rtb-2", |table| table.route("0.0.0.0/0", "tgw-1"));
            vpc.subnet("subnet-2", |subnet| subnet.cidr("10.0.0.0/24").routes("rtb-2")).group("sg-2", |group| group)
        });
        let account = account.service_with("web/two", "orders.json", |service| service.network(&["subnet-2"], &["sg-2"]));
        account.service("web/one", "httpd.json").region("eu-west-1", |region| region.service("web/three", "httpd.json"))
    };
    let world = Org::new().account(ACCOUNT, shop).start().await;
    expect_exit(&updater(&world).run().await, 0);
    let at_home = |operation: &str| world.calls().of_at(operation, ACCOUNT, HOME);
    assert_eq!(LOOKS.map(at_home), [1, 2, 2, 2, 1]);
    let elsewhere = |operation: &str| world.calls().of_at(operation, ACCOUNT, "eu-west-1");
    assert_eq!(LOOKS.map(elsewhere), [1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn long_lists_come_in_pages() {
    let shop = |account: Account| {
        let account = account.network(|vpc| {
            let vpc = (0..1_100).fold(vpc, |vpc, n| vpc.group(&format!("sg-many-{n:04}"), |group| group));
            let vpc = (0..110).fold(vpc, |vpc, n| vpc.routes(&format!("rtb-many-{n:04}"), |table| table));
            vpc.group("sg-zz-last", only_https)
        });
        account.service_with("web/one", "httpd.json", |service| service.network(&[PRIVATE_SUBNET], &["sg-zz-last"]))
    };
    let world = Org::new().console(|console| console.self_hosted()).account(ACCOUNT, shop).start().await;
    expect_exit(&updater(&world).run().await, 0);
    assert_eq!(world.calls().of("DescribeSecurityGroups"), 2);
    assert_eq!(world.calls().of("DescribeRouteTables"), 2, "of which AWS gives 100 at once");
    assert_eq!(super::rules_out(&world, ACCOUNT, "sg-zz-last").len(), 2, "it was found on the second page");
}

#[tokio::test]
async fn a_protected_fleet_costs_ec2_nothing() {
    let world = Org::new().account(ACCOUNT, |account| account.service("web/one", "httpd.json")).start().await;
    expect_exit(&updater(&world).run().await, 0);
    world.gate().forget_calls();
    expect_exit(&updater(&world).run().await, 0);
    assert_eq!(LOOKS.map(|operation| world.calls().of(operation)), [0; 5]);
}
