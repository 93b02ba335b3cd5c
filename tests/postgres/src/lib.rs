//! A PostgreSQL server of one's own, in a scratch directory: for tests and benchmarks.
//!
//! [`database_url`] and [`TestDatabase`] are for a test that needs a database; [`Server`] is for
//! one that stops, restarts or freezes the server below its feet, or measures it.
//!
//! A server is as durable as PostgreSQL comes, since durability is what our tests are about. It
//! ends when its [`Server`] is dropped, and also when the process that started it is killed.
//! Unix only; what reads `/proc` is for Linux.

mod account;
mod binaries;
mod client;
mod for_tests;
mod processes;
mod scratch;
mod server;

pub use binaries::{Binaries, FindError};
pub use client::{DatabaseError, create_database, drop_database, ping};
pub use for_tests::{TestDatabase, database_url};
pub use server::{SHARED, Server, ServerError};
