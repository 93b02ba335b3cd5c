//! Publishing from many connections at once, and what was answered.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::run::Acknowledged;
use crate::server::{Merchant, Operator};

const PUBLISHERS: usize = 32;

/// Publishers that go on until they are stopped, whatever becomes of the server.
pub(crate) struct Publishers {
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
}

struct Shared {
    next_number: AtomicI64,
    answered: Mutex<Answered>,
    /// How many events were acknowledged, for whoever waits for one.
    count: watch::Sender<usize>,
    /// The log of the library in `shim/`, if it is wanted.
    log: Option<PathBuf>,
}

/// What became of the events.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// The `webhook-id` of each of those.
    pub(crate) message_ids: Vec<String>,
    /// Events that were refused: their numbers and the statuses.
    pub(crate) refused: Vec<(i64, u16)>,
    /// How many calls broke off without an answer.
    pub(crate) broken_off: usize,
}

impl Publishers {
    /// Publishers that publish as fast as they are answered.
    pub(crate) fn start(operator: &Operator, merchant: Merchant) -> Self {
        Self::spawn(operator, merchant, None)
    }

    /// Publishers that note how long the log of the library in `shim/` was after each answer.
    pub(crate) fn recorded(operator: &Operator, merchant: Merchant, log: PathBuf) -> Self {
        Self::spawn(operator, merchant, Some(log))
    }

    fn spawn(operator: &Operator, merchant: Merchant, log: Option<PathBuf>) -> Self {
        let shared = Arc::new(Shared {
            next_number: AtomicI64::new(1),
            answered: Mutex::default(),
            count: watch::Sender::new(0),
            log,
        });
        let mut tasks = JoinSet::new();
        for _ in 0..PUBLISHERS {
            tasks.spawn(publish(Arc::clone(&shared), operator.clone(), merchant));
        }
        Self { shared, tasks }
    }

    /// Waits until `count` events more have been acknowledged.
    pub(crate) async fn acknowledged(&self, count: usize) {
        let mut counts = self.shared.count.subscribe();
        let wanted = *counts.borrow() + count;
        let reached = counts.wait_for(|count| *count >= wanted).await;
        reached.expect("the count lives");
    }

    pub(crate) fn answered(&self) -> MutexGuard<'_, Answered> {
        self.shared.answered()
    }

    /// Stops; what was not answered by now is unknown to anyone.
    pub(crate) async fn stop(mut self) -> Answered {
        self.tasks.shutdown().await;
        std::mem::take(&mut self.shared.answered())
    }
}

impl Shared {
    fn answered(&self) -> MutexGuard<'_, Answered> {
        self.answered.lock().expect("no panic while publishing")
    }

    fn acknowledge(&self, number: i64, message_id: &str) {
        let log_length = self.log_length();
        let mut answered = self.answered();
        answered
            .acknowledged
            .push(Acknowledged { number, log_length });
        answered.message_ids.push(message_id.to_owned());
        self.count.send_replace(answered.message_ids.len());
    }

    /// The length of the log right after an answer.
    fn log_length(&self) -> u64 {
        let log = self.log.as_ref().map(std::fs::metadata);
        log.map_or(0, |log| log.expect("there is a log").len())
    }
}

async fn publish(shared: Arc<Shared>, mut operator: Operator, merchant: Merchant) {
    loop {
        let number = shared.next_number.fetch_add(1, Ordering::Relaxed);
        match operator.publish(merchant, number).await {
            Ok((status, body)) if status.is_success() => {
                let message_id = body["data"]["event_id"].as_str().expect("an id");
                shared.acknowledge(number, message_id);
            }
            Ok((status, _)) => shared.answered().refused.push((number, status.as_u16())),
            Err(_) => {
                shared.answered().broken_off += 1;
                // The server is gone; it will listen elsewhere.
                let started = operator.addresses.changed().await;
                started.expect("the test goes on");
            }
        }
    }
}
