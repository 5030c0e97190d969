"""What was seen, and what is wrong with it: written by every part of the check, told at the end."""

from collections import Counter
from dataclasses import dataclass, field

from model import Finding, Reply

# A row of the table of operations: service, operation, and whether the caller makes it or the member role.
Row = tuple[str, str, str]

CALLER = "the caller"
MEMBER_ROLE = "the member role"


@dataclass
class Ledger:
    """Counts and problems."""

    replies: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    items: int = 0
    refusals: int = 0
    # Those of the AWS CLI. Several threads write these, and appending is safe where counting is not.
    commands: list[str] = field(default_factory=list)
    # The rows that boto3 and the AWS CLI were successful with.
    by_boto3: set[Row] = field(default_factory=set)
    by_cli: set[Row] = field(default_factory=set)
    findings: dict[Finding, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def hold(self, who: str, reply: Reply) -> None:
        """Holds a reply of boto3's against the model, and notes what it was the answer to."""
        operation = reply.operation.name
        self.replies[reply.service] += 1
        for finding in reply.held():
            self.findings.setdefault(finding, operation)
        if reply.status < 300:
            self.by_boto3.add((reply.service, operation, who))

    def expect(self, holds: object, sentence: str) -> None:
        """Notes a problem unless something holds."""
        if not holds:
            self.problems.append(sentence)

    def same(self, found: object, expected: object, what: str) -> None:
        """Notes a problem unless two things are the same."""
        self.expect(found == expected, f"{what}: found {_short(found)} instead of {_short(expected)}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 400 else f"{text[:400]}..."
