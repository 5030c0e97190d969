//! EC2's network: everything that is refused, in AWS's words, and that nothing changes then.

use super::network_changes::{ACCOUNT, ONE_ENTRY, ONE_RULE, PARTICIPANT, member, org};
use crate::scenario::network::{APP_GROUP, DEFAULT_ACL, PRIVATE_SUBNET};

/// Rows of a name, a request, and how the answer begins: status, code and sentence.
async fn refuses(account: &str, rows: &[(&str, String, &str)]) {
    let world = org().start().await;
    let client = member(&world, account).await;
    let before = world.snapshot();
    for (name, request, expected) in rows {
        let answer = client.ec2(request).await;
        let told = format!("{} {}: {}", answer.status, answer.element("Code"), answer.element("Message"));
        assert!(told.starts_with(expected), "{name}: {told}");
        assert_eq!(world.snapshot(), before, "{name}");
    }
}

fn rule(group: &str, rule: &str) -> String {
    format!("AuthorizeSecurityGroupEgress&GroupId={group}&{rule}")
}

/// A rule of this protocol for a group that has room.
fn of(protocol: &str, rest: &str) -> String {
    rule("sg-empty", &format!("IpPermissions.1.IpProtocol={protocol}&IpPermissions.1.{rest}"))
}

/// A rule for everywhere.
fn ports(protocol: &str, from: i32, to: i32) -> String {
    of(protocol, &format!("IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.FromPort={from}&IpPermissions.1.ToPort={to}"))
}

/// A good entry, but for one change.
fn entry(acl: &str, from: &str, to: &str) -> String {
    format!("CreateNetworkAclEntry&NetworkAclId={acl}&{}", ONE_ENTRY.replace(from, to))
}

fn tag(ids: &str, tags: &str) -> String {
    format!("CreateTags&{ids}{tags}")
}

#[tokio::test]
async fn what_lists_refuse() {
    let many: String = (1..=201).map(|n| format!("&Filter.1.Value.{n}=vpc-{n}")).collect();
    let ids = |request: &str| request.to_owned();
    let rows = [
        ("an operation that is not simulated", ids("RunInstances"), "400 InvalidAction: The action RunInstances is not"),
        ("an unknown filter", ids("DescribeSubnets&Filter.1.Name=hue"), "400 InvalidParameterValue: The filter 'hue' is invalid"),
        ("too many values", format!("DescribeSubnets&Filter.1.Name=vpc-id{many}"), "400 FilterLimitExceeded: The maximum number"),
        (
            "too small a page",
            ids("DescribeSubnets&MaxResults=4"),
            "400 InvalidParameterValue: Value (4) for parameter MaxResults",
        ),
        ("too large a page", ids("DescribeNatGateways&MaxResults=1001"), "400 InvalidParameterValue: Value (1001) for"),
        (
            "too large a page of route tables",
            ids("DescribeRouteTables&MaxResults=101"),
            "400 InvalidParameterValue: Value (101) for",
        ),
        (
            "too large a page of a prefix list",
            ids("GetManagedPrefixListEntries&PrefixListId=pl-3&MaxResults=101"),
            "400 InvalidParameterValue: Value (101) for parameter MaxResults is invalid. It must be a number between 1 and 100.",
        ),
        ("a token of nowhere", ids("DescribeSubnets&NextToken=AAAA"), "400 InvalidNextToken: The specified NextToken"),
        (
            "no list",
            ids("GetManagedPrefixListEntries"),
            "400 MissingParameter: The request must contain the parameter PrefixListId",
        ),
        ("an unknown list", ids("GetManagedPrefixListEntries&PrefixListId=pl-9"), "400 InvalidPrefixListID.NotFound: The prefix"),
        (
            "an unknown subnet",
            ids("DescribeSubnets&SubnetId.1=subnet-1&SubnetId.2=s"),
            "400 InvalidSubnetID.NotFound: The subnet ID 's'",
        ),
        (
            "an unknown group",
            ids("DescribeSecurityGroups&GroupId.1=sg-9"),
            "400 InvalidGroup.NotFound: The security group 'sg-9'",
        ),
        (
            "a participant's group",
            ids("DescribeSecurityGroups&GroupId.1=sg-own"),
            "400 InvalidGroup.NotFound: The security group",
        ),
        (
            "an unknown ACL",
            ids("DescribeNetworkAcls&NetworkAclId.1=acl-9"),
            "400 InvalidNetworkAclID.NotFound: The networkAcl ID",
        ),
        ("an unknown table", ids("DescribeRouteTables&RouteTableId.1=rtb-9"), "400 InvalidRouteTableID.NotFound: The routeTable"),
        ("an unknown NAT gateway", ids("DescribeNatGateways&NatGatewayId.1=nat-9"), "400 NatGatewayNotFound: NatGateway nat-9"),
        (
            "an unknown endpoint",
            ids("DescribeVpcEndpoints&VpcEndpointId.1=v"),
            "400 InvalidVpcEndpointId.NotFound: The Vpc Endpoint",
        ),
        (
            "an unknown interface",
            ids("DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-9"),
            "400 InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-9' does not exist",
        ),
        ("a dry run", ids("DescribeSubnets&DryRun=true"), "412 DryRunOperation: Request would have succeeded, but DryRun flag"),
    ];
    refuses(ACCOUNT, &rows).await;
}

