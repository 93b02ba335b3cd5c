//! What every store must do, through its traits, of PostgreSQL; and what only PostgreSQL does, in
//! `postgres` and `replicas`.
//!
//! The cases are those of SQLite, in `tests/it`.

#[path = "../it/access.rs"]
mod access;
mod database;
#[path = "../it/endpoints.rs"]
mod endpoints;
#[path = "../it/harness.rs"]
mod harness;
#[path = "../it/history.rs"]
mod history;
#[path = "../it/idempotency.rs"]
mod idempotency;
#[path = "../it/model.rs"]
mod model;
#[path = "../it/orders.rs"]
mod orders;
mod postgres;
#[path = "../it/publishing.rs"]
mod publishing;
#[path = "../it/queue.rs"]
mod queue;
#[path = "../it/replays.rs"]
mod replays;
mod replicas;
#[path = "../it/upkeep.rs"]
mod upkeep;
#[path = "../it/webhooks.rs"]
mod webhooks;
