//! The client against a real HTTP server, on a clock that no test waits for.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; clippy exempts only the test functions"
)]

mod clock;
mod configuration;
mod errors;
mod idempotency;
mod models;
mod operator;
mod pages;
mod retries;
mod server;

use orderhook_client::{Client, ClientBuilder};

use crate::clock::TestClock;
use crate::server::{Answer, Server};

const TOKEN: &str = "token-of-ada";

/// A client of `server` on `clock`, whose jitter is always the longest.
fn builder(server: &Server, clock: &TestClock) -> ClientBuilder {
    Client::builder(&server.base(), TOKEN)
        .clock(clock.clone())
        .random(|| u64::MAX)
}

/// A server that gives these answers, and a client of it.
async fn client_of(answers: impl IntoIterator<Item = Answer>) -> (Server, Client) {
    let clock = TestClock::new();
    let server = Server::start(answers, &clock).await;
    let client = builder(&server, &clock).build().unwrap();
    (server, client)
}
