//! The tasks of services: as many as run, each with the images that its deployment found under their tags.

use serde_json::{Value, json};

use super::Client;
use crate::{Org, World};

const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/httpd:2.4";

fn org(image: bool) -> Org {
    let org = Org::new().without_policies().management(|account| {
        let account = account.service_with("web/one", "httpd.json", |service| service.desired_count(3).running_count(2));
        account.service("web/two", "orders.json")
    });
    if image { org.image(IMAGE, &["httpd-foreground"], &[]) } else { org }
}

async fn tasks(world: &World, filter: &Value) -> Vec<Value> {
    let client = Client::of(world);
    let listed = client.ecs("ListTasks", filter).await.json();
    let described = client.ecs("DescribeTasks", &json!({ "cluster": "web", "tasks": listed["taskArns"] })).await.json();
    described["tasks"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_service_has_as_many_tasks_as_run_and_they_are_found_by_it() {
    let world = org(true).start().await;
    let found = tasks(&world, &json!({ "cluster": "web", "serviceName": "one" })).await;
    assert_eq!(found.len(), 2);
    for task in &found {
        assert_eq!((&task["group"], &task["lastStatus"]), (&json!("service:one"), &json!("RUNNING")));
        let container = &task["containers"][0];
        assert_eq!((&container["name"], &container["image"]), (&json!("httpd"), &json!(IMAGE)));
        assert_eq!(container["imageDigest"], json!(world.digest_of(IMAGE)));
    }
    assert_ne!(found[0]["taskArn"], found[1]["taskArn"]);
    let by_family = tasks(&world, &json!({ "cluster": "web", "family": "httpd" })).await;
    assert_eq!(by_family, found);
    let by_deployment = tasks(&world, &json!({ "cluster": "web", "startedBy": found[0]["startedBy"] })).await;
    assert_eq!(by_deployment, found);
}

#[tokio::test]
async fn what_runs_stays_until_the_next_deployment_wherever_its_tag_goes() {
    let world = org(true).start().await;
    let before = world.digest_of(IMAGE);
    let digests = async || {
        let found = tasks(&world, &json!({ "cluster": "web", "serviceName": "one" })).await;
        found.iter().map(|task| task["containers"][0]["imageDigest"].as_str().expect("a digest").to_owned()).collect::<Vec<_>>()
    };
    world.change_image(IMAGE, &["httpd-foreground"], &[]);
    assert_eq!(digests().await, [before.clone(), before]);
    world.deploy("123456789012", "us-east-1", "web/one", "httpd.json");
    assert_eq!(digests().await, [world.digest_of(IMAGE), world.digest_of(IMAGE)]);
}

#[tokio::test]
async fn an_image_that_no_registry_has_runs_without_a_digest() {
    let world = org(false).start().await;
    let found = tasks(&world, &json!({ "cluster": "web", "serviceName": "one" })).await;
    assert_eq!((found.len(), found[0]["containers"][0].get("imageDigest")), (2, None));
}
