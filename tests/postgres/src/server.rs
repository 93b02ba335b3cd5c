//! A server: made, started, disturbed, measured, stopped.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Command;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::client::{self, DatabaseError};
use crate::processes;
use crate::scratch::Scratch;

const USER: &str = "postgres";

/// Ports below those that Linux and macOS give to whoever connects. From theirs, a client that
/// tries again and again while the server is down could take the server's own, even by connecting
/// to itself.
const PORTS: std::ops::Range<u16> = 20_000..32_000;

/// How many ports are tried: another process may take the one just found free.
const ATTEMPTS: usize = 20;

/// In seconds, for a start that has to recover what an immediate stop left.
const START_TIMEOUT: &str = "120";

/// Besides what the caller sets; durability is on by default.
const SETTINGS: [(&str, &str); 4] = [
    ("listen_addresses", "127.0.0.1"),
    ("unix_socket_directories", ""),
    // Many tests at once, each with a pool.
    ("max_connections", "400"),
    // A test that ends while it connects leaves a session that nobody lets in, and whoever drops a
    // database waits for that.
    ("authentication_timeout", "5s"),
];

/// Settings of a server that many tests share. None of them turns off the power, so nothing of it has
/// to reach the disk.
pub const SHARED: &[(&str, &str)] = &[("fsync", "off"), ("full_page_writes", "off")];

/// A PostgreSQL server in a scratch directory; it is stopped and its directory removed when this
/// value is dropped, or its process dies.
///
/// It listens on the loopback interface only, and asks for a password: any user of the machine can
/// connect there, and PostgreSQL's superuser may run programs.
pub struct Server {
    binaries: Binaries,
    account: Account,
    scratch: Scratch,
    port: u16,
    password: String,
}

