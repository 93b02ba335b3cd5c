//! The steps that need nothing but Rust.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, ensure};

use super::{Run, execute};
use crate::demo;

/// The packages that are published; each must build from its own archive.
const LIBRARIES: &[&str] = &[
    "orderhook-types",
    "orderhook-client",
    "orderhook-api",
    "orderhook-webhook",
    "orderhook-codegen",
];

pub(super) fn check_formatting(run: &Run) -> anyhow::Result<()> {
    execute(cargo(run).args(["fmt", "--all", "--check"]))
}

pub(super) fn run_clippy(run: &Run) -> anyhow::Result<()> {
    execute(cargo(run).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

pub(super) fn check_generated_code(run: &Run) -> anyhow::Result<()> {
    let this_program = std::env::current_exe().context("the path of this program is not known")?;
    execute(run.command(this_program).args(["gen", "--check"]))
}

pub(super) fn run_tests(run: &Run) -> anyhow::Result<()> {
    let mut command = cargo(run);
    command.args([
        "test",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
        "--",
        "--include-ignored",
    ]);
    for tests in run.skipped_tests() {
        command.args(["--skip", tests]);
    }
    execute(&mut command)
}

/// What `cargo xtask demo` runs once it has regenerated.
pub(super) fn run_demo(_: &Run) -> anyhow::Result<()> {
    ensure!(demo::tell(false)?, "a step of the demo did not hold");
    Ok(())
}

pub(super) fn build_documentation(run: &Run) -> anyhow::Result<()> {
    execute(
        cargo(run)
            .args(["doc", "--workspace", "--no-deps", "--all-features"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

pub(super) fn package_libraries(run: &Run) -> anyhow::Result<()> {
    let mut command = cargo(run);
    command.arg("package");
    for library in LIBRARIES {
        command.args(["--package", library]);
    }
    // Whoever works on a change has not committed it yet; what is checked in CI is what would be
    // published.
    if std::env::var_os("CI").is_none() {
        command.arg("--allow-dirty");
    }
    execute(&mut command)
}

/// The cargo that runs us, so that both are of one toolchain.
fn cargo(run: &Run) -> Command {
    run.command(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}
