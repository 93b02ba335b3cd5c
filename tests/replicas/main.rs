//! Faults around several replicas of the real server on one PostgreSQL: replicas that are killed,
//! stopped and cut off, a database that crashes and stands still.
//!
//! Each test has its own replicas, receiver and database. Where a time stands in a test it is how
//! long the test waits at most.

mod checks;
mod client;
mod cluster;
mod cut_off;
mod database_faults;
mod killed;
#[path = "../faults/launch.rs"]
#[expect(dead_code, reason = "some of it is for SQLite")]
mod launch;
mod limits;
mod load;
mod no_fault;
#[path = "../faults/programs.rs"]
#[expect(dead_code, reason = "only the server is needed here")]
mod programs;
mod proxy;
mod roles;
mod rolling;
mod rows;
#[path = "../faults/sink.rs"]
#[expect(dead_code, reason = "here several senders live at a time")]
mod sink;