/// A server can't be started or controlled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// We are root, and there is no other account to run a server as.
    #[error("there is no account to run the server as")]
    Account(#[source] io::Error),
    /// The scratch directory or a file in it can't be made.
    #[error("the server's directory can't be set up")]
    Scratch(#[source] io::Error),
    /// The machine has no randomness for the password.
    #[error("no password can be made")]
    Password(#[source] getrandom::Error),
    /// No port was free, or each was taken by somebody else before the server had it.
    #[error("no port is free for the server")]
    NoPort,
    /// A program of PostgreSQL can't be run at all.
    #[error("{program} can't be run")]
    Program {
        /// Its name.
        program: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A program of PostgreSQL ended with a failure.
    #[error("{program} failed: {output}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// What it printed; behind that, if it is about a start, the server's log.
        output: String,
    },
    /// The server's processes can't be read or signalled; they may have ended.
    #[error("the server's processes can't be reached")]
    Processes(#[source] io::Error),
}

impl Server {
    /// Makes a server with data checksums, UTF-8 and the locale `C`, and starts it. Returns when it
    /// accepts connections, which takes seconds.
    ///
    /// `settings` are lines of `postgresql.conf`, such as `("max_connections", "20")`.
    ///
    /// # Errors
    ///
    /// If a program of PostgreSQL fails, with what it printed; for want of an unprivileged account,
    /// space or a port.
    pub fn start(binaries: &Binaries, settings: &[(&str, &str)]) -> Result<Self, ServerError> {
        let account = Account::unprivileged().map_err(ServerError::Account)?;
        let mut server = Self {
            scratch: Scratch::new(binaries, account).map_err(ServerError::Scratch)?,
            binaries: binaries.clone(),
            account,
            port: 0,
            password: random_password()?,
        };
        server.init_cluster()?;
        server
            .configure(&[&SETTINGS, settings].concat())
            .map_err(ServerError::Scratch)?;
        server.start_on_a_free_port()?;
        Ok(server)
    }

    /// The address of the database `postgres`, with the superuser's name and password.
    #[must_use]
    pub fn url(&self) -> String {
        let Self { password, port, .. } = self;
        format!(
            "postgres://{USER}:{password}@{}:{port}/postgres",
            Ipv4Addr::LOCALHOST
        )
    }

    /// Makes a database, and returns its address.
    ///
    /// # Errors
    ///
    /// If there is one of this name, or the server does not answer.
    pub fn create_database(&self, name: &str) -> Result<String, DatabaseError> {
        client::create_database(&self.url(), name)
    }

    /// Restarts the server as after a crash: every connection is cut, what was not committed is
    /// gone, and the rest is recovered from the log. Returns when it accepts connections again, on
    /// the same port. A frozen server must be thawed first.
    ///
    /// # Errors
    ///
    /// If it does not come back; with its log.
    pub fn restart_immediate(&self) -> Result<(), ServerError> {
        self.pg_ctl(&["restart", "--mode=immediate", "--timeout", START_TIMEOUT])
    }

    /// Stops the server in good order, and removes its directory. Connections are cut.
    ///
    /// # Errors
    ///
    /// If it does not stop within a minute; then it is killed.
    pub fn stop(self) -> Result<(), ServerError> {
        self.pg_ctl(&["stop", "--mode=fast"])
    }

    /// Has every process of the server stand still until [`Server::thaw`] (SIGSTOP): connections
    /// stay open and new ones are made, but nothing is answered. Linux only.
    ///
    /// # Errors
    ///
    /// If the server has ended.
    pub fn freeze(&self) -> Result<(), ServerError> {
        processes::freeze(self.pid()?).map_err(ServerError::Processes)
    }

    /// Continues after [`Server::freeze`]. Linux only.
    ///
    /// # Errors
    ///
    /// If the server has ended.
    pub fn thaw(&self) -> Result<(), ServerError> {
        processes::thaw(self.pid()?).map_err(ServerError::Processes)
    }

    /// The process id of the postmaster; another one after each restart.
    ///
    /// # Errors
    ///
    /// If the server has ended.
    pub fn pid(&self) -> Result<u32, ServerError> {
        let file = fs::read_to_string(self.data_dir().join("postmaster.pid"));
        let line = file.map(|file| file.lines().next().and_then(|line| line.parse().ok()));
        line.and_then(|pid| pid.ok_or(io::ErrorKind::InvalidData.into()))
            .map_err(ServerError::Processes)
    }

    /// The CPU time of all of the server's processes since it was last started, user and system, in
    /// seconds; those of connections that have ended included. Linux only.
    ///
    /// # Errors
    ///
    /// If the server has ended.
    pub fn cpu_seconds(&self) -> Result<f64, ServerError> {
        processes::cpu_seconds(self.pid()?).map_err(ServerError::Processes)
    }

    /// What the server has written to its log so far.
    ///
    /// # Errors
    ///
    /// If the file can't be read.
    pub fn log(&self) -> io::Result<String> {
        fs::read_to_string(self.log_file())
    }

    /// Where the server has its files: tables, write-ahead log, settings.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.scratch.data()
    }

    fn init_cluster(&self) -> Result<(), ServerError> {
        let password_file = self.scratch.directory().join("password");
        fs::write(&password_file, "")
            .and_then(|()| self.account.own(&password_file))
            .and_then(|()| fs::write(&password_file, &self.password))
            .map_err(ServerError::Scratch)?;
        self.run(
            "initdb",
            self.command("initdb")
                .args(["--username", USER, "--auth=scram-sha-256", "--pwfile"])
                .arg(&password_file)
                .args(["--encoding=UTF8", "--locale=C", "--data-checksums"])
                // Only for the empty cluster: what the server writes later, it syncs.
                .arg("--no-sync"),
        )?;
        fs::remove_file(&password_file).map_err(ServerError::Scratch)
    }

    fn configure(&self, settings: &[(&str, &str)]) -> io::Result<()> {
        let mut file = fs::File::options()
            .append(true)
            .open(self.data_dir().join("postgresql.conf"))?;
        for (name, value) in settings {
            writeln!(file, "{name} = '{}'", value.replace('\'', "''"))?;
        }
        Ok(())
    }

    fn start_on_a_free_port(&mut self) -> Result<(), ServerError> {
        for port in free_ports().take(ATTEMPTS) {
            self.port = port;
            let port = format!("--options=-p {port}");
            let started = self.pg_ctl(&["start", "--timeout", START_TIMEOUT, &port]);
            match started {
                Err(ServerError::Failed { output, .. }) if taken(&output) => {
                    fs::remove_file(self.log_file()).map_err(ServerError::Scratch)?;
                }
                other => return other,
            }
        }
        Err(ServerError::NoPort)
    }

    /// Runs `pg_ctl`, which waits until the server is where it should be.
    fn pg_ctl(&self, arguments: &[&str]) -> Result<(), ServerError> {
        let mut command = self.command("pg_ctl");
        command.args(arguments).arg("--wait");
        if arguments.first() != Some(&"stop") {
            command.arg("--log").arg(self.log_file());
        }
        self.run("pg_ctl", &mut command)
    }

    /// A program of PostgreSQL, under the server's account.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.folder().join(program));
        self.account.run(&mut command);
        command
            // Its messages are read here.
            .env("LC_ALL", "C")
            // Ours may be closed to that account.
            .current_dir(self.scratch.directory())
            .arg("--pgdata")
            .arg(self.data_dir());
        command
    }

    fn run(&self, program: &'static str, command: &mut Command) -> Result<(), ServerError> {
        let output = command
            .output()
            .map_err(|source| ServerError::Program { program, source })?;
        if output.status.success() {
            return Ok(());
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        let log = self.log().unwrap_or_default();
        Err(ServerError::Failed {
            program,
            output: format!("{}\n{}", complaint.trim_end(), log.trim_end()),
        })
    }

    fn log_file(&self) -> PathBuf {
        self.scratch.directory().join("log")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("directory", &self.scratch.directory())
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// Ports that nobody listens on; where it begins depends on the process, so that those that start
/// at the same time seldom meet.
fn free_ports() -> impl Iterator<Item = u16> {
    let begin = std::process::id() as usize % PORTS.len();
    PORTS
        .cycle()
        .skip(begin)
        .take(PORTS.len())
        .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

fn taken(log: &str) -> bool {
    log.contains("Address already in use")
}

fn random_password() -> Result<String, ServerError> {
    let parts = [getrandom::u64(), getrandom::u64()];
    let [first, second] = parts.map(|part| part.map_err(ServerError::Password));
    Ok(format!("{:016x}{:016x}", first?, second?))
}
