"""The table of operations in `src/aws/operations.rs`, and whether the check has been through all of it."""

import re
from pathlib import Path

from ledger import CALLER, MEMBER_ROLE, Ledger, Row

TABLE = Path(__file__).resolve().parents[2] / "src" / "aws" / "operations.rs"
STATIC = re.compile(r"pub static (\w+): Operation =\s+(.*?);\n", re.DOTALL)


def table() -> set[Row]:
    """Returns every row of the table: service, operation, and who makes it."""
    code = TABLE.read_text(encoding="utf-8")
    statics = dict(STATIC.findall(code))
    named = re.search(r"pub static ALL: \[&Operation; (\d+)\] = \[(.*?)\];", code, re.DOTALL)
    names = re.findall(r"&(\w+)", named[2]) if named else []
    if not names or len(names) != int(named[1]) or not set(names) <= statics.keys():
        raise SystemExit(f"{TABLE} does not look as tests/wire/coverage.py reads it: teach it the new form of the table")
    return {_row(name, statics[name]) for name in names}


def _row(name: str, code: str) -> Row:
    # The first IAM action of an operation is its own and says of which service it is; one that needs none, the quota that it spends.
    action = re.search(r'"([a-z0-9]+):(\w+)"', code)
    operation = re.search(r'"(\w+)"', code)
    role = re.search(r"Role::(\w+)", code)
    quota = re.search(r"Quota::(\w+)", code)
    if not (operation and role and quota) or (action and action[2] != operation[1]):
        raise SystemExit(f"{TABLE}: tests/wire/coverage.py cannot read {name}: teach it the new form of the table")
    service = action[1] if action else quota[1].lower()
    return service, operation[1], CALLER if role[1] in ("Master", "Reports") else MEMBER_ROLE


def check(ledger: Ledger, rows: set[Row], more: set[Row]) -> None:
    """Notes every row that boto3 or the AWS CLI has not been through, and everything that is no row; `more` is made besides."""
    for seen, by, where in (
        (ledger.by_boto3, "boto3", "reads.py if it reads, else to changes.py"),
        (ledger.by_cli, "the AWS CLI", "reads.py if it reads, else to command_line.py"),
    ):
        for service, operation, who in sorted((rows | more) - seen):
            ledger.expect(False, f"{by} has not made {service} {operation} as {who}: add it to tests/wire/{where}")
        for service, operation, who in sorted(seen - rows - more):
            ledger.expect(
                False,
                f"{by} has made {service} {operation} as {who}, which is not in src/aws/operations.rs: the program does not "
                "make it, so take it out of tests/wire",
            )
