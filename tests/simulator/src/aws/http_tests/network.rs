//! EC2's network as it is read: what every account has, pages and filters, what is shared, and who has an interface.

use super::{Answer, Client, one_service};
use crate::scenario::network::{
    APP_GROUP, DEFAULT_ACL, DEFAULT_GROUP, DEFAULT_VPC, INTERNET_GATEWAY, MAIN_ROUTES, NAT, PRIVATE_SUBNET, PUBLIC_ROUTES,
    PUBLIC_SUBNET,
};
use crate::{Org, World};

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

impl Client {
    pub(super) async fn ec2(&self, form: &str) -> Answer {
        self.query("ec2", &format!("Action={form}&Version=2016-11-15")).await
    }
}

impl Answer {
    /// Returns the texts of all elements of a name, in order.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let start = format!("<{name}>");
        let parts = self.body.split(&start).skip(1);
        parts.filter_map(|part| part.split('<').next()).collect()
    }
}

async fn member(world: &World, account: &str) -> Client {
    Client::of(world).assume(account).await
}

#[tokio::test]
async fn every_account_has_a_network_without_being_told() {
    let world = one_service().account(OTHER, |account| account.denied_region("eu-central-1")).start().await;
    let client = member(&world, ACCOUNT).await;
    let vpc = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={DEFAULT_VPC}");
    for (request, element, expected) in [
        (format!("DescribeSubnets&{vpc}"), "subnetId", vec![PRIVATE_SUBNET, PUBLIC_SUBNET]),
        (format!("DescribeSubnets&{vpc}"), "cidrBlock", vec!["10.0.0.0/20", "10.0.16.0/20"]),
        (format!("DescribeSubnets&{vpc}"), "internetGatewayBlockMode", vec!["off", "off"]),
        // 4096 addresses, but five are AWS's; a task is in the one, the NAT gateway in the other.
        (format!("DescribeSubnets&{vpc}"), "availableIpAddressCount", vec!["4090", "4090"]),
        (format!("DescribeSecurityGroups&{vpc}"), "groupName", vec!["default", "app"]),
        (format!("DescribeSecurityGroups&GroupId.1={APP_GROUP}"), "cidrIp", vec!["10.0.0.0/16", "0.0.0.0/0"]),
        (format!("DescribeSecurityGroups&GroupId.1={APP_GROUP}"), "ipProtocol", vec!["tcp", "-1"]),
        (format!("DescribeSecurityGroups&GroupId.1={APP_GROUP}"), "fromPort", vec!["8080"]),
        (format!("DescribeSecurityGroups&GroupId.1={DEFAULT_GROUP}"), "userId", vec![ACCOUNT]),
        (format!("DescribeNetworkAcls&{vpc}"), "ruleNumber", vec!["100", "32767", "100", "32767"]),
        (format!("DescribeNetworkAcls&{vpc}"), "ruleAction", vec!["allow", "deny", "allow", "deny"]),
        (format!("DescribeNetworkAcls&{vpc}"), "egress", vec!["true", "true", "false", "false"]),
        (format!("DescribeNetworkAcls&{vpc}"), "default", vec!["true"]),
        (format!("DescribeNetworkAcls&{vpc}"), "subnetId", vec![PRIVATE_SUBNET, PUBLIC_SUBNET]),
        (format!("DescribeRouteTables&{vpc}"), "natGatewayId", vec![NAT]),
        (format!("DescribeRouteTables&{vpc}"), "gatewayId", vec!["local", "local", INTERNET_GATEWAY]),
        (
            format!("DescribeRouteTables&{vpc}"),
            "origin",
            vec!["CreateRouteTable", "CreateRoute", "CreateRouteTable", "CreateRoute"],
        ),
        (format!("DescribeRouteTables&{vpc}"), "main", vec!["true", "false"]),
        // The main table is not associated with the subnet that uses it.
        (format!("DescribeRouteTables&{vpc}"), "subnetId", vec![PUBLIC_SUBNET]),
        (
            "DescribeRouteTables&Filter.1.Name=association.main&Filter.1.Value.1=true".to_owned(),
            "routeTableId",
            vec![MAIN_ROUTES; 2],
        ),
        (
            format!("DescribeRouteTables&Filter.1.Name=association.subnet-id&Filter.1.Value.1={PUBLIC_SUBNET}"),
            "routeTableAssociationId",
            vec!["rtbassoc-"],
        ),
        (format!("DescribeRouteTables&Filter.1.Name=association.subnet-id&Filter.1.Value.1={PRIVATE_SUBNET}"), "vpcId", vec![]),
        (format!("DescribeNatGateways&{vpc}"), "connectivityType", vec!["public"]),
        (format!("DescribeNatGateways&{vpc}&Filter.2.Name=state&Filter.2.Value.1=deleted"), "natGatewayId", vec![]),
        (format!("DescribeVpcEndpoints&{vpc}"), "vpcEndpointId", vec![]),
        (format!("DescribeNetworkInterfaces&{vpc}"), "interfaceType", vec!["nat_gateway", "interface"]),
    ] {
        let answer = client.ec2(&request).await;
        assert_eq!(answer.status, 200, "{request}: {}", answer.body);
        let found = answer.all(element);
        // Ids that are made up are told by their beginnings.
        let is_expected =
            |(found, expected): (&&str, &&str)| found == expected || (expected.ends_with('-') && found.starts_with(*expected));
        assert!(found.len() == expected.len() && found.iter().zip(&expected).all(is_expected), "{request} {element}: {found:?}");
    }
    let elsewhere = Client { region: "eu-central-1", ..member(&world, OTHER).await };
    assert_eq!(
        elsewhere.ec2("DescribeRouteTables").await.all("routeTableId").len(),
        4,
        "{PUBLIC_ROUTES} has an association as well"
    );
    assert_eq!(client.ec2(&format!("DescribeNetworkAcls&NetworkAclId.1={DEFAULT_ACL}")).await.element("ownerId"), ACCOUNT);
}

