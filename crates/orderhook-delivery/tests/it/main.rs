//! Tests of what goes out: addresses, receivers that misbehave, the schedule.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails the test; clippy exempts only the test functions"
)]

mod address;
mod receivers;
mod schedule;
mod verdict;
