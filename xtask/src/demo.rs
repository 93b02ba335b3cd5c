//! `cargo xtask demo`: regenerates, builds the server, then tells the whole story over real HTTP.

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context, ensure};

use crate::plan;
use crate::workspace_root;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the server running, with the addresses printed, until Ctrl-C
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let root = workspace_root();
    println!("{}", plan::COMMAND);
    let changes = plan::plan_quietly(&root)?.write(&root)?;
    for change in &changes {
        println!("{change}");
    }
    println!(
        "{} generated files changed; building the server",
        changes.len()
    );
    Ok(match tell(args.keep)? {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Builds the server and tells the story; `false` if a step of it did not hold.
pub(crate) fn tell(keep: bool) -> anyhow::Result<bool> {
    let built = cargo(["build", "--package", "orderhook"])?;
    ensure!(built.success(), "the server does not build");
    let mut demo = vec!["run", "--package", "orderhook-tests", "--example", "demo"];
    let server = target_directory().join("debug/orderhook");
    let server = server.to_str().context("the path is not text")?;
    demo.extend(["--", "--server", server]);
    if keep {
        demo.push("--keep");
    }
    Ok(cargo(demo)?.success())
}

fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> anyhow::Result<ExitStatus> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(arguments)
        .current_dir(workspace_root())
        .status()
        .context("cargo can't be run")
}

/// Where cargo builds.
pub(crate) fn target_directory() -> PathBuf {
    let configured = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    workspace_root().join(configured.unwrap_or_else(|| "target".into()))
}
