//! `kill -9` of one of three replicas: the others take over.

use std::time::Duration;

use orderhook_test_postgres::TestDatabase;

use crate::checks::{all_arrive, calls_failed_only_at, now};
use crate::cluster::{Cluster, HOLD, LEASE, SHORT_LEASE};
use crate::load::{Amount, Load};
use crate::sink::Sink;

const HALF_WITHIN: Duration = Duration::from_mins(3);
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);
/// Both have to end before the last of what a dead replica had leased can be delivered.
const TAKEN_OVER_WITHIN: Duration = LEASE
    .saturating_add(HOLD)
    .saturating_add(Duration::from_secs(10));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_replica_had_is_taken_over() {
    let database = TestDatabase::create();
    let sink = Sink::start().await;
    let cluster = Cluster::install(database.url(), sink.address, SHORT_LEASE);
    let mut replicas = cluster.start_replicas(3).await;
    let merchants = cluster.create_merchants(64, &sink).await;
    let amount = Amount::FIFTEEN_THOUSAND;
    let load = Load::start(&cluster, merchants, sink.url("/orders"), amount);
    load.acknowledged(7_000, HALF_WITHIN).await;

    // Attempts are under way when it dies.
    sink.hold(true);
    let so_far = sink.inbox().received.len();
    sink.until(|inbox| inbox.received.len() >= so_far + 64)
        .await;
    let (killed, killed_id) = replicas.remove(1);
    let address = killed.address();
    cluster.kill(killed);
    let begin = now();
    let leased = cluster.rows.leased_by(killed_id).await;
    sink.hold(false);
    assert!(!leased.is_empty(), "no attempt was under way");

    // Of these some are for the endpoints that nobody delivers to until they are taken over.
    load.acknowledged(500, HALF_WITHIN).await;
    let owed = load.so_far().message_ids();
    let late = sink.missing(&owed, TAKEN_OVER_WITHIN).await;
    assert_eq!(late, 0, "not taken over");
    let taken_over = begin.elapsed();
    let published = load.end().await;
    assert_eq!(published.message_ids.len(), 15_000);
    calls_failed_only_at(&[address], &published);
    assert_eq!(published.unavailable, 0);

    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    let inexcusable: Vec<_> = arrived.duplicates.difference(&leased).collect();
    assert!(inexcusable.is_empty(), "came twice: {inexcusable:?}");
    assert_eq!(arrived.deliveries, 15_000 + arrived.duplicates.len());
    println!(
        "killed: 15,000 events, 0 lost, {} duplicates of {} under way, taken over within \
         {taken_over:?}",
        arrived.duplicates.len(),
        leased.len(),
    );
}
