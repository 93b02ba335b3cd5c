//! Receivers that misbehave: real connections, each receiver on a port of its own until the
//! runtime of the test ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;

/// How long a slow receiver takes for a byte.
const A_BYTE: Duration = Duration::from_millis(50);

/// Has the port, and takes no connection while the value lives.
pub(crate) fn refusing() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(any_port).expect("a port");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// Answers each request with these bytes, and closes.
pub(crate) async fn answering(answer: impl Into<Bytes>) -> SocketAddr {
    let answer = answer.into();
    listen(move |mut stream| {
        let answer = answer.clone();
        async move {
            read_request(&mut stream).await?;
            stream.write_all(&answer).await?;
            stream.shutdown().await?;
            read_to_end(&mut stream).await
        }
    })
    .await
}

/// Reads a request, and never says a word.
pub(crate) async fn silent() -> SocketAddr {
    listen(|mut stream| async move { read_to_end(&mut stream).await }).await
}

/// Writes `start`, and then one byte after the other.
pub(crate) async fn slow(start: &'static str, byte: u8) -> SocketAddr {
    listen(move |mut stream| async move {
        read_request(&mut stream).await?;
        stream.write_all(start.as_bytes()).await?;
        let mut interval = tokio::time::interval(A_BYTE);
        loop {
            interval.tick().await;
            stream.write_all(&[byte]).await?;
        }
    })
    .await
}

/// Writes `start`, and then `more` as fast as it is taken.
pub(crate) async fn flooding(start: &'static str, more: &'static str) -> SocketAddr {
    let flood = Bytes::from(more.repeat(64 * 1024 / more.len()));
    listen(move |mut stream| {
        let flood = flood.clone();
        async move {
            read_request(&mut stream).await?;
            stream.write_all(start.as_bytes()).await?;
            loop {
                stream.write_all(&flood).await?;
            }
        }
    })
    .await
}

/// Resets the connection once it has the request.
pub(crate) async fn resetting() -> SocketAddr {
    listen(|mut stream| async move {
        read_request(&mut stream).await?;
        stream.set_zero_linger()
    })
    .await
}

/// Speaks plain HTTP at once, on a port that is thought to be one of TLS.
pub(crate) async fn plain() -> SocketAddr {
    listen(|mut stream| async move {
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await?;
        read_to_end(&mut stream).await
    })
    .await
}

/// Has a certificate that nobody else has signed.
pub(crate) async fn self_signed() -> SocketAddr {
    let names = ["127.0.0.1".to_owned()];
    let identity = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(
            vec![identity.cert.der().clone()],
            identity.signing_key.into(),
        );
    let acceptor = TlsAcceptor::from(Arc::new(config.expect("a certificate and its key")));
    listen(move |stream| {
        let acceptor = acceptor.clone();
        async move { acceptor.accept(stream).await.map(drop) }
    })
    .await
}

/// 650 KiB of gzip that hold 100 MiB of zeros.
pub(crate) fn gzip_bomb() -> Vec<u8> {
    // Deflate with its fixed codes: a last block, and a literal zero to repeat; then, again and
    // again, the longest repetition (258 bytes) of what stands one byte before.
    const START: [bool; 11] = bits(0b110_0011_0000);
    const REPETITION: [bool; 13] = bits(0b1_1000_1010_0000);
    const END: [bool; 7] = [false; 7];
    let repetitions = 100 * 1024 * 1024 / 258;
    let repeated = std::iter::repeat_n(REPETITION, repetitions).flatten();
    let deflated: Vec<bool> = START.into_iter().chain(repeated).chain(END).collect();

    let mut bomb = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    bomb.extend(deflated.chunks(8).map(|bits| {
        let bits = bits.iter().enumerate();
        bits.fold(0, |byte, (index, bit)| byte | (u8::from(*bit) << index))
    }));
    bomb
}

/// The bits of `code`, the highest first.
const fn bits<const N: usize>(code: u16) -> [bool; N] {
    let mut bits = [false; N];
    let mut index = 0;
    while index < N {
        bits[index] = code >> (N - 1 - index) & 1 == 1;
        index += 1;
    }
    bits
}

async fn listen<F>(behave: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            tokio::spawn(behave(stream));
        }
    });
    address
}

async fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse().expect("a length");
        }
    }
    stream.read_exact(&mut vec![0; length]).await?;
    Ok(())
}

/// Waits until the sender closes.
async fn read_to_end(stream: &mut TcpStream) -> io::Result<()> {
    tokio::io::copy(stream, &mut tokio::io::sink()).await?;
    Ok(())
}
