"""Broken replies that the model has to find: a check of replies that cannot fail would be worth nothing."""

import json

import botocore.session

from ledger import Ledger
from model import Reply

ID = {"x-amzn-requestid": "1"}
JSON = ID | {"content-type": "application/x-amz-json-1.1"}
XML = ID | {"content-type": "text/xml;charset=UTF-8"}
SERVICE = {"services": [{"serviceName": "a", "createdAt": 1.5, "desiredCount": 1, "launchType": "FARGATE", "events": []}]}
EC2 = '<{0}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>{1}</{0}Response>'
STS = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>{}</GetCallerIdentityResult>'
    "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)
S3_ID = {"x-amz-request-id": "1", "x-amz-id-2": "1"}
S3_XML = S3_ID | {"content-type": "application/xml"}
S3_ERROR = "<Error><Code>a</Code><Message>b</Message><RequestId>1</RequestId>{0}</Error>"
EC2_ERROR = "<Response><Errors><Error><Code>a</Code><Message>b</Message></Error></Errors><{0}>1</{0}></Response>"


def _service(**fields: object) -> str:
    return json.dumps({"services": [SERVICE["services"][0] | fields]})


def _subnet(inside: str) -> str:
    return EC2.format("DescribeSubnets", f"<subnetSet><item>{inside}</item></subnetSet>")


