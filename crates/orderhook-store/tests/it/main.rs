//! What every store must do, through its traits, of SQLite; and what only SQLite does, in `sqlite`.
//!
//! The same cases run on PostgreSQL in `tests/postgres`.

mod access;
mod database;
mod endpoints;
mod harness;
mod history;
mod idempotency;
mod model;
mod orders;
mod publishing;
mod queue;
mod replays;
mod sqlite;
mod upkeep;
mod webhooks;
