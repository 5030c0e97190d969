"""Runs workflows and composite actions of GitHub Actions from their files, as far as those of this repository go.

Scripts are run as GitHub runs them. Of actions that are not ours, what they are for is done in a few lines; one that nobody has
said this of is a problem, and so is an expression that is not understood.
Source: GitHub Docs, "Workflow syntax for GitHub Actions" (`shell`), "Evaluate expressions in workflows and actions", "Contexts
reference".
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from pipeline_machine import ROOT, Machine, Problem

OURS = re.compile(r"^(?:\$|OWNER/REPOSITORY)/(\.github/[^@]+)(?:@[0-9a-f]{40})?$")
TOKEN = re.compile(r"\s*(&&|\|\||==|!=|!|\(|\)|'[^']*'|[A-Za-z_][\w.-]*)")
# GitHub's names for its ways of starting bash.
SHELLS = {None: ["bash", "-e"], "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"]}
ALWAYS = ("always(", "!cancelled(")


class Skipped(Exception):
    """A job that is not run."""


def load(path: Path) -> dict:
    """Reads a file; `on`, which YAML 1.1 takes for a truth value, is a word again."""
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {"on" if key is True else key: value for key, value in read.items()}


def scripts(node: Any) -> list[str]:
    """Returns every script in a file, in its order."""
    if isinstance(node, list):
        return [script for item in node for script in scripts(item)]
    if not isinstance(node, dict):
        return []
    own = [node["run"]] if isinstance(node.get("run"), str) else []
    return own + [script for value in node.values() for script in scripts(value)]


class Run:
    """One run of a workflow: its event, its machine, and what became of it."""

    def __init__(self, machine: Machine, event: str, variables: dict[str, str] | None = None) -> None:
        self.machine = machine
        self.event = event
        self.variables = variables or {}
        self.workspace = machine.path("workspace")
        self.temporary = machine.path("temporary")
        self.artifacts = machine.path("artifacts")
        self.sarif: list[dict] = []
        # What became of each job: success, failure or skipped.
        self.results: dict[str, str] = {}

    def workflow(self, path: Path, inputs: dict | None, secrets: dict[str, str]) -> bool:
        """Runs the jobs of a workflow, and returns whether none failed."""
        workflow = load(path)
        if inputs is not None:
            inputs = _inputs(workflow["on"]["workflow_call"]["inputs"], inputs, path)
        results: dict[str, str] = {}
        for name, job in workflow["jobs"].items():
            context = self._context(inputs or {}, secrets)
            needs = job.get("needs", [])
            needs = [needs] if isinstance(needs, str) else needs
            is_wanted = all(results[need] == "success" for need in needs) and truth(job.get("if", "true"), context)
            results[name] = self._job(job, context, secrets) if is_wanted else "skipped"
        self.results |= results
        return "failure" not in results.values()

    def _job(self, job: dict, context: dict, secrets: dict[str, str]) -> str:
        if "uses" in job:
            path = ROOT / _ours(job["uses"])
            passed = {name: text(value, context) for name, value in job.get("secrets", {}).items()}
            given = {name: expand(value, context) for name, value in job.get("with", {}).items()}
            return "success" if self.workflow(path, given, passed) else "failure"
        # Each job has a machine of its own, whose folders are empty.
        environment = {"AWS_REGION": ""}
        return "success" if self._steps(job["steps"], context, environment, None) else "failure"

    def action(self, folder: Path, given: dict[str, str], environment: dict[str, str]) -> tuple[bool, dict[str, str]]:
        """Runs a composite action, and returns whether it went well, and its outputs."""
        action = load(folder / "action.yml")
        inputs = {name: _as_text(value) for name, value in _inputs(action["inputs"], given, folder).items()}
        context = self._context(inputs, {})
        went_well = self._steps(action["runs"]["steps"], context, environment, folder)
        return went_well, {name: text(output["value"], context) for name, output in action.get("outputs", {}).items()}

    def _steps(self, steps: list[dict], context: dict, environment: dict[str, str], action: Path | None) -> bool:
        went_well = True
        for step in steps:
            condition = step.get("if", "success()")
            outer = any(word in condition for word in ALWAYS)
            if not (went_well or outer) or not truth(condition, context):
                continue
            done, outputs = self._step(step, context, environment, action)
            went_well = went_well and done
            if "id" in step:
                context["steps"][step["id"]] = {"outputs": outputs}
        return went_well

    def _step(self, step: dict, context: dict, environment: dict[str, str], action: Path | None) -> tuple[bool, dict]:
        if "uses" in step:
            given = {name: text(value, context) for name, value in step.get("with", {}).items()}
            if OURS.match(step["uses"]):
                return self.action(ROOT / _ours(step["uses"]), given, environment)
            name = step["uses"].split("@")[0]
            if name not in ACTIONS:
                raise Problem(f"nothing is known here of the action {name}")
            return ACTIONS[name](self, given, environment), {}
        if action and "shell" not in step:
            raise Problem("a step of a composite action has to name its shell")
        if "${{" in step["run"]:
            raise Problem(f"an expression stands in a script, where its value would be run:\n{step['run']}")
        output = self.machine.folder / "output"
        output.write_text("", encoding="utf-8")
        own = {name: text(value, context) for name, value in step.get("env", {}).items()}
        variables = environment | own | {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(output),
            "RUNNER_TEMP": str(self.temporary),
        }
        if action:
            variables["GITHUB_ACTION_PATH"] = str(action)
        code = self.machine.run(SHELLS[step.get("shell")], step["run"], self.workspace, variables)
        outputs = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        return code == 0, outputs

    def _context(self, inputs: dict, secrets: dict[str, str]) -> dict:
        return {
            "inputs": inputs,
            "secrets": secrets,
            "vars": self.variables,
            "github": {"event_name": self.event, "ref": "refs/heads/main"},
            "runner": {"temp": str(self.temporary)},
            "steps": {},
        }


def _ours(uses: str) -> str:
    match = OURS.match(uses)
    if not match:
        raise Problem(f"this is not in this repository: {uses}")
    return match[1]


def _inputs(declared: dict, given: dict, where: Path) -> dict:
    if unknown := given.keys() - declared.keys():
        raise Problem(f"{where} has no inputs {sorted(unknown)}")
    if missing := [name for name, each in declared.items() if each.get("required") and not given.get(name)]:
        raise Problem(f"{where} needs the inputs {missing}")
    return {name: given.get(name, each.get("default", "")) for name, each in declared.items()}


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def expand(value: Any, context: dict) -> Any:
    """Returns a value with its expressions worked out; one that is nothing but an expression keeps its type."""
    if not isinstance(value, str):
        return value
    if whole := re.fullmatch(r"\$\{\{([^}]*)\}\}", value.strip()):
        return evaluate(whole[1], context)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: _as_text(evaluate(match[1], context)), value)


def text(value: Any, context: dict) -> str:
    """The same as a text."""
    return _as_text(expand(value, context))


def truth(condition: Any, context: dict) -> bool:
    """Returns whether a condition holds; it may stand in `${{ }}` or not."""
    bare = re.sub(r"^\$\{\{(.*)\}\}$", r"\1", str(condition).strip())
    return bool(evaluate(bare, context))


def evaluate(expression: str, context: dict) -> Any:
    """Works an expression out, by way of Python's own."""
    words = {"&&": "and", "||": "or", "!": "not", "true": "True", "false": "False"}
    functions: dict[str, Callable] = {"success": lambda: True, "always": lambda: True, "cancelled": lambda: False}
    python, rest = [], expression.strip()
    while rest:
        token = TOKEN.match(rest)
        if not token:
            raise Problem(f"this expression is not understood: {expression}")
        word, rest = token[1], rest[token.end() :].strip()
        is_name = word[0].isalpha() and word not in words and word not in functions
        python.append(f"look_up({word!r})" if is_name else words.get(word, word))

    def look_up(name: str) -> Any:
        first, *path = name.split(".")
        if first not in context:
            raise Problem(f"there is no {name} here: {expression}")
        found = context[first]
        for part in path:
            # GitHub gives nothing for what is not there; inputs that nobody declared are a mistake all the same.
            if first == "inputs" and part not in found:
                raise Problem(f"there is no input {part}")
            found = found.get(part, "") if isinstance(found, dict) else ""
        return found

    return eval(" ".join(python), {"__builtins__": {}, "look_up": look_up, **functions})


