//! Objects that are put into buckets, and all that S3 has to say against it.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest;

use super::{Answer, Client};
use crate::{Org, World};

const CRC32: &str = "x-amz-checksum-crc32";
const SHA256: &str = "x-amz-content-sha256";
const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

async fn world() -> World {
    let org = Org::new().bucket("reports", |bucket| bucket).bucket("abroad", |bucket| bucket.region("eu-west-1"));
    let org = org.bucket("afar", |bucket| bucket.region("me-south-1")).bucket("not-allowed", |bucket| bucket);
    org.stack(|stack| stack.parameter("ReportBucket", "reports")).start().await
}

fn crc32(text: &str) -> String {
    STANDARD.encode(crc32fast::hash(text.as_bytes()).to_be_bytes())
}

fn sha256(text: &str) -> String {
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request to S3, as it is signed and sent.
struct Sent<'a> {
    method: &'a str,
    host: String,
    target: &'a str,
    headers: Vec<(&'a str, String)>,
    body: String,
}

impl<'a> Sent<'a> {
    /// Puts a text that is signed as a whole.
    fn put(client: &Client, target: &'a str, text: &str) -> Self {
        let headers = vec![("content-type", "text/plain".to_owned()), (SHA256, sha256(text)), (CRC32, crc32(text))];
        Self { method: "PUT", host: client.address.clone(), target, headers, body: text.to_owned() }
    }

    /// Puts a text in one piece, with its checksum at the end.
    fn in_pieces(client: &Client, kind: &str, signature: &str, text: &str) -> Self {
        let body = format!("{:x}{signature}\r\n{text}\r\n0{signature}\r\n{CRC32}:{}\r\n\r\n", text.len(), crc32(text));
        let headers = vec![
            ("content-encoding", "aws-chunked".to_owned()),
            (SHA256, kind.to_owned()),
            ("x-amz-decoded-content-length", text.len().to_string()),
            ("x-amz-trailer", CRC32.to_owned()),
        ];
        Self { method: "PUT", host: client.address.clone(), target: "/reports/pieces", headers, body }
    }

    fn with(mut self, name: &'a str, value: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self
    }

    async fn by(self, client: &Client) -> Answer {
        let identity = Identity::from(Credentials::new(&client.key, &client.secret, client.token.clone(), None, "test"));
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let params = v4::SigningParams::builder().identity(&identity).region(client.region).name("s3");
        let params = params.time(SystemTime::now()).settings(settings).build().expect("everything is given").into();
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let kind = self.headers.iter().find(|(name, _)| *name == SHA256).map_or("", |(_, kind)| kind);
        let payload = match kind {
            UNSIGNED => SignableBody::StreamingUnsignedPayloadTrailer,
            SIGNED => SignableBody::StreamingSignedPayloadTrailer,
            hash => SignableBody::Precomputed(hash.to_owned()),
        };
        let uri = format!("http://{}{}", self.host, self.target);
        let signable = SignableRequest::new(self.method, uri, headers.clone(), payload).expect("a good address");
        let (instructions, _) = sign(signable, &params).expect("signable").into_parts();
        let headers: Vec<(String, String)> =
            headers.chain(instructions.headers()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let answer = client.request(self.method, self.target, &self.host, &headers, self.body.as_bytes()).await;
        answer.expect("an answer")
    }
}

#[tokio::test]
async fn an_object_is_put_by_path_by_host_and_in_pieces() {
    let world = world().await;
    let client = Client::of(&world);
    for (sent, key) in [
        (Sent::put(&client, "/reports/a%20b%2Bc%C3%A4/%3D+.json", "by path"), "a b+cä/=+.json"),
        (Sent::put(&client, "/reports/once?x-id=PutObject", "by path"), "once"),
        (Sent { host: "reports.localhost:8080".to_owned(), ..Sent::put(&client, "/by/host", "by host") }, "by/host"),
        (Sent::in_pieces(&client, UNSIGNED, "", "in pieces"), "pieces"),
    ] {
        let answer = sent.by(&client).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{key}");
        let object = world.object("reports", key).unwrap_or_else(|| panic!("{key} is not there: {:?}", world.keys("reports")));
        assert!(["by path", "by host", "in pieces"].contains(&std::str::from_utf8(&object.content).expect("text")));
    }
    assert_eq!(world.object("reports", "once").expect("it is there").content_type, "text/plain");
    assert_eq!(world.calls().of("PutObject"), 4);
    let again = Sent::put(&client, "/reports/once", "another time").by(&client).await;
    assert_eq!(again.status, 200);
    assert_eq!(world.object("reports", "once").expect("it is there").content, "another time");
}

#[tokio::test]
async fn what_s3_would_refuse_is_refused_and_not_kept() {
    let world = world().await;
    let client = Client::of(&world);
    let put = |target| Sent::put(&client, target, "text");
    let pieces = || Sent::in_pieces(&client, UNSIGNED, "", "text");
    let cut = Sent { body: pieces().body.replace("0\r\n", ""), ..pieces() };
    for (sent, status, code) in [
        (put("/nobodys/key"), 404, "NoSuchBucket"),
        (put("/abroad/key"), 301, "PermanentRedirect"),
        (put("/afar/key"), 400, "IllegalLocationConstraintException"),
        (put("/not-allowed/key"), 403, "AccessDenied"),
        (put("/reports/key").with(SHA256, &sha256("another")), 403, "SignatureDoesNotMatch"),
        (put("/reports/key").without(SHA256), 403, "SignatureDoesNotMatch"),
        (put("/reports/key").with(CRC32, &crc32("another")), 400, "BadDigest"),
        (put("/reports/key").without(CRC32), 501, "NotImplemented"),
        (put("/reports/key").with("x-amz-acl", "public-read"), 501, "NotImplemented"),
        (put("/reports/key").with("x-amz-server-side-encryption", "AES256"), 501, "NotImplemented"),
        (put("/reports/key?acl"), 501, "NotImplemented"),
        (put("/reports"), 501, "NotImplemented"),
        (Sent { method: "GET", ..put("/reports/key") }, 501, "NotImplemented"),
        (pieces().with("x-amz-decoded-content-length", "5"), 400, "IncompleteBody"),
        (pieces().without("x-amz-decoded-content-length"), 400, "IncompleteBody"),
        (pieces().without("x-amz-trailer"), 501, "NotImplemented"),
        (cut, 400, "IncompleteBody"),
        (Sent::in_pieces(&client, SIGNED, &format!(";chunk-signature={}", "0".repeat(64)), "text"), 403, "SignatureDoesNotMatch"),
        (Sent::in_pieces(&client, SIGNED, "", "text"), 403, "SignatureDoesNotMatch"),
    ] {
        let told = format!("{} {} {:?}", sent.method, sent.target, sent.headers);
        let answer = sent.by(&client).await;
        assert_eq!((answer.status, answer.element("Code").as_str()), (status, code), "{told}: {}", answer.body);
        assert_eq!(world.keys("reports"), Vec::<String>::new(), "{told}");
    }
    let abroad = Client { region: "eu-west-1", ..client.clone() };
    assert_eq!(Sent::put(&abroad, "/reports/key", "text").by(&abroad).await.element("Code"), "InvalidAccessKeyId", "not enabled");
    let nobody = Client { key: "NOBODY".to_owned(), ..client.clone() };
    assert_eq!(put("/reports/key").by(&nobody).await.element("Code"), "InvalidAccessKeyId");
    let unsigned = client.request("PUT", "/reports/key", &client.address, &[], b"text").await.expect("an answer");
    assert_eq!((unsigned.status, unsigned.element("Code").as_str()), (403, "AccessDenied"));
}
