//! What every store must do, through its traits; and what only SQLite does, in `sqlite`.

mod access;
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
