//! `migrate`, `operator-token` and `rekey`, straight on the database.

use crate::program::{ENCRYPTION_KEY, Program};

fn program() -> Program {
    Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
}

#[test]
fn a_token_is_shown_once_and_its_hash_kept() {
    let program = program();
    program.run(&["migrate"]).ok();
    let token = program.run(&["operator-token", "create", "Ada"]).ok();
    let token = token.trim();
    assert!(token.starts_with("oho_") && token.len() > 40, "{token}");

    let list = program
        .run(&["operator-token", "list", "--json", "--reveal"])
        .ok();
    assert!(list.contains("Ada"));
    assert!(!list.contains(token));
    for file in std::fs::read_dir(program.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes
                .windows(token.len())
                .any(|part| part == token.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[test]
fn a_token_is_revoked_by_its_id() {
    let program = program();
    program.run(&["migrate"]).ok();
    let created = program
        .run(&["operator-token", "create", "Ada", "--json"])
        .json();
    let id = created["token_id"].to_string();
    let revoked = program
        .run(&["operator-token", "revoke", &id, "--json"])
        .json();
    assert!(revoked["revoke_time"].is_string());
    let said = program.run(&["operator-token", "revoke", "99"]).failed(3);
    assert!(said.contains("there is no operator token 99"), "{said}");
}

#[test]
fn a_database_that_is_not_there_is_not_made_in_passing() {
    let said = program().run(&["operator-token", "list"]).failed(1);
    assert!(said.contains("orderhook migrate"), "{said}");
}

#[test]
fn rekey_of_an_empty_database_changes_nothing() {
    let program = program();
    program.run(&["migrate", "--database", "a.db"]).ok();
    let answer = program
        .run(&["rekey", "--database", "a.db", "--json"])
        .json();
    assert_eq!(answer["rekeyed"], 0);
}
