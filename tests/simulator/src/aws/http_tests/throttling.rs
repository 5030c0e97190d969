//! A world that throttles as AWS does: who is refused and how, what that costs and how it is counted.

use serde_json::{Value, json};

use super::{Client, one_service};
use crate::Org;

fn definition(family: &str) -> Value {
    json!({ "family": family, "containerDefinitions": [{ "name": "app", "image": "app:1", "memory": 64 }] })
}

#[tokio::test]
async fn registrations_are_refused_when_the_bucket_is_empty_and_nothing_is_done() {
    let world = one_service().without_policies().throttled_as_aws_throttles().start().await;
    let client = Client::of(&world);
    let member = client.assume("111122223333").await;
    let mut registered = 0;
    let refused = loop {
        let answer = member.ecs("RegisterTaskDefinition", &definition(&format!("family-{registered}"))).await;
        if answer.status != 200 {
            break answer;
        }
        registered += 1;
        assert!(registered < 1_000, "a bucket of 20 that refills by one a second is empty at last");
    };
    assert_eq!((refused.status, refused.code().as_str()), (400, "ThrottlingException"));
    assert_eq!(refused.json()["message"], "Rate exceeded");
    assert!(registered >= 20, "20 are let through at once, not {registered}");
    assert_eq!(world.registered().len(), registered, "what is refused does nothing");
    let throttled = world.gate().throttled();
    assert_eq!(throttled.of_at("RegisterTaskDefinition", "111122223333", "us-east-1"), 1);
    assert_eq!(throttled.total(), 1);
    assert_eq!(world.calls().of("RegisterTaskDefinition"), registered as u64 + 1, "a throttled call is a call");
    // Neither another bucket nor another account's has anything to do with it.
    assert_eq!(member.ecs("ListClusters", &json!({})).await.status, 200);
    assert_eq!(client.ecs("RegisterTaskDefinition", &definition("other")).await.status, 200);
    world.gate().forget_calls();
    assert_eq!(world.gate().throttled().total(), 0);
}

#[tokio::test]
async fn each_service_refuses_in_its_own_protocol() {
    let world = one_service().throttled_as_aws_throttles().start().await;
    let member = Client::of(&world).assume("111122223333").await;
    // The smaller of EC2's buckets: no filter and no page.
    let mut refused = None;
    for _ in 0..1_000 {
        let answer = member.query("ec2", "Action=DescribeSecurityGroups&Version=2016-11-15").await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a bucket of 50 that refills by ten a second is empty at last");
    assert_eq!((refused.status, refused.element("Code").as_str()), (503, "RequestLimitExceeded"));
    assert_eq!(refused.element("Message"), "Request limit exceeded.");
    let filtered = "Action=DescribeSecurityGroups&Version=2016-11-15&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-0";
    assert_eq!(member.query("ec2", filtered).await.status, 200);
}

#[tokio::test]
async fn a_world_that_only_counts_keeps_no_bodies_and_counts_by_operation() {
    let world = one_service().counting_only().start().await;
    let member = Client::of(&world).assume("111122223333").await;
    assert_eq!(member.ecs("RegisterTaskDefinition", &definition("one")).await.status, 200);
    assert_eq!(member.ecs("RegisterTaskDefinition", &definition("two")).await.status, 200);
    assert!(world.registered().is_empty());
    let calls = world.calls();
    assert_eq!(calls.iter().count(), 2, "AssumeRole and RegisterTaskDefinition");
    assert_eq!((calls.of("RegisterTaskDefinition"), calls.writes()), (2, 2));
}

#[tokio::test]
async fn accounts_come_with_an_empty_page_in_between_unless_a_scenario_is_without() {
    let many = |org: Org| (0..25).fold(org, |org, number| org.account(&format!("{}", 100_000_000_001_u64 + number), |it| it));
    for (org, expected) in [(many(Org::new().without_policies()), 3), (many(Org::new().without_empty_pages()), 2)] {
        let world = org.start().await;
        let client = Client::of(&world);
        let (mut pages, mut accounts, mut token) = (0, 0, Value::Null);
        loop {
            let input = if token.is_null() { json!({}) } else { json!({ "NextToken": token }) };
            let answer = client.json("organizations", "AWSOrganizationsV20161128.ListAccounts", &input).await;
            let page = answer.expect("an answer").json();
            pages += 1;
            accounts += page["Accounts"].as_array().map_or(0, Vec::len);
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!((pages, accounts), (expected, 26));
    }
}
