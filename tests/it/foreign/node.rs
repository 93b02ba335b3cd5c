use std::process::Command;

use super::peer::{self, Peer};
use super::{installed, root};

fn peer() -> Peer {
    let mut program = Command::new("node");
    program
        .arg(root().join("tests/foreign/node/standardwebhooks_peer.mjs"))
        .env("NODE_PATH", installed("node/node_modules"));
    Peer::start(program)
}

#[test]
#[ignore = "needs `cargo xtask test`: standardwebhooks for JavaScript"]
fn standardwebhooks_verifies_our_signatures() {
    peer::verifies_our_signatures(peer());
}

#[test]
#[ignore = "needs `cargo xtask test`: standardwebhooks for JavaScript"]
fn we_verify_signatures_of_standardwebhooks() {
    peer::we_verify_signatures_of(peer());
}
