"""Everything that changes something, in the order in which the program does it, through boto3.

Afterwards the account has more revisions and deployments than before, and networks are as they were.
"""

import copy

import scenario
from clients import Caller
from ledger import Ledger
from reads import Read, ask

# Nothing is waited for: the simulated roll-outs move on whenever somebody looks.
AT_ONCE = {"Delay": 0, "MaxAttempts": 20}
# What DescribeTaskDefinition adds.
# Source: Amazon ECS API Reference, TaskDefinition against RegisterTaskDefinition's request.
ADDED = {
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
}
TAG = {"Key": "fargate-updater:opened", "Value": "111122223333"}
OPENED = {"Name": "tag:fargate-updater:opened", "Values": ["*"]}


def register_again(ledger: Ledger, member: Caller, family: str, edit: dict | None = None, image: str | None = None) -> str:
    """Registers what a family's newest revision is, edited, and returns the ARN; what comes back must be what was sent."""
    ecs = member.client("ecs")
    before = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
    wanted = {key: value for key, value in before["taskDefinition"].items() if key not in ADDED} | (edit or {})
    wanted = copy.deepcopy(wanted)
    if image:
        wanted["containerDefinitions"][0]["image"] = image
    # No tags are said by saying nothing of tags.
    tags = {"tags": before["tags"]} if before["tags"] else {}
    registered = ecs.register_task_definition(**wanted, **tags)
    definition = registered["taskDefinition"]
    kept = {key: value for key, value in definition.items() if key not in ADDED}
    ledger.same(kept, wanted, f"what a new revision of {family} comes back as")
    ledger.same(registered.get("tags", []), before["tags"], f"the tags of a new revision of {family}")
    ledger.same(definition["revision"], before["taskDefinition"]["revision"] + 1, f"the number of a new revision of {family}")
    return definition["taskDefinitionArn"]


def ecs(ledger: Ledger, member: Caller) -> list[str]:
    """Rolls services out: one that completes, one that fails, one that is stopped. Returns the deployments of the first."""
    client = member.client("ecs")
    first = client.describe_services(cluster="web", services=["checkout"])["services"][0]
    revision = register_again(ledger, member, "httpd", {"memory": "1024"})
    client.tag_resource(
        resourceArn=first["serviceArn"], tags=[{"key": "fargate-updater:before", "value": first["taskDefinition"]}]
    )
    updated = client.update_service(cluster="web", service="checkout", taskDefinition=revision)["service"]
    ledger.same(updated["taskDefinition"], revision, "UpdateService")
    in_progress = deployments(ledger, member, "checkout", ["IN_PROGRESS"])
    ledger.same(len(in_progress), 1, "deployments of web/checkout that are in progress")
    told = client.describe_service_deployments(serviceDeploymentArns=in_progress)["serviceDeployments"]
    ledger.same([deployment["status"] for deployment in told], ["IN_PROGRESS"], "DescribeServiceDeployments")
    client.get_waiter("services_stable").wait(cluster="web", services=["checkout"], WaiterConfig=AT_ONCE)
    told = client.describe_service_deployments(serviceDeploymentArns=in_progress)["serviceDeployments"]
    ledger.same([deployment["status"] for deployment in told], ["SUCCESSFUL"], "a deployment that is stable")
    tagged = client.describe_services(cluster="web", services=["checkout"], include=["TAGS"])["services"][0]["tags"]
    ledger.expect(
        {"key": "fargate-updater:before", "value": first["taskDefinition"]} in tagged, "TagResource: the tag is not told"
    )

    _fails(ledger, member)
    _is_stopped(ledger, member)
    answer = client.deregister_task_definition(taskDefinition=first["taskDefinition"])["taskDefinition"]
    ledger.same((answer["status"], "deregisteredAt" in answer), ("INACTIVE", True), "DeregisterTaskDefinition")
    # Of every odd service, a new revision of what it runs.
    for family in ("everything", "windows", "ten-containers", "arm64", "port-mappings"):
        register_again(ledger, member, family)
    of_checkout = deployments(ledger, member, "checkout", [])
    ledger.same(len(of_checkout), 2, "deployments of web/checkout")
    return of_checkout


def s3(ledger: Ledger, caller: Caller) -> None:
    """Puts objects into buckets, one of them in another Region, to which boto3 finds its way by what S3 answers."""
    client = caller.client("s3")
    for body in (b"{}", b"", b"\x00\xff" * 100_000):
        put = client.put_object(Bucket=scenario.BUCKET, Key="a b/<\u00e4>+&.json", Body=body, ContentType="application/json")
        metadata = put["ResponseMetadata"]
        found = (metadata["HTTPStatusCode"], put["ServerSideEncryption"], put["ChecksumType"], bool(metadata["RequestId"]))
        ledger.same(found, (200, "AES256", "FULL_OBJECT", True), "PutObject")
    before = ledger.replies["s3"]
    client.put_object(Bucket=scenario.BUCKET_ABROAD, Key="report.html", Body=b"<html>", ContentType="text/html; charset=utf-8")
    ledger.same(ledger.replies["s3"] - before, 2, "answers for a bucket in another Region")


