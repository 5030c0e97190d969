//! One function at a time.

use serde_json::{Value, json};

use super::{create, input, made, parse, problem, valued};

#[test]
fn functions_give_what_they_say() {
    let before = "
Transform: AWS::LanguageExtensions
Parameters:
  Name: { Type: String, Default: web }
  List: { Type: CommaDelimitedList, Default: \"a, b,c\" }
  Empty: { Type: CommaDelimitedList, Default: \"\" }
  Count: { Type: Number, Default: 2 }
Mappings:
  Regions: { eu-west-1: { web: Dublin, Names: [x, z] } }
Conditions:
  Two: !Equals [!Ref Count, 2]
  NotTwo: !Not [Condition: Two]
";
    let table: &[(&str, Value)] = &[
        ("!Ref Name", json!("web")),
        ("{ Ref: List }", json!(["a", "b", "c"])),
        ("!Ref Empty", json!([""])),
        ("!Ref Count", json!("2")),
        ("!Ref AWS::URLSuffix", json!("amazonaws.com")),
        ("[a, !Ref AWS::NoValue, { x: !Ref AWS::NoValue, z: 1 }]", json!(["a", { "z": 1 }])),
        ("!Ref AWS::NoValue", Value::Null),
        ("!Sub '${Name}-${!Name}-${AWS::Region}'", json!("web-${Name}-eu-west-1")),
        ("!Sub ['${Name}-${Count}', { Name: !Ref AWS::Partition }]", json!("aws-2")),
        ("!Join [',', !Ref List]", json!("a,b,c")),
        ("!Join ['-', [1, true, !If [NotTwo, x, !Ref AWS::NoValue], !Ref Name]]", json!("1-true-web")),
        ("!Select [1, !Ref List]", json!("b")),
        ("!Select [!Ref Count, [x, w, [z]]]", json!(["z"])),
        ("!Split ['/', a//b]", json!(["a", "", "b"])),
        ("!FindInMap [Regions, !Ref AWS::Region, !Ref Name]", json!("Dublin")),
        ("!Join ['', !FindInMap [Regions, eu-west-1, Names]]", json!("xz")),
        ("!If [Two, 1, 2]", json!(1)),
        ("{ Fn::If: [NotTwo, 1, !If [NotTwo, 2, 3]] }", json!(3)),
        ("!If [Two, !Ref AWS::NoValue, 2]", Value::Null),
        ("!ToJsonString { a: [!Ref Name, 1], b: !Ref AWS::NoValue }", json!(r#"{"a":["web",1]}"#)),
        ("'{{resolve:ssm:name}}'", json!("{{resolve:ssm:name}}")),
    ];
    for (value, expected) in table {
        assert_eq!(valued(before, value), Ok(expected.clone()), "{value}");
    }
}

#[test]
fn conditions_are_true_or_false() {
    for (condition, expected) in [
        ("!Equals [a, a]", true),
        ("!Equals [a, A]", false),
        ("!Equals [1, '1']", true),
        ("!Equals [true, 'true']", true),
        ("!Equals [!Ref AWS::Region, eu-west-1]", true),
        ("!Equals [!Join ['', !Ref List], '']", true),
        ("!Equals [!Select [0, !Split ['-', !Ref AWS::Region]], eu]", true),
        ("!Equals [!Sub '${AWS::StackName}', protect]", true),
        ("!Equals [!FindInMap [Map, a, b], c]", true),
        ("!Not [!Equals [a, a]]", false),
        ("!And [!Equals [a, a], !Equals [a, b]]", false),
        ("!And [!Equals [a, a], Condition: Same]", true),
        ("!Or [!Equals [a, b], !Condition Same]", true),
        ("!Or [!Equals [a, b], !Not [!Condition Same]]", false),
        ("!Condition Same", true),
    ] {
        let before = format!(
            "Parameters: {{ List: {{ Type: CommaDelimitedList, Default: '' }} }}\nMappings: {{ Map: {{ a: {{ b: c }} }} }}\n\
             Conditions:\n  Tested: {condition}\n  Same: !Equals [a, a]"
        );
        assert_eq!(valued(&before, "!If [Tested, true, false]"), Ok(json!(expected)), "{condition}");
    }
}

#[test]
fn rules_hold_or_not() {
    let template = |assert: &str| {
        parse(&format!(
            "
Parameters:
  Vpc: {{ Type: AWS::EC2::VPC::Id, Default: vpc-1 }}
  Subnets: {{ Type: List<AWS::EC2::Subnet::Id>, Default: \"subnet-1,subnet-2\" }}
  Mode: {{ Type: String, Default: plan }}
Rules:
  Tested: {{ Assertions: [{{ Assert: {assert} }}] }}
Resources:
  Topic: {{ Type: AWS::SNS::Topic }}
"
        ))
    };
    let input = input()
        .existing("AWS::EC2::VPC::Id", "vpc-1", &[("Tags.Department", "IT")])
        .existing("AWS::EC2::Subnet::Id", "subnet-1", &[("VpcId", "vpc-1")])
        .existing("AWS::EC2::Subnet::Id", "subnet-2", &[("VpcId", "vpc-2")]);
    for (assert, expected) in [
        ("{ Fn::Contains: [[plan, protect], !Ref Mode] }", true),
        ("{ Fn::Contains: [[protect], !Ref Mode] }", false),
        ("{ Fn::EachMemberEquals: [!Ref Subnets, subnet-1] }", false),
        ("{ Fn::EachMemberIn: [!Ref Subnets, [subnet-1, subnet-2, subnet-3]] }", true),
        ("{ Fn::EachMemberIn: [!Ref Subnets, { Fn::RefAll: AWS::EC2::Subnet::Id }] }", true),
        ("{ Fn::EachMemberIn: [{ Fn::ValueOf: [Subnets, VpcId] }, { Fn::RefAll: AWS::EC2::VPC::Id }] }", false),
        ("{ Fn::EachMemberIn: [{ Fn::ValueOfAll: [AWS::EC2::Subnet::Id, VpcId] }, [vpc-1, vpc-2]] }", true),
        ("!Equals [{ Fn::ValueOf: [Vpc, Tags.Department] }, IT]", true),
        ("!Or [!Equals [!Ref Mode, none], !Not [!Equals [!Ref AWS::Region, eu-west-1]]]", false),
    ] {
        assert_eq!(template(assert).create(&input).is_ok(), expected, "{assert}");
    }
    let problem = problem(&template("!Equals [{ Fn::ValueOf: [Vpc, DefaultSecurityGroup] }, '']"), &input);
    assert_eq!(
        problem.to_string(),
        "Rules.Tested.Assertions[0].Assert.Fn::Equals[0].Fn::ValueOf: nothing is told of DefaultSecurityGroup of vpc-1"
    );
}

#[test]
fn a_reference_to_what_is_not_there_is_refused_unless_its_branch_is_not_taken() {
    let template = |value: &str| {
        format!(
            "
Conditions: {{ Never: !Equals [a, b] }}
Resources:
  Alerts: {{ Type: AWS::SNS::Topic, Condition: Never }}
  Cluster: {{ Type: AWS::ECS::Cluster, DependsOn: Alerts, Properties: {{ ClusterName: {value} }} }}
"
        )
    };
    let place = "Resources.Cluster.Properties.ClusterName";
    let what = "Alerts is not there: its condition Never is false";
    for (value, expected) in [
        ("!Ref Alerts", Some(format!("{place}: {what}"))),
        ("!Sub '${Alerts.TopicName}'", Some(format!("{place}.Fn::Sub: {what}"))),
        ("!If [Never, a, !GetAtt Alerts.TopicArn]", Some(format!("{place}.Fn::If[2]: {what}"))),
        ("!If [Never, !Ref Alerts, fine]", None),
    ] {
        assert_eq!(create(&template(value)).err(), expected, "{value}");
    }
    let stack = made(&parse(&template("fine")), &input());
    assert!(stack.resources["Cluster"].depends_on.is_empty(), "it is not waited for either");
}
