//! EC2's network as it changes: rules, entries and tags, and what a dry run leaves alone. What is refused is in `network_refusals`.

use serde_json::json;

use super::Client;
use crate::scenario::network::{APP_GROUP, DEFAULT_VPC, PRIVATE_SUBNET};
use crate::{Org, World};

pub(super) const ACCOUNT: &str = "111122223333";
pub(super) const PARTICIPANT: &str = "444455556666";

/// An account with groups and ACLs that have room and that have none, a VPC it shares, and one account that may not change anything.
pub(super) fn org() -> Org {
    let owner = Org::new().without_policies().account(ACCOUNT, |account| {
        let account = account.prefix_list("pl-3", &["192.0.2.0/26", "192.0.2.64/26", "192.0.2.128/26"]).network(|vpc| {
            let mut vpc = vpc
                .group("sg-empty", |group| group.without_egress())
                .group("sg-full", |group| group.without_egress().full())
                .group("sg-58", |group| group.without_egress().egress_limit(58).full().egress_limit(60))
                .acl("acl-full", |acl| acl);
            for number in 1..=19 {
                vpc = vpc.acl("acl-full", |acl| acl.deny_out(number, "tcp", 25, 25, "0.0.0.0/0"));
            }
            vpc
        });
        account.vpc("vpc-1", |vpc| {
            vpc.subnet("subnet-1", |subnet| subnet.acl("acl-1").shared_with(PARTICIPANT)).acl("acl-1", |acl| acl)
        })
    });
    let participant =
        owner.account(PARTICIPANT, |account| account.vpc("vpc-1", |vpc| vpc.owned_by(ACCOUNT).group("sg-own", |it| it)));
    participant
        .account("555566667777", |account| account.deny("ec2:AuthorizeSecurityGroupEgress"))
        .account("666677778888", |account| account.deny("ec2:CreateTags"))
}

pub(super) async fn member(world: &World, account: &str) -> Client {
    Client::of(world).assume(account).await
}

pub(super) const ONE_RULE: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
                        &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0/8";

pub(super) const ONE_ENTRY: &str =
    "RuleNumber=90&Protocol=6&RuleAction=allow&Egress=true&CidrBlock=10.0.0.0/8&PortRange.From=443&PortRange.To=443";

#[tokio::test]
async fn rules_appear_with_ids_that_stay() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    let answer = client
        .ec2(&format!(
            "AuthorizeSecurityGroupEgress&GroupId=sg-empty&{ONE_RULE}&IpPermissions.1.IpRanges.1.Description=to the Console\
             &IpPermissions.1.PrefixListIds.1.PrefixListId=pl-3&IpPermissions.2.IpProtocol=-1\
             &IpPermissions.2.Groups.1.GroupId={APP_GROUP}&IpPermissions.2.Ipv6Ranges.1.CidrIpv6=2001:DB8::1/32\
             &TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=by&TagSpecification.1.Tag.1.Value=us"
        ))
        .await;
    assert_eq!((answer.status, answer.element("return").as_str()), (200, "true"), "{}", answer.body);
    let ids = answer.all("securityGroupRuleId");
    assert_eq!(ids.len(), 4);
    assert_eq!(answer.all("isEgress"), ["true"; 4]);
    let group = world.group(ACCOUNT, "us-east-1", "sg-empty");
    let rule = |at: usize, protocol: &str, port: i32, peer: &str| {
        json!({
            "id": ids[at], "protocol": protocol, "from": port, "to": port, "peer": peer,
            "description": if at == 0 { json!("to the Console") } else { json!(null) }, "tags": { "by": "us" },
        })
    };
    let expected = [
        rule(0, "tcp", 443, "10.0.0.0/8"),
        rule(1, "tcp", 443, "pl-3"),
        rule(2, "-1", -1, "2001:db8::/32"),
        rule(3, "-1", -1, APP_GROUP),
    ];
    assert_eq!(group, json!({ "egress": expected, "ingress": [], "tags": {} }));
    let described = client.ec2("DescribeSecurityGroups&GroupId.1=sg-empty").await;
    assert!(
        described.body.contains("<cidrIp>10.0.0.0/8</cidrIp><description>to the Console</description>"),
        "{}",
        described.body
    );

    let tagged = client.ec2(&format!("CreateTags&ResourceId.1={}&ResourceId.2=sg-empty&Tag.1.Key=n&Tag.1.Value=1", ids[0])).await;
    assert_eq!(tagged.element("return"), "true");
    let group = world.group(ACCOUNT, "us-east-1", "sg-empty");
    assert_eq!((&group["egress"][0]["tags"], &group["tags"]), (&json!({ "by": "us", "n": "1" }), &json!({ "n": "1" })));
    let again = org().start().await;
    let answer = member(&again, ACCOUNT).await.ec2(&format!("AuthorizeSecurityGroupEgress&GroupId=sg-empty&{ONE_RULE}")).await;
    assert_eq!(answer.element("securityGroupRuleId"), ids[0], "the same rule in the same world");
}

