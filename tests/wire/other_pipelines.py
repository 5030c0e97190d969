"""Runs the examples for Azure DevOps and GitLab from their files, as far as these go.

Sources: Microsoft Learn, "YAML schema reference for Azure Pipelines", "Set secret variables", "Predefined variables"; GitLab Docs,
"CI/CD YAML syntax reference", "Predefined CI/CD variables reference", "Shells supported by GitLab Runner".
"""

import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from pipeline_machine import Machine, Problem

MACRO = re.compile(r"\$\(([\w.]+)\)")


class Azure:
    """One run of a pipeline of Azure DevOps."""

    def __init__(self, machine: Machine, groups: dict[str, dict[str, str]]) -> None:
        self.machine = machine
        self.groups = groups
        self.artifacts = machine.path("artifacts")
        self.sources = machine.path("sources")

    def run(self, path: Path) -> bool:
        """Runs all stages as a push to main does, and returns whether all of them went well."""
        pipeline = yaml.safe_load(path.read_text(encoding="utf-8"))
        plain = {each["name"]: each["value"] for each in pipeline["variables"]}
        for number, stage in enumerate(pipeline["stages"]):
            for job in stage["jobs"]:
                steps = job["steps"] if "job" in job else job["strategy"]["runOnce"]["deploy"]["steps"]
                secret = {}
                for each in job.get("variables", []):
                    secret |= self.groups[each["group"]]
                if not self._job(steps, plain, secret, self.machine.path(f"agent-{number}")):
                    return False
        return True

    def _job(self, steps: list[dict], plain: dict[str, str], secret: dict[str, str], agent: Path) -> bool:
        own = {
            "Build.ArtifactStagingDirectory": str(agent / "a"),
            "Build.SourcesDirectory": str(agent / "s"),
            "Agent.TempDirectory": str(agent / "temp"),
            "Pipeline.Workspace": str(agent),
        }
        for name in ("a", "temp"):
            (agent / name).mkdir()
        shutil.copytree(self.sources, agent / "s")
        # Whatever is not secret is in every script's environment, its name in capitals and without dots.
        mapped = {name.upper().replace(".", "_"): value for name, value in (plain | own).items()}

        def expand(value: Any) -> str:
            def look_up(match: re.Match) -> str:
                known = plain | own | secret
                if match[1] not in known:
                    raise Problem(f"nobody sets the variable {match[0]}")
                return known[match[1]]

            return MACRO.sub(look_up, str(value))

        return all(self._step(step, expand, mapped, agent) for step in steps)

    def _step(self, step: dict, expand: Any, mapped: dict[str, str], agent: Path) -> bool:
        match step:
            case {"checkout": "self"}:
                return True
            case {"publish": path, "artifact": name}:
                shutil.copytree(expand(path), self.artifacts / name)
                return True
            case {"download": "current", "artifact": name}:
                shutil.copytree(self.artifacts / name, agent / name)
                return True
            case {"bash": script}:
                own = {name: expand(value) for name, value in step.get("env", {}).items()}
                if MACRO.search(script.replace("$(mktemp)", "")):
                    raise Problem(f"a variable is put into a script, where its value would be run:\n{script}")
                return self.machine.run(["bash", "--noprofile", "--norc"], script, agent / "s", mapped | own) == 0
        raise Problem(f"nothing is known here of the step {step}")


class GitLab:
    """One run of a pipeline of GitLab on the default branch."""

    def __init__(self, machine: Machine, variables: dict[str, str]) -> None:
        self.machine = machine
        self.variables = variables
        self.sources = machine.path("sources")

    def run(self, path: Path) -> bool:
        """Runs all jobs in the order of their stages, and returns whether all of them went well."""
        pipeline = yaml.safe_load(path.read_text(encoding="utf-8"))
        jobs = [(name, job) for name, job in pipeline.items() if isinstance(job, dict) and "script" in job]
        handed_on: dict[str, bytes] = {}
        for stage in pipeline["stages"]:
            for name, job in jobs:
                if job["stage"] == stage and not self._job(name, job, pipeline["variables"], handed_on):
                    return False
        return True

    def _job(self, name: str, job: dict, shared: dict[str, str], handed_on: dict[str, bytes]) -> bool:
        folder = self.machine.folder / f"job-{name}"
        shutil.copytree(self.sources, folder)
        for path, content in handed_on.items():
            (folder / path).write_bytes(content)
        variables = self.variables | {"CI_PROJECT_DIR": str(folder)} | shared | job.get("variables", {})
        variables |= {token: "a-token" for token in job.get("id_tokens", {})}
        if job["rules"] != [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"}]:
            raise Problem(f"it is not known here when {name} is run")
        # Variables may name others.
        expanded = {key: re.sub(r"\$(\w+)", lambda match: variables[match[1]], value) for key, value in variables.items()}
        script = "\n".join([*job.get("before_script", []), *job["script"]])
        # The images' shells are sh and bash; what runs in both is run in the one that tells of a pipe that broke.
        if self.machine.run(["sh", "-n"], script, folder, expanded) != 0:
            raise Problem(f"the script of {name} is none of sh's")
        if self.machine.run(["bash", "-eo", "pipefail"], script, folder, expanded) != 0:
            return False
        artifacts = job.get("artifacts")
        if artifacts:
            if artifacts.get("access") != "maintainer" or artifacts.get("expire_in") != "1 hour":
                raise Problem(f"what {name} hands on is a credential, and kept too long or for too many")
            handed_on |= {path: (folder / path).read_bytes() for path in artifacts["paths"]}
        return True
