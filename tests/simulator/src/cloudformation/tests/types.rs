//! What `Ref` and `Fn::GetAtt` give for each type, where a name is given and where none is.

use super::{input, made, parse};

#[test]
fn references_are_what_aws_would_give() {
    let account = "eu-west-1:111122223333";
    for (kind, properties, attribute, expected) in [
        ("IAM::Role", "RoleName: x, Path: /a/", "Ref", "x".to_owned()),
        ("IAM::Role", "RoleName: 12", "Ref", "12".into()),
        ("IAM::Role", "RoleName: x", "Arn", "arn:aws:iam::111122223333:role/x".into()),
        ("IAM::Role", "RoleName: x, Path: /a/", "Arn", "arn:aws:iam::111122223333:role/a/x".into()),
        ("IAM::ManagedPolicy", "ManagedPolicyName: x", "Ref", "arn:aws:iam::111122223333:policy/x".into()),
        ("Logs::LogGroup", "LogGroupName: /x", "Ref", "/x".into()),
        ("Logs::LogGroup", "LogGroupName: /x", "Arn", format!("arn:aws:logs:{account}:log-group:/x:*")),
        ("Logs::MetricFilter", "FilterName: x", "Ref", "x".into()),
        ("ECS::Cluster", "ClusterName: x", "Ref", "x".into()),
        ("ECS::Cluster", "ClusterName: x", "Arn", format!("arn:aws:ecs:{account}:cluster/x")),
        ("ECS::TaskDefinition", "Family: x", "Ref", format!("arn:aws:ecs:{account}:task-definition/x:1")),
        ("ECS::TaskDefinition", "Family: x", "TaskDefinitionArn", format!("arn:aws:ecs:{account}:task-definition/x:1")),
        ("Scheduler::Schedule", "Name: x", "Ref", "x".into()),
        ("Scheduler::Schedule", "Name: x", "Arn", format!("arn:aws:scheduler:{account}:schedule/default/x")),
        ("Scheduler::Schedule", "Name: x, GroupName: g", "Arn", format!("arn:aws:scheduler:{account}:schedule/g/x")),
        ("Scheduler::ScheduleGroup", "Name: g", "Ref", "g".into()),
        ("Scheduler::ScheduleGroup", "Name: g", "Arn", format!("arn:aws:scheduler:{account}:schedule-group/g")),
        ("SNS::Topic", "TopicName: x", "Ref", format!("arn:aws:sns:{account}:x")),
        ("SNS::Topic", "TopicName: x", "TopicArn", format!("arn:aws:sns:{account}:x")),
        ("SNS::Topic", "TopicName: x", "TopicName", "x".into()),
        ("SQS::Queue", "QueueName: x", "Ref", "https://sqs.eu-west-1.amazonaws.com/111122223333/x".into()),
        ("SQS::Queue", "QueueName: x", "QueueUrl", "https://sqs.eu-west-1.amazonaws.com/111122223333/x".into()),
        ("SQS::Queue", "QueueName: x", "QueueName", "x".into()),
        ("SQS::Queue", "QueueName: x", "Arn", format!("arn:aws:sqs:{account}:x")),
        ("CloudWatch::Alarm", "AlarmName: x", "Ref", "x".into()),
        ("CloudWatch::Alarm", "AlarmName: x", "Arn", format!("arn:aws:cloudwatch:{account}:alarm:x")),
        ("S3::Bucket", "BucketName: x", "Ref", "x".into()),
        ("S3::Bucket", "BucketName: x", "Arn", "arn:aws:s3:::x".into()),
        ("S3::Bucket", "BucketName: x", "DomainName", "x.s3.amazonaws.com".into()),
        ("S3::Bucket", "BucketName: x", "RegionalDomainName", "x.s3.eu-west-1.amazonaws.com".into()),
        ("Events::Rule", "Name: x", "Ref", "x".into()),
        ("Events::Rule", "Name: x", "Arn", format!("arn:aws:events:{account}:rule/x")),
        ("Events::Rule", "Name: x, EventBusName: b", "Ref", "b|x".into()),
        ("Events::Rule", "Name: x, EventBusName: b", "Arn", format!("arn:aws:events:{account}:rule/b/x")),
    ] {
        assert_eq!(of(kind, properties, attribute), expected, "{kind} {properties} {attribute}");
    }
}

#[test]
fn names_and_ids_are_made_where_none_are_given() {
    for (kind, attribute, begin, length) in [
        ("IAM::Role", "Ref", "protect-Tested-", 27),
        ("IAM::Role", "RoleId", "AROA", 20),
        ("IAM::Policy", "Ref", "protect-Tested-", 27),
        ("Logs::LogGroup", "Ref", "protect-Tested-", 27),
        ("S3::Bucket", "Ref", "protect-tested-", 27),
        ("SNS::TopicPolicy", "Id", "protect-Tested-", 27),
        ("SQS::QueuePolicy", "Ref", "protect-Tested-", 27),
        ("EC2::SecurityGroup", "Ref", "sg-0", 20),
        ("EC2::SecurityGroup", "GroupId", "sg-0", 20),
        ("CloudFormation::StackSet", "Ref", "protect-Tested-", 27 + 37),
        ("CloudFormation::StackSet", "StackSetId", "protect-Tested-", 27 + 37),
    ] {
        let made = of(kind, "", attribute);
        assert!(made.starts_with(begin) && made.len() == length, "{kind} {attribute}: {made}");
    }
    let queue = of("SQS::Queue", "FifoQueue: true", "QueueName");
    assert!(queue.starts_with("protect-Tested-") && queue.ends_with(".fifo"), "{queue}");
    let subscription = of("SNS::Subscription", "TopicArn: 'arn:aws:sns:eu-west-1:111122223333:x'", "Ref");
    assert!(subscription.starts_with("arn:aws:sns:eu-west-1:111122223333:x:"), "{subscription}");
    let long = "N".repeat(100);
    let text = format!("Resources: {{ {long}: {{ Type: AWS::IAM::Role }} }}");
    let name = &made(&parse(&text), &input()).resources[&long].id;
    assert!(name.starts_with("protect-NNN") && name.len() <= 64, "{name}");
}

/// Returns what one reference to a resource of this type gives.
fn of(kind: &str, properties: &str, attribute: &str) -> String {
    let reference = if attribute == "Ref" { "!Ref Tested".to_owned() } else { format!("!GetAtt Tested.{attribute}") };
    let text = format!(
        "Resources: {{ Tested: {{ Type: AWS::{kind}, Properties: {{ {properties} }} }} }}\n\
         Outputs: {{ Given: {{ Value: {reference} }} }}"
    );
    made(&parse(&text), &input()).outputs["Given"].as_str().expect("outputs are strings").to_owned()
}