#[tokio::test]
async fn what_a_scenario_says_is_told_in_aws_s_words() {
    let org = Org::new().account(ACCOUNT, |account| {
        account.prefix_list("pl-1", &["192.0.2.0/24", "198.51.100.0/24"]).network(|vpc| {
            vpc.cidr("2001:db8::/56")
                .subnet(PRIVATE_SUBNET, |it| it.ipv6("2001:db8::/64").acl("acl-1").block_public_access("block-ingress"))
                .subnet("subnet-6", |it| it.ipv6_native().ipv6("2001:db8:0:1::/64").routes("rtb-1"))
                .acl("acl-1", |it| {
                    it.allow_out(90, "tcp", 443, 443, "10.0.0.0/8").deny_in(80, "icmp", 8, 0, "::/0").tag("a", "b")
                })
                .routes(MAIN_ROUTES, |it| it.without_route("0.0.0.0/0").blackhole("0.0.0.0/0", "tgw-1"))
                .routes("rtb-1", |it| it.route("pl-1", "vpce-2").route("::/0", "eigw-1"))
                .group("sg-1", |it| it.without_egress().egress("17", 53, 53, "2001:db8::/32").egress("udp", 53, 53, "pl-1"))
                .endpoint("vpce-1", |it| it.subnet(PRIVATE_SUBNET).group("sg-1"))
                .endpoint("vpce-2", |it| it.gateway().service("com.amazonaws.us-east-1.s3").route_table("rtb-1"))
                .interface(|it| it.subnet("subnet-6").group("sg-1").description("a balancer"))
        })
    });
    let world = org.start().await;
    let client = member(&world, ACCOUNT).await;
    for (request, expected) in [
        (
            "DescribeSubnets&SubnetId.1=subnet-0123456789abcdef0",
            "<ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock><ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState>",
        ),
        (
            "DescribeSubnets&SubnetId.1=subnet-0123456789abcdef0",
            "<blockPublicAccessStates><internetGatewayBlockMode>block-ingress</internetGatewayBlockMode></blockPublicAccessStates>",
        ),
        ("DescribeSubnets&SubnetId.1=subnet-6", "<ipv6Native>true</ipv6Native>"),
        (
            "DescribeNetworkAcls&NetworkAclId.1=acl-1",
            "<entrySet><item><ruleNumber>90</ruleNumber><protocol>6</protocol><ruleAction>allow</ruleAction><egress>true</egress>\
             <cidrBlock>10.0.0.0/8</cidrBlock><portRange><from>443</from><to>443</to></portRange></item>\
             <item><ruleNumber>32767</ruleNumber><protocol>-1</protocol><ruleAction>deny</ruleAction><egress>true</egress>\
             <cidrBlock>0.0.0.0/0</cidrBlock></item>\
             <item><ruleNumber>32768</ruleNumber><protocol>-1</protocol><ruleAction>deny</ruleAction><egress>true</egress>\
             <ipv6CidrBlock>::/0</ipv6CidrBlock></item>\
             <item><ruleNumber>80</ruleNumber><protocol>1</protocol><ruleAction>deny</ruleAction><egress>false</egress>\
             <ipv6CidrBlock>::/0</ipv6CidrBlock><icmpTypeCode><code>0</code><type>8</type></icmpTypeCode></item>",
        ),
        ("DescribeNetworkAcls&NetworkAclId.1=acl-1", "<tagSet><item><key>a</key><value>b</value></item></tagSet>"),
        (
            "DescribeNetworkAcls&Filter.1.Name=association.subnet-id&Filter.1.Value.1=subnet-0123456789abcdef0",
            "<networkAclId>acl-1</networkAclId>",
        ),
        ("DescribeNetworkAcls&Filter.1.Name=tag:a&Filter.1.Value.1=b", "<networkAclId>acl-1</networkAclId>"),
        (
            "DescribeRouteTables&RouteTableId.1=rtb-0000000000000000a",
            "<item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><transitGatewayId>tgw-1</transitGatewayId>\
             <state>blackhole</state><origin>CreateRoute</origin></item>",
        ),
        (
            "DescribeRouteTables&RouteTableId.1=rtb-1",
            "<item><destinationIpv6CidrBlock>2001:db8::/56</destinationIpv6CidrBlock><gatewayId>local</gatewayId>",
        ),
        (
            "DescribeRouteTables&RouteTableId.1=rtb-1",
            "<item><destinationPrefixListId>pl-1</destinationPrefixListId><gatewayId>vpce-2</gatewayId>",
        ),
        ("DescribeRouteTables&RouteTableId.1=rtb-1", "<egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId>"),
        (
            "DescribeSecurityGroups&GroupId.1=sg-1",
            "<ipPermissionsEgress><item><ipProtocol>udp</ipProtocol><fromPort>53</fromPort><toPort>53</toPort><groups></groups>\
             <ipRanges></ipRanges><ipv6Ranges><item><cidrIpv6>2001:db8::/32</cidrIpv6></item></ipv6Ranges>\
             <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item></ipPermissionsEgress>",
        ),
        (
            "DescribeVpcEndpoints&Filter.1.Name=service-name&Filter.1.Value.1=*.ecr.dkr",
            "<privateDnsEnabled>true</privateDnsEnabled>",
        ),
        (
            "DescribeVpcEndpoints&VpcEndpointId.1=vpce-1",
            "<groupSet><item><groupId>sg-1</groupId><groupName>group-sg-1</groupName></item></groupSet><networkInterfaceIdSet><item>eni-0",
        ),
        ("DescribeVpcEndpoints&VpcEndpointId.1=vpce-2", "<routeTableIdSet><item>rtb-1</item></routeTableIdSet>"),
        ("DescribeNetworkInterfaces&Filter.1.Name=interface-type&Filter.1.Value.1=vpc_endpoint", "VPC Endpoint Interface vpce-1"),
        ("DescribeNetworkInterfaces&Filter.1.Name=subnet-id&Filter.1.Value.1=subnet-6", "<ipv6Address>2001:db8:0:1:"),
        (
            "GetManagedPrefixListEntries&PrefixListId=pl-1",
            "<entrySet><item><cidr>192.0.2.0/24</cidr></item><item><cidr>198.51.100.0/24</cidr></item></entrySet>",
        ),
    ] {
        let answer = client.ec2(request).await;
        assert!(answer.status == 200 && answer.body.contains(expected), "{request}: {expected}\n{}", answer.body);
    }
}

