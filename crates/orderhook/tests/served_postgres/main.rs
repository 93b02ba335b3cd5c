//! The server from outside, on PostgreSQL; `outages` and `roles` are about that alone.
//!
//! The other cases are those of SQLite, in `tests/served`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends where something is not as it should be"
)]

#[path = "../served/bad_bodies.rs"]
mod bad_bodies;
#[path = "../served/bad_http.rs"]
mod bad_http;
#[path = "../served/bad_parameters.rs"]
mod bad_parameters;
#[path = "../served/command_line.rs"]
mod command_line;
mod database;
#[path = "../served/deliveries.rs"]
mod deliveries;
#[path = "../served/http.rs"]
mod http;
#[path = "../served/idempotency.rs"]
mod idempotency;
#[path = "../served/isolation.rs"]
mod isolation;
#[path = "../served/lists.rs"]
mod lists;
#[path = "../served/logs.rs"]
mod logs;
#[path = "../served/operations.rs"]
mod operations;
mod outages;
#[path = "../support/program.rs"]
mod program;
#[path = "../served/receiver.rs"]
mod receiver;
#[path = "../served/replays.rs"]
mod replays;
mod roles;
#[path = "../support/running.rs"]
mod running;
#[path = "../served/secrets.rs"]
mod secrets;
#[path = "../served/server.rs"]
mod server;
#[path = "../served/starting.rs"]
mod starting;
#[path = "../served/tokens.rs"]
mod tokens;
#[path = "../served/webhooks.rs"]
mod webhooks;
