//! Secrets Manager in every account, and the tokens of ECR.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Answer, Client, one_service};
use crate::Org;
use crate::scenario::{CONSOLE_SECRET, CONSOLE_USER};

const GET_TOKEN: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";

async fn secret(client: &Client, id: &str) -> Answer {
    client.json("secretsmanager", "secretsmanager.GetSecretValue", &json!({ "SecretId": id })).await.expect("an answer")
}

#[tokio::test]
async fn a_secret_is_in_its_account_and_its_region() {
    let org = Org::new()
        .without_policies()
        .account("111122223333", |account| {
            account
                .secret("registry", "replaced")
                .secret("registry", json!({ "username": CONSOLE_USER, "password": "p" }))
                .region("eu-west-1", |region| region.secret("registry", "elsewhere"))
        })
        .account("444455556666", |account| account.secret("registry", "other").deny("secretsmanager:GetSecretValue"));
    let world = org.start().await;
    let member = Client::of(&world).assume("111122223333").await;
    let arn = world.secret_arn("111122223333", "us-east-1", "registry");
    for id in ["registry", arn.as_str(), arn.trim_end_matches("-SiMuLa")] {
        let found = secret(&member, id).await.json();
        let expected = json!({ "username": world.console().definition().user(), "password": "p" }).to_string();
        assert_eq!((&found["SecretString"], &found["ARN"]), (&json!(expected), &json!(arn)), "{id}");
    }
    let western = Client { region: "eu-west-1", ..member.clone() };
    assert_eq!(secret(&western, "registry").await.json()["SecretString"], "elsewhere");
    assert_eq!(secret(&western, &arn).await.code(), "ResourceNotFoundException");
    assert_eq!(secret(&member, CONSOLE_SECRET).await.code(), "ResourceNotFoundException");
    assert_eq!(secret(&Client::of(&world), "registry").await.code(), "ResourceNotFoundException");
    let denied = secret(&Client::of(&world).assume("444455556666").await, "registry").await;
    assert_eq!(denied.code(), "AccessDeniedException");
}

#[tokio::test]
async fn every_token_is_a_new_one_and_a_secret() {
    let org = one_service().account("444455556666", |account| account.deny("ecr:GetAuthorizationToken"));
    let world = org.start().await;
    let client = Client::of(&world);
    let member = client.assume("111122223333").await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let answer = member.json("ecr", GET_TOKEN, &json!({})).await.expect("an answer").json();
        let data = &answer["authorizationData"][0];
        assert_eq!(data["proxyEndpoint"], "https://111122223333.dkr.ecr.us-east-1.amazonaws.com");
        assert!(data["expiresAt"].as_f64().is_some_and(|seconds| seconds > 1.7e9));
        let authorization = data["authorizationToken"].as_str().expect("text").to_owned();
        let decoded = String::from_utf8(STANDARD.decode(&authorization).expect("base64")).expect("text");
        let password = decoded.strip_prefix("AWS:").expect("the user").to_owned();
        for written in [&authorization, &password] {
            assert!(world.session_secrets().contains(written));
        }
        tokens.push(password);
    }
    assert_ne!(tokens[0], tokens[1]);
    let denied = client.assume("444455556666").await.json("ecr", GET_TOKEN, &json!({})).await.expect("an answer");
    assert_eq!(
        denied.json(),
        json!({
            "__type": "AccessDeniedException",
            "message": "User: arn:aws:sts::444455556666:assumed-role/FargateDeployMember/run is not authorized to perform: \
                        ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the \
                        ecr:GetAuthorizationToken action",
        })
    );
    let unknown = member.json("ecr", "AmazonEC2ContainerRegistry_V20150921.PutImage", &json!({})).await;
    assert_eq!(unknown.expect("an answer").code(), "UnknownOperationException");
    assert_eq!(world.calls().of_at("GetAuthorizationToken", "111122223333", "us-east-1"), 2);
    assert_eq!(world.calls().writes(), 0);
}