def _fails(ledger: Ledger, member: Caller) -> None:
    """Rolls out an image whose program ends, which an alarm takes back."""
    client = member.client("ecs")
    revision = register_again(ledger, member, "orders", image="registry.example.test/fails:1")
    client.update_service(cluster="web", service="breaks", taskDefinition=revision, forceNewDeployment=True)
    newest = deployments(ledger, member, "breaks", [])[:1]
    client.get_waiter("services_stable").wait(cluster="web", services=["breaks"], WaiterConfig=AT_ONCE)
    told = client.describe_service_deployments(serviceDeploymentArns=newest)["serviceDeployments"]
    ledger.same([deployment["status"] for deployment in told], ["ROLLBACK_SUCCESSFUL"], "a deployment that failed")
    asked = {"cluster": "web", "serviceName": "breaks", "desiredStatus": "STOPPED"}
    stopped = client.list_tasks(**asked)["taskArns"]
    ledger.expect(stopped, "ListTasks: no task that stopped")
    task = client.describe_tasks(cluster="web", tasks=stopped)["tasks"][0]
    ledger.same((task["stopCode"], task["containers"][0]["exitCode"]), ("EssentialContainerExited", 137), "a task that stopped")


def _is_stopped(ledger: Ledger, member: Caller) -> None:
    client = member.client("ecs")
    revision = register_again(ledger, member, "command-only", {"memory": "2048"})
    client.update_service(cluster="web", service="stopped", taskDefinition=revision)
    newest = deployments(ledger, member, "stopped", ["PENDING", "IN_PROGRESS"])[0]
    answer = client.stop_service_deployment(serviceDeploymentArn=newest, stopType="ROLLBACK")
    ledger.same(answer["serviceDeploymentArn"], newest, "StopServiceDeployment")
    client.get_waiter("services_stable").wait(cluster="web", services=["stopped"], WaiterConfig=AT_ONCE)
    told = client.describe_service_deployments(serviceDeploymentArns=[newest])["serviceDeployments"][0]
    ledger.same((told["status"], "rollback" in told), ("ROLLBACK_SUCCESSFUL", True), "a deployment that was stopped")


def deployments(ledger: Ledger, member: Caller, service: str, statuses: list[str]) -> list[str]:
    """Returns the ARNs of a service's deployments, the newest first."""
    asked = {"cluster": "web", "service": service} | ({"status": statuses} if statuses else {})
    answer = ask(ledger, member, Read("ecs", "ListServiceDeployments", asked))
    return [deployment["serviceDeploymentArn"] for deployment in answer["serviceDeployments"]]


def ec2(ledger: Ledger, member: Caller) -> None:
    """Opens a group and an ACL, finds again what was opened, and closes both."""
    client = member.client("ec2")
    group, acl = scenario.GROUPS[2], scenario.ACLS[2]
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 8084,
        "ToPort": 8084,
        "IpRanges": [{"CidrIp": "203.0.113.7/32", "Description": "to the Console & more"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:db8::7/128"}],
        "PrefixListIds": [{"PrefixListId": scenario.SHORT_LIST}],
        "UserIdGroupPairs": [{"GroupId": scenario.OPEN_GROUP}],
    }
    opened = client.authorize_security_group_egress(
        GroupId=group, IpPermissions=[permission], TagSpecifications=[{"ResourceType": "security-group-rule", "Tags": [TAG]}]
    )
    ledger.same((opened["Return"], len(opened["SecurityGroupRules"])), (True, 4), "AuthorizeSecurityGroupEgress")
    client.create_network_acl_entry(
        NetworkAclId=acl,
        Egress=True,
        Protocol="6",
        RuleAction="allow",
        RuleNumber=42,
        CidrBlock="203.0.113.7/32",
        PortRange={"From": 8084, "To": 8084},
    )
    client.create_network_acl_entry(
        NetworkAclId=acl,
        Egress=False,
        Protocol="1",
        RuleAction="deny",
        RuleNumber=42,
        CidrBlock="0.0.0.0/0",
        IcmpTypeCode={"Type": -1, "Code": -1},
    )
    client.create_tags(Resources=[acl], Tags=[TAG])

    rules = client.describe_security_group_rules(Filters=[OPENED])["SecurityGroupRules"]
    ids = sorted(rule["SecurityGroupRuleId"] for rule in rules)
    ledger.same(ids, sorted(rule["SecurityGroupRuleId"] for rule in opened["SecurityGroupRules"]), "rules that were opened")
    ledger.same([rule["Tags"] for rule in rules], [[TAG]] * 4, "tags of rules that were opened")
    acls = client.describe_network_acls(Filters=[{"Name": "tag-key", "Values": [TAG["Key"]]}])["NetworkAcls"]
    ledger.same([told["NetworkAclId"] for told in acls], [acl], "ACLs that were opened")
    ledger.same(sum(entry["RuleNumber"] == 42 for entry in acls[0]["Entries"]), 2, "entries that were made")

    closed = client.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=ids)
    ledger.same((closed["Return"], len(closed["RevokedSecurityGroupRules"])), (True, 4), "RevokeSecurityGroupEgress")
    for egress in (True, False):
        client.delete_network_acl_entry(NetworkAclId=acl, Egress=egress, RuleNumber=42)
    client.delete_tags(Resources=[acl], Tags=[{"Key": TAG["Key"]}])
    left = client.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]
    ledger.expect(
        TAG not in left["Tags"] and all(entry["RuleNumber"] != 42 for entry in left["Entries"]), "an ACL that is not as before"
    )