#[tokio::test]
async fn what_groups_refuse() {
    let everything = "IpPermissions.1.IpProtocol=-1&IpPermissions.1";
    let more = "&IpPermissions.1.IpRanges.2.CidrIp=11.0.0.0/8&IpPermissions.1.IpRanges.3.CidrIp=12.0.0.0/8";
    let rows = [
        ("no group", format!("AuthorizeSecurityGroupEgress&{ONE_RULE}"), "400 MissingParameter: The request must contain the"),
        ("an unknown group", rule("sg-9", ONE_RULE), "400 InvalidGroup.NotFound: The security group 'sg-9' does not exist"),
        ("a participant's group", rule("sg-own", ONE_RULE), "400 InvalidGroup.NotFound: The security group 'sg-own' does not"),
        ("no rule", rule("sg-empty", ""), "400 MissingParameter: The request must contain the parameter ipPermissions"),
        ("no peer", of("-1", ""), "400 MissingParameter: The request must contain the parameter IpPermissions.1.IpRanges"),
        ("a protocol that is none", ports("sctp", 1, 2), "400 InvalidParameterValue: Value (sctp) for parameter ipProtocol"),
        (
            "no ports",
            of("tcp", "IpRanges.1.CidrIp=0.0.0.0/0"),
            "400 MissingParameter: The request must contain the parameter IpPerm",
        ),
        ("ports the wrong way round", ports("tcp", 2, 1), "400 InvalidParameterValue: Value (2-1) for parameter FromPort"),
        ("a port that is none", ports("udp", 1, 65536), "400 InvalidParameterValue: Value (65536) for parameter IpPermissions.1"),
        ("an address", of("-1", "IpRanges.1.CidrIp=10.0.0.0"), "400 InvalidParameterValue: CIDR block 10.0.0.0 is malformed"),
        ("IPv6 as IPv4", of("-1", "IpRanges.1.CidrIp=::/0"), "400 InvalidParameterValue: CIDR block ::/0 is malformed"),
        ("an unknown list", of("-1", "PrefixListIds.1.PrefixListId=pl-9"), "400 InvalidPrefixListID.NotFound: The prefix list"),
        ("an unknown peer", of("-1", "Groups.1.GroupId=sg-9"), "400 InvalidGroup.NotFound: The security group 'sg-9'"),
        (
            "a description with a line break",
            rule("sg-empty", &format!("{ONE_RULE}&IpPermissions.1.IpRanges.1.Description=a%0Ab")),
            "400 InvalidParameterValue: Invalid rule description. Valid descriptions are strings less than 256 characters from the \
             following set:  a-zA-Z0-9. _-:/()#,@[]+=&amp;;{}!$*",
        ),
        (
            "tags on something else",
            rule("sg-empty", &format!("{ONE_RULE}&TagSpecification.1.ResourceType=subnet")),
            "400 InvalidParameterValue: 'subnet' is not a valid taggable resource type",
        ),
        (
            "a rule that is there, written otherwise",
            rule(APP_GROUP, &format!("{everything}.IpRanges.1.CidrIp=1.2.3.4/0&IpPermissions.1.IpRanges.1.Description=ours")),
            "400 InvalidPermission.Duplicate: the specified rule &quot;peer: 0.0.0.0/0, ALL, ALLOW&quot; already exists",
        ),
        (
            "a rule twice",
            rule("sg-empty", &format!("{ONE_RULE}&IpPermissions.1.IpRanges.2.CidrIp=10.0.0.0/8")),
            "400 InvalidParameterValue: The same permission must not appear multiple times",
        ),
        ("a full group", rule("sg-full", ONE_RULE), "400 RulesPerSecurityGroupLimitExceeded: The maximum number of rules"),
        (
            "a list of three where two fit",
            rule("sg-58", &format!("{everything}.PrefixListIds.1.PrefixListId=pl-3")),
            "400 RulesPerSecurityGroupLimitExceeded: ",
        ),
        (
            "three ranges where two fit",
            rule("sg-58", &format!("{everything}.IpRanges.1.CidrIp=10.0.0.0/8{more}")),
            "400 RulesPerSecurityGroupLimitExceeded: ",
        ),
        ("a dry run", rule("sg-empty", &format!("{ONE_RULE}&DryRun=true")), "412 DryRunOperation: Request would have succeeded"),
    ];
    refuses(ACCOUNT, &rows).await;
}

