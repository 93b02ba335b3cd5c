//! `cargo xtask demo`: regenerates, then tells the whole story over real HTTP.

use std::process::{Command, ExitCode};

use anyhow::Context;

use crate::plan;
use crate::workspace_root;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let root = workspace_root();
    println!("{}", plan::COMMAND);
    let changes = plan::plan_quietly(&root)?.write(&root)?;
    for change in &changes {
        println!("{change}");
    }
    println!(
        "{} generated files changed; building the demo",
        changes.len()
    );
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["run", "--package", "orderhook-tests", "--example", "demo"])
        .current_dir(&root)
        .status()
        .context("cargo can't be run")?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
