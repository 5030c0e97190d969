//! What `fargateDeployCFT.yaml` allows is what is needed: everything that the program calls, everything that AWS does for it, and
//! nothing else.

use std::collections::BTreeSet;

use fargate_updater::aws::operations::{Lent, Role, actions_lent, actions_of};
use simulator::Org;
use simulator::iam::{Context, Request, Verdict};
use simulator::installation::Installation;
use simulator::scenario::stack::{Permission, Stack};

use crate::fleet::{ACCOUNT, FLEETS};
use crate::read;

/// The management account of every scenario, where the stack is.
const HOME: &str = "123456789012";

fn installed(edit: impl FnOnce(Stack) -> Stack) -> Installation {
    let org = Org::new().account(ACCOUNT, |account| account).stack(edit);
    Installation::new(&org).unwrap_or_else(|problem| panic!("the stack cannot be created: {problem}"))
}

/// A stack with all that it can have.
fn complete(stack: Stack) -> Stack {
    let stack = stack.parameter("ImageUri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/fargate-updater:1.0.0");
    let stack = stack.parameter("ScheduleExpression", "rate(6 hours)").parameter("SubnetIds", "subnet-0123456789abcdef0");
    let stack = stack.parameter("NotificationEmail", "security@example.com").parameter("ReportBucket", "reports");
    stack.parameter("RegistrySecretArns", "arn:aws:secretsmanager:*:*:secret:registry/*")
}

fn allowed(installation: &Installation, policy: &str) -> BTreeSet<String> {
    let permissions = installation.permissions();
    permissions.into_iter().filter(|permission| permission.policy == policy).map(|permission| permission.action).collect()
}

fn expect(policy: &str, installation: &Installation, needed: &[BTreeSet<&'static str>]) {
    let needed: BTreeSet<String> = needed.iter().flatten().map(|action| (*action).to_owned()).collect();
    let allowed = allowed(installation, policy);
    let (missing, extra): (Vec<_>, Vec<_>) = (needed.difference(&allowed).collect(), allowed.difference(&needed).collect());
    assert!(
        missing.is_empty() && extra.is_empty(),
        "{policy} in fargateDeployCFT.yaml and src/aws/operations.rs differ.\nnot allowed and needed: {missing:?}\nallowed and needed by nothing: {extra:?}"
    );
}

fn of(role: Role) -> BTreeSet<&'static str> {
    actions_of(role).into_iter().collect()
}

#[test]
fn the_policies_allow_what_is_called_and_what_aws_does_for_us_and_nothing_else() {
    let whole = installed(complete);
    let (ecs, secrets) = (actions_lent(Lent::ToEcs), actions_lent(Lent::ToSecretsManager));
    let own = [of(Role::Master), ecs, secrets.clone()];
    expect("FargateUpdaterMasterPolicy", &whole, &[&own[..], &[of(Role::Reports), actions_lent(Lent::ToS3)]].concat());
    expect("FargateUpdaterMemberPolicy", &whole, &[of(Role::Member), of(Role::Undo), of(Role::RegistrySecrets), secrets.clone()]);
    expect("FargateUpdaterSchedulePolicy", &whole, &[actions_lent(Lent::ToScheduler)]);

    let plain = installed(|stack| stack);
    expect("FargateUpdaterMasterPolicy", &plain, &own);
    expect("FargateUpdaterMemberPolicy", &plain, &[of(Role::Member), of(Role::Undo)]);
    assert!(allowed(&plain, "FargateUpdaterSchedulePolicy").is_empty());

    // Outside of ECS there are no tasks to look for, no image and no log; in an account by itself there is no organization.
    let elsewhere = installed(|stack| stack.parameter("FargateDeploy", "false").parameter("DeploymentMode", "Single Account"));
    let left = of(Role::Master).into_iter().filter(|action| !["ecs:", "organizations:"].iter().any(|of| action.starts_with(of)));
    expect("FargateUpdaterMasterPolicy", &elsewhere, &[left.collect(), secrets]);
}

