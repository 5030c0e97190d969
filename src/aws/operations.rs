//! Every AWS operation we use, as data: what it needs, whether it changes anything, and which of AWS's quotas it spends.
//!
//! This table is the one place that knows. What a call may be repeated for, what `permissions` prints, what a dry run's session
//! may do and how calls are paced all come from it. An operation that is not in here cannot be sent: [`super::call`] takes one.

use std::collections::BTreeSet;

use serde_json::json;

/// One operation of an AWS service.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    pub name: &'static str,
    /// The IAM actions it needs; the first is the operation's own. One operation needs none.
    pub actions: &'static [&'static str],
    pub effect: Effect,
    pub role: Role,
    pub quota: Quota,
}

/// Whether an operation changes a customer's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Read,
    /// Doing it twice comes to the same as doing it once.
    Write,
    /// Doing it twice leaves something behind, so that it is repeated only when AWS said that it did nothing.
    WriteOnce,
}

/// Whose permissions an operation is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The caller: the master role, or whoever starts the program.
    Master,
    /// The member role of the account.
    Member,
    /// The caller too, but only where reports go into a bucket: nobody has to allow it.
    Reports,
    /// The member role too, but only where tasks pull images with secrets of their own: nobody has to allow it.
    RegistrySecrets,
    /// The member role too, but only to close again what was opened in networks: nobody has to allow it before.
    Undo,
}

/// The token bucket that a call spends from, for each account and Region.
///
/// Source of the ECS numbers: Amazon ECS API Reference, "Request throttling"; of the others: Amazon EC2 API Reference, "Request
/// throttling", and IAM, STS and ECR quotas (read 2026-11; ECR's from memory). Those of Organizations are from memory too ("Throttling
/// limits" of its User Guide): a walk of pages that follow each other is hardly slower, and other tools of the management account call
/// there as well. Secrets Manager and S3 publish none that matters to a call or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quota {
    EcsClusterRead,
    EcsClusterResourceRead,
    EcsServiceRead,
    EcsTaskDefinitionRead,
    EcsTaskDefinitionModify,
    EcsServiceModify,
    EcsServiceDeployment,
    EcsTagModify,
    Ec2Read,
    Ec2Write,
    Ec2Tags,
    EcrAuthorization,
    Sts,
    Organizations,
    Unpublished,
}

impl Quota {
    /// Returns how many calls may be made at once, and how many a second after that.
    pub fn burst_and_refill(self) -> Option<(u32, u32)> {
        match self {
            Self::EcsClusterRead | Self::EcsTaskDefinitionRead | Self::EcsServiceDeployment => Some((50, 20)),
            Self::EcsServiceRead | Self::EcsClusterResourceRead => Some((100, 20)),
            Self::EcsTagModify => Some((20, 10)),
            Self::EcsTaskDefinitionModify => Some((20, 1)),
            Self::EcsServiceModify => Some((50, 5)),
            Self::Ec2Read => Some((100, 20)),
            Self::Ec2Write => Some((50, 5)),
            Self::Ec2Tags => Some((100, 10)),
            Self::EcrAuthorization => Some((500, 500)),
            Self::Sts => Some((600, 600)),
            Self::Organizations => Some((15, 8)),
            Self::Unpublished => None,
        }
    }
}

impl Quota {
    /// Returns what its calls do, in a word or two.
    pub fn what(self) -> &'static str {
        match self {
            Self::EcsClusterRead => "cluster",
            Self::EcsClusterResourceRead => "task",
            Self::EcsServiceRead => "service",
            Self::EcsTaskDefinitionRead => "task definition",
            Self::EcsTaskDefinitionModify => "register",
            Self::EcsServiceModify => "update",
            Self::EcsServiceDeployment => "deployment",
            Self::EcsTagModify => "tag",
            Self::Ec2Read => "EC2 read",
            Self::Ec2Write => "EC2 write",
            Self::Ec2Tags => "EC2 tag",
            Self::EcrAuthorization => "ECR",
            Self::Sts => "STS",
            Self::Organizations => "Organizations",
            Self::Unpublished => "unpublished",
        }
    }
}

