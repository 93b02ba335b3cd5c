//! Three replicas and no fault: everything comes once.

use std::time::Duration;

use orderhook_test_postgres::TestDatabase;

use crate::checks::{all_arrive, calls_failed_only_at};
use crate::cluster::Cluster;
use crate::load::{Amount, Load};
use crate::sink::Sink;

const DELIVERED_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_fault_everything_comes_once() {
    let database = TestDatabase::create();
    let sink = Sink::start().await;
    let cluster = Cluster::install(database.url(), sink.address, &[]);
    let _replicas = cluster.start_replicas(3).await;
    let shares = cluster.rows.shares().await;

    let merchants = cluster.create_merchants(64, &sink).await;
    let amount = Amount::FIFTEEN_THOUSAND;
    let load = Load::start(&cluster, merchants, sink.url("/orders"), amount);
    let published = load.end().await;
    assert_eq!(published.message_ids.len(), 15_000);
    calls_failed_only_at(&[], &published);
    assert_eq!(published.unavailable, 0);

    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    assert_eq!(arrived.deliveries, 15_000);
    assert_eq!(arrived.duplicates.len(), 0);
    assert_eq!(cluster.rows.acknowledged().await, 15_000);
    assert_eq!(cluster.rows.shares().await, shares, "shards changed hands");
    println!("no fault: 15,000 events, 0 lost, 0 duplicates; shards: {shares:?}");
}
