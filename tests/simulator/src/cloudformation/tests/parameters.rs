//! Values of parameters, and what they may be.

use super::{Problem, Template, input, parse, problem};

fn try_with(declaration: &str, value: Option<&str>) -> Result<(), Problem> {
    let text = format!("Parameters: {{ Tested: {{ {declaration} }} }}\nResources: {{ Topic: {{ Type: AWS::SNS::Topic }} }}");
    let input = value.map_or_else(input, |value| input().parameter("Tested", value));
    Template::parse(&text)?.create(&input).map(drop)
}

#[test]
fn values_are_held_to_their_declaration() {
    let pattern = "Type: String, AllowedPattern: '[a-z]+|[0-9]+'";
    for (declaration, value, expected) in [
        ("Type: String", None, Some("this has no default, so it needs a value")),
        ("Type: String", Some(""), None),
        ("Type: String, Default: a", None, None),
        ("Type: String, AllowedValues: [a, 1, true]", Some("1"), None),
        ("Type: String, AllowedValues: [a, 1, true]", Some("b"), Some("\"b\": must be one of a, 1, true")),
        (pattern, Some("abc"), None),
        (pattern, Some("abc1"), Some("\"abc1\": must match pattern [a-z]+|[0-9]+")),
        (pattern, Some("1a"), Some("\"1a\": must match pattern [a-z]+|[0-9]+")),
        ("Type: String, MinLength: 2, ConstraintDescription: must be long", Some("é"), Some("\"é\": must be long")),
        ("Type: String, MaxLength: 2", Some("éé"), None),
        ("Type: String, MaxLength: 2", Some("abc"), Some("\"abc\": must have at most 2 characters")),
        ("Type: String, MaxLength: 2, NoEcho: true", Some("abc"), Some("\"****\": must have at most 2 characters")),
        ("Type: Number, MinValue: 1, MaxValue: 2.5", Some("2.5"), None),
        ("Type: Number, MinValue: 1", Some("0"), Some("\"0\": must be at least 1")),
        ("Type: Number, MaxValue: 2.5", Some("3"), Some("\"3\": must be at most 2.5")),
        ("Type: Number", Some("many"), Some("\"many\": must be a number")),
        ("Type: Number", Some(""), Some("\"\": must be a number")),
        ("Type: List<Number>", Some("1, 2"), None),
        ("Type: List<Number>", Some("1,x"), Some("\"x\": must be a number")),
        ("Type: CommaDelimitedList, AllowedPattern: '[a-z]'", Some("a, b"), None),
        ("Type: CommaDelimitedList, AllowedPattern: '[a-z]'", Some("a,1"), Some("\"1\": must match pattern [a-z]")),
        ("Type: CommaDelimitedList, AllowedValues: [a]", Some("a,b"), Some("\"b\": must be one of a")),
        ("Type: AWS::EC2::VPC::Id", Some("vpc-0123"), None),
        ("Type: AWS::EC2::VPC::Id", Some(""), Some("\"\": must be an existing AWS::EC2::VPC::Id")),
        ("Type: List<AWS::EC2::Subnet::Id>", Some("subnet-1,vpc-1"), Some("\"vpc-1\": must be an existing AWS::EC2::Subnet::Id")),
    ] {
        let expected = expected.map(|what| format!("Parameters.Tested: {what}"));
        assert_eq!(try_with(declaration, value).err().map(|problem| problem.to_string()), expected, "{declaration} {value:?}");
    }
    let long = "x".repeat(4097);
    assert_eq!(try_with("Type: String", Some(&long[1..])), Ok(()));
    assert_eq!(
        try_with("Type: String", Some(&long)).expect_err("this is wrong").what,
        "a parameter's value has at most 4096 bytes"
    );
    let unknown = problem(&parse("Resources: { Topic: { Type: AWS::SNS::Topic } }"), &input().parameter("Other", "1"));
    assert_eq!(unknown.to_string(), "Parameters.Other: the template has no such parameter");
}

#[test]
fn declarations_make_sense() {
    for (declaration, expected) in [
        ("Default: a", ": a parameter needs a Type"),
        ("Type: Text", ".Type: the parameter type Text is not known"),
        ("Type: List<String>", ".Type: the parameter type List<String> is not known"),
        (
            "Type: 'AWS::SSM::Parameter::Value<String>'",
            ".Type: the parameter type AWS::SSM::Parameter::Value<String> is not known",
        ),
        ("Type: String, Default: b, AllowedValues: [a]", ".Default: \"b\": must be one of a"),
        ("Type: AWS::EC2::VPC::Id, Default: ''", ".Default: \"\": must be an existing AWS::EC2::VPC::Id"),
        ("Type: String, Default: !Ref AWS::Region", ".Default: this is no string; functions do not work in here"),
        ("Type: Number, AllowedPattern: a", ".AllowedPattern: a parameter of this type has no such constraint"),
        ("Type: String, MinValue: 1", ".MinValue: a parameter of this type has no such constraint"),
        ("Type: CommaDelimitedList, MinLength: 1", ".MinLength: a parameter of this type has no such constraint"),
        ("Type: String, MinLength: few", ".MinLength: this is no number of characters"),
        ("Type: String, NoEcho: maybe", ".NoEcho: this is neither true nor false"),
    ] {
        let problem = try_with(declaration, Some("a")).expect_err("this is wrong");
        assert_eq!(problem.to_string(), format!("Parameters.Tested{expected}"), "{declaration}");
    }
    let long = format!("Type: String, Description: {}", "x".repeat(4001));
    let long = try_with(&long, Some("a")).expect_err("this is wrong");
    assert_eq!(long.to_string(), "Parameters.Tested.Description: a parameter's description has at most 4000 characters");
    let unknown = try_with("Type: String, Defualt: a", Some("a")).expect_err("this is wrong");
    assert!(unknown.to_string().starts_with("Parameters.Tested.Defualt: this is not known here"), "{unknown}");
    let pattern = try_with("Type: String, AllowedPattern: '(?!a)b'", Some("b")).expect_err("this is wrong");
    assert!(pattern.to_string().starts_with("Parameters.Tested.AllowedPattern: this pattern cannot be read"), "{pattern}");
}
