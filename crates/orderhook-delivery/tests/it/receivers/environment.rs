//! A proxy in the environment is not used.

use std::process::Command;

use orderhook_store::AttemptOutcome::*;

use super::*;

const RECEIVER: &str = "ORDERHOOK_TEST_RECEIVER";

/// Runs [`posts_to_the_receiver`] in a process of its own: only there can the environment be set.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_in_the_environment_is_not_used() {
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\n\r\n").await;
    let proxy = Receiver::answering("HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    let proxy_url = format!("http://{}", proxy.address);

    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "receivers::environment::posts_to_the_receiver"]);
    child.arg("--nocapture");
    child.env(RECEIVER, receiver.url());
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        child.env(name, &proxy_url);
    }
    let output = tokio::task::spawn_blocking(move || child.output()).await;
    let output = output.unwrap().unwrap();

    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    assert_eq!((receiver.connections(), proxy.connections()), (1, 0));
}

#[tokio::test]
async fn posts_to_the_receiver() {
    let Ok(url) = std::env::var(RECEIVER) else {
        return; // a part of a_proxy_in_the_environment_is_not_used, which says where to post
    };
    let result = post(&transport(), &url, LONG).await;
    assert_eq!(
        verdict(EndpointKind::Webhook, &result).outcome,
        Acknowledged
    );
}
