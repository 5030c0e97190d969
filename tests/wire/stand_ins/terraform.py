"""Stands for Terraform. What needs no provider the real one does, if it is there; of a deployment it checks the variables."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import hcl2

KNOWN = {"init", "apply", "output"}


def fail(text: str) -> None:
    """Ends as Terraform does when something is wrong."""
    print(f"terraform (stand-in): {text}", file=sys.stderr)
    sys.exit(1)


def required(folder: Path) -> list[str]:
    """Returns the variables that have no default."""
    blocks = [block for file in sorted(folder.glob("*.tf")) for block in hcl2.loads(file.read_text()).get("variable", [])]
    return [name.strip('"') for block in blocks for name, body in block.items() if "default" not in body]


def deploy(folder: Path, command: str) -> None:
    """Checks what a deployment is given, since nothing can be deployed from here."""
    if command == "init":
        (folder / ".terraform").mkdir(exist_ok=True)
        return
    if command != "apply" or not (folder / ".terraform").is_dir():
        fail(f"{command} without init")
    if missing := [name for name in required(folder) if not os.environ.get(f"TF_VAR_{name}")]:
        fail(f"no value for {missing}")
    if not os.environ.get("AWS_SECRET_ACCESS_KEY"):
        fail("nobody is logged in to AWS")
    containers = json.loads(Path(os.environ["TF_VAR_task_definition_path"]).read_text(encoding="utf-8"))
    if "TwistlockDefender" not in [container["name"] for container in containers]:
        fail("what is deployed carries no Defender")
    if os.environ["STAND_IN_TERRAFORM"]:
        # The variables by themselves need no provider.
        with tempfile.TemporaryDirectory() as alone:
            shutil.copy(folder / "variables.tf", alone)
            for arguments in (["init", "-input=false"], ["plan", "-input=false"]):
                subprocess.run([os.environ["STAND_IN_TERRAFORM"], *arguments], cwd=alone, check=True)


def main() -> None:
    """Does one command."""
    arguments = sys.argv[1:]
    folder = Path.cwd()
    if arguments[0].startswith("-chdir="):
        folder = folder / arguments[0].removeprefix("-chdir=")
        arguments = arguments[1:]
    if arguments[0] not in KNOWN or not list(folder.glob("*.tf")):
        fail(f"nothing to {arguments[0]} in {folder}")
    is_deployment = any("required_providers" in file.read_text(encoding="utf-8") for file in folder.glob("*.tf"))
    if is_deployment:
        deploy(folder, arguments[0])
    elif os.environ["STAND_IN_TERRAFORM"]:
        subprocess.run([os.environ["STAND_IN_TERRAFORM"], *arguments], cwd=folder, check=True)
    elif arguments[:2] == ["output", "-raw"]:
        containers = Path(__file__).resolve().parents[2] / "fixtures/pipeline/containers.json"
        sys.stdout.write(containers.read_text(encoding="utf-8"))
    with open(os.environ["STAND_IN_RECORD"], "a", encoding="utf-8") as record:
        record.write(f"terraform {arguments[0]} {'deployment' if is_deployment else 'definition'}\n")


if __name__ == "__main__":
    main()
