//! What is refused, and what is said of it.

use super::{StackInput, Template, create, parse, problem};

const TOPIC: &str = "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n";

#[test]
fn what_is_not_known_is_refused_with_its_place() {
    for (text, expected) in [
        ("Hooks: {}", "Hooks: this is not known here"),
        ("AWSTemplateFormatVersion: 2012-10-17", "AWSTemplateFormatVersion: the only version is 2010-09-09"),
        ("Transform: AWS::Serverless-2016-10-31", "Transform: the only transform that is known"),
        ("Conditions: { A: { Ref: Topic } }", "Conditions.A.Ref: this is no function that is true or false here"),
        (
            "Conditions: { A: !Equals [!Ref Topic, a] }",
            "Conditions.A.Fn::Equals[0].Ref: Topic is a resource: nothing is known of it here",
        ),
        (
            "Conditions: { A: !Equals [!GetAtt Topic.TopicArn, a] }",
            "Conditions.A.Fn::Equals[0].Fn::GetAtt: this function is not known here",
        ),
        ("Conditions: { A: !Equals [a] }", "Conditions.A.Fn::Equals: 2 arguments are wanted here"),
        ("Conditions: { A: !Equals [[a], a] }", "Conditions.A.Fn::Equals[0]: a string is wanted here, and this is none"),
        ("Conditions: { A: !And [!Equals [a, a]] }", "Conditions.A.Fn::And: 2 to 10 members are wanted here"),
        ("Conditions: { A: { Fn::Contains: [[a], a] } }", "Conditions.A.Fn::Contains: this is no function"),
        ("Conditions: { A: !Condition B }", "Conditions.A.Condition: there is no condition B"),
        ("Conditions: { A: !Condition B, B: !Not [!Condition A] }", "Conditions: circular dependency: A -> B -> A"),
        (
            "Rules: { A: { Assertions: [{ Assert: !Equals [!Ref B, b] }] } }",
            "Rules.A.Assertions[0].Assert.Fn::Equals[0].Ref: there is no",
        ),
        (
            "Rules: { A: { Assertions: [{ Assert: !Equals [!Sub b, b] }] } }",
            "Rules.A.Assertions[0].Assert.Fn::Equals[0].Fn::Sub: this function is not known here",
        ),
        (
            "Conditions: { B: !Equals [a, a] }\n\
             Rules: { A: { RuleCondition: !Condition B, Assertions: [{ Assert: !Equals [a, a] }] } }",
            "Rules.A.RuleCondition.Condition: this is no function that is true or false here",
        ),
        ("Rules: { A: { Assertions: [{ Assert: !Equals [a, b] }] } }", "Rules.A.Assertions[0]: this is not so"),
        ("Rules: { A: { Assertions: [] } }", "Rules.A.Assertions: a rule needs assertions"),
        ("Mappings: { A: { b: { c: !Ref AWS::Region } } }", "Mappings.A.b.c: a mapping leads to a string or a list of strings"),
        ("Mappings: { A: { b_: { c: d } } }", "Mappings.A.b_: a key of a mapping"),
        ("Parameters: { Topic: { Type: String, Default: a } }", "Resources.Topic: a parameter has this name"),
        ("Outputs: { A: { Value: !Ref B } }", "Outputs.A.Value.Ref: there is no parameter and no resource B"),
        ("Outputs: { A: { Value: [a] } }", "Outputs.A.Value: a string is wanted here, and this is none"),
        ("Outputs: { A: { Value: a, Export: { Name: !Ref Topic } } }", "Outputs.A.Export.Name: the name of an export cannot"),
        (
            "Outputs: { A: { Value: a, Export: { Name: a } }, B: { Value: a, Export: { Name: a } } }",
            "Outputs.B.Export.Name: another output",
        ),
        ("Outputs: { A: { Value: !Ref AWS::NoValue } }", "Outputs.A.Value: a string is wanted here, and this is none"),
        ("Outputs: { A-B: { Value: a } }", "Outputs.A-B: a logical name"),
    ] {
        refused(&format!("{text}\n{TOPIC}"), expected);
    }
}

