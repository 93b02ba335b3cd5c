//! Starting and stopping, on databases that are as they should be and others.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::program::{ENCRYPTION_KEY, Program};
use crate::receiver::Receiver;
use crate::server::Server;

const ANY: [&str; 4] = [
    "--merchant-listen",
    "127.0.0.1:0",
    "--operator-listen",
    "127.0.0.1:0",
];

/// What `serve` says if it does not start.
#[track_caller]
fn refused(program: &Program, code: i32) -> String {
    let ended = program.run(&[&["serve"][..], &ANY].concat());
    ended.failed(code)
}

fn with_key(key: &str) -> Program {
    Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", key)
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
    let program = with_key(ENCRYPTION_KEY);
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
    let program = with_key(ENCRYPTION_KEY).file("orderhook.db", &"not a database ".repeat(100));
    let said = refused(&program, 1);
    assert!(said.contains("orderhook.db"), "{said}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let program = with_key(ENCRYPTION_KEY).variable("ORDERHOOK_DATABASE", "none/orderhook.db");
    let said = refused(&program, 1);
    assert!(said.contains("none/orderhook.db"), "{said}");
}

#[test]
fn a_key_that_does_not_fit_is_told_before_anything_is_served() {
    let server = Server::start(Program::new());
    server.new_merchant();
    let program = server.stop();
    let folder = program.folder().join(".orderhook-dev");
    for key in [ENCRYPTION_KEY, &ENCRYPTION_KEY.replace("1:", "2:")] {
        fs::write(folder.join("encryption.key"), key).unwrap();
        let said = program
            .run(&[&["serve", "--dev"][..], &ANY].concat())
            .failed(1);
        assert!(said.contains("key"), "{said}");
        assert!(!said.contains("BwcH"), "{said}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    let server = Server::shared();
    let address = server.operator.address.to_string();
    let arguments = [
        "serve",
        "--merchant-listen",
        &address,
        "--operator-listen",
        "127.0.0.1:0",
    ];
    let said = with_key(ENCRYPTION_KEY).run(&arguments).failed(1);
    assert!(
        said.contains("merchant_listen") && said.contains(&address),
        "{said}"
    );
}

#[test]
fn a_request_that_does_not_end_does_not_keep_it_from_stopping_well() {
    let program = Program::new().variable("ORDERHOOK_SHUTDOWN_TIMEOUT", "2s");
    let server = Server::start(program);
    let api = &server.merchant;
    let request = format!(
        "POST /v1/webhooks HTTP/1.1\r\nhost: x\r\nauthorization: {}\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n",
        api.token
    );
    let mut connection = TcpStream::connect(api.address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    // The server has begun to read the body when it says so.
    let mut begun = [0; 12];
    connection.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 100");
    server.stop();
}

#[test]
fn it_stops_well_from_the_moment_that_it_listens() {
    for _ in 0..5 {
        Server::start(Program::new()).stop();
    }
}

#[test]
fn what_was_published_is_delivered_after_a_restart() {
    let server = Server::start(Program::new());
    let merchant = server.new_merchant();
    let receiver = Receiver::acknowledging();
    let (id, secret) = merchant.subscribed(&receiver.url("/"));
    let pause = format!("/v1/endpoints/{id}/pause");
    merchant.operator.post(&pause, &json!({})).data();
    let (event, _) = merchant.publish_card(&json!({}));
    let operator_token = merchant.operator.token.clone();
    let server = Server::start(server.stop());
    let operator = server.operator.with_token(&operator_token);
    operator
        .post(&format!("/v1/endpoints/{id}/resume"), &json!({}))
        .data();
    let push = receiver.next();
    assert_eq!(push.header("webhook-id"), event);
    assert!(push.is_signed_by(&secret));
    let api = server.merchant.with_token(&merchant.api.token);
    assert_eq!(api.get("/v1/webhooks").data()["data"][0]["webhook_id"], id);
}
