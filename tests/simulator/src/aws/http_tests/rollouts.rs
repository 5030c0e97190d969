//! Roll-outs: what becomes of one follows from what was registered, from the service and from its network.

use serde_json::{Value, json};

use super::Client;
use crate::scenario::network::{APP_GROUP, SecurityGroup};
use crate::scenario::{Definition, Service};
use crate::{Console, Org, World};

const HOME: &str = "us-east-1";
const MANAGEMENT: &str = "123456789012";

/// What `DescribeServices` tells of the PRIMARY deployment: state, running, pending and failed tasks.
async fn look(client: &Client) -> (String, u64, u64, u64) {
    let service = described(client).await;
    let primary = &service["deployments"][0];
    let number = |key: &str| primary[key].as_u64().unwrap_or(99);
    (text(&primary["rolloutState"]), number("runningCount"), number("pendingCount"), number("failedTasks"))
}

async fn described(client: &Client) -> Value {
    client.ecs("DescribeServices", &json!({ "cluster": "web", "services": ["shop"] })).await.json()["services"][0].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The definition of the service `web/shop`, embedded by the simulated Console, and then changed.
async fn rolled_out(service: impl FnOnce(Service) -> Service, org: Org, change: impl FnOnce(&mut Value)) -> (World, Client) {
    let world = org.management(|account| account.service_with("web/shop", "httpd.json", service)).start().await;
    let client = Client::of(&world);
    let mut embedded = Console::default().protect(&Definition::from("httpd.json").load(), "httpd");
    drop_nulls(&mut embedded);
    change(&mut embedded);
    let registered = client.ecs("RegisterTaskDefinition", &embedded).await;
    assert_eq!(registered.status, 200, "{}", registered.body);
    let updated = update(&client, &text(&registered.json()["taskDefinition"]["taskDefinitionArn"])).await;
    assert!(text(&updated["service"]["taskDefinition"]).ends_with(":2"), "{updated}");
    (world, client)
}

/// The Console answers with nulls, which ECS does not take.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

async fn update(client: &Client, task_definition: &str) -> Value {
    client.ecs("UpdateService", &json!({ "cluster": "web", "service": "shop", "taskDefinition": task_definition })).await.json()
}

fn runs(world: &World) -> String {
    world.service(MANAGEMENT, HOME, "web/shop").task_definition_arn().rsplit('/').next().unwrap_or_default().to_owned()
}

fn app(definition: &mut Value) -> &mut Value {
    let containers = definition["containerDefinitions"].as_array_mut().expect("containers");
    containers.iter_mut().find(|container| container["name"] != "TwistlockDefender").expect("an application")
}

#[tokio::test]
async fn a_defender_that_is_wired_up_runs() {
    let (world, client) = rolled_out(|service| service, Org::new().without_policies(), |_| {}).await;
    assert_eq!(look(&client).await, ("COMPLETED".to_owned(), 1, 0, 0));
    assert_eq!(runs(&world), "httpd:2");
    let service = described(&client).await;
    assert!(text(&service["events"][0]["message"]).ends_with("has reached a steady state."), "{}", service["events"]);
}

#[tokio::test]
async fn a_deployment_is_complete_at_the_look_that_the_scenario_says() {
    for (looks, org) in [(1, Org::new()), (1, Org::new().roll_outs_take(1)), (6, Org::new().roll_outs_take(6))] {
        let (_world, client) = rolled_out(|service| service, org.without_policies(), |_| {}).await;
        for number in 1..=looks {
            let expected = if number == looks { "COMPLETED" } else { "IN_PROGRESS" };
            assert_eq!(look(&client).await.0, expected, "look {number} of {looks}");
        }
    }
}

#[tokio::test]
async fn tasks_that_cannot_run_fail_one_after_the_other() {
    type Change = fn(&mut Value);
    let cases: [(&str, Org, Change); 4] = [
        ("the Defender's volume is not mounted", Org::new().without_policies(), |definition| {
            app(definition)["volumesFrom"] = json!([]);
        }),
        ("nothing behind the Defender", Org::new().without_policies(), |definition| {
            let app = app(definition);
            app["command"] = json!([]);
            let words = app["entryPoint"].as_array_mut().expect("an entry point");
            let at = words.iter().position(|word| word == "entrypoint").expect("a Defender");
            words.truncate(at + 1);
        }),
        (
            "a program that cannot be traced",
            Org::new().without_policies().image_fails_behind_defender(
                &text(&Definition::from("httpd.json").load()["containerDefinitions"][0]["image"]),
                70,
            ),
            |_| {},
        ),
        (
            "no way to the registry",
            Org::new().without_policies().management(|account| {
                let closed = |group: SecurityGroup| group.without_egress().egress("tcp", 8080, 8080, "10.0.0.0/8");
                account.network(|vpc| vpc.group(APP_GROUP, closed))
            }),
            |_| {},
        ),
    ];
    for (case, org, change) in cases {
        let (world, client) = rolled_out(|service| service, org, change).await;
        for failed in 1..=4 {
            assert_eq!(look(&client).await, ("IN_PROGRESS".to_owned(), 0, 1, failed), "{case}");
        }
        assert_eq!(runs(&world), "httpd:2", "{case}: without a circuit breaker nobody gives up");
        update(&client, "httpd:1").await;
        assert_eq!(look(&client).await, ("COMPLETED".to_owned(), 1, 0, 0), "{case}: what ran before runs");
    }
}

#[tokio::test]
async fn tasks_that_wait_hang() {
    let (_world, client) = rolled_out(
        |service| service,
        Org::new().without_policies(),
        |definition| {
            app(definition)["dependsOn"] = json!([{ "containerName": "TwistlockDefender", "condition": "COMPLETE" }]);
        },
    )
    .await;
    for _ in 0..4 {
        assert_eq!(look(&client).await, ("IN_PROGRESS".to_owned(), 0, 1, 0));
    }
    let (_world, client) = rolled_out(|service| service.percents(100, 100), Org::new().without_policies(), |_| {}).await;
    for _ in 0..4 {
        assert_eq!(look(&client).await, ("IN_PROGRESS".to_owned(), 0, 0, 0), "ECS may neither start nor stop one");
    }
}

#[tokio::test]
async fn slow_tasks_come_one_after_the_other() {
    let (_world, client) =
        rolled_out(|service| service.desired_count(4).looks_to_start(8), Org::new().without_policies(), |_| {}).await;
    let mut running = Vec::new();
    for _ in 0..9 {
        running.push(look(&client).await.1);
    }
    assert_eq!(running, [0, 0, 1, 1, 2, 2, 3, 3, 4]);
    assert_eq!(look(&client).await.0, "COMPLETED");
}

fn without_volume(definition: &mut Value) {
    app(definition)["volumesFrom"] = json!([]);
}

#[tokio::test]
async fn circuit_breakers_and_alarms_go_back_to_what_was_completed_last() {
    for (looks, service) in [(3, Service::circuit_breaker as fn(Service, bool) -> Service), (1, |service, _| service.alarms())] {
        let (world, client) = rolled_out(|it| service(it, true), Org::new().without_policies(), without_volume).await;
        for _ in 1..looks {
            assert_eq!(look(&client).await.0, "IN_PROGRESS");
        }
        let service = described(&client).await;
        let deployments = &service["deployments"];
        assert_eq!((&deployments[0]["rolloutState"], &deployments[1]["rolloutState"]), (&json!("IN_PROGRESS"), &json!("FAILED")));
        assert!(text(&deployments[0]["taskDefinition"]).ends_with("httpd:1"));
        assert!(text(&deployments[0]["rolloutStateReason"]).contains("rolling back"));
        look(&client).await;
        assert_eq!(look(&client).await.0, "COMPLETED");
        assert_eq!(runs(&world), "httpd:1");
        assert_eq!(statuses(&client).await, ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]);
    }
    let (world, client) =
        rolled_out(|service| service.circuit_breaker(false), Org::new().without_policies(), without_volume).await;
    for _ in 0..3 {
        look(&client).await;
    }
    assert_eq!((look(&client).await.0, runs(&world)), ("FAILED".to_owned(), "httpd:2".to_owned()));
    assert_eq!(statuses(&client).await, ["STOPPED", "SUCCESSFUL"]);
}

