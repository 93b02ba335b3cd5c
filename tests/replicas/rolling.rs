//! A rolling restart: each replica stops by SIGTERM, and another starts.

use std::time::Duration;

use orderhook_test_postgres::TestDatabase;

use crate::checks::{all_arrive, calls_failed_only_at};
use crate::cluster::{Cluster, DEALT_WITHIN};
use crate::load::{Amount, Load};
use crate::sink::Sink;

const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(30);
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_and_repeats_nothing() {
    let database = TestDatabase::create();
    let sink = Sink::start().await;
    let cluster = Cluster::install(database.url(), sink.address, &[]);
    let replicas = cluster.start_replicas(3).await;
    let merchants = cluster.create_merchants(64, &sink).await;
    let load = Load::start(&cluster, merchants, sink.url("/orders"), Amount::ENDLESS);

    let mut stopped = Vec::new();
    let mut started = Vec::new();
    for (replica, _) in replicas {
        load.acknowledged(1_000, ACKNOWLEDGED_WITHIN).await;
        stopped.push(replica.address());
        let status = cluster.terminate(replica);
        assert!(status.success(), "{status}");
        started.push(cluster.start());
        cluster.rows.dealt_to(3, DEALT_WITHIN).await;
    }
    load.acknowledged(1_000, ACKNOWLEDGED_WITHIN).await;

    let published = load.stop().await;
    calls_failed_only_at(&stopped, &published);
    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    assert_eq!(arrived.duplicates.len(), 0, "{:?}", arrived.duplicates);
    assert_eq!(arrived.deliveries, published.message_ids.len());
    println!(
        "rolling restart: {} events, 0 lost, 0 duplicates; {} calls refused, {} broken off",
        published.message_ids.len(),
        published.unavailable,
        published.broken_off.len(),
    );
}
