//! The deployment in `deploy/`: what it starts does start, with exactly those arguments, and becomes
//! ready; its files agree with one another, and its notes name every metric there is.
//!
//! What is not tested, because it takes a container engine or a running systemd: that the image is
//! built, that the containers reach one another by their names, that Caddy gets certificates, and
//! what the limits and the sandbox of the unit do to the server.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod balancer;
mod compose;
mod compose_file;
mod container;
mod health;
mod machine;
#[path = "../../src/server/metrics.rs"]
mod metrics;
mod notes;
mod starting;
mod unit;
mod unit_file;
