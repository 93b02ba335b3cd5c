//! The server from outside: the real program, real HTTP, receivers in the process of the test. On
//! SQLite; `one_file` is about that alone.
//!
//! The same cases run on PostgreSQL in `tests/served_postgres`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

mod bad_bodies;
mod bad_http;
mod bad_parameters;
mod command_line;
mod database;
mod deliveries;
mod http;
mod idempotency;
mod isolation;
mod lists;
mod logs;
mod one_file;
mod operations;
#[path = "../support/program.rs"]
mod program;
mod receiver;
mod replays;
#[path = "../support/running.rs"]
mod running;
mod secrets;
mod server;
mod starting;
mod tokens;
mod webhooks;