/// Each row: an action, a resource, what is known besides, and whether the member role may.
#[test]
fn the_member_role_writes_only_what_it_has_to() {
    let role =
        installed(|stack| stack).member(ACCOUNT, "FargateDeployMember").expect("IAM takes it").expect("the StackSet reaches it");
    let own = |resource: &str| format!("arn:aws:{}", resource.replace("@", ACCOUNT));
    let keys = |keys: &[&str]| Context::default().with_all("aws:TagKeys", keys.iter().map(|key| (*key).to_owned()));
    let none = Context::default;
    for (action, resource, context, expected) in [
        ("iam:PassRole", "iam::@:role/task", none().with("iam:PassedToService", "ecs-tasks.amazonaws.com"), true),
        ("iam:PassRole", "iam::@:role/task", none().with("iam:PassedToService", "ec2.amazonaws.com"), false),
        ("iam:PassRole", "iam::@:role/task", none(), false),
        ("iam:PassRole", "iam::444455556666:role/task", none().with("iam:PassedToService", "ecs-tasks.amazonaws.com"), false),
        ("ecs:UpdateService", "ecs:eu-west-1:@:service/web/checkout", none(), true),
        ("ecs:UpdateService", "ecs:eu-west-1:444455556666:service/web/checkout", none(), false),
        ("ecs:StopServiceDeployment", "ecs:eu-west-1:@:service-deployment/web/checkout/1", none(), true),
        ("ecs:DeleteService", "ecs:eu-west-1:@:service/web/checkout", none(), false),
        ("ecs:TagResource", "ecs:eu-west-1:@:service/web/checkout", keys(&["fargate-updater:protected"]), true),
        ("ecs:TagResource", "ecs:eu-west-1:@:service/web/checkout", keys(&["fargate-updater:protected", "Owner"]), false),
        ("ecs:TagResource", "ecs:eu-west-1:@:service/web/checkout", none(), false),
        ("ecs:TagResource", "ecs:eu-west-1:@:cluster/web", keys(&["fargate-updater:protected"]), false),
        (
            "ecs:TagResource",
            "ecs:eu-west-1:@:task-definition/web:*",
            keys(&["Owner"]).with("ecs:CreateAction", "RegisterTaskDefinition"),
            true,
        ),
        ("ecs:TagResource", "ecs:eu-west-1:@:task-definition/web:1", keys(&["fargate-updater:source"]), false),
        ("ec2:AuthorizeSecurityGroupEgress", "ec2:eu-west-1:@:security-group/sg-1", none(), true),
        ("ec2:AuthorizeSecurityGroupIngress", "ec2:eu-west-1:@:security-group/sg-1", none(), false),
        ("ec2:RevokeSecurityGroupIngress", "ec2:eu-west-1:@:security-group/sg-1", none(), false),
        ("ec2:CreateNetworkAclEntry", "ec2:eu-west-1:@:network-acl/acl-1", none(), true),
        ("ec2:ReplaceNetworkAclEntry", "ec2:eu-west-1:@:network-acl/acl-1", none(), false),
        ("ec2:CreateTags", "ec2:eu-west-1:@:network-acl/acl-1", keys(&["fargate-updater:opened"]), true),
        ("ec2:CreateTags", "ec2:eu-west-1:@:network-acl/acl-1", keys(&["Name"]), false),
        ("ec2:DeleteTags", "ec2:eu-west-1:@:network-acl/acl-1", keys(&["Name"]), false),
        ("ec2:CreateTags", "ec2:eu-west-1:@:instance/i-1", keys(&["fargate-updater:opened"]), false),
        ("ec2:CreateTags", "ec2:eu-west-1:@:security-group-rule/*", keys(&["fargate-updater:opened"]), false),
        (
            "ec2:CreateTags",
            "ec2:eu-west-1:@:security-group-rule/*",
            keys(&["fargate-updater:opened"]).with("ec2:CreateAction", "AuthorizeSecurityGroupEgress"),
            true,
        ),
        ("secretsmanager:GetSecretValue", "secretsmanager:eu-west-1:@:secret:any-SiMuLa", none(), false),
        ("sts:AssumeRole", "iam::444455556666:role/FargateDeployMember", none(), false),
    ] {
        let request = Request { action, resource: &own(resource), context: &context };
        let expected = if expected { Verdict::Allowed } else { Verdict::NotAllowed };
        assert_eq!(role.judge(request), expected, "{action} on {resource} with {context:?}");
    }
}