#[tokio::test]
async fn entries_appear_in_order() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    for entry in [
        "RuleNumber=110&Protocol=udp&RuleAction=deny&Egress=false&CidrBlock=192.0.2.77/24&PortRange.From=1&PortRange.To=2",
        ONE_ENTRY,
        "RuleNumber=80&Protocol=-1&RuleAction=allow&Egress=true&Ipv6CidrBlock=::/0&PortRange.From=5&PortRange.To=5",
        "RuleNumber=70&Protocol=1&RuleAction=allow&Egress=true&CidrBlock=0.0.0.0/0&Icmp.Type=-1&Icmp.Code=-1",
    ] {
        let answer = client.ec2(&format!("CreateNetworkAclEntry&NetworkAclId=acl-1&{entry}")).await;
        assert_eq!((answer.status, answer.element("return").as_str()), (200, "true"), "{entry} {}", answer.body);
    }
    let entry = |number: i32, egress: bool, allow: bool, protocol: &str, ports: (i32, i32), cidr: &str| json!({ "number": number, "egress": egress, "allow": allow, "protocol": protocol, "from": ports.0, "to": ports.1, "cidr": cidr });
    let expected = [
        entry(70, true, true, "1", (-1, -1), "0.0.0.0/0"),
        entry(80, true, true, "-1", (-1, -1), "::/0"),
        entry(90, true, true, "6", (443, 443), "10.0.0.0/8"),
        entry(110, false, false, "17", (1, 2), "192.0.2.0/24"),
    ];
    assert_eq!(world.acl(ACCOUNT, "us-east-1", "acl-1"), json!({ "entries": expected, "tags": {} }));
    assert_eq!(world.acl(PARTICIPANT, "us-east-1", "acl-1"), world.acl(ACCOUNT, "us-east-1", "acl-1"));
    assert_eq!(client.ec2("CreateTags&ResourceId.1=acl-1&Tag.1.Key=by&Tag.1.Value=us").await.status, 200);
    assert_eq!(world.acl(ACCOUNT, "us-east-1", "acl-1")["tags"], json!({ "by": "us" }));
    assert_eq!((world.calls().writes(), world.calls().of("CreateNetworkAclEntry")), (5, 4));
}

