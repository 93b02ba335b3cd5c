//! `kill -9` at any moment: nothing acknowledged is lost, and little comes twice.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::publishers::Publishers;
use crate::server::TestServer;
use crate::sink::{Inbox, Received, Sink};

const KILLS: usize = 200;
const SEED: u64 = 1;
/// After a restart, what the dead process had claimed is delivered within this time.
const RECLAIMED_WITHIN: Duration = Duration::from_secs(5);
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kill_9_loses_nothing() {
    let sink = Sink::start().await;
    let mut server = TestServer::install(&sink);
    server.start();
    let mut operator = server.operator();
    let merchant = operator.create_merchant(&sink, "/cards").await;
    let publishers = Publishers::start(&operator, merchant);

    let mut rng = Rng::with_seed(SEED);
    let mut slowest = Duration::ZERO;
    let mut seen = 0;
    let mut under_way = Vec::new();
    for kill in 0..KILLS {
        // A few die young, before they have taken up what the one before left.
        let dies_young = kill % 8 == 7;
        if !dies_young {
            let begin = now();
            let owed = publishers.answered().message_ids[..seen].to_owned();
            let reclaimed = arrived(&sink, owed.clone());
            let in_time = tokio::time::timeout(RECLAIMED_WITHIN, reclaimed).await;
            let late = missing(&sink.inbox(), &owed);
            assert!(
                in_time.is_ok(),
                "seed {SEED}, kill {kill}: {late} not reclaimed"
            );
            slowest = slowest.max(begin.elapsed());
            publishers.acknowledged(rng.usize(1..100)).await;
        }
        server.kill();
        sink.next_life().await;
        under_way.push(server.attempts_under_way());
        seen = publishers.answered().message_ids.len();
        server.start();
    }

    let answered = publishers.stop().await;
    let all = arrived(&sink, answered.message_ids.clone());
    let in_time = tokio::time::timeout(DELIVERED_WITHIN, all).await;
    let lost = missing(&sink.inbox(), &answered.message_ids);
    assert!(in_time.is_ok(), "seed {SEED}: {lost} lost");
    assert_eq!(answered.refused, []);

    let inbox = sink.inbox();
    assert_eq!(inbox.refused_signatures, [""; 0]);
    let duplicates = duplicates_by_life(&inbox);
    for (&life, &duplicates) in &duplicates {
        let most = under_way[life];
        assert!(
            duplicates <= most,
            "life {life}: {duplicates} duplicates of {most} attempts"
        );
    }
    println!(
        "{KILLS} kills, {} events acknowledged, 0 lost, {} duplicates of {} \
         attempts under way, reclaimed within {slowest:?}",
        answered.message_ids.len(),
        duplicates.values().sum::<usize>(),
        under_way.iter().sum::<usize>(),
    );
}

/// Waits until each of these messages came.
async fn arrived(sink: &Sink, mut message_ids: Vec<String>) {
    sink.until(|inbox| {
        message_ids.retain(|id| inbox.copies(id) == 0);
        message_ids.is_empty()
    })
    .await;
}

fn missing(inbox: &Inbox, message_ids: &[String]) -> usize {
    message_ids
        .iter()
        .filter(|id| inbox.copies(id) == 0)
        .count()
}

/// Messages that came again, by the life in which they had come before.
///
/// What a living server delivers twice is no duplicate that a kill excuses.
fn duplicates_by_life(inbox: &Inbox) -> HashMap<usize, usize> {
    let mut last_lives = HashMap::new();
    let mut duplicates = HashMap::new();
    for received in &inbox.received {
        if let Some(life) = last_lives.insert(received.message_id(), received.life) {
            assert!(
                life < received.life,
                "{} came twice in one life",
                received.message_id()
            );
            *duplicates.entry(life).or_default() += 1;
        }
    }
    duplicates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_finishes_what_has_begun() {
    let sink = Sink::start().await;
    let mut server = TestServer::install(&sink);
    server.start();
    let mut operator = server.operator();
    let merchant = operator.create_merchant(&sink, "/cards").await;
    let publishers = Publishers::start(&operator, merchant);

    publishers.acknowledged(200).await;
    // Attempts are under way when the signal comes.
    sink.hold(true);
    let so_far = sink.inbox().received.len();
    sink.until(|inbox| inbox.received.len() > so_far).await;
    publishers.acknowledged(200).await;
    server.terminate();
    sink.hold(false);
    let status = server.ended();
    assert!(status.success(), "{status}");

    let answered = publishers.stop().await;
    server.start();
    let all = arrived(&sink, answered.message_ids.clone());
    let in_time = tokio::time::timeout(DELIVERED_WITHIN, all).await;
    let inbox = sink.inbox();
    assert!(
        in_time.is_ok(),
        "{} lost",
        missing(&inbox, &answered.message_ids)
    );
    let different: HashSet<_> = inbox.received.iter().map(Received::message_id).collect();
    assert_eq!(inbox.received.len(), different.len(), "duplicates");
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a restart takes is what is tested"
)]
fn now() -> Instant {
    Instant::now()
}
