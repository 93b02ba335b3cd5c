//! Programs that other people wrote, against ours. `cargo xtask test` sets them up and runs these
//! tests, which plain `cargo test` ignores; `tests/foreign/README.md` says how each is called.

mod node;
mod peer;
mod python;
mod typescript;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{ADA, TestServer};

fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// Where `cargo xtask test` installs foreign programs, whatever the target folder of cargo is.
fn installed(path: &str) -> PathBuf {
    let path = root().join("target/foreign").join(path);
    assert!(
        path.exists(),
        "{} is missing; run `cargo xtask test`, which installs it",
        path.display()
    );
    path
}

/// Runs a program that calls a server of ours, and expects it to be content.
async fn run_against_server(mut program: Command) {
    let server = TestServer::with_platform().await;
    program
        .env("ORDERHOOK_BASE_URL", server.base_url())
        .env("ORDERHOOK_TOKEN", ADA)
        .env("NO_PROXY", "127.0.0.1");
    let output = tokio::task::spawn_blocking(move || program.output())
        .await
        .expect("it does not panic")
        .expect("the program can be started");
    assert!(
        output.status.success(),
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
