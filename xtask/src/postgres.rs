//! `cargo xtask postgres`: a PostgreSQL server to work with, gone at Ctrl-C.

use std::env;
use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::workspace_root;

/// Runs the program that starts a server, prints its address, and keeps it.
///
/// # Errors
///
/// If cargo can't be run.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let ended = Command::new(cargo)
        .args(["run", "--quiet", "--package", "orderhook-test-postgres"])
        .current_dir(workspace_root())
        .status()
        .context("cargo can't be run")?;
    Ok(match ended.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