#[test]
fn the_updaters_own_role_reads_one_secret_assumes_one_role_and_writes_reports() {
    let with_arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:console-AbCdEf";
    let plain = installed(|stack| stack);
    let by_arn = installed(|stack| stack.parameter("PrismaCloudSecret", with_arn));
    let single = installed(|stack| stack.parameter("DeploymentMode", "Single Account"));
    let reporting = installed(|stack| stack.parameter("ReportBucket", "reports"));
    let encrypting =
        |what: &str, by: &str| Context::default().with("kms:ViaService", by).with("kms:EncryptionContext:aws:s3:arn", what);
    let decrypting =
        |secret: &str, by: &str| Context::default().with("kms:ViaService", by).with("kms:EncryptionContext:SecretARN", secret);
    let own = "arn:aws:secretsmanager:us-east-1:123456789012:secret:fargate-updater/console-SiMuLa";
    let other = "arn:aws:secretsmanager:us-east-1:123456789012:secret:database-SiMuLa";
    let key = "arn:aws:kms:us-east-1:123456789012:key/1";
    let (secrets, s3) = ("secretsmanager.us-east-1.amazonaws.com", "s3.us-east-1.amazonaws.com");
    let none = Context::default();
    for (installation, action, resource, context, expected) in [
        (&plain, "secretsmanager:GetSecretValue", own, none.clone(), true),
        (&plain, "secretsmanager:GetSecretValue", other, none.clone(), false),
        (&by_arn, "secretsmanager:GetSecretValue", with_arn, none.clone(), true),
        (&by_arn, "secretsmanager:GetSecretValue", own, none.clone(), false),
        (&plain, "kms:Decrypt", key, decrypting(own, secrets), true),
        (&plain, "kms:Decrypt", key, decrypting(other, secrets), false),
        (&plain, "kms:Decrypt", key, decrypting(own, s3), false),
        (&plain, "kms:Decrypt", key, none.clone(), false),
        (&by_arn, "kms:Decrypt", key, decrypting(with_arn, secrets), true),
        (&plain, "sts:AssumeRole", "arn:aws:iam::111122223333:role/FargateDeployMember", none.clone(), true),
        (&plain, "sts:AssumeRole", "arn:aws:iam::111122223333:role/OrganizationAccountAccessRole", none.clone(), false),
        (&single, "sts:AssumeRole", "arn:aws:iam::123456789012:role/FargateDeployMember", none.clone(), true),
        (&single, "sts:AssumeRole", "arn:aws:iam::111122223333:role/FargateDeployMember", none.clone(), false),
        (&reporting, "s3:PutObject", "arn:aws:s3:::reports/fargate/report.html", none.clone(), true),
        (&reporting, "s3:PutObject", "arn:aws:s3:::reports-of-others/report.html", none.clone(), false),
        (&reporting, "s3:GetObject", "arn:aws:s3:::reports/fargate/report.html", none.clone(), false),
        (&plain, "s3:PutObject", "arn:aws:s3:::reports/fargate/report.html", none.clone(), false),
        (&reporting, "kms:GenerateDataKey", key, encrypting("arn:aws:s3:::reports/fargate/report.html", s3), true),
        (&reporting, "kms:GenerateDataKey", key, encrypting("arn:aws:s3:::reports", s3), true),
        (&reporting, "kms:GenerateDataKey", key, encrypting("arn:aws:s3:::reports-of-others/report.html", s3), false),
        (&reporting, "kms:GenerateDataKey", key, encrypting("arn:aws:s3:::reports/fargate/report.html", secrets), false),
        (&reporting, "kms:GenerateDataKey", key, none.clone(), false),
        (&reporting, "kms:Decrypt", key, encrypting("arn:aws:s3:::reports/fargate/report.html", s3), false),
        (&plain, "ecs:UpdateService", "arn:aws:ecs:us-east-1:123456789012:service/web/checkout", none.clone(), false),
        (&plain, "ecs:DescribeTasks", "arn:aws:ecs:us-east-1:123456789012:task/fargate-updater/1", none, true),
    ] {
        let expected = if expected { Verdict::Allowed } else { Verdict::NotAllowed };
        let master = installation.master().expect("the stack has the updater's role");
        assert_eq!(master.judge(Request { action, resource, context: &context }), expected, "{action} on {resource}");
    }
    assert_eq!(plain.account, HOME);
}

