"""What AWS refuses, in the protocol of each service: botocore has to find class, code, sentence, HTTP status and request id."""

from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

import scenario
from clients import Caller
from ledger import Ledger

ASSUMED = {"RoleSessionName": "wire"}


@dataclass(frozen=True)
class Refusal:
    """A call that is refused, and how."""

    what: str
    call: Callable[[], object]
    code: str
    # A part of the sentence.
    sentence: str
    status: int = 400
    # What botocore calls the exception; without a model of the error it is ClientError.
    exception: str = "ClientError"


def check(ledger: Ledger, caller: Caller, member: Caller, closed: Caller) -> None:
    """Makes every call that is refused."""
    for refusal in _everything(ledger, caller, member, closed):
        ledger.refusals += 1
        try:
            refusal.call()
        except ClientError as error:
            _hold(ledger, refusal, error)
        else:
            ledger.expect(False, f"{refusal.what}: was not refused")


def _hold(ledger: Ledger, refusal: Refusal, error: ClientError) -> None:
    told, metadata = error.response["Error"], error.response["ResponseMetadata"]
    found = (type(error).__name__, told.get("Code"), metadata.get("HTTPStatusCode"))
    ledger.same(found, (refusal.exception, refusal.code, refusal.status), f"{refusal.what}: exception, code and status")
    sentence = told.get("Message") or ""
    ledger.expect(refusal.sentence in sentence, f"{refusal.what}: says {sentence!r} instead of {refusal.sentence!r}")
    ledger.expect(metadata.get("RequestId"), f"{refusal.what}: botocore finds no request id")


def _everything(ledger: Ledger, caller: Caller, member: Caller, closed: Caller) -> list[Refusal]:
    stranger = Caller(
        ledger, region=scenario.HOME, credentials={"AccessKeyId": "SIMULATEDSTRANGER0001", "SecretAccessKey": "none"}
    )
    forger = Caller(ledger, region=scenario.HOME, credentials=member.credentials | {"SecretAccessKey": "another"})
    return [
        *_of_ecs(member, closed),
        *_of_ec2(member, closed),
        *_of_the_others(caller, closed),
        *_of_signatures(stranger, forger),
    ]


def _of_ecs(member: Caller, closed: Caller) -> list[Refusal]:
    ecs, denied = member.client("ecs"), closed.client("ecs")
    there = {"cluster": "web", "service": "checkout"}
    gone = f"arn:aws:ecs:{scenario.HOME}:{scenario.MEMBER}:service-deployment/web/checkout/gone"
    definition = {"family": "refused", "containerDefinitions": [{"name": "a", "image": "a"}]}

    def over() -> object:
        newest = ecs.list_service_deployments(**there)["serviceDeployments"][0]
        return ecs.stop_service_deployment(serviceDeploymentArn=newest["serviceDeploymentArn"])

    invalid, client = "InvalidParameterException", "ClientException"
    return [
        Refusal(
            "an unknown cluster",
            lambda: ecs.list_services(cluster="gone"),
            "ClusterNotFoundException",
            "Cluster not found",
            400,
            "ClusterNotFoundException",
        ),
        Refusal(
            "an unknown service",
            lambda: ecs.update_service(cluster="web", service="gone"),
            "ServiceNotFoundException",
            "Service not found",
            400,
            "ServiceNotFoundException",
        ),
        Refusal(
            "a service that drains",
            lambda: ecs.update_service(cluster="odd", service="draining"),
            "ServiceNotActiveException",
            "ACTIVE",
            400,
            "ServiceNotActiveException",
        ),
        Refusal(
            "a service of CodeDeploy",
            lambda: ecs.update_service(cluster="odd", service="code-deploy", taskDefinition="orders"),
            invalid,
            "CODE_DEPLOY",
            400,
            invalid,
        ),
        Refusal(
            "more than ten services",
            lambda: ecs.describe_services(cluster="crowd", services=scenario.SERVICES[:11]),
            invalid,
            "10",
            400,
            invalid,
        ),
        Refusal(
            "an unknown task definition",
            lambda: ecs.describe_task_definition(taskDefinition="gone:1"),
            client,
            "Unable to describe task definition",
            400,
            client,
        ),
        Refusal(
            "a task definition that cannot be",
            lambda: ecs.register_task_definition(**definition, requiresCompatibilities=["FARGATE"]),
            client,
            "awsvpc",
            400,
            client,
        ),
        Refusal(
            "an unknown resource",
            lambda: ecs.tag_resource(resourceArn=gone, tags=[{"key": "a"}]),
            "ResourceNotFoundException",
            "resource",
            400,
            "ResourceNotFoundException",
        ),
        Refusal(
            "an unknown deployment",
            lambda: ecs.stop_service_deployment(serviceDeploymentArn=gone),
            "ServiceDeploymentNotFoundException",
            "exist",
            400,
            "ServiceDeploymentNotFoundException",
        ),
        Refusal("a deployment that is over", over, "ConflictException", "not in progress", 400, "ConflictException"),
        Refusal("a token of another list of ECS", lambda: ecs.list_clusters(nextToken="AAAA"), invalid, "token", 400, invalid),
        Refusal(
            "a denied action of ECS",
            lambda: denied.list_services(cluster="web"),
            "AccessDeniedException",
            "is not authorized to perform: ecs:ListServices on resource:",
            400,
            "AccessDeniedException",
        ),
        Refusal("too many calls of ECS", denied.list_clusters, "ThrottlingException", "Rate exceeded"),
    ]


