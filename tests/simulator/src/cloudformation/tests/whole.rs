//! One template with a little of everything.

use serde_json::json;

use super::{input, made, parse, problem};

const TEMPLATE: &str = include_str!("whole.yaml");

#[test]
fn a_stack_holds_what_the_template_says_with_every_function_replaced() {
    let template = parse(TEMPLATE);
    let stack = made(&template, &input().parameter("Schedule", "rate(1 day)").parameter("Subnets", "subnet-1, subnet-2"));
    let names: Vec<_> = stack.resources.keys().map(String::as_str).collect();
    assert_eq!(names, ["Alerts", "Cluster", "Cron", "Logs", "Runner", "RunnerPolicy", "Task"]);
    let topic = stack.resources["Alerts"].id.clone();
    assert!(topic.starts_with("arn:aws:sns:eu-west-1:111122223333:protect-Alerts-"), "{topic}");
    assert_eq!(
        stack.resources["Task"].properties,
        json!({
            "Family": "updater",
            "TaskRoleArn": "arn:aws:iam::111122223333:role/updater/Runner",
            "ContainerDefinitions": [{
                "Name": "updater",
                "Command": ["run", "--dry-run"],
                "Environment": [{ "Name": "DAYS", "Value": "30" }, { "Name": "TOPIC", "Value": topic }],
                "LogConfiguration": { "Options": { "awslogs-group": "/updater/protect", "awslogs-region": "eu-west-1" } },
            }],
        })
    );
    assert_eq!(
        stack.resources["Cron"].properties["Target"],
        json!({
            "Arn": stack.resources["Cluster"].attributes["Arn"],
            "RoleArn": "arn:aws:iam::111122223333:role/updater/Runner",
            "EcsParameters": {
                "TaskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/updater:1",
                "NetworkConfiguration": { "AwsvpcConfiguration": { "Subnets": ["subnet-1", "subnet-2"] } },
            },
        })
    );
    assert_eq!(stack.resources["Logs"].properties, json!({ "LogGroupName": "/updater/protect", "RetentionInDays": 30 }));
    assert_eq!(
        stack.resources["RunnerPolicy"].properties["PolicyDocument"],
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": "arn:aws:iam::*:role/Member/${aws:username}",
                "Condition": { "StringEquals": { "aws:PrincipalAccount": "111122223333" } },
            }],
        })
    );
    assert_eq!(stack.resources["Runner"].properties["AssumeRolePolicyDocument"]["Version"], "2012-10-17");
    assert_eq!(stack.resources["Cron"].depends_on, ["Cluster", "Runner", "RunnerPolicy", "Task"]);
    assert_eq!(
        (stack.resources["Logs"].deletion_policy.as_str(), stack.resources["Cron"].deletion_policy.as_str()),
        ("Retain", "Delete")
    );
    assert_eq!(json!(stack.outputs), json!({ "AlertsArn": topic, "RunnerArn": "arn:aws:iam::111122223333:role/updater/Runner" }));
    assert_eq!(json!(stack.exports), json!({ "protect-runner": "arn:aws:iam::111122223333:role/updater/Runner" }));
}

#[test]
fn what_has_a_false_condition_is_not_there() {
    let template = parse(TEMPLATE);
    let stack = made(&template, &input());
    let names: Vec<_> = stack.resources.keys().map(String::as_str).collect();
    assert_eq!(names, ["Cluster", "Logs", "Runner", "RunnerPolicy", "Task"]);
    assert_eq!(
        stack.resources["Task"].properties["ContainerDefinitions"][0]["Environment"],
        json!([{ "Name": "DAYS", "Value": "30" }])
    );
    assert_eq!(stack.resources["Task"].depends_on, ["Logs", "Runner"]);
    assert_eq!(stack.outputs.keys().collect::<Vec<_>>(), ["RunnerArn"]);
    let elsewhere = input().region("aws-cn", "cn-north-1").parameter("Schedule", "rate(1 day)").parameter("Subnets", "subnet-1");
    let stack = made(&template, &elsewhere);
    assert!(!stack.resources.contains_key("Cron"));
    let trust = &stack.resources["Runner"].properties["AssumeRolePolicyDocument"];
    assert_eq!(trust["Statement"][0]["Principal"]["Service"], "ecs-tasks.amazonaws.com.cn");
}

#[test]
fn a_failed_assertion_is_told_in_its_own_words() {
    let template = parse(TEMPLATE);
    let problem = problem(&template, &input().parameter("Schedule", "rate(1 day)"));
    assert_eq!(problem.what, "Subnets is needed when there is a Schedule.");
    assert_eq!(problem.path, "Rules.ScheduleNeedsSubnets.Assertions[0]");
}

#[test]
fn the_document_has_long_forms_and_the_order_of_the_text() {
    let template = parse(TEMPLATE);
    let value = template.value();
    assert_eq!(value["Outputs"]["RunnerArn"]["Value"], json!({ "Fn::GetAtt": ["Runner", "Arn"] }));
    assert_eq!(value["Conditions"]["Scheduled"]["Fn::And"][1], json!({ "Condition": "InCommercialPartition" }));
    assert_eq!(value["AWSTemplateFormatVersion"], "2010-09-09");
    let names: Vec<_> = template.parameters().map(|(name, _)| name).collect();
    assert_eq!(names, ["Schedule", "Subnets", "Days", "Mode"]);
    let (_, days) = template.parameters().nth(2).expect("there are four");
    assert_eq!(
        (days.default.as_deref(), days.allowed_values.as_deref().map(<[_]>::len), days.no_echo),
        (Some("30"), Some(2), false)
    );
}
