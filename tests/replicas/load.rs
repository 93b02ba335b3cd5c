//! Publishing by many callers at once, to all replicas in turn: card events, and changes of orders
//! in their order.
//!
//! Each event is published with an `Idempotency-Key` of its own until it is acknowledged, whatever
//! happens in between.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior};

use crate::checks::now;
use crate::client::{Answer, Client};
use crate::cluster::{Cluster, Merchants};
use crate::sink::Sink;

const CARD_PUBLISHERS: usize = 12;
const ORDER_PUBLISHERS: usize = 4;
/// How many changes each order has.
pub(crate) const STEPS: usize = 20;
/// How soon a call that was refused is made again.
const RETRIED_EVERY: Duration = Duration::from_millis(100);
/// By then the last event is acknowledged, after all faults are over.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_mins(5);

/// Once the database is back, this much later everything is again as before.
const RESUMED_WITHIN: Duration = Duration::from_secs(10);

/// How much is published, and how fast.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amount {
    pub(crate) cards: usize,
    pub(crate) orders: usize,
    /// How long each publisher waits between two events.
    pub(crate) pace: Duration,
}

impl Amount {
    /// As fast as it is answered, until it is stopped.
    pub(crate) const ENDLESS: Self = Self {
        cards: usize::MAX,
        orders: usize::MAX,
        pace: Duration::from_millis(1),
    };
    /// About 160 events a second, until it is stopped.
    pub(crate) const TRICKLE: Self = Self {
        pace: Duration::from_millis(100),
        ..Self::ENDLESS
    };
    /// 15,000 events, as fast as they are answered.
    pub(crate) const FIFTEEN_THOUSAND: Self = Self {
        cards: 14_000,
        orders: 1_000 / STEPS,
        ..Self::ENDLESS
    };
}

/// Publishers at work.
pub(crate) struct Load {
    shared: Arc<Shared>,
    publishers: JoinSet<()>,
}

/// What became of the calls.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// The events that were acknowledged, by their names: the `webhook-id` of each.
    pub(crate) message_ids: BTreeMap<String, String>,
    /// How many calls were refused as they should be by a server that can't answer just now.
    pub(crate) unavailable: usize,
    /// All other refusals.
    pub(crate) refused: Vec<Answer>,
    /// Calls without an answer: whom they were made to, and what became of them.
    pub(crate) broken_off: Vec<(SocketAddr, reqwest::Error)>,
}

impl Published {
    /// The `webhook-id`s of all events.
    pub(crate) fn message_ids(&self) -> Vec<String> {
        self.message_ids.values().cloned().collect()
    }
}

struct Shared {
    client: Client,
    replicas: watch::Receiver<Vec<SocketAddr>>,
    merchants: Merchants,
    /// Where the changes of orders are pushed to.
    callback: String,
    amount: Amount,
    next_card: AtomicUsize,
    next_order: AtomicUsize,
    stopping: watch::Sender<bool>,
    published: Mutex<Published>,
    /// How many events were acknowledged, for whoever waits for one.
    acknowledged: watch::Sender<usize>,
}

struct Event {
    name: String,
    path: String,
    body: Value,
}

impl Load {
    /// Card events of all the merchants, and orders that are pushed to `callback`.
    pub(crate) fn start(
        cluster: &Cluster,
        merchants: Merchants,
        callback: String,
        amount: Amount,
    ) -> Self {
        let shared = Arc::new(Shared {
            client: cluster.client.clone(),
            replicas: cluster.addresses(),
            merchants,
            callback,
            amount,
            next_card: AtomicUsize::new(0),
            next_order: AtomicUsize::new(0),
            stopping: watch::Sender::new(false),
            published: Mutex::default(),
            acknowledged: watch::Sender::new(0),
        });
        let mut publishers = JoinSet::new();
        for _ in 0..CARD_PUBLISHERS {
            publishers.spawn(publish_cards(Arc::clone(&shared)));
        }
        for _ in 0..ORDER_PUBLISHERS {
            publishers.spawn(publish_orders(Arc::clone(&shared)));
        }
        Self { shared, publishers }
    }

