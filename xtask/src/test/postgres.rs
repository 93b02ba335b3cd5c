//! The PostgreSQL server that the tests of every crate share.
//!
//! `DATABASE_URL` names it, or it is one of our own that lives as long as the run. Its programs are
//! needed either way: some tests restart a server or have it stand still, and take one for
//! themselves.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use orderhook_test_postgres::{Binaries, FindError, SHARED, Server, ping};

use super::{Run, execute, programs};

const DEBIAN_PACKAGES: &[&str] = &["postgresql"];

/// Read by Debian's package when it is installed. It would make a server for the whole machine
/// and start it; we want the programs only.
const NO_CLUSTER: (&str, &str) = (
    "/etc/postgresql-common/createcluster.d/orderhook.conf",
    "create_main_cluster = false\n",
);

/// What the tests are told about it.
pub(super) struct Postgres {
    binaries: Binaries,
    url: String,
    /// Stopped when this is dropped.
    _ours: Option<Server>,
}

impl Postgres {
    /// Tells a command, and what it starts, where the server and its programs are.
    pub(super) fn tell(&self, command: &mut Command) {
        command
            .env("DATABASE_URL", &self.url)
            .env("POSTGRES_BIN", self.binaries.folder());
    }
}

pub(super) fn set_up(run: &Run) -> anyhow::Result<()> {
    let binaries = find_or_install()?;
    execute(Command::new(binaries.folder().join("postgres")).arg("--version"))?;
    let postgres = match env::var("DATABASE_URL") {
        Ok(url) => {
            ping(&url).context("DATABASE_URL is set, but leads to no server that takes us in")?;
            println!("the tests use the server of DATABASE_URL");
            Postgres {
                binaries,
                url,
                _ours: None,
            }
        }
        Err(_) => {
            let server = Server::start(&binaries, SHARED)?;
            println!("the tests use a server in {}", server.data_dir().display());
            Postgres {
                binaries,
                url: server.url(),
                _ours: Some(server),
            }
        }
    };
    if run.postgres.set(postgres).is_err() {
        bail!("there is a server already");
    }
    Ok(())
}

fn find_or_install() -> anyhow::Result<Binaries> {
    match Binaries::find() {
        Err(fault @ FindError::NotInstalled) if programs::may_install() => {
            println!("{fault}\ninstalling Debian's {} …", DEBIAN_PACKAGES[0]);
            install()?;
            Ok(Binaries::find()?)
        }
        found => Ok(found?),
    }
}

fn install() -> anyhow::Result<()> {
    let (path, contents) = NO_CLUSTER;
    let folder = Path::new(path).parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, contents))
        .with_context(|| format!("{path} can't be written"))?;
    let installed = programs::install(DEBIAN_PACKAGES);
    fs::remove_file(path).with_context(|| format!("{path} can't be removed"))?;
    installed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace_root;

    #[test]
    fn commands_are_told_of_a_server_that_answers() {
        let run = Run::new(workspace_root(), &[]);
        set_up(&run).expect("a server");
        let printed = run
            .command("sh")
            .args([
                "-c",
                "test -x \"$POSTGRES_BIN/initdb\" && echo \"$DATABASE_URL\"",
            ])
            .output()
            .expect("runs");
        let url = String::from_utf8(printed.stdout).expect("a URL");
        ping(url.trim_end()).expect("answers");
    }
}
