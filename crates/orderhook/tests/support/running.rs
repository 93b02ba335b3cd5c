//! A process that runs beside a test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use crate::program::Program;

/// A process that ends with the test.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// Somebody must read it, or the process stops when the pipe is full.
    pub(crate) stderr: Option<BufReader<ChildStderr>>,
}

impl Running {
    pub(crate) fn start(program: &Program, arguments: &[&str]) -> Self {
        let mut child = program.command(arguments).spawn().unwrap();
        Self {
            stdout: BufReader::new(child.stdout.take().unwrap()),
            stderr: child.stderr.take().map(BufReader::new),
            child,
        }
    }

    /// `serve` on free ports, before it says anything.
    pub(crate) fn serve(program: &Program, arguments: &[&str]) -> Self {
        let any = "127.0.0.1:0";
        let listen = ["serve", "--merchant-listen", any, "--operator-listen", any];
        Self::start(program, &[&listen[..], arguments].concat())
    }

    /// The next line of stdout.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ended");
        line
    }

    /// Sends Ctrl-C, and waits for the status that it ends with.
    pub(crate) fn interrupt(mut self) -> i32 {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-INT", &id])
            .stdin(Stdio::null())
            .status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
