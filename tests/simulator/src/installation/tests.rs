//! What the template comes to, without a world.

use super::*;
use crate::iam::{Context, Principal};
use crate::scenario::Account;

const MANAGEMENT: &str = "123456789012";
const SHOP: &str = "111122223333";
const DATA: &str = "222233334444";

/// An organization of three accounts, one of which is in a unit below another.
fn org() -> Org {
    let org = Org::new().account(SHOP, |account: Account| account).account(DATA, |account| account);
    org.unit("ou-ab12-11111111", ROOT, &[]).unit("ou-ab12-22222222", "ou-ab12-11111111", &[DATA])
}

fn installed(org: &Org) -> Installation {
    Installation::new(org).unwrap_or_else(|problem| panic!("{problem}"))
}

fn has_role(installation: &Installation, account: &str) -> bool {
    installation.member(account, "FargateDeployMember").expect("the role is one").is_some()
}

fn master_of(account: &str) -> Principal {
    Principal::Identity(format!("arn:aws:iam::{account}:role/FargateDeployMaster"))
}

/// What is known of a caller in the organization.
fn inside() -> Context {
    Context::default().with("aws:PrincipalOrgID", "o-aaaaaaaaaa").with("aws:ResourceOrgID", "o-aaaaaaaaaa")
}

#[test]
fn the_member_role_is_in_every_account_once() {
    let everywhere = installed(&org());
    for account in [MANAGEMENT, SHOP, DATA] {
        assert!(has_role(&everywhere, account), "{account}");
    }
    assert!(!everywhere.reached.contains(MANAGEMENT), "the StackSet would make the role a second time");

    let one_unit = installed(&org().stack(|stack| stack.parameter("OrganizationalUnitIds", "ou-ab12-11111111")));
    assert!(has_role(&one_unit, MANAGEMENT) && has_role(&one_unit, DATA) && !has_role(&one_unit, SHOP));

    let alone = installed(&org().stack(|stack| stack.parameter("DeploymentMode", "Single Account")));
    assert!(has_role(&alone, MANAGEMENT) && !has_role(&alone, SHOP) && alone.reached.is_empty());
}

#[test]
fn a_delegated_administrator_has_the_role_once_and_the_management_account_by_a_stack_of_its_own() {
    let delegated = org().stack(|stack| stack.in_account(DATA));
    let installation = installed(&delegated);
    assert_eq!(installation.reached, BTreeSet::from([SHOP.to_owned()]), "the account itself has the stack's own role");
    assert!(has_role(&installation, DATA) && !has_role(&installation, MANAGEMENT));
    let with_management = installed(&delegated.stack(|stack| stack.alone_in(MANAGEMENT)));
    let role = with_management.member(MANAGEMENT, "FargateDeployMember").expect("the role is one").expect("there is one");
    assert!(role.trusts(&master_of(DATA), &inside()) && !role.trusts(&master_of(MANAGEMENT), &inside()));
}

#[test]
fn where_no_stack_set_can_be_each_account_has_a_stack_of_its_own() {
    let none = org().partition("aws-cn").stack(|stack| stack.parameter("CallAs", "NONE").alone_in(SHOP));
    let installation = installed(&none);
    assert!(installation.reached.is_empty() && !installation.resources.contains_key("MemberRolesStackSet"));
    assert!(has_role(&installation, MANAGEMENT) && has_role(&installation, SHOP) && !has_role(&installation, DATA));
    let master = installation.master().expect("there is one");
    let role = "arn:aws-cn:iam::111122223333:role/FargateDeployMember";
    let context = Context::default();
    let request = crate::iam::Request { action: "sts:AssumeRole", resource: role, context: &context };
    assert_eq!(master.judge(request), crate::iam::Verdict::Allowed);
}

#[test]
fn the_member_role_trusts_the_updater_inside_the_organization_and_nobody_else() {
    let plain = installed(&org());
    let role = plain.member(SHOP, "FargateDeployMember").expect("the role is one").expect("there is one");
    assert_eq!(role.arn, "arn:aws:iam::111122223333:role/FargateDeployMember");
    assert!(role.trusts(&master_of(MANAGEMENT), &inside()));
    assert!(!role.trusts(&master_of(MANAGEMENT), &inside().with("aws:PrincipalOrgID", "o-bbbbbbbbbb")));
    assert!(!role.trusts(&master_of(MANAGEMENT), &Context::default()), "an account outside of any organization");
    assert!(!role.trusts(&master_of(SHOP), &inside()), "a role of that name elsewhere");
    let other = Principal::Identity(format!("arn:aws:iam::{MANAGEMENT}:role/Other"));
    assert!(!role.trusts(&other, &inside()));

    let with_id = installed(&org().stack(|stack| stack.parameter("ExternalId", "a-secret-handshake")));
    let role = with_id.member(SHOP, "FargateDeployMember").expect("the role is one").expect("there is one");
    assert!(!role.trusts(&master_of(MANAGEMENT), &inside()));
    assert!(role.trusts(&master_of(MANAGEMENT), &inside().with("sts:ExternalId", "a-secret-handshake")));

    let alone = installed(&org().stack(|stack| stack.parameter("DeploymentMode", "Single Account")));
    let role = alone.member(MANAGEMENT, "FargateDeployMember").expect("the role is one").expect("there is one");
    assert!(role.trusts(&master_of(MANAGEMENT), &Context::default()), "an account may be in no organization");
}

