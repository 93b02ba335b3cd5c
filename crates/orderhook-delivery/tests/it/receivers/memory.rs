//! An attempt costs less than 8 MiB, whatever the receiver does.
//!
//! Measured in a process of its own, in which nothing but the sender runs.

use std::fs;
use std::process::Command;

use super::*;

const RECEIVERS: &str = "ORDERHOOK_TEST_RECEIVERS";
const MAX_KIB: u64 = 8 * 1024;

/// An answer compressed by gzip, up to where its zeros begin.
const BOMB: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n\
    \x1f\x8b\x08\0\0\0\0\0\0\xff\x63\x18\x05";
/// Goes on with 8 times 258 zeros, so that the 64 KiB that are read hold almost 10 MiB.
const ZEROS: &[u8] = b"\xa3\x60\x14\x8c\x82\x51\x30\x0a\x46\xc1\x28\x18\x05";

/// Sends `start` and then `more`, as fast as the sender takes it.
async fn flooding(start: impl Into<Bytes>, more: impl Into<Bytes>) -> Receiver {
    let (start, more) = (start.into(), more.into());
    let flood = Bytes::from(more.repeat(64 * 1024 / more.len()));
    Receiver::start(move |mut connection| {
        let (start, flood) = (start.clone(), flood.clone());
        async move {
            connection.read_request().await?;
            connection.stream.write_all(&start).await?;
            loop {
                connection.stream.write_all(&flood).await?;
            }
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_costs_less_than_8_mib() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let receivers = [
        flooding("HTTP/1.1 200 OK\r\n\r\n", "body").await,
        flooding(
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "body",
        )
        .await,
        flooding("HTTP/1.1 200 OK\r\n", "header: x\r\n").await,
        flooding("HTTP/1.1 200 OK\r\nheader: ", "x").await,
        flooding("HTTP/1.1 ", "x").await,
        flooding("", "HTTP/1.1 102 Processing\r\n\r\n").await,
        flooding(chunked, "1\r\nx\r\n").await,
        flooding(chunked, "fffffff\r\nxxxxxx").await,
        flooding(chunked, "0\r\nx: y\r\n").await,
        flooding(BOMB, ZEROS).await,
    ];
    let urls: Vec<_> = receivers.iter().map(Receiver::url).collect();

    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "receivers::memory::attempts_stay_small"]);
    child.arg("--nocapture");
    child.env(RECEIVERS, urls.join(" "));
    let output = tokio::task::spawn_blocking(move || child.output()).await;
    let output = output.unwrap().unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    for receiver in receivers {
        assert_eq!(receiver.connections(), 2);
    }
}

/// Each receiver is met twice: what the first attempt brings in, such as code, is no cost of one.
#[tokio::test]
async fn attempts_stay_small() {
    let Ok(urls) = std::env::var(RECEIVERS) else {
        return; // a part of an_attempt_costs_less_than_8_mib, which says who the receivers are
    };
    let transport = transport();
    for url in urls.split(' ') {
        let _ = post(&transport, url, SHORT).await;
    }
    for url in urls.split(' ') {
        // 5 forgets the peak so far.
        fs::write("/proc/self/clear_refs", "5").unwrap();
        let before = kib("VmHWM:");
        let _ = post(&transport, url, SHORT).await;
        let cost = kib("VmHWM:").saturating_sub(before);
        assert!(cost < MAX_KIB, "{cost} KiB by {url}");
    }
}

fn kib(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.unwrap().trim().strip_suffix(" kB");
    number.unwrap().parse().unwrap()
}
