//! SQLite, as `serve --dev` sets it up.

use std::net::SocketAddr;

use crate::program::{ENCRYPTION_KEY, Program};

/// The arguments of `serve`.
pub(crate) const SERVE: &[&str] = &["--dev"];

const PATH: &str = ".orderhook-dev/orderhook.db";

/// A file below the folder of its program.
#[derive(Debug)]
pub(crate) struct Database;

impl Database {
    pub(crate) fn prepare(program: Program) -> (Program, Self) {
        (program, Self)
    }

    /// A merchant and the tokens, which `serve --dev` has made already.
    pub(crate) fn introduce(&self, _: &Program, _: SocketAddr, _: SocketAddr) {}

    /// Lets the commands that open the database find it.
    pub(crate) fn open_to_commands(program: Program) -> Program {
        program
            .variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
            .variable("ORDERHOOK_DATABASE", PATH)
    }

    /// All that is in it.
    pub(crate) fn bytes(&self, program: &Program) -> Vec<u8> {
        let path = program.folder().join(PATH);
        let database = std::fs::read(&path).unwrap();
        [
            database,
            std::fs::read(path.with_extension("db-wal")).unwrap(),
        ]
        .concat()
    }
}