#[tokio::test]
async fn rules_are_told_one_by_one_and_revoked_by_their_ids() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    let tagged =
        "TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=by:us&TagSpecification.1.Tag.1.Value=1";
    let two = format!("{ONE_RULE}&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=2001:db8::/32&{tagged}");
    let added = client.ec2(&format!("AuthorizeSecurityGroupEgress&GroupId=sg-empty&{two}")).await;
    let ids: Vec<String> = added.all("securityGroupRuleId").into_iter().map(str::to_owned).collect();

    let tagged = client.ec2("DescribeSecurityGroupRules&Filter.1.Name=tag:by:us&Filter.1.Value.1=*").await;
    assert_eq!(tagged.all("securityGroupRuleId"), ids, "{}", tagged.body);
    let told = format!(
        "<item><securityGroupRuleId>{}</securityGroupRuleId><groupId>sg-empty</groupId><groupOwnerId>{ACCOUNT}</groupOwnerId>\
         <isEgress>true</isEgress><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>\
         <cidrIpv4>10.0.0.0/8</cidrIpv4><tagSet><item><key>by:us</key><value>1</value></item></tagSet>",
        ids[0]
    );
    assert!(tagged.body.contains(&told), "{}", tagged.body);
    assert_eq!(tagged.element("cidrIpv6"), "2001:db8::/32");
    let of_group = client.ec2(&format!("DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={APP_GROUP}")).await;
    assert_eq!(of_group.all("isEgress"), ["true", "false"], "ingress rules are told too");
    let pages = client.ec2("DescribeSecurityGroupRules&MaxResults=5").await;
    assert_eq!((pages.all("securityGroupRuleId").len(), pages.element("nextToken").is_empty()), (5, false), "{}", pages.body);

    let revoke = |id: &str| format!("RevokeSecurityGroupEgress&GroupId=sg-empty&SecurityGroupRuleId.1={id}");
    let dry = client.ec2(&format!("{}&DryRun=true", revoke(&ids[0]))).await;
    assert_eq!(dry.element("Code"), "DryRunOperation");
    let revoked = client.ec2(&revoke(&ids[0])).await;
    assert_eq!((revoked.element("return").as_str(), revoked.all("securityGroupRuleId")), ("true", vec![ids[0].as_str()]));
    let left = world.group(ACCOUNT, "us-east-1", "sg-empty");
    assert_eq!((left["egress"].as_array().map(Vec::len), left["egress"][0]["id"].as_str()), (Some(1), Some(ids[1].as_str())));
    assert_eq!((world.calls().of("RevokeSecurityGroupEgress"), world.calls().writes()), (1, 2));
    // A participant's group is kept with the owner's VPC.
    let participant = member(&world, PARTICIPANT).await;
    let own = world.group(PARTICIPANT, "us-east-1", "sg-own")["egress"][0]["id"].as_str().expect("an id").to_owned();
    let answer = participant.ec2(&format!("RevokeSecurityGroupEgress&GroupId=sg-own&SecurityGroupRuleId.1={own}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(world.group(PARTICIPANT, "us-east-1", "sg-own")["egress"], json!([]));
}

#[tokio::test]
async fn what_was_added_to_an_acl_is_taken_away_again() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    let before = world.acl(ACCOUNT, "us-east-1", "acl-1");
    for request in [
        format!("CreateNetworkAclEntry&NetworkAclId=acl-1&{ONE_ENTRY}"),
        format!("CreateNetworkAclEntry&NetworkAclId=acl-1&{}", ONE_ENTRY.replace("Egress=true", "Egress=false")),
        "CreateTags&ResourceId.1=acl-1&Tag.1.Key=by&Tag.1.Value=us&Tag.2.Key=n&Tag.2.Value=1".to_owned(),
        "DeleteNetworkAclEntry&NetworkAclId=acl-1&RuleNumber=90&Egress=true".to_owned(),
    ] {
        assert_eq!(client.ec2(&request).await.element("return"), "true", "{request}");
    }
    let acl = world.acl(ACCOUNT, "us-east-1", "acl-1");
    assert_eq!((acl["entries"].as_array().map(Vec::len), &acl["entries"][0]["egress"]), (Some(1), &json!(false)), "{acl}");
    let filtered = client.ec2("DescribeNetworkAcls&Filter.1.Name=tag-key&Filter.1.Value.1=by").await;
    assert_eq!(filtered.all("entrySet").len(), 1, "{}", filtered.body);
    for (request, left) in [
        ("DeleteTags&ResourceId.1=acl-1&Tag.1.Key=by&Tag.1.Value=them", json!({ "by": "us", "n": "1" })),
        ("DeleteTags&ResourceId.1=acl-1&Tag.1.Key=by&Tag.1.Value=", json!({ "by": "us", "n": "1" })),
        ("DeleteTags&ResourceId.1=acl-1&Tag.1.Key=by&DryRun=true", json!({ "by": "us", "n": "1" })),
        ("DeleteTags&ResourceId.1=acl-1&Tag.1.Key=by&Tag.2.Key=other", json!({ "n": "1" })),
        ("DeleteTags&ResourceId.1=acl-1&Tag.1.Key=n&Tag.1.Value=1", json!({})),
    ] {
        client.ec2(request).await;
        assert_eq!(world.acl(ACCOUNT, "us-east-1", "acl-1")["tags"], left, "{request}");
    }
    client.ec2("DeleteNetworkAclEntry&NetworkAclId=acl-1&RuleNumber=90&Egress=false").await;
    assert_eq!(world.acl(ACCOUNT, "us-east-1", "acl-1"), before);
}

