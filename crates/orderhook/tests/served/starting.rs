//! Starting and stopping.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::database::SERVE;
use crate::program::{ENCRYPTION_KEY, Program};
use crate::receiver::Receiver;
use crate::server::Server;

/// Free ports, for a server that is not expected to listen.
pub(crate) const ANY: [&str; 4] = [
    "--merchant-listen",
    "127.0.0.1:0",
    "--operator-listen",
    "127.0.0.1:0",
];

#[test]
fn a_key_that_does_not_fit_is_told_before_anything_is_served() {
    let server = Server::start(Program::new());
    server.new_merchant();
    let stopped = server.stop();
    let folder = stopped.program.folder().join(".orderhook-dev");
    for key in [ENCRYPTION_KEY, &ENCRYPTION_KEY.replace("1:", "2:")] {
        fs::write(folder.join("encryption.key"), key).unwrap();
        let serve = [&["serve"], SERVE, &ANY].concat();
        let said = stopped.program.run(&serve).failed(1);
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
    let program = Program::new().variable("ORDERHOOK_ENCRYPTION_KEYS", ENCRYPTION_KEY);
    let said = program.run(&arguments).failed(1);
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
