//! Replicas that answer the APIs, and others that deliver.

use std::time::Duration;

use orderhook_test_postgres::TestDatabase;

use crate::checks::{all_arrive, calls_failed_only_at};
use crate::cluster::{Cluster, DEALT_WITHIN};
use crate::load::{Amount, Load};
use crate::sink::Sink;

const EVENTS: usize = 1_000;
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_replica_answers_and_another_delivers() {
    let database = TestDatabase::create();
    let sink = Sink::start().await;
    let cluster = Cluster::install(database.url(), sink.address, &[]);
    let answering = cluster.start_answering();
    let merchants = cluster.create_merchants(8, &sink).await;
    let amount = Amount {
        cards: EVENTS,
        orders: 0,
        ..Amount::ENDLESS
    };
    let load = Load::start(&cluster, merchants, sink.url("/orders"), amount);
    load.acknowledged(EVENTS / 2, DELIVERED_WITHIN).await;
    assert_eq!(sink.inbox().received.len(), 0, "nobody delivers yet");
    assert_eq!(cluster.rows.shares().await.len(), 0);

    let delivering = cluster.start_delivering();
    cluster.rows.dealt_to(1, DEALT_WITHIN).await;
    let published = load.end().await;
    calls_failed_only_at(&[], &published);
    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    assert_eq!(arrived.deliveries, EVENTS);
    for replica in [delivering, answering] {
        let status = cluster.terminate(replica);
        assert!(status.success(), "{status}");
    }
}
