"""Runs the workflow, the action and the examples in `.github` as their systems would, with the program against the simulator.

    python tests/wire/follow_examples.py target/debug/simulator

The program is the one beside the simulator. Every script of these files is run as it stands; `pipeline_machine` says what is
real and what is stood in for. With a Terraform on PATH, it formats, validates and evaluates the example; without one, its files
are parsed.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import hcl2
import yaml

import github_actions
import other_pipelines
import simulator
from pipeline_machine import ROOT, Machine, Problem

GITHUB = ROOT / ".github"
ACTION = GITHUB / "actions/embed"
WORKFLOW = GITHUB / "workflows/protect-task-definition.yml"
EXAMPLE = GITHUB / "examples/github-actions.yml"
AZURE = GITHUB / "examples/azure-pipelines.yml"
GITLAB = GITHUB / "examples/gitlab-ci.yml"
TERRAFORM = GITHUB / "examples/terraform"
FIXTURES = ROOT / "tests/fixtures/pipeline"

MANAGEMENT = "123456789012"
IMAGE = f"{MANAGEMENT}.dkr.ecr.us-east-1.amazonaws.com/fargate-updater:0.1.0"
ROLE = {"aws-role": f"arn:aws:iam::{MANAGEMENT}:role/github", "aws-region": "us-east-1"}
SERVICES = ["of-github", "of-gitlab"]
WORLD = {
    "without_policies": True,
    "management": {
        "id": MANAGEMENT,
        "home": {"services": [{"place": f"web/{name}", "definition": "httpd.json"} for name in SERVICES]},
    },
}


class World:
    """The simulated one, and what is secret in it."""

    def __init__(self, variables: dict[str, str], program: Path) -> None:
        self.aws = variables
        self.program = program
        secret = boto3.client("secretsmanager").get_secret_value(SecretId="fargate-updater/console")
        self.console = json.loads(secret["SecretString"])
        self.ecs = boto3.client("ecs")
        self.protected = self._embedded("registration.json")
        [bundle] = re.findall(r'"INSTALL_BUNDLE",\s*"value": "([^"]+)"', self.protected)
        self.bundle = bundle
        # Scripts that were run anywhere.
        self.scripts: set[str] = set()

    def _embedded(self, name: str) -> str:
        command = [self.program, "embed", FIXTURES / name]
        return subprocess.run(command, env=self.console, check=True, capture_output=True, text=True).stdout

    @contextmanager
    def machine(self, on_path: bool = False) -> Iterator[Machine]:
        """Gives a new machine, and remembers what it ran."""
        with tempfile.TemporaryDirectory() as folder:
            machine = Machine(Path(folder).resolve(), self.program, self.aws, self.console, [self.bundle], on_path=on_path)
            try:
                yield machine
            except Exception:
                print(machine.log, file=sys.stderr)
                raise
            finally:
                self.scripts |= set(machine.scripts)

    def expect_protected_service(self, name: str) -> None:
        """Checks that a service runs a revision with a Defender."""
        [service] = self.ecs.describe_services(cluster="web", services=[name])["services"]
        definition = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        expect_protected(definition["containerDefinitions"], name, "orders")


def expect(holds: bool, text: str) -> None:
    """Ends what is being checked, if something does not hold."""
    if not holds:
        raise Problem(text)


def expect_protected(containers: list[dict], what: str, family: str) -> None:
    """Checks that a Defender of a family's is among containers."""
    by_name = {container["name"]: container for container in containers}
    expect("TwistlockDefender" in by_name, f"{what} has no Defender, but {list(by_name)}")
    variables = {each["name"]: each["value"] for each in by_name["TwistlockDefender"]["environment"]}
    expect_same(f"whose Defender {what} has", variables["FARGATE_TASK"], family)


def expect_same(what: str, is_so: object, should_be: object) -> None:
    """Checks that two things are the same."""
    expect(is_so == should_be, f"{what}: {is_so!r}, and not {should_be!r}")


