//! A machine that the deployment is laid out on: a scratch folder in place of `/`.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// 32 bytes of 7.
pub(crate) const ENCRYPTION_KEY: &str = "1:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
/// Where the deployment installs the program.
pub(crate) const INSTALLED: &str = "/usr/local/bin/orderhook";
/// Every folder of the deployment's files.
const FOLDERS: [&str; 4] = [
    "/etc/orderhook",
    "/run/secrets",
    "/run/credentials/orderhook.service",
    "/var/lib/orderhook",
];

/// The folder, and the variables that a process there has.
#[derive(Debug)]
pub(crate) struct Machine {
    root: TempDir,
    environment: Vec<(String, String)>,
}

impl Machine {
    /// The folders are there, and both listeners take any free port of this machine.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in FOLDERS {
            fs::create_dir_all(root.path().join(&folder[1..])).unwrap();
        }
        let machine = Self {
            root,
            environment: Vec::new(),
        };
        machine
            .variable("ORDERHOOK_MERCHANT_LISTEN", "127.0.0.1:0")
            .variable("ORDERHOOK_OPERATOR_LISTEN", "127.0.0.1:0")
    }

    /// Sets an environment variable; paths in it are those of the deployment.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        let value = self.here(value);
        self.environment.push((name.to_owned(), value));
        self
    }

    /// Writes a file of the deployment; paths in its text are those of the deployment too.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        fs::write(self.path(path), self.here(text)).unwrap();
        self
    }

    /// Where a path of the deployment is.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(&path[1..])
    }

    /// The same text with each path of the deployment where it is here.
    pub(crate) fn here(&self, text: &str) -> String {
        let mut text = text.replace(INSTALLED, env!("CARGO_BIN_EXE_orderhook"));
        for folder in FOLDERS {
            text = text.replace(folder, self.path(folder).to_str().unwrap());
        }
        text
    }

    /// The program, not started, in the folder where the deployment has its settings.
    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderhook"));
        command
            .args(arguments.iter().map(|argument| self.here(argument)))
            .current_dir(self.path("/etc/orderhook"))
            .env_clear()
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        command
    }

    /// Runs a command to its end, which must be good; what it printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[String]) -> String {
        let ended = self.command(arguments).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.success(), "{arguments:?}: {said}");
        String::from_utf8(ended.stdout).unwrap()
    }

    /// A setting as the program sees it, and where it comes from.
    pub(crate) fn setting(&self, key: &str) -> (Value, String) {
        let shown = self.run(&["config", "show", "--json"].map(str::to_owned));
        let settings: Value = serde_json::from_str(&shown).unwrap();
        let mut settings = settings.as_array().unwrap().iter();
        let setting = settings.find(|setting| setting["key"] == key).unwrap();
        let origin = setting["origin"].as_str().unwrap();
        (setting["value"].clone(), origin.to_owned())
    }

    /// Starts a server, and waits until it listens.
    #[track_caller]
    pub(crate) fn serve(&self, arguments: &[String]) -> Server {
        let mut log = tempfile::tempfile().unwrap();
        let mut command = self.command(arguments);
        let mut child = command.stderr(log.try_clone().unwrap()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |api: &str| -> SocketAddr {
            let line = lines.next().transpose().unwrap().unwrap_or_else(|| {
                let mut said = String::new();
                log.rewind().unwrap();
                log.read_to_string(&mut said).unwrap();
                panic!("{arguments:?} ended: {said}")
            });
            let address = line.strip_prefix(api).unwrap();
            address
                .trim()
                .strip_prefix("http://")
                .unwrap()
                .parse()
                .unwrap()
        };
        Server {
            merchant: address("merchant API"),
            operator: address("operator API"),
            child,
        }
    }
}

/// A server, which ends with the test.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) merchant: SocketAddr,
    pub(crate) operator: SocketAddr,
    child: Child,
}

impl Server {
    /// As systemd and container engines stop a process; it must end well.
    pub(crate) fn stop(mut self) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The whole answer to a GET.
pub(crate) fn get(address: SocketAddr, path: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    write!(connection, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

/// Whether the server says that it is ready.
pub(crate) fn is_ready(server: &Server) -> bool {
    get(server.operator, "/readyz").starts_with("HTTP/1.0 200 ")
}
