//! The setting `database`: what is shown of it, what goes with it, and the commands that open it.

use orderhook_test_postgres::TestDatabase;

use crate::program::{ENCRYPTION_KEY, Program};

const PASSWORD: &str = "keep-this-to-yourself";
const URL: &str = "postgres://ann:keep-this-to-yourself@127.0.0.1:1/orderhook";
const SHOWN: &str = "postgres://ann:[redacted]@127.0.0.1:1/orderhook";

#[test]
fn a_password_is_shown_by_no_command() {
    let check = |program: Program, arguments: &[&str]| {
        let shown = [
            program.run(&[&["config", "show"], arguments].concat()).ok(),
            program
                .run(&[&["config", "show", "--json"], arguments].concat())
                .ok(),
            program.run(&["migrate", "--database", URL]).failed(1),
            program
                .run(&["rekey", "--database", URL, "--json"])
                .failed(1),
        ];
        for shown in shown {
            assert!(shown.contains(SHOWN), "{shown}");
            assert!(!shown.contains(PASSWORD), "{shown}");
        }
    };
    let with_key = || Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY);
    check(with_key().variable("ORDERHOOK_DATABASE", URL), &[]);
    let file = format!("database = \"{URL}\"\n");
    check(with_key().file("orderhook.toml", &file), &[]);
    check(
        with_key().file("other.toml", &file),
        &["--config", "other.toml"],
    );
    let program = with_key().variable("ORDERHOOK_DATABASE", URL);
    let revealed = program.run(&["config", "show", "--reveal"]).ok();
    assert!(revealed.contains(URL), "{revealed}");
}

#[test]
fn a_password_in_a_file_is_used_and_not_shown() {
    let database = TestDatabase::create();
    let (before, rest) = database.url().split_once("://").unwrap();
    let (credentials, location) = rest.split_once('@').unwrap();
    let (user, password) = credentials.split_once(':').unwrap();
    let program = Program::new()
        .variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
        .variable(
            "ORDERHOOK_DATABASE",
            &format!("{before}://{user}@{location}"),
        )
        .variable("ORDERHOOK_DATABASE_PASSWORD_FILE", "password")
        .file("password", &format!("{password}\n"));
    let migrated = program.run(&["migrate"]).ok();
    assert!(!migrated.contains(password), "{migrated}");
    let shown = program.run(&["config", "show"]).ok();
    assert!(!shown.contains(password), "{shown}");
    let program = program.file("password", "another\n");
    let said = program.run(&["operator-token", "list"]).failed(1);
    assert!(said.contains(user) && !said.contains("another"), "{said}");
}

#[test]
fn what_does_not_go_together_is_told_without_the_password() {
    let check = |database: &str, file: &str, expected: &str| {
        let program = Program::new()
            .variable("ORDERHOOK_DATABASE", database)
            .variable("ORDERHOOK_DATABASE_PASSWORD_FILE", file)
            .file("password", PASSWORD)
            .file("empty", "\n");
        let said = program.run(&["config", "show"]).failed(2);
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
    };
    check(
        URL,
        "password",
        "can't stand beside the password in `database`",
    );
    check("a.db", "password", "`database` names a SQLite file");
    check(
        "postgres://db/o",
        "nowhere",
        "names nowhere, which can't be read",
    );
    check("postgres://db/o", "empty", "names empty, which is empty");
    let mistyped = URL.replace("postgres:", "postgre:");
    check(
        &mistyped,
        "",
        "`database` must be the path of a SQLite file, or a URL",
    );
    let ambiguous = URL.replace("keep", "ke@ep");
    check(&ambiguous, "", "as %40, %2F or %3F");
    check(
        &format!("host=db password={PASSWORD}"),
        "",
        "`database` must be",
    );
}

#[test]
fn connections_are_a_number() {
    let check = |text: &str, expected: &str| {
        let file = format!("database_connections = {text}\n");
        let said = Program::new()
            .file("orderhook.toml", &file)
            .run(&["config", "show"])
            .failed(2);
        assert!(said.contains(expected), "{said}");
    };
    check("0", "`database_connections` must be");
    check("\"many\"", "`database_connections` must be");
}

#[test]
fn a_role_needs_a_database_that_others_share() {
    let with_key = || Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY);
    let check = |program: Program, arguments: &[&str], expected: &str| {
        let said = program.run(&[&["serve"], arguments].concat()).failed(2);
        assert!(said.contains(expected), "{said}");
    };
    let rule = "`role` must be \"both\" on SQLite";
    check(with_key(), &["--role", "api"], rule);
    check(with_key().variable("ORDERHOOK_ROLE", "delivery"), &[], rule);
    let dev = ["--dev", "--role", "delivery", "--database", URL];
    check(with_key(), &dev, rule);
    let unknown = with_key().variable("ORDERHOOK_ROLE", "all");
    check(unknown, &[], "`role` must be one of both, api, delivery");
}

#[test]
fn commands_work_straight_on_postgresql() {
    let database = TestDatabase::create();
    let program = Program::new()
        .variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
        .variable("ORDERHOOK_DATABASE", database.url());
    let said = program.run(&["operator-token", "list"]).failed(1);
    assert!(said.contains("orderhook migrate"), "{said}");
    let migrated = program.run(&["migrate", "--json"]).json();
    assert_eq!(migrated["schema_version"], 1);
    assert_eq!(program.run(&["migrate", "--json"]).json(), migrated);

    let created = program
        .run(&["operator-token", "create", "Ada", "--json"])
        .json();
    let list = program.run(&["operator-token", "list", "--json"]).ok();
    assert!(list.contains("Ada"), "{list}");
    assert!(!list.contains(created["token"].as_str().unwrap()), "{list}");
    let id = created["token_id"].to_string();
    let revoked = program
        .run(&["operator-token", "revoke", &id, "--json"])
        .json();
    assert!(revoked["revoke_time"].is_string());
    assert_eq!(program.run(&["rekey", "--json"]).json()["rekeyed"], 0);
}
