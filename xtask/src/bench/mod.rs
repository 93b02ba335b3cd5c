//! `cargo xtask bench SUBJECT`: what the project promises about its cost, measured.
//!
//! A measurement prints its targets beside its figures, and fails where one is missed; that of
//! deliveries only prints them, because a busy machine misses them too. The workspace is built on
//! the way; nothing else needs setting up.

mod api;
mod delivery;
mod deps;
mod soak;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};

use crate::workspace_root;

/// What `cargo xtask bench` is called with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum Subject {
    /// CPU per request of the generated glue and of handlers written by hand
    Api,
    /// Deliveries of the server beside `ceiling`, their cost, latency and fairness
    Delivery(delivery::Args),
    /// Millions of deliveries through PostgreSQL, with retention running: rates and sizes
    Soak(soak::Args),
    /// Crates pulled in and seconds of a clean build, library by library
    Deps,
}

/// Measures.
///
/// # Errors
///
/// If something can't be built or run, or a target is missed that must not be.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let root = workspace_root();
    match args.subject {
        Subject::Api => api::run(&root)?,
        Subject::Delivery(args) => delivery::run(&root, args)?,
        Subject::Soak(args) => soak::run(&root, args)?,
        Subject::Deps => deps::run(&root)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The cargo that runs us, started in `folder`.
fn cargo(folder: &Path) -> Command {
    let mut command =
        Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(folder);
    command
}

/// Runs a benchmark of `orderhook-tests`, which prints its figures itself.
fn benchmark(root: &Path, name: &str, arguments: &[OsString]) -> anyhow::Result<()> {
    let mut bench = cargo(root);
    bench
        .args([
            "bench",
            "--package",
            "orderhook-tests",
            "--bench",
            name,
            "--",
        ])
        .args(arguments);
    let status = bench.status().context("cargo can't be started")?;
    ensure!(status.success(), "the benchmark {name} ended with {status}");
    Ok(())
}

/// Runs a command to its end and gives what it printed on stdout.
fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().context("cargo can't be started")?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).context("cargo prints UTF-8")
}
