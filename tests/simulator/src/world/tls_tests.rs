//! The Console over HTTPS: who trusts its authority is answered, who does not refuses, and a connection still can be cut.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{Fault, Org, World};

fn trusting(ca: Option<&str>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")).expect("an authority's");
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider's own versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Pings the Console, and returns what arrived before the connection ended.
async fn ping(world: &World, connector: &TlsConnector) -> std::io::Result<String> {
    let url = world.console_url();
    let (address, path) = url.trim_start_matches("https://").split_once('/').expect("a tenant's path");
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(ServerName::try_from("127.0.0.1").expect("an address"), stream).await?;
    let request = format!("GET /{path}/api/v1/_ping HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    // A connection that is cut has no end in TLS either; what arrived before it counts.
    let _ = stream.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[tokio::test]
async fn the_console_is_trusted_by_who_knows_its_authority() {
    let world = Org::new().console(|console| console.tls()).start().await;
    assert!(world.console_url().starts_with("https://127.0.0.1:"));
    let ca = world.console_ca().expect("an authority");
    let answer = ping(&world, &trusting(Some(&ca))).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nOK"), "{answer}");

    let stranger = Org::new().console(|console| console.tls()).start().await.console_ca();
    for ca in [None, stranger.as_deref()] {
        let refused = ping(&world, &trusting(ca)).await.expect_err("the certificate is nobody's they know");
        assert!(refused.to_string().contains("certificate"), "{refused}");
    }
    assert_eq!(world.calls().total(), 1);
    assert_eq!(Org::new().start().await.console_ca(), None);
}

#[tokio::test]
async fn a_connection_is_cut_below_the_answer() {
    let org = Org::new().console(|console| console.tls());
    let world = org.fault_at("GET _ping", 1, Fault::NoAnswer).fault_at("GET _ping", 2, Fault::HalfAnswer).start().await;
    let connector = trusting(world.console_ca().as_deref());
    assert_eq!(ping(&world, &connector).await.expect("a handshake"), "");
    let half = ping(&world, &connector).await.expect("a handshake");
    assert!(half.contains("content-length: 2") && half.ends_with("\r\n\r\nO"), "{half}");
}

#[tokio::test]
async fn a_caller_that_says_nothing_keeps_nobody_waiting() {
    let world = Org::new().console(|console| console.tls()).start().await;
    let url = world.console_url();
    let address = url.trim_start_matches("https://").split('/').next().expect("an address");
    let _silent = TcpStream::connect(address).await.expect("the Console listens");
    let answer = ping(&world, &trusting(world.console_ca().as_deref())).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 OK"));
}
