//! Faults of the machine below the real server: power loss, `kill -9`, SIGTERM, a full disk.

mod crash;
mod disk;
mod disk_full;
mod launch;
mod power_loss;
mod programs;
mod publishers;
mod recording;
mod run;
mod server;
mod sink;
