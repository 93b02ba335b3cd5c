//! The command line from outside: the real program, in an empty folder and an empty environment.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod commands;
mod configuration;
mod copying;
mod database;
mod exits;
mod help;
mod listening;
mod manual;
mod operator_tokens;
#[path = "../support/program.rs"]
mod program;
#[path = "../support/running.rs"]
mod running;
mod secrets;
mod server;
mod signatures;
mod stub;
mod triggers;
