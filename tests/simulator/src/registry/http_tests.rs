//! Registries over a socket: the way of a client through them, from the challenge to the configuration.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::content::digest;
use super::{Registry, faults};
use crate::aws::http_tests::Client;
use crate::test_reply::Reply;
use crate::{Fault, FaultRule, Org, World};

const ECR: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com";

async fn send(world: &World, method: &str, path: &str, authorization: &str) -> Reply {
    let address = world.registries_at();
    let mut stream = TcpStream::connect(&address).await.expect("the registries listen");
    let authorization = if authorization.is_empty() { String::new() } else { format!("authorization: {authorization}\r\n") };
    let request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await.expect("an open connection");
    Reply::read(stream).await
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// Gets a token as clients do: from the realm of the challenge, for one repository.
async fn bearer(world: &World, host: &str, repository: &str, authorization: &str) -> Option<String> {
    let challenged = send(world, "GET", &format!("/{host}/v2/"), "").await;
    assert_eq!(challenged.status, 401);
    let challenge = challenged.header("www-authenticate").to_owned();
    let realm = challenge.split("realm=\"").nth(1)?.split('"').next()?;
    let path = realm.strip_prefix(&format!("http://{}", world.registries_at())).expect("the realm is here");
    let scope = format!("service={host}&scope=repository%3A{}%3Apull", repository.replace('/', "%2F"));
    let answer = send(world, "GET", &format!("{path}?{scope}"), authorization).await;
    answer.json()["token"].as_str().map(|token| format!("Bearer {token}"))
}

/// Gets a token of ECR in an account and a Region.
async fn ecr_token(client: &Client) -> String {
    let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    let answer = client.json("ecr", target, &json!({})).await.expect("an answer").json();
    format!("Basic {}", answer["authorizationData"][0]["authorizationToken"].as_str().expect("a token"))
}

#[tokio::test]
async fn an_image_is_read_from_its_tag_to_its_configuration() {
    let org = Org::new().image("httpd:2.4", &[], &["httpd-foreground"]).registry("docker.io", |hub| {
        hub.index("team/app/web:1", &[("linux/amd64", &["/init"], &["serve"]), ("linux/arm64", &["/init", "-arm"], &[])])
    });
    let before = (org.digest_of("httpd:2.4"), org.digest_of("team/app/web:1"));
    let world = org.start().await;
    assert_eq!((world.digest_of("docker.io/library/httpd:2.4"), world.digest_of("team/app/web:1")), before);

    let token = bearer(&world, "docker.io", "library/httpd", "").await.expect("anybody gets one");
    let get = async |path: &str| send(&world, "GET", &format!("/docker.io/v2/library/httpd/{path}"), &token).await;
    let manifest = get("manifests/2.4").await;
    assert_eq!(manifest.status, 200);
    assert_eq!(manifest.header("content-type"), "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(manifest.header("docker-content-digest"), digest(manifest.body.as_bytes()));
    assert_eq!(manifest.header("docker-content-digest"), before.0);
    assert_eq!(manifest.json()["mediaType"], manifest.header("content-type"));
    assert_eq!(get(&format!("manifests/{}", before.0)).await.body, manifest.body);
    let head = send(&world, "HEAD", "/docker.io/v2/library/httpd/manifests/2.4", &token).await;
    assert_eq!((head.status, head.body.as_str(), head.header("docker-content-digest")), (200, "", before.0.as_str()));
    assert_eq!(head.header("content-length"), manifest.body.len().to_string());
    let configuration = get(&format!("blobs/{}", manifest.json()["config"]["digest"].as_str().expect("a digest"))).await;
    assert_eq!(digest(configuration.body.as_bytes()), manifest.json()["config"]["digest"]);
    let configuration = configuration.json();
    assert_eq!((&configuration["architecture"], &configuration["os"]), (&json!("amd64"), &json!("linux")));
    assert_eq!(configuration["config"]["Cmd"], json!(["httpd-foreground"]));
    assert_eq!(configuration["config"].get("Entrypoint"), Some(&Value::Null));

    // An index, by another of Docker Hub's names.
    let token = bearer(&world, "docker.io", "team/app/web", "").await.expect("anybody gets one");
    let get = async |path: &str| send(&world, "GET", &format!("/index.docker.io/v2/team/app/web/{path}"), &token).await;
    let index = get("manifests/1").await;
    assert_eq!(index.header("content-type"), "application/vnd.oci.image.index.v1+json");
    assert_eq!(index.header("docker-content-digest"), before.1);
    let arm = index.json()["manifests"][1].clone();
    assert_eq!(arm["platform"]["architecture"], "arm64");
    let manifest = get(&format!("manifests/{}", arm["digest"].as_str().expect("a digest"))).await.json();
    let configuration = get(&format!("blobs/{}", manifest["config"]["digest"].as_str().expect("a digest"))).await.json();
    assert_eq!(configuration["config"]["Entrypoint"], json!(["/init", "-arm"]));

    let calls = world.calls();
    assert_eq!((calls.of("GET v2"), calls.of("GET registry token"), calls.of("HEAD manifests")), (2, 2, 1));
    assert_eq!((calls.of("GET manifests"), calls.of("GET blobs"), calls.writes()), (4, 2, 0));
    let subjects: Vec<&str> =
        calls.iter().filter(|(call, _)| call.operation == "GET blobs").map(|(call, _)| call.subject.as_str()).collect();
    assert_eq!(subjects, ["docker.io/library/httpd", "docker.io/team/app/web"]);
    assert!(world.session_secrets().iter().any(|secret| token.ends_with(secret.as_str())));
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let world = Org::new().image("registry.example.test:5000/app:1", &["/init"], &[]).start().await;
    let missing = digest(b"");
    let cases = [
        ("registry.example.test:5000", "app", "manifests/1".to_owned(), 200, ""),
        ("registry.example.test:5000", "app", "manifests/2".to_owned(), 404, "MANIFEST_UNKNOWN"),
        ("registry.example.test:5000", "app", format!("manifests/{missing}"), 404, "MANIFEST_UNKNOWN"),
        ("registry.example.test:5000", "app", format!("blobs/{missing}"), 404, "BLOB_UNKNOWN"),
        ("registry.example.test:5000", "other", "manifests/1".to_owned(), 404, "NAME_UNKNOWN"),
        ("registry.example.test:5000", "app", "tags/list".to_owned(), 404, "UNSUPPORTED"),
        ("nobody.example.test", "app", "manifests/1".to_owned(), 404, "NAME_UNKNOWN"),
    ];
    for (host, repository, path, status, code) in cases {
        let token = bearer(&world, host, repository, "").await.expect("anybody gets one");
        let reply = send(&world, "GET", &format!("/{host}/v2/{repository}/{path}"), &token).await;
        assert_eq!(reply.status, status, "{host} {repository} {path}");
        if status != 200 {
            assert_eq!(reply.code(), code, "{host} {repository} {path}");
        }
    }
    assert_eq!(send(&world, "GET", "/", "").await.status, 404);
    assert_eq!(send(&world, "PUT", "/docker.io/v2/app/manifests/1", "").await.status, 404);
}

#[tokio::test]
async fn a_token_opens_what_it_was_asked_for_and_nothing_else() {
    let image = |registry: Registry| registry.image("app:1", &["/init"], &[]).image("other:1", &["/init"], &[]);
    let world = Org::new()
        .registry("tokens.example.test", |registry| image(registry).token("user", "pass:word"))
        .registry("anybody.example.test", image)
        .start()
        .await;
    for wrong in ["", &basic("user", "other"), &basic("other", "pass:word"), "Basic !", "nonsense"] {
        assert_eq!(bearer(&world, "tokens.example.test", "app", wrong).await, None, "{wrong}");
    }
    let token = bearer(&world, "tokens.example.test", "app", &basic("user", "pass:word")).await.expect("the right password");
    for (path, authorization, status) in [
        ("/tokens.example.test/v2/app/manifests/1", token.as_str(), 200),
        ("/tokens.example.test/v2/app/manifests/1", &token.replace("Bearer ", "bearer "), 200),
        ("/tokens.example.test/v2/", &token, 200),
        ("/tokens.example.test/v2/other/manifests/1", &token, 401),
        ("/anybody.example.test/v2/app/manifests/1", &token, 401),
        ("/tokens.example.test/v2/app/manifests/1", "", 401),
        ("/tokens.example.test/v2/app/manifests/1", "Bearer made-up", 401),
        ("/tokens.example.test/v2/app/manifests/1", &basic("user", "pass:word"), 401),
    ] {
        let reply = send(&world, "GET", path, authorization).await;
        assert_eq!(reply.status, status, "{path} {authorization}");
        if status == 401 {
            assert_eq!(reply.code(), "UNAUTHORIZED");
            assert!(reply.header("www-authenticate").starts_with("Bearer realm=\"http://127.0.0.1:"), "{path}");
        }
    }
    let scoped = send(&world, "GET", "/tokens.example.test/v2/other/manifests/1", &token).await;
    let challenge = scoped.header("www-authenticate");
    assert!(challenge.ends_with("scope=\"repository:other:pull\",error=\"insufficient_scope\""), "{challenge}");
}

#[tokio::test]
async fn basic_authorization_goes_with_every_request() {
    let registry = |registry: Registry| registry.docker_manifests().image("app:1", &[], &[]).basic("user", "pass");
    let world = Org::new().registry("basic.example.test", registry).start().await;
    for path in ["/basic.example.test/v2/", "/basic.example.test/v2/app/manifests/1"] {
        for (authorization, status) in [(basic("user", "pass"), 200), (basic("user", "x"), 401), (String::new(), 401)] {
            let reply = send(&world, "GET", path, &authorization).await;
            assert_eq!(reply.status, status, "{path} {authorization}");
            if status == 401 {
                assert_eq!(reply.header("www-authenticate"), "Basic realm=\"https://basic.example.test/\"");
            } else if path.ends_with('1') {
                assert_eq!(reply.header("content-type"), "application/vnd.docker.distribution.manifest.v2+json");
                assert_eq!(reply.json()["config"]["mediaType"], "application/vnd.docker.container.image.v1+json");
            }
        }
    }
    assert_eq!(send(&world, "GET", "/basic.example.test/token", "").await.status, 404);
}

#[tokio::test]
async fn ecr_asks_who_got_the_token() {
    let fips = ECR.replace("dkr.ecr", "dkr.ecr-fips");
    let world = Org::new()
        .account("111122223333", |account| account.region("eu-west-1", |region| region))
        .account("444455556666", |account| account)
        .account("777788889999", |account| account)
        .account("888899990000", |account| account.deny("ecr:BatchGetImage"))
        .registry(ECR, |registry| registry.image("team/app:1", &["/init"], &[]).lets("444455556666").lets("888899990000"))
        .registry(&fips, |registry| registry.image("team/app:1", &["/init"], &[]))
        .start()
        .await;
    let caller = Client::of(&world);
    let manifest = format!("/{ECR}/v2/team/app/manifests/1");

    let own = ecr_token(&caller.assume("111122223333").await).await;
    let found = send(&world, "GET", &manifest, &own).await;
    assert_eq!(found.status, 200);
    let blob = format!("/{ECR}/v2/team/app/blobs/{}", found.json()["config"]["digest"].as_str().expect("a digest"));
    assert_eq!(send(&world, "GET", &blob, &own).await.status, 200);
    assert_eq!(send(&world, "GET", &format!("/{fips}/v2/team/app/manifests/1"), &own).await.status, 200);
    assert_eq!(send(&world, "GET", &format!("/{ECR}/v2/team/other/manifests/1"), &own).await.code(), "NAME_UNKNOWN");
    assert_eq!(send(&world, "GET", &format!("/{ECR}/v2/team/app/manifests/2"), &own).await.code(), "MANIFEST_UNKNOWN");

    for wrong in ["".to_owned(), basic("AWS", "made-up"), own.replace("Basic", "Bearer")] {
        let reply = send(&world, "GET", &manifest, &wrong).await;
        assert_eq!((reply.status, reply.code()), (401, json!("UNAUTHORIZED")), "{wrong}");
        assert_eq!(reply.header("www-authenticate"), format!("Basic realm=\"https://{ECR}/\",service=\"ecr.amazonaws.com\""));
    }
    let let_in = ecr_token(&caller.assume("444455556666").await).await;
    assert_eq!(send(&world, "GET", &manifest, &let_in).await.status, 200);

    let stranger = ecr_token(&caller.assume("777788889999").await).await;
    assert_eq!(send(&world, "GET", &format!("/{ECR}/v2/"), &stranger).await.status, 200, "it is a token, after all");
    let refused = send(&world, "GET", &manifest, &stranger).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json(),
        json!({ "errors": [{
            "code": "DENIED",
            "message": "User: arn:aws:sts::777788889999:assumed-role/FargateDeployMember/run is not authorized to perform: \
                        ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:111122223333:repository/team/app because no \
                        resource-based policy allows the ecr:BatchGetImage action",
        }] })
    );
    let denied = send(&world, "GET", &manifest, &ecr_token(&caller.assume("888899990000").await).await).await;
    assert_eq!((denied.status, denied.code()), (403, json!("DENIED")));
    assert!(denied.body.contains("because no identity-based policy allows the ecr:BatchGetImage action"), "{denied:?}");

    let mut elsewhere = caller.assume("111122223333").await;
    elsewhere.region = "eu-west-1";
    let reply = send(&world, "GET", &manifest, &ecr_token(&elsewhere).await).await;
    assert_eq!((reply.status, reply.code()), (403, json!("DENIED")));
}

#[tokio::test]
async fn faults_come_in_the_envelope_of_registries() {
    let world = Org::new().image("httpd:2.4", &[], &["x"]).start().await;
    let token = bearer(&world, "docker.io", "library/httpd", "").await.expect("anybody gets one");
    let manifest = async || send(&world, "GET", "/docker.io/v2/library/httpd/manifests/2.4", &token).await;
    let operation = "GET manifests".to_owned();
    for (n, fault) in [
        faults::too_many_requests(),
        Fault::NoAnswer,
        Fault::LostAnswer,
        Fault::HalfAnswer,
        Fault::raw(502, "text/html", "<html>"),
    ]
    .into_iter()
    .enumerate()
    {
        let n = n as u64 + 1;
        world.fault(FaultRule { operation: operation.clone(), account: None, region: None, from: n, to: Some(n), fault });
    }
    let limited = manifest().await;
    assert_eq!((limited.status, limited.code()), (429, json!("TOOMANYREQUESTS")));
    assert_eq!(limited.header("content-type"), "application/json");
    for _ in 0..2 {
        assert_eq!(manifest().await.head, "");
    }
    let half = manifest().await;
    assert_eq!(
        (half.status, half.body.len().to_string()),
        (200, (half.header("content-length").parse::<usize>().expect("a length") / 2).to_string())
    );
    assert_eq!(manifest().await.status, 502);
    assert_eq!(manifest().await.status, 200);
    assert_eq!(world.calls().of("GET manifests"), 6);
}

#[tokio::test]
async fn a_tag_moves_and_a_digest_does_not() {
    let world = Org::new().image("team/app:1", &["/init"], &[]).start().await;
    let before = world.digest_of("team/app:1");
    world.change_image("team/app:1", &["/init"], &[]);
    let same = world.digest_of("team/app:1");
    world.change_image("team/app:1", &["/other"], &[]);
    let other = world.digest_of("team/app:1");
    assert!(before != same && same != other);
    world.change_image("new.example.test/app:1", &["/init"], &[]);
    assert!(world.digest_of("new.example.test/app:1").starts_with("sha256:"));
    let token = bearer(&world, "docker.io", "team/app", "").await.expect("anybody gets one");
    for digest in [before, same, other] {
        assert_eq!(send(&world, "GET", &format!("/docker.io/v2/team/app/manifests/{digest}"), &token).await.status, 200);
    }
}

#[test]
fn registries_are_data() {
    let org = Org::new()
        .image("httpd:2.4", &[], &["x"])
        .registry(ECR, |registry| registry.lets("444455556666"))
        .registry("r.example.test", |registry| {
            registry.index("app:1", &[("linux/arm64", &["/init"], &[])]).token("user", "pass").docker_manifests()
        });
    let text = serde_json::to_string(&org).expect("plain data");
    let read: Org = serde_json::from_str(&text).expect("its own JSON");
    assert_eq!(read.registries, org.registries);
    let short: Registry = serde_json::from_str(r#"{"host":"docker.io","images":[{"name":"library/httpd:2.4","variants":[{}]}]}"#)
        .expect("everything else has a default");
    assert_eq!(short, Registry::new("docker.io").image("library/httpd:2.4", &[], &[]));
    assert!(serde_json::from_str::<Registry>(r#"{"hosts":[]}"#).is_err());
}