def example_for_github(world: World) -> None:
    """A push deploys what carries the Defender then; what does not carry it stops the push; a pull request deploys nothing."""
    variables = {
        "AWS_ROLE_ARN": ROLE["aws-role"],
        "AWS_DEPLOY_ROLE_ARN": ROLE["aws-role"],
        "AWS_REGION": "us-east-1",
        "FARGATE_UPDATER_IMAGE": IMAGE,
        "ECS_CLUSTER": "web",
        "ECS_SERVICE": "of-github",
    }
    unprotected = (FIXTURES / "registration.json").read_text(encoding="utf-8")
    all_well = {"scan": "success", "protect": "success", "deploy": "success", "check": "skipped", "embed": "success"}
    for event, registered, results, found in (
        ("push", unprotected, all_well | {"scan": "failure", "deploy": "skipped"}, ["unprotected"]),
        ("pull_request", world.protected, all_well | {"deploy": "skipped"}, []),
        ("push", world.protected, all_well, []),
    ):
        with world.machine() as machine:
            run = github_actions.Run(machine, event, variables)
            (run.workspace / "registered").mkdir()
            (run.workspace / "registered/orders.json").write_text(registered, encoding="utf-8")
            (run.workspace / "task-definition.json").write_text(unprotected, encoding="utf-8")
            run.workflow(EXAMPLE, None, world.console)
            expect_same(f"{event}, its jobs", run.results, results)
            [log] = run.sarif
            expect_same(f"{event}, code scanning", [result["ruleId"] for result in log["runs"][0]["results"]], found)
            expect_same(f"{event}, artifacts", len(list(run.artifacts.iterdir())), 1 if event == "push" else 0)
            same = (run.workspace / "task-definition.json").read_text(encoding="utf-8") == unprotected
            expect(same, "the file in the repository was changed")
    world.expect_protected_service("of-github")


def reusable_workflow(world: World) -> None:
    """Without embedding it tells at which line of which file the Defender is missing, and of a file that has it nothing."""
    files = {"a file.json": world.protected, "folder/orders.json": (FIXTURES / "registration.json").read_text(encoding="utf-8")}
    for names, went_well in ((["a file.json"], True), (list(files), False)):
        with world.machine() as machine:
            run = github_actions.Run(machine, "pull_request")
            (run.workspace / "folder").mkdir()
            for name, content in files.items():
                (run.workspace / name).write_text(content, encoding="utf-8")
            # A secret of AWS says the Console's address and credentials then.
            given = {"files": "\n".join([*names, ""]), "image": IMAGE, "check-only": True, **ROLE}
            given["settings"] = "--pcc-secret fargate-updater/console"
            expect_same(f"a check of {names}", run.workflow(WORKFLOW, given, {}), went_well)
            expect_same("its jobs", run.results, {"check": "success" if went_well else "failure", "embed": "skipped"})
            expect_same("annotations", re.findall(r"::error file=([^,]*),line=1,", machine.log), [] if went_well else [names[-1]])


def action_by_itself(world: World) -> None:
    """The action runs the program on PATH, takes several files, and gives a file that it cannot use as an error."""
    console = {name.lower().replace("_", "-"): value for name, value in world.console.items()}
    for names, went_well in ((["one.json", "a folder/two.json"], True), (["one.json", "three.json"], False)):
        with world.machine(on_path=True) as machine:
            run = github_actions.Run(machine, "push")
            (run.workspace / "a folder").mkdir()
            for name in ("one.json", "a folder/two.json"):
                shutil.copy(FIXTURES / "containers.json", run.workspace / name)
            given = {"files": "\n".join([*names, ""]), "settings": "--family shop", **console}
            done, outputs = run.action(ACTION, given, {})
            expect_same(f"embedding into {names}", done, went_well)
            expect_same("what Docker did", machine.ran(), [])
            if went_well:
                for name in names:
                    written = Path(outputs["folder"]) / name
                    expect_protected(json.loads(written.read_text(encoding="utf-8")), name, "shop")
                    expect_same("who may read it", written.stat().st_mode & 0o077, 0)