#[test]
fn resources_are_held_to_what_they_may_say() {
    for (resource, expected) in [
        ("{}", "Resources.R: a resource needs a Type"),
        ("{ Type: AWS::EC2::Fleet }", "Resources.R.Type: the resource type AWS::EC2::Fleet is not known"),
        ("{ Type: AWS::SNS::Topic, Propertys: {} }", "Resources.R.Propertys: this is not known here"),
        ("{ Type: AWS::SNS::Topic, Condition: A }", "Resources.R.Condition: there is no condition A"),
        ("{ Type: AWS::SNS::Topic, DependsOn: [A] }", "Resources.R.DependsOn[0]: there is no resource A"),
        ("{ Type: AWS::SNS::Topic, DependsOn: R }", "Resources: circular dependency: R -> R"),
        ("{ Type: AWS::SNS::Topic, DeletionPolicy: Snapshot }", "Resources.R.DeletionPolicy: Snapshot is none of"),
        ("{ Type: AWS::SNS::Topic, Properties: [] }", "Resources.R.Properties: this is no map"),
    ] {
        refused(&format!("Resources:\n  R: {resource}\n"), expected);
    }
    refused("Resources: {}", "Resources: a template needs at least one resource");
    refused(
        "Resources:\n  A: { Type: AWS::SNS::Topic, Properties: { X: !Ref B } }\n\
         \x20 B: { Type: AWS::SNS::Topic, Properties: { X: !Sub '${A}' } }",
        "Resources: circular dependency: A -> B -> A",
    );
}

#[test]
fn values_are_held_to_what_functions_take() {
    let before = "Parameters: { One: { Type: String, Default: a } }\nMappings: { Map: { a: { b: c }, w: { x: z } } }\n\
                  Conditions: { Same: !Equals [a, a] }";
    for (value, expected) in [
        ("!Ref Nothing", ".Ref: there is no parameter and no resource Nothing"),
        ("!Ref AWS::NotificationARNs", ".Ref: the pseudo parameter AWS::NotificationARNs is not known here"),
        ("{ Ref: One, Other: a }", ": Ref has other keys beside it"),
        ("{ Fn::Base64: a }", ".Fn::Base64: this function is not known here"),
        ("{ Fn::Ref: One }", ".Fn::Ref: this function is not known here"),
        ("!Equals [a, a]", ".Fn::Equals: this function is not known here"),
        ("!Condition Same", ": a condition is named in"),
        ("!If [Other, a, b]", ".Fn::If[0]: there is no condition Other"),
        ("!If [Same, a]", ".Fn::If: 3 arguments are wanted here"),
        ("!If [Same, a, !Ref Nothing]", ".Fn::If[2].Ref: there is no parameter and no resource Nothing"),
        ("!GetAtt Other", ".Fn::GetAtt: Other names no attribute"),
        ("!GetAtt Other.Arn", ".Fn::GetAtt: there is no resource Other"),
        ("!GetAtt Topic.Arn", ".Fn::GetAtt: AWS::SNS::Topic has no attribute Arn; what is known: TopicArn, TopicName"),
        ("!Sub '${Nothing}'", ".Fn::Sub: there is no parameter and no resource Nothing"),
        ("!Sub '${Topic.Name}'", ".Fn::Sub: AWS::SNS::Topic has no attribute Name"),
        ("!Sub '${AWS::NoValue}'", ".Fn::Sub: AWS::NoValue is no part of a string"),
        ("!Sub '${One'", ".Fn::Sub: a ${ has no }"),
        ("!Sub ['${A}', { A: [a] }]", ".Fn::Sub: a string is wanted here, and this is none"),
        ("!Sub [[a], { A: a }]", ".Fn::Sub[0]: this is no string"),
        ("!Sub ['${A}', { A: a }, { B: b }]", ".Fn::Sub: 2 arguments are wanted here"),
        ("!Join [',', !Ref One]", ".Fn::Join[1]: a list is wanted here"),
        ("!If [Same, a, !Join [',', !Ref One]]", ".Fn::If[2].Fn::Join[1]: a list is wanted here"),
        ("!Join [!Ref One, [a]]", ".Fn::Join[0]: this is no string"),
        ("!Join [',', [a, [b]]]", ".Fn::Join[1][1]: a string is wanted here, and this is none"),
        ("!Select [3, [a, b]]", ".Fn::Select: the list has 2 items, and none at 3"),
        ("!Select [-1, [a, b]]", ".Fn::Select: the list has 2 items, and none at -1"),
        ("!Split ['', a]", ".Fn::Split[0]: a delimiter is not empty"),
        ("!FindInMap [Other, a, b]", ".Fn::FindInMap[0]: there is no mapping Other"),
        ("!FindInMap [Map, b, b]", ".Fn::FindInMap[1]: the mapping Map has no key b"),
        ("!FindInMap [Map, a, x]", ".Fn::FindInMap[2]: the mapping Map has no key x there"),
        ("!FindInMap [Map, !Ref One, x]", ".Fn::FindInMap: no mapping leads to Map, a, x"),
        ("!FindInMap [Map, !Sub a, b]", ".Fn::FindInMap[1]: a string, a Ref to a parameter or Fn::FindInMap is wanted here"),
        ("!ToJsonString { a: b }", ".Fn::ToJsonString: this function needs the line `Transform: AWS::LanguageExtensions`"),
        ("~", ": null values are not allowed in templates"),
    ] {
        let text = format!("{before}\n{TOPIC}  R:\n    Type: AWS::ECS::Cluster\n    Properties:\n      X: {value}\n");
        refused(&text, &format!("Resources.R.Properties.X{expected}"));
    }
}

