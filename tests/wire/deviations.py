"""Where replies differ from botocore's model on purpose. An entry that does not occur any more is a problem itself."""

from ledger import Ledger
from model import Finding

_TOMORROW = (
    "a field of tomorrow, of the fixture unknown_fields.json: ECS tells what was registered, and a program must keep what it "
    "does not know; botocore drops it"
)
_ENDPOINT_STATES = (
    "EC2 tells the states of endpoints as their filter spells them, with a small letter first, and the model with a capital "
    "one: AWS CLI, example of describe-vpc-endpoints; hashicorp/terraform-provider-aws, internal/service/ec2/consts.go"
)
_RETURN = "EC2 answers it, and the model has no answer at all: Amazon EC2 API Reference, {}, Response Elements"

DEVIATIONS: dict[Finding, str] = (
    {
        Finding("ecs", place, "is not in the model"): _TOMORROW
        for place in (
            "ContainerDefinition.futureContainerField",
            "KeyValuePair.futureScope",
            "LogConfiguration.futureLogField",
            "TaskDefinition.futureTopLevelField",
            "Ulimit.futureLimit",
            "Volume.futureVolumeConfiguration",
        )
    }
    | {
        Finding("ec2", "VpcEndpoint.state", f"is '{state}', which is none of the values of State"): _ENDPOINT_STATES
        for state in ("available", "pendingAcceptance")
    }
    | {
        Finding("ec2", f"{operation}.return", "is not in the model"): _RETURN.format(operation)
        for operation in ("CreateNetworkAclEntry", "CreateTags", "DeleteNetworkAclEntry", "DeleteTags")
    }
    | {
        Finding(
            "ec2", "NetworkInterface.interfaceType", "is 'nat_gateway', which is none of the values of NetworkInterfaceType"
        ): "EC2 tells nat_gateway, and the model natGateway: aws/aws-sdk-js #4702",
    }
)


def settle(ledger: Ledger) -> None:
    """Turns every finding that is not on purpose into a problem, and every entry without a finding as well."""
    for finding, operation in sorted(ledger.findings.items()):
        ledger.expect(
            finding in DEVIATIONS,
            f"{finding} (first in a reply to {operation}): mend tests/simulator/src/aws, or, if AWS really answers this, say "
            "so in tests/wire/deviations.py",
        )
    for entry in sorted(DEVIATIONS.keys() - ledger.findings.keys()):
        ledger.expect(False, f"{entry}: does not occur any more; take it out of tests/wire/deviations.py")
