"""What the steps of a pipeline run on: a folder, the programs on PATH, and what may not be seen of them.

The AWS CLI and fargate-updater are real. Docker has no daemon here and Terraform no provider, so that `stand_ins/` has programs
of these names, which check what they are told to do and do what can be done of it with the real ones.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Ends a step that hangs, and nothing else.
WATCHDOG_SECONDS = 120


class Problem(Exception):
    """Something that a pipeline's file says is not as it has to be."""


@dataclass
class Machine:
    """One pipeline's machine, which nothing of this one's environment reaches."""

    folder: Path
    program: Path
    aws: dict[str, str]
    console: dict[str, str]
    # What no step may print: whatever is secret in the world.
    secrets: list[str] = field(default_factory=list)
    # Every script that was run, as its file has it.
    scripts: list[str] = field(default_factory=list)
    # What all of them printed.
    log: str = ""
    on_path: bool = False

    def __post_init__(self) -> None:
        self.secrets = [self.console["PCC_PASS"], *self.secrets]
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        for stand_in in (ROOT / "tests/wire/stand_ins").iterdir():
            if stand_in.is_file():
                program = self.programs / stand_in.stem
                program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "$@"\n', encoding="utf-8")
                program.chmod(0o755)
        (self.programs / "aws").symlink_to(Path(sys.executable).with_name("aws"))
        if self.on_path:
            (self.programs / "fargate-updater").symlink_to(self.program)

    def path(self, name: str) -> Path:
        """Returns a folder of this machine, which is there from then on."""
        path = self.folder / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def ran(self) -> list[str]:
        """Returns what the stand-ins did, one line each."""
        record = self.folder / "ran"
        return record.read_text(encoding="utf-8").splitlines() if record.exists() else []

    def run(self, shell: list[str], script: str, folder: Path, environment: dict[str, str]) -> int:
        """Runs a script as a pipeline's system does, from a file, and returns its exit code."""
        file = self.folder / f"step-{len(self.scripts)}.sh"
        file.write_text(script, encoding="utf-8")
        self.scripts.append(script)
        real = shutil.which("terraform")
        done = subprocess.run(
            [*shell, str(file)],
            cwd=folder,
            env=environment
            | {
                "PATH": f"{self.programs}{os.pathsep}/usr/bin:/bin",
                "HOME": str(self.path("home")),
                # Where AWS is, which in the real world everybody knows.
                "AWS_ENDPOINT_URL": self.aws["AWS_ENDPOINT_URL"],
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_MAX_ATTEMPTS": "1",
                "NO_PROXY": "127.0.0.1",
                "STAND_IN_PROGRAM": str(self.program),
                "STAND_IN_RECORD": str(self.folder / "ran"),
                "STAND_IN_TERRAFORM": real or "",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=WATCHDOG_SECONDS,
        )
        said = done.stdout + done.stderr
        self.log += said
        for secret in self.secrets:
            if secret in said:
                raise Problem(f"a step prints what is secret:\n{script}")
        return done.returncode
