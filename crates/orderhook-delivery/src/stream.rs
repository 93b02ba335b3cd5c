//! A connection that remembers whether it has carried an answer, and that takes no flood.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How much a receiver may send from the head of one answer to that of the next: four times what is
/// read of a head and a body, because chunks and interim answers (1xx) come on top.
///
/// hyper skips interim answers without counting them, and a flood of them would keep a worker busy.
pub(crate) const MAX_RECEIVED: usize = 512 * 1024;

/// The receiver has sent more than [`MAX_RECEIVED`].
#[derive(Debug, thiserror::Error)]
#[error("more than 512 KiB received without an answer")]
pub(crate) struct Flood;

/// What the client puts with each answer and each error of a connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Usage(Arc<State>);

#[derive(Debug, Default)]
struct State {
    kept: AtomicBool,
    received: AtomicUsize,
}

impl Usage {
    /// To be called at the head of each answer: from the first on the connection can be kept.
    pub(crate) fn answered(&self) {
        self.0.kept.store(true, Ordering::Relaxed);
        self.0.received.store(0, Ordering::Relaxed);
    }

    /// Whether a push was sent on a connection that was kept from another.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.kept.load(Ordering::Relaxed)
    }

    fn receive(&self, bytes: usize) -> io::Result<()> {
        let before = self.0.received.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > MAX_RECEIVED {
            return Err(io::Error::other(Flood));
        }
        Ok(())
    }
}

/// The TCP connection below TLS.
#[derive(Debug)]
pub(crate) struct Stream {
    tcp: TcpStream,
    usage: Usage,
}

impl Stream {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            usage: Usage::default(),
        }
    }

    fn tcp(self: Pin<&mut Self>) -> Pin<&mut TcpStream> {
        Pin::new(&mut self.get_mut().tcp)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.tcp.connected().extra(self.usage.clone())
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.as_mut().tcp().poll_read(context, buffer))?;
        Poll::Ready(self.usage.receive(buffer.filled().len() - before))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.tcp().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.tcp().poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tcp().poll_shutdown(context)
    }
}