def _check_out(run: Run, given: dict, _: dict) -> bool:
    if given.get("persist-credentials") != "false":
        raise Problem("a check-out leaves GitHub's token behind")
    # Another job's files are no business of this one's.
    shutil.rmtree(run.temporary)
    run.temporary.mkdir()
    return True


def _log_in(run: Run, given: dict, environment: dict) -> bool:
    if not given.get("role-to-assume") or not given.get("aws-region"):
        raise Problem(f"nobody says which role in which Region: {given}")
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    environment |= {name: run.machine.aws[name] for name in names}
    environment |= {"AWS_REGION": given["aws-region"], "AWS_DEFAULT_REGION": given["aws-region"]}
    return True


def _log_in_to_ecr(_: Run, __: dict, environment: dict) -> bool:
    if not environment.get("AWS_SECRET_ACCESS_KEY"):
        raise Problem("ECR is logged in to before AWS is")
    return True


def _upload(run: Run, given: dict, _: dict) -> bool:
    if given.get("retention-days") != "1":
        raise Problem("an artifact with a credential is kept longer than it has to be")
    # Hidden files would be left out otherwise, and a name's first character is its owner's business.
    if given.get("include-hidden-files") != "true" or given.get("if-no-files-found") != "error":
        raise Problem("an artifact may be handed on without all of its files")
    shutil.copytree(given["path"], run.artifacts / given["name"])
    return True


def _download(run: Run, given: dict, _: dict) -> bool:
    shutil.copytree(run.artifacts / given["name"], given["path"])
    return True


def _upload_sarif(run: Run, given: dict, _: dict) -> bool:
    run.sarif.append(json.loads(Path(given["sarif_file"]).read_text(encoding="utf-8")))
    return True


ACTIONS: dict[str, Callable[[Run, dict, dict], bool]] = {
    "actions/checkout": _check_out,
    "aws-actions/configure-aws-credentials": _log_in,
    "aws-actions/amazon-ecr-login": _log_in_to_ecr,
    "actions/upload-artifact": _upload,
    "actions/download-artifact": _download,
    "github/codeql-action/upload-sarif": _upload_sarif,
}
