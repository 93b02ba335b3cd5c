//! Orderhook: the server, and the command line for those who run it and those who build against it.

mod cli;
mod clock;
mod commands;
mod config;
mod context;
mod exit;
mod input;
mod logging;
mod output;
mod pages;
mod paths;
mod randomness;
mod server;
mod time;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::exit::Failure;
use crate::output::{Output, note};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.global.json, cli.global.reveal);
    match run(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure, output);
            failure.exit.into()
        }
    }
}

fn run(cli: Cli, output: Output) -> Result<(), Failure> {
    // These two must work where the configuration does not.
    match &cli.command {
        Command::Completions(args) => return commands::manual::completions(args, output),
        Command::Man(args) => return commands::manual::man(args, output),
        _ => {}
    }
    let loaded = config::load(&cli.sources())?;
    let context = Context { loaded, output };
    let runtime = tokio::runtime::Runtime::new()?;
    // On the heap: the future of the largest command would be moved through each caller's stack.
    let result = runtime.block_on(Box::pin(commands::run(cli.command, &context)));
    // What still runs beside it, such as the look-up of a name, is not waited for.
    runtime.shutdown_background();
    result
}

fn report(failure: &Failure, output: Output) {
    if output.json {
        note(&failure.to_json().to_string());
        return;
    }
    for (index, line) in failure.lines().iter().enumerate() {
        let prefix = if index == 0 { "error: " } else { "" };
        note(&format!("{prefix}{line}"));
    }
}
