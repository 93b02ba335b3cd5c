//! A server that is tried out, in the folder of a program.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::thread;

use crate::program::Program;

/// A process that ends with the test.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    pub(crate) stdout: BufReader<ChildStdout>,
    stderr: Option<BufReader<ChildStderr>>,
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

    /// `serve --dev` on free ports, once it listens.
    pub(crate) fn server(program: &Program) -> Self {
        let any = "127.0.0.1:0";
        let mut server = Self::start(
            program,
            &[
                "serve",
                "--dev",
                "--merchant-listen",
                any,
                "--operator-listen",
                any,
            ],
        );
        server.wait_for_stderr_in_background();
        while !server.line().starts_with("operator API") {}
        server
    }

    /// `listen` with these arguments, once it listens; and what it said until then.
    pub(crate) fn listener(program: &Program, arguments: &[&str]) -> Self {
        let arguments = [&["listen", "--json"], arguments].concat();
        let mut listener = Self::start(program, &arguments);
        let mut stderr = listener.stderr.take().unwrap();
        let mut said = String::new();
        while !said.contains("orderCallBackUrl") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "it ended: {said}");
        }
        listener.stderr = Some(stderr);
        listener.wait_for_stderr_in_background();
        listener
    }

    /// The next line of stdout.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.stdout.read_line(&mut line).unwrap(), 0, "it ended");
        line
    }

    /// The next line of stdout as JSON.
    pub(crate) fn json(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Ctrl-C, and the status that it ends with.
    pub(crate) fn interrupt(mut self) -> i32 {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-INT", &id])
            .stdin(Stdio::null())
            .status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }

    /// A pipe that nobody empties would stop the process.
    fn wait_for_stderr_in_background(&mut self) {
        let stderr = self.stderr.take().unwrap();
        thread::spawn(move || stderr.lines().for_each(drop));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