def _of_ec2(member: Caller, closed: Caller) -> list[Refusal]:
    ec2, denied = member.client("ec2"), closed.client("ec2")
    group, acl = scenario.OPEN_GROUP, scenario.OPEN_ACL
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    entry = {"NetworkAclId": acl, "Egress": True, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"}

    def authorize(**more: object) -> object:
        return ec2.authorize_security_group_egress(**{"GroupId": group, "IpPermissions": [permission]} | more)

    return [
        Refusal("a dry run that would succeed", lambda: authorize(DryRun=True), "DryRunOperation", "would have succeeded", 412),
        Refusal("a rule that is there", authorize, "InvalidPermission.Duplicate", "already exists"),
        Refusal("an unknown group", lambda: authorize(GroupId="sg-gone"), "InvalidGroup.NotFound", "'sg-gone' does not exist"),
        Refusal(
            "an unknown rule",
            lambda: ec2.revoke_security_group_egress(GroupId=group, SecurityGroupRuleIds=["sgr-gone"]),
            "InvalidSecurityGroupRuleId.NotFound",
            "does not exist",
        ),
        Refusal(
            "an entry that is there",
            lambda: ec2.create_network_acl_entry(**entry, RuleNumber=100),
            "NetworkAclEntryAlreadyExists",
            "100",
        ),
        Refusal(
            "an entry that is not there",
            lambda: ec2.delete_network_acl_entry(NetworkAclId=acl, Egress=True, RuleNumber=99),
            "InvalidNetworkAclEntry.NotFound",
            "99",
        ),
        Refusal(
            "a tag for nothing",
            lambda: ec2.create_tags(Resources=["acl-gone"], Tags=[{"Key": "a", "Value": "b"}]),
            "InvalidNetworkAclID.NotFound",
            "acl-gone",
        ),
        Refusal(
            "an unknown prefix list",
            lambda: ec2.get_managed_prefix_list_entries(PrefixListId="pl-gone"),
            "InvalidPrefixListID.NotFound",
            "pl-gone",
        ),
        Refusal(
            "a token of another list of EC2", lambda: ec2.describe_subnets(NextToken="AAAA"), "InvalidNextToken", "NextToken"
        ),
        Refusal(
            "an unknown filter",
            lambda: ec2.describe_subnets(Filters=[{"Name": "<&>", "Values": ["a"]}]),
            "InvalidParameterValue",
            "'<&>'",
        ),
        Refusal("a denied action of EC2", denied.describe_subnets, "UnauthorizedOperation", "ec2:DescribeSubnets", 403),
        Refusal("too many calls of EC2", denied.describe_regions, "RequestLimitExceeded", "Request limit exceeded", 503),
    ]


def _of_the_others(caller: Caller, closed: Caller) -> list[Refusal]:
    sts, organizations, secrets = caller.client("sts"), caller.client("organizations"), caller.client("secretsmanager")
    s3 = caller.client("s3")
    to_nobody = {"Bucket": "reports-of-nobody", "Key": "report.json", "Body": b"{}"}
    nobody = f"arn:aws:iam::{scenario.MANAGEMENT}:role/Nobody"
    # Not a name that boto3 itself would refuse.
    odd_name = {"RoleArn": nobody, "RoleSessionName": "a b"}
    missing, denied = "ResourceNotFoundException", "AccessDeniedException"
    return [
        Refusal(
            "a role that is not there",
            lambda: sts.assume_role(RoleArn=nobody, **ASSUMED),
            "AccessDenied",
            "is not authorized to perform: sts:AssumeRole on resource: " + nobody,
            403,
        ),
        Refusal("a name no session has", lambda: sts.assume_role(**odd_name), "ValidationError", "roleSessionName"),
        Refusal(
            "a policy that is none",
            lambda: sts.assume_role(RoleArn=nobody, Policy="{", **ASSUMED),
            "MalformedPolicyDocument",
            "JSON",
            400,
            "MalformedPolicyDocumentException",
        ),
        Refusal(
            "an unknown parent",
            lambda: organizations.list_accounts_for_parent(ParentId="ou-ab12-99999999"),
            "ParentNotFoundException",
            "parent",
            400,
            "ParentNotFoundException",
        ),
        Refusal(
            "a token of another list of Organizations",
            lambda: organizations.list_accounts(NextToken="AAAA"),
            "InvalidInputException",
            "invalid",
            400,
            "InvalidInputException",
        ),
        Refusal(
            "the organization, asked by a member",
            closed.client("organizations").list_accounts,
            denied,
            "permissions",
            400,
            denied,
        ),
        Refusal("an unknown secret", lambda: secrets.get_secret_value(SecretId="gone"), missing, "can't find", 400, missing),
        Refusal(
            "a bucket that is not there",
            lambda: s3.put_object(**to_nobody),
            "NoSuchBucket",
            "does not exist",
            404,
            "NoSuchBucket",
        ),
        Refusal(
            "a denied action of S3",
            lambda: closed.client("s3").put_object(**to_nobody | {"Bucket": scenario.BUCKET}),
            "AccessDenied",
            "is not authorized to perform: s3:PutObject on resource:",
            403,
            "AccessDenied",
        ),
        Refusal(
            "a header that changes what becomes of an object",
            lambda: s3.put_object(**to_nobody | {"Bucket": scenario.BUCKET}, ACL="public-read"),
            "NotImplemented",
            "header",
            501,
        ),
        Refusal(
            "a denied action of Secrets Manager",
            lambda: closed.client("secretsmanager").get_secret_value(SecretId="gone"),
            denied,
            "secretsmanager:GetSecretValue",
        ),
        Refusal("a denied action of ECR", closed.client("ecr").get_authorization_token, denied, "ecr:GetAuthorizationToken"),
    ]


def _of_signatures(stranger: Caller, forger: Caller) -> list[Refusal]:
    calls = [
        ("sts", "get_caller_identity"),
        ("ec2", "describe_regions"),
        ("ecs", "list_clusters"),
        ("ecr", "get_authorization_token"),
        ("organizations", "list_accounts"),
    ]
    unknown = {"sts": ("InvalidClientTokenId", 403), "ec2": ("AuthFailure", 401)}
    forged = {"sts": ("SignatureDoesNotMatch", 403), "ec2": ("SignatureDoesNotMatch", 403)}
    refusals = []
    for service, method in calls:
        code, status = unknown.get(service, ("UnrecognizedClientException", 400))
        refusals.append(Refusal(f"a key nobody has, {service}", getattr(stranger.client(service), method), code, "", status))
        code, status = forged.get(service, ("InvalidSignatureException", 403))
        refusals.append(
            Refusal(
                f"a signature with another key, {service}", getattr(forger.client(service), method), code, "signature", status
            )
        )
    return refusals
