//! The directory of a server, and the process that cleans up after it.

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::account::Account;
use crate::binaries::Binaries;

/// Waits until its standard input ends, then stops the server and removes the directory.
///
/// A stopped process takes no other signal, so whatever was frozen is continued first.
const KEEPER: &str = r#"
read -r _
if pid=$(head -n 1 "$2/data/postmaster.pid"); then
    kill -s CONT "$pid" $(cat "/proc/$pid/task/$pid/children")
    "$1/pg_ctl" stop --pgdata "$2/data" --mode immediate
fi
rm -rf "$2"
"#;

/// A directory for one server.
///
/// The keeper's input is a pipe from us. It ends when this value is dropped, and just so when our
/// process dies without dropping anything, be it by `kill -9`: nothing stays behind.
#[derive(Debug)]
pub(crate) struct Scratch {
    directory: PathBuf,
    keeper: Child,
}

impl Scratch {
    pub(crate) fn new(binaries: &Binaries, account: Account) -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("orderhook-postgres-")
            .tempdir()?;
        account.own(directory.path())?;
        let mut keeper = Command::new("sh");
        account.run(&mut keeper);
        let keeper = keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(binaries.folder())
            .arg(directory.path())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for us, and for the keeper to notice by our end.
            .process_group(0)
            .spawn()?;
        Ok(Self {
            directory: directory.keep(),
            keeper,
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the server has its files.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing can be done here about a failure, and what stays behind is in the directory for
        // temporary files.
        let _ = self.keeper.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}
