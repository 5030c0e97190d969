"""boto3 as the program's callers: the one who starts it, and the member roles that this one assumes."""

import boto3
import botocore.session
from botocore.client import BaseClient

from ledger import CALLER, MEMBER_ROLE, Ledger
from model import Reply, watched


class Caller:
    """Somebody who calls. Every reply is held against the model, and nothing but the environment says where AWS is."""

    def __init__(self, ledger: Ledger, who: str = CALLER, region: str | None = None, credentials: dict | None = None) -> None:
        self.ledger = ledger
        self.who = who
        self.credentials = credentials
        events = botocore.session.get_session()
        events.register("before-parse", watched(self._hold))
        keys = credentials or {}
        self.session = boto3.Session(
            aws_access_key_id=keys.get("AccessKeyId"),
            aws_secret_access_key=keys.get("SecretAccessKey"),
            aws_session_token=keys.get("SessionToken"),
            region_name=region,
            botocore_session=events,
        )
        self._clients: dict[str, BaseClient] = {}

    def _hold(self, reply: Reply) -> None:
        self.ledger.hold(self.who, reply)

    def client(self, service: str) -> BaseClient:
        """Returns the client of a service, which is made once."""
        if service not in self._clients:
            self._clients[service] = self.session.client(service)
        return self._clients[service]

    def assume(self, account: str, region: str | None = None, role: str = "FargateDeployMember") -> "Caller":
        """Assumes a role in an account, as the program does."""
        answer = self.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="wire", DurationSeconds=3600
        )
        return Caller(self.ledger, MEMBER_ROLE, region, answer["Credentials"])

    def variables(self) -> dict[str, str]:
        """Returns the variables with which the AWS CLI is the same caller."""
        variables = {}
        if self.session.region_name:
            variables = {"AWS_REGION": self.session.region_name, "AWS_DEFAULT_REGION": self.session.region_name}
        if self.credentials:
            variables |= {
                "AWS_ACCESS_KEY_ID": self.credentials["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": self.credentials["SecretAccessKey"],
                "AWS_SESSION_TOKEN": self.credentials["SessionToken"],
            }
        return variables
