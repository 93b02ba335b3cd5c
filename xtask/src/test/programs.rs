//! The programs that must be on the machine before anything can be set up: found, or installed
//! where that is allowed.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::bail;

use super::{Runtime, execute};

struct Program {
    name: &'static str,
    runtime: Runtime,
    /// Arguments that make the program print its version, if it can do all that is asked of it.
    print_version: &'static [&'static str],
    /// Major and minor version.
    oldest: (u32, u32),
    debian_packages: &'static [&'static str],
}

impl Program {
    fn fault(&self, what: &str) -> String {
        let Self {
            name,
            runtime,
            oldest: (major, minor),
            ..
        } = self;
        format!(
            "{name} {what}; {major}.{minor} or newer is needed, \
             or `--without {runtime}` to leave out what needs it"
        )
    }
}

const PROGRAMS: &[Program] = &[
    Program {
        name: "python3",
        runtime: Runtime::Python,
        // Debian ships `venv` without the `ensurepip` that it needs; that is in a package of its
        // own.
        print_version: &[
            "-c",
            "import ensurepip, platform, venv; print(platform.python_version())",
        ],
        oldest: (3, 11),
        debian_packages: &["python3", "python3-venv"],
    },
    Program {
        name: "node",
        runtime: Runtime::Node,
        print_version: &["--version"],
        oldest: (20, 19),
        debian_packages: &["nodejs"],
    },
    Program {
        name: "npm",
        runtime: Runtime::Node,
        print_version: &["--version"],
        oldest: (9, 0),
        debian_packages: &["npm"],
    },
];

/// Makes sure of every program that is needed, and installs Debian's packages of those that aren't
/// there.
pub(super) fn ensure_all(left_out: &BTreeSet<Runtime>) -> anyhow::Result<()> {
    for program in PROGRAMS
        .iter()
        .filter(|program| !left_out.contains(&program.runtime))
    {
        ensure(program)?;
    }
    Ok(())
}

/// The version of a runtime, part of what an installation depends on.
pub(super) fn version(runtime: Runtime) -> anyhow::Result<String> {
    PROGRAMS
        .iter()
        .filter(|program| program.runtime == runtime)
        .map(check)
        .collect()
}

fn ensure(program: &Program) -> anyhow::Result<()> {
    let Err(fault) = check(program) else {
        return Ok(());
    };
    if !may_install() {
        return Err(fault);
    }
    println!(
        "{fault}\ninstalling Debian's {} …",
        program.debian_packages.join(" and ")
    );
    install(program.debian_packages)?;
    check(program).map(drop)
}

/// The version of a program that is there and new enough.
fn check(program: &Program) -> anyhow::Result<String> {
    let found = Command::new(program.name)
        .args(program.print_version)
        .output();
    let Ok(output) = found else {
        bail!(program.fault("is missing"));
    };
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let complaint = complaint.lines().last().unwrap_or("it prints no version");
        bail!(program.fault(&format!("is incomplete ({complaint})")));
    }
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if major_and_minor(&version).is_none_or(|found| found < program.oldest) {
        bail!(program.fault(&format!("is {version}")));
    }
    Ok(version)
}

/// Reads `v20.19.1` as (20, 19).
fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim_start_matches('v').split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub(super) fn may_install() -> bool {
    Path::new("/etc/debian_version").exists() && is_root()
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n")
}

pub(super) fn install(debian_packages: &[&str]) -> anyhow::Result<()> {
    execute(Command::new("apt-get").arg("update"))?;
    execute(
        Command::new("apt-get")
            .args(["install", "--yes", "--no-install-recommends"])
            .args(debian_packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_must_be_there_and_new_enough() {
        check_program("no-such-program", &[""], Some("no-such-program is missing"));
        check_program("echo", &["v20.19.0"], None);
        check_program("echo", &["21.0"], None);
        check_program("echo", &["20.18.3"], Some("echo is 20.18.3"));
        check_program("echo", &["9.99.99"], Some("echo is 9.99.99"));
        check_program("echo", &["new"], Some("echo is new"));
        check_program("ls", &["--no-such-option"], Some("ls is incomplete"));
    }

    #[track_caller]
    fn check_program(
        name: &'static str,
        print_version: &'static [&'static str],
        fault: Option<&str>,
    ) {
        let program = Program {
            name,
            runtime: Runtime::Node,
            print_version,
            oldest: (20, 19),
            debian_packages: &[],
        };
        match (check(&program), fault) {
            (Ok(version), None) => assert_eq!([version], print_version),
            (Err(error), Some(fault)) => {
                let error = error.to_string();
                assert!(error.contains(fault), "{error}");
                assert!(error.contains("20.19 or newer is needed"), "{error}");
            }
            (found, fault) => panic!("expected {fault:?}, found {found:?}"),
        }
    }
}
