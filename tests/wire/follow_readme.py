"""Does what README's chapter "Set it up" says, command by command, with the AWS CLI against the simulator.

    python tests/wire/follow_readme.py target/debug/simulator

Every block that README marks as `console` is run as it stands, by a shell that ends at the first error. What has nothing to talk to
here is named below: of those commands the AWS CLI checks the parameters itself, where it can, and the rest is passed over.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import simulator

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "Set it up"

# The world in which README is followed: nobody has made the secret, and the stack of step 4 will be there. The simulator creates it
# before it begins, with what README says; that these parameters create a stack is held in tests/contract/template.rs.
SCENARIO = {
    "secrets": [],
    "without_policies": True,
    "units": [{"id": "ou-ab12-11111111", "parent": "r-ab12", "accounts": ["111122223333"]}],
    "accounts": [{"id": "111122223333"}],
    "stack": {
        "parameters": {
            "DeploymentMode": "Organization",
            "OrganizationalUnitIds": "ou-ab12-11111111",
            "ImageUri": "123456789012.dkr.ecr.us-east-1.amazonaws.com/fargate-updater:0.1.0",
        }
    },
}

# Stands before each block. A function of the shell comes before a program of the same name.
SHELL = """
set -euo pipefail
docker() { :; }
aws() {
  case "$1 $2" in
    "cloudformation deploy")
      # The CLI reads the template itself, before it asks anybody.
      [ -f fargateDeployCFT.yaml ] && [[ " $* " == *" --template-file fargateDeployCFT.yaml "* ]] ;;
    "logs tail" | "ecr get-login-password" | "cloudformation wait") : ;;
    "organizations register-delegated-administrator" | "cloudformation activate-organizations-access" | \
    "cloudformation delete-stack" | "cloudformation list-stack-instances" | "ecr create-repository")
      command aws "$@" --generate-cli-skeleton output > /dev/null ;;
    *) command aws "$@" | tee answer.json && printf '%s %s\\n' "$1" "$2" >> ran ;;
  esac
}
"""

# What has to have been run for real, or this check reads README wrongly.
RUN = {
    "secretsmanager create-secret",
    "ecs run-task",
    "ecs register-task-definition",
    "ecs create-cluster",
    "ecs describe-task-definition",
}


def blocks() -> list[str]:
    """Returns the console blocks of the chapter, in their order."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    chapter = text.split(f"\n## {CHAPTER}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```console\n(.*?)```", chapter, re.DOTALL)


def main() -> int:
    """Follows README and returns the exit code."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print("usage: python tests/wire/follow_readme.py SIMULATOR", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as home, simulator.running(Path(sys.argv[1]).resolve(), SCENARIO) as variables:
        folder = Path(home)
        for name in ("fargateDeployCFT.yaml", "fargateTaskTemplate.json"):
            shutil.copy(ROOT / name, folder)
        environment = simulator.environment(variables, folder)
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        for number, block in enumerate(blocks(), 1):
            ran = subprocess.run(
                ["bash", "-c", SHELL + block], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            if ran.returncode:
                print(f"README, {CHAPTER}, block {number} ends with {ran.returncode}:\n{block}\n{ran.stderr}", file=sys.stderr)
                return 1
        done = set((folder / "ran").read_text(encoding="utf-8").splitlines())
    if missing := RUN - done:
        print(f"README, {CHAPTER}: nobody is told to run {sorted(missing)}", file=sys.stderr)
        return 1
    print(f"README, {CHAPTER}: {len(blocks())} blocks of commands went through; against the simulator: {', '.join(sorted(done))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
