"""Stands for Docker: `login`, and `run` of fargate-updater, which is started with what a container of it would have, and no more."""

import os
import sys
from pathlib import Path

WITH_VALUE = {"--user", "--volume", "--workdir", "--env", "--cap-drop"}
WITHOUT_VALUE = {"--rm", "--interactive", "--read-only"}


def fail(text: str) -> None:
    """Ends as Docker does when it cannot do what it is told."""
    print(f"docker (stand-in): {text}", file=sys.stderr)
    sys.exit(125)


def login(arguments: list[str]) -> None:
    """Takes a password, as long as it comes through the pipe."""
    if "--password-stdin" not in arguments or not sys.stdin.read().strip() or arguments[-1].startswith("-"):
        fail(f"login without a password on standard input, or a registry: {arguments}")


def run(arguments: list[str]) -> None:
    """Becomes the program, with the environment, the folder and the standard input that the container would have."""
    given: dict[str, list[str]] = {}
    while arguments and arguments[0].startswith("-"):
        flag = arguments.pop(0)
        if flag in WITH_VALUE:
            given.setdefault(flag, []).append(arguments.pop(0))
        elif flag in WITHOUT_VALUE:
            given[flag] = []
        else:
            fail(f"this flag is not known here: {flag}")
    if "--rm" not in given or not arguments or "/fargate-updater" not in arguments[0]:
        fail(f"a container that is left behind, or an image of something else: {arguments[:1]}")
    shared = []
    for volume in given.get("--volume", []):
        outside, _, inside = volume.partition(":")
        if outside != inside or not Path(outside).is_dir():
            fail(f"this is another path inside, or not there: {volume}")
        shared.append(Path(outside).resolve())
    folder = Path(given.get("--workdir", ["/"])[0]).resolve()
    # The first two are the image and the command; a file that the step sees in its own folder need not be in the container's.
    for argument in arguments[2:]:
        path = (folder / argument).resolve()
        is_file = not argument.startswith("-") and ("/" in argument or Path(argument).exists())
        if is_file and not any(path.is_relative_to(each) for each in shared):
            fail(f"the container does not see {path}")
    environment = {name: os.environ[name] for name in given.get("--env", []) if name in os.environ}
    environment |= {name: os.environ[name] for name in ("AWS_ENDPOINT_URL", "NO_PROXY")}
    if "--interactive" not in given:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(folder)
    program = os.environ["STAND_IN_PROGRAM"]
    os.execve(program, [program, *arguments[1:]], environment)


def main() -> None:
    """Does one command."""
    command, *arguments = sys.argv[1:]
    with open(os.environ["STAND_IN_RECORD"], "a", encoding="utf-8") as record:
        record.write(f"docker {command}\n")
    {"login": login, "run": run}.get(command, lambda _: fail(f"this command is not known here: {command}"))(arguments)


if __name__ == "__main__":
    main()
