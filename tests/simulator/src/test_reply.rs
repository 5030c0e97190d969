//! What the simulator's own tests read back from a socket, with no client in between that would mend it.

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What came back; empty when the connection was cut.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names of headers in small letters, which is how they are sent.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    /// Reads until the connection ends. A cut one may end in a reset; what came before counts.
    pub(crate) async fn read(mut stream: TcpStream) -> Self {
        let mut reply = String::new();
        let _ = stream.read_to_string(&mut reply).await;
        let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let prefix = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap_or_default()
    }

    /// The first error's code, as registries write it.
    pub(crate) fn code(&self) -> Value {
        self.json()["errors"][0]["code"].clone()
    }
}
