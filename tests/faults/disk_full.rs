//! A full disk: what can't be kept is refused, nothing is half done, and space is all it takes.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use crate::database::{events, integrity};
use crate::publishers::Publishers;
use crate::server::TestServer;
use crate::sink::{Received, Sink};

const WORKS_AGAIN_WITHIN: Duration = Duration::from_secs(10);
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_recovers() {
    let sink = Sink::start().await;
    let mut server = TestServer::install(&sink);
    server.start_on_shim();
    let mut operator = server.operator();
    let merchant = operator.create_merchant(&sink, "/cards").await;
    let publishers = Publishers::start(&operator, merchant);
    publishers.acknowledged(200).await;

    fs::write(server.full_flag(), "").expect("the flag");
    let mut own_number = 0;
    let (status, body) = loop {
        // What was being written when the disk became full may still succeed.
        own_number -= 1;
        let answer = operator.publish(merchant, own_number).await;
        let answer = answer.expect("an answer");
        if !answer.0.is_success() {
            break answer;
        }
    };
    assert!(matches!(status.as_u16(), 503 | 507), "{status}");
    assert_eq!(body["code"], status.as_u16());
    assert!(body["trace_id"].as_str().is_some_and(|id| !id.is_empty()));
    assert!(body["msg"].as_str().is_some_and(|text| !text.is_empty()));

    fs::remove_file(server.full_flag()).expect("the flag");
    let works_again = publishers.acknowledged(200);
    let in_time = tokio::time::timeout(WORKS_AGAIN_WITHIN, works_again).await;
    assert!(in_time.is_ok(), "publishing is still refused");

    let answered = publishers.stop().await;
    assert_eq!(answered.broken_off, 0, "calls got no answer");
    let lost = sink.missing(&answered.message_ids, DELIVERED_WITHIN).await;
    assert_eq!(lost, 0, "acknowledged events lost");

    let statuses = answered.refused.iter().map(|(_, status)| *status);
    assert!(statuses.clone().all(|status| matches!(status, 503 | 507)));
    assert!(statuses.count() > 0, "the publishers noticed nothing");

    server.terminate();
    let ended = server.ended();
    assert!(ended.success(), "{ended}");
    let (integrity, kept) = server.ask_database(|it| (integrity(it), events(it)));
    assert_eq!(integrity, "ok");
    for acknowledged in &answered.acknowledged {
        assert!(kept.contains(&acknowledged.number), "{acknowledged:?}");
    }
    let inbox = sink.inbox();
    let delivered: HashSet<_> = inbox.received.iter().map(Received::number).collect();
    let refused = answered.refused.iter().map(|(number, _)| *number);
    for number in refused.chain([own_number]) {
        assert!(
            !kept.contains(&number),
            "event {number} was refused and kept"
        );
        assert!(
            !delivered.contains(&number),
            "event {number} was refused and came"
        );
    }
}
