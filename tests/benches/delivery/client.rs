//! A keep-alive HTTP/1.1 client that does as little as it can, so that it is not what is measured.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How a number looks in a body: of one length, so that requests differ in these bytes alone.
const NUMBER_DIGITS: usize = 9;
const NUMBER_KEY: &str = "\"number\":\"";

/// A connection that answers one request after the other.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::new(),
        })
    }

    /// Sends a request and gives the body of its answer, which must be a 2xx with a length.
    pub(crate) async fn send(&mut self, request: &[u8]) -> anyhow::Result<&[u8]> {
        self.buffer.clear();
        self.stream.write_all(request).await?;
        let message = read_message(&mut self.stream, &mut self.buffer).await?;
        let message = message.context("the server closed the connection")?;
        let (head, body) = self.buffer.split_at(message.head_length);
        ensure!(
            head.starts_with(b"HTTP/1.1 2"),
            "{}{}",
            String::from_utf8_lossy(head),
            String::from_utf8_lossy(body)
        );
        Ok(body)
    }
}

/// Where a message in a buffer ends.
pub(crate) struct Message {
    pub(crate) head_length: usize,
    pub(crate) length: usize,
}

/// Reads until a whole request or answer stands at the beginning of `buffer`; `None` if the
/// other side closed the connection.
pub(crate) async fn read_message(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
) -> anyhow::Result<Option<Message>> {
    loop {
        if let Some(message) = whole_message(buffer) {
            return Ok(Some(message));
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn whole_message(buffer: &[u8]) -> Option<Message> {
    let head_length = position(buffer, b"\r\n\r\n")? + 4;
    let length = head_length + content_length(&buffer[..head_length]);
    (buffer.len() >= length).then_some(Message {
        head_length,
        length,
    })
}

fn content_length(head: &[u8]) -> usize {
    let lines = head.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| line.split_at_checked(15))
        .find(|(name, _)| name.eq_ignore_ascii_case(b"content-length:"))
        .and_then(|(_, value)| str::from_utf8(value).ok()?.trim().parse().ok())
        .unwrap_or(0)
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// A request with a JSON body.
pub(crate) fn request(
    method: &str,
    path: &str,
    address: SocketAddr,
    authorization: &str,
    body: &str,
) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: {authorization}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A payload of the size that an order has, with a place for a number.
pub(crate) fn payload() -> String {
    let number = "0".repeat(NUMBER_DIGITS);
    let note = "x".repeat(300);
    format!(
        "{{{NUMBER_KEY}{number}\",\"orderNo\":\"ORD000000000001\",\"state\":\"COMPLETED\",\
         \"fiatCurrency\":\"EUR\",\"fiatAmount\":\"100.00\",\"cryptoCurrency\":\"USDT\",\
         \"cryptoAmount\":\"104.71\",\"network\":\"TRC20\",\
         \"address\":\"TXYZ0123456789abcdefghijklmnopqrstu\",\"txHash\":\"0x0123456789abcdef\
         0123456789abcdef0123456789abcdef0123456789abcdef\",\"note\":\"{note}\"}}"
    )
}

/// A request with one [`payload`] or several, whose numbers are filled in again and again.
#[derive(Clone)]
pub(crate) struct Numbered {
    request: Vec<u8>,
    digits_at: Vec<usize>,
}

impl Numbered {
    pub(crate) fn new(request: Vec<u8>) -> anyhow::Result<Self> {
        let mut digits_at = Vec::new();
        let mut from = 0;
        while let Some(key) = position(&request[from..], NUMBER_KEY.as_bytes()) {
            from += key + NUMBER_KEY.len();
            digits_at.push(from);
        }
        ensure!(!digits_at.is_empty(), "no place for a number");
        Ok(Self { request, digits_at })
    }

    /// How many events it publishes.
    pub(crate) fn events(&self) -> usize {
        self.digits_at.len()
    }

    /// The request for the events from this number on.
    pub(crate) fn with(&mut self, first: usize) -> &[u8] {
        for (number, at) in (first..).zip(&self.digits_at) {
            let digits = format!("{number:0NUMBER_DIGITS$}");
            self.request[*at..][..NUMBER_DIGITS].copy_from_slice(digits.as_bytes());
        }
        &self.request
    }
}

/// The number in a body.
pub(crate) fn number_of(body: &[u8]) -> Option<usize> {
    let at = position(body, NUMBER_KEY.as_bytes())? + NUMBER_KEY.len();
    let digits = body.get(at..at + NUMBER_DIGITS)?;
    str::from_utf8(digits).ok()?.parse().ok()
}
