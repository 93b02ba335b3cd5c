//! The steps that bring in programs of other people: linters of the spec, clients from another
//! generator, and the libraries and test tools that the ignored tests start.
//! `tests/foreign/README.md` says what is where.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use super::{Run, Runtime, execute, execute_quietly, programs};
use crate::plan::{OPERATOR, ORDER_MANAGEMENT as SPEC};

/// Modules of tests that start foreign programs, and what those need.
pub(super) const TESTS: &[(&str, &[Runtime])] = &[
    ("foreign::python::", &[Runtime::Python]),
    ("foreign::node::", &[Runtime::Node]),
    ("foreign::typescript::", &[Runtime::Python, Runtime::Node]),
];

const PINS: &str = "tests/foreign";

/// What the linters read: the documents, and what is derived from them for readers of 3.1.
const LINTED: [&str; 4] = [
    SPEC,
    "crates/orderhook-api/src/generated/order_management/openapi-3.1.json",
    OPERATOR,
    "crates/orderhook-api/src/generated/operator/openapi-3.1.json",
];

pub(super) fn install_python_packages(run: &Run) -> anyhow::Result<()> {
    let folder = run.foreign_dir().join("python");
    let requirements = run.root.join(PINS).join("requirements.txt");
    let inputs = [programs::version(Runtime::Python)?, read(&requirements)?];
    unless_up_to_date(&folder, &inputs, || {
        execute(run.command("python3").args(["-m", "venv"]).arg(&folder))?;
        execute(
            run.command(folder.join("bin/python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--disable-pip-version-check",
                    "--requirement",
                ])
                .arg(&requirements),
        )
    })
}

pub(super) fn install_npm_packages(run: &Run) -> anyhow::Result<()> {
    let folder = run.foreign_dir().join("node");
    let pins = ["package.json", "package-lock.json"].map(|name| run.root.join(PINS).join(name));
    let inputs = [
        programs::version(Runtime::Node)?,
        read(&pins[0])?,
        read(&pins[1])?,
    ];
    unless_up_to_date(&folder, &inputs, || {
        for pin in &pins {
            copy_into(&folder, pin)?;
        }
        // Scripts of packages are not run: none that we use needs one.
        execute(
            run.command("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&folder),
        )
    })
}

pub(super) fn lint_with_spectral(run: &Run) -> anyhow::Result<()> {
    execute(
        npm_program(run, "spectral")
            .arg("lint")
            .args(LINTED)
            .args(["--ruleset", "tests/foreign/spectral.yaml"])
            .args(["--fail-severity", "hint"]),
    )
}

pub(super) fn lint_with_redocly(run: &Run) -> anyhow::Result<()> {
    execute(
        npm_program(run, "redocly")
            .arg("lint")
            .args(LINTED)
            .args(["--config", "tests/foreign/redocly.yaml"])
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
    )
}

pub(super) fn generate_python_client(run: &Run) -> anyhow::Result<()> {
    let options = [
        "--generator-name=python",
        "--additional-properties=packageName=order_management",
    ];
    generate_client(run, "python", &options)
}

pub(super) fn generate_typescript_client(run: &Run) -> anyhow::Result<()> {
    let options = [
        "--generator-name=typescript-fetch",
        "--additional-properties=importFileExtension=.js",
    ];
    generate_client(run, "typescript", &options)?;
    execute(npm_program(run, "tsc").args(["--project", "tests/foreign/typescript/tsconfig.json"]))
}

fn generate_client(run: &Run, name: &str, options: &[&str]) -> anyhow::Result<()> {
    let folder = run.foreign_dir().join("clients").join(name);
    let inputs = [
        read(&run.root.join(SPEC))?,
        read(&run.root.join(PINS).join("requirements.txt"))?,
        options.join(" "),
    ];
    unless_up_to_date(&folder, &inputs, || {
        // It names every file that it writes.
        execute_quietly(
            run.command(run.foreign_dir().join("python/bin/openapi-generator-cli"))
                .args(["generate", "--input-spec", SPEC])
                .args(options)
                .arg("--output")
                .arg(&folder),
        )
    })
}

/// Fills a folder anew, unless it was filled before from the same inputs.
///
/// What it was filled from stands beside it in a file, written last: a folder that was filled half
/// has none.
fn unless_up_to_date(
    folder: &Path,
    inputs: &[String],
    fill: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let stamp = folder.with_extension("stamp");
    let inputs = format!("{}\n{}", folder.display(), inputs.join("\n"));
    if fs::read_to_string(&stamp).is_ok_and(|filled_from| filled_from == inputs) {
        println!("up to date");
        return Ok(());
    }
    remove_if_there(fs::remove_file(&stamp))
        .with_context(|| format!("{} can't be removed", stamp.display()))?;
    remove_if_there(fs::remove_dir_all(folder))
        .with_context(|| format!("{} can't be removed", folder.display()))?;
    fs::create_dir_all(folder).with_context(|| format!("{} can't be created", folder.display()))?;
    fill()?;
    fs::write(&stamp, inputs).with_context(|| format!("{} can't be written", stamp.display()))
}

fn remove_if_there(removed: std::io::Result<()>) -> std::io::Result<()> {
    match removed {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn copy_into(folder: &Path, file: &Path) -> anyhow::Result<()> {
    let name = file
        .file_name()
        .context("a file to be copied has no name")?;
    fs::copy(file, folder.join(name))
        .with_context(|| format!("{} can't be copied", file.display()))?;
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))
}

fn npm_program(run: &Run, name: &str) -> Command {
    let programs: PathBuf = run.foreign_dir().join("node/node_modules/.bin");
    run.command(programs.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_filled_until_it_was_filled_whole_from_the_same_inputs() {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("node");
        let fill = |input: &str, outcome: anyhow::Result<()>| {
            let mut filled = false;
            let result = unless_up_to_date(&folder, &[input.to_owned()], || {
                filled = true;
                fs::write(folder.join(input), "").expect("writes");
                outcome
            });
            (filled, result.is_ok())
        };

        assert_eq!(fill("a", Err(anyhow::anyhow!("no network"))), (true, false));
        assert_eq!(fill("a", Ok(())), (true, true));
        assert_eq!(fill("a", Ok(())), (false, true));
        assert_eq!(fill("b", Ok(())), (true, true));
        assert!(!folder.join("a").exists(), "what was there before is gone");
    }
}