#[tokio::test]
async fn a_dry_run_is_no_write_and_is_counted_by_itself() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    let request = format!("AuthorizeSecurityGroupEgress&GroupId=sg-empty&{ONE_RULE}");
    client.ec2(&format!("{request}&DryRun=true")).await;
    client.ec2("GetManagedPrefixListEntries&PrefixListId=pl-3").await;
    client.ec2(&format!("DescribeSubnets&Filter.1.Name=vpc-id&Filter.1.Value.1={DEFAULT_VPC}")).await;
    assert_eq!(world.calls().writes(), 0);
    client.ec2(&request).await;
    let calls = world.calls();
    assert_eq!((calls.writes(), calls.of("AuthorizeSecurityGroupEgress")), (1, 1));
    assert_eq!(calls.of("AuthorizeSecurityGroupEgress (dry run)"), 1);
    let subjects: Vec<(&str, &str)> = calls
        .iter()
        .filter(|(call, _)| !call.account.is_empty() && call.operation != "AssumeRole")
        .map(|(call, _)| (call.operation.as_str(), call.subject.as_str()))
        .collect();
    let expected = [
        ("AuthorizeSecurityGroupEgress", "sg-empty"),
        ("AuthorizeSecurityGroupEgress (dry run)", "sg-empty"),
        ("DescribeSubnets", DEFAULT_VPC),
        ("GetManagedPrefixListEntries", "pl-3"),
    ];
    assert_eq!(subjects, expected);
}

#[tokio::test]
async fn ipv4_and_ipv6_have_room_of_their_own() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    let v6 =
        "AuthorizeSecurityGroupEgress&GroupId=sg-full&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0";
    assert_eq!(client.ec2(v6).await.status, 200);
    let entry = ONE_ENTRY.replace("CidrBlock=10.0.0.0/8", "Ipv6CidrBlock=::/0");
    assert_eq!(client.ec2(&format!("CreateNetworkAclEntry&NetworkAclId=acl-full&{entry}")).await.status, 200);
    let inbound = ONE_ENTRY.replace("Egress=true", "Egress=false");
    assert_eq!(client.ec2(&format!("CreateNetworkAclEntry&NetworkAclId=acl-full&{inbound}")).await.status, 200);
    let two_fit = format!("AuthorizeSecurityGroupEgress&GroupId=sg-58&{ONE_RULE}&IpPermissions.1.IpRanges.2.CidrIp=10.1.0.0/16");
    assert_eq!(client.ec2(&two_fit).await.status, 200);
}

#[tokio::test]
async fn an_owner_changes_a_network_meanwhile() {
    let world = org().start().await;
    let client = member(&world, ACCOUNT).await;
    let before = world.group(ACCOUNT, "us-east-1", APP_GROUP);
    world.change_vpc(ACCOUNT, "us-east-1", DEFAULT_VPC, |vpc| {
        vpc.group(APP_GROUP, |group| group.egress("tcp", 443, 443, "10.0.0.1/8"))
            .subnet(PRIVATE_SUBNET, |subnet| subnet.acl("acl-full"))
    });
    let after = world.group(ACCOUNT, "us-east-1", APP_GROUP);
    assert_eq!(after["egress"][0], before["egress"][0], "a rule keeps its id");
    assert_eq!(after["egress"][1]["peer"], "10.0.0.0/8");
    let answer = client.ec2(&format!("AuthorizeSecurityGroupEgress&GroupId={APP_GROUP}&{ONE_RULE}")).await;
    assert_eq!(answer.element("Code"), "InvalidPermission.Duplicate");
    let words = "the specified rule &quot;peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW&quot; already exists";
    assert_eq!(answer.element("Message"), words);
    let filter = format!("DescribeNetworkAcls&Filter.1.Name=association.subnet-id&Filter.1.Value.1={PRIVATE_SUBNET}");
    assert!(client.ec2(&filter).await.body.contains("<networkAclId>acl-full</networkAclId>"));
    // A participant's group is its own, in the VPC of another.
    let participant = member(&world, PARTICIPANT).await;
    let own = participant.ec2(&format!("AuthorizeSecurityGroupEgress&GroupId=sg-own&{ONE_RULE}")).await;
    assert_eq!((own.status, own.element("groupOwnerId").as_str()), (200, PARTICIPANT), "{}", own.body);
    assert_eq!(world.group(PARTICIPANT, "us-east-1", "sg-own")["egress"][1]["peer"], "10.0.0.0/8");
}
