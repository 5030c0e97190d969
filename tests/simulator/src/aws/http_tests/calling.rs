//! Who may call what, and what becomes of a call that is not answered as usual.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Client, one_service};
use crate::scenario::ROOT;
use crate::{Fault, Org};

#[tokio::test]
async fn only_what_was_signed_is_answered_and_each_service_says_so_in_its_protocol() {
    let world = one_service().start().await;
    let client = Client::of(&world);
    let identity = "Action=GetCallerIdentity&Version=2011-06-15";
    let arn = client.query("sts", identity).await.element("Arn");
    assert_eq!(arn, "arn:aws:sts::123456789012:assumed-role/FargateDeployMaster/simulated");

    let target = [("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters")];
    let tampered = client.send("ecs", &target, b"{}", b"{ }").await.expect("an answer");
    assert_eq!((tampered.status, tampered.code().as_str()), (403, "InvalidSignatureException"));

    let wrong_secret = Client { secret: "other".to_owned(), ..client.clone() };
    assert_eq!(wrong_secret.query("sts", identity).await.element("Code"), "SignatureDoesNotMatch");
    let unknown = Client { key: "NOBODY".to_owned(), ..client.clone() };
    assert_eq!(unknown.query("sts", identity).await.element("Code"), "InvalidClientTokenId");
    assert_eq!(unknown.ecs("ListClusters", &json!({})).await.code(), "UnrecognizedClientException");
    assert!(unknown.query("ec2", "Action=DescribeRegions").await.body.contains("<Errors><Error><Code>AuthFailure</Code>"));
    let unsigned = client.exchange(&target.map(|(name, value)| (name.to_owned(), value.to_owned())), b"{}").await;
    assert_eq!(unsigned.expect("an answer").code(), "MissingAuthenticationTokenException");

    let member = client.assume("111122223333").await;
    assert_eq!(member.ecs("ListClusters", &json!({})).await.status, 200);
    let other_token = Client { token: Some("other".to_owned()), ..member.clone() };
    assert_eq!(other_token.ecs("ListClusters", &json!({})).await.code(), "UnrecognizedClientException");
    let elsewhere = Client { region: "eu-west-1", ..member };
    assert_eq!(elsewhere.ecs("ListClusters", &json!({})).await.code(), "UnrecognizedClientException");
    assert_eq!(elsewhere.query("ec2", "Action=DescribeRegions").await.element("Code"), "AuthFailure");
}

#[tokio::test]
async fn a_role_is_assumed_only_where_it_is_and_trusts_the_caller() {
    let org = one_service()
        .account("444455556666", |account| account.without_member_role())
        .account("777788889999", |account| account.state("SUSPENDED"))
        .account("888899990000", |account| account.member_role("Other"))
        .unit("ou-ab12-11111111", ROOT, &["111122223333", "444455556666", "777788889999", "888899990000"])
        .account("222233334444", |account| account)
        .stack(|stack| stack.parameter("OrganizationalUnitIds", "ou-ab12-11111111"));
    let world = org.start().await;
    let client = Client::of(&world);
    // Where there is none, where nobody can go, where it has another name, where the StackSet does not reach, and nowhere at all.
    for account in ["444455556666", "777788889999", "888899990000", "222233334444", "999900001111"] {
        let refused = client.assume_role(account, "FargateDeployMember", "").await;
        assert_eq!((refused.status, refused.element("Code").as_str()), (403, "AccessDenied"), "{account}");
        assert!(refused.body.contains("is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::"));
    }
    // The updater's role may assume one role only, whoever trusts it.
    assert_eq!(client.assume_role("888899990000", "Other", "&DurationSeconds=900").await.status, 403);
    let chained = client.assume_role("111122223333", "FargateDeployMember", "&DurationSeconds=7200").await;
    assert_eq!(chained.element("Code"), "ValidationError");
    assert!(chained.element("Message").contains("role chaining"));
    let member = client.assume("111122223333").await;
    assert_eq!(member.assume_role("111122223333", "FargateDeployMember", "").await.element("Code"), "AccessDenied");
    let listed = member.json("organizations", "AWSOrganizationsV20161128.ListAccounts", &json!({})).await;
    assert_eq!(listed.expect("an answer").code(), "AccessDeniedException");

    // A session policy shrinks the role.
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "ecs:List*", "Resource": "*" } });
    let policy: String = form_urlencoded::Serializer::new("&".to_owned()).append_pair("Policy", &policy.to_string()).finish();
    let answer = client.assume_role("111122223333", "FargateDeployMember", &policy).await;
    let token = Some(answer.element("SessionToken"));
    let reader = Client { key: answer.element("AccessKeyId"), secret: answer.element("SecretAccessKey"), token, ..client };
    assert_eq!(reader.ecs("ListClusters", &json!({})).await.status, 200);
    let denied = reader.ecs("UpdateService", &json!({ "cluster": "web", "service": "checkout" })).await;
    assert!(denied.body.contains("because no session policy allows the ecs:UpdateService action"), "{}", denied.body);
    assert_eq!(world.session_policies().iter().filter(|(_, policy)| policy.is_some()).count(), 1);
}

