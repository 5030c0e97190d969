//! A proxy on loopback for one server that is not simulated, such as a real registry, which can be made to fail.
//!
//! Every connection carries one exchange: the head of a request is read, answered by a test's order or sent on with
//! `connection: close`, and from then on bytes pass as they are. So the next request comes over a connection of its own, and an
//! order never misses one that rides on a connection opened before.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// The end of a head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// More than any head; a longer one is nobody's request.
const LARGEST_HEAD: usize = 64 * 1024;

/// What is answered instead of being sent on.
#[derive(Debug)]
struct Order {
    left: usize,
    status: u16,
    body: String,
}

/// A proxy under way. Dropped, it ends with every connection it has.
#[derive(Debug)]
pub struct Forwarder {
    address: SocketAddr,
    orders: Arc<Mutex<Vec<Order>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Forwarder {
    /// Starts one on a port nobody uses, on the current tokio runtime.
    ///
    /// # Panics
    ///
    /// When loopback has no port left.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let orders = Arc::new(Mutex::new(Vec::new()));
        let accepting = tokio::spawn(accept(listener, target, Arc::clone(&orders)));
        Self { address, orders, accepting }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers the next n requests itself, with a body said to be JSON; orders given before are carried out first.
    pub fn answer_next(&self, n: usize, status: u16, body: &str) {
        let order = Order { left: n, status, body: body.to_owned() };
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).push(order);
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, orders: Arc<Mutex<Vec<Order>>>) {
    // Dropped with this task, it ends the connections.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(exchange(client, target, Arc::clone(&orders)));
        while connections.try_join_next().is_some() {}
    }
}

/// Errors end the connection, which is all a caller would learn from a server either.
async fn exchange(mut client: TcpStream, target: SocketAddr, orders: Arc<Mutex<Vec<Order>>>) -> std::io::Result<()> {
    let Some((head, rest)) = read_head(&mut client).await? else {
        return Ok(());
    };
    if let Some(answer) = ordered(&orders) {
        client.write_all(answer.as_bytes()).await?;
        return client.shutdown().await;
    }
    let mut server = TcpStream::connect(target).await?;
    server.write_all(&closing(&head)).await?;
    server.write_all(&rest).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Reads a head up to its last line, and what came along behind it; nothing when the caller went away.
async fn read_head(client: &mut TcpStream) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(at) = bytes.windows(HEAD_END.len()).position(|end| end == HEAD_END) {
            let rest = bytes.split_off(at + HEAD_END.len());
            return Ok(Some((bytes, rest)));
        }
        if bytes.len() > LARGEST_HEAD || client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

/// Takes the next order, and returns its answer.
fn ordered(orders: &Mutex<Vec<Order>>) -> Option<String> {
    let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
    orders.retain(|order| order.left > 0);
    let Order { left, status, body } = orders.first_mut()?;
    *left -= 1;
    let reason = http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default();
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

/// Asks the server to close the connection behind its answer, instead of whatever the caller asked for.
fn closing(head: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(head);
    let lines = text.trim_end_matches("\r\n").split("\r\n");
    let kept = lines.filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let lines: Vec<&str> = kept.chain(["connection: close", "", ""]).collect();
    lines.join("\r\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Org;

    /// Pings the Console; the connection would be kept if the answer allowed it.
    async fn ping(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.expect("somebody listens");
        let request = format!("GET {path}/api/v1/_ping HTTP/1.1\r\nhost: {address}\r\nConnection: keep-alive\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("an open connection");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an end");
        answer
    }

    #[tokio::test]
    async fn the_next_requests_are_answered_and_all_others_are_sent_on() {
        let world = Org::new().start().await;
        let url = world.console_url();
        let (server, path) = url.trim_start_matches("http://").split_once('/').expect("a tenant's path");
        let path = format!("/{path}");
        let forwarder = Forwarder::start(server.parse().expect("an address")).await;
        let ping = || ping(forwarder.address(), &path);
        assert!(ping().await.ends_with("\r\n\r\nOK"));
        forwarder.answer_next(2, 429, "{}");
        forwarder.answer_next(1, 500, r#"{"errors":[]}"#);
        for expected in ["429 Too Many Requests", "429 Too Many Requests", "500 Internal Server Error"] {
            let answer = ping().await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {expected}\r\ncontent-type: application/json\r\n")), "{answer}");
        }
        assert!(ping().await.ends_with("\r\n\r\nOK"));
        assert_eq!(world.calls().of("GET _ping"), 2);
    }

    #[test]
    fn a_head_is_sent_on_as_it_was_but_for_the_connection() {
        let head = closing(b"GET / HTTP/1.1\r\nHost: a\r\nCONNECTION: keep-alive\r\nAccept: */*\r\n\r\n");
        assert_eq!(head, b"GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nconnection: close\r\n\r\n");
    }
}