#[tokio::test]
async fn lists_come_whole_or_in_pages() {
    let org = Org::new().account(ACCOUNT, |account| {
        let cidrs: Vec<String> = (0..130).map(|n| format!("10.1.{n}.0/24")).collect();
        let cidrs: Vec<&str> = cidrs.iter().map(String::as_str).collect();
        account.prefix_list("pl-1", &cidrs).vpc("vpc-1", |mut vpc| {
            for n in 0..12 {
                vpc = vpc.subnet(&format!("subnet-{n}"), |subnet| subnet);
            }
            vpc
        })
    });
    let world = org.start().await;
    let client = member(&world, ACCOUNT).await;
    let vpc = "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1";
    for (request, element, expected) in [
        (format!("DescribeSubnets&{vpc}"), "subnetId", vec![12]),
        (format!("DescribeSubnets&{vpc}&MaxResults=5"), "subnetId", vec![5, 5, 2]),
        ("GetManagedPrefixListEntries&PrefixListId=pl-1".to_owned(), "cidr", vec![100, 30]),
        ("GetManagedPrefixListEntries&PrefixListId=pl-1&MaxResults=50".to_owned(), "cidr", vec![50, 50, 30]),
    ] {
        let mut sizes = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        let mut token = String::new();
        loop {
            let page = client.ec2(&format!("{request}{token}")).await;
            sizes.push(page.all(element).len());
            seen.extend(page.all(element).into_iter().map(str::to_owned));
            match page.all("nextToken").first() {
                Some(next) => token = format!("&NextToken={next}"),
                None => break,
            }
        }
        assert_eq!(sizes, expected, "{request}");
        assert_eq!(seen.len(), sizes.iter().sum::<usize>(), "{request}: each once");
    }
    let first = client.ec2(&format!("DescribeSubnets&{vpc}&MaxResults=5")).await;
    let token = first.element("nextToken");
    let other = client.ec2(&format!("DescribeSubnets&MaxResults=5&NextToken={token}")).await;
    assert_eq!(other.element("Code"), "InvalidNextToken", "another question");
}