#[test]
fn templates_have_limits() {
    let many = |section: &str, entry: &str, count: usize| {
        let entries: String = (0..count).map(|at| format!("  A{at}: {entry}\n")).collect();
        format!("{TOPIC}{section}:\n{entries}")
    };
    let description = |length: usize| format!("Description: {}\n{TOPIC}", "x".repeat(length));
    let padded = |length: usize| format!("{TOPIC}#{}", "x".repeat(length - TOPIC.len() - 1));
    let output = |length: usize| format!("Outputs: {{ A: {{ Value: a, Description: {} }} }}\n{TOPIC}", "x".repeat(length));
    for (fits, too_much, expected) in [
        (output(1024), output(1025), "Outputs.A.Description: an output's description has at most 1024 bytes"),
        (padded(51_200), padded(51_201), "the template has 51201 bytes; a request carries 51200"),
        (description(1024), description(1025), "Description: a template's description has at most 1024 bytes; this has 1025"),
        (
            many("Parameters", "{ Type: String }", 200),
            many("Parameters", "{ Type: String }", 201),
            "Parameters: a template has at most 200 of these; these are 201",
        ),
        (
            many("Outputs", "{ Value: a }", 200),
            many("Outputs", "{ Value: a }", 201),
            "Outputs: a template has at most 200 of these",
        ),
    ] {
        assert_eq!(Template::parse(&fits).err(), None);
        refused(&too_much, expected);
    }
}

#[test]
fn a_stack_is_somewhere_and_has_a_name() {
    let template = parse(TOPIC);
    let named = |account, name| StackInput::new(account, name);
    for (input, expected) in [
        (named("1111", "a"), "AWS::AccountId: \"1111\" is no account"),
        (named("111122223333", "1a"), "AWS::StackName: \"1a\" is no name of a stack"),
        (named("111122223333", "a_b"), "AWS::StackName: \"a_b\" is no name of a stack"),
        (named("111122223333", "a").region("aws-iso", "us-iso-east-1"), "AWS::Partition: the partition \"aws-iso\" is not known"),
    ] {
        assert_eq!(problem(&template, &input).to_string(), expected);
    }
}

fn refused(text: &str, expected: &str) {
    let problem = create(text).expect_err(text);
    assert!(problem.starts_with(expected), "{text}\n{problem}\nis not\n{expected}");
}
