"""The simulator as a process: started, asked for its variables, and always ended."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a client needs to know.
NEEDED = {"AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"}


@contextmanager
def running(binary: Path, org: dict) -> Iterator[dict[str, str]]:
    """Runs the simulator with a scenario, and gives the variables that it prints as `export NAME='value'`."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "scenario.json"
        scenario.write_text(json.dumps(org), encoding="utf-8")
        process = subprocess.Popen([binary, "--scenario", scenario], stdout=subprocess.PIPE, text=True)
        try:
            yield _variables(process)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def _variables(process: subprocess.Popen) -> dict[str, str]:
    variables = {}
    # Nothing ends what it prints, and it goes on running: what is needed is what is waited for.
    while not variables.keys() >= NEEDED:
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the simulator ended with exit code {process.wait()}; what it said is above")
        if line.startswith("export "):
            name, value = line.removeprefix("export ").rstrip("\n").split("=", 1)
            variables[name] = value.strip("'")
    return {name: value for name, value in variables.items() if name.startswith("AWS_")}


def environment(variables: dict[str, str], home: Path) -> dict[str, str]:
    """Returns everything that boto3 and the AWS CLI are told: the simulator, and nothing of this machine's own settings.

    One attempt only, so that a second one does not hide what came of the first.
    Source of the names: AWS SDKs and Tools Reference Guide, Environment variables list.
    """
    config = home / "config"
    # Version 1 of the AWS CLI prints times as they came; so they can be compared.
    config.write_text("[default]\ncli_timestamp_format = iso8601\n", encoding="utf-8")
    return variables | {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
        "NO_PROXY": "127.0.0.1",
        "PYTHONUTF8": "1",
    }
