//! A load generator that does as little as it can: ready-made requests over kept connections.

use std::net::SocketAddr;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::sample::SampleRequest;

const CONNECTIONS: usize = 8;

/// Connections that all send the same request, each waiting for its answer before the next.
pub(crate) struct Connections {
    streams: Vec<TcpStream>,
    request: Vec<u8>,
    /// Answers differ in trace ids and dates only, which have one length.
    answer_length: usize,
}

impl Connections {
    pub(crate) async fn open(address: SocketAddr, request: &SampleRequest) -> anyhow::Result<Self> {
        let request = request.bytes();
        let mut streams = Vec::new();
        let mut answer_length = 0;
        for _ in 0..CONNECTIONS {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            stream.write_all(&request).await?;
            answer_length = read_answer(&mut stream).await?.len();
            streams.push(stream);
        }
        Ok(Self {
            streams,
            request,
            answer_length,
        })
    }

    /// Sends `requests` in all and reads their answers.
    pub(crate) async fn run(&mut self, requests: usize) -> anyhow::Result<()> {
        let (request, length) = (&self.request, self.answer_length);
        let runs = self.streams.iter_mut().map(async |stream| {
            let mut answer = vec![0; length];
            for _ in 0..requests / CONNECTIONS {
                stream.write_all(request).await?;
                stream.read_exact(&mut answer).await?;
                ensure!(answer.starts_with(b"HTTP/1.1 200 "), "not answered by 200");
            }
            Ok(())
        });
        try_join_all(runs).await?;
        Ok(())
    }
}

/// The status line and the body of the answer to one request.
pub(crate) async fn answer(address: SocketAddr, request: &SampleRequest) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&request.bytes()).await?;
    let answer = String::from_utf8(read_answer(&mut stream).await?)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("there is a body")?;
    let status = head.lines().next().unwrap_or_default();
    Ok(format!("{status}\n{body}"))
}

/// Reads until the body is as long as the head says.
async fn read_answer(stream: &mut TcpStream) -> anyhow::Result<Vec<u8>> {
    let mut answer = Vec::new();
    loop {
        let read = stream.read_buf(&mut answer).await?;
        ensure!(read > 0, "the server closed the connection");
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.context("an answer has a length")?.parse()?;
        if body.len() == length {
            return Ok(answer);
        }
    }
}