const fn read(name: &'static str, actions: &'static [&'static str], role: Role, quota: Quota) -> Operation {
    Operation { name, actions, effect: Effect::Read, role, quota }
}

/// Nobody has to be allowed to ask who he is.
/// Source: AWS STS API Reference, GetCallerIdentity (read 2026-11).
pub static GET_CALLER_IDENTITY: Operation = read("GetCallerIdentity", &[], Role::Master, Quota::Sts);
pub static GET_SECRET_VALUE: Operation =
    read("GetSecretValue", &["secretsmanager:GetSecretValue"], Role::Master, Quota::Unpublished);
pub static LIST_ACCOUNTS: Operation = read("ListAccounts", &["organizations:ListAccounts"], Role::Master, Quota::Organizations);
pub static LIST_ACCOUNTS_FOR_PARENT: Operation =
    read("ListAccountsForParent", &["organizations:ListAccountsForParent"], Role::Master, Quota::Organizations);
pub static LIST_UNITS_FOR_PARENT: Operation = read(
    "ListOrganizationalUnitsForParent",
    &["organizations:ListOrganizationalUnitsForParent"],
    Role::Master,
    Quota::Organizations,
);
/// A session is nobody's resource: assuming a role changes nothing.
pub static ASSUME_ROLE: Operation = read("AssumeRole", &["sts:AssumeRole"], Role::Master, Quota::Sts);
/// The tasks of this program itself, in the caller's account.
pub static LIST_TASKS: Operation = read("ListTasks", &["ecs:ListTasks"], Role::Master, Quota::EcsClusterResourceRead);
pub static DESCRIBE_TASKS: Operation = read("DescribeTasks", &["ecs:DescribeTasks"], Role::Master, Quota::EcsClusterResourceRead);
pub static DESCRIBE_REGIONS: Operation = read("DescribeRegions", &["ec2:DescribeRegions"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_SUBNETS: Operation = read("DescribeSubnets", &["ec2:DescribeSubnets"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_SECURITY_GROUPS: Operation =
    read("DescribeSecurityGroups", &["ec2:DescribeSecurityGroups"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_NETWORK_ACLS: Operation =
    read("DescribeNetworkAcls", &["ec2:DescribeNetworkAcls"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_ROUTE_TABLES: Operation =
    read("DescribeRouteTables", &["ec2:DescribeRouteTables"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_NAT_GATEWAYS: Operation =
    read("DescribeNatGateways", &["ec2:DescribeNatGateways"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_VPC_ENDPOINTS: Operation =
    read("DescribeVpcEndpoints", &["ec2:DescribeVpcEndpoints"], Role::Member, Quota::Ec2Read);
pub static DESCRIBE_NETWORK_INTERFACES: Operation =
    read("DescribeNetworkInterfaces", &["ec2:DescribeNetworkInterfaces"], Role::Member, Quota::Ec2Read);
pub static GET_MANAGED_PREFIX_LIST_ENTRIES: Operation =
    read("GetManagedPrefixListEntries", &["ec2:GetManagedPrefixListEntries"], Role::Member, Quota::Ec2Read);
/// The same rule a second time is refused as a duplicate. Tags on new rules need `ec2:CreateTags`.
/// Source: Amazon EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation" (from memory).
pub static AUTHORIZE_SECURITY_GROUP_EGRESS: Operation = Operation {
    name: "AuthorizeSecurityGroupEgress",
    actions: &["ec2:AuthorizeSecurityGroupEgress", "ec2:CreateTags"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::Ec2Write,
};
/// The same number a second time is refused as taken.
pub static CREATE_NETWORK_ACL_ENTRY: Operation = Operation {
    name: "CreateNetworkAclEntry",
    actions: &["ec2:CreateNetworkAclEntry"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::Ec2Write,
};
pub static CREATE_TAGS: Operation = Operation {
    name: "CreateTags",
    actions: &["ec2:CreateTags"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::Ec2Tags,
};
/// Rules one by one, with the tags that only this operation tells.
pub static DESCRIBE_SECURITY_GROUP_RULES: Operation =
    read("DescribeSecurityGroupRules", &["ec2:DescribeSecurityGroupRules"], Role::Undo, Quota::Ec2Read);
/// A rule, an entry or a tag that is gone is closed, so that closing it a second time comes to the same.
pub static REVOKE_SECURITY_GROUP_EGRESS: Operation = Operation {
    name: "RevokeSecurityGroupEgress",
    actions: &["ec2:RevokeSecurityGroupEgress"],
    effect: Effect::Write,
    role: Role::Undo,
    quota: Quota::Ec2Write,
};
pub static DELETE_NETWORK_ACL_ENTRY: Operation = Operation {
    name: "DeleteNetworkAclEntry",
    actions: &["ec2:DeleteNetworkAclEntry"],
    effect: Effect::Write,
    role: Role::Undo,
    quota: Quota::Ec2Write,
};
pub static DELETE_TAGS: Operation = Operation {
    name: "DeleteTags",
    actions: &["ec2:DeleteTags"],
    effect: Effect::Write,
    role: Role::Undo,
    quota: Quota::Ec2Tags,
};
/// The token opens the registry's own API, where reading an image's configuration takes the other two.
/// Source: Amazon ECR User Guide, "Amazon ECR repository policies", on what pulling needs (from memory).
pub static GET_AUTHORIZATION_TOKEN: Operation = read(
    "GetAuthorizationToken",
    &["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    Role::Member,
    Quota::EcrAuthorization,
);
/// The secret in a container's `repositoryCredentials`.
pub static GET_REGISTRY_SECRET: Operation =
    read("GetSecretValue", &["secretsmanager:GetSecretValue"], Role::RegistrySecrets, Quota::Unpublished);
pub static LIST_CLUSTERS: Operation = read("ListClusters", &["ecs:ListClusters"], Role::Member, Quota::EcsClusterRead);
pub static DESCRIBE_CLUSTERS: Operation =
    read("DescribeClusters", &["ecs:DescribeClusters"], Role::Member, Quota::EcsClusterRead);
pub static LIST_SERVICES: Operation = read("ListServices", &["ecs:ListServices"], Role::Member, Quota::EcsServiceRead);
pub static DESCRIBE_SERVICES: Operation =
    read("DescribeServices", &["ecs:DescribeServices"], Role::Member, Quota::EcsServiceRead);
/// The tasks of a customer's services.
pub static LIST_SERVICE_TASKS: Operation = read("ListTasks", &["ecs:ListTasks"], Role::Member, Quota::EcsClusterResourceRead);
pub static DESCRIBE_SERVICE_TASKS: Operation =
    read("DescribeTasks", &["ecs:DescribeTasks"], Role::Member, Quota::EcsClusterResourceRead);
pub static DESCRIBE_TASK_DEFINITION: Operation =
    read("DescribeTaskDefinition", &["ecs:DescribeTaskDefinition"], Role::Member, Quota::EcsTaskDefinitionRead);
/// Tags on the new revision need `ecs:TagResource`, its roles `iam:PassRole`.
/// Source: Amazon ECS Developer Guide, "Grant permission to tag resources on creation" (read 2026-11).
pub static REGISTER_TASK_DEFINITION: Operation = Operation {
    name: "RegisterTaskDefinition",
    actions: &["ecs:RegisterTaskDefinition", "ecs:TagResource", "iam:PassRole"],
    effect: Effect::WriteOnce,
    role: Role::Member,
    quota: Quota::EcsTaskDefinitionModify,
};
pub static UPDATE_SERVICE: Operation = Operation {
    name: "UpdateService",
    actions: &["ecs:UpdateService"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::EcsServiceModify,
};
pub static LIST_SERVICE_DEPLOYMENTS: Operation =
    read("ListServiceDeployments", &["ecs:ListServiceDeployments"], Role::Member, Quota::EcsServiceDeployment);
pub static DESCRIBE_SERVICE_DEPLOYMENTS: Operation =
    read("DescribeServiceDeployments", &["ecs:DescribeServiceDeployments"], Role::Member, Quota::EcsServiceDeployment);
/// A second time it is refused: there is nothing to stop any more. Its bucket is not published; it is taken for that of the other changes
/// of services.
pub static STOP_SERVICE_DEPLOYMENT: Operation = Operation {
    name: "StopServiceDeployment",
    actions: &["ecs:StopServiceDeployment"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::EcsServiceModify,
};
pub static DEREGISTER_TASK_DEFINITION: Operation = Operation {
    name: "DeregisterTaskDefinition",
    actions: &["ecs:DeregisterTaskDefinition"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::EcsTaskDefinitionModify,
};
/// What must be remembered of a service.
pub static TAG_SERVICE: Operation = Operation {
    name: "TagResource",
    actions: &["ecs:TagResource"],
    effect: Effect::Write,
    role: Role::Member,
    quota: Quota::EcsTagModify,
};

/// A report, whole. The same a second time is the same object.
pub static PUT_OBJECT: Operation = Operation {
    name: "PutObject",
    actions: &["s3:PutObject"],
    effect: Effect::Write,
    role: Role::Reports,
    quota: Quota::Unpublished,
};

/// Every operation there is.
pub static ALL: [&Operation; 41] = [
    &GET_CALLER_IDENTITY,
    &GET_SECRET_VALUE,
    &LIST_ACCOUNTS,
    &LIST_ACCOUNTS_FOR_PARENT,
    &LIST_UNITS_FOR_PARENT,
    &ASSUME_ROLE,
    &LIST_TASKS,
    &DESCRIBE_TASKS,
    &DESCRIBE_REGIONS,
    &DESCRIBE_SUBNETS,
    &DESCRIBE_SECURITY_GROUPS,
    &DESCRIBE_NETWORK_ACLS,
    &DESCRIBE_ROUTE_TABLES,
    &DESCRIBE_NAT_GATEWAYS,
    &DESCRIBE_VPC_ENDPOINTS,
    &DESCRIBE_NETWORK_INTERFACES,
    &GET_MANAGED_PREFIX_LIST_ENTRIES,
    &AUTHORIZE_SECURITY_GROUP_EGRESS,
    &CREATE_NETWORK_ACL_ENTRY,
    &CREATE_TAGS,
    &DESCRIBE_SECURITY_GROUP_RULES,
    &REVOKE_SECURITY_GROUP_EGRESS,
    &DELETE_NETWORK_ACL_ENTRY,
    &DELETE_TAGS,
    &GET_AUTHORIZATION_TOKEN,
    &GET_REGISTRY_SECRET,
    &LIST_CLUSTERS,
    &DESCRIBE_CLUSTERS,
    &LIST_SERVICES,
    &DESCRIBE_SERVICES,
    &LIST_SERVICE_TASKS,
    &DESCRIBE_SERVICE_TASKS,
    &DESCRIBE_TASK_DEFINITION,
    &REGISTER_TASK_DEFINITION,
    &UPDATE_SERVICE,
    &LIST_SERVICE_DEPLOYMENTS,
    &DESCRIBE_SERVICE_DEPLOYMENTS,
    &STOP_SERVICE_DEPLOYMENT,
    &DEREGISTER_TASK_DEFINITION,
    &TAG_SERVICE,
    &PUT_OBJECT,
];

/// What a service of AWS does so that a run can be, with a role that lets it.
#[derive(Debug, PartialEq, Eq)]
pub struct OnOurBehalf {
    pub actions: &'static [&'static str],
    pub with: Lent,
}

/// The role that a service of AWS is lent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lent {
    /// The execution role of the updater's task, by ECS.
    ToEcs,
    /// The role of its schedule, by EventBridge Scheduler.
    ToScheduler,
    /// The role of whoever reads a secret, by Secrets Manager.
    ToSecretsManager,
    /// The role of whoever puts a report into a bucket, by S3.
    ToS3,
}

/// What AWS's services do on our behalf.
pub static ON_OUR_BEHALF: [OnOurBehalf; 6] = [
    // The image of the updater, if it is in ECR.
    // Source: Amazon ECS Developer Guide, "Amazon ECS task execution IAM role" (read 2026-11).
    OnOurBehalf {
        actions: &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
        ],
        with: Lent::ToEcs,
    },
    // Its log, in a group that is there.
    OnOurBehalf { actions: &["logs:CreateLogStream", "logs:PutLogEvents"], with: Lent::ToEcs },
    // The task, whose roles are passed on.
    // Source: EventBridge Scheduler User Guide, "Setting up Amazon EventBridge Scheduler", execution role (read 2026-11).
    OnOurBehalf { actions: &["ecs:RunTask", "iam:PassRole"], with: Lent::ToScheduler },
    // What it could not start, if somebody wants to know.
    OnOurBehalf { actions: &["sqs:SendMessage"], with: Lent::ToScheduler },
    // A secret with a key of its own, for whoever may read it.
    // Source: AWS Secrets Manager User Guide, "Secret encryption and decryption in AWS Secrets Manager" (read 2026-11).
    OnOurBehalf { actions: &["kms:Decrypt"], with: Lent::ToSecretsManager },
    // A bucket that encrypts with a key of its own.
    // Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)", permissions (read 2026-11).
    OnOurBehalf { actions: &["kms:GenerateDataKey"], with: Lent::ToS3 },
];

/// Returns the IAM actions that a service needs a role for, sorted.
pub fn actions_lent(with: Lent) -> BTreeSet<&'static str> {
    ON_OUR_BEHALF.iter().filter(|lent| lent.with == with).flat_map(|lent| lent.actions.iter().copied()).collect()
}

/// Returns the session policy of a run that changes nothing: reading, and no more.
///
/// A session may do what both its role and this allow. At most 2,048 characters.
/// Source: AWS STS API Reference, AssumeRole, `Policy` (read 2026-11).
pub fn read_only_policy() -> String {
    let by_members = |operation: &&&Operation| ![Role::Master, Role::Reports].contains(&operation.role);
    let reading = ALL.iter().filter(by_members).filter(|operation| operation.effect == Effect::Read);
    let mut actions: BTreeSet<&str> = reading.flat_map(|operation| operation.actions.iter().copied()).collect();
    // Secrets Manager decrypts what is read in the name of the session.
    actions.extend(actions_lent(Lent::ToSecretsManager));
    let statement = json!({"Effect": "Allow", "Action": actions, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

/// Returns the IAM actions that a role needs, sorted, each once.
pub fn actions_of(role: Role) -> Vec<&'static str> {
    let of_role = ALL.iter().filter(|operation| operation.role == role);
    let mut actions: Vec<_> = of_role.flat_map(|operation| operation.actions.iter().copied()).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}
