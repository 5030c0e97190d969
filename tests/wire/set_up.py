"""What README has people run by hand: to set the program up, and to close networks again. All of it as the caller, at home.

These are operations besides those of the table, which the program itself never makes. `follow_readme.py` runs README's own commands.
"""

import json
from pathlib import Path

import scenario
from clients import Caller
from command_line import Shell
from ledger import CALLER, Ledger, Row

ROWS: set[Row] = {
    (service, operation, CALLER)
    for service, operation in (
        ("organizations", "DescribeOrganization"),
        ("organizations", "ListRoots"),
        ("secretsmanager", "CreateSecret"),
        ("ecs", "CreateCluster"),
        ("ecs", "RegisterTaskDefinition"),
        ("ecs", "RunTask"),
    )
}

CONSOLE = json.dumps({"PCC_URL": "https://console.example.test", "PCC_USER": "user", "PCC_PASS": "p<&>ä"})
# Of every account's own network. Source: tests/simulator/src/scenario/network.rs.
NETWORK = {
    "awsvpcConfiguration": {
        "subnets": ["subnet-0123456789abcdef0"],
        "securityGroups": ["sg-0123456789abcdef0"],
        "assignPublicIp": "DISABLED",
    }
}
DEFINITION = {
    "family": "fargate-updater",
    "requiresCompatibilities": ["FARGATE"],
    "networkMode": "awsvpc",
    "cpu": "256",
    "memory": "512",
    "executionRoleArn": f"arn:aws:iam::{scenario.MANAGEMENT}:role/ecsTaskExecutionRole",
    "taskRoleArn": f"arn:aws:iam::{scenario.MANAGEMENT}:role/FargateDeployMaster",
    "containerDefinitions": [
        {"name": "fargate-updater", "image": "registry.example.test/fargate-updater:1", "essential": True}
    ],
}
IS_LOOKED_AT = {"Delay": 0, "MaxAttempts": 5}


def by_boto3(ledger: Ledger, caller: Caller) -> None:
    """Sets the program up through boto3, and makes every step that cannot be made twice a second time."""
    organizations, secrets, ecs = (caller.client(name) for name in ("organizations", "secretsmanager", "ecs"))
    organization = organizations.describe_organization()["Organization"]
    ledger.same(organization["MasterAccountId"], scenario.MANAGEMENT, "DescribeOrganization")
    ledger.same([root["Id"] for root in organizations.list_roots()["Roots"]], [scenario.ROOT], "ListRoots")

    for name, value in (("by-boto3", {"SecretString": CONSOLE}), ("by-boto3/bytes", {"SecretBinary": b"bytes"})):
        made = secrets.create_secret(Name=name, **value)
        read = secrets.get_secret_value(SecretId=made["ARN"])
        ledger.same({key: read[key] for key in (*value, "Name", "VersionId")}, value | _kept(made), f"the secret {name}")
    try:
        secrets.create_secret(Name="by-boto3", SecretString=CONSOLE)
        ledger.expect(False, "CreateSecret: the same secret a second time was not refused")
    except secrets.exceptions.ResourceExistsException:
        ledger.refusals += 1

    first, again = (ecs.create_cluster(clusterName="by-boto3")["cluster"] for _ in range(2))
    ledger.same(first, again, "CreateCluster, a second time")
    registered = ecs.register_task_definition(**DEFINITION)["taskDefinition"]["taskDefinitionArn"]
    wanted = {"cluster": "by-boto3", "launchType": "FARGATE", "taskDefinition": registered, "count": 2}
    ran = ecs.run_task(**wanted, networkConfiguration=NETWORK, tags=[{"key": "team", "value": "tools"}])
    tasks = [task["taskArn"] for task in ran["tasks"]]
    told = ([task["lastStatus"] for task in ran["tasks"]], ran["failures"])
    ledger.same(told, (["PROVISIONING", "PROVISIONING"], []), "RunTask")
    ecs.get_waiter("tasks_running").wait(cluster="by-boto3", tasks=tasks, WaiterConfig=IS_LOOKED_AT)
    ledger.same(ecs.list_tasks(cluster="by-boto3", family="fargate-updater")["taskArns"], tasks, "ListTasks")
    for what, call in (("a network", dict(wanted)), ("a task definition", wanted | {"taskDefinition": "gone"})):
        try:
            ecs.run_task(**call)
            ledger.expect(False, f"RunTask without {what} was not refused")
        except (ecs.exceptions.InvalidParameterException, ecs.exceptions.ClientException):
            ledger.refusals += 1


def _kept(made: dict) -> dict:
    return {"Name": made["Name"], "VersionId": made["VersionId"]}


def by_cli(ledger: Ledger, caller: Shell, folder: Path) -> None:
    """Sets the program up as README has people type it; files are in this folder."""
    secret, definition = folder / "secret.json", folder / "definition.json"
    secret.write_text(CONSOLE, encoding="utf-8")
    definition.write_text(json.dumps(DEFINITION), encoding="utf-8")
    text = ("--output", "text")

    account = caller.text("sts", "get-caller-identity", "--query", "Account", *text)
    ledger.same(account, scenario.MANAGEMENT, "aws sts get-caller-identity")
    organization = caller.text("organizations", "describe-organization", "--query", "Organization.Id", *text)
    ledger.expect(organization.startswith("o-"), f"aws organizations describe-organization: {organization!r}")
    root = caller.text("organizations", "list-roots", "--query", "Roots[0].Id", *text)
    units = ("--parent-id", root, "--query", "OrganizationalUnits[0].Id", *text)
    unit = caller.text("organizations", "list-organizational-units-for-parent", *units)
    ledger.expect(unit.startswith("ou-"), f"aws organizations list-organizational-units-for-parent: {unit!r}")

    create = ("secretsmanager", "create-secret", "--secret-string", f"file://{secret}", "--name")
    caller.json(*create, "by-cli")
    read = caller.text("secretsmanager", "get-secret-value", "--secret-id", "by-cli", "--query", "SecretString", *text)
    ledger.same(read, CONSOLE, "aws secretsmanager get-secret-value")
    # Every simulated organization has this one unless its scenario says otherwise.
    caller.refused("ResourceExistsException", "CreateSecret", *create, "fargate-updater/console")

    caller.json("ecs", "create-cluster", "--cluster-name", "by-cli")
    arn = ("--query", "taskDefinition.taskDefinitionArn", *text)
    revision = caller.text("ecs", "register-task-definition", "--cli-input-json", f"file://{definition}", *arn)
    awsvpc = NETWORK["awsvpcConfiguration"]
    network = (
        f"awsvpcConfiguration={{subnets=[{awsvpc['subnets'][0]}],securityGroups=[{awsvpc['securityGroups'][0]}],"
        f"assignPublicIp={awsvpc['assignPublicIp']}}}"
    )
    run = ("ecs", "run-task", "--cluster", "by-cli", "--launch-type", "FARGATE", "--task-definition", revision)
    task = caller.text(*run, "--network-configuration", network, "--query", "tasks[0].taskArn", *text)
    status = ("--query", "tasks[0].lastStatus", *text)
    told = caller.text("ecs", "describe-tasks", "--cluster", "by-cli", "--tasks", task, *status)
    ledger.same(told, "PENDING", "aws ecs describe-tasks")
    caller.refused("InvalidParameterException", "RunTask", *run)
