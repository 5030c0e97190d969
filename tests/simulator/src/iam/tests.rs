//! What IAM says, in tables.

use serde_json::{Value, json};

use super::pattern::{arn_matches, matches};
use super::*;

fn policy(statement: Value) -> Policy {
    Policy::parse(&json!({ "Version": "2012-10-17", "Statement": statement })).expect("the policy is one")
}

fn says(statement: Value, action: &str, resource: &str, context: &Context) -> Verdict {
    Policy::judge(&[policy(statement)], Request { action, resource, context })
}

#[test]
fn patterns_match_as_in_iam() {
    for (pattern, text, expected) in [
        ("ecs:ListServices", "ecs:ListServices", true),
        ("ecs:List*", "ecs:ListServices", true),
        ("*", "ecs:ListServices", true),
        ("ecs:*Task*", "ecs:RegisterTaskDefinition", true),
        ("ecs:*Task", "ecs:RegisterTaskDefinition", false),
        ("ecs:List", "ecs:ListServices", false),
        ("console-??????", "console-SiMuLa", true),
        ("console-??????", "console-SiMuLaX", false),
        ("a*b*c", "a-b-b-c", true),
        ("a*b*c", "a-b-b-d", false),
        ("", "", true),
        ("**", "", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn wildcards_do_not_reach_over_a_colon_of_an_arn() {
    let service = "arn:aws:ecs:eu-west-1:111122223333:service/web/checkout";
    for (pattern, expected) in [
        ("arn:aws:ecs:*:111122223333:service/*", true),
        ("arn:aws:ecs:*:service/*", false),
        ("arn:aws:ecs:*:444455556666:service/*", false),
        ("*", true),
        ("arn:*", false),
    ] {
        assert_eq!(arn_matches(pattern, service), expected, "{pattern}");
    }
    assert!(arn_matches(
        "arn:aws:logs:*:*:log-group:/ecs/updater:*",
        "arn:aws:logs:eu-west-1:1:log-group:/ecs/updater:log-stream:a"
    ));
}

#[test]
fn nothing_is_allowed_that_is_not_allowed_and_a_denial_wins() {
    let none = Context::default();
    let allowing = json!([
        { "Effect": "Allow", "Action": ["ecs:Describe*", "ECS:registertaskdefinition"], "Resource": "*" },
        { "Effect": "Deny", "Action": "ecs:DescribeTasks", "Resource": "*" },
    ]);
    assert_eq!(says(allowing.clone(), "ecs:DescribeServices", "*", &none), Verdict::Allowed);
    assert_eq!(says(allowing.clone(), "ecs:RegisterTaskDefinition", "*", &none), Verdict::Allowed);
    assert_eq!(says(allowing.clone(), "ecs:UpdateService", "*", &none), Verdict::NotAllowed);
    assert_eq!(says(allowing, "ecs:DescribeTasks", "*", &none), Verdict::Denied);
    let but = json!({ "Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::a/*" });
    assert_eq!(says(but.clone(), "ecs:UpdateService", "arn:aws:s3:::b/c", &none), Verdict::Allowed);
    assert_eq!(says(but, "ecs:UpdateService", "arn:aws:s3:::a/c", &none), Verdict::NotAllowed);
}

#[test]
fn conditions_hold_as_in_iam() {
    let context = Context::default()
        .with("ecs:CreateAction", "RegisterTaskDefinition")
        .with("aws:PrincipalArn", "arn:aws:iam::111122223333:role/FargateDeployMaster")
        .with("aws:PrincipalOrgID", "o-aaaaaaaaaa")
        .with("aws:ResourceOrgID", "o-aaaaaaaaaa")
        .with_all("aws:TagKeys", ["fargate-updater:a".to_owned(), "Team".to_owned()]);
    for (condition, expected) in [
        (json!({ "StringEquals": { "ECS:createaction": "RegisterTaskDefinition" } }), true),
        (json!({ "StringEquals": { "ecs:CreateAction": ["RunTask", "RegisterTaskDefinition"] } }), true),
        (json!({ "StringEquals": { "ecs:CreateAction": "Register*" } }), false),
        (json!({ "StringLike": { "ecs:CreateAction": "Register*" } }), true),
        (json!({ "StringNotEquals": { "ecs:CreateAction": ["RunTask", "RegisterTaskDefinition"] } }), false),
        (json!({ "StringNotEquals": { "ecs:CreateAction": "RunTask" } }), true),
        (json!({ "StringNotLike": { "ecs:CreateAction": "Register*" } }), false),
        (json!({ "StringEquals": { "sts:ExternalId": "x" } }), false),
        (json!({ "StringEqualsIfExists": { "sts:ExternalId": "x" } }), true),
        (json!({ "StringNotEquals": { "sts:ExternalId": "x" } }), true),
        (json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/FargateDeployMaster" } }), true),
        (json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:role/Fargate*" } }), true),
        (json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::444455556666:role/FargateDeployMaster" } }), false),
        (json!({ "StringEquals": { "aws:PrincipalOrgID": "${aws:ResourceOrgID}" } }), true),
        (json!({ "StringEquals": { "aws:PrincipalOrgID": "${aws:SourceOrgID}" } }), false),
        (json!({ "Null": { "aws:TagKeys": "false" } }), true),
        (json!({ "Null": { "sts:ExternalId": "true" } }), true),
        (json!({ "Null": { "sts:ExternalId": "false" } }), false),
        (json!({ "ForAllValues:StringLike": { "aws:TagKeys": "fargate-updater:*" } }), false),
        (json!({ "ForAllValues:StringLike": { "aws:TagKeys": ["fargate-updater:*", "T*"] } }), true),
        (json!({ "ForAllValues:StringLike": { "aws:RequestTag/a": "x" } }), true),
        (json!({ "ForAnyValue:StringLike": { "aws:TagKeys": "fargate-updater:*" } }), true),
        // A key with several values is none for an operator without a quantity.
        (json!({ "StringLike": { "aws:TagKeys": "*" } }), false),
        (json!({ "StringEquals": { "ecs:CreateAction": "RegisterTaskDefinition" }, "Null": { "aws:TagKeys": "true" } }), false),
    ] {
        let statement = json!({ "Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*", "Condition": condition });
        let expected = if expected { Verdict::Allowed } else { Verdict::NotAllowed };
        assert_eq!(says(statement, "ecs:TagResource", "arn:aws:ecs:a:1:service/b/c", &context), expected, "{condition}");
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    for (document, problem) in [
        (json!({ "Version": "2008-10-17", "Statement": [] }), "the Version is not 2012-10-17"),
        (json!({ "Version": "2012-10-17" }), "there is no Statement"),
        (
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "a:b" } }),
            "neither a Resource nor a Principal",
        ),
        (
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "a:b", "Resource": "*",
                "Condition": { "NumericLessThan": { "a": "1" } } } }),
            "NumericLessThan is not known",
        ),
        (
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": {} } }),
            "Condition is empty",
        ),
        (
            json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "a:b", "Resources": "*" } }),
            "Resources is not known",
        ),
    ] {
        let error = Policy::parse(&document).expect_err("it is no policy");
        assert!(error.contains(problem), "{error}");
    }
}