#[tokio::test]
async fn what_acls_refuse() {
    let rows = [
        ("an unknown ACL", entry("acl-9", "", ""), "400 InvalidNetworkAclID.NotFound: The networkAcl ID 'acl-9' does not exist"),
        (
            "a number of AWS's",
            entry("acl-1", "=90", "=32767"),
            "400 InvalidParameterValue: Value (32767) for parameter RuleNumber",
        ),
        (
            "no number",
            entry("acl-1", "RuleNumber=90&", ""),
            "400 MissingParameter: The request must contain the parameter RuleNumber",
        ),
        (
            "a protocol that is none",
            entry("acl-1", "=6&", "=300&"),
            "400 InvalidParameterValue: Value (300) for parameter Protocol",
        ),
        (
            "neither allowed nor denied",
            entry("acl-1", "allow", "maybe"),
            "400 InvalidParameterValue: Value (maybe) for parameter",
        ),
        ("neither in nor out", entry("acl-1", "true", "yes"), "400 InvalidParameterValue: Value (yes) for parameter Egress"),
        ("half a range of ports", entry("acl-1", "&PortRange.To=443", ""), "400 MissingParameter: The request must contain the"),
        ("ports the wrong way round", entry("acl-1", "To=443", "To=1"), "400 InvalidParameterValue: Value (443-1) for parameter"),
        (
            "no type of ICMP",
            entry("acl-1", "=6&", "=1&"),
            "400 MissingParameter: The request must contain the parameter Icmp.Type",
        ),
        (
            "no range",
            entry("acl-1", "&CidrBlock=10.0.0.0/8", ""),
            "400 MissingParameter: The request must contain the parameter Cidr",
        ),
        (
            "two ranges",
            entry("acl-1", "&CidrBlock", "&Ipv6CidrBlock=::/0&CidrBlock"),
            "400 InvalidParameterCombination: The parameter CidrBlock cannot be used with the parameter Ipv6CidrBlock",
        ),
        (
            "half a range",
            entry("acl-1", "10.0.0.0/8", "10.0.0.0/"),
            "400 InvalidParameterValue: CIDR block 10.0.0.0/ is malformed",
        ),
        (
            "a number that is taken",
            entry(DEFAULT_ACL, "=90", "=100"),
            "400 NetworkAclEntryAlreadyExists: The network acl entry identified by 100 already exists.",
        ),
        ("a full ACL", entry("acl-full", "", ""), "400 NetworkAclEntryLimitExceeded: The maximum number of network acl entries"),
        (
            "a dry run",
            entry("acl-1", "RuleNumber", "DryRun=true&RuleNumber"),
            "412 DryRunOperation: Request would have succeeded",
        ),
    ];
    refuses(ACCOUNT, &rows).await;
    let owners =
        "403 UnauthorizedOperation: You are not authorized to perform this operation. acl-1 belongs to account 111122223333";
    let rows = [
        ("an entry in the owner's ACL", entry("acl-1", "", ""), owners),
        ("a tag on the owner's ACL", tag("ResourceId.1=acl-1", "&Tag.1.Key=a"), owners),
    ];
    refuses(PARTICIPANT, &rows).await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_taken_away() {
    let revoke = |group: &str, rule: &str| format!("RevokeSecurityGroupEgress&GroupId={group}{rule}");
    let no_rule = "400 InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-9' does not exist";
    let rows = [
        ("the rule of no group", "RevokeSecurityGroupEgress&SecurityGroupRuleId.1=sgr-9".to_owned(), "400 MissingParameter: The"),
        ("no rule", revoke("sg-empty", ""), "400 MissingParameter: The request must contain the parameter SecurityGroupRuleId.1"),
        (
            "an unknown group",
            revoke("sg-9", "&SecurityGroupRuleId.1=sgr-9"),
            "400 InvalidGroup.NotFound: The security group 'sg-9'",
        ),
        (
            "a participant's group",
            revoke("sg-own", "&SecurityGroupRuleId.1=sgr-9"),
            "400 InvalidGroup.NotFound: The security group",
        ),
        ("a rule that is not there", revoke("sg-full", "&SecurityGroupRuleId.1=sgr-9"), no_rule),
        (
            "rules by their tags' keys",
            "DescribeSecurityGroupRules&Filter.1.Name=tag-key".to_owned(),
            "400 InvalidParameterValue: The filter",
        ),
        ("an unknown rule", "DescribeSecurityGroupRules&SecurityGroupRuleId.1=sgr-9".to_owned(), no_rule),
    ];
    refuses(ACCOUNT, &rows).await;
    let delete = |acl: &str, rest: &str| format!("DeleteNetworkAclEntry&NetworkAclId={acl}{rest}");
    let rows = [
        ("an unknown ACL", delete("acl-9", "&RuleNumber=1&Egress=true"), "400 InvalidNetworkAclID.NotFound: The networkAcl ID"),
        (
            "no number",
            delete("acl-full", "&Egress=true"),
            "400 MissingParameter: The request must contain the parameter RuleNumber",
        ),
        (
            "no direction",
            delete("acl-full", "&RuleNumber=1"),
            "400 MissingParameter: The request must contain the parameter Egress",
        ),
        ("what denies the rest", delete("acl-full", "&RuleNumber=32767&Egress=true"), "400 InvalidParameterValue: Value (32767)"),
        (
            "an entry that is not there",
            delete("acl-full", "&RuleNumber=20&Egress=true"),
            "400 InvalidNetworkAclEntry.NotFound: no egress entry with number 20",
        ),
        (
            "an entry of the other direction",
            delete("acl-full", "&RuleNumber=1&Egress=false"),
            "400 InvalidNetworkAclEntry.NotFound: no ingress entry with number 1",
        ),
    ];
    refuses(ACCOUNT, &rows).await;
    let owners = "403 UnauthorizedOperation: You are not authorized to perform this operation. acl-1 belongs to account";
    let rows = [
        ("an entry of the owner's ACL", delete("acl-1", "&RuleNumber=1&Egress=true"), owners),
        ("a tag of the owner's ACL", "DeleteTags&ResourceId.1=acl-1&Tag.1.Key=a".to_owned(), owners),
    ];
    refuses(PARTICIPANT, &rows).await;
}

#[tokio::test]
async fn what_tags_refuse() {
    let acl = "ResourceId.1=acl-1";
    let long = "x".repeat(129);
    let many: String = (1..=51).map(|n| format!("&Tag.{n}.Key=key-{n}")).collect();
    let subnet = format!("ResourceId.1=acl-1&ResourceId.2={PRIVATE_SUBNET}");
    let rows = [
        ("nothing to tag", tag("Tag.1.Key=a", ""), "400 MissingParameter: The request must contain the parameter ResourceId.1"),
        ("no tag", tag(acl, ""), "400 MissingParameter: The request must contain the parameter Tag.1.Key"),
        ("a subnet", tag(&subnet, "&Tag.1.Key=a"), "400 InvalidID: The ID 'subnet-0123456789abcdef0' is not valid"),
        (
            "a rule that is not there",
            tag("ResourceId.1=acl-1&ResourceId.2=sgr-9", "&Tag.1.Key=a"),
            "400 InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-9' does not exist",
        ),
        ("nothing to take a tag from", "DeleteTags&Tag.1.Key=a".to_owned(), "400 MissingParameter: The request must contain the"),
        (
            "no tag to take away",
            format!("DeleteTags&{acl}"),
            "400 MissingParameter: The request must contain the parameter Tag.1.Key",
        ),
        ("a tag of what cannot be tagged here", format!("DeleteTags&{subnet}&Tag.1.Key=a"), "400 InvalidID: The ID 'subnet-"),
        ("a long key", tag(acl, &format!("&Tag.1.Key={long}")), "400 InvalidParameterValue: Tag key exceeds the maximum length"),
        (
            "a long value",
            tag(acl, &format!("&Tag.1.Key=a&Tag.1.Value={long}{long}")),
            "400 InvalidParameterValue: Tag value exceeds",
        ),
        (
            "a sign",
            tag(acl, "&Tag.1.Key=a&Tag.1.Value=b%2Cc"),
            "400 InvalidParameterValue: Tags may have letters, digits, spaces",
        ),
        ("a key of AWS's", tag(acl, "&Tag.1.Key=aws:a"), "400 InvalidParameterValue: Tag keys starting with 'aws:' are reserved"),
        (
            "an empty key and a good one",
            tag(acl, "&Tag.1.Key=a&Tag.2.Key="),
            "400 InvalidParameterValue: Tag key cannot be empty.",
        ),
        ("more than 50", tag(acl, &many), "400 TagLimitExceeded: The maximum number of Tags for a resource has been reached."),
    ];
    refuses(ACCOUNT, &rows).await;
}

#[tokio::test]
async fn whoever_may_not_is_told_so_by_a_dry_run_too() {
    let denial = |action: &str, account: &str| {
        format!(
            "403 UnauthorizedOperation: You are not authorized to perform this operation. User: \
             arn:aws:sts::{account}:assumed-role/FargateDeployMember/run is not authorized to perform: {action} because"
        )
    };
    let rules = denial("ec2:AuthorizeSecurityGroupEgress", "555566667777");
    let tags = denial("ec2:CreateTags", "666677778888");
    let dry = format!("{ONE_RULE}&DryRun=true");
    let tagged = format!("{ONE_RULE}&TagSpecification.1.ResourceType=security-group-rule");
    refuses("555566667777", &[("a rule", rule(APP_GROUP, ONE_RULE), &rules), ("a dry run", rule(APP_GROUP, &dry), &rules)]).await;
    let rows = [
        ("a tag", tag("ResourceId.1=acl-1", "&Tag.1.Key=a"), tags.as_str()),
        ("a rule with tags", rule(APP_GROUP, &tagged), &tags),
        ("a dry run with tags", rule(APP_GROUP, &format!("{tagged}&DryRun=true")), &tags),
        ("a dry run without", rule(APP_GROUP, &dry), "412 DryRunOperation: "),
    ];
    refuses("666677778888", &rows).await;
}
