//! The programs of a PostgreSQL server, wherever a machine has them.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a server is made and run with.
const PROGRAMS: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// Where packages put one folder per major version; `*` stands for the version.
const VERSIONED: [&str; 5] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// The folder of a PostgreSQL server's programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binaries {
    folder: PathBuf,
}

/// There are no programs of a PostgreSQL server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// None of the usual places has them.
    #[error(
        "no PostgreSQL server is installed here; install your system's package `postgresql`, or \
         set POSTGRES_BIN to the folder that has initdb, pg_ctl and postgres"
    )]
    NotInstalled,
    /// `POSTGRES_BIN` names a folder without one of them.
    #[error("POSTGRES_BIN is {}, which has no {program}", folder.display())]
    Incomplete {
        /// The folder that the variable names.
        folder: PathBuf,
        /// The program that is not there.
        program: &'static str,
    },
}

impl Binaries {
    /// Finds them in the folder that `POSTGRES_BIN` names; without it, where `pg_config` says,
    /// where packages put them (the newest version first), and on the `PATH`.
    ///
    /// # Errors
    ///
    /// If they are nowhere, or not all of them are in the folder named.
    pub fn find() -> Result<Self, FindError> {
        if let Some(folder) = env::var_os("POSTGRES_BIN") {
            return Self::in_folder(PathBuf::from(folder));
        }
        from_pg_config()
            .into_iter()
            .chain(VERSIONED.into_iter().flat_map(newest_first))
            .chain(env::split_paths(&env::var_os("PATH").unwrap_or_default()))
            .find_map(|folder| Self::in_folder(folder).ok())
            .ok_or(FindError::NotInstalled)
    }

    /// The folder that has them.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn in_folder(folder: PathBuf) -> Result<Self, FindError> {
        let absent = PROGRAMS.iter().find(|name| !folder.join(name).is_file());
        match absent {
            None => Ok(Self { folder }),
            Some(program) => Err(FindError::Incomplete { folder, program }),
        }
    }
}

fn from_pg_config() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    output
        .status
        .success()
        .then(|| PathBuf::from(folder.trim_end()))
}

/// The folders that a pattern with one `*` in one of its parts stands for, by version.
fn newest_first(pattern: &str) -> Vec<PathBuf> {
    let (before, after) = pattern.split_once('*').unwrap_or((pattern, ""));
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    let mut versions: Vec<(f64, OsString)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            let version = name.to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, name))
        })
        .collect();
    versions.sort_by(|one, other| other.0.total_cmp(&one.0));
    versions
        .into_iter()
        .map(|(_, name)| {
            Path::new(parent)
                .join(name)
                .join(after.trim_start_matches('/'))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_looked_at_first() {
        let root = tempfile::tempdir().expect("a folder");
        for name in ["pg-9.6", "pg-17", "pg-15", "pg-common", "other-18"] {
            fs::create_dir(root.path().join(name)).expect("a folder");
        }
        let found = newest_first(&format!("{}/pg-*/bin", root.path().display()));
        let expected = ["pg-17/bin", "pg-15/bin", "pg-9.6/bin"];
        assert_eq!(found, expected.map(|folder| root.path().join(folder)));
    }

    #[test]
    fn a_folder_must_have_every_program() {
        let root = tempfile::tempdir().expect("a folder");
        for program in ["initdb", "postgres"] {
            fs::write(root.path().join(program), "").expect("writes");
        }
        let error = Binaries::in_folder(root.path().to_owned()).expect_err("incomplete");
        assert!(error.to_string().ends_with("has no pg_ctl"), "{error}");
        fs::write(root.path().join("pg_ctl"), "").expect("writes");
        assert!(Binaries::in_folder(root.path().to_owned()).is_ok());
    }
}
