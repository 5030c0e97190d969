//! Names are parsed once: the right shapes go in and come out as they were, the wrong ones are named.

use std::fmt::Display;
use std::str::FromStr;

use fargate_updater::ids::{
    AccountId, ClusterArn, IdError, Partition, RegionName, ServiceArn, TaskArn, TaskDefinitionArn, UnitId, caller_of,
    principal_of, region_of_secret,
};
use proptest::prelude::*;

use crate::generate;

/// Checks which texts are such a name; those that are not must say so with the text in the message.
fn check<T: FromStr<Err = IdError>>(right: &[&str], wrong: &[&str]) {
    for text in right {
        assert!(text.parse::<T>().is_ok(), "{text:?} is refused");
    }
    for text in wrong {
        let error = text.parse::<T>().err().unwrap_or_else(|| panic!("{text:?} is accepted")).to_string();
        assert!(error.starts_with(&format!("{text:?} is not a")), "{error}");
    }
}

#[test]
fn account_ids_are_twelve_digits() {
    check::<AccountId>(
        &["111122223333", "000000000000"],
        &["", "11112222333", "1111222233334", "1111-2222-3333", "11112222333a", " 111122223333", "１１１１２２２２３３３３"],
    );
}

#[test]
fn regions_are_words_and_a_number() {
    check::<RegionName>(
        &["eu-west-1", "us-gov-west-1", "il-central-1", "ap-southeast-7", "us-isob-east-1", "cn-north-1", "eusc-de-east-1"],
        &["", "eu", "eu-1", "eu-west", "eu-west-1a", "EU-WEST-1", "eu--1", "eu-west-", "-west-1", "eu_west_1", "eu-west-1 ", "*"],
    );
}

#[test]
fn task_arns_name_one_task() {
    let new = "arn:aws:ecs:eu-west-1:111122223333:task/web/0123456789abcdef0123456789abcdef";
    let old = "arn:aws:ecs:eu-west-1:111122223333:task/0123456789abcdef0123456789abcdef";
    check::<TaskArn>(
        &[new, old],
        &[
            "",
            "0123456789abcdef0123456789abcdef",
            "arn:aws:ecs:eu-west-1:111122223333:task",
            "arn:aws:ecs:eu-west-1:111122223333:task/",
            "arn:aws:ecs:eu-west-1:111122223333:task/web/",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1",
            "arn:aws:ecs::111122223333:task/web/0123",
        ],
    );
    for text in [new, old] {
        let arn: TaskArn = text.parse().expect("a task's ARN");
        assert_eq!((arn.id(), arn.region().as_str()), ("0123456789abcdef0123456789abcdef", "eu-west-1"));
    }
}

#[test]
fn cluster_arns_name_one_cluster() {
    check::<ClusterArn>(
        &[
            "arn:aws:ecs:eu-west-1:111122223333:cluster/web",
            "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:cluster/web",
            "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/web_2-x",
        ],
        &[
            "",
            "web",
            "cluster/web",
            "arn:aws:ecs:eu-west-1:111122223333:cluster/",
            "arn:aws:ecs:eu-west-1:111122223333:cluster",
            "arn:aws:ecs:eu-west-1:111122223333:cluster/web/checkout",
            "arn:aws:ecs:eu-west-1:111122223333:service/web/checkout",
            "arn:aws:ecs:eu-west-1:1111:cluster/web",
            "arn:aws:ecs::111122223333:cluster/web",
            "arn:aws:eks:eu-west-1:111122223333:cluster/web",
            "arn:other:ecs:eu-west-1:111122223333:cluster/web",
            "ARN:aws:ecs:eu-west-1:111122223333:cluster/web",
        ],
    );
}

#[test]
fn service_arns_come_with_the_cluster_and_in_the_older_form_without() {
    check::<ServiceArn>(
        &["arn:aws:ecs:eu-west-1:111122223333:service/web/checkout", "arn:aws:ecs:eu-west-1:111122223333:service/checkout"],
        &[
            "arn:aws:ecs:eu-west-1:111122223333:service/web/",
            "arn:aws:ecs:eu-west-1:111122223333:service/",
            "arn:aws:ecs:eu-west-1:111122223333:services/web",
        ],
    );
    for text in ["arn:aws:ecs:eu-west-1:111122223333:service/web/checkout", "arn:aws:ecs:eu-west-1:111122223333:service/checkout"]
    {
        let arn: ServiceArn = text.parse().expect("it is one");
        assert_eq!((arn.name(), arn.account().as_str(), arn.region().as_str()), ("checkout", "111122223333", "eu-west-1"));
    }
}

#[test]
fn task_definition_arns_name_a_family_and_a_revision() {
    check::<TaskDefinitionArn>(
        &[
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:7",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/a_b-c:18446744073709551615",
        ],
        &[
            "checkout:7",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:latest",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:-7",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:+7",
            "arn:aws:ecs:eu-west-1:111122223333:task-definition/:7",
        ],
    );
    let arn: TaskDefinitionArn =
        "arn:aws:ecs:eu-west-1:111122223333:task-definition/checkout:10".parse().expect("it is a task definition's ARN");
    assert_eq!((arn.family().as_str(), arn.revision(), arn.short().as_str()), ("checkout", 10, "checkout:10"));
}

