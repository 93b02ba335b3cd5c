//! Connections that do not speak HTTP, or speak it badly: the server goes on.

use std::io::Write as _;
use std::net::TcpStream;

use crate::http::{Answer, exchange, read_to_end};
use crate::server::Server;

#[test]
fn what_is_no_http_takes_nothing_down() {
    let server = Server::shared();
    let long_header = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(2_000_000));
    let long_target = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(2_000_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(10_000));
    let token = &server.operator.token;
    let post = format!(
        "POST /v1/merchants HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\
         connection: close\r\ncontent-type: application/json\r\n"
    );
    let check = |request: &str, expected: u16| {
        let begin: String = request.chars().take(60).collect();
        let answer = exchange(server.operator.address, request.as_bytes());
        let status = Answer::read(&answer).map(|answer| answer.status);
        assert_eq!(status, Some(expected), "{begin:?}");
        assert_eq!(server.operator.get("/livez").status, 200, "{begin:?}");
        assert_eq!(server.operator.get("/v1/status").status, 200, "{begin:?}");
    };
    check("\0\0\0\0\r\n\r\n", 400);
    check("\x16\x03\x01\x02\x00\x01\u{fc}\x03\r\n\r\n", 400);
    check("GET\r\n\r\n", 400);
    check("GET / HTTP/9.9\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nbad header\r\n\r\n", 400);
    check("GET / HTTP/1.1\r\nx: a\0b\r\n\r\n", 400);
    check("GET /livez HTTP/1.0\r\n\r\n", 200);
    let any = "OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    check(any, 404);
    check(&long_header, 431);
    check(&long_target, 431);
    check(&many_headers, 431);

    let check = |rest: &str, expected| check(&format!("{post}{rest}"), expected);
    check("content-length: -1\r\n\r\n{}", 400);
    check("content-length: 99999999999999999999\r\n\r\n{}", 400);
    check("content-length: 2\r\ncontent-length: 3\r\n\r\n{}", 400);
    check("transfer-encoding: gzip\r\n\r\n{}", 400);
    let chunked = "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n";
    check(chunked, 400);
}

#[test]
fn who_stops_in_the_middle_holds_nobody_up() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let token = &merchant.api.token;
    let beginnings = [
        String::new(),
        "GE".to_owned(),
        "GET /v1/webhooks HTTP/1.1\r\nhost:".to_owned(),
        format!(
            "POST /v1/webhooks HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
        ),
    ];
    let mut held = Vec::new();
    for beginning in beginnings.iter().cycle().take(400) {
        let mut connection = TcpStream::connect(merchant.api.address).unwrap();
        connection.write_all(beginning.as_bytes()).unwrap();
        held.push(connection);
    }
    assert_eq!(merchant.api.get("/v1/webhooks").status, 200);
    drop(held);
    assert_eq!(merchant.api.get("/v1/webhooks").status, 200);
}

#[test]
fn a_body_that_breaks_off_changes_nothing() {
    let server = Server::shared();
    let merchant = server.new_merchant();
    let body = r#"{"webhook_name":"half"}"#;
    let token = &merchant.api.token;
    let request = format!(
        "POST /v1/webhooks HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\
         content-type: application/json\r\ncontent-length: 100\r\n\r\n{body}"
    );
    let mut connection = TcpStream::connect(merchant.api.address).unwrap();
    connection.write_all(request.as_bytes()).unwrap();
    connection.shutdown(std::net::Shutdown::Write).unwrap();
    // The server is done with it once it has closed the connection.
    read_to_end(connection);
    let page = merchant.api.get("/v1/webhooks").data();
    assert_eq!(page["data"], serde_json::json!([]));
}
