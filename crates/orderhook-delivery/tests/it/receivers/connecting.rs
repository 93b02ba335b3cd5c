//! How a connection is made, or is not.

use async_trait::async_trait;
use orderhook_delivery::Resolver;
use orderhook_store::AttemptOutcome::*;
use tokio::net::TcpSocket;

use super::*;

/// Gives one list of addresses after the other, then none.
#[derive(Debug)]
pub(super) struct Scripted(Mutex<Vec<Vec<SocketAddr>>>);

impl Scripted {
    pub(super) fn new(answers: impl IntoIterator<Item = Vec<SocketAddr>>) -> Arc<Self> {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Arc::new(Self(Mutex::new(answers)))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

#[async_trait]
impl Resolver for Scripted {
    async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
        let answer = self.0.lock().unwrap().pop();
        answer.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// A transport that keeps no connection, so that each push makes one.
fn transport_resolving(resolver: Arc<Scripted>) -> HttpTransport {
    let mut options = options();
    options.resolver = resolver;
    options.idle_per_origin = 0;
    HttpTransport::new(options).unwrap()
}

/// https for names: a plain receiver answers no TLS, which shows that the connection was made.
async fn plain_receiver(address: &str) -> Receiver {
    Receiver::start_on(address, |mut connection| async move {
        connection
            .stream
            .write_all(b"HTTP/1.1 400 x\r\n\r\n")
            .await?;
        connection.stream.shutdown().await?;
        connection.read_to_end().await
    })
    .await
}

const NOT_TLS: &str = "the receiver does not speak TLS";

fn not_public(address: SocketAddr) -> String {
    format!(
        "the address {} is not public: it is for loopback (RFC 1122); to deliver there, \
         add `{address}` to the allowed addresses of the configuration",
        address.ip()
    )
}

#[tokio::test]
async fn a_refused_connection_names_the_address() {
    // It has the port, and does not listen.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let result = post(&transport(), &format!("http://{address}/"), LONG).await;
    let reason = format!("no connection to {address}: connection refused");
    assert_verdict(&result, ConnectionFailed, &reason);
}

#[tokio::test]
async fn a_reset_is_a_broken_connection() {
    let early = Receiver::start(|connection| async move { connection.reset() }).await;
    let result = post(&transport(), &early.url(), LONG).await;
    let verdict = verdict(EndpointKind::Webhook, &result);
    assert_eq!(verdict.outcome, ConnectionFailed, "{}", verdict.reason);

    let after_request = Receiver::start(|mut connection| async move {
        connection.read_request().await?;
        connection.reset()
    })
    .await;
    let result = post(&transport(), &after_request.url(), LONG).await;
    assert_verdict(
        &result,
        ConnectionFailed,
        "the connection broke: connection reset",
    );
}

#[tokio::test]
async fn an_address_that_is_not_public_is_not_connected_to() {
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    let port = receiver.address.port();
    let mut closed = options();
    closed.policy = policy(&[]);
    let transport = HttpTransport::new(closed).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
    ] {
        for scheme in ["http", "https"] {
            let result = post(&transport, &format!("{scheme}://{host}:{port}/"), LONG).await;
            let outcome = verdict(EndpointKind::Webhook, &result).outcome;
            assert_eq!(outcome, AddressRefused, "{scheme} {host}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_to_another_address_later_gains_nothing() {
    let open = plain_receiver("127.0.0.1:0").await;
    let closed = plain_receiver("127.0.0.2:0").await;
    let resolver = Scripted::new([vec![open.address], vec![closed.address], vec![]]);
    let transport = transport_resolving(resolver.clone());
    let url = "https://rebinding.example/";

    let first = post(&transport, url, LONG).await;
    assert_verdict(&first, TlsFailed, NOT_TLS);
    assert_eq!(resolver.left(), 2, "one question for one connection");

    let second = post(&transport, url, LONG).await;
    assert_verdict(&second, AddressRefused, &not_public(closed.address));

    let third = post(&transport, url, LONG).await;
    let reason = "the name `rebinding.example` could not be resolved";
    assert_verdict(&third, ConnectionFailed, reason);

    assert_eq!((open.connections(), closed.connections()), (1, 0));
}

#[tokio::test]
async fn of_several_addresses_only_allowed_ones_are_tried() {
    let open = plain_receiver("127.0.0.1:0").await;
    let closed = plain_receiver("127.0.0.2:0").await;
    let mapped = SocketAddr::new("::ffff:127.0.0.2".parse().unwrap(), closed.address.port());
    let nobody = SocketAddr::new(open.address.ip(), 1);
    let resolver = Scripted::new([vec![closed.address, mapped, nobody, open.address]]);

    let result = post(&transport_resolving(resolver), "https://a.example/", LONG).await;
    assert_verdict(&result, TlsFailed, NOT_TLS);
    assert_eq!((open.connections(), closed.connections()), (1, 0));
}

#[tokio::test]
async fn a_name_by_plain_http_is_refused_before_it_is_resolved() {
    let open = plain_receiver("127.0.0.1:0").await;
    let resolver = Scripted::new([vec![open.address]]);
    let transport = transport_resolving(resolver.clone());
    let result = post(&transport, "http://merchant.example/", LONG).await;
    let reason = "plain http is refused: use https, or add the receiver's IP address and port to \
                  the allowed addresses of the configuration";
    assert_verdict(&result, AddressRefused, reason);
    assert_eq!((resolver.left(), open.connections()), (1, 0));
}

#[tokio::test]
async fn a_resolver_that_hangs_ends_by_the_connect_timeout() {
    #[derive(Debug)]
    struct Hanging;

    #[async_trait]
    impl Resolver for Hanging {
        async fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
            std::future::pending().await
        }
    }

    let mut options = options();
    options.resolver = Arc::new(Hanging);
    options.connect_timeout = SHORT;
    let transport = HttpTransport::new(options).unwrap();
    let result = post(&transport, "https://merchant.example/", LONG).await;
    assert_verdict(&result, TimedOut, "no connection within 200 ms");
}
