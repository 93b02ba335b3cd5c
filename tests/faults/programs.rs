//! The programs under test and the library that records them, built when a test first needs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The server.
pub(crate) fn server() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        cargo_build(&["--package", "orderhook", "--bin", "orderhook"]);
        profile_directory().join("orderhook")
    })
}

/// The program of `writer.rs`.
pub(crate) fn writer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        cargo_build(&["--package", "orderhook-tests", "--example", "faults_writer"]);
        profile_directory().join("examples/faults_writer")
    })
}

/// The library of `shim/disk.c`.
pub(crate) fn shim() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults_disk.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/shim/disk.c");
        succeed(
            Command::new("cc")
                .args([
                    "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o",
                ])
                .args([&library, &source]),
        );
        library
    })
}

/// Builds into the directory and with the profile that this test was built with.
fn cargo_build(what: &[&str]) {
    let profile_directory = profile_directory();
    let profile = match profile_directory.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let target_directory = profile_directory.parent().expect("the target directory");
    succeed(
        Command::new(env!("CARGO"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["build", "--quiet", "--profile", profile])
            .args(what)
            .arg("--target-dir")
            .arg(target_directory),
    );
}

/// `target/debug` for a test that is `target/debug/deps/faults-…`.
fn profile_directory() -> PathBuf {
    let this_test = std::env::current_exe().expect("a path");
    let directory = this_test.ancestors().nth(2);
    directory.expect("the profile's directory").to_owned()
}

fn succeed(command: &mut Command) {
    let status = command.status().expect("the program can be started");
    assert!(status.success(), "{command:?} ended with {status}");
}
