//! The real server as a process: an installation in a directory, started as often as one likes.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context as _, bail, ensure};

/// The directory of the database, in that of the installation.
pub(crate) const DATA: &str = "data";

/// A configured server with its database, running or not.
pub(crate) struct Installation {
    program: PathBuf,
    /// Where the configuration, the keys and the directory of the database lie.
    pub(crate) directory: PathBuf,
    pub(crate) operator_token: String,
}

impl Installation {
    /// Sets `program` up in an empty directory as for production, but for pushes to `receivers`,
    /// which are on this machine.
    pub(crate) fn new(
        program: &Path,
        directory: &Path,
        receivers: SocketAddr,
    ) -> anyhow::Result<Self> {
        let data = directory.join(DATA);
        fs::create_dir(&data)?;
        let database = data.join("orderhook.db");
        let database = database.to_str().context("a path that is text")?;
        Self::with_database(program, directory, database, receivers)
    }

    /// As [`new`](Self::new), with an empty `database` that may be elsewhere: a file or a URL.
    pub(crate) fn with_database(
        program: &Path,
        directory: &Path,
        database: &str,
        receivers: SocketAddr,
    ) -> anyhow::Result<Self> {
        // A key that is no secret: what it protects is made up.
        fs::write(
            directory.join("keys"),
            "1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        )?;
        let configuration = format!(
            "database = {database:?}\n\
             encryption_keys_file = {keys:?}\n\
             merchant_listen = \"127.0.0.1:0\"\n\
             operator_listen = \"127.0.0.1:0\"\n\
             [delivery]\n\
             allowed_addresses = [\"{receivers}\"]\n\
             [log]\n\
             level = \"warn\"\n",
            keys = directory.join("keys"),
        );
        fs::write(directory.join("orderhook.toml"), configuration)?;
        let mut installation = Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            operator_token: String::new(),
        };
        installation.run(&["migrate"])?;
        let token = installation.run(&["operator-token", "create", "tests"])?;
        token.trim().clone_into(&mut installation.operator_token);
        Ok(installation)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(&self.directory)
            .arg("--config")
            .arg(self.directory.join("orderhook.toml"));
        command
    }

    /// Runs another command of the program and gives what it prints.
    fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command().args(arguments).output()?;
        ensure!(
            output.status.success(),
            "{arguments:?} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the server and waits until it listens; its log goes where ours goes.
    pub(crate) fn start(&self, environment: &[(&str, &OsStr)]) -> anyhow::Result<Server> {
        self.serve(&[], environment)
    }

    /// As [`start`](Self::start), with `arguments` for `serve`.
    pub(crate) fn serve(
        &self,
        arguments: &[&str],
        environment: &[(&str, &OsStr)],
    ) -> anyhow::Result<Server> {
        let mut process = self
            .command()
            .arg("serve")
            .args(arguments)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server can't be started")?;
        let stdout = process.stdout.take().context("stdout is a pipe")?;
        // From here on it does not outlive us.
        let mut server = Server {
            process,
            merchant_api: SocketAddr::from(([0; 4], 0)),
            operator_api: SocketAddr::from(([0; 4], 0)),
        };
        server.read_addresses(BufReader::new(stdout).lines())?;
        Ok(server)
    }
}

/// A server that runs until it is stopped, at the latest when this value is dropped.
pub(crate) struct Server {
    pub(crate) process: Child,
    /// Where merchants call; port 0 for a server without APIs.
    pub(crate) merchant_api: SocketAddr,
    /// Where operators call; a server without APIs has its metrics there.
    pub(crate) operator_api: SocketAddr,
}

impl Server {
    /// Reads lines such as `operator API  http://127.0.0.1:8081`, until the last of them.
    fn read_addresses(&mut self, lines: Lines<BufReader<ChildStdout>>) -> anyhow::Result<()> {
        for line in lines {
            let line = line?;
            let (name, url) = line.split_once("http://").unwrap_or((&line, ""));
            match name.trim() {
                "merchant API" => self.merchant_api = url.parse()?,
                "operator API" => {
                    self.operator_api = url.parse()?;
                    return Ok(());
                }
                "metrics" => {
                    self.operator_api = url.trim_end_matches("/metrics").parse()?;
                    return Ok(());
                }
                other => bail!("the server announces {other:?}"),
            }
        }
        bail!("the server ended before it listened")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Where it can't be killed it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