def example_for_azure(world: World) -> None:
    """The first stage hands the second a protected file, by the path that Terraform is told."""
    keys = {name: world.aws[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION")}
    values = {"cluster": "web", "subnets": '["subnet-1"]', "security_groups": '["sg-1"]'}
    roles = {f"{kind}_role_arn": f"arn:aws:iam::{MANAGEMENT}:role/{kind}" for kind in ("execution", "task")}
    with world.machine() as machine:
        groups = {"fargate-updater": world.console | keys, "orders": keys | values | roles}
        run = other_pipelines.Azure(machine, groups)
        shutil.copytree(TERRAFORM, run.sources / "terraform")
        expect(run.run(AZURE), f"{AZURE.name} fails:\n{machine.log}")
        expected = [f"terraform {command} definition" for command in ("init", "apply", "output")]
        expected += ["docker login", "docker run", "terraform init deployment", "terraform apply deployment"]
        expect_same("what was done", machine.ran(), expected)
        [handed_on] = run.artifacts.glob("*/*")
        expect_protected(json.loads(handed_on.read_text(encoding="utf-8")), AZURE.name, "orders")


def commands_for_terraform(world: World) -> None:
    """What the example's README has a person type leads to the same."""
    text = (TERRAFORM / "README.md").read_text(encoding="utf-8")
    [commands] = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    with world.machine(on_path=True) as machine:
        folder = shutil.copytree(TERRAFORM, machine.folder / "terraform")
        names = ("cluster", "subnets", "security_groups", "execution_role_arn", "task_role_arn")
        variables = world.aws | world.console | {f"TF_VAR_{name}": "[]" for name in names}
        code = machine.run(["bash", "-euo", "pipefail"], commands, folder, variables)
        expect(code == 0, f"{TERRAFORM.name}/README.md fails:\n{machine.log}")
        expect_same("what was done last", machine.ran()[-1:], ["terraform apply deployment"])
        protected = json.loads((folder / "protected.json").read_text(encoding="utf-8"))
        expect_protected(protected, "what README makes", "orders")


def example_for_gitlab(world: World) -> None:
    """The file is protected, checked, registered, and the service moved to it."""
    variables = {
        "CI_REGISTRY": "registry.example.com",
        "CI_REGISTRY_IMAGE": "registry.example.com/shop/orders",
        "CI_REGISTRY_USER": "gitlab-ci-token",
        "CI_REGISTRY_PASSWORD": "a-registry-token",
        "ECS_CLUSTER": "web",
        "ECS_SERVICE": "of-gitlab",
        **world.console,
        **{name: value for name, value in world.aws.items() if name != "AWS_ENDPOINT_URL"},
    }
    with world.machine() as machine:
        run = other_pipelines.GitLab(machine, variables)
        shutil.copy(FIXTURES / "registration.json", run.sources / "task-definition.json")
        expect(run.run(GITLAB), f"{GITLAB.name} fails:\n{machine.log}")
        expect_same("what Docker did", machine.ran(), ["docker login", "docker run", "docker run"])
    world.expect_protected_service("of-gitlab")


def example_for_terraform(world: World) -> None:
    """Its files are HCL, declare what they use and use what they declare; Terraform itself has its say, where it is there."""
    for folder in (TERRAFORM, TERRAFORM / "definition"):
        texts = [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.tf"))]
        declared = {name.strip('"') for each in texts for block in hcl2.loads(each).get("variable", []) for name in block}
        used = set(re.findall(r"\bvar\.(\w+)", "\n".join(texts)))
        expect_same(f"variables that {folder.name} uses", sorted(used), sorted(declared))
    azure = yaml.safe_load(AZURE.read_text(encoding="utf-8"))
    [step] = [step for step in steps(azure) if "TF_VAR_task_definition_path" in step["env"]]
    given = {name.removeprefix("TF_VAR_") for name in step["env"] if name.startswith("TF_VAR_")}
    variables = hcl2.loads((TERRAFORM / "variables.tf").read_text(encoding="utf-8"))["variable"]
    names = [name.strip('"') for each in variables for name in each]
    expect_same(f"variables that {AZURE.name} gives", sorted(given), sorted(names))
    resources = hcl2.loads((TERRAFORM / "main.tf").read_text(encoding="utf-8"))["resource"]
    deployed = resources[0]['"aws_ecs_task_definition"']['"orders"']
    # Without `sensitive` a plan would print the install bundle.
    expect_same("what is deployed", deployed["container_definitions"], "${sensitive(file(var.task_definition_path))}")
    terraform = shutil.which("terraform")
    if not terraform:
        print("   no terraform here: its files were parsed, and not formatted, validated or evaluated")
        return
    with tempfile.TemporaryDirectory() as folder:
        environment = {"HOME": folder, "PATH": os.environ["PATH"], "CHECKPOINT_DISABLE": "1"}

        def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess:
            command = [terraform, *arguments]
            return subprocess.run(command, cwd=cwd, env=environment | variables, capture_output=True, text=True, check=False)

        done = run("fmt", "-check", "-recursive", "-diff", cwd=TERRAFORM)
        expect(done.returncode == 0, f"terraform fmt would write otherwise:\n{done.stdout}{done.stderr}")
        definition = shutil.copytree(TERRAFORM / "definition", Path(folder) / "definition")
        for arguments in (["init", "-input=false"], ["validate"]):
            done = run(*arguments, cwd=definition)
            expect(done.returncode == 0, f"terraform {arguments[0]}: {done.stdout}{done.stderr}")
        # The provider is not to be had here, and the variables do without.
        (Path(folder) / "variables").mkdir()
        shutil.copy(TERRAFORM / "variables.tf", Path(folder) / "variables")
        run("init", "-input=false", cwd=Path(folder) / "variables")
        values = {"TF_VAR_cluster": "web", "TF_VAR_subnets": "[]", "TF_VAR_security_groups": "[]"}
        values |= {"TF_VAR_execution_role_arn": "e", "TF_VAR_task_role_arn": "t"}
        protected = Path(folder) / "protected.json"
        protected.write_text(json.dumps(json.loads(world.protected)["containerDefinitions"]), encoding="utf-8")
        for path, refusal in (
            (protected, None),
            (FIXTURES / "containers.json", "with a Defender among them"),
            (FIXTURES / "registration.yaml", "with a Defender among them"),
            (Path(folder) / "nowhere.json", "There is no such file"),
        ):
            done = run("plan", "-input=false", cwd=Path(folder) / "variables", TF_VAR_task_definition_path=str(path), **values)
            told = re.sub(r"[\s│]+", " ", done.stdout + done.stderr)
            expect_same(f"whether Terraform takes {path.name}", done.returncode == 0, refusal is None)
            expect(refusal is None or refusal in told, f"{path.name} is refused with another reason: {told}")


def steps(node: object) -> Iterator[dict]:
    """Gives every mapping in a file that has an environment."""
    if isinstance(node, dict):
        if "env" in node:
            yield node
        node = list(node.values())
    for item in node if isinstance(node, list) else []:
        yield from steps(item)


def every_script_was_run(world: World) -> None:
    """A script that no check above reaches would go untested; shellcheck reads them all."""
    of_github = [github_actions.load(path) for path in (ACTION / "action.yml", WORKFLOW, EXAMPLE)]
    written = [script for each in of_github for script in github_actions.scripts(each)]
    written += [step["bash"] for step in steps(yaml.safe_load(AZURE.read_text(encoding="utf-8"))) if "bash" in step]
    gitlab = yaml.safe_load(GITLAB.read_text(encoding="utf-8"))
    written += ["\n".join([*job.get("before_script", []), *job["script"]]) for job in gitlab.values() if "script" in job]
    missing = [script for script in written if script not in world.scripts]
    expect(len(written) >= 9, f"the files are read wrongly: {len(written)} scripts")
    expect(not missing, f"nothing runs these: {missing}")
    for script in written:
        # These two are about variables that are set elsewhere, as by the pipelines.
        command = [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "--exclude=SC2153,SC2154", "-"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        expect(done.returncode == 0, f"shellcheck has something to say:\n{done.stdout}{done.stderr}")


CHECKS: list[Callable[[World], None]] = [
    example_for_github,
    reusable_workflow,
    action_by_itself,
    example_for_azure,
    commands_for_terraform,
    example_for_gitlab,
    example_for_terraform,
    every_script_was_run,
]


def main() -> int:
    """Makes every check and returns the exit code."""
    binary = Path(sys.argv[1]).resolve() if len(sys.argv) == 2 else None
    program = binary.with_name("fargate-updater") if binary else None
    if not binary or not binary.is_file() or not program.is_file():
        print("usage: python tests/wire/follow_examples.py SIMULATOR, with fargate-updater beside it", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as home, simulator.running(binary, WORLD) as variables:
        os.environ.update(simulator.environment(variables, Path(home)) | {"PATH": os.environ["PATH"]})
        world = World(variables, program)
        for check in CHECKS:
            try:
                check(world)
            except Problem as problem:
                print(f"{check.__name__}: {problem}", file=sys.stderr)
                return 1
    print(f"pipelines in .github: {len(world.scripts)} scripts went through, against the simulator")
    return 0


if __name__ == "__main__":
    sys.exit(main())