async fn statuses(client: &Client) -> Vec<String> {
    let listed = client.ecs("ListServiceDeployments", &json!({ "cluster": "web", "service": "shop" })).await.json();
    listed["serviceDeployments"].as_array().expect("a list").iter().map(|one| text(&one["status"])).collect()
}

#[tokio::test]
async fn a_service_deployment_bakes_and_can_be_stopped() {
    let (world, client) =
        rolled_out(|service| service.strategy("BLUE_GREEN").bake_minutes(2), Org::new().without_policies(), |_| {}).await;
    let current = text(&described(&client).await["currentServiceDeployment"]);
    let status = async || {
        let input = json!({ "serviceDeploymentArns": [current] });
        let described = client.ecs("DescribeServiceDeployments", &input).await.json();
        let it = described["serviceDeployments"][0].clone();
        (text(&it["status"]), it["targetServiceRevision"]["runningTaskCount"].as_u64())
    };
    assert_eq!(status().await, ("IN_PROGRESS".to_owned(), Some(1)), "its tasks run, and it bakes");
    look(&client).await;
    look(&client).await;
    assert_eq!(status().await, ("SUCCESSFUL".to_owned(), Some(1)));
    let stop = async |arn: &str| {
        client.ecs("StopServiceDeployment", &json!({ "serviceDeploymentArn": arn, "stopType": "ROLLBACK" })).await
    };
    assert_eq!(stop(&current).await.code(), "ConflictException");
    assert_eq!(
        stop("arn:aws:ecs:us-east-1:123456789012:service-deployment/web/shop/none").await.code(),
        "ServiceDeploymentNotFoundException"
    );

    let updated = update(&client, "httpd:1").await;
    let newest = text(&updated["service"]["currentServiceDeployment"]);
    assert_ne!(newest, current);
    assert_eq!(stop(&newest).await.status, 200);
    assert_eq!(runs(&world), "httpd:2", "it goes back");
    assert_eq!(statuses(&client).await, ["ROLLBACK_IN_PROGRESS", "SUCCESSFUL", "SUCCESSFUL"]);
    for _ in 0..4 {
        look(&client).await;
    }
    assert_eq!(statuses(&client).await, ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL"]);

    client.ecs("DeregisterTaskDefinition", &json!({ "taskDefinition": "httpd:2" })).await;
    let updated = update(&client, "httpd:1").await;
    assert_eq!(stop(&text(&updated["service"]["currentServiceDeployment"])).await.status, 200);
    assert_eq!(statuses(&client).await[0], "ROLLBACK_FAILED", "what it would go back to is inactive");
}

#[tokio::test]
async fn deployments_come_in_pages() {
    let (_world, client) = rolled_out(|service| service, Org::new().without_policies(), |_| {}).await;
    look(&client).await;
    let list = async |more: Value| {
        let mut input = json!({ "cluster": "web", "service": "shop" });
        input.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        client.ecs("ListServiceDeployments", &input).await.json()
    };
    let whole = list(json!({})).await;
    let (all, token) = (&whole["serviceDeployments"], &whole["nextToken"]);
    assert_eq!((all.as_array().map(Vec::len), token), (Some(2), &Value::Null));
    let first = list(json!({ "maxResults": 1 })).await;
    let token = &first["nextToken"];
    let second = list(json!({ "maxResults": 1, "nextToken": token })).await;
    assert_eq!((&first["serviceDeployments"][0], &second["serviceDeployments"]), (&all[0], &json!([all[1]])));
    assert_eq!(second["nextToken"], Value::Null);
    // It is good for this list alone.
    let other = list(json!({ "status": ["SUCCESSFUL"], "nextToken": token })).await;
    assert_eq!(other["__type"], "InvalidParameterException");
    assert_eq!(list(json!({ "maxResults": 101 })).await["__type"], "InvalidParameterException");
}
