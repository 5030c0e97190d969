//! The wire protocols over real connections, spoken by hand: signed with AWS's signing code, read as text.
//!
//! Here is the client; its tests are about `buckets`, about `calling` anything at all, about `ecs`, about EC2's `network`, its
//! `network_changes` and `network_refusals`, about `rollouts`, about `secrets_and_tokens`, about what
//! people `set_up` by hand, about the `tasks` of services, and about `throttling`.

mod buckets;
mod calling;
mod ecs;
mod network;
mod network_changes;
mod network_refusals;
mod rollouts;
mod secrets_and_tokens;
mod set_up;
mod tasks;
mod throttling;

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Org, World};

/// Who calls, from where.
#[derive(Clone)]
pub(crate) struct Client {
    address: String,
    key: String,
    secret: String,
    token: Option<String>,
    pub(crate) region: &'static str,
}

/// A whole answer, or as much of it as arrived.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    body: String,
    content_length: usize,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON answer")
    }

    pub(crate) fn code(&self) -> String {
        self.json()["__type"].as_str().unwrap_or_default().to_owned()
    }

    fn element(&self, name: &str) -> String {
        let after = self.body.split(&format!("<{name}>")).nth(1).unwrap_or_default();
        after.split('<').next().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub(crate) fn of(world: &World) -> Self {
        let (key, secret) = world.caller();
        let address = world.endpoint().trim_start_matches("http://").to_owned();
        Self { address, key, secret, token: None, region: "us-east-1" }
    }

    /// Assumes the member role of an account.
    pub(crate) async fn assume(&self, account: &str) -> Self {
        let answer = self.assume_role(account, "FargateDeployMember", "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let token = Some(answer.element("SessionToken"));
        Self { key: answer.element("AccessKeyId"), secret: answer.element("SecretAccessKey"), token, ..self.clone() }
    }

    async fn assume_role(&self, account: &str, role: &str, more: &str) -> Answer {
        let arn = format!("arn:aws:iam::{account}:role/{role}");
        self.query("sts", &format!("Action=AssumeRole&Version=2011-06-15&RoleArn={arn}&RoleSessionName=run{more}")).await
    }

    async fn query(&self, service: &str, form: &str) -> Answer {
        let head = [("content-type", "application/x-www-form-urlencoded")];
        self.send(service, &head, form.as_bytes(), form.as_bytes()).await.expect("an answer")
    }

    async fn ecs(&self, operation: &str, input: &Value) -> Answer {
        self.json("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), input).await.expect("an answer")
    }

    pub(crate) async fn json(&self, service: &str, target: &str, input: &Value) -> Option<Answer> {
        let body = input.to_string();
        self.send(service, &[("x-amz-target", target)], body.as_bytes(), body.as_bytes()).await
    }

    /// Signs one body and sends another, which differ in one test; `None` when the connection ends without an answer.
    async fn send(&self, service: &str, head: &[(&str, &str)], signed: &[u8], sent: &[u8]) -> Option<Answer> {
        let identity = Identity::from(Credentials::new(&self.key, &self.secret, self.token.clone(), None, "test"));
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .expect("everything is given")
            .into();
        let uri = format!("http://{}/", self.address);
        let request = SignableRequest::new("POST", uri, head.iter().copied(), SignableBody::Bytes(signed));
        let (instructions, _) = sign(request.expect("a good address"), &params).expect("signable").into_parts();
        let headers: Vec<(String, String)> =
            head.iter().copied().chain(instructions.headers()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.exchange(&headers, sent).await
    }

    async fn exchange(&self, headers: &[(String, String)], body: &[u8]) -> Option<Answer> {
        self.request("POST", "/", &self.address, headers, body).await
    }

    async fn request(&self, method: &str, target: &str, host: &str, headers: &[(String, String)], body: &[u8]) -> Option<Answer> {
        let mut stream = TcpStream::connect(&self.address).await.expect("the simulator listens");
        let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n{}\r\n",
            body.len(),
            lines.concat()
        );
        stream.write_all(head.as_bytes()).await.expect("an open connection");
        stream.write_all(body).await.expect("an open connection");
        let mut bytes = Vec::new();
        // An answer that is cut may end in a reset; what arrived before it counts.
        let _ = stream.read_to_end(&mut bytes).await;
        let text = String::from_utf8(bytes).expect("text");
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Some(Answer { status, body: body.to_owned(), content_length: length.unwrap_or_default() })
    }
}

fn one_service() -> Org {
    Org::new().account("111122223333", |account| account.service("web/checkout", "httpd.json"))
}
