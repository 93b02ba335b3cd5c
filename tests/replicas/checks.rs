//! What is true of a run once all faults are over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::Cluster;
use crate::load::Published;
use crate::sink::{Inbox, Received, Sink};

#[expect(
    clippy::disallowed_methods,
    reason = "how long replicas take is a figure to print"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What came to the receiver of a run.
pub(crate) struct Arrived {
    /// How many requests.
    pub(crate) deliveries: usize,
    /// The names of the events that came more than once.
    pub(crate) duplicates: HashSet<String>,
}

/// No call was refused but by a server that can't answer just now, and none broke off but at
/// replicas that were `stopped`.
pub(crate) fn calls_failed_only_at(stopped: &[SocketAddr], published: &Published) {
    assert!(published.refused.is_empty(), "{:?}", published.refused);
    let calls = published.broken_off.iter();
    let others: Vec<_> = calls.filter(|(to, _)| !stopped.contains(to)).collect();
    assert!(others.is_empty(), "calls broke off: {others:?}");
}

/// Waits until everything that was acknowledged has arrived and nothing is pending any more, each
/// for no longer than `patience`. Then each event was made once, is signed, and came in the order
/// of its order.
pub(crate) async fn all_arrive(
    cluster: &Cluster,
    sink: &Sink,
    published: &Published,
    patience: Duration,
) -> Arrived {
    let message_ids = published.message_ids();
    let lost = sink.missing(&message_ids, patience).await;
    assert_eq!(lost, 0, "of {} events lost", message_ids.len());
    cluster.rows.nothing_pending(patience).await;

    let names = published.message_ids.keys().cloned();
    let once: BTreeMap<String, i64> = names.map(|name| (name, 1)).collect();
    assert!(
        cluster.rows.events().await == once,
        "events were made twice"
    );

    let inbox = sink.inbox();
    assert_eq!(inbox.refused_signatures, [""; 0]);
    assert_orders(&inbox);
    Arrived {
        deliveries: inbox.received.len(),
        duplicates: duplicates(&inbox),
    }
}

fn duplicates(inbox: &Inbox) -> HashSet<String> {
    let copies = |received: &&Received| inbox.copies(received.message_id());
    let received = inbox.received.iter();
    let twice = received.filter(|received| copies(received) > 1);
    twice.map(|received| name(&data(received))).collect()
}

/// The changes of each order came one after the other; one may have come again before the next.
fn assert_orders(inbox: &Inbox) {
    let mut last_steps: HashMap<String, i64> = HashMap::new();
    for received in &inbox.received {
        let data = data(received);
        let (Some(order), Some(step)) = (data["orderId"].as_str(), data["fiatAmount"].as_str())
        else {
            continue;
        };
        let step: i64 = step.parse().expect("a number");
        let last = last_steps.insert(order.to_owned(), step);
        let last = last.unwrap_or(-1);
        assert!(
            step == last || step == last + 1,
            "of order {order} step {step} came after {last}"
        );
    }
}

fn data(received: &Received) -> Value {
    let mut body: Value = serde_json::from_slice(&received.body).expect("JSON");
    body["data"].take()
}

/// What the event was published as.
fn name(data: &Value) -> String {
    let name = data["name"].as_str().or(data["merchantOrderId"].as_str());
    name.expect("a name").to_owned()
}
