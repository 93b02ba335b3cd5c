//! The receiver: a thread of its own that answers at once and keeps what came when.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::client::{number_of, read_message};
use crate::now;

const ACKNOWLEDGED: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
    content-length: 16\r\n\r\n{\"code\":\"00000\"}";
/// What stands before an endpoint's number in its path.
const ENDPOINTS: &str = "/endpoints/";
/// The path of an endpoint that takes everything and never answers.
const SILENT: &str = "/silent";

/// A delivery that arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Receipt {
    /// Which of the endpoints at [`Sink::url`] it came to.
    pub(crate) endpoint: usize,
    pub(crate) number: usize,
    pub(crate) at: Instant,
}

pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    receipts: Arc<Mutex<Vec<Receipt>>>,
}

impl Sink {
    /// Starts the thread, which ends with the process.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let receipts = Arc::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let shared = Arc::clone(&receipts);
        thread::Builder::new()
            .name("sink".to_owned())
            .spawn(move || runtime.block_on(accept(listener, shared)))
            .context("no thread for the sink")?;
        Ok(Self { address, receipts })
    }

    /// Where an endpoint that acknowledges is.
    pub(crate) fn url(&self, endpoint: usize) -> String {
        format!("http://{}{ENDPOINTS}{endpoint}", self.address)
    }

    /// Where the endpoint that never answers is.
    pub(crate) fn silent_url(&self) -> String {
        format!("http://{}{SILENT}", self.address)
    }

    /// Everything since the last time.
    pub(crate) fn take(&self) -> Vec<Receipt> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Receipt>> {
        self.receipts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(
    listener: std::net::TcpListener,
    receipts: Arc<Mutex<Vec<Receipt>>>,
) -> anyhow::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that breaks is the sender's loss, and seen in what is missing.
        tokio::spawn(receive(stream, Arc::clone(&receipts)));
    }
}

async fn receive(mut stream: TcpStream, receipts: Arc<Mutex<Vec<Receipt>>>) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    while let Some(message) = read_message(&mut stream, &mut buffer).await? {
        let at = now();
        let request = &buffer[..message.length];
        if request.starts_with(format!("POST {SILENT}").as_bytes()) {
            // Until the sender loses its patience.
            while stream.read_buf(&mut buffer).await? > 0 {}
            return Ok(());
        }
        let (head, body) = request.split_at(message.head_length);
        if let Some((endpoint, number)) = endpoint_of(head).zip(number_of(body)) {
            let mut receipts = receipts.lock().unwrap_or_else(PoisonError::into_inner);
            receipts.push(Receipt {
                endpoint,
                number,
                at,
            });
        }
        buffer.drain(..message.length);
        stream.write_all(ACKNOWLEDGED).await?;
    }
    Ok(())
}

/// The number in a request line such as `POST /endpoints/7 HTTP/1.1`.
fn endpoint_of(head: &[u8]) -> Option<usize> {
    let line = str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let path = line.split(' ').nth(1)?;
    path.strip_prefix(ENDPOINTS)?.parse().ok()
}