#[test]
fn every_statement_says_why_it_is_there() {
    let template = read("fargateDeployCFT.yaml");
    let lines: Vec<&str> = template.lines().map(str::trim).collect();
    let mut statements = 0;
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.trim_start_matches("- ").starts_with("Sid:")) {
        statements += 1;
        let opening = |line: &&&str| line.starts_with("- ") && !line.contains(": ");
        let above = lines[..at].iter().rev().find(|line| !opening(line));
        assert!(
            above.is_some_and(|above| above.starts_with('#')),
            "line {} of the template has no comment above: {line}",
            at + 1
        );
    }
    assert!(statements > 40, "the template is read wrongly: {statements} statements");
}

/// Takes each permission away in turn: some run through some organization must then be refused something, or end otherwise.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_permission_is_enough_and_none_is_too_much() {
    let mut told = Vec::new();
    let mut used: Vec<BTreeSet<(String, String)>> = Vec::new();
    for fleet in &FLEETS {
        let world = (fleet.org)().start().await;
        told.push(fleet.run(&world).await.unwrap_or_else(|problem| panic!("under the template's own permissions: {problem}")));
        assert_eq!(world.permissions_missed(), BTreeSet::new(), "{}: the template does not allow what is needed", fleet.name);
        used.push(world.permissions_used());
    }
    let role_of = |permission: &Permission| match permission.policy.as_str() {
        "FargateUpdaterMasterPolicy" => "FargateDeployMaster",
        _ => "FargateDeployMember",
    };
    // What AWS does before a run begins is in the simulator's own tests: `installation::tests`.
    let lent: BTreeSet<&str> = actions_lent(Lent::ToEcs).into_iter().chain(actions_lent(Lent::ToScheduler)).collect();
    let needed_by_aws = |permission: &Permission| {
        permission.policy == "FargateUpdaterSchedulePolicy"
            || (permission.policy == "FargateUpdaterMasterPolicy" && lent.contains(permission.action.as_str()))
    };
    let mut unneeded = Vec::new();
    for permission in installed(complete).permissions().into_iter().filter(|permission| !needed_by_aws(permission)) {
        let needs = (role_of(&permission).to_owned(), permission.action.clone());
        let mut is_needed = false;
        for (at, fleet) in FLEETS.iter().enumerate().filter(|(at, _)| used[*at].contains(&needs)) {
            let org = (fleet.org)();
            let registries = org.stack.parameters.contains_key("RegistrySecretArns");
            if permission.statement.contains("RegistrySecrets") && !registries {
                continue;
            }
            let world = org.stack(|stack| stack.without(permission.clone())).start().await;
            if fleet.run(&world).await.as_ref() != Ok(&told[at]) || world.permissions_missed().contains(&needs) {
                is_needed = true;
                break;
            }
        }
        if !is_needed {
            unneeded.push(permission);
        }
    }
    assert!(unneeded.is_empty(), "nothing is missed without {unneeded:#?}");
}
