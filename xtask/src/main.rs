//! `cargo xtask TASK`: what a developer runs, one file a task.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks to its user"
)]

mod bench;
mod corpus;
mod demo;
mod r#gen;
mod plan;
mod postgres;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

/// Tasks of the Orderhook workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Task {
    /// Measure what the project promises about its cost
    Bench(bench::Args),
    /// Write everything that is generated from `spec/`
    Gen(r#gen::Args),
    /// Generate from the documents of others in `tests/corpus`, and compile what comes out
    Corpus(corpus::Args),
    /// Regenerate, then show the real server at work on this machine: calls, pushes, a replay
    Demo(demo::Args),
    /// Start a PostgreSQL server, print its address, and keep it until Ctrl-C
    Postgres,
    /// Run every check, set-up included
    Test(test::Args),
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Bench(args) => bench::run(&args),
        Task::Gen(args) => r#gen::run(&args),
        Task::Corpus(args) => corpus::run(&args),
        Task::Demo(args) => demo::run(&args),
        Task::Postgres => postgres::run(),
        Task::Test(args) => test::run(&args),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        ExitCode::FAILURE
    })
}

/// The root of the workspace, wherever the command is called from.
fn workspace_root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}
