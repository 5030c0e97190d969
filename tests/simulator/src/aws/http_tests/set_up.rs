//! What people do by hand to set the program up: a secret, a cluster, a task.

use serde_json::{Value, json};

use super::Client;
use crate::scenario::network::{APP_GROUP, PRIVATE_SUBNET};
use crate::{Org, World};

/// Returns a world in whose management account the family `httpd` is registered, and its caller.
async fn world(org: Org) -> (World, Client) {
    let org = org.management(|account| account.cluster("tools").task_definition("httpd.json").task_definition(on_ec2()));
    let world = org.start().await;
    let client = Client::of(&world);
    (world, client)
}

fn on_ec2() -> Value {
    json!({ "family": "on-ec2", "containerDefinitions": [{ "name": "app", "image": "app:1" }] })
}

/// Returns the request for a task of `httpd`, with some fields replaced, or taken out by a null.
fn task(changes: &Value) -> Value {
    let network = json!({ "awsvpcConfiguration": { "subnets": [PRIVATE_SUBNET], "securityGroups": [APP_GROUP] } });
    let mut input = json!({
        "cluster": "tools",
        "taskDefinition": "httpd",
        "launchType": "FARGATE",
        "networkConfiguration": network,
    });
    let fields = input.as_object_mut().expect("an object");
    fields.extend(changes.as_object().expect("an object").clone());
    fields.retain(|_, value| !value.is_null());
    input
}

async fn secrets(client: &Client, operation: &str, input: &Value) -> Value {
    client.json("secretsmanager", &format!("secretsmanager.{operation}"), input).await.expect("an answer").json()
}

#[tokio::test]
async fn a_secret_is_made_once() {
    let (world, client) = world(Org::new().without_policies()).await;
    let input = |token: &str, value: &str| json!({ "Name": "a/b", "ClientRequestToken": token, "SecretString": value });
    let made = secrets(&client, "CreateSecret", &input("one", "value")).await;
    let arn = world.secret_arn("123456789012", "us-east-1", "a/b");
    assert_eq!(made, json!({ "ARN": arn, "Name": "a/b", "VersionId": "one" }));
    let read = secrets(&client, "GetSecretValue", &json!({ "SecretId": arn })).await;
    assert_eq!((&read["SecretString"], &read["VersionId"]), (&json!("value"), &json!("one")));
    assert_eq!(secrets(&client, "CreateSecret", &input("one", "value")).await, made, "a repeated call is no second one");
    for other in [input("two", "value"), input("one", "another")] {
        let refused = secrets(&client, "CreateSecret", &other).await;
        assert_eq!(refused["__type"], "ResourceExistsException");
        assert_eq!(refused["Message"], "The operation failed because the secret a/b already exists.");
    }
    let bytes = json!({ "Name": "bytes", "ClientRequestToken": "one", "SecretBinary": "YQo=" });
    secrets(&client, "CreateSecret", &bytes).await;
    assert_eq!(secrets(&client, "GetSecretValue", &json!({ "SecretId": "bytes" })).await["SecretBinary"], "YQo=");
    assert!(world.calls().iter().any(|(call, _)| call.operation == "CreateSecret" && call.write && call.subject == "b"));
}

#[tokio::test]
async fn a_secret_that_cannot_be_is_refused() {
    let good = json!({ "Name": "a", "ClientRequestToken": "one", "SecretString": "value" });
    let cases = [
        ("Name", Value::Null, "InvalidParameterException"),
        ("Name", json!("a b"), "ValidationException"),
        ("SecretString", Value::Null, "InvalidParameterException"),
        ("SecretBinary", json!("YQo="), "InvalidParameterException"),
        ("ClientRequestToken", Value::Null, "InvalidParameterException"),
        ("Tags", json!([{ "Key": "a", "Value": "b" }]), "AccessDeniedException"),
    ];
    let (_world, client) = world(Org::new().without_policies().deny("secretsmanager:TagResource")).await;
    for (key, value, expected) in cases {
        let mut input = good.clone();
        input[key] = value;
        assert_eq!(secrets(&client, "CreateSecret", &input).await["__type"], expected, "{input}");
    }
    let (_world, denied) = world(Org::new().without_policies().deny("secretsmanager:CreateSecret")).await;
    assert_eq!(secrets(&denied, "CreateSecret", &good).await["__type"], "AccessDeniedException");
}

