//! What ECS would not register because of the Defender, and what a task has too little of.

use fargate_updater::plan::fit::{Resource, Tight, misfit, tight};
use fargate_updater::plan::task_definition::Protected;
use fargate_updater::plan::{SkipReason, TaskDefinition};
use serde_json::{Value, json};

use crate::support::container;

/// A Fargate revision of 256 CPU units and 512 MiB, with an application, a Defender and an execution role.
fn revision(edit: impl FnOnce(&mut Value)) -> TaskDefinition<Protected> {
    let mut json = json!({
        "family": "checkout", "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::111122223333:role/exec",
        "containerDefinitions": [container("web"), container("TwistlockDefender")],
    });
    edit(&mut json);
    let unchanged = fargate_updater::plan::edit::Change::default();
    TaskDefinition::from_json(json).protected_by(&unchanged).expect("no change applies to anything")
}

fn set(json: &mut Value, at: usize, members: &Value) {
    let container = json["containerDefinitions"][at].as_object_mut().expect("a container");
    container.extend(members.as_object().expect("members").clone());
}

#[test]
fn what_the_defender_reserves_beyond_the_task_is_told() {
    let too_small = |resource, reserved, task| Some(SkipReason::TaskTooSmall { resource, reserved, task });
    let cases = [
        ("nothing is reserved", json!({}), json!({}), None),
        ("all of it is reserved", json!({ "cpu": 200 }), json!({ "cpu": 56 }), None),
        ("more CPU than there is", json!({ "cpu": 200 }), json!({ "cpu": 57 }), too_small(Resource::Cpu, 257, 256)),
        ("limits are reservations", json!({ "memory": 384 }), json!({ "memory": 256 }), too_small(Resource::Memory, 640, 512)),
        ("a reservation says it", json!({ "memory": 512, "memoryReservation": 128 }), json!({ "memoryReservation": 256 }), None),
        ("zero is none", json!({ "memory": 384, "memoryReservation": 0 }), json!({ "memory": 128 }), None),
        ("the Defender is not the reason", json!({ "cpu": 300 }), json!({ "cpu": 10 }), None),
    ];
    for (name, web, defender, expected) in cases {
        let revision = revision(|json| {
            set(json, 0, &web);
            set(json, 1, &defender);
        });
        assert_eq!(misfit(&revision), expected, "{name}");
    }
    for task in [json!("0.25 vCPU"), json!(null)] {
        let revision = revision(|json| {
            json["cpu"] = task;
            set(json, 1, &json!({ "cpu": 1024 }));
        });
        assert_eq!(misfit(&revision), None, "what cannot be read is not judged");
    }
}

#[test]
fn an_execution_role_is_needed_for_what_the_defender_adds_alone() {
    let ecr = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/twistlock/defender:1";
    let secret = json!({ "credentialsParameter": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pull" });
    let named = json!([{ "name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-west-1:111122223333:parameter/token" }]);
    let cases = [
        ("the vendor's registry", json!({}), None),
        ("ECR Public", json!({ "image": "public.ecr.aws/defender:1" }), None),
        ("ECR", json!({ "image": ecr }), Some("its image in ECR")),
        ("a pull secret", json!({ "repositoryCredentials": secret }), Some("the secret that its image is pulled with")),
        ("CloudWatch Logs", json!({ "logConfiguration": { "logDriver": "awslogs" } }), Some("the log driver awslogs")),
        ("a router", json!({ "logConfiguration": { "logDriver": "awsfirelens", "secretOptions": [] } }), None),
        (
            "a token for Splunk",
            json!({ "logConfiguration": { "logDriver": "splunk", "secretOptions": named } }),
            Some("its secrets"),
        ),
        ("a variable from a secret", json!({ "secrets": named }), Some("its secrets")),
    ];
    for (name, members, needed_for) in cases {
        let with_role = revision(|json| set(json, 1, &members));
        assert_eq!(misfit(&with_role), None, "{name}");
        for role in [json!(""), json!(null)] {
            let without = revision(|json| {
                json["executionRoleArn"] = role;
                set(json, 1, &members);
            });
            let expected = needed_for.map(|needed_for| SkipReason::NoExecutionRole { needed_for });
            assert_eq!(misfit(&without), expected, "{name}");
        }
        let theirs = revision(|json| {
            json["executionRoleArn"] = json!("");
            set(json, 0, &members);
        });
        assert_eq!(misfit(&theirs), None, "{name}: what ECS took of the customer it takes again");
    }
}

#[test]
fn a_definition_has_64_kibibytes_at_most_without_its_tags() {
    let filled = |length: usize| {
        revision(|json| {
            json["tags"] = json!([{ "key": "note", "value": "x".repeat(200) }]);
            json["family"] = json!("x".repeat(length));
        })
    };
    let without_tags = |revision: &TaskDefinition<Protected>| {
        let mut json = revision.json().clone();
        json.as_object_mut().expect("a definition").shift_remove("tags");
        json.to_string().len()
    };
    let most = 65_536 - without_tags(&filled(0));
    assert_eq!((without_tags(&filled(most)), misfit(&filled(most))), (65_536, None));
    assert_eq!(misfit(&filled(most + 1)), Some(SkipReason::DefinitionTooLarge { bytes: 65_537 }));
}

#[test]
fn little_memory_is_what_limits_may_leave_to_a_defender_that_reserves_none() {
    let tight_of = |left| Some(Tight { left, task: 512 });
    let cases = [
        ("no limits", json!({}), json!({}), None),
        ("just enough", json!({ "memory": 256 }), json!({}), None),
        ("one too little", json!({ "memory": 257 }), json!({}), tight_of(255)),
        ("all of it", json!({ "memory": 512 }), json!({}), tight_of(0)),
        (
            "a limit counts, not the reservation below it",
            json!({ "memory": 512, "memoryReservation": 64 }),
            json!({}),
            tight_of(0),
        ),
        ("a reservation without a limit counts", json!({ "memoryReservation": 300 }), json!({}), tight_of(212)),
        ("its owner saw to it", json!({ "memory": 384 }), json!({ "memoryReservation": 128 }), None),
    ];
    for (name, web, defender, expected) in cases {
        let revision = revision(|json| {
            set(json, 0, &web);
            set(json, 1, &defender);
        });
        assert_eq!(tight(&revision), expected, "{name}");
    }
    let small = revision(|json| json["memory"] = json!("128"));
    assert_eq!(tight(&small), Some(Tight { left: 128, task: 128 }));
}
