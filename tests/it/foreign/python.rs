use std::process::Command;

use super::peer::{self, Peer};
use super::{installed, root, run_against_server};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo xtask test`: the client that openapi-generator writes for Python"]
async fn client_drives_all_six_operations() {
    let mut program = Command::new(installed("python/bin/python"));
    program
        .arg(root().join("tests/foreign/python/client_session.py"))
        .env("PYTHONPATH", installed("clients/python"));
    run_against_server(program).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo xtask test`: schemathesis"]
async fn schemathesis_finds_no_failure() {
    let mut program = Command::new(installed("python/bin/schemathesis"));
    program
        .arg("--config-file")
        .arg(root().join("tests/foreign/schemathesis.toml"))
        .arg("run")
        .arg(root().join("spec/order-management.yaml"))
        .current_dir(installed(""));
    run_against_server(program).await;
}

fn peer() -> Peer {
    let mut program = Command::new(installed("python/bin/python"));
    program.arg(root().join("tests/foreign/python/standardwebhooks_peer.py"));
    Peer::start(program)
}

#[test]
#[ignore = "needs `cargo xtask test`: standardwebhooks for Python"]
fn standardwebhooks_verifies_our_signatures() {
    peer::verifies_our_signatures(peer());
}

#[test]
#[ignore = "needs `cargo xtask test`: standardwebhooks for Python"]
fn we_verify_signatures_of_standardwebhooks() {
    peer::we_verify_signatures_of(peer());
}
