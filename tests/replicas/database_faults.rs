//! A database that crashes, and one that stands still.

use std::time::Duration;

use orderhook_test_postgres::Server;
use reqwest::StatusCode;
use tokio::task::block_in_place;

use crate::checks::{all_arrive, calls_failed_only_at};
use crate::cluster::{Cluster, LEASE, SHORT_LEASE};
use crate::load::{Amount, Load};
use crate::sink::Sink;

const RESTARTS: usize = 10;
const FROZEN_FOR: Duration = Duration::from_secs(30);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(30);
/// What was leased and whose lease nobody learned of waits until that ends.
const DELIVERED_WITHIN: Duration = LEASE.saturating_add(Duration::from_secs(30));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_crashes_loses_and_doubles_no_event() {
    let postgres = Server::for_test(&[]);
    let database = postgres.create_database("orderhook").expect("a database");
    let sink = Sink::start().await;
    let cluster = Cluster::install(&database, sink.address, SHORT_LEASE);
    let _replicas = cluster.start_replicas(2).await;
    let merchants = cluster.create_merchants(64, &sink).await;
    let load = Load::start(&cluster, merchants, sink.url("/orders"), Amount::ENDLESS);

    for _ in 0..RESTARTS {
        load.acknowledged(200, ACKNOWLEDGED_WITHIN).await;
        block_in_place(|| postgres.restart_immediate()).expect("it restarts");
    }
    let resumed = load.resumes(&sink).await;

    let published = load.stop().await;
    calls_failed_only_at(&[], &published);
    assert!(published.unavailable > 0, "no call met a crash");
    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    println!(
        "{RESTARTS} crashes: {} events, each made once, 0 lost, {} calls refused with 503, {} \
         duplicates delivered, resumed within {resumed:?}",
        published.message_ids.len(),
        published.unavailable,
        arrived.duplicates.len(),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stands_still_is_not_waited_for() {
    let postgres = Server::for_test(&[]);
    let database = postgres.create_database("orderhook").expect("a database");
    let sink = Sink::start().await;
    let cluster = Cluster::install(&database, sink.address, SHORT_LEASE);
    let replicas = cluster.start_replicas(2).await;
    let merchants = cluster.create_merchants(64, &sink).await;
    let load = Load::start(&cluster, merchants, sink.url("/orders"), Amount::TRICKLE);
    load.acknowledged(500, ACKNOWLEDGED_WITHIN).await;

    postgres.freeze().expect("it stands still");
    let looks = async {
        loop {
            for (replica, _) in &replicas {
                let readiness = cluster.client.readiness(replica.address()).await;
                assert_eq!(readiness, StatusCode::SERVICE_UNAVAILABLE);
            }
        }
    };
    let frozen: Result<(), _> = tokio::time::timeout(FROZEN_FOR, looks).await;
    assert!(frozen.is_err());
    postgres.thaw().expect("it goes on");
    let resumed = load.resumes(&sink).await;
    for (replica, _) in &replicas {
        let readiness = cluster.client.readiness(replica.address()).await;
        assert_eq!(readiness, StatusCode::OK);
    }

    let published = load.stop().await;
    calls_failed_only_at(&[], &published);
    assert!(published.unavailable > 0, "no call met the stop");
    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    println!(
        "frozen for {FROZEN_FOR:?}: {} events, each made once, 0 lost, {} calls refused with 503 \
         in time, {} duplicates delivered, resumed within {resumed:?}",
        published.message_ids.len(),
        published.unavailable,
        arrived.duplicates.len(),
    );
}