#[test]
fn a_role_is_assumed_by_whom_its_trust_policy_names() {
    let role = |principal: Value, condition: Value| {
        let statement = json!({ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition });
        Role { arn: "arn:aws:iam::444455556666:role/Member".to_owned(), trust: policy(statement), policies: Vec::new() }
    };
    let master = Principal::Identity("arn:aws:iam::111122223333:role/Master".to_owned());
    let other = Principal::Identity("arn:aws:iam::111122223333:role/Other".to_owned());
    let stranger = Principal::Identity("arn:aws:iam::222233334444:role/Master".to_owned());
    let only_master = json!({ "ArnEquals": { "aws:PrincipalArn": "arn:aws:iam::111122223333:role/Master" } });
    let by_account = role(json!({ "AWS": "arn:aws:iam::111122223333:root" }), only_master);
    let none = Context::default();
    assert!(by_account.trusts(&master, &none));
    assert!(!by_account.trusts(&other, &none));
    assert!(!by_account.trusts(&stranger, &none));
    let tasks = role(json!({ "Service": "ecs-tasks.amazonaws.com" }), json!({ "StringEquals": { "aws:SourceAccount": "1" } }));
    let ecs = Principal::Service("ecs-tasks.amazonaws.com".to_owned());
    assert!(tasks.trusts(&ecs, &Context::default().with("aws:SourceAccount", "1")));
    assert!(!tasks.trusts(&ecs, &Context::default().with("aws:SourceAccount", "2")));
    assert!(!tasks.trusts(&master, &Context::default().with("aws:SourceAccount", "1")));
}
