//! What callers see while the database is away, and that it comes back by itself.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orderhook_test_postgres as postgres;
use serde_json::json;

use crate::database::Database;
use crate::operations;
use crate::program::Program;
use crate::receiver::Receiver;
use crate::server::{Server, Serving, Stopped, eventually};

/// A server on a PostgreSQL that no other test uses.
fn server_on(postgres: &postgres::Server) -> Server {
    let (program, database) = Database::at(&postgres.url(), Program::new());
    Server::start(Stopped { program, database })
}

#[expect(clippy::disallowed_methods, reason = "a test takes the time")]
fn time() -> Instant {
    Instant::now()
}

#[test]
fn while_the_database_is_stopped_every_operation_is_refused_for_now() {
    let postgres = postgres::Server::for_test(&[]);
    let server = server_on(&postgres);
    // Its token was never looked up, so even what needs no database has to ask for the caller.
    let merchant = server.new_merchant();
    let known = server.new_merchant();
    let receiver = Receiver::acknowledging();
    known.subscribed(&receiver.url("/"));
    let (event, _) = known.publish_card(&json!({}));
    receiver.next();
    let ids = [
        ("merchant_id", &*merchant.id.to_string()),
        ("event_id", &event),
    ];

    postgres.freeze().unwrap();
    let begun = time();
    thread::scope(|scope| {
        for operation in operations::all() {
            let (merchant, ids) = (&merchant, &ids);
            scope.spawn(move || {
                let target = operation.target(ids);
                let answer = operation.send_example(operation.api(merchant), &target);
                answer.refused(503);
                let retry_after = answer.header("retry-after").map(str::parse::<u32>);
                assert!(matches!(retry_after, Some(Ok(1..))), "{answer:?}");
            });
        }
        for token in ["", &server.operator.token] {
            let api = server.operator.with_token(token);
            scope.spawn(move || assert_eq!(api.get("/readyz").status, 503));
        }
    });
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(server.operator.get("/livez").status, 200);

    postgres.thaw().unwrap();
    eventually(|| (server.operator.get("/readyz").status == 200).then_some(()));
    let (event, _) = known.publish_card(&json!({}));
    assert_eq!(receiver.next().header("webhook-id"), event);
}

#[test]
fn a_restart_of_the_database_is_survived() {
    let postgres = postgres::Server::for_test(&[]);
    let server = server_on(&postgres);
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    merchant.subscribed(&receiver.url("/"));
    for _ in 0..3 {
        postgres.restart_immediate().unwrap();
        let target = merchant.path("card-events");
        let body = json!({"event_type": "card.load", "data": {}});
        let published = eventually(|| {
            let answer = merchant.operator.post(&target, &body);
            assert!(matches!(answer.status, 200 | 503), "{answer:?}");
            (answer.status == 200).then(|| answer.data())
        });
        let id = published["event_id"].as_str().unwrap();
        // What came before may come once more.
        while receiver.next().header("webhook-id") != id {}
    }
}

#[test]
fn a_server_waits_for_its_database() {
    let postgres = postgres::Server::for_test(&[]);
    let url = postgres.url();
    let (_, location) = url.rsplit_once('@').unwrap();
    let address = location.split('/').next().unwrap();
    let gate = Gate::before(address.parse().unwrap());
    let (program, _database) = Database::at(&url, Program::new());
    let through_the_gate = url.replace(address, &gate.address.to_string());
    let program = program.variable("ORDERHOOK_DATABASE", &through_the_gate);
    let open = Arc::clone(&gate.open);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| Serving::start(&program, &[]));
        gate.knocked();
        open.store(true, Ordering::Relaxed);
        let serving = waiting.join().unwrap();
        serving.log.wait_for("trying again shortly");
        let log = serving.log.lines().join("\n");
        assert!(log.contains(":[redacted]@"), "{log}");
        assert_eq!(serving.running.interrupt(), 0);
    });
}

/// A way to a server that leads nowhere until it is open.
struct Gate {
    address: SocketAddr,
    open: Arc<AtomicBool>,
    knocks: std::sync::mpsc::Receiver<()>,
}

impl Gate {
    fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(AtomicBool::new(false));
        let (knock, knocks) = std::sync::mpsc::channel();
        let is_open = Arc::clone(&open);
        thread::spawn(move || {
            for client in listener.incoming() {
                if is_open.load(Ordering::Relaxed) {
                    let server = TcpStream::connect(server).unwrap();
                    join(client.unwrap(), server);
                } else if knock.send(()).is_err() {
                    return;
                }
            }
        });
        Self {
            address,
            open,
            knocks,
        }
    }

    /// Waits for somebody who was not let through.
    fn knocked(&self) {
        self.knocks.recv_timeout(Duration::from_secs(30)).unwrap();
    }
}

/// Passes bytes on in both directions.
fn join(client: TcpStream, server: TcpStream) {
    let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
    for (mut from, mut to) in [(client, server), back] {
        thread::spawn(move || {
            // Whichever end breaks, it is over for both.
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(std::net::Shutdown::Both);
        });
    }
}