/// Account 111122223333 shares one subnet of its VPC with account 444455556666, which runs a service of three tasks there.
fn shared() -> Org {
    let owner = Org::new().account(ACCOUNT, |account| {
        account.vpc("vpc-1", |vpc| {
            vpc.subnet("subnet-shared", |subnet| subnet.cidr("10.0.1.0/24").acl("acl-1").routes("rtb-1").shared_with(OTHER))
                .subnet("subnet-kept", |subnet| subnet.cidr("10.0.2.0/24").acl("acl-1"))
                .acl("acl-1", |acl| acl.allow_out(100, "-1", -1, -1, "0.0.0.0/0"))
                .acl("acl-kept", |acl| acl)
                .routes("rtb-1", |table| table.route("0.0.0.0/0", "nat-1"))
                .group("sg-owner", |group| group)
                .nat("nat-1", |gateway| gateway.subnet("subnet-kept"))
                .endpoint("vpce-1", |endpoint| endpoint.subnet("subnet-kept"))
        })
    });
    owner.account(OTHER, |account| {
        account
            .vpc("vpc-1", |vpc| {
                let vpc = vpc.owned_by(ACCOUNT).group("sg-participant", |group| group.egress("tcp", 1, 2, "sg-owner"));
                vpc.interface(|interface| interface.subnet("subnet-shared").group("sg-participant").address("10.0.1.9"))
            })
            .service_with("web/checkout", "httpd.json", |service| {
                service.desired_count(3).network(&["subnet-shared"], &["sg-participant"]).public_address()
            })
    })
}