#[test]
fn the_updaters_role_trusts_tasks_or_the_account_and_whom_else_it_is_told() {
    let ecs = Principal::Service("ecs-tasks.amazonaws.com".to_owned());
    let from = |account: &str| Context::default().with("aws:SourceAccount", account);
    let pipeline = Principal::Identity(format!("arn:aws:iam::{MANAGEMENT}:role/pipeline"));
    let sso = format!("arn:aws:iam::{SHOP}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Security_0123456789abcdef");

    let on_fargate = installed(&org());
    let master = on_fargate.master().expect("there is one");
    assert!(master.trusts(&ecs, &from(MANAGEMENT)) && !master.trusts(&ecs, &from(SHOP)));
    assert!(!master.trusts(&pipeline, &Context::default()));

    let elsewhere = installed(&org().stack(|stack| stack.parameter("FargateDeploy", "false")));
    let master = elsewhere.master().expect("there is one");
    assert!(master.trusts(&pipeline, &Context::default()) && !master.trusts(&ecs, &from(MANAGEMENT)));
    assert!(!elsewhere.resources.contains_key("FargateUpdaterLogGroup"));

    let named = installed(&org().stack(|stack| stack.parameter("TrustedPrincipalArns", &sso)));
    let master = named.master().expect("there is one");
    assert!(master.trusts(&Principal::Identity(sso), &Context::default()));
    assert!(!master.trusts(&pipeline, &Context::default()));
}

#[test]
fn stacks_that_cannot_work_are_refused_in_words() {
    for (name, value, problem) in [
        ("OrganizationalUnitIds", "", "DeploymentMode Organization needs OrganizationalUnitIds"),
        ("OrganizationalUnitIds", "ou-ab12-99999999", "there is no organizational unit"),
        ("CallAs", "DELEGATED_ADMIN", "CallAs must be SELF"),
        ("ScheduleExpression", "rate(1 hour)", "ScheduleExpression needs ImageUri"),
        ("NotificationEmail", "security@example.com", "NotificationEmail needs ImageUri"),
        ("Settings", "network=check", "must be flags"),
        ("MemberRoleName", "arn:aws:iam::111122223333:role/Member", "must be the name of a role"),
        ("NoSuchParameter", "1", "NoSuchParameter"),
    ] {
        let refused = Installation::new(&org().stack(|stack| stack.parameter(name, value)));
        let error = refused.expect_err("it cannot be created");
        assert!(error.contains(problem), "{name}={value}: {error}");
    }
    let image = |stack: Stack| stack.parameter("ImageUri", "registry.example.test/updater:1");
    let no_subnets = org().stack(|stack| image(stack).parameter("ScheduleExpression", "rate(1 hour)"));
    assert!(Installation::new(&no_subnets).expect_err("it has no place").contains("ScheduleExpression needs SubnetIds"));
    let no_fargate = org().stack(|stack| image(stack).parameter("FargateDeploy", "false"));
    assert!(Installation::new(&no_fargate).expect_err("nobody may start it").contains("ImageUri needs FargateDeploy"));
}

/// The whole of it: a schedule that tells somebody what went wrong.
fn complete() -> Org {
    org().stack(|stack| {
        let stack = stack.parameter("ImageUri", "123456789012.dkr.ecr.us-east-1.amazonaws.com/fargate-updater@sha256:0123");
        let stack = stack.parameter("ScheduleExpression", "rate(6 hours)").parameter("SubnetIds", "subnet-0123456789abcdef0");
        stack.parameter("NotificationEmail", "security@example.com").parameter("Settings", "--canary=5 --network=check")
    })
}

#[test]
fn the_task_starts_by_its_schedule_and_without_any_of_its_permissions_it_does_not() {
    let whole = installed(&complete());
    assert_eq!(whole.start_by_schedule(), Ok(()));
    assert_eq!(installed(&org()).start_by_schedule().map_err(|refused| refused.action), Err("no schedule".to_owned()));
    let mut needed = Vec::new();
    for permission in whole.permissions() {
        let left = installed(&complete().stack(|stack| stack.without(permission.clone())));
        if let Err(refused) = left.start_by_schedule() {
            assert_eq!(refused.action, permission.action, "{permission:?}");
            needed.push(format!("{} {}", permission.policy, permission.action));
        }
    }
    let expected = [
        "FargateUpdaterMasterPolicy ecr:GetAuthorizationToken",
        "FargateUpdaterMasterPolicy ecr:BatchCheckLayerAvailability",
        "FargateUpdaterMasterPolicy ecr:BatchGetImage",
        "FargateUpdaterMasterPolicy ecr:GetDownloadUrlForLayer",
        "FargateUpdaterMasterPolicy logs:CreateLogStream",
        "FargateUpdaterMasterPolicy logs:PutLogEvents",
        "FargateUpdaterSchedulePolicy sqs:SendMessage",
        "FargateUpdaterSchedulePolicy iam:PassRole",
        "FargateUpdaterSchedulePolicy ecs:RunTask",
    ];
    assert_eq!(needed, expected);
}

#[test]
fn other_partitions_have_their_own_arns() {
    for partition in ["aws-us-gov", "aws-cn"] {
        let installation = installed(&complete().partition(partition));
        assert_eq!(installation.start_by_schedule(), Ok(()), "{partition}");
        for role in installation.roles.values() {
            assert!(role.arn.starts_with(&format!("arn:{partition}:iam::{MANAGEMENT}:role/")), "{}", role.arn);
        }
        let text = serde_json::to_string(&installation.resources.values().map(|it| &it.properties).collect::<Vec<_>>());
        assert!(!text.expect("JSON").contains("\"arn:aws:"), "{partition}: an ARN of another partition");
    }
}
