//! ECS: pages, task definitions that come back whole, registrations that must not overlap, roll-outs.

use serde_json::{Value, json};

use super::{Client, one_service};
use crate::Org;

#[tokio::test]
async fn lists_come_in_pages_of_the_sizes_aws_has() {
    let mut org = Org::new().without_policies().management(|mut account| {
        for n in 0..35 {
            account = account.service(&format!("web/service-{n:02}"), "httpd.json");
        }
        account
    });
    for n in 0..44 {
        org = org.account(&format!("2222333344{n:02}"), |account| account);
    }
    let world = org.start().await;
    let client = Client::of(&world);
    let mut sizes = Vec::new();
    let mut input = json!({ "cluster": "web" });
    loop {
        let page = client.ecs("ListServices", &input).await.json();
        sizes.push(page["serviceArns"].as_array().expect("a list").len());
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(sizes, [10, 10, 10, 5]);
    let all = client.ecs("ListServices", &json!({ "cluster": "web", "maxResults": 100 })).await.json();
    let arns = all["serviceArns"].as_array().expect("a list").clone();
    assert_eq!(arns.len(), 35);
    assert_eq!(
        client.ecs("ListServices", &json!({ "cluster": "web", "maxResults": 101 })).await.code(),
        "InvalidParameterException"
    );
    let eleven = client.ecs("DescribeServices", &json!({ "cluster": "web", "services": &arns[..11] })).await;
    assert_eq!(eleven.code(), "InvalidParameterException");

    let mut sizes = Vec::new();
    let mut input = json!({});
    loop {
        let page =
            client.json("organizations", "AWSOrganizationsV20161128.ListAccounts", &input).await.expect("an answer").json();
        sizes.push(page["Accounts"].as_array().expect("a list").len());
        match page.get("NextToken") {
            Some(token) => input["NextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!(sizes, [20, 0, 20, 5]);
}

#[tokio::test]
async fn what_is_registered_comes_back_whole_and_tags_only_when_asked_for() {
    let world = Org::new().without_policies().management(|account| account.task_definition("unknown_fields.json")).start().await;
    let client = Client::of(&world);
    let plain = client.ecs("DescribeTaskDefinition", &json!({ "taskDefinition": "unknown-fields" })).await.json();
    assert!(plain.get("tags").is_none());
    let asked = json!({ "taskDefinition": "unknown-fields:1", "include": ["TAGS"] });
    let described = client.ecs("DescribeTaskDefinition", &asked).await;
    assert!(described.body.contains("18446744073709551615") && described.body.contains("\"precise\":1.10"));
    let described = described.json();
    assert_eq!(described["tags"], json!([{ "key": "team", "value": "" }]));
    assert_eq!(described["taskDefinition"]["containerDefinitions"][0]["cpu"], json!(0), "ECS fills in defaults");
    assert_eq!(client.ecs("RegisterTaskDefinition", &described["taskDefinition"]).await.code(), "ClientException");

    let registrable = crate::scenario::Definition::from("unknown_fields.json").load();
    let registered = client.ecs("RegisterTaskDefinition", &registrable).await.json();
    assert_eq!(registered["taskDefinition"]["revision"], json!(2));
    assert_eq!(
        registered["taskDefinition"]["registeredBy"],
        json!("arn:aws:sts::123456789012:assumed-role/FargateDeployMaster/simulated")
    );
    assert_eq!(world.registered(), [registrable]);
    assert_eq!(world.revisions("123456789012", "us-east-1", "unknown-fields").len(), 2);
}

#[tokio::test]
async fn two_registrations_of_one_family_do_not_overlap() {
    let world = Org::new().without_policies().start().await;
    let client = Client::of(&world);
    let definition = crate::scenario::Definition::from("httpd.json").load();
    let hold = world.hold("RegisterTaskDefinition");
    let first = tokio::spawn({
        let (client, definition) = (client.clone(), definition.clone());
        async move { client.ecs("RegisterTaskDefinition", &definition).await }
    });
    hold.reached().await;
    let second = client.ecs("RegisterTaskDefinition", &definition).await;
    assert_eq!(second.json()["message"], "Too many concurrent attempts to create a new revision of the specified family.");
    let mut other = definition.clone();
    other["family"] = json!("other");
    assert_eq!(client.ecs("RegisterTaskDefinition", &other).await.status, 200);
    hold.release();
    assert_eq!(first.await.expect("no panic").status, 200);
    assert_eq!(client.ecs("RegisterTaskDefinition", &definition).await.json()["taskDefinition"]["revision"], json!(2));
    assert_eq!(world.calls().writes(), 4);
}

#[tokio::test]
async fn roll_outs_move_on_when_somebody_looks() {
    let org = Org::new().without_policies().management(|account| {
        account
            .service("web/plain", "httpd.json")
            .service_with("web/busy", "httpd.json", |service| service.deploying_to("orders.json"))
            .service_with("web/stuck", "httpd.json", |service| service.stuck_deploying())
            .service_with("web/green", "httpd.json", |service| service.deployment_controller("CODE_DEPLOY"))
            .service_with("web/old", "httpd.json", |service| service.platform_version("1.3.0"))
            .service_with("web/going", "httpd.json", |service| service.status("DRAINING"))
            .service_with("web/spot", "httpd.json", |service| service.capacity_provider("FARGATE_SPOT", None).tag("team", "web"))
            .task_definition("other_agent.json")
    });
    let world = org.start().await;
    let client = Client::of(&world);
    let look = async |name: &str| {
        let input = json!({ "cluster": "web", "services": [name], "include": ["TAGS"] });
        client.ecs("DescribeServices", &input).await.json()["services"][0].clone()
    };
    let states = |service: &Value| -> Vec<String> {
        let deployments = service["deployments"].as_array().expect("a list").iter();
        deployments.map(|one| format!("{} {}", one["status"], one["rolloutState"]).replace('"', "")).collect()
    };
    assert_eq!(states(&look("busy").await), ["PRIMARY IN_PROGRESS", "ACTIVE COMPLETED"]);
    let busy = look("busy").await;
    assert_eq!(states(&busy), ["PRIMARY COMPLETED"]);
    assert!(busy["taskDefinition"].as_str().is_some_and(|arn| arn.ends_with("task-definition/orders:1")));
    for _ in 0..3 {
        assert_eq!(states(&look("stuck").await), ["PRIMARY IN_PROGRESS", "ACTIVE COMPLETED"]);
    }
    let spot = look("spot").await;
    assert!(spot.get("launchType").is_none() && spot["tags"] == json!([{ "key": "team", "value": "web" }]));

    let update = async |name: &str, task_definition: &str| {
        client.ecs("UpdateService", &json!({ "cluster": "web", "service": name, "taskDefinition": task_definition })).await
    };
    let updated = update("plain", "other-agent:1").await.json();
    assert_eq!(states(&updated["service"]), ["PRIMARY IN_PROGRESS", "ACTIVE COMPLETED"]);
    assert_eq!(states(&look("plain").await), ["PRIMARY COMPLETED"]);
    assert_eq!(world.service("123456789012", "us-east-1", "web/plain").task_definition()["family"], "other-agent");
    for (name, task_definition, code) in [
        ("green", "other-agent:1", "InvalidParameterException"),
        ("old", "other-agent:1", "PlatformTaskDefinitionIncompatibilityException"),
        ("going", "other-agent:1", "ServiceNotActiveException"),
        ("missing", "other-agent:1", "ServiceNotFoundException"),
        ("plain", "other-agent:9", "ClientException"),
    ] {
        assert_eq!(update(name, task_definition).await.code(), code, "{name}");
    }
    client.ecs("DeregisterTaskDefinition", &json!({ "taskDefinition": "other-agent:1" })).await;
    assert_eq!(update("plain", "other-agent:1").await.json()["message"], "TaskDefinition is inactive");
    assert_eq!(world.updates().len(), 1);
}

#[tokio::test]
async fn a_customer_deploys_and_a_snapshot_tells_the_difference() {
    let world = one_service().start().await;
    let before = world.snapshot();
    assert_eq!(before, world.snapshot());
    let same = world.deploy("111122223333", "us-east-1", "web/checkout", "httpd.json");
    assert!(same.ends_with("httpd:1"), "the same content is the same revision");
    let arn = world.deploy("111122223333", "us-east-1", "web/checkout", "orders.json");
    assert_eq!(world.service("111122223333", "us-east-1", "web/checkout").task_definition_arn(), arn);
    assert_ne!(before, world.snapshot());
    assert_eq!((world.calls().total(), world.registered().len()), (0, 0), "a customer is no caller");
}

#[tokio::test]
async fn tasks_are_listed_by_family_and_described_with_what_they_were_started_with() {
    let org = Org::new().without_policies().updater_task("a", |task| task.created_at(1_700_000_000).env("SHARD", "1"));
    let org = org.updater_task("b", |task| task.family("other"));
    let world = org.updater_task("c", |task| task.status("STOPPED", "STOPPED")).start().await;
    let client = Client::of(&world);
    let listed = async |more: Value| {
        let mut input = json!({ "cluster": "fargate-updater" });
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = client.ecs("ListTasks", &input).await.json();
        let arns = answer["taskArns"].as_array().expect("a list").iter().filter_map(Value::as_str);
        arns.filter_map(|arn| arn.rsplit('/').next().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(listed(json!({})).await, ["a", "b"]);
    assert_eq!(listed(json!({ "family": "fargate-updater" })).await, ["a"]);
    assert_eq!(listed(json!({ "desiredStatus": "STOPPED" })).await, ["c"]);
    assert_eq!(listed(json!({ "serviceName": "web" })).await, [""; 0]);
    assert_eq!(client.ecs("ListTasks", &json!({ "cluster": "none" })).await.code(), "ClusterNotFoundException");

    let described = client.ecs("DescribeTasks", &json!({ "cluster": "fargate-updater", "tasks": ["a", "z"] })).await.json();
    let task = &described["tasks"][0];
    assert_eq!((&task["createdAt"], &task["lastStatus"]), (&json!(1_700_000_000), &json!("RUNNING")));
    let environment = &task["overrides"]["containerOverrides"][0]["environment"];
    assert_eq!(*environment, json!([{ "name": "SHARD", "value": "1" }]));
    assert_eq!(described["failures"], json!([{ "arn": "z", "reason": "MISSING" }]));
    let many = vec!["a"; 101];
    let too_many = client.ecs("DescribeTasks", &json!({ "cluster": "fargate-updater", "tasks": many })).await;
    assert_eq!(too_many.code(), "InvalidParameterException");
}