#[tokio::test]
async fn faults_are_in_the_protocol_of_the_service_and_cut_what_they_say() {
    let org = one_service()
        .without_policies()
        .fault_at("GetCallerIdentity", 1, Fault::throttled())
        .fault_at("RegisterTaskDefinition", 1, Fault::throttled())
        .fault_at("RegisterTaskDefinition", 2, Fault::NoAnswer)
        .fault_at("RegisterTaskDefinition", 3, Fault::LostAnswer)
        .fault_at("RegisterTaskDefinition", 4, Fault::HalfAnswer)
        .fault_at("RegisterTaskDefinition", 5, Fault::raw(502, "text/html", "<html></html>"));
    let world = org.start().await;
    let client = Client::of(&world);
    let throttled = client.query("sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!((throttled.status, throttled.element("Code").as_str()), (400, "ThrottlingException"));

    let definition = crate::scenario::Definition::from("httpd.json").load();
    let register = || client.json("ecs", "AmazonEC2ContainerServiceV20141113.RegisterTaskDefinition", &definition);
    assert_eq!(register().await.expect("an answer").code(), "ThrottlingException");
    assert!(register().await.is_none());
    assert_eq!(world.registered().len(), 0);
    assert!(register().await.is_none());
    assert_eq!(world.registered().len(), 1);
    let half = register().await.expect("a head and half a body");
    assert_eq!((half.status, half.body.len()), (200, half.content_length / 2));
    assert_eq!(world.registered().len(), 2);
    assert_eq!(register().await.expect("an answer").status, 502);
    assert_eq!(register().await.expect("an answer").status, 200);
}

#[tokio::test]
async fn a_denial_names_who_what_and_why() {
    let org = one_service()
        .account("444455556666", |account| account.deny("ecs:ListServices").service("web/checkout", "httpd.json"))
        .account("555566667777", |account| account.deny("iam:PassRole").denied_region("eu-central-1"))
        .deny("organizations:ListAccounts");
    let world = org.start().await;
    let client = Client::of(&world);
    let refused = client.assume("444455556666").await.ecs("ListServices", &json!({ "cluster": "web" })).await;
    assert_eq!(
        refused.json()["message"],
        "User: arn:aws:sts::444455556666:assumed-role/FargateDeployMember/run is not authorized to perform: ecs:ListServices on \
         resource: * because no identity-based policy allows the ecs:ListServices action"
    );
    let member = client.assume("555566667777").await;
    let definition = crate::scenario::Definition::from("httpd.json").load();
    assert!(member.ecs("RegisterTaskDefinition", &definition).await.body.contains("iam:PassRole on resource: arn:aws:iam::"));
    let regions = member.query("ec2", "Action=DescribeRegions&Version=2016-11-15").await;
    assert!(regions.body.contains("<regionName>eu-central-1</regionName>") && !regions.body.contains("me-south-1"));
    let elsewhere = Client { region: "eu-central-1", ..member };
    let denied = elsewhere.ecs("ListClusters", &json!({})).await;
    assert!(denied.body.contains("with an explicit deny in a service control policy"));
    let accounts = client.json("organizations", "AWSOrganizationsV20161128.ListAccounts", &json!({})).await;
    assert_eq!(accounts.expect("an answer").code(), "AccessDeniedException");
}

#[tokio::test]
async fn the_secret_leads_to_the_console() {
    let world =
        Org::new().without_policies().binary_secret("raw", json!({ "PCC_URL": crate::scenario::CONSOLE_URL })).start().await;
    let client = Client::of(&world);
    let get = async |id: &str| {
        client.json("secretsmanager", "secretsmanager.GetSecretValue", &json!({ "SecretId": id })).await.expect("an answer")
    };
    let secret = get("fargate-updater/console").await.json();
    let value: Value = serde_json::from_str(secret["SecretString"].as_str().expect("text")).expect("JSON");
    assert_eq!(value["PCC_URL"], json!(world.console_url()));
    assert!(!value["PCC_PASS"].as_str().unwrap_or("{").starts_with('{'));
    let arn = secret["ARN"].as_str().expect("an ARN");
    assert_eq!(get(arn).await.status, 200);
    assert_eq!(get(arn.rsplit_once('-').expect("a suffix").0).await.status, 200);
    assert_eq!(get("other").await.json()["Message"], "Secrets Manager can't find the specified secret.");
    let binary = get("raw").await.json();
    assert!(binary.get("SecretString").is_none() && binary["SecretBinary"].is_string());
}

#[test]
fn a_scenario_survives_its_own_json() {
    let org = one_service().account("444455556666", |account| {
        let account = account.service_with("web/a", json!({ "family": "a" }), |service| service.deploying().without_network());
        account.prefix_list("pl-1", &["192.0.2.0/24"]).network(|vpc| vpc.endpoint("vpce-1", |endpoint| endpoint))
    });
    let text = serde_json::to_string(&org).expect("plain data");
    let read: Org = serde_json::from_str(&text).expect("its own JSON");
    assert_eq!(serde_json::to_value(&read).expect("plain data"), serde_json::to_value(&org).expect("plain data"));
    let short: Org =
        serde_json::from_str(r#"{"accounts":[{"id":"111122223333","home":{"services":[{"place":"web/checkout"}]}}]}"#)
            .expect("defaults");
    assert_eq!(short.accounts[0].home.services[0].launch_type, "FARGATE");
    assert_eq!(short.accounts[0].home.services[0].network, Some(crate::scenario::TaskNetwork::default()));
}

#[tokio::test]
async fn an_expired_session_says_so() {
    let world = one_service().sessions_of(Duration::ZERO).start().await;
    let member = Client::of(&world).assume("111122223333").await;
    assert_eq!(member.ecs("ListClusters", &json!({})).await.code(), "ExpiredTokenException");
    assert_eq!(member.query("sts", "Action=GetCallerIdentity").await.element("Code"), "ExpiredToken");
}

#[tokio::test]
async fn another_partition_changes_every_arn() {
    let world = one_service().partition("aws-us-gov").start().await;
    let client = Client { region: "us-gov-west-1", ..Client::of(&world) };
    // `assume_role` asks for a role of the partition `aws`.
    assert_eq!(client.assume_role("111122223333", "FargateDeployMember", "").await.element("Code"), "AccessDenied");
    let arn = client.query("sts", "Action=GetCallerIdentity").await.element("Arn");
    assert!(arn.starts_with("arn:aws-us-gov:sts::"));
    assert!(world.services()[0].arn().starts_with("arn:aws-us-gov:ecs:us-gov-west-1:111122223333:service/web/"));
}

#[tokio::test]
async fn units_hold_units_and_accounts() {
    let org = one_service().account("444455556666", |account| account.only_status()).unit("ou-ab12-11111111", ROOT, &[]).unit(
        "ou-ab12-22222222",
        "ou-ab12-11111111",
        &["444455556666"],
    );
    let world = org.start().await;
    let client = Client::of(&world);
    let list = async |operation: &str, parent: &str| {
        let target = format!("AWSOrganizationsV20161128.{operation}");
        client.json("organizations", &target, &json!({ "ParentId": parent })).await.expect("an answer")
    };
    let units = list("ListOrganizationalUnitsForParent", "ou-ab12-11111111").await.json();
    assert_eq!(units["OrganizationalUnits"][0]["Id"], "ou-ab12-22222222");
    let accounts = list("ListAccountsForParent", "ou-ab12-22222222").await.json();
    assert_eq!(accounts["Accounts"][0]["Status"], "ACTIVE");
    assert!(accounts["Accounts"][0].get("State").is_none());
    let direct = list("ListAccountsForParent", ROOT).await.json();
    assert_eq!(direct["Accounts"].as_array().map(Vec::len), Some(2), "the management account and the one in no unit");
    assert_eq!(list("ListAccountsForParent", "ou-ab12-33333333").await.code(), "ParentNotFoundException");
}
