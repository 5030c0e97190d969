"""The AWS CLI, a process for each command: it reads what boto3 has read, and changes things as a person types it.

It is version 1, which is the one that PyPI has. Its config file only makes it write times as boto3 is made to here.
"""

import base64
import datetime
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import botocore.session
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

import scenario
from clients import Caller
from ledger import Ledger
from reads import Read

AWS = Path(sys.executable).with_name("aws")
# What version 1 ends with when the service answered with an error; version 2 tells that apart as 254.
# Source: AWS CLI User Guide, Command line return codes.
REFUSED = 255
# Each is a process that takes half a second of a core.
AT_ONCE = 2
# It ends a command that hangs, and nothing else.
WATCHDOG_SECONDS = 300


class Shell:
    """Runs commands as one caller."""

    def __init__(self, ledger: Ledger, caller: Caller) -> None:
        self.ledger = ledger
        self.who = caller.who
        self.environment = os.environ | caller.variables()

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Runs a command, which may be refused."""
        self.ledger.commands.append(" ".join(arguments))
        command = [sys.executable, str(AWS), *arguments]
        return subprocess.run(
            command,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=WATCHDOG_SECONDS,
        )

    def text(self, *arguments: str) -> str:
        """Runs a command that has to succeed, and returns what it prints."""
        done = self.run(*arguments)
        if done.returncode != 0 or done.stderr:
            self.ledger.expect(False, f"aws {' '.join(arguments)}: exit code {done.returncode}, {done.stderr.strip()}")
            return ""
        if arguments[1] != "wait":
            # The CLI has commands of its own under S3's name, and the operations under another.
            service = arguments[0].replace("s3api", "s3")
            self.ledger.by_cli.add((service, operation_of(service, arguments[1]), self.who))
        return done.stdout.strip()

    def json(self, *arguments: str) -> dict:
        """Runs a command that has to succeed, and returns what it prints as JSON; commands without an answer print nothing."""
        return json.loads(self.text(*arguments, "--output", "json") or "{}")

    def refused(self, code: str, operation: str, *arguments: str) -> None:
        """Runs a command that has to be refused."""
        done = self.run(*arguments)
        told = f"An error occurred ({code}) when calling the {operation} operation"
        fits = told in done.stderr and done.returncode == REFUSED
        self.ledger.expect(
            fits, f"aws {' '.join(arguments)}: exit code {done.returncode}, {done.stderr.strip()!r} without {told!r}"
        )


@functools.cache
def operation_of(service: str, command: str) -> str:
    """Returns the operation that a command is named for, or the command itself if there is none."""
    try:
        names = _session().get_service_model(service).operation_names
    except UnknownServiceError:
        return command
    return next((name for name in names if xform_name(name, "-") == command), command)


@functools.cache
def _session() -> botocore.session.Session:
    """Returns a session that remembers the models, which are large."""
    return botocore.session.get_session()


def plain(value: object) -> object:
    """Returns what boto3 found as the AWS CLI writes it."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def together(*works: Callable[[], None]) -> None:
    """Does what does not depend on each other, some of it at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # An exception of one of them is raised here.
        list(pool.map(lambda work: work(), works))


def reads(ledger: Ledger, shells: dict[Caller, Shell], asked: list[tuple[Caller, Read, dict]]) -> None:
    """Asks once more with every operation, and compares the answers with those of boto3. The CLI turns the pages by itself."""

    def again(one: tuple[Caller, Read, dict]) -> None:
        caller, read, answer = one
        arguments = [read.service, xform_name(read.operation, "-"), "--cli-input-json", json.dumps(read.parameters)]
        if read.page_size and caller.client(read.service).can_paginate(xform_name(read.operation)):
            arguments += ["--page-size", str(read.page_size)]
        found, expected = shells[caller].json(*arguments), plain(answer)
        if read.is_steady:
            ledger.same(found, expected, f"aws {' '.join(arguments)}, compared with boto3")
        else:
            ledger.same(found.keys(), expected.keys(), f"aws {' '.join(arguments)}, the fields compared with boto3")

    together(*(functools.partial(again, one) for one in _one_of_each(asked)))


def _one_of_each(asked: list[tuple[Caller, Read, dict]]) -> list[tuple[Caller, Read, dict]]:
    """Returns one read of each operation and caller: the first that has pages, or else the first."""
    chosen: dict[tuple[str, str, str], tuple[Caller, Read, dict]] = {}
    for one in asked:
        caller, read, _ = one
        row = (read.service, read.operation, caller.who)
        if row not in chosen or (read.is_list and not chosen[row][1].is_list):
            chosen[row] = one
    return list(chosen.values())


def changes(ledger: Ledger, caller: Shell, member: Shell, member_in_ecs: Caller) -> None:
    """Changes something with every operation that does, as a person would type it."""
    role = f"arn:aws:iam::{scenario.MEMBER}:role/FargateDeployMember"
    account = caller.text(
        "sts",
        "assume-role",
        "--role-arn",
        role,
        "--role-session-name",
        "cli",
        "--query",
        "AssumedRoleUser.Arn",
        "--output",
        "text",
    ).split(":")
    ledger.same(account[4:5], [scenario.MEMBER], "aws sts assume-role")
    # None of these sees what another one does.
    together(
        lambda: _ecs(ledger, member, member_in_ecs),
        lambda: _ec2(ledger, member),
        lambda: _s3(ledger, caller),
        lambda: member.refused("ClusterNotFoundException", "ListServices", "ecs", "list-services", "--cluster", "gone"),
        lambda: member.refused("DryRunOperation", "DescribeSubnets", "ec2", "describe-subnets", "--dry-run"),
        lambda: caller.refused(
            "ResourceNotFoundException", "GetSecretValue", "secretsmanager", "get-secret-value", "--secret-id", "gone"
        ),
    )


def _ecs(ledger: Ledger, member: Shell, in_boto3: Caller) -> None:
    web = ("--cluster", "web", "--service", "checkout")
    definition = json.dumps({"family": "typed", "containerDefinitions": [{"name": "typed", "image": "typed:1", "memory": 128}]})
    newest = ("--query", "taskDefinition.taskDefinitionArn", "--output", "text")
    typed = member.text(
        "ecs", "register-task-definition", "--cli-input-json", definition, "--tags", "key=team,value=web", *newest
    )
    ledger.expect(typed.endswith("task-definition/typed:1"), f"aws ecs register-task-definition: {typed!r}")
    gone = member.json("ecs", "deregister-task-definition", "--task-definition", typed)
    ledger.same(gone.get("taskDefinition", {}).get("status"), "INACTIVE", "aws ecs deregister-task-definition")

    # Back to the family's newest revision, which is active, is a roll-out; so is the same once more by force.
    service = member.json("ecs", "update-service", *web, "--task-definition", "httpd", "--force-new-deployment").get(
        "service", {}
    )
    member.text("ecs", "tag-resource", "--resource-arn", service.get("serviceArn", ""), "--tags", "key=typed,value=by a person")
    first = ("--query", "serviceDeployments[0].serviceDeploymentArn", "--output", "text")
    under_way = member.text("ecs", "list-service-deployments", *web, "--status", "IN_PROGRESS", *first)
    stopped = member.json("ecs", "stop-service-deployment", "--service-deployment-arn", under_way, "--stop-type", "ROLLBACK")
    ledger.same(stopped, {"serviceDeploymentArn": under_way}, "aws ecs stop-service-deployment")
    # The waiter sleeps 15 seconds between two looks: everything is over before its first one.
    in_boto3.client("ecs").get_waiter("services_stable").wait(
        cluster="web", services=["checkout"], WaiterConfig={"Delay": 0, "MaxAttempts": 20}
    )
    member.text("ecs", "wait", "services-stable", "--cluster", "web", "--services", "checkout")
    running = member.json("ecs", "list-tasks", "--cluster", "web", "--service-name", "checkout").get("taskArns", [])
    tasks = member.json("ecs", "describe-tasks", "--cluster", "web", "--tasks", *running).get("tasks", [])
    ledger.same([task["taskArn"] for task in tasks], running, "aws ecs describe-tasks")
    status = ("--query", "serviceDeployments[].status", "--output", "text")
    told = member.text("ecs", "describe-service-deployments", "--service-deployment-arns", under_way, *status)
    ledger.same(told, "ROLLBACK_SUCCESSFUL", "aws ecs describe-service-deployments")


def _s3(ledger: Ledger, caller: Shell) -> None:
    """The way out of a failed upload, as the program tells it, and the same operation by its name."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        report.write_text("<html>")
        copied = caller.run("s3", "cp", str(report), f"s3://{scenario.BUCKET}/typed/report.html")
        ledger.same((copied.returncode, copied.stderr), (0, ""), f"aws s3 cp: {copied.stdout.strip()}")
        put = ("s3api", "put-object", "--bucket", scenario.BUCKET, "--key", "typed/report.html", "--body", str(report))
        ledger.same(caller.json(*put).get("ServerSideEncryption"), "AES256", "aws s3api put-object")
        nobodys = [scenario.BUCKET + "-of-nobody" if word == scenario.BUCKET else word for word in put]
        caller.refused("NoSuchBucket", "PutObject", *nobodys)


