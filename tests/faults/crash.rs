//! `kill -9` at any moment: nothing acknowledged is lost, and nothing comes twice but what was under
//! way.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::database::leased_events;
use crate::publishers::Publishers;
use crate::server::TestServer;
use crate::sink::{Inbox, Received, Sink};

const KILLS: usize = 200;
const SEED: u64 = 1;
/// After a restart, what the dead process had claimed is delivered within this time.
const RECLAIMED_WITHIN: Duration = Duration::from_secs(5);
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

/// The events that were under way when a server was killed: leased, and their results not on the
/// disk. Each has the token of its lease.
type Leases = HashMap<i64, i64>;

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
    let mut leases: Vec<Leases> = Vec::new();
    for kill in 0..KILLS {
        // A few die young, before they have taken up what the one before left.
        let dies_young = kill % 8 == 7;
        if !dies_young {
            let begin = now();
            let owed = publishers.answered().message_ids[..seen].to_owned();
            let late = sink.missing(&owed, RECLAIMED_WITHIN).await;
            assert_eq!(late, 0, "seed {SEED}, kill {kill}: not reclaimed");
            slowest = slowest.max(begin.elapsed());
            publishers.acknowledged(rng.usize(1..100)).await;
        }
        server.kill();
        sink.next_life().await;
        let leased = server.ask_database(leased_events);
        if let Some(before) = leases.last() {
            let kept = leased
                .iter()
                .filter(|(number, lease)| before.get(number) == Some(lease));
            assert_eq!(kept.count(), 0, "seed {SEED}, kill {kill}: not recovered");
        }
        leases.push(leased);
        seen = publishers.answered().message_ids.len();
        server.start();
    }

    let answered = publishers.stop().await;
    let lost = sink.missing(&answered.message_ids, DELIVERED_WITHIN).await;
    assert_eq!(lost, 0, "seed {SEED}: lost");
    assert_eq!(answered.refused, []);

    // What is pending may still come again.
    operator.nothing_pending(DELIVERED_WITHIN).await;
    let inbox = sink.inbox();
    assert_eq!(inbox.refused_signatures, [""; 0]);
    let duplicates = excused_duplicates(&inbox, &leases);
    let under_way: usize = leases.iter().map(HashMap::len).sum();
    assert!(under_way > 0, "no kill hit an attempt");
    println!(
        "{KILLS} kills, {} events acknowledged, 0 lost, {duplicates} duplicates of {under_way} \
         attempts under way, reclaimed within {slowest:?}",
        answered.message_ids.len(),
    );
}

/// Counts the messages that came again, each of which was under way when its sender was killed.
///
/// What a living server delivers twice is no duplicate that a kill excuses.
fn excused_duplicates(inbox: &Inbox, leases: &[Leases]) -> usize {
    let mut last_lives = HashMap::new();
    let mut duplicates = 0;
    for received in &inbox.received {
        let number = received.number();
        if let Some(life) = last_lives.insert(number, received.life) {
            assert!(
                life < received.life,
                "event {number} came twice in one life"
            );
            assert!(
                leases[life].contains_key(&number),
                "event {number} came again, and was not under way when life {life} ended"
            );
            duplicates += 1;
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
    let lost = sink.missing(&answered.message_ids, DELIVERED_WITHIN).await;
    assert_eq!(lost, 0, "lost");
    let turned_away = |(_, status): &(i64, u16)| *status == 503;
    assert!(
        answered.refused.iter().all(turned_away),
        "{:?}",
        answered.refused
    );
    operator.nothing_pending(DELIVERED_WITHIN).await;
    let inbox = sink.inbox();
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
