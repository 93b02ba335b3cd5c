//! Starts a PostgreSQL server, prints its address, and keeps it until Ctrl-C.
//! `cargo xtask postgres` runs this.
#![expect(clippy::print_stdout, reason = "a command line talks to its user")]

use std::thread;

use orderhook_test_postgres::{Binaries, Server};

fn main() -> anyhow::Result<()> {
    let server = Server::start(&Binaries::find()?, &[])?;
    println!("{}", server.url());
    // Nothing is left to do but to be killed, which ends the server too.
    loop {
        thread::park();
    }
}
