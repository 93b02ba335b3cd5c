use std::process::Command;

use super::{installed, run_against_server};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs `cargo xtask test`: the client that openapi-generator writes for TypeScript"]
async fn client_drives_all_six_operations() {
    let mut program = Command::new("node");
    program.arg(installed(
        "typescript/tests/foreign/typescript/client_session.js",
    ));
    run_against_server(program).await;
}