def _ec2(ledger: Ledger, member: Shell) -> None:
    """The commands of README's chapter on closing networks again are among these."""
    group, acl = scenario.GROUPS[3], scenario.ACLS[3]
    tag = "Key=fargate-updater:opened,Value=typed"
    opened = member.text(
        "ec2",
        "authorize-security-group-egress",
        "--group-id",
        group,
        "--ip-permissions",
        "IpProtocol=tcp,FromPort=8084,ToPort=8084,IpRanges=[{CidrIp=203.0.113.7/32,Description=typed}]",
        "--tag-specifications",
        f"ResourceType=security-group-rule,Tags=[{{{tag}}}]",
        "--query",
        "SecurityGroupRules[].SecurityGroupRuleId",
        "--output",
        "text",
    )
    entry = ("--network-acl-id", acl, "--rule-number", "42")
    member.text(
        "ec2",
        "create-network-acl-entry",
        *entry,
        "--egress",
        "--protocol",
        "tcp",
        "--rule-action",
        "allow",
        "--cidr-block",
        "203.0.113.7/32",
        "--port-range",
        "From=8084,To=8084",
    )
    member.text("ec2", "create-tags", "--resources", acl, "--tags", tag)
    rules = ("--filters", "Name=tag:fargate-updater:opened,Values=*", "--query", "SecurityGroupRules[].SecurityGroupRuleId")
    ledger.same(
        member.text("ec2", "describe-security-group-rules", *rules, "--output", "text"), opened, "rules that were opened"
    )
    acls = (
        "--filters",
        "Name=tag-key,Values=fargate-updater:opened",
        "--query",
        "NetworkAcls[].NetworkAclId",
        "--output",
        "text",
    )
    ledger.same(member.text("ec2", "describe-network-acls", *acls), acl, "ACLs that were opened")
    closed = member.json("ec2", "revoke-security-group-egress", "--group-id", group, "--security-group-rule-ids", opened)
    ledger.same(closed.get("Return"), True, "aws ec2 revoke-security-group-egress")
    member.text("ec2", "delete-network-acl-entry", *entry, "--egress")
    member.text("ec2", "delete-tags", "--resources", acl, "--tags", "Key=fargate-updater:opened")
    ledger.same(member.text("ec2", "describe-network-acls", *acls), "", "ACLs that are open still")
