//! A replica that can't reach the database, while the others can.

use std::collections::BTreeSet;
use std::time::Duration;

use orderhook_test_postgres::TestDatabase;
use reqwest::StatusCode;
use url::Url;

use crate::checks::{all_arrive, calls_failed_only_at, now};
use crate::cluster::{Cluster, DEALT_WITHIN, HOLD, LEASE, SHORT_LEASE};
use crate::load::{Amount, Load};
use crate::proxy::Proxy;
use crate::sink::Sink;

const CUT_OFF_FOR: Duration = Duration::from_mins(1);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(30);
const DELIVERED_WITHIN: Duration = Duration::from_secs(30);
const TAKEN_OVER_WITHIN: Duration = LEASE
    .saturating_add(HOLD)
    .saturating_add(Duration::from_secs(10));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_without_database_had_is_taken_over() {
    let database = TestDatabase::create();
    let mut url = Url::parse(database.url()).expect("a URL");
    let host = url.host_str().expect("a host");
    let proxy = Proxy::start(format!("{host}:{}", url.port().unwrap_or(5432))).await;
    url.set_ip_host(proxy.address.ip()).expect("a host");
    url.set_port(Some(proxy.address.port())).expect("a port");

    let sink = Sink::start().await;
    let cluster = Cluster::install(database.url(), sink.address, SHORT_LEASE);
    let far = cluster.start_with(&[("ORDERHOOK_DATABASE", url.as_str())]);
    let far_id = cluster.rows.dealt_to(1, DEALT_WITHIN).await;
    let far_id = *far_id.first().expect("it takes all shards");
    let _near = [cluster.start(), cluster.start()];
    let all = cluster.rows.dealt_to(3, DEALT_WITHIN).await;
    let merchants = cluster.create_merchants(64, &sink).await;
    let load = Load::start(&cluster, merchants, sink.url("/orders"), Amount::TRICKLE);
    load.acknowledged(500, ACKNOWLEDGED_WITHIN).await;

    // Attempts are under way when it is cut off.
    sink.hold(true);
    load.acknowledged(64, ACKNOWLEDGED_WITHIN).await;
    proxy.cut();
    let begin = now();
    let mut cut_off = tokio::time::interval(CUT_OFF_FOR);
    cut_off.tick().await;
    let leased = cluster.rows.leased_by(far_id).await;
    sink.hold(false);
    assert!(!leased.is_empty(), "no attempt was under way");

    // Of these some are for the endpoints that nobody delivers to until they are taken over.
    load.acknowledged(200, ACKNOWLEDGED_WITHIN).await;
    let owed = load.so_far().message_ids();
    let late = sink.missing(&owed, TAKEN_OVER_WITHIN).await;
    assert_eq!(late, 0, "not taken over");
    let taken_over = begin.elapsed();
    let others = cluster.rows.dealt_to(2, DEALT_WITHIN).await;
    let without_it: BTreeSet<_> = all.iter().copied().filter(|id| *id != far_id).collect();
    assert_eq!(others, without_it);
    let readiness = cluster.client.readiness(far.address()).await;
    assert_eq!(readiness, StatusCode::SERVICE_UNAVAILABLE);
    cut_off.tick().await;

    proxy.restore();
    assert_eq!(cluster.rows.dealt_to(3, DEALT_WITHIN).await, all);
    let resumed = load.resumes(&sink).await;
    let readiness = cluster.client.readiness(far.address()).await;
    assert_eq!(readiness, StatusCode::OK);

    let published = load.stop().await;
    calls_failed_only_at(&[], &published);
    assert!(published.unavailable > 0, "no call met the cut");
    let arrived = all_arrive(&cluster, &sink, &published, DELIVERED_WITHIN).await;
    let inexcusable: Vec<_> = arrived.duplicates.difference(&leased).collect();
    assert!(inexcusable.is_empty(), "came twice: {inexcusable:?}");
    println!(
        "cut off for {CUT_OFF_FOR:?}: {} events, each made once, 0 lost, {} calls refused with \
         503, {} duplicates of {} under way, taken over within {taken_over:?}, resumed within \
         {resumed:?}",
        published.message_ids.len(),
        published.unavailable,
        arrived.duplicates.len(),
        leased.len(),
    );
}
