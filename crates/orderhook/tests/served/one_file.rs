//! Starting on files that are as they should be and others.

use std::fs;

use crate::program::{ENCRYPTION_KEY, Program};
use crate::server::Server;
use crate::starting::ANY;

/// What `serve` says if it does not start.
#[track_caller]
fn refused(program: &Program, code: i32) -> String {
    let ended = program.run(&[&["serve"][..], &ANY].concat());
    ended.failed(code)
}

fn with_key() -> Program {
    Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
}

#[test]
fn without_a_key_it_says_what_to_set() {
    let said = refused(&Program::new(), 2);
    assert!(said.contains("encryption_keys"), "{said}");
}

#[test]
fn a_database_has_one_server() {
    let server = Server::start(Program::new());
    let arguments = [&["serve", "--dev"][..], &ANY].concat();
    let said = server.program.run(&arguments).failed(1);
    assert!(said.contains(".orderhook-dev/orderhook.db"), "{said}");
    assert_eq!(server.operator.get("/readyz").status, 200);
}

#[test]
fn a_schema_from_the_future_is_left_alone() {
    let program = with_key();
    program.run(&["migrate"]).ok();
    let path = program.folder().join("orderhook.db");
    let mut bytes = fs::read(&path).unwrap();
    // The user version, in the header of a file of SQLite.
    bytes[60..64].copy_from_slice(&999_u32.to_be_bytes());
    fs::write(&path, &bytes).unwrap();
    let said = refused(&program, 1);
    assert!(
        said.contains("orderhook.db") && said.contains("999"),
        "{said}"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_file_of_another_program_is_left_alone() {
    let program = with_key().file("orderhook.db", &"not a database ".repeat(100));
    let said = refused(&program, 1);
    assert!(said.contains("orderhook.db"), "{said}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let program = with_key().variable("ORDERHOOK_DATABASE", "none/orderhook.db");
    let said = refused(&program, 1);
    assert!(said.contains("none/orderhook.db"), "{said}");
}
