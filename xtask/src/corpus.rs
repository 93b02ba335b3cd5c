//! `cargo xtask corpus`: the documents of others in `tests/corpus`, generated from and compiled.
//!
//! Each becomes a crate of a workspace under `target/corpus`, which is checked with warnings denied.
//! Nothing is fetched: the crates have the versions of this workspace.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use orderhook_codegen::{Document, Generator};

use crate::demo::target_directory;
use crate::plan::quietly;
use crate::workspace_root;

const COMMAND: &str = "cargo xtask corpus";
const DOCUMENTS: &str = "tests/corpus";
const CRATES: &str = "target/corpus";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the documents whose path contains this text
    #[arg(default_value = "")]
    part: String,
}

pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    check(&workspace_root(), &args.part)?;
    Ok(ExitCode::SUCCESS)
}

/// Generates from every document whose path contains `part`, and compiles what comes out.
///
/// # Errors
///
/// If something generated does not compile, or compiles with a warning.
pub(crate) fn check(root: &Path, part: &str) -> anyhow::Result<()> {
    let mut crates = Vec::new();
    for path in documents(&root.join(DOCUMENTS))? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
        if name.display().to_string().contains(part) {
            crates.extend(quietly(|| write_crate(root, &name))?);
        }
    }
    let workspace = root.join(CRATES);
    write_workspace(root, &workspace, &crates)?;
    println!("checking {} crates", crates.len());
    let status = Command::new(env!("CARGO"))
        .current_dir(&workspace)
        .args(["check", "--offline", "--workspace", "--keep-going"])
        .arg("--target-dir")
        .arg(target_directory())
        .status()
        .context("cargo can't be started")?;
    if !status.success() {
        bail!("what was generated does not compile without warnings");
    }
    Ok(())
}

/// Writes the sources of the crate of a document; its package's name, unless all was refused.
fn write_crate(root: &Path, path: &Path) -> anyhow::Result<Option<String>> {
    let name = path.display().to_string();
    let document = Document::parse(&name, &fs::read_to_string(root.join(path))?)?;
    println!("{name}");
    // Pushes lean on what is written by hand.
    let generator = Generator::new().command(COMMAND).pushes(false);
    let (generated, refusals) = match generator.generate_some(&document) {
        Ok((generated, refusals)) => (Some(generated), refusals),
        Err(refusals) => (None, refusals),
    };
    for refusal in &refusals.0 {
        println!("  {refusal}");
    }
    let Some(generated) = generated else {
        return Ok(None);
    };
    let package = package_name(path);
    let source = root.join(CRATES).join(&package).join("src");
    generated.write(source.join("api"))?;
    // Without the generated `mod.rs`, which allows what is checked for here.
    let modules: String = generated
        .modules()
        .map(|module| format!("    pub mod {module};\n"))
        .collect();
    let library = format!("pub mod api {{\n{modules}}}\n");
    fs::write(source.join("lib.rs"), library)?;
    Ok(Some(package))
}

/// Every document in the folder, in a fixed order.
fn documents(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.append(&mut documents(&path)?);
        } else if path
            .extension()
            .is_some_and(|it| it == "json" || it == "yaml")
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// `tests/corpus/dropshot/test_versions_v1.0.0.json` → `dropshot-test_versions_v1-0-0-json`.
fn package_name(path: &Path) -> String {
    let path = path.strip_prefix(DOCUMENTS).unwrap_or(path);
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    path.display().to_string().chars().map(plain).collect()
}

fn write_workspace(root: &Path, workspace: &Path, crates: &[String]) -> anyhow::Result<()> {
    let lock = root.join("Cargo.lock");
    let root = root.display().to_string();
    let mut manifest = "[workspace]\nresolver = \"3\"\nmembers = [\n".to_owned();
    for package in crates {
        writeln!(manifest, "    \"{package}\",")?;
        fs::write(
            workspace.join(package).join("Cargo.toml"),
            format!(
                "[package]\nname = \"{package}\"\n{}",
                PACKAGE.replace("ROOT", &root)
            ),
        )?;
    }
    manifest += "]\n\n[workspace.lints.rust]\nwarnings = \"deny\"\n";
    fs::write(workspace.join("Cargo.toml"), manifest)?;
    fs::copy(lock, workspace.join("Cargo.lock"))?;
    Ok(())
}

/// The rest of a crate's manifest: everything that generated code may name.
const PACKAGE: &str = r#"version = "0.0.0"
edition = "2024"

[lints]
workspace = true

[dependencies]
axum = { version = "0.8", default-features = false }
base64 = "0.23"
bytes = "1"
chrono = { version = "0.4", default-features = false, features = ["clock", "serde", "std"] }
futures = "0.3"
futures-core = "0.3"
orderhook-runtime = { path = "ROOT/crates/orderhook-runtime" }
progenitor-client = "0.15.1"
rand = "0.10"
regress = "0.12"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
uuid = { version = "1", features = ["serde", "v4"] }
"#;
