//! Every error the simulated AWS answers: one table, and one encoder that answers it in the protocol of the called service.
//!
//! A client that is answered in the wrong protocol finds no error code, and takes a throttle for something fatal: that is why a
//! generic [`crate::Fault::Error`] passes through the same encoder. A `{}` in a message is filled in by the caller.

use serde_json::json;

use super::reply::{Reply, escape};

/// The services that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    Ecs,
    Organizations,
    SecretsManager,
    Sts,
    Ec2,
    Ecr,
    S3,
}

/// Where an error's code and sentence are from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The answer was seen by others: an issue, or a client that tells it apart by its sentence.
    Reported(&'static str),
    /// Known from working with AWS; it was not looked up, and may be worded differently today.
    Remembered(&'static str),
    /// The code is AWS's. The sentence is ours, because AWS's is not known.
    OurSentence(&'static str),
    /// AWS is not known to answer this at all; the text says why we do.
    OursOnPurpose(&'static str),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Our name for it.
    pub name: &'static str,
    pub services: &'static [Service],
    pub status: u16,
    pub code: &'static str,
    /// With `{}` where something is filled in.
    pub message: &'static str,
    pub source: Source,
}

macro_rules! errors {
    ($($kind:ident: $services:expr, $status:literal, $code:literal, $message:literal, $source:expr;)*) => {
        /// An error, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum ErrorKind {
            $($kind,)*
        }

        impl ErrorKind {
            const ALL: &[Self] = &[$(Self::$kind,)*];

            fn row(self) -> Row {
                match self {
                    $(Self::$kind => Row {
                        name: stringify!($kind),
                        services: $services,
                        status: $status,
                        code: $code,
                        message: $message,
                        source: $source,
                    },)*
                }
            }
        }
    };
}

use Service::{Ec2, Ecr, Ecs, Organizations, S3, SecretsManager, Sts};
use Source::{OurSentence, OursOnPurpose, Remembered, Reported};

const JSON: &[Service] = &[Ecs, Organizations, SecretsManager, Ecr];
const ECS: &[Service] = &[Ecs];
const ORGANIZATIONS: &[Service] = &[Organizations];
const SECRETS: &[Service] = &[SecretsManager];
const STS: &[Service] = &[Sts];
const EC2: &[Service] = &[Ec2];
const ECR: &[Service] = &[Ecr];
const BUCKETS: &[Service] = &[S3];

const COMMON: Source = Remembered("Amazon ECS API Reference, Common Errors");
const STS_COMMON: Source = Remembered("AWS STS API Reference, Common Errors");
const S3_COMMON: Source = Remembered("Amazon S3 API Reference, Error responses, List of error codes");
const EC2_CODES: Source = Remembered("Amazon EC2 API Reference, Error codes");
const EC2_SENTENCES: Source = OurSentence("Amazon EC2 API Reference, Error codes; from memory");
const REGISTER: Source = OurSentence("Amazon ECS API Reference, RegisterTaskDefinition, Errors (read 2026-11)");
const UPDATE: Source = OurSentence("Amazon ECS API Reference, UpdateService, Errors (read 2026-11)");
const SENTENCE: Source = Remembered("IAM User Guide, Troubleshoot access denied error messages");
const STRICT: Source =
    OursOnPurpose("AWS JSON services may ignore or refuse unknown input; a body with these must not pass here");

errors! {
    // Signatures and keys.
    JsonSignature: JSON, 403, "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        Remembered("IAM User Guide, Troubleshoot signed requests");
    StsSignature: STS, 403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        Remembered("IAM User Guide, Troubleshoot signed requests");
    Ec2Signature: EC2, 403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        EC2_CODES;
    JsonUnknownKey: JSON, 400, "UnrecognizedClientException", "The security token included in the request is invalid.", COMMON;
    StsUnknownKey: STS, 403, "InvalidClientTokenId", "The security token included in the request is invalid.", STS_COMMON;
    Ec2UnknownKey: EC2, 401, "AuthFailure", "AWS was not able to validate the provided access credentials", EC2_CODES;
    JsonExpired: JSON, 400, "ExpiredTokenException", "The security token included in the request is expired",
        Remembered("what AWS JSON services answer to a session that is over");
    StsExpired: STS, 403, "ExpiredToken", "The security token included in the request is expired", STS_COMMON;
    Ec2Expired: EC2, 400, "RequestExpired", "Request has expired.", EC2_CODES;
    JsonUnsigned: JSON, 400, "MissingAuthenticationTokenException", "Missing Authentication Token",
        Remembered("what AWS JSON services answer to an unsigned call");
    StsUnsigned: STS, 403, "MissingAuthenticationToken", "Request is missing Authentication Token", STS_COMMON;
    Ec2Unsigned: EC2, 403, "MissingAuthenticationToken", "Request is missing Authentication Token", EC2_CODES;
    S3Signature: BUCKETS, 403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing method.", S3_COMMON;
    S3UnknownKey: BUCKETS, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", S3_COMMON;
    S3Expired: BUCKETS, 400, "ExpiredToken", "The provided token has expired.", S3_COMMON;
    S3Unsigned: BUCKETS, 403, "AccessDenied", "Access Denied", S3_COMMON;

    // Throttling.
    JsonThrottled: &[Ecs, Ecr], 400, "ThrottlingException", "Rate exceeded", Reported("kayac/ecspresso #787; Amazon ECS API Reference, Request throttling (read 2026-11)");
    StsThrottled: STS, 400, "Throttling", "Rate exceeded", STS_COMMON;
    Ec2Throttled: EC2, 503, "RequestLimitExceeded", "Request limit exceeded.", EC2_CODES;
    S3Throttled: BUCKETS, 503, "SlowDown", "Please reduce your request rate.", S3_COMMON;

    // Permissions.
    JsonDenied: &[Ecs, SecretsManager, Ecr], 400, "AccessDeniedException",
        "User: {} is not authorized to perform: {} on resource: {} because no {} policy allows the {} action", SENTENCE;
    DeniedByServiceControlPolicy: ECS, 400, "AccessDeniedException",
        "User: {} is not authorized to perform: {} on resource: {} with an explicit deny in a service control policy", SENTENCE;
    EcrRepositoryDenied: ECR, 403, "DENIED",
        "User: {} is not authorized to perform: {} on resource: {} because no resource-based policy allows the {} action",
        Reported("aws-actions/amazon-ecr-login #232, aws/containers-roadmap #2053");
    OrganizationsDenied: ORGANIZATIONS, 400, "AccessDeniedException", "You don't have permissions to access this resource.",
        Remembered("AWS Organizations; the code is in its API Reference");
    StsDenied: STS, 403, "AccessDenied", "User: {} is not authorized to perform: {} on resource: {}",
        Remembered("IAM User Guide, Troubleshoot IAM roles: I can't assume a role");
    Ec2Denied: EC2, 403, "UnauthorizedOperation",
        "You are not authorized to perform this operation. User: {} is not authorized to perform: {} because no {} policy allows the {} action",
        EC2_CODES;

    S3Denied: BUCKETS, 403, "AccessDenied",
        "User: {} is not authorized to perform: {} on resource: \"{}\" because no {} policy allows the {} action",
        Remembered("Amazon S3 User Guide, Troubleshoot access denied (403 Forbidden) errors in Amazon S3");

    // Buckets and what is put into them.
    NoSuchBucket: BUCKETS, 404, "NoSuchBucket", "The specified bucket does not exist", S3_COMMON;
    S3OtherRegion: BUCKETS, 301, "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
        Reported("yanganto/s3rs #18, JuliaCloud/AWSS3.jl #25, with the header x-amz-bucket-region");
    S3LaterRegion: BUCKETS, 400, "IllegalLocationConstraintException",
        "The {} location constraint is incompatible for the region specific endpoint this request was sent to.", Reported("boto/boto3 #2728");
    S3MissingLength: BUCKETS, 411, "MissingContentLength", "You must provide the Content-Length HTTP header.", S3_COMMON;
    S3IncompleteBody: BUCKETS, 400, "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header", S3_COMMON;
    S3BadDigest: BUCKETS, 400, "BadDigest", "The CRC32 you specified did not match the calculated checksum.", S3_COMMON;
    S3NotImplemented: BUCKETS, 501, "NotImplemented", "A header you provided implies functionality that is not implemented",
        OursOnPurpose("S3 does what is asked here; a request that sets more than the bucket's own settings must not pass");

    // Operations and parameters, whatever they are about.
    JsonUnknownOperation: JSON, 400, "UnknownOperationException", "", Remembered("what AWS JSON services answer to an unknown X-Amz-Target");
    JsonUnreadable: JSON, 400, "SerializationException", "Start of structure or map found where not expected.",
        Remembered("what AWS JSON services answer to a body of the wrong shape");
    StsUnknownAction: STS, 400, "InvalidAction", "Could not find operation {} for version 2011-06-15", STS_COMMON;
    Ec2UnknownAction: EC2, 400, "InvalidAction", "The action {} is not valid for this web service.", EC2_CODES;
    StsMissingParameter: STS, 400, "ValidationError",
        "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null", STS_COMMON;
    StsInvalidParameter: STS, 400, "ValidationError",
        "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: {}", STS_COMMON;
    Ec2UnknownFilter: EC2, 400, "InvalidParameterValue", "The filter '{}' is invalid", EC2_CODES;
    Ec2DryRun: EC2, 412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.", EC2_CODES;
    Ec2MissingParameter: EC2, 400, "MissingParameter", "The request must contain the parameter {}", EC2_CODES;
    Ec2InvalidValue: EC2, 400, "InvalidParameterValue", "Value ({}) for parameter {} is invalid. {}", EC2_SENTENCES;
    Ec2Combination: EC2, 400, "InvalidParameterCombination", "The parameter {} cannot be used with the parameter {}", EC2_SENTENCES;
    Ec2FilterTooLong: EC2, 400, "FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200", EC2_CODES;
    Ec2InvalidToken: EC2, 400, "InvalidNextToken", "The specified NextToken is not valid.", EC2_SENTENCES;
    OrganizationsInvalidInput: ORGANIZATIONS, 400, "InvalidInputException", "You specified an invalid value.",
        Remembered("AWS Organizations; the code is in its API Reference");
    SecretsInvalidParameter: SECRETS, 400, "InvalidParameterException", "The parameter {} is missing or has an invalid value.",
        OurSentence("AWS Secrets Manager API Reference, GetSecretValue, Errors (read 2026-11)");
    EcsInvalidParameter: ECS, 400, "InvalidParameterException", "{}",
        OurSentence("Amazon ECS API Reference, InvalidParameterException (read 2026-11)");
    EcsInvalidToken: ECS, 400, "InvalidParameterException", "Invalid token.", OurSentence("Amazon ECS API Reference, ListServices (read 2026-11)");

    // STS.
    RoleChaining: STS, 400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        Reported("99designs/aws-vault #263, mmmorris1975/aws-runas #11");

    MalformedPolicy: STS, 400, "MalformedPolicyDocument", "The policy is not in the valid JSON format.",
        OurSentence("AWS STS API Reference, AssumeRole, Errors (read 2026-11)");

    // Organizations.
    ParentNotFound: ORGANIZATIONS, 400, "ParentNotFoundException", "You specified parent that doesn't exist.",
        Reported("getmoto/moto, moto/organizations/models.py");

    // Secrets Manager.
    SecretKeyDenied: SECRETS, 400, "AccessDeniedException", "Access to KMS is not allowed",
        Remembered("what Secrets Manager says to whoever may read a secret and may not use its key");
    SecretNotFound: SECRETS, 400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.",
        Reported("lgallard/terraform-aws-secrets-manager #24");
    SecretExists: SECRETS, 400, "ResourceExistsException", "The operation failed because the secret {} already exists.",
        Reported("getmoto/moto #9700");
    SecretName: SECRETS, 400, "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        Reported("smithy-lang/smithy-typescript #1546");

    // EC2: what is in a network.
    Ec2NoSubnet: EC2, 400, "InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist", EC2_CODES;
    Ec2NoGroup: EC2, 400, "InvalidGroup.NotFound", "The security group '{}' does not exist", EC2_CODES;
    Ec2NoRule: EC2, 400, "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '{}' does not exist", EC2_CODES;
    Ec2NoAcl: EC2, 400, "InvalidNetworkAclID.NotFound", "The networkAcl ID '{}' does not exist", EC2_CODES;
    Ec2NoRouteTable: EC2, 400, "InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist", EC2_CODES;
    Ec2NoNatGateway: EC2, 400, "NatGatewayNotFound", "NatGateway {} was not found", EC2_CODES;
    Ec2NoEndpoint: EC2, 400, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist", EC2_CODES;
    Ec2NoInterface: EC2, 400, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '{}' does not exist", EC2_CODES;
    Ec2NoPrefixList: EC2, 400, "InvalidPrefixListID.NotFound", "The prefix list ID '{}' does not exist", EC2_CODES;
    Ec2InvalidId: EC2, 400, "InvalidID", "The ID '{}' is not valid", EC2_CODES;
    Ec2NotTheOwner: EC2, 403, "UnauthorizedOperation",
        "You are not authorized to perform this operation. {} belongs to account {}, which shares it.",
        OursOnPurpose("Amazon VPC User Guide, Share your VPC subnets: participants cannot change the owner's resources; how they are refused is not known");

    // EC2: what a network does not take.
    Ec2MalformedRange: EC2, 400, "InvalidParameterValue", "CIDR block {} is malformed", EC2_CODES;
    Ec2DuplicateRule: EC2, 400, "InvalidPermission.Duplicate", "the specified rule \"peer: {}, {}, ALLOW\" already exists", EC2_CODES;
    Ec2SameRuleTwice: EC2, 400, "InvalidParameterValue", "The same permission must not appear multiple times", EC2_CODES;
    Ec2TooManyRules: EC2, 400, "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.", EC2_CODES;
    Ec2RuleDescription: EC2, 400, "InvalidParameterValue",
        "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        EC2_CODES;
    Ec2EntryExists: EC2, 400, "NetworkAclEntryAlreadyExists", "The network acl entry identified by {} already exists.", EC2_CODES;
    Ec2NoEntry: EC2, 400, "InvalidNetworkAclEntry.NotFound", "no {} entry with number {}",
        Reported("hashicorp/terraform-provider-aws #12175, where the sentence goes on");
    Ec2TooManyEntries: EC2, 400, "NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached.", EC2_CODES;
    Ec2TooManyTags: EC2, 400, "TagLimitExceeded", "The maximum number of Tags for a resource has been reached.", EC2_CODES;
    Ec2NotTaggable: EC2, 400, "InvalidParameterValue", "'{}' is not a valid taggable resource type for this operation.", EC2_CODES;
    Ec2InvalidTag: EC2, 400, "InvalidParameterValue", "{}",
        OursOnPurpose("Amazon EC2 User Guide, Tag restrictions; EC2 itself takes more characters, and what is tagged here must suit every service");

    // ECR: what its registries say to a password. They answer in the envelope of registries, not in that of AWS's JSON services.
    EcrTokenUnknown: ECR, 401, "UNAUTHORIZED", "Not Authorized", Remembered("what a registry of ECR answers to whoever has no token");
    EcrTokenExpired: ECR, 403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.",
        Reported("aws/aws-cli #6580; for the token of another Region jenkinsci/amazon-ecr-plugin #6");

    // ECS: clusters, services, tags.
    ClusterNotFound: ECS, 400, "ClusterNotFoundException", "Cluster not found.", Remembered("Amazon ECS; the code is in its API Reference");
    ServiceNotFound: ECS, 400, "ServiceNotFoundException", "Service not found.", Reported("hashicorp/terraform #15073");
    ServiceNotActive: ECS, 400, "ServiceNotActiveException", "Service was not ACTIVE.", Reported("alchemy-run/alchemy #1581");
    CodeDeployService: ECS, 400, "InvalidParameterException",
        "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
        Reported("boto/boto3 #1936, fabfuel/ecs-deploy #120");
    ExternalService: ECS, 400, "InvalidParameterException",
        "Unable to update task definition on services with an EXTERNAL deployment controller. Use a task set to deploy a new revision.", UPDATE;
    InactiveTaskDefinition: ECS, 400, "ClientException", "TaskDefinition is inactive", Reported("aws/aws-cdk #33195");
    ServiceDeploymentNotFound: ECS, 400, "ServiceDeploymentNotFoundException", "The service deploy ARN that you specified doesn't exist.",
        OurSentence("Amazon ECS API Reference, StopServiceDeployment, Errors (read 2026-11)");
    ServiceDeploymentOver: ECS, 400, "ConflictException", "The service deployment is not in progress.",
        OurSentence("Amazon ECS API Reference, StopServiceDeployment, Errors (read 2026-11)");
    TaskDefinitionNotFound: ECS, 400, "ClientException", "TaskDefinition not found.", Remembered("UpdateService with a revision that is not there");
    IncompatiblePlatform: ECS, 400, "PlatformTaskDefinitionIncompatibilityException",
        "One or more of the requested capabilities are not supported.",
        Reported("jenkinsci/amazon-ecs-plugin #218");
    ResourceNotFound: ECS, 400, "ResourceNotFoundException", "The specified resource wasn't found.",
        OurSentence("Amazon ECS API Reference, TagResource, Errors (read 2026-11)");

    // ECS: tasks without a service.
    NetworkMissing: ECS, 400, "InvalidParameterException",
        "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        Reported("fabfuel/ecs-deploy #133");
    SubnetsMissing: ECS, 400, "InvalidParameterException", "subnets can not be empty.", Reported("awslabs/fargatecli #73");
    TaskSubnetNotFound: ECS, 400, "InvalidParameterException",
        "Error retrieving subnet information for [{}]: The subnet ID '{}' does not exist (ErrorCode: InvalidSubnetID.NotFound)",
        Reported("eddmann/serverless-fargate #20, of CreateService");
    TaskGroupNotFound: ECS, 400, "InvalidParameterException",
        "Error retrieving security group information for [{}]: The security group '{}' does not exist (ErrorCode: InvalidGroup.NotFound)",
        Remembered("what ECS answers to a security group that is not there, in the form of the sentence on subnets");
    NotForFargate: ECS, 400, "InvalidParameterException", "Task definition does not support launch_type FARGATE.",
        Reported("aws/aws-cli #3983, of UpdateService");
    NoContainerInstances: ECS, 400, "InvalidParameterException", "No Container Instances were found in your cluster.",
        Reported("aws/amazon-ecs-cli #1122, boto/boto3 #2862");
    OverrideOfNothing: ECS, 400, "InvalidParameterException",
        "Override for container named {} is not a container in the TaskDefinition.",
        Reported("azavea/django-ecsmanage #21");

    // ECS: task definitions.
    UnknownTaskDefinition: ECS, 400, "ClientException", "Unable to describe task definition.", Reported("sil-org/ecs-deploy #145");
    TooManyAtOnce: ECS, 400, "ClientException",
        "Too many concurrent attempts to create a new revision of the specified family.",
        Reported("hashicorp/terraform-provider-aws #9777, PrefectHQ/prefect #10102");
    ReadOnlyField: ECS, 400, "ClientException", "{} is set by Amazon ECS and can not be registered.", STRICT;
    NullValue: ECS, 400, "SerializationException", "{} is null.", STRICT;
    FamilyMissing: ECS, 400, "ClientException", "Family should not be null or empty.", REGISTER;
    FamilyInvalid: ECS, 400, "ClientException", "Invalid family '{}'.", REGISTER;
    ContainersMissing: ECS, 400, "ClientException", "Container list cannot be empty.", REGISTER;
    TooManyContainers: ECS, 400, "ClientException", "Too many containers.", Reported("aws/amazon-ecs-cli #184");
    TooLarge: ECS, 400, "ClientException", "Actual length: '{}'. Max allowed length is '65536' bytes.",
        OurSentence("Amazon ECS Developer Guide, Service quotas, Task definition size limit (read 2026-11)");
    TagsEmpty: ECS, 400, "ClientException", "Tags can not be empty.", Reported("fabfuel/ecs-deploy #146, kayac/ecspresso #296");
    TooManyTags: ECS, 400, "InvalidParameterException", "The maximum number of tags per resource is 50.",
        OurSentence("Amazon ECS API Reference, RegisterTaskDefinition, `tags` (read 2026-11)");
    ContainerNameMissing: ECS, 400, "ClientException", "Container.name should not be null or empty.", Reported("hashicorp/terraform #2888");
    ContainerImageMissing: ECS, 400, "ClientException", "Container.image should not be null or empty.", Reported("aws-actions/amazon-ecs-render-task-definition #87");
    DuplicateContainer: ECS, 400, "ClientException", "Container names should be unique within a task definition: '{}'.", REGISTER;
    DependencyMissing: ECS, 400, "ClientException", "Cannot depend on container + '{}' because it does not exist", Reported("eagletmt/hako #99, dagster-io/dagster #6926");
    DependencyCycle: ECS, 400, "ClientException", "Container dependencies should not have a cycle.", REGISTER;
    VolumesFromMissing: ECS, 400, "ClientException", "Container '{}' mounts volumes from the container '{}', which does not exist.", REGISTER;
    VolumeMissing: ECS, 400, "ClientException", "Unknown volume '{}'.", Reported("wellcomecollection/platform #677");
    FargateCpuMissing: ECS, 400, "ClientException", "Fargate requires that 'cpu' be defined at the task level.", Reported("mongodb/terraform-aws-ecs-task-definition #38");
    FargateMemoryMissing: ECS, 400, "ClientException", "Fargate requires that 'memory' be defined at the task level.", Reported("aws/amazon-ecs-cli #982");
    FargateNetworkMode: ECS, 400, "ClientException", "Fargate only supports network mode ‘awsvpc’.", Reported("aws/amazon-ecs-cli #1145");
    FargateCapability: ECS, 400, "ClientException", "Fargate does not support adding the Linux capability '{}'.",
        OurSentence("Amazon ECS API Reference, KernelCapabilities: SYS_PTRACE alone can be added (read 2026-11)");
    FargatePrivileged: ECS, 400, "ClientException", "Fargate does not support privileged containers: '{}'.",
        OurSentence("Amazon ECS API Reference, ContainerDefinition, privileged (read 2026-11)");
    ContainerMemoryTooLarge: ECS, 400, "ClientException", "Invalid setting for container '{}'. The 'memory' setting for container is greater than for the task.",
        OurSentence("Amazon ECS Developer Guide, Task size");
    ReservedTooMuch: ECS, 400, "ClientException", "The containers of the task definition reserve more '{}' than is set for the task.",
        OurSentence("Amazon ECS API Reference, ContainerDefinition, cpu and memory (read 2026-11)");
    EcrNeedsExecutionRole: ECS, 400, "ClientException", "Fargate requires task definition to have execution role ARN to support ECR images.",
        Reported("hashicorp/terraform-provider-aws #3051, nathanpeck/aws-cloudformation-fargate #1");
    LogsNeedExecutionRole: ECS, 400, "ClientException", "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        Reported("virtual-kubelet/virtual-kubelet #193");
}

/// Returns the whole table, so that it can be seen which answers of this simulator are AWS's and which are ours.
pub fn table() -> Vec<Row> {
    ErrorKind::ALL.iter().map(|kind| kind.row()).collect()
}

/// An error on its way to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AwsError {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
    /// What is told in a header besides.
    header: Option<(&'static str, String)>,
}

impl AwsError {
    /// Fills in the places of the message in order.
    pub(super) fn new(kind: ErrorKind, places: &[&str]) -> Self {
        let mut parts = kind.row().message.split("{}");
        let mut message = parts.next().unwrap_or_default().to_owned();
        let mut places = places.iter();
        for part in parts {
            message.push_str(places.next().copied().unwrap_or_default());
            message.push_str(part);
        }
        Self { kind, message, header: None }
    }

    pub(super) fn with_header(self, name: &'static str, value: &str) -> Self {
        Self { header: Some((name, value.to_owned())), ..self }
    }

    pub(super) fn encode(&self, service: Service, request_id: &str) -> Reply {
        let row = self.kind.row();
        debug_assert!(row.services.contains(&service), "{:?} is no error of {service:?}", self.kind);
        let mut reply = encode(service, row.status, row.code, &self.message, request_id);
        reply.headers.extend(self.header.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        reply
    }
}

impl AwsError {
    /// Returns status, code and message as a registry of ECR has them; a denial has another code there than in AWS's API.
    /// Source: aws/copilot-cli #3518: `denied:` and the sentence.
    pub(super) fn in_a_registry(self) -> (u16, &'static str, String) {
        match self.kind {
            ErrorKind::JsonDenied => (403, "DENIED", self.message),
            other => (other.row().status, other.row().code, self.message),
        }
    }
}

impl From<ErrorKind> for AwsError {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, &[])
    }
}

/// Writes an error in the protocol of a service.
/// Sources: Smithy, AWS JSON 1.1, AWS query and EC2 query protocols, operation error serialization.
pub(super) fn encode(service: Service, status: u16, code: &str, message: &str, request_id: &str) -> Reply {
    match service {
        Ecs | Ecr => Reply::json(status, &json!({ "__type": code, "message": message }), request_id),
        // These two spell the key with a capital letter.
        Organizations | SecretsManager => Reply::json(status, &json!({ "__type": code, "Message": message }), request_id),
        Sts => {
            let side = if status >= 500 { "Receiver" } else { "Sender" };
            let (code, message) = (escape(code), escape(message));
            let body = format!(
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>{side}</Type><Code>{code}</Code>\
                 <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
            );
            Reply::xml(status, body, request_id)
        }
        Ec2 => {
            let (code, message) = (escape(code), escape(message));
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Errors><Error><Code>{code}</Code>\
                 <Message>{message}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
            );
            Reply::xml(status, body, request_id)
        }
        S3 => {
            let (code, message) = (escape(code), escape(message));
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>\
                 <RequestId>{request_id}</RequestId><HostId>simulated</HostId></Error>"
            );
            Reply::of_s3(status, Some(body), Vec::new(), request_id)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows nobody answers would be claims about AWS that nothing here keeps.
    #[test]
    fn every_row_is_answered_somewhere_and_has_a_source() {
        let folder = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/aws");
        let mut code = String::new();
        let mut folders = vec![folder];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the sources are here").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "errors.rs") {
                    code.push_str(&std::fs::read_to_string(path).expect("a source file is text"));
                }
            }
        }
        for row in table() {
            let name = row.name;
            assert!(code.contains(&format!("ErrorKind::{name}")), "{name} is never answered");
            assert!((301..600).contains(&row.status) && !row.services.is_empty(), "{name}");
            let (Reported(text) | Remembered(text) | OurSentence(text) | OursOnPurpose(text)) = row.source;
            assert!(text.len() > 10, "{name} has no source");
        }
        // The other direction: nothing passes the table by.
        assert_eq!(code.matches("errors::encode(").count(), 1, "only the fault of a scenario may bring its own code");
    }

    #[test]
    fn an_error_is_written_in_the_protocol_of_its_service() {
        let text = |service| String::from_utf8(encode(service, 400, "Throttling", "a < b", "id").body).expect("text");
        assert_eq!(text(Ecs), r#"{"__type":"Throttling","message":"a < b"}"#);
        assert_eq!(text(Ecr), text(Ecs));
        assert!(text(Sts).contains("<Code>Throttling</Code><Message>a &lt; b</Message>"));
        assert!(text(S3).ends_with(
            "<Error><Code>Throttling</Code><Message>a &lt; b</Message><RequestId>id</RequestId><HostId>simulated</HostId></Error>"
        ));
        assert!(text(Ec2).starts_with("<?xml") && text(Ec2).contains("<Response><Errors><Error><Code>Throttling</Code>"));
    }
}
