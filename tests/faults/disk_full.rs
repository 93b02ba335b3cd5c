//! A full disk: what can't be kept is refused, nothing is half done, and space is all it takes.

use std::fs;
use std::time::Duration;

use crate::publishers::Publishers;
use crate::server::TestServer;
use crate::sink::Sink;

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
    let refused = -1;
    let (status, body) = loop {
        // What was being written when the disk became full may still succeed.
        let answer = operator
            .publish(merchant, refused)
            .await
            .expect("an answer");
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
    let mut owed = answered.message_ids;
    let all = sink.until(|inbox| {
        owed.retain(|id| inbox.copies(id) == 0);
        owed.is_empty()
    });
    let in_time = tokio::time::timeout(DELIVERED_WITHIN, all).await;
    assert!(in_time.is_ok(), "{} acknowledged events lost", owed.len());

    let statuses = answered.refused.iter().map(|(_, status)| *status);
    assert!(statuses.clone().all(|status| matches!(status, 503 | 507)));
    assert!(statuses.count() > 0, "the publishers noticed nothing");
    let inbox = sink.inbox();
    let bodies = inbox.received.iter().map(|received| {
        let body: serde_json::Value = serde_json::from_slice(&received.body).expect("JSON");
        body["data"]["number"].as_i64().expect("a number")
    });
    let delivered: std::collections::HashSet<_> = bodies.collect();
    for (number, _) in answered.refused {
        assert!(
            !delivered.contains(&number),
            "event {number} was refused and came"
        );
    }
}
