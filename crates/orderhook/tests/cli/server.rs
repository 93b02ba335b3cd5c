//! A server that is tried out, in the folder of a program, and a receiver beside it.

use std::io::BufRead as _;
use std::thread;

use crate::program::Program;
pub(crate) use crate::running::Running;

impl Running {
    /// `serve --dev` on free ports, once it listens.
    pub(crate) fn server(program: &Program) -> Self {
        let mut server = Self::serve(program, &["--dev"]);
        server.read_stderr_in_background();
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
        listener.read_stderr_in_background();
        listener
    }

    /// The next line of stdout as JSON.
    pub(crate) fn json(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    fn read_stderr_in_background(&mut self) {
        let stderr = self.stderr.take().unwrap();
        thread::spawn(move || stderr.lines().for_each(drop));
    }
}