# Service and operation, status, headers, body, and what has to be found; nothing in a reply that is good.
CASES = [
    ("ecs", "DescribeServices", 200, JSON, json.dumps(SERVICE), None),
    ("ecs", "DescribeServices", 200, JSON, _service(serviceNaem="a"), "Service.serviceNaem: is not in the model"),
    ("ecs", "DescribeServices", 200, JSON, _service(desiredCount="1"), "Service.desiredCount: is no integer"),
    ("ecs", "DescribeServices", 200, JSON, _service(desiredCount=1 << 31), "Service.desiredCount: is too large for integer"),
    (
        "ecs",
        "DescribeServices",
        200,
        JSON,
        _service(createdAt="2026-01-01T00:00:00Z"),
        "Service.createdAt: is no number of seconds",
    ),
    (
        "ecs",
        "DescribeServices",
        200,
        JSON,
        _service(enableExecuteCommand="true"),
        "Service.enableExecuteCommand: is no boolean",
    ),
    ("ecs", "DescribeServices", 200, JSON, _service(launchType="Fargate"), "Service.launchType: is 'Fargate', which is none"),
    ("ecs", "DescribeServices", 200, JSON, _service(events={}), "Service.events: is not a list"),
    ("ecs", "DescribeServices", 200, JSON, _service(roleArn=None), "Service.roleArn: is null"),
    ("ecs", "DescribeServices", 200, JSON, _service(roleArn=7), "Service.roleArn: is not a string"),
    ("ecs", "DescribeServices", 200, JSON, _service(deploymentController={}), "DeploymentController.type: is missing"),
    ("ecs", "DescribeServices", 200, JSON, _service(tags=[{"key": "#"}]), "Tag.key: does not match"),
    ("ecs", "DescribeServices", 200, JSON, "{", "body: is no JSON"),
    ("ecs", "DescribeServices", 200, ID, "{}", "header content-type"),
    ("ecs", "DescribeServices", 200, {"content-type": "application/x-amz-json-1.1"}, "{}", "header x-amzn-requestid"),
    ("ecs", "DescribeServices", 400, JSON, '{"__type": "ClientException", "message": "a"}', None),
    (
        "ecs",
        "DescribeServices",
        400,
        JSON,
        '{"__type": "ClientError", "message": "a"}',
        "error ClientError: is none of DescribeServices",
    ),
    ("ecs", "DescribeServices", 400, JSON, '{"__type": "ClientException"}', "error ClientException: has no message"),
    ("ecs", "DescribeServices", 400, JSON, '{"message": "a"}', "error: has no __type"),
    ("ecr", "GetAuthorizationToken", 200, JSON, '{"authorizationData": [{"authorizationToken": "a b"}]}', "does not match"),
    ("secretsmanager", "GetSecretValue", 200, JSON, '{"SecretBinary": "a"}', "SecretBinary: is no base64"),
    ("organizations", "ListAccounts", 200, JSON, '{"Accounts": [{"Id": "1"}]}', "Account.Id: does not match"),
    (
        "ec2",
        "DescribeSubnets",
        200,
        XML,
        _subnet("<subnetId>a</subnetId><availableIpAddressCount>1</availableIpAddressCount>"),
        None,
    ),
    ("ec2", "DescribeSubnets", 200, XML, _subnet("<SubnetId>a</SubnetId>"), "Subnet.SubnetId: is not in the model"),
    (
        "ec2",
        "DescribeSubnets",
        200,
        XML,
        _subnet("<subnetId>a</subnetId><subnetId>a</subnetId>"),
        "Subnet.subnetId: is there twice",
    ),
    ("ec2", "DescribeSubnets", 200, XML, _subnet("<subnetId><item/></subnetId>"), "Subnet.subnetId: has elements inside"),
    ("ec2", "DescribeSubnets", 200, XML, _subnet("<availableIpAddressCount>many</availableIpAddressCount>"), "is no integer"),
    ("ec2", "DescribeSubnets", 200, XML, _subnet("<ipv6Native>False</ipv6Native>"), "Subnet.ipv6Native: is no boolean"),
    ("ec2", "DescribeSubnets", 200, XML, _subnet("<state>there</state>"), "Subnet.state: is 'there', which is none"),
    ("ec2", "DescribeSubnets", 200, XML, _subnet("text"), "Subnet: has text beside its elements"),
    (
        "ec2",
        "DescribeSubnets",
        200,
        XML,
        EC2.format("DescribeSubnets", "<subnetSet><member/></subnetSet>"),
        "has items called 'member'",
    ),
    ("ec2", "DescribeSubnets", 200, XML, EC2.format("DescribeVpcs", ""), "root: is 'DescribeVpcsResponse'"),
    ("ec2", "DescribeSubnets", 200, XML, EC2.format("DescribeSubnets", "").replace("2016", "2015"), "root: has the namespace"),
    (
        "ec2",
        "DescribeSubnets",
        200,
        XML,
        EC2.format("DescribeSubnets", "").replace("requestId", "RequestId"),
        "requestId: is missing",
    ),
    ("ec2", "DescribeSubnets", 200, JSON, _subnet(""), "header content-type"),
    (
        "ec2",
        "DescribeNatGateways",
        200,
        XML,
        EC2.format("DescribeNatGateways", "<natGatewaySet><item><createTime>now</createTime></item></natGatewaySet>"),
        "is no time",
    ),
    ("ec2", "CreateTags", 200, XML, EC2.format("CreateTags", "<done>true</done>"), "CreateTags.done: is not in the model"),
    ("ec2", "DescribeSubnets", 400, XML, EC2_ERROR.format("RequestID"), None),
    ("ec2", "DescribeSubnets", 400, XML, EC2_ERROR.format("RequestId"), "error: has other parts than AWS's"),
    ("s3", "PutObject", 200, S3_ID | {"etag": '"1"', "x-amz-checksum-type": "FULL_OBJECT"}, "", None),
    ("s3", "PutObject", 200, S3_ID | {"x-amz-checksum-type": "WHOLE"}, "", "PutObjectOutput.x-amz-checksum-type: is 'WHOLE'"),
    ("s3", "PutObject", 200, S3_ID | {"x-amz-checksum-crc33": "a"}, "", "header x-amz-checksum-crc33: is not in the model"),
    ("s3", "PutObject", 200, S3_ID, "<a/>", "body: is not empty"),
    ("s3", "PutObject", 200, ID, "", "header x-amz-request-id: is missing"),
    ("s3", "PutObject", 403, S3_XML, S3_ERROR.format("<HostId>1</HostId>"), None),
    ("s3", "PutObject", 403, S3_XML, S3_ERROR.format(""), "error: has ['Code', 'Message', 'RequestId']"),
    ("s3", "PutObject", 403, S3_XML, "<Response/>", "error: is in 'Response'"),
    ("s3", "PutObject", 403, S3_ID, S3_ERROR.format("<HostId>1</HostId>"), "header content-type"),
    ("sts", "GetCallerIdentity", 200, XML, STS.format("<Account>1</Account>"), None),
    (
        "sts",
        "GetCallerIdentity",
        200,
        XML,
        STS.format("<account>1</account>"),
        "GetCallerIdentityResponse.account: is not in the model",
    ),
    (
        "sts",
        "GetCallerIdentity",
        200,
        XML,
        STS.format("").replace("ResponseMetadata", "Metadata"),
        "ResponseMetadata.RequestId: is missing",
    ),
    ("sts", "GetCallerIdentity", 403, XML, EC2_ERROR.format("RequestID"), "error: is in 'Response' instead of 'ErrorResponse'"),
]


def check(ledger: Ledger) -> None:
    """Holds every case against the model, and notes a problem where the wrong thing or nothing is found."""
    session = botocore.session.get_session()
    for service, operation, status, headers, body, expected in CASES:
        model = session.get_service_model(service).operation_model(operation)
        found = [str(finding) for finding in Reply(model, status, headers, body.encode()).held()]
        fits = any(expected in finding for finding in found) if expected else not found
        ledger.expect(fits, f"tests/wire/model.py finds {found} in {body!r} instead of {expected or 'nothing'!r}")
