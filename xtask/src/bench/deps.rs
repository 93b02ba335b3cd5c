//! How many crates each library pulls in with its default features, and how long they take to
//! build from nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, ensure};

use super::{cargo, output_of};

/// What a merchant pulls in who only receives pushes.
const MOST_CRATES_OF_A_RECEIVER: usize = 39;

/// What our client has beyond that: our models, their errors, and dates in `Retry-After`.
const OF_OUR_OWN: usize = 4;

/// What the output of progenitor itself needs for the same API, with TLS as our client has it.
const PROGENITOR_OUTPUT: &str = r#"
[package]
name = "progenitor-output"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
bytes = "1"
futures-core = "0.3"
progenitor-client = "0.15.1"
reqwest = { version = "0.13", default-features = false, features = ["json", "query", "rustls", "stream"] }
serde = { version = "1", features = ["derive"] }
serde_json = "1"
"#;

/// A package that is measured.
struct Subject {
    name: &'static str,
    manifest: PathBuf,
}

struct Figures {
    name: &'static str,
    /// Every crate that is pulled in, with its version.
    crates: BTreeSet<String>,
    seconds: f32,
}

pub(super) fn run(root: &Path) -> anyhow::Result<()> {
    let folder = root.join("target/bench");
    let library = |name: &'static str| Subject {
        name,
        manifest: root.join("crates").join(name).join("Cargo.toml"),
    };
    let progenitor = write_progenitor_output(root, &folder)?;
    let [webhook, types, api, client, progenitor] = [
        library("orderhook-webhook"),
        library("orderhook-types"),
        library("orderhook-api"),
        library("orderhook-client"),
        progenitor,
    ]
    .map(|subject| subject.measure(&folder));
    let [webhook, types, api] = [webhook?, types?, api?];
    let [client, progenitor] = [client?, progenitor?];

    println!("package              crates  target  clean build (debug)");
    webhook.print(&format!("≤ {MOST_CRATES_OF_A_RECEIVER}"));
    types.print("");
    api.print("");
    let most = progenitor.crates.len() + OF_OUR_OWN;
    client.print(&format!("≤ {most}"));
    progenitor.print("");
    let beyond: Vec<_> = client.crates.difference(&progenitor.crates).collect();
    println!("beyond the output of progenitor the client has: {beyond:?}");

    ensure!(
        webhook.crates.len() <= MOST_CRATES_OF_A_RECEIVER,
        "who only receives pushes pulls in too many crates"
    );
    ensure!(
        client.crates.len() <= most,
        "the client pulls in more than the output of progenitor and what it says it adds"
    );
    Ok(())
}

/// A crate of its own, outside of the workspace but with its locked versions.
fn write_progenitor_output(root: &Path, folder: &Path) -> anyhow::Result<Subject> {
    let package = folder.join("progenitor-output");
    let sources = package.join("src");
    fs::create_dir_all(&sources).with_context(|| format!("{} is made", sources.display()))?;
    fs::write(sources.join("lib.rs"), "")?;
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock"))?;
    let manifest = package.join("Cargo.toml");
    fs::write(&manifest, PROGENITOR_OUTPUT)?;
    Ok(Subject {
        name: "progenitor-output",
        manifest,
    })
}

impl Subject {
    fn measure(self, folder: &Path) -> anyhow::Result<Figures> {
        let Self { name, manifest } = self;
        let package = manifest.parent().unwrap_or(folder);
        output_of(cargo(package).arg("fetch"))?;
        let tree = output_of(cargo(package).args([
            "tree",
            "--offline",
            "--edges=normal",
            "--prefix=none",
            "--format={p}",
        ]))?;
        // The first line is the package itself, which is not pulled in.
        let crates = tree.lines().skip(1).map(without_marks).collect();

        let target = folder.join("target").join(name);
        if target.exists() {
            fs::remove_dir_all(&target)
                .with_context(|| format!("{} is removed", target.display()))?;
        }
        println!("building {name} …");
        let started = now();
        let mut build = cargo(package);
        build
            .args(["build", "--offline", "--target-dir"])
            .arg(&target);
        output_of(&mut build)?;
        Ok(Figures {
            name,
            crates,
            seconds: started.elapsed().as_secs_f32(),
        })
    }
}

/// A line of `cargo tree` without what it says of a crate: that it is a macro, or was listed above.
fn without_marks(line: &str) -> String {
    let (package, _) = line.split_once(" (").unwrap_or((line, ""));
    package.to_owned()
}

impl Figures {
    fn print(&self, target: &str) {
        let Self {
            name,
            crates,
            seconds,
        } = self;
        let crates = crates.len();
        println!("{name:<20} {crates:>6}  {target:<6}  {seconds:>6.1} s");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the duration of a build is what is measured"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_counted_once_whatever_is_said_of_it() {
        for line in [
            "serde v1.0.0",
            "serde v1.0.0 (*)",
            "serde v1.0.0 (proc-macro) (*)",
        ] {
            assert_eq!(without_marks(line), "serde v1.0.0");
        }
    }
}
