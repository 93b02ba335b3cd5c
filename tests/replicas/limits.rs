//! The limits of an endpoint, while it passes from replica to replica.

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use orderhook_test_postgres::TestDatabase;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::checks::calls_failed_only_at;
use crate::cluster::{Cluster, DEALT_WITHIN, Merchants, Settings};
use crate::load::{Amount, Load};

const ENDPOINTS: usize = 12;
const EVENTS: usize = 3_000;
const CONCURRENCY: usize = 4;
const SETTINGS: Settings = &[
    ("ORDERHOOK_DELIVERY__CONCURRENCY_PER_ENDPOINT", "4"),
    ("ORDERHOOK_DELIVERY__ATTEMPT_TIMEOUT", "1m"),
    ("ORDERHOOK_DELIVERY__LEASE", "2m"),
];
/// A request is answered at the next beat but one.
const BEAT: Duration = Duration::from_millis(150);
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(30);
const DELIVERED_WITHIN: Duration = Duration::from_mins(1);

/// A slow receiver that counts the requests to each path.
#[derive(Clone)]
struct Crowd {
    beats: watch::Sender<u64>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    /// How many requests to each path are under way.
    under_way: BTreeMap<String, usize>,
    /// How many there were at most.
    most: BTreeMap<String, usize>,
    deliveries: usize,
    message_ids: HashSet<String>,
}

impl Crowd {
    /// Listens until the runtime of the test ends. Nothing is answered before the first beat.
    async fn start() -> (Self, SocketAddr) {
        let crowd = Self {
            beats: watch::Sender::new(0),
            seen: Arc::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let routes = Router::new().fallback(receive).with_state(crowd.clone());
        tokio::spawn(axum::serve(listener, routes).into_future());
        (crowd, address)
    }

    /// Beats from now on, until the runtime of the test ends.
    fn beat(&self) {
        let beats = self.beats.clone();
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(BEAT);
            loop {
                interval.tick().await;
                beats.send_modify(|beat| *beat += 1);
            }
        });
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic while receiving")
    }
}

async fn receive(State(crowd): State<Crowd>, to: Uri, headers: HeaderMap) {
    let message_id = headers["webhook-id"].to_str().expect("an id");
    crowd.seen().begin(to.path(), message_id);
    let mut beats = crowd.beats.subscribe();
    let begun = *beats.borrow();
    let answered = beats.wait_for(|beat| *beat >= begun + 2).await;
    answered.expect("time goes on");
    *crowd.seen().count(to.path()) -= 1;
}

impl Seen {
    fn begin(&mut self, path: &str, message_id: &str) {
        *self.count(path) += 1;
        let now = *self.count(path);
        let most = self.most.entry(path.to_owned()).or_default();
        *most = now.max(*most);
        self.deliveries += 1;
        self.message_ids.insert(message_id.to_owned());
    }

    fn count(&mut self, path: &str) -> &mut usize {
        self.under_way.entry(path.to_owned()).or_default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_never_has_more_attempts_than_its_limit() {
    let database = TestDatabase::create();
    let (crowd, address) = Crowd::start().await;
    let cluster = Cluster::install(database.url(), address, SETTINGS);
    let mut replicas = cluster.start_replicas(3).await;
    let mut merchants = Vec::new();
    for index in 0..ENDPOINTS {
        let url = format!("http://{address}/{index}");
        merchants.push(cluster.create_merchant(&url).await.0);
    }
    let amount = Amount {
        cards: EVENTS,
        orders: 0,
        ..Amount::ENDLESS
    };
    let load = Load::start(&cluster, Merchants(merchants), String::new(), amount);

    // Each endpoint has as many attempts as it may, and more than enough that waits.
    load.acknowledged(EVENTS / 4, ACKNOWLEDGED_WITHIN).await;
    crowd.beat();
    // The endpoints pass to others while they are busy: by a replica that goes, by one that comes.
    let (leaving, _) = replicas.remove(0);
    let stopped = leaving.address();
    let status = cluster.terminate(leaving);
    assert!(status.success(), "{status}");
    cluster.rows.dealt_to(2, DEALT_WITHIN).await;
    let _new = cluster.start();
    cluster.rows.dealt_to(3, DEALT_WITHIN).await;
    let pending = EVENTS - crowd.seen().message_ids.len();
    assert!(
        pending > 0,
        "nothing was left to do when the last shard passed"
    );

    let published = load.end().await;
    calls_failed_only_at(&[stopped], &published);
    cluster.rows.nothing_pending(DELIVERED_WITHIN).await;
    let seen = crowd.seen();
    assert_eq!(seen.message_ids.len(), EVENTS, "events were lost");
    assert_eq!(seen.deliveries, EVENTS, "duplicates");
    let limits = (0..ENDPOINTS).map(|index| (format!("/{index}"), CONCURRENCY));
    assert_eq!(seen.most, limits.collect(), "most attempts at a time");
    println!(
        "limits: {EVENTS} events to {ENDPOINTS} endpoints, never more than {CONCURRENCY} attempts \
         at a time to one; {pending} were left when the last shard had passed",
    );
}
