//! `listen` and `trigger`, against the real server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use tokio::net::TcpSocket;

use crate::program::Program;
use crate::server::Running;
use crate::stub::Stub;

/// A port that nobody else is given while the socket lives. It does not listen, and so lets `listen`
/// in, as often as it is started.
fn reserved_port() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port.to_string())
}

#[test]
fn what_is_triggered_is_received_and_verified() {
    let program = Program::new();
    let _server = Running::server(&program);
    let mut listener = Running::listener(&program, &["--port", "0"]);

    program.run(&["trigger", "card.load"]).ok();
    let push = listener.json();
    assert_eq!(push["verified"], true, "{push}");
    assert_eq!(push["body"]["type"], "card.load");
    assert_eq!(push["answered"], 200);
    assert_eq!(push["repeated"], 0);

    let set = "fiatAmount=120.00";
    program
        .run(&["trigger", "order.completed", "--set", set])
        .ok();
    let push = listener.json();
    assert_eq!(push["verified"], true, "{push}");
    assert_eq!(push["body"]["data"]["state"], "COMPLETED");
    assert_eq!(push["body"]["data"]["fiatAmount"], "120.00");
    assert_eq!(listener.interrupt(), 0);
}

#[test]
fn a_replay_is_shown_as_repeated() {
    let program = Program::new();
    let _server = Running::server(&program);
    let mut listener = Running::listener(&program, &["--port", "0"]);
    program.run(&["trigger", "card.load"]).ok();
    let first = listener.json();
    program.run(&["replay", "1"]).ok();
    let again = listener.json();
    assert_eq!(again["message_id"], first["message_id"]);
    assert_eq!(again["repeated"], 1);
}

#[test]
fn nothing_is_missed_while_it_is_away() {
    let program = Program::new();
    let _server = Running::server(&program);
    let (_reserved, port) = reserved_port();
    let arguments = ["--port", port.as_str()];
    assert_eq!(Running::listener(&program, &arguments).interrupt(), 0);

    program
        .run(&["webhooks", "pause", "1", "--reason", "a test"])
        .ok();
    program.run(&["trigger", "card.load"]).ok();
    program.run(&["trigger", "order.failed"]).ok();
    let mut listener = Running::listener(&program, &arguments);
    let mut types = [listener.json(), listener.json()].map(|push| push["body"]["type"].to_string());
    types.sort();
    assert_eq!(types, ["\"card.load\"", "\"order_status_change\""]);
    let endpoint = program.run(&["endpoints", "show", "1", "--json"]).json();
    assert_eq!(endpoint["data"]["state"], "active");
}

#[test]
fn it_answers_what_it_is_told() {
    let program = Program::new();
    let _server = Running::server(&program);
    let check = |arguments: &[&str], outcome: &str| {
        let mut listener = Running::listener(&program, &[&["--port", "0"], arguments].concat());
        program.run(&["trigger", "order.created"]).ok();
        listener.json();
        let list = ["deliveries", "list", "--limit", "1", "--json"];
        // The attempt is written a moment after the answer; every look is a round trip.
        let last = (0..200).find_map(|_| {
            let delivery = program.run(&list).json()["data"]["data"][0].clone();
            delivery["last_outcome"].is_string().then_some(delivery)
        });
        let last = last.unwrap();
        assert_eq!(last["last_outcome"], outcome, "{last}");
    };
    check(&[], "acknowledged");
    check(&["--respond", "503"], "rejected");
    check(&["--acknowledge", "99999"], "not_acknowledged");
}

#[test]
fn what_it_forwards_to_has_the_last_word() {
    let program = Program::new();
    let _server = Running::server(&program);
    let stub = Stub::answering(418, "{}");
    let mut listener = Running::listener(&program, &["--port", "0", "--forward", &stub.url()]);
    program.run(&["trigger", "card.load"]).ok();
    assert_eq!(listener.json()["answered"], 418);
    assert_eq!(stub.requests(), 1);
}

#[test]
fn what_is_not_authentic_is_told_and_not_forwarded() {
    let program = Program::new();
    let _server = Running::server(&program);
    let stub = Stub::answering(200, "{}");
    let (_reserved, port) = reserved_port();
    let arguments = ["--port", port.as_str(), "--forward", &stub.url()];
    let mut listener = Running::listener(&program, &arguments);

    let mut forger = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    forger
        .write_all(
            b"POST /webhook HTTP/1.1\r\nhost: x\r\nconnection: close\r\nwebhook-id: msg_1\r\n\
              webhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\ncontent-length: 2\r\n\r\n{}",
        )
        .unwrap();
    let mut answer = String::new();
    forger.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(answer.contains("\"code\":\"00001\""), "{answer}");
    let push = listener.json();
    assert_eq!(push["verified"], false);
    assert!(
        push["fault"].as_str().unwrap().contains("too old"),
        "{push}"
    );
    assert_eq!(push["answered"], 401);
    assert_eq!(stub.requests(), 0);

    program.run(&["trigger", "card.load"]).ok();
    assert_eq!(listener.json()["verified"], true);
    assert_eq!(stub.requests(), 1);
}
