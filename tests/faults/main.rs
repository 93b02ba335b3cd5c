//! Faults around the real server: power loss, `kill -9`, SIGTERM, a full disk, receivers that
//! misbehave.

mod crash;
mod database;
mod disk;
mod disk_full;
mod faulty;
mod launch;
mod memory;
mod power_loss;
mod programs;
mod publishers;
mod receivers;
mod recording;
mod run;
mod server;
mod sink;
