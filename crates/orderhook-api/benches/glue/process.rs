//! The servers, each in a process of its own.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;

use crate::{by_hand, generated};

/// Whose handlers a server runs.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Generated,
    ByHand,
}

impl Side {
    fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::ByHand => "by-hand",
        }
    }
}

impl FromStr for Side {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let sides = [Self::Generated, Self::ByHand];
        let side = sides.into_iter().find(|side| side.as_str() == text);
        side.with_context(|| format!("no side is called {text}"))
    }
}

/// Serves until the process is killed; the address is the first line of stdout.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn serve(side: Side) -> anyhow::Result<()> {
    let router = match side {
        Side::Generated => generated::router(),
        Side::ByHand => by_hand::router(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    axum::serve(listener, router)
        .await
        .context("the server stopped")
}

/// A server in a child process, which ends with this value.
pub(crate) struct ServerProcess {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl ServerProcess {
    pub(crate) fn start(side: Side) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", side.as_str()])
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let mut address = String::new();
        BufReader::new(stdout).read_line(&mut address)?;
        let address = address.trim().parse()?;
        Ok(Self { child, address })
    }

    /// How long the kernel has run the threads of the process.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<Duration> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let mut nanoseconds = 0;
        for task in fs::read_dir(&tasks).context("only Linux counts it like this")? {
            let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
            let Some(on_cpu) = schedstat.split_whitespace().next() else {
                bail!("{tasks} has an empty schedstat");
            };
            nanoseconds += on_cpu.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Where it can't be killed it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