    pub(crate) fn so_far(&self) -> MutexGuard<'_, Published> {
        self.shared.published()
    }

    /// Waits until `count` events more have been acknowledged, but no longer than `patience`;
    /// returns those, as [`Published::message_ids`].
    pub(crate) async fn acknowledged(
        &self,
        count: usize,
        patience: Duration,
    ) -> BTreeMap<String, String> {
        let before = self.so_far().message_ids.clone();
        let mut counts = self.shared.acknowledged.subscribe();
        let reached = counts.wait_for(|all| *all >= before.len() + count);
        let in_time = tokio::time::timeout(patience, reached).await;
        in_time
            .expect("events are acknowledged")
            .expect("the load lives");
        let mut new = self.so_far().message_ids.clone();
        new.retain(|name, _| !before.contains_key(name));
        new
    }

    /// Card events of about all merchants that are published from now on are acknowledged and
    /// delivered in time; returns how long that takes.
    ///
    /// What was tried before may have been made then and leased, which nobody learned of: it waits
    /// until the lease ends, and so does its order.
    pub(crate) async fn resumes(&self, sink: &Sink) -> Duration {
        let begin = now();
        let first = self.shared.next_card.load(Ordering::Relaxed);
        let is_new = |name: &str| {
            let number = name.strip_prefix("card ").map(str::parse::<usize>);
            number.is_some_and(|number| number.is_ok_and(|number| number >= first))
        };
        let resumed = async {
            let mut new = self.acknowledged(64, RESUMED_WITHIN).await;
            new.retain(|name, _| is_new(name));
            let message_ids: Vec<_> = new.into_values().collect();
            sink.missing(&message_ids, RESUMED_WITHIN).await
        };
        let late = tokio::time::timeout(RESUMED_WITHIN, resumed).await;
        assert_eq!(late, Ok(0), "delivery did not resume");
        begin.elapsed()
    }

    /// Begins nothing more, and waits until all that has begun is acknowledged.
    pub(crate) async fn stop(self) -> Published {
        self.shared.stopping.send_replace(true);
        self.end().await
    }

    /// Waits until all of the amount is acknowledged.
    pub(crate) async fn end(mut self) -> Published {
        let all = async {
            while let Some(ended) = self.publishers.join_next().await {
                ended.expect("no publisher panics");
            }
        };
        let in_time = tokio::time::timeout(ACKNOWLEDGED_WITHIN, all).await;
        in_time.expect("each event is acknowledged in the end");
        std::mem::take(&mut self.shared.published())
    }
}

async fn publish_cards(shared: Arc<Shared>) {
    let mut pace = shared.pace();
    loop {
        pace.tick().await;
        let number = shared.next_card.fetch_add(1, Ordering::Relaxed);
        if number >= shared.amount.cards || *shared.stopping.borrow() {
            return;
        }
        shared.publish(shared.card(number), number).await;
    }
}

async fn publish_orders(shared: Arc<Shared>) {
    let mut pace = shared.pace();
    loop {
        let order = shared.next_order.fetch_add(1, Ordering::Relaxed);
        if order >= shared.amount.orders {
            return;
        }
        for step in 0..STEPS {
            pace.tick().await;
            if *shared.stopping.borrow() {
                return;
            }
            shared
                .publish(shared.order(order, step), order + step)
                .await;
        }
    }
}

impl Shared {
    fn pace(&self) -> Interval {
        let mut pace = tokio::time::interval(self.amount.pace);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pace
    }

    fn published(&self) -> MutexGuard<'_, Published> {
        self.published.lock().expect("no panic while publishing")
    }

    fn merchant(&self, number: usize) -> i64 {
        self.merchants.0[number % self.merchants.0.len()]
    }

    fn card(&self, number: usize) -> Event {
        let name = format!("card {number}");
        let data = json!({"name": name, "note": "x".repeat(500)});
        Event {
            path: format!("/v1/merchants/{}/card-events", self.merchant(number)),
            body: json!({"event_type": "card.load", "data": data}),
            name,
        }
    }

    fn order(&self, order: usize, step: usize) -> Event {
        let name = format!("order {order} step {step}");
        let merchant = self.merchant(order);
        Event {
            path: format!("/v1/merchants/{merchant}/order-status-changes"),
            body: json!({
                "merchantOrderId": name,
                "orderId": order.to_string(),
                "userId": "88001",
                "fiatCurrency": "EUR",
                "cryptoCurrency": "USDT",
                "fiatAmount": step.to_string(),
                "cryptoAmount": "129.87",
                "orderFee": "1.20",
                "price": "0.924",
                "payWayCode": "CARD",
                "state": "PROCESSING",
                "createTime": "2026-11-01T09:30:00.000Z",
                "updateTime": "2026-11-01T09:31:00.000Z",
                "network": "TRON",
                "address": "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf",
                "actualReceivedAmount": "0",
                "orderCallBackUrl": self.callback,
            }),
            name,
        }
    }

    /// Publishes at one replica after the other until one acknowledges it.
    async fn publish(&self, event: Event, mut turn: usize) {
        let mut tries = tokio::time::interval(RETRIED_EVERY);
        loop {
            tries.tick().await;
            let replica = {
                let replicas = self.replicas.borrow();
                replicas[turn % replicas.len()]
            };
            turn += 1;
            let Event { name, path, body } = &event;
            match self.client.post_once(replica, path, name, body).await {
                Ok(answer) if answer.status.is_success() => {
                    return self.acknowledge(event.name, &answer);
                }
                Ok(answer) if answer.is_unavailable() => self.published().unavailable += 1,
                Ok(answer) => self.published().refused.push(answer),
                Err(error) => self.published().broken_off.push((replica, error)),
            }
        }
    }

    fn acknowledge(&self, name: String, answer: &Answer) {
        let message_id = answer.body["data"]["event_id"].as_str().expect("an id");
        let mut published = self.published();
        published.message_ids.insert(name, message_id.to_owned());
        self.acknowledged.send_replace(published.message_ids.len());
    }
}
