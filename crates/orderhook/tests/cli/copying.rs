//! A database is copied into another one.

use crate::program::{ENCRYPTION_KEY, Program};

#[test]
fn a_copy_tells_what_it_copied_and_takes_no_place_of_another() {
    let program = Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY);
    program.run(&["migrate", "--database", "from.db"]).ok();
    let create = ["operator-token", "create", "ops", "--database", "from.db"];
    program.run(&create).ok();
    let copy = ["copy", "--from", "from.db", "--to", "to.db", "--json"];
    let copied = program.run(&copy).json();
    let tokens = &copied["tables"][2];
    assert_eq!(tokens["table"], "operator_token");
    assert_eq!(tokens["rows"], 1);
    assert_eq!(tokens["checksum"].as_str().map(str::len), Some(16));

    let said = program.run(&copy[..5]).failed(4);
    assert!(
        said.contains("is not empty: it has rows in table operator_token"),
        "{said}"
    );
}

#[test]
fn a_mistaken_database_is_refused_without_showing_it() {
    let check = |from: &str, rule: &str| {
        let said = Program::new()
            .run(&["copy", "--from", from, "--to", "to.db"])
            .failed(2);
        assert!(said.contains(&format!("--from {rule}")), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    };
    check("postgres://ann:hunter2@more@db/o", "must have an `@`");
    check("mysql://ann:hunter2@db/o", "must be the path");
}
