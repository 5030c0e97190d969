"""Points boto3 and the AWS CLI at the simulator and holds its replies against AWS's own models.

Run it with a Python, 3.10 or newer, that has what `.ci/requirements.txt` says, and the simulator's binary:

    python tests/wire/check.py target/debug/simulator

The order: `reads` through boto3, `changes`, what is refused (`refusals`), then the same through the AWS CLI (`command_line`);
`set_up` is what README has people run by hand. `model` holds a reply against the model, `deviations` says what may
differ, and `coverage` sees to it that the table of operations and this check are the same.
"""

import importlib.util
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import scenario
import simulator


def main() -> int:
    """Runs the check and returns the exit code."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print(
            "usage: python tests/wire/check.py SIMULATOR\nSIMULATOR is built by `cargo build -p simulator --bin simulator`.",
            file=sys.stderr,
        )
        return 2
    missing = [package for package in ("awscli", "boto3") if importlib.util.find_spec(package) is None]
    if missing:
        print(
            f"{sys.executable} has no {' and no '.join(missing)}: run it with -m pip install -r .ci/requirements.txt",
            file=sys.stderr,
        )
        return 2
    # Whoever ends this ends the simulator too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begin = time.monotonic()
    org = scenario.build()
    with tempfile.TemporaryDirectory() as home, simulator.running(Path(sys.argv[1]).resolve(), org) as variables:
        settings = simulator.environment(variables, Path(home))
        os.environ.clear()
        os.environ.update(settings)
        problems = _checked(org, Path(home))
    print(f"   {time.monotonic() - begin:.0f} seconds")
    return 1 if problems else 0


def _checked(org: dict, folder: Path) -> int:
    """Makes every part of the check, tells the outcome, and returns how many problems there are."""
    # boto3 looks at the environment when it is imported and when it is used.
    import changes
    import command_line
    import coverage
    import deviations
    import reads
    import refusals
    import selftest
    import set_up
    from clients import Caller
    from ledger import Ledger

    ledger = Ledger()

    def part(name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # One part that breaks does not hide what the others find.
            ledger.expect(False, f"{name} broke off: {traceback.format_exc()}")

    rows = coverage.table()
    part("the check of the check", lambda: selftest.check(ledger))
    caller = Caller(ledger)
    member, abroad = (caller.assume(scenario.MEMBER, region) for region in (scenario.HOME, scenario.OTHER_REGION))
    closed = caller.assume(scenario.CLOSED, scenario.HOME)

    def by_whom(read: reads.Read) -> Caller:
        if read.as_caller:
            return caller
        return abroad if read.region == scenario.OTHER_REGION else member

    deployments: list[str] = []

    def read_all() -> list:
        asked = reads.everything(org) + (reads.of_deployments(deployments) if deployments else [])
        return [(by_whom(read), read, reads.ask(ledger, by_whom(read), read)) for read in asked]

    part("reading through boto3", read_all)
    part("changing ECS through boto3", lambda: deployments.extend(changes.ecs(ledger, member)))
    part("changing EC2 through boto3", lambda: changes.ec2(ledger, member))
    part("uploading through boto3", lambda: changes.s3(ledger, caller))
    part("setting up through boto3", lambda: set_up.by_boto3(ledger, caller))
    part("being refused", lambda: refusals.check(ledger, caller, member, closed))
    shells = {who: command_line.Shell(ledger, who) for who in (caller, member, abroad)}
    part("reading through the AWS CLI", lambda: command_line.reads(ledger, shells, read_all()))
    # These are about accounts of their own.
    command_line.together(
        lambda: part("changing by hand", lambda: command_line.changes(ledger, shells[caller], shells[member], member)),
        lambda: part("setting up by hand", lambda: set_up.by_cli(ledger, shells[caller], folder)),
    )
    deviations.settle(ledger)
    coverage.check(ledger, rows, set_up.ROWS)

    for problem in ledger.problems:
        print(f"problem: {problem}", file=sys.stderr)
    replies = ", ".join(f"{service} {count}" for service, count in sorted(ledger.replies.items()))
    print(f"tests/wire: {'FAILED, ' + str(len(ledger.problems)) + ' problems' if ledger.problems else 'passed'}")
    print(f"   {len(rows)} operations of the program, as src/aws/operations.rs has them, through boto3 and through the AWS CLI")
    print(f"   {len(set_up.ROWS)} more that README has people make by hand")
    print(f"   {ledger.replies.total()} replies held against botocore's models: {replies}")
    print(f"   {ledger.pages} pages with {ledger.items} things that came once each; {ledger.refusals} refusals")
    print(f"   {len(ledger.commands)} commands of the AWS CLI; {len(deviations.DEVIATIONS)} deviations on purpose")
    return len(ledger.problems)


if __name__ == "__main__":
    sys.exit(main())
