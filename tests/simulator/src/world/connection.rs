//! Connections that can be cut in the middle, as a failing network does.
//!
//! hyper, below axum, lets a handler answer and nothing else. So what is below hyper, the stream, is made to fail: before the first
//! byte of an answer, or in the middle of its body.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// The end of an HTTP/1.1 head.
const HEAD_END: &[u8; 4] = b"\r\n\r\n";

/// What becomes of the bytes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Never,
    /// The rest of the head, of whose end so many bytes have been seen, and so many bytes of the body still pass.
    After {
        head_end_seen: usize,
        body: usize,
    },
    Now,
}

impl Cut {
    /// Returns how many of these bytes may pass, and how it stands afterwards.
    fn pass(self, bytes: &[u8]) -> (usize, Self) {
        match self {
            Self::Never => (bytes.len(), self),
            Self::Now => (0, self),
            Self::After { mut head_end_seen, body } => {
                let mut at = 0;
                while at < bytes.len() && head_end_seen < HEAD_END.len() {
                    head_end_seen = match bytes[at] {
                        byte if byte == HEAD_END[head_end_seen] => head_end_seen + 1,
                        b'\r' => 1,
                        _ => 0,
                    };
                    at += 1;
                }
                if head_end_seen < HEAD_END.len() {
                    return (at, Self::After { head_end_seen, body });
                }
                let some = body.min(bytes.len() - at);
                (at + some, Self::After { head_end_seen, body: body - some })
            }
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Now | Self::After { head_end_seen: 4, body: 0 })
    }
}

/// What a handler knows of the connection its request came over.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) peer: SocketAddr,
    cut: Arc<Mutex<Cut>>,
}

impl Connection {
    /// Lets nothing more pass: whatever the handler answers, the caller sees the connection end.
    pub(crate) fn cut(&self) {
        *lock(&self.cut) = Cut::Now;
    }

    /// Lets the head of the next answer and this much of its body pass.
    pub(crate) fn cut_after(&self, body: usize) {
        *lock(&self.cut) = Cut::After { head_end_seen: 0, body };
    }
}

fn lock(cut: &Mutex<Cut>) -> MutexGuard<'_, Cut> {
    cut.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts connections that can be cut, over TLS if there is a certificate.
pub(crate) struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    pub(crate) fn new(tcp: TcpListener) -> Self {
        Self { tcp, tls: None }
    }

    pub(crate) fn with_tls(mut self, tls: Option<TlsAcceptor>) -> Self {
        self.tls = tls;
        self
    }
}

impl axum::serve::Listener for Listener {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        // axum's own one waits and tries again when there are no file descriptors left.
        let (stream, peer) = axum::serve::Listener::accept(&mut self.tcp).await;
        let transport = match &self.tls {
            None => Transport::Plain(stream),
            Some(tls) => Transport::Greeting(Box::new(tls.accept(stream))),
        };
        (Stream { transport, cut: Arc::new(Mutex::new(Cut::Never)) }, peer)
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

impl Connected<IncomingStream<'_, Listener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, Listener>) -> Self {
        Self { peer: *stream.remote_addr(), cut: Arc::clone(&stream.io().cut) }
    }
}

/// What bytes go over once they have passed.
enum Transport {
    Plain(TcpStream),
    /// The handshake is under way. Whoever reads or writes first moves it on, so that a slow caller keeps nobody else waiting.
    Greeting(Box<Accept<TcpStream>>),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Both kinds of a stream that is open.
trait Bytes: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Bytes for T {}

impl Transport {
    /// Returns the stream once it is open; a handshake that fails is an error of whoever reads or writes.
    fn poll_open(&mut self, context: &mut Context<'_>) -> Poll<Result<Pin<&mut dyn Bytes>, Error>> {
        if let Self::Greeting(accept) = self {
            *self = Self::Tls(Box::new(std::task::ready!(Pin::new(accept).poll(context))?));
        }
        match self {
            Self::Plain(stream) => Poll::Ready(Ok(Pin::new(stream))),
            Self::Tls(stream) => Poll::Ready(Ok(Pin::new(&mut **stream))),
            Self::Greeting(_) => Poll::Pending,
        }
    }
}

/// A stream that can be cut.
pub(crate) struct Stream {
    transport: Transport,
    cut: Arc<Mutex<Cut>>,
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<(), Error>> {
        std::task::ready!(self.transport.poll_open(context))?.poll_read(context, buffer)
    }
}

/// There is no vectored writing, so that every byte passes through here.
impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, Error>> {
        let cut = *lock(&self.cut);
        let (allowed, _) = cut.pass(bytes);
        if allowed == 0 && cut.is_over() {
            return Poll::Ready(Err(Error::from(ErrorKind::ConnectionAborted)));
        }
        let stream = std::task::ready!(self.transport.poll_open(context))?;
        let written = std::task::ready!(stream.poll_write(context, &bytes[..allowed]))?;
        *lock(&self.cut) = cut.pass(&bytes[..written]).1;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.transport {
            // Nothing was written, and flushing must not wait for the caller's greeting.
            Transport::Greeting(_) => Poll::Ready(Ok(())),
            transport => std::task::ready!(transport.poll_open(context))?.poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.transport {
            // Dropping it ends it.
            Transport::Greeting(_) => Poll::Ready(Ok(())),
            transport => std::task::ready!(transport.poll_open(context))?.poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_body_passes_however_the_bytes_are_cut_up() {
        let answer = b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n0123456789";
        for size in 1..=answer.len() {
            let mut cut = Cut::After { head_end_seen: 0, body: 5 };
            let mut passed = Vec::new();
            for chunk in answer.chunks(size) {
                let (allowed, next) = cut.pass(chunk);
                passed.extend_from_slice(&chunk[..allowed]);
                cut = next;
            }
            assert!(passed.ends_with(b"\r\n\r\n01234") && cut.is_over(), "chunks of {size}");
        }
    }
}
