//! The steps that need nothing but Rust.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::{Run, execute};
use crate::{corpus, demo};

/// The packages that are published; each must build from its own archive.
const LIBRARIES: &[&str] = &[
    "cargo-orderhook-gen",
    "orderhook-types",
    "orderhook-client",
    "orderhook-client-runtime",
    "orderhook-runtime",
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
    let this_program = env::current_exe().context("the path of this program is not known")?;
    execute(run.command(this_program).args(["gen", "--check"]))
}

pub(super) fn check_corpus(run: &Run) -> anyhow::Result<()> {
    corpus::check_small(&run.root)
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
    forget_unpacked_libraries()?;
    // Nor is what it has built of one version ever built again.
    let target = run.root.join("target/packages");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let mut command = cargo(run);
    command.arg("package").arg("--target-dir").arg(target);
    for library in LIBRARIES {
        command.args(["--package", library]);
    }
    // Whoever works on a change has not committed it yet; what is checked in CI is what would be
    // published.
    if env::var_os("CI").is_none() {
        command.arg("--allow-dirty");
    }
    execute(&mut command)
}

/// Cargo unpacks each version of a package only once, those that it has just made included: the next
/// change of a library would be verified with the library as it was before.
fn forget_unpacked_libraries() -> anyhow::Result<()> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registry = home.context("there is no home of cargo")?.join("registry");
    for part in ["cache", "src"] {
        // Registries of the network have a host before the dash.
        for local in entries(&registry.join(part), "-")? {
            for library in entries(&local, "orderhook-")? {
                match library.is_dir() {
                    true => fs::remove_dir_all(&library)?,
                    false => fs::remove_file(&library)?,
                }
            }
        }
    }
    Ok(())
}

/// What is in a folder under a name that begins with `prefix`; nothing if there is no folder.
fn entries(folder: &Path, prefix: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.exists() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

/// The cargo that runs us, so that both are of one toolchain.
fn cargo(run: &Run) -> Command {
    run.command(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}
