//! Deliveries of the reference server, beside `ceiling` where it is present, by the benchmark of
//! `orderhook-tests`.
//!
//! `ceiling` is a throw-away engine in a workspace of its own, which is looked for beside this one.
//! It is copied before it is built, so that nothing changes there. Targets are printed with a
//! verdict, and do not fail the command: a busy machine misses them too.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{benchmark, cargo, output_of};

/// Where `ceiling` is looked for, from the root of the workspace.
const CEILING: &str = "../shared/bench";

/// What `cargo xtask bench delivery` is called with.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Args {
    /// How often everything is measured; the table has the medians
    #[arg(long, default_value_t = 5, value_name = "N")]
    rounds: usize,
    /// On which database: SQLite beside `ceiling`, or PostgreSQL with 1, 2 and 3 replicas beside
    /// SQLite
    #[arg(long, value_enum, default_value_t = Store::Sqlite)]
    store: Store,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Store {
    Sqlite,
    Postgres,
}

pub(super) fn run(root: &Path, args: Args) -> anyhow::Result<()> {
    // The benchmark looks for the server beside itself.
    let mut build = cargo(root);
    build.args(["build", "--release", "--package", "orderhook"]);
    output_of(&mut build)?;

    let mut arguments: Vec<OsString> = vec!["--rounds".into(), args.rounds.to_string().into()];
    match args.store {
        Store::Postgres => arguments.extend(["--store".into(), "postgres".into()]),
        Store::Sqlite => match build_ceiling(&root.join(CEILING), &root.join("target/bench"))? {
            Some(ceiling) => arguments.extend(["--ceiling".into(), ceiling.into()]),
            None => println!("{CEILING} is not there: nothing is compared with `ceiling`"),
        },
    }
    benchmark(root, "delivery", &arguments)
}

/// Builds a copy of `ceiling`, if it is there.
fn build_ceiling(source: &Path, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !source.join("ceiling/Cargo.toml").exists() {
        return Ok(None);
    }
    let copy = folder.join("ceiling");
    copy_folder(source, &copy)?;
    let target = folder.join("target/ceiling");
    let mut build = cargo(&copy);
    build
        .args(["build", "--release", "--package", "ceiling", "--target-dir"])
        .arg(&target);
    output_of(&mut build)?;
    Ok(Some(target.join("release/ceiling")))
}

/// Copies a folder but for what was built in it. What is the same already keeps its time, so that
/// nothing is built twice.
fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to).with_context(|| format!("{} is made", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("{} is read", from.display()))? {
        let entry = entry?;
        let (source, copy) = (entry.path(), to.join(entry.file_name()));
        if !entry.file_type()?.is_dir() {
            let contents = fs::read(&source)?;
            if fs::read(&copy).ok().as_ref() != Some(&contents) {
                fs::write(&copy, contents)?;
            }
        } else if entry.file_name() != "target" {
            copy_folder(&source, &copy)?;
        }
    }
    Ok(())
}