#[tokio::test]
async fn a_cluster_that_is_there_is_the_answer() {
    let (_world, client) = world(Org::new().without_policies().deny("ecs:TagResource")).await;
    let made = client.ecs("CreateCluster", &json!({ "clusterName": "new" })).await.json();
    let again = client.ecs("CreateCluster", &json!({ "clusterName": "new" })).await.json();
    assert_eq!((&made["cluster"]["clusterName"], &made), (&json!("new"), &again));
    let described = client.ecs("DescribeClusters", &json!({ "clusters": ["new"] })).await.json();
    assert_eq!(described["clusters"], json!([made["cluster"]]));
    assert_eq!(client.ecs("CreateCluster", &json!({})).await.json()["cluster"]["clusterName"], "default");
    let listed = client.ecs("ListClusters", &json!({})).await.json();
    assert_eq!(listed["clusterArns"].as_array().map(Vec::len), Some(3));
    assert_eq!(client.ecs("CreateCluster", &json!({ "clusterName": "a b" })).await.code(), "InvalidParameterException");
    let tagged = json!({ "clusterName": "tagged", "tags": [{ "key": "a", "value": "b" }] });
    assert_eq!(client.ecs("CreateCluster", &tagged).await.code(), "AccessDeniedException");
}

#[tokio::test]
async fn a_task_is_provisioned_and_then_runs() {
    let (_world, client) = world(Org::new().without_policies()).await;
    let environment = json!([{ "name": "DRY_RUN", "value": "true" }]);
    let overrides = json!({ "containerOverrides": [{ "name": "httpd", "environment": environment }] });
    let ran = client.ecs("RunTask", &task(&json!({ "count": 2, "overrides": overrides, "startedBy": "me" }))).await.json();
    let tasks = ran["tasks"].as_array().expect("a list");
    assert_eq!((tasks.len(), &ran["failures"]), (2, &json!([])));
    assert_ne!(tasks[0]["taskArn"], tasks[1]["taskArn"]);
    for task in tasks {
        assert_eq!((&task["lastStatus"], &task["desiredStatus"]), (&json!("PROVISIONING"), &json!("RUNNING")));
        assert_eq!((&task["group"], &task["startedBy"]), (&json!("family:httpd"), &json!("me")));
        assert_eq!(task["overrides"]["containerOverrides"][0]["environment"], environment);
        assert_eq!(task["attachments"][0]["details"], json!([{ "name": "subnetId", "value": PRIVATE_SUBNET }]));
    }
    let filter = json!({ "cluster": "tools", "family": "httpd", "startedBy": "me" });
    let listed = client.ecs("ListTasks", &filter).await.json();
    assert_eq!(listed["taskArns"], json!([tasks[0]["taskArn"], tasks[1]["taskArn"]]));
    let one = json!({ "cluster": "tools", "tasks": [tasks[0]["taskArn"]] });
    let mut seen = Vec::new();
    for _ in 0..3 {
        let task = client.ecs("DescribeTasks", &one).await.json()["tasks"][0].clone();
        assert_eq!(task["lastStatus"], task["containers"][0]["lastStatus"]);
        seen.push(task["lastStatus"].clone());
    }
    assert_eq!(seen, ["PENDING", "RUNNING", "RUNNING"]);
    let cluster = client.ecs("DescribeClusters", &json!({ "clusters": ["tools"] })).await.json()["clusters"][0].clone();
    // The other one has not been looked at, and is not even pending.
    assert_eq!((&cluster["runningTasksCount"], &cluster["pendingTasksCount"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn a_task_that_cannot_be_is_refused() {
    let network =
        |subnet: &str, group: &str| json!({ "awsvpcConfiguration": { "subnets": [subnet], "securityGroups": [group] } });
    let none = json!({ "awsvpcConfiguration": { "subnets": [] } });
    let other = json!({ "containerOverrides": [{ "name": "other" }] });
    let spot = json!([{ "capacityProvider": "FARGATE_SPOT" }]);
    let cases = [
        (json!({ "cluster": "gone" }), "Cluster not found."),
        (json!({ "taskDefinition": "gone" }), "TaskDefinition not found."),
        (json!({ "taskDefinition": "on-ec2" }), "does not support launch_type FARGATE"),
        (json!({ "count": 11 }), "count must be between 1 and 10."),
        (json!({ "launchType": null }), "No Container Instances"),
        (json!({ "launchType": "EC2" }), "No Container Instances"),
        (json!({ "capacityProviderStrategy": spot }), "can not be used together"),
        (json!({ "networkConfiguration": null }), "Network Configuration must be provided"),
        (json!({ "networkConfiguration": none }), "subnets can not be empty."),
        (json!({ "networkConfiguration": network("subnet-gone", APP_GROUP) }), "The subnet ID 'subnet-gone' does not exist"),
        (json!({ "networkConfiguration": network(PRIVATE_SUBNET, "sg-gone") }), "The security group 'sg-gone' does not exist"),
        (json!({ "overrides": other }), "Override for container named other"),
    ];
    let (_world, client) = world(Org::new().without_policies()).await;
    for (changes, expected) in cases {
        let answer = client.ecs("RunTask", &task(&changes)).await.json();
        assert!(answer["message"].as_str().is_some_and(|message| message.contains(expected)), "{changes}: {answer}");
    }
    let listed = client.ecs("ListTasks", &json!({ "cluster": "tools" })).await.json();
    assert_eq!(listed["taskArns"], json!([]));
    let on_spot = client.ecs("RunTask", &task(&json!({ "launchType": null, "capacityProviderStrategy": spot }))).await.json();
    assert_eq!(on_spot["tasks"][0]["capacityProviderName"], "FARGATE_SPOT");
    client.ecs("DeregisterTaskDefinition", &json!({ "taskDefinition": "httpd:1" })).await;
    let inactive = client.ecs("RunTask", &task(&json!({ "taskDefinition": "httpd:1" }))).await.json();
    assert_eq!(inactive["message"], "TaskDefinition is inactive");
}

#[tokio::test]
async fn a_task_needs_leave_for_its_roles_and_its_tags() {
    let tags = json!({ "tags": [{ "key": "a", "value": "b" }] });
    // Of its own account, whichever one the definition names.
    let role = json!("arn:aws:iam::123456789012:role/ecsTaskExecutionRole");
    let arn = json!("arn:aws:ecs:us-east-1:123456789012:task-definition/httpd:1");
    for (action, changes, resource) in
        [("ecs:RunTask", json!({}), &arn), ("iam:PassRole", json!({}), &role), ("ecs:TagResource", tags, &arn)]
    {
        let (_world, client) = world(Org::new().without_policies().deny(action)).await;
        let answer = client.ecs("RunTask", &task(&changes)).await.json();
        let told = format!("is not authorized to perform: {action} on resource: {}", resource.as_str().expect("an ARN"));
        assert!(answer["message"].as_str().is_some_and(|message| message.contains(&told)), "{answer}");
    }
}

/// The project's own file, filled as README says.
#[tokio::test]
async fn the_task_template_is_registered_and_runs() {
    let template = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fargateTaskTemplate.json"));
    let filled = template
        .replace("${IMAGE_NAME}", "123456789012.dkr.ecr.us-east-1.amazonaws.com/fargate-updater:0.1.0")
        .replace("${PCC_SECRET}", "fargate-updater/console")
        .replace("${TASK_EXECUTION_ROLE}", "arn:aws:iam::123456789012:role/FargateDeployMaster")
        .replace("${AWS_REGION}", "us-east-1");
    let (_world, client) = world(Org::new().without_policies()).await;
    let definition: Value = serde_json::from_str(&filled).expect("JSON");
    let answer = client.ecs("RegisterTaskDefinition", &definition).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let registered = answer.json()["taskDefinition"].clone();
    assert_eq!(registered["containerDefinitions"][0]["readonlyRootFilesystem"], true);
    assert_eq!((&registered["cpu"], &registered["memory"]), (&json!("256"), &json!("512")));
    let ran = client.ecs("RunTask", &task(&json!({ "taskDefinition": "fargate-updater" }))).await.json();
    assert_eq!(ran["tasks"][0]["taskDefinitionArn"], registered["taskDefinitionArn"]);
}

#[tokio::test]
async fn a_stack_with_an_image_has_its_cluster_and_its_task_definition() {
    let org = Org::new().without_policies().stack(|stack| stack.parameter("ImageUri", "registry.example.test/updater:1"));
    let (_world, client) = world(org).await;
    let ran = client.ecs("RunTask", &task(&json!({ "cluster": "fargate-updater", "taskDefinition": "fargate-updater" }))).await;
    assert_eq!(ran.json()["tasks"][0]["containers"][0]["image"], "registry.example.test/updater:1");
}
