"""Puts fargate-updater between two commands of the real AWS CLI, against the simulator.

    python tests/wire/pipes.py target/debug/simulator

What is described goes through `embed` into a new revision, which has to have the Defender and all that the old one had: every
field that ECS registers, and the tags. The program is the one beside the simulator.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3

import simulator

# With every kind of field that might get lost.
EVERYTHING = {
    "family": "everything",
    "taskRoleArn": "arn:aws:iam::123456789012:role/task",
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "1024",
    "memory": "4096",
    "ephemeralStorage": {"sizeInGiB": 30},
    "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
    "volumes": [{"name": "scratch"}],
    "containerDefinitions": [
        {
            "name": "app",
            "image": "app:1.0",
            "essential": True,
            "cpu": 256,
            "entryPoint": ["/app", ""],
            "command": ["--name", "Zoë & Söhne <\"'>"],
            "environment": [{"name": "EMPTY", "value": ""}, {"name": "LINES", "value": "one\ntwo"}],
            "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
            "mountPoints": [{"sourceVolume": "scratch", "containerPath": "/scratch"}],
            "stopTimeout": 120,
            "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
        }
    ],
    "tags": [{"key": "team", "value": "shop"}, {"key": "cost center", "value": "42"}],
}
WORLD = {"without_policies": True, "management": {"id": "123456789012", "home": {"task_definitions": [EVERYTHING]}}}

DESCRIBE = "aws ecs describe-task-definition --task-definition everything:1"
EMBED = "fargate-updater embed"
# Not `file:///dev/stdin`: the AWS CLI reads the file of this parameter twice, and finds nothing in a pipe the second time.
# Source: aws/aws-cli, issues 5982 and 7850.
REGISTER = "aws ecs register-task-definition --query taskDefinition.taskDefinitionArn --output text --cli-input-json"

# Each with whether the tags come along, which are no part of the task definition itself.
PIPES = [
    (f'{DESCRIBE} --include TAGS | {EMBED} - | {REGISTER} "$(cat)"', True),
    (f'new=$({DESCRIBE} --include TAGS | {EMBED} -); {REGISTER} "$new"', True),
    (f'new=$({DESCRIBE} --query taskDefinition | {EMBED} -); {REGISTER} "$new"', False),
    (f'new=$({DESCRIBE} --include TAGS | {EMBED} - | {EMBED} -); {REGISTER} "$new"', True),
    (f"{DESCRIBE} --include TAGS | {EMBED} --output new.json; {REGISTER} file://new.json", True),
    (f"{DESCRIBE} --include TAGS > old.json; {EMBED} old.json --form register > new.json; {REGISTER} file://new.json", True),
    (f"{DESCRIBE} --include TAGS | {EMBED} --register", True),
    (f'new=$({DESCRIBE} --include TAGS | {EMBED} - | fargate-updater strip -); {REGISTER} "$new"', True),
]
# Version 1, the one that PyPI has, takes no YAML; what embed has made JSON of it does.
DEFINITION = """\
family: nightly
cpu: '256'
memory: '512'
networkMode: awsvpc
requiresCompatibilities: [FARGATE]
containerDefinitions:
  - name: nightly   # runs at two
    image: nightly:5
    entryPoint: ["/nightly"]
"""
YAML = f"{EMBED} definition.yaml --form register > new.json; {REGISTER} file://new.json"
REPLACED = {"taskDefinitionArn", "revision", "registeredAt", "registeredBy", "containerDefinitions", "requiresAttributes"}


def run(script: str, folder: Path, environment: dict[str, str]) -> str:
    """Runs a pipe in which nothing may fail, and returns what it prints last."""
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{script}\nends with {done.returncode}: {done.stderr}")
    return done.stdout.strip()


def problems(before: dict, after: dict, has_tags: bool, has_defender: bool) -> list[str]:
    """Compares a revision with the one that it was made from."""
    old, new = before["taskDefinition"], after["taskDefinition"]
    kept = old.keys() - REPLACED
    found = [f"{key} was {old[key]!r} and is {new.get(key)!r}" for key in kept if new.get(key) != old[key]]
    tags, expected = after.get("tags", []), before["tags"] if has_tags else []
    by_key = {tag["key"]: tag["value"] for tag in tags}
    found += [f"the tag {tag} is not in {tags}" for tag in expected if by_key.get(tag["key"]) != tag["value"]]
    names = [container["name"] for container in new["containerDefinitions"]]
    if names != ["app"] + ["TwistlockDefender"] * has_defender:
        found.append(f"the containers are {names}")
    app, was = new["containerDefinitions"][0], old["containerDefinitions"][0]
    kept = was.keys() - {"entryPoint", "environment", "volumesFrom", "dependsOn", "linuxParameters"} if has_defender else was.keys()
    found += [f"{key} of app was {was[key]!r} and is {app.get(key)!r}" for key in kept if app.get(key) != was[key]]
    if not has_defender:
        return found
    if app["entryPoint"][-2:] != was["entryPoint"] or app["entryPoint"][0] == was["entryPoint"][0]:
        found.append(f"the Defender does not stand before the entry point: {app['entryPoint']}")
    return found + [f"{each} is not in the environment" for each in was["environment"] if each not in app["environment"]]


def main() -> int:
    """Runs every pipe and returns the exit code."""
    binary = Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else None
    if not binary or not binary.with_name("fargate-updater").is_file():
        print("usage: python tests/wire/pipes.py SIMULATOR, with fargate-updater beside it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as home, simulator.running(binary, WORLD) as variables:
        folder = Path(home)
        programs = folder / "programs"
        programs.mkdir()
        (programs / "fargate-updater").symlink_to(binary.with_name("fargate-updater"))
        (programs / "aws").symlink_to(Path(sys.executable).with_name("aws"))
        environment = simulator.environment(variables, folder)
        environment |= {"PATH": f"{programs}:/usr/bin:/bin", "PCC_SECRET": "fargate-updater/console"}
        os.environ.update(environment)
        ecs = boto3.client("ecs")

        def describe(name: str) -> dict:
            return ecs.describe_task_definition(taskDefinition=name, include=["TAGS"])

        before = describe("everything:1")
        for script, has_tags in PIPES:
            found = problems(before, describe(run(script, folder, environment)), has_tags, "strip" not in script)
            if found:
                print("\n".join([script, *found]), file=sys.stderr)
                return 1
        (folder / "definition.yaml").write_text(DEFINITION, encoding="utf-8")
        after = describe(run(YAML, folder, environment))["taskDefinition"]
        names = [container["name"] for container in after["containerDefinitions"]]
        if (after["family"], names) != ("nightly", ["nightly", "TwistlockDefender"]):
            print(f"{YAML}\ngives {after['family']} with {names}", file=sys.stderr)
            return 1
    print(f"pipes: {len(PIPES) + 1} of them between commands of the AWS CLI, and nothing was lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
