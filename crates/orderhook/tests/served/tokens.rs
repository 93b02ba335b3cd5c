//! Who is let in.

use crate::database::Database;
use crate::operations::{self, Kind};
use crate::program::Program;
use crate::server::{Server, eventually};

#[test]
fn no_operation_takes_another_token_than_its_own() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for operation in operations::all() {
        let (mine, theirs) = match operation.api {
            Kind::Merchant => (&merchant.api.token, &merchant.operator.token),
            Kind::Operator => (&merchant.operator.token, &merchant.api.token),
        };
        let api = operation.without_token(&server);
        let target = operation.target_of(&merchant);
        let refusal = operation.send_example(&api, &target);
        refusal.refused_for(401, "Authorization");
        let cut = &mine[..mine.len() - 1];
        let longer = format!("{mine}A");
        let twice = format!("{mine} {mine}");
        for token in [theirs, "oho_", "ohm_none", cut, &longer, &twice, "\u{e9}"] {
            let answer = operation.send_example(&api.with_token(token), &target);
            let same = refusal.without_trace_id();
            assert_eq!(answer.without_trace_id(), same, "{}: {token}", operation.id);
        }
        // A body that is wrong does not tell more to who may not come in.
        let answer = operation.send(&api, &target, Some(b"{"));
        assert_eq!(answer.without_trace_id(), refusal.without_trace_id());
    }
}

#[test]
fn a_thousand_wrong_tokens_do_not_keep_the_right_one_out() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    for api in [&merchant.api, &merchant.operator] {
        for number in 0..1000 {
            let guess = api.with_token(&format!("ohm_guess-{number}"));
            assert_eq!(guess.get("/v1/events").status, 401);
        }
        assert_eq!(api.get("/v1/events").status, 200);
    }
}

#[test]
fn a_revoked_token_is_refused_at_once() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let list = merchant.path("tokens");
    let token = merchant.operator.get(&list).data()["data"][0]["token_id"].clone();
    assert_eq!(merchant.api.get("/v1/webhooks").status, 200);
    let revoke = merchant.path(&format!("tokens/{token}"));
    let revoked = merchant.operator.delete(&revoke).data();
    merchant
        .api
        .get("/v1/webhooks")
        .refused_for(401, "Authorization");
    // Revoking again changes nothing, and the time stays.
    assert_eq!(merchant.operator.delete(&revoke).data(), revoked);
    assert!(revoked["revoke_time"].is_string());
}

#[test]
fn a_token_that_another_process_revokes_is_refused_soon() {
    let server = Server::start(Database::open_to_commands(Program::new()));
    let run = |arguments: &[&str]| server.program.run(arguments).json();
    let created = run(&["operator-token", "create", "Bob", "--json", "--reveal"]);
    let api = server
        .operator
        .with_token(created["token"].as_str().unwrap());
    assert_eq!(api.get("/v1/status").status, 200);
    let id = created["token_id"].to_string();
    run(&["operator-token", "revoke", &id, "--json"]);
    eventually(|| (api.get("/v1/status").status == 401).then_some(()));
    assert_eq!(server.operator.get("/v1/status").status, 200);
}

#[test]
fn a_token_may_come_bare_and_with_its_scheme() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let api = merchant.api.with_token("");
    let check = |value: String, expected: u16| {
        let headers = [("authorization", value.as_str())];
        let answer = api.call("GET", "/v1/events", &headers, None);
        assert_eq!(answer.status, expected, "{value}");
    };
    let token = &merchant.api.token;
    check(token.clone(), 200);
    check(format!("Bearer {token}"), 200);
    check(format!("bearer {token}"), 200);
    check(format!("Basic {token}"), 401);
    check(String::new(), 401);
}
