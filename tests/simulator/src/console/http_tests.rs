//! The Console over a socket: routes, log-in, lists and faults, as a client meets them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use super::{Console, Defender, RunningConsole, faults};
use crate::gate::{Fault, FaultRule, Gate};
use crate::test_reply::Reply;
use crate::world::connection::{Connection, Listener};

struct Served {
    console: RunningConsole,
    gate: Gate,
    address: std::net::SocketAddr,
}

async fn serve(console: Console) -> Served {
    let gate = Gate::default();
    let console = RunningConsole::new(console, gate.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    let service = console.router().into_make_service_with_connect_info::<Connection>();
    tokio::spawn(async move { axum::serve(Listener::new(listener), service).await });
    Served { console, gate, address }
}

impl Served {
    /// Sends one request; a path without a slash in front is a route of `v1`.
    async fn send(&self, method: &str, path: &str, authorization: &str, body: &str) -> Reply {
        let tenant = self.console.definition().path().to_owned();
        let path = if path.starts_with('/') { path.to_owned() } else { format!("{tenant}/api/v1/{path}") };
        let host = self.address;
        let length = body.len();
        let authorization = if authorization.is_empty() { String::new() } else { format!("authorization: {authorization}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{authorization}content-length: {length}\r\n\r\n{body}"
        );
        let mut stream = TcpStream::connect(self.address).await.expect("the Console listens");
        stream.write_all(request.as_bytes()).await.expect("a request can be written");
        Reply::read(stream).await
    }

    async fn log_in(&self) -> String {
        let definition = self.console.definition();
        let body = json!({ "username": definition.user(), "password": definition.password() }).to_string();
        let reply = self.send("POST", "authenticate", "", &body).await;
        format!("Bearer {}", reply.json()["token"].as_str().unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Reply {
        let token = self.log_in().await;
        self.send("GET", path, &token, "").await
    }

    fn fault(&self, operation: &str, fault: Fault) {
        let rule = FaultRule { operation: operation.to_owned(), account: None, region: None, from: 1, to: None, fault };
        self.gate.fault(rule);
    }
}

#[tokio::test]
async fn logging_in_and_asking() {
    let served = serve(Console::new()).await;
    let ping = served.send("GET", "_ping", "", "").await;
    assert_eq!((ping.status, ping.body.as_str()), (200, "OK"));
    assert!(ping.head.contains("cache-control: no-store"));
    let wrong = served.send("POST", "authenticate", "", r#"{"username":"a","password":"b"}"#).await;
    assert_eq!((wrong.status, wrong.body.as_str()), (401, r#"{"err":"invalid credentials"}"#));
    assert_eq!(served.send("GET", "version", "", "").await.status, 401);

    let token = served.log_in().await;
    let version = served.send("GET", "version", &token, "").await;
    assert_eq!((version.status, version.body.as_str()), (200, r#""34.03.138""#));
    assert!(version.head.contains("content-type: application/json"));
    served.console.set_version("34.04.145");
    assert_eq!(served.send("GET", "version", &token, "").await.body, r#""34.04.145""#);
    assert_eq!(served.send("GET", "/us-9-000000001/api/v34.04/version", &token, "").await.status, 200);
    assert_eq!(served.send("GET", "/us-9-000000001/api/v29.01/version", &token, "").await.status, 404);
    assert_eq!(served.send("GET", "nothing/here", &token, "").await.status, 404);

    let renewed = served.send("GET", "authenticate/renew", &token, "").await;
    assert_eq!(served.console.tokens_issued().len(), 2);
    assert_eq!(renewed.json()["token"], served.console.tokens_issued()[1]);
    assert_eq!(served.send("GET", "/us-9-000000001/api/v34.04/authenticate/renew", &token, "").await.status, 404);
    served.console.expire_tokens();
    assert_eq!(served.send("GET", "authenticate/renew", &token, "").await.status, 401);
}

#[tokio::test]
async fn a_token_wears_out() {
    let served = serve(Console::new().token_lasts_for(2).expired_tokens_answer(500)).await;
    let token = served.log_in().await;
    for expected in [200, 200, 500] {
        assert_eq!(served.send("GET", "version", &token, "").await.status, expected);
    }
    assert_eq!(served.get("version").await.status, 200);
}

#[tokio::test]
async fn without_the_tenant_there_is_a_login_page() {
    let served = serve(Console::new()).await;
    let reply = served.send("GET", "/api/v1/_ping", "", "").await;
    assert_eq!(reply.status, 302);
    assert!(reply.head.contains("location: /login"));
    let page = served.send("GET", "/login", "", "").await;
    assert!(page.status == 200 && page.head.contains("text/html") && page.body.contains("<html>"));
    assert_eq!(served.send("GET", "/us-9-000000001/", "", "").await.status, 404);
}

#[tokio::test]
async fn the_registry_filters_by_name_and_pages() {
    let console =
        (1..=60).fold(Console::new(), |console, n| console.image(&format!("r.example.test/app:{n}"), &["/init"], &["x"]));
    let served = serve(console).await;

    let found = served.get("registry?name=r.example.test/app:6").await;
    let names: Vec<Value> = found.json().as_array().into_iter().flatten().map(|hit| hit["repoTag"]["tag"].clone()).collect();
    assert_eq!(names, [json!("6"), json!("60")], "a longer tag comes along");
    assert!(found.head.contains("total-count: 2"));
    assert_eq!(found.json()[0]["image"]["entrypoint"], json!(["/init", "x"]));
    assert_eq!(found.json()[0]["type"], "registry");
    assert_eq!(served.get("registry?name=r.example.test/app:6&compact=true").await.json()[0].get("image"), None);

    let nothing = served.get("registry?name=other").await;
    assert_eq!((nothing.status, nothing.body.as_str()), (200, "null"));
    assert!(nothing.head.contains("total-count: 0"));

    let sizes =
        [("", 50), ("?limit=10", 10), ("?limit=100", 50), ("?offset=55", 5), ("?registry=r.example.test&repository=app", 50)];
    for (query, expected) in sizes {
        let reply = served.get(&format!("registry{query}")).await;
        assert_eq!(reply.json().as_array().map(Vec::len), Some(expected), "{query}");
        assert!(reply.head.contains("total-count: 60"), "{query}");
    }
    assert_eq!(served.get("registry?offset=60").await.body, "null");
    assert_eq!(served.get("registry?search=nothing").await.body, "null");
    served.console.set_version("32.05.124");
    let ignored = served.get("/us-9-000000001/api/v32.05/registry?search=nothing").await;
    assert_eq!(ignored.json().as_array().map(Vec::len), Some(50), "versioned paths have no search");
}

#[tokio::test]
async fn the_registry_has_a_rate_limit() {
    let served = serve(Console::new().registry_rate_limit(2)).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(served.get("registry").await.status);
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn a_scan_brings_an_image_after_some_polls() {
    let console = Console::new().registry_image("111122223333", "r.example.test/app:1", &["/init"], &[]).scan_takes(2);
    let served = serve(console).await;
    let token = served.log_in().await;
    let body = r#"{"onDemandScan":true,"tag":{"registry":"r.example.test","repo":"app","tag":"1","digest":""}}"#;
    assert_eq!(served.send("POST", "registry/scan", &token, body).await.status, 200);
    assert_eq!(served.get("registry?name=r.example.test/app:1").await.body, "null");
    assert_eq!(served.get("registry?name=r.example.test/app:1").await.json().as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn embedding_over_the_wire() {
    let served = serve(Console::new()).await;
    let token = served.log_in().await;
    let path = "defenders/fargate.json?consoleaddr=c&defenderType=appEmbedded&x=a%20b";
    let body = r#"{"family":"web","containerDefinitions":[{"name":"a","image":"i","entryPoint":["e"],"cpu":1.0}]}"#;
    let reply = served.send("POST", path, &token, body).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["containerDefinitions"].as_array().map(Vec::len), Some(2));
    assert!(reply.body.contains(r#""cpu":1.0"#));
    let embeds = served.console.embeds();
    assert_eq!(embeds.len(), 1);
    assert_eq!((embeds[0].parameter("x"), embeds[0].received.as_str()), (Some("a b"), body));
    assert_eq!(embeds[0].parameters[0], ("consoleaddr".to_owned(), "c".to_owned()));
    assert_eq!(embeds[0].body["family"], "web");

    assert_eq!(served.send("POST", path, &token, "<no json>").await.status, 400);
    assert_eq!(served.send("POST", path, "", body).await.status, 401);
    let calls = served.gate.calls();
    assert_eq!(calls.of("POST defenders/fargate.json"), 3);
    assert_eq!(calls.iter().filter(|(call, _)| call.subject == "web").map(|(_, count)| count).sum::<u64>(), 2);
    assert_eq!(calls.writes(), 0);
}

#[tokio::test]
async fn what_the_role_may_not_see_is_forbidden() {
    let served = serve(Console::new()).await;
    assert_eq!(served.get("credentials").await.status, 403);
    assert_eq!(served.get("settings/registry").await.status, 403);
    let console = Console::new().registry_image("111122223333", "r/app:1", &[], &[]).may_manage_credentials();
    assert_eq!(serve(console).await.get("credentials").await.json()[0]["_id"], "111122223333");
}

#[tokio::test]
async fn names_images_and_bundles() {
    let served = serve(Console::new().self_hosted()).await;
    assert_eq!(served.get("settings/certs").await.json()["consoleSAN"], json!(["127.0.0.1"]));
    let image = served.get("defenders/image-name").await;
    assert_eq!(image.json(), served.console.definition().defender_image());
    let bundle = served.get("defenders/install-bundle?consoleaddr=c").await;
    assert_eq!(bundle.json()["wsAddress"], "wss://c:8084");
}

#[tokio::test]
async fn defenders_connect_when_told() {
    let served = serve(Console::new()).await;
    assert_eq!(served.get("defenders").await.body, "null");
    served.console.connect(Defender {
        hostname: "web:1".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        cluster: "main".to_owned(),
        task: "0123456789abcdef0123456789abcdef".to_owned(),
        container: "app".to_owned(),
        image: "app:1".to_owned(),
        version: "34.03.138".to_owned(),
        connected: true,
    });
    let found = |query: &'static str| {
        let served = &served;
        async move { served.get(&format!("defenders?{query}")).await.json().as_array().map_or(0, Vec::len) }
    };
    let cases = [
        ("type=fargate&connected=true", 1),
        ("type=appEmbedded", 0),
        ("type=appEmbedded&type=fargate", 1),
        ("latest=false", 0),
        ("cluster=main&hostname=web:1", 1),
        ("cluster=other", 0),
        ("connected=false", 0),
    ];
    for (query, expected) in cases {
        assert_eq!(found(query).await, expected, "{query}");
    }
    served.console.disconnect("web:1");
    assert_eq!(found("connected=false").await, 1);
    served.console.forget("web:1");
    assert_eq!(served.get("defenders/names").await.body, "null");
}

#[tokio::test]
async fn faults_arrive_as_ordered() {
    let cases = [
        (faults::too_many_requests(Some(7)), 429, "retry-after: 7", r#"{"err":"rate limit exceeded"}"#),
        (faults::html(502), 502, "text/html", "<html>"),
        (faults::null_body(), 200, "application/json", "null"),
        (faults::error(500, "out of order"), 500, "application/json", r#"{"err":"out of order"}"#),
        (faults::login_page(), 200, "text/html", "<!doctype html>"),
    ];
    for (fault, status, head, body) in cases {
        let served = serve(Console::new()).await;
        served.fault("GET version", fault.clone());
        let reply = served.get("version").await;
        assert_eq!(reply.status, status, "{fault:?}");
        assert!(reply.head.contains(head) && reply.body.starts_with(body), "{fault:?}: {reply:?}");
    }
    assert!(matches!(faults::too_many_requests(None), Fault::Raw { headers, .. } if headers.len() == 1));
}

#[tokio::test]
async fn connections_are_cut_before_and_after_the_work() {
    for (fault, tokens) in [(Fault::NoAnswer, 0), (Fault::LostAnswer, 1)] {
        let served = serve(Console::new()).await;
        served.fault("POST authenticate", fault.clone());
        let definition = served.console.definition();
        let body = json!({ "username": definition.user(), "password": definition.password() }).to_string();
        let reply = served.send("POST", "authenticate", "", &body).await;
        assert_eq!((reply.status, reply.head.as_str()), (0, ""), "{fault:?}");
        assert_eq!(served.console.tokens_issued().len(), tokens, "{fault:?}");
        assert_eq!(served.send("GET", "_ping", "", "").await.status, 200, "the Console goes on");
    }
    let served = serve(Console::new()).await;
    served.fault("GET version", faults::truncated());
    let reply = served.get("version").await;
    assert_eq!((reply.status, reply.body.as_str()), (200, r#""34.0"#));
    assert!(reply.head.contains("content-length: 11"), "the whole was announced");
}

#[tokio::test]
async fn one_route_can_be_slow() {
    let served = serve(Console::new().takes("GET _ping", Duration::from_millis(50))).await;
    let started = std::time::Instant::now();
    served.send("GET", "_ping", "", "").await;
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn whoever_finds_the_line_full_is_sent_away() {
    // Work that never ends while the test runs: one is worked on, one stands in line.
    let served = std::sync::Arc::new(serve(Console::new().capacity(1, 3_600_000, 1)).await);
    let token = served.log_in().await;
    let embed = |served: std::sync::Arc<Served>, token: String| async move {
        served.send("POST", "defenders/fargate.json?consoleaddr=console", &token, "{}").await
    };
    let mut asked: tokio::task::JoinSet<Reply> = (0..3).map(|_| embed(std::sync::Arc::clone(&served), token.clone())).collect();
    let refused = asked.join_next().await.expect("three were asked").expect("an answer");
    assert_eq!((refused.status, refused.body.as_str()), (429, r#"{"err":"too many requests"}"#));
    assert_eq!(served.gate.throttled().of("POST defenders/fargate.json"), 1);
    // Nobody else stands in that line.
    assert_eq!(served.send("GET", "version", &token, "").await.status, 200);
    // With more room, the next one is answered.
    served.console.change(|console| console.capacity(1, 0, 0));
    assert_eq!(embed(std::sync::Arc::clone(&served), token).await.status, 400, "the body is no task definition");
}

#[tokio::test]
async fn a_user_who_may_not_see_defenders_is_refused() {
    let served = serve(Console::new().may_not_see_defenders()).await;
    for route in ["defenders", "defenders/names"] {
        assert_eq!(served.get(route).await.status, 403, "{route}");
    }
}