#[tokio::test]
async fn a_participant_sees_what_is_shared_and_an_owner_all_but_the_participant_s_groups() {
    let world = shared().start().await;
    let (owner, participant) = (member(&world, ACCOUNT).await, member(&world, OTHER).await);
    let vpc = "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1";
    for (request, element, of_owner, of_participant) in [
        ("DescribeSubnets", "subnetId", vec!["subnet-shared", "subnet-kept"], vec!["subnet-shared"]),
        ("DescribeSubnets", "ownerId", vec![ACCOUNT; 2], vec![ACCOUNT]),
        ("DescribeNetworkAcls", "ownerId", vec![ACCOUNT; 3], vec![ACCOUNT]),
        ("DescribeNetworkAcls", "subnetId", vec!["subnet-shared", "subnet-kept"], vec!["subnet-shared"]),
        ("DescribeRouteTables", "ownerId", vec![ACCOUNT; 2], vec![ACCOUNT]),
        ("DescribeRouteTables", "natGatewayId", vec!["nat-1"], vec!["nat-1"]),
        ("DescribeNatGateways", "natGatewayId", vec!["nat-1"], vec![]),
        ("DescribeVpcEndpoints", "vpcEndpointId", vec!["vpce-1"], vec![]),
        ("DescribeSecurityGroups", "groupName", vec!["default", "group-sg-owner"], vec!["group-sg-participant"]),
        ("DescribeSecurityGroups", "userId", vec![ACCOUNT], vec![ACCOUNT]),
        ("DescribeNetworkInterfaces", "ownerId", vec![ACCOUNT, ACCOUNT, OTHER, OTHER, OTHER, OTHER], vec![OTHER; 4]),
    ] {
        for (client, expected, who) in [(&owner, of_owner, "the owner"), (&participant, of_participant, "the participant")] {
            let answer = client.ec2(&format!("{request}&{vpc}")).await;
            assert_eq!(answer.all(element), expected, "{request} {element} of {who}");
        }
    }
    let elsewhere = shared().account("777788889999", |account| account).start().await;
    let stranger = member(&elsewhere, "777788889999").await;
    assert!(stranger.ec2(&format!("DescribeSubnets&{vpc}")).await.all("subnetId").is_empty());
}

#[tokio::test]
async fn each_task_has_an_interface_with_an_address_of_its_own() {
    let org = shared().account("777788889999", |account| {
        let account = account.service_with("web/many", "httpd.json", |service| {
            service.desired_count(30).network(&["subnet-small", PRIVATE_SUBNET], &[])
        });
        let account = account.service_with("web/none", "httpd.json", |service| service.without_network());
        account.network(|vpc| vpc.subnet("subnet-small", |subnet| subnet.cidr("10.0.99.0/28")))
    });
    let world = org.start().await;
    let participant = member(&world, OTHER).await;
    let in_group = "DescribeNetworkInterfaces&Filter.1.Name=group-id&Filter.1.Value.1=sg-participant";
    let tasks = participant.ec2(in_group).await;
    assert_eq!(tasks.all("macAddress").len(), 4, "the three tasks and the one that the scenario names");
    assert_eq!(tasks.all("publicIp").len(), 6, "each task's is told for the interface and for its address");
    assert_eq!(tasks.all("privateIpAddress"), participant.ec2(in_group).await.all("privateIpAddress"));

    let many = member(&world, "777788889999").await;
    let by_subnet = async |subnet: &str| {
        many.ec2(&format!("DescribeNetworkInterfaces&Filter.1.Name=subnet-id&Filter.1.Value.1={subnet}")).await
    };
    let small = by_subnet("subnet-small").await;
    assert_eq!(small.all("networkInterfaceId").len(), 11, "a /28 has no more for the 15 tasks that want one");
    let unique: std::collections::BTreeSet<&str> = small.all("privateIpAddress").into_iter().collect();
    assert!(unique.len() == 11 && unique.iter().all(|address| address.starts_with("10.0.99.")), "{unique:?}");
    assert_eq!(small.all("groupId"), vec![DEFAULT_GROUP; 11]);
    assert_eq!(by_subnet(PRIVATE_SUBNET).await.all("networkInterfaceId").len(), 15);
    let described =
        many.ecs("DescribeServices", &serde_json::json!({ "cluster": "web", "services": ["many", "none"] })).await.json();
    let network = &described["services"][0]["networkConfiguration"]["awsvpcConfiguration"];
    assert_eq!(network["subnets"], serde_json::json!(["subnet-small", PRIVATE_SUBNET]));
    assert!(network.get("securityGroups").is_none() && network["assignPublicIp"] == "DISABLED");
    assert!(described["services"][1].get("networkConfiguration").is_none());
}
