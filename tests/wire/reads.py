"""Every operation that reads, with what it is asked and what it has to answer; boto3 and the AWS CLI ask the same.

A list is read page by page, through botocore's own paginator where it has one, and everything in it has to come exactly once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import jmespath
from botocore import xform_name

import scenario
from clients import Caller
from ledger import Ledger

CLUSTER = f"arn:aws:ecs:{scenario.HOME}:{scenario.MEMBER}:cluster/"
IN_VPC = {"Filters": [{"Name": "vpc-id", "Values": [scenario.VPC]}]}


@dataclass(frozen=True)
class Read:
    """One call, or one list of many pages."""

    service: str
    operation: str
    parameters: dict = field(default_factory=dict)
    # What is counted: a JMESPath expression for the names of what was found, and those names, or how many there are.
    found: str = ""
    expected: list | int = 0
    # A list has pages; without a size, the service's own.
    is_list: bool = False
    page_size: int | None = None
    # In the management account, or in the member account.
    as_caller: bool = False
    region: str = scenario.HOME
    # Whether two calls have the same answer.
    is_steady: bool = True

    def title(self) -> str:
        """Returns what problems call it."""
        return f"{self.service} {self.operation} {self.parameters or ''}".strip()

    def check(self, ledger: Ledger, answer: dict) -> None:
        """Holds an answer, whole or put together of pages, against what is expected."""
        if not self.found:
            return
        names = [_short(name) for name in jmespath.search(self.found, answer) or []]
        ledger.items += len(names)
        ledger.same(len(set(names)), len(names), f"{self.title()}: everything once")
        if isinstance(self.expected, int):
            ledger.same(len(names), self.expected, f"{self.title()}: how many")
        else:
            ledger.same(names, self.expected, self.title())


def _short(name: object) -> str:
    """Returns what stands at the end of an ARN, and everything else as it is."""
    text = str(name)
    return text.rsplit("/", 1)[-1] if text.startswith("arn:") else text


def ask(ledger: Ledger, caller: Caller, read: Read) -> dict:
    """Makes a call through boto3 and returns the whole answer, of all pages."""
    client = caller.client(read.service)
    method = xform_name(read.operation)
    if not read.is_list:
        answer = getattr(client, method)(**read.parameters)
        ledger.pages += 1
    else:
        pages = list(_pages(caller, read))
        ledger.pages += len(pages)
        ledger.expect(len(pages) > 1, f"{read.title()}: all of it came in one page, so that paging was not tried")
        answer = _together(pages)
    answer.pop("ResponseMetadata", None)
    read.check(ledger, answer)
    return answer


def _pages(caller: Caller, read: Read) -> Iterator[dict]:
    client = caller.client(read.service)
    method = xform_name(read.operation)
    if client.can_paginate(method):
        yield from client.get_paginator(method).paginate(**read.parameters, PaginationConfig={"PageSize": read.page_size})
        return
    # botocore has no paginator for it: tokens by hand.
    parameters = read.parameters | ({"maxResults": read.page_size} if read.page_size else {})
    while True:
        page = getattr(client, method)(**parameters)
        yield page
        if "nextToken" not in page:
            return
        parameters["nextToken"] = page["nextToken"]


def _together(pages: list[dict]) -> dict:
    """Puts the lists of all pages together."""
    whole: dict = {}
    for page in pages:
        for key, value in page.items():
            if isinstance(value, list):
                whole.setdefault(key, []).extend(value)
    return whole


def of_the_caller(org: dict) -> list[Read]:
    """Returns what is asked in the management account."""
    by_parent = {"ParentId": scenario.MANY_UNIT}
    running = scenario.UPDATER_TASKS
    told = [task["id"] for task in org["updater_tasks"]]
    in_root = [unit["id"] for unit in org["units"] if unit["parent"] == scenario.ROOT]
    master = {"as_caller": True}
    return [
        Read("sts", "GetCallerIdentity", found="[Account]", expected=[scenario.MANAGEMENT], **master),
        Read("secretsmanager", "GetSecretValue", {"SecretId": "fargate-updater/console"}, "[SecretString]", 1, **master),
        Read("secretsmanager", "GetSecretValue", {"SecretId": "binary"}, "[SecretBinary]", 1, **master),
        Read("organizations", "ListAccounts", {}, "Accounts[].Id", scenario.accounts(org), True, **master),
        Read("organizations", "ListAccountsForParent", by_parent, "Accounts[].Id", scenario.ACCOUNTS, True, **master),
        Read(
            "organizations",
            "ListOrganizationalUnitsForParent",
            by_parent,
            "OrganizationalUnits[].Id",
            scenario.UNITS,
            True,
            **master,
        ),
        Read(
            "organizations",
            "ListOrganizationalUnitsForParent",
            {"ParentId": scenario.ROOT},
            "OrganizationalUnits[].Id",
            in_root,
            **master,
        ),
        Read(
            "ecs",
            "ListTasks",
            {"cluster": "fargate-updater", "family": "fargate-updater"},
            "taskArns[]",
            len(running) + 2,
            True,
            5,
            **master,
        ),
        Read("ecs", "DescribeTasks", {"cluster": "fargate-updater", "tasks": told}, "tasks[].taskArn", told, **master),
    ]


def of_the_member(org: dict) -> list[Read]:
    """Returns what is asked in a member account of Organizations, STS, ECR, Secrets Manager and ECS."""
    odd = scenario.services(org, "odd")
    crowd = {"cluster": "crowd"}
    tasks = scenario.TASKS_OF_EACH * len(scenario.SERVICES)
    of_services = {"cluster": CLUSTER + "odd", "include": ["TAGS"]}
    clusters = {"clusters": scenario.CLUSTERS[:100], "include": ["TAGS"]}
    abroad = {"region": scenario.OTHER_REGION}
    reads = [
        Read("secretsmanager", "GetSecretValue", {"SecretId": "pull"}, "[Name]", ["pull"]),
        Read("ecr", "GetAuthorizationToken", {}, "authorizationData[].proxyEndpoint", 1, is_steady=False),
        Read("ecs", "ListClusters", {}, "clusterArns[]", scenario.CLUSTERS, True, **abroad),
        Read("ecs", "ListClusters", {}, "clusterArns[]", ["web", "odd", "crowd"], True, 2),
        Read("ecs", "DescribeClusters", clusters, "clusters[].clusterName", scenario.CLUSTERS[:100], **abroad),
        Read(
            "ecs",
            "DescribeClusters",
            {"clusters": ["web", "gone"], "include": ["TAGS"]},
            "[clusters[].clusterName, failures[].arn][]",
            ["web", "gone"],
        ),
        Read("ecs", "ListServices", crowd, "serviceArns[]", scenario.SERVICES, True),
        Read(
            "ecs",
            "ListServices",
            {"cluster": CLUSTER + "odd", "launchType": "FARGATE"},
            "serviceArns[]",
            [name for name in odd if name not in ("spot", "on-ec2", "managed")],
            True,
            3,
        ),
        Read("ecs", "ListTasks", crowd, "taskArns[]", tasks, True),
        Read("ecs", "ListTasks", crowd | {"serviceName": "service-07"}, "taskArns[]", scenario.TASKS_OF_EACH, True, 2),
    ]
    for start in range(0, len(odd), 10):
        some = odd[start : start + 10]
        reads.append(Read("ecs", "DescribeServices", of_services | {"services": some}, "services[].serviceName", some))
    reads.append(
        Read(
            "ecs",
            "DescribeServices",
            crowd | {"services": ["service-00", "gone"]},
            "[services[].serviceName, failures[].arn][]",
            ["service-00", "gone"],
        )
    )
    for family in ["everything", "unknown-fields", "windows", "ten-containers", "httpd:1", "arm64"]:
        asked = {"taskDefinition": family, "include": ["TAGS"]}
        reads.append(Read("ecs", "DescribeTaskDefinition", asked, "[taskDefinition.family]", [family.split(":")[0]]))
    return reads


def of_the_network() -> list[Read]:
    """Returns what is asked of EC2 in a member account."""
    size = scenario.OF_EACH_KIND
    of_group = {"Filters": [{"Name": "group-id", "Values": [scenario.OPEN_GROUP]}]}
    lists = [
        ("DescribeSubnets", IN_VPC, "Subnets[].SubnetId", scenario.SUBNETS),
        ("DescribeSecurityGroups", IN_VPC, "SecurityGroups[].GroupId", scenario.GROUPS),
        ("DescribeNetworkAcls", IN_VPC, "NetworkAcls[].NetworkAclId", scenario.ACLS),
        ("DescribeRouteTables", IN_VPC, "RouteTables[].RouteTableId", scenario.ROUTE_TABLES),
        ("DescribeNatGateways", IN_VPC, "NatGateways[].NatGatewayId", scenario.NAT_GATEWAYS),
        ("DescribeVpcEndpoints", IN_VPC, "VpcEndpoints[].VpcEndpointId", scenario.ENDPOINTS),
        ("DescribeNetworkInterfaces", IN_VPC, "NetworkInterfaces[].NetworkInterfaceId", scenario.INTERFACES),
        # Seven rules out, two in.
        ("DescribeSecurityGroupRules", of_group, "SecurityGroupRules[].SecurityGroupRuleId", size + 2),
    ]
    reads = [Read("ec2", operation, asked, found, expected, True, 5) for operation, asked, found, expected in lists]
    entries = {"PrefixListId": scenario.PREFIX_LIST}
    by_id = {"GroupIds": [scenario.GROUPS[2], scenario.OPEN_GROUP]}
    return reads + [
        Read("ec2", "DescribeRegions", {}, "Regions[].RegionName", 4),
        Read("ec2", "DescribeRegions", {"AllRegions": True}, "Regions[].RegionName", 5),
        Read("ec2", "GetManagedPrefixListEntries", entries, "Entries[].Cidr", len(scenario.ENTRIES), True),
        Read("ec2", "DescribeSecurityGroups", by_id, "SecurityGroups[].GroupId", sorted(by_id["GroupIds"])),
        Read("ec2", "DescribeNetworkAcls", {"Filters": [{"Name": "tag-key", "Values": ["none"]}]}, "NetworkAcls[]", 0),
    ]


def of_deployments(arns: list[str]) -> list[Read]:
    """Returns what is asked of the deployments of web/checkout, once there are some."""
    of_service = {"cluster": "web", "service": "checkout"}
    ids = [arn.rsplit("/", 1)[-1] for arn in arns]
    return [
        Read("ecs", "ListServiceDeployments", of_service, "serviceDeployments[].serviceDeploymentArn", ids, True, 1),
        Read(
            "ecs",
            "DescribeServiceDeployments",
            {"serviceDeploymentArns": arns},
            "serviceDeployments[].serviceDeploymentArn",
            ids,
        ),
    ]


def everything(org: dict) -> list[Read]:
    """Returns every read but those of deployments, in the order in which the program walks."""
    return of_the_caller(org) + of_the_member(org) + of_the_network()
