//! Whom a server runs as: PostgreSQL refuses to be root.

use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The accounts that root becomes, in this order: PostgreSQL's own, or the one of nobody.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// An account to run as; none if ours will do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account(Option<(u32, u32)>);

impl Account {
    /// Ours, unless we are root.
    pub(crate) fn unprivileged() -> io::Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        for name in UNPRIVILEGED {
            if let (Some(user), Some(group)) = (id("-u", name)?, id("-g", name)?) {
                return Ok(Self(Some((user, group))));
            }
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("root can't run a server, and there is no user {UNPRIVILEGED:?}"),
        ))
    }

    /// Gives a file to this account.
    pub(crate) fn own(self, path: &Path) -> io::Result<()> {
        match self.0 {
            Some((user, group)) => chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// Has a command run under this account.
    pub(crate) fn run(self, command: &mut Command) {
        if let Some((user, group)) = self.0 {
            command.gid(group).uid(user);
        }
    }
}

/// The number of a user or of the group of a user; nothing if there is no such user.
fn id(which: &str, name: &str) -> io::Result<Option<u32>> {
    let output = Command::new("id").args([which, name]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}