#[test]
fn units_are_roots_and_organizational_units() {
    check::<UnitId>(
        &["r-ab12", "ou-ab12-11111111", "ou-ab12-1a2b3c4d5e"],
        &["", "r-", "r-AB12", "r-ab1", "ou-ab12", "ou-ab12-1111111", "ou-ab12-11111111-2", "x-ab12-11111111", "o-abcdefghij"],
    );
}

#[test]
fn partitions_begin_with_aws() {
    check::<Partition>(&["aws", "aws-us-gov", "aws-cn", "aws-iso-b"], &["", "azure"]);
}

#[test]
fn one_role_is_one_principal_whichever_arn_it_came_in() {
    let cases = [
        ("a role", "arn:aws:iam::111122223333:role/FargateDeployMember", Some("111122223333/role/FargateDeployMember")),
        (
            "a role with a path",
            "arn:aws:iam::111122223333:role/ops/eu/FargateDeployMember",
            Some("111122223333/role/FargateDeployMember"),
        ),
        (
            "a session",
            "arn:aws:sts::111122223333:assumed-role/FargateDeployMember/run-1",
            Some("111122223333/role/FargateDeployMember"),
        ),
        ("a session in China", "arn:aws-cn:sts::111122223333:assumed-role/deploy/x", Some("111122223333/role/deploy")),
        ("another account", "arn:aws:iam::444455556666:role/FargateDeployMember", Some("444455556666/role/FargateDeployMember")),
        ("a user", "arn:aws:iam::111122223333:user/alice", Some("111122223333/user/alice")),
        ("the root user", "arn:aws:iam::111122223333:root", Some("111122223333/root")),
        ("no ARN", "FargateDeployMember", None),
        ("nothing", "", None),
    ];
    for (name, arn, expected) in cases {
        assert_eq!(principal_of(arn).as_deref(), expected, "{name}");
    }
    // A user by a role's name is not that role.
    assert_ne!(principal_of("arn:aws:iam::111122223333:user/deploy"), principal_of("arn:aws:iam::111122223333:role/deploy"));
}

#[test]
fn a_caller_has_a_partition_and_an_account() {
    let (partition, account) = caller_of("arn:aws-us-gov:sts::111122223333:assumed-role/deploy/x").expect("it is a caller's");
    assert_eq!((partition.as_str(), account.as_str()), ("aws-us-gov", "111122223333"));
    assert!(caller_of("arn:aws:iam::aws:policy/ReadOnlyAccess").is_err());
    assert!(caller_of("alice").is_err());
}

#[test]
fn only_a_secrets_arn_names_a_region() {
    let cases = [
        ("a secret's ARN", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:console-AbCdEf", Some("eu-west-1")),
        ("a name", "console", None),
        ("a name with slashes", "prod/eu-west-1/console", None),
        ("an ARN of another service", "arn:aws:ssm:eu-west-1:111122223333:parameter/console", None),
    ];
    for (name, text, expected) in cases {
        assert_eq!(region_of_secret(text).as_ref().map(RegionName::as_str), expected, "{name}");
    }
}

/// A name is printed as it came.
fn round_trips<T: FromStr<Err = IdError> + Display>(text: &str) -> Result<(), TestCaseError> {
    let parsed: T = text.parse().map_err(|error: IdError| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(parsed.to_string(), text);
    Ok(())
}

const REGION: &str = "[a-z]{2,4}(-[a-z]{3,9}){1,2}-[0-9]{1,2}";

proptest! {
    #![proptest_config(generate::config())]

    #[test]
    fn names_come_out_as_they_went_in(
        account in "[0-9]{12}",
        region in REGION,
        cluster in "[A-Za-z0-9_-]{1,20}",
        name in "[A-Za-z0-9_-]{1,20}",
        revision in any::<u64>(),
    ) {
        round_trips::<AccountId>(&account)?;
        round_trips::<RegionName>(&region)?;
        round_trips::<ClusterArn>(&format!("arn:aws:ecs:{region}:{account}:cluster/{cluster}"))?;
        round_trips::<ServiceArn>(&format!("arn:aws:ecs:{region}:{account}:service/{name}"))?;
        round_trips::<ServiceArn>(&format!("arn:aws:ecs:{region}:{account}:service/{cluster}/{name}"))?;
        let text = format!("arn:aws:ecs:{region}:{account}:task-definition/{name}:{revision}");
        round_trips::<TaskDefinitionArn>(&text)?;
        let arn: TaskDefinitionArn = text.parse().expect("it was just parsed");
        prop_assert_eq!((arn.account().as_str(), arn.region().as_str()), (account.as_str(), region.as_str()));
        prop_assert_eq!(arn.revision(), revision);
        prop_assert_eq!(arn.short(), format!("{name}:{revision}"));
    }

    #[test]
    fn no_text_at_all_makes_a_parser_panic(text in ".{0,40}") {
        let _ = (text.parse::<ClusterArn>().is_ok(), text.parse::<TaskDefinitionArn>().is_ok(), principal_of(&text));
        // What is accepted is what was given.
        if let Ok(region) = text.parse::<RegionName>() {
            prop_assert_eq!(region.as_str(), text);
        }
    }
}
