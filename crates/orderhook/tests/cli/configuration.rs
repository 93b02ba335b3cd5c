//! Where settings come from, and what is refused.

use serde_json::Value;

use crate::program::{ENCRYPTION_KEY, Program};

/// A setting of `config show`.
fn setting(program: &Program, arguments: &[&str], key: &str) -> (Value, String) {
    let settings = program
        .run(&[&["config", "show", "--json"], arguments].concat())
        .json();
    let found = settings
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["key"] == key);
    let found = found.unwrap_or_else(|| panic!("no {key}"));
    (
        found["value"].clone(),
        found["origin"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn the_strongest_origin_wins_and_is_named() {
    let server = |port: u16| format!("server = \"http://127.0.0.1:{port}\"\n");
    let mut program = Program::new();
    let mut check =
        |change: fn(Program, String) -> Program, port: u16, arguments: &[&str], origin: &str| {
            let changed = std::mem::replace(&mut program, Program::new());
            program = change(changed, server(port));
            let (value, named) = setting(&program, arguments, "server");
            assert_eq!(value, format!("http://127.0.0.1:{port}"));
            assert!(named.ends_with(origin), "{named} is not {origin}");
        };
    check(|program, _| program, 8080, &[], "default");
    check(
        |program, text| program.file(".config/orderhook/config.toml", &text),
        1,
        &[],
        ".config/orderhook/config.toml",
    );
    check(
        |program, text| program.file(".orderhook-dev/client.toml", &text),
        2,
        &[],
        ".orderhook-dev/client.toml",
    );
    check(
        |program, text| program.file("orderhook.toml", &text),
        3,
        &[],
        "orderhook.toml",
    );
    check(
        |program, _| program.variable("ORDERHOOK_SERVER", "http://127.0.0.1:4"),
        4,
        &[],
        "environment variable ORDERHOOK_SERVER",
    );
    check(
        |program, _| program,
        5,
        &["--server", "http://127.0.0.1:5"],
        "--server",
    );
}

#[test]
fn a_file_that_is_asked_for_replaces_the_projects_and_must_exist() {
    let program = Program::new()
        .file("orderhook.toml", "merchant = 1")
        .file("other.toml", "merchant = 2");
    let (value, origin) = setting(&program, &["--config", "other.toml"], "merchant");
    assert_eq!((value, origin.as_str()), (Value::from(2), "other.toml"));
    let said = program
        .run(&["config", "show", "--config", "none.toml"])
        .failed(2);
    assert!(said.contains("none.toml: can't be read"), "{said}");
}

#[test]
fn variables_have_the_kind_of_their_setting() {
    let check = |name: &str, text: &str, key: &str, expected: Value| {
        let program = Program::new().variable(name, text);
        assert_eq!(setting(&program, &[], key).0, expected, "{name}={text}");
    };
    check(
        "ORDERHOOK_BEHIND_TLS",
        "true",
        "behind_tls",
        Value::from(true),
    );
    check(
        "ORDERHOOK_DELIVERY__JITTER",
        "0.5",
        "delivery.jitter",
        Value::from(0.5),
    );
    check(
        "ORDERHOOK_DELIVERY__LEASE",
        "1m",
        "delivery.lease",
        Value::from("1m"),
    );
    check("ORDERHOOK_MERCHANT", "7", "merchant", Value::from(7));
    check("ORDERHOOK_DATABASE", "123", "database", Value::from("123"));
    let list = serde_json::json!(["0s", "10s"]);
    check(
        "ORDERHOOK_DELIVERY__SCHEDULE",
        "0s, 10s",
        "delivery.schedule",
        list,
    );
}

#[test]
fn what_is_wrong_is_told_with_place_key_and_rule() {
    let check = |text: &str, expected: &str| {
        let program = Program::new().file("orderhook.toml", text);
        let said = program.run(&["config", "show"]).failed(2);
        assert!(said.contains(expected), "{text}: {said}");
    };
    check(
        "merchant_lsten = \"127.0.0.1:1\"",
        "orderhook.toml: `merchant_lsten` is not a setting; the nearest that exists is `merchant_listen`",
    );
    check(
        "[delivery]\njiter = 1",
        "`delivery.jiter` is not a setting; the nearest that exists is `delivery.jitter`",
    );
    check(
        "behind_tls = 1",
        "orderhook.toml: `behind_tls` must be a boolean",
    );
    check(
        "shutdown_timeout = \"soon\"",
        "orderhook.toml: `shutdown_timeout` must be a duration such as 15s, 5m or 30d",
    );
    check(
        "[delivery]\njitter = 2",
        "orderhook.toml: `delivery.jitter` must be from 0 to 1",
    );
    check(
        "[delivery]\nschedule = []",
        "`delivery.schedule` must have from 1 to 100 attempts",
    );
    check(
        "[delivery]\nlease = \"1s\"",
        "`delivery.lease` must be at least twice",
    );
    check(
        "server = \"ftp://x\"",
        "`server` must be an http or https URL",
    );
    check("encryption_keys = [\"1:AAAA\"]", "must be ID:KEY");
    check("merchant = ", "orderhook.toml: TOML parse error at line 1");
    check(
        "[[event_types]]\nevent_type = \"card.load\"\nevent_code = \"1\"\ncategory = \"c\"\ndescription = \"d\"",
        "`event_types` must not have an event_type twice",
    );
}

#[test]
fn every_unknown_key_is_told_at_once() {
    let program = Program::new()
        .file("orderhook.toml", "databas = \"x\"\n[log]\nlevl = \"info\"")
        .variable("ORDERHOOK_DELIVERY__LEESE", "1m");
    insta::assert_snapshot!(program.run(&["config", "show"]).failed(2), @r"
    error: the configuration is wrong:
      orderhook.toml: `databas` is not a setting; the nearest that exists is `database`
      orderhook.toml: `log.levl` is not a setting; the nearest that exists is `log.level`
      environment variable ORDERHOOK_DELIVERY__LEESE: `delivery.leese` is not a setting; the nearest that exists is `ORDERHOOK_DELIVERY__LEASE`
    ");
}

#[test]
fn an_unsafe_server_does_not_start_and_says_what_to_set() {
    let check = |program: Program, arguments: &[&str], expected: &str| {
        let said = program.run(&[&["serve"], arguments].concat()).failed(2);
        assert!(said.contains(expected), "{said}");
    };
    check(
        Program::new(),
        &[],
        "`encryption_keys` must have a key; make one by",
    );
    let with_key = || Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY);
    check(
        with_key(),
        &["--merchant-listen", "0.0.0.0:0"],
        "--merchant-listen: `merchant_listen` is open to the network without TLS",
    );
    check(
        with_key(),
        &["--operator-listen", "[::]:0"],
        "set `behind_tls = true`",
    );
    check(
        with_key().variable("ORDERHOOK_BEHIND_TLS", "true"),
        &["--dev", "--merchant-listen", "0.0.0.0:0"],
        "must be a loopback address with --dev",
    );
}

#[test]
fn keys_come_from_one_place_only() {
    let both = Program::new()
        .variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
        .variable("ORDERHOOK_ENCRYPTION_KEYS_FILE", "keys")
        .file("keys", ENCRYPTION_KEY);
    let said = both.run(&["migrate"]).failed(2);
    assert!(
        said.contains("can't stand beside `encryption_keys`"),
        "{said}"
    );

    let file = Program::new()
        .variable("ORDERHOOK_ENCRYPTION_KEYS_FILE", "keys")
        .file(
            "keys",
            &format!("# the newest first\n\n{ENCRYPTION_KEY}\nnonsense\n"),
        );
    let said = file.run(&["migrate"]).failed(2);
    assert!(said.contains("keys, line 4"), "{said}");
}

#[test]
fn the_reference_can_be_used_as_a_file() {
    let reference = Program::new().run(&["config", "reference"]).ok();
    let program = Program::new().file("orderhook.toml", &reference);
    let (value, origin) = setting(&program, &[], "delivery.jitter");
    assert_eq!(
        (value, origin.as_str()),
        (Value::from(0.2), "orderhook.toml")
    );
}
