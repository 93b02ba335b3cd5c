//! The health check of a replica's container: the very command, at another port.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::thread;

use crate::compose_file::{replicas, service, words};

/// Runs the health check of a service against a server.
pub(crate) fn check(service_name: &str, operator: SocketAddr) -> bool {
    let test = words(&service(service_name)["healthcheck"]["test"]);
    let [kind, program, arguments @ ..] = &test[..] else {
        panic!("{test:?} is no command");
    };
    assert_eq!(kind, "CMD");
    let here = format!("/dev/tcp/127.0.0.1/{}", operator.port());
    // A dollar sign for the command is two in the file.
    let arguments = arguments.iter().map(|argument| {
        let argument = argument.replace("$$", "$");
        argument.replace("/dev/tcp/127.0.0.1/8081", &here)
    });
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null());
    command.status().unwrap().success()
}

#[test]
fn only_a_server_that_says_200_is_healthy() {
    let replica = &replicas()[0];
    for (answer, healthy) in [
        ("HTTP/1.0 200 OK\r\n\r\nok\n", true),
        ("HTTP/1.0 503 Service Unavailable\r\n\r\n", false),
        ("", false),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            let mut request = [0; 22];
            connection.read_exact(&mut request).unwrap();
            assert_eq!(&request[..], b"GET /readyz HTTP/1.0\r\n");
            connection.write_all(answer.as_bytes()).unwrap();
        });
        assert_eq!(check(replica, address), healthy, "{answer}");
        server.join().unwrap();
        assert!(!check(replica, address), "nobody listens any more");
    }
}
