//! Secrets stay out of the command line, and out of what is printed.

use crate::program::{ENCRYPTION_KEY, Program};

const TOKEN: &str = "oho_keep-this-to-yourself";

#[test]
fn a_secret_is_no_flag_and_is_not_repeated() {
    let check = |arguments: &[&str], flag: &str| {
        let said = Program::new().run(arguments).failed(2);
        assert!(!said.contains(TOKEN), "{said}");
        let unexpected = format!("unexpected argument '{flag}'");
        assert!(said.contains(&unexpected), "{said}");
    };
    let with_equals = format!("--token={TOKEN}");
    check(&["status", "--operator-token", TOKEN], "--operator-token");
    check(&["webhooks", "list", "--token", TOKEN], "--token");
    check(&["webhooks", "list", &with_equals], "--token");
    check(&["sign", "--id", "msg_1", "--secret", TOKEN], "--secret");
    check(&["verify", "--secret", TOKEN], "--secret");
    check(&["serve", "--encryption-keys", TOKEN], "--encryption-keys");
}

#[test]
fn settings_are_shown_without_secrets() {
    let program = Program::new()
        .variable("ORDERHOOK_TOKEN", TOKEN)
        .variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY)
        .file("token", &format!("{TOKEN}\n"));
    for arguments in [
        &["config", "show", "--operator-token-file", "token"][..],
        &["config", "show", "--json", "--operator-token-file", "token"],
    ] {
        let shown = program.run(arguments).ok();
        assert!(!shown.contains(TOKEN), "{shown}");
        assert!(!shown.contains("BwcH"), "{shown}");
        assert!(shown.contains("--operator-token-file token"), "{shown}");
    }
    let revealed = program.run(&["config", "show", "--reveal"]).ok();
    assert!(revealed.contains(TOKEN));
}

#[test]
fn errors_do_not_quote_secrets() {
    let check = |text: &str| {
        let program = Program::new().file("orderhook.toml", text);
        let said = program.run(&["config", "show"]).failed(2);
        assert!(!said.contains("777"), "{said}");
        assert!(said.contains("orderhook.toml"), "{said}");
    };
    check("token = 777777");
    check("token = \"777777");
    check("token = [\"777777\"]");
    check("encryption_keys = [\"1:777777\"]");
    check("encryption_keys = [777777]");
}
