//! Publishing: as fast as the server answers, or at a steady rate.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::future::try_join_all;

use crate::client::{Connection, Numbered};
use crate::now;
use crate::sink::{Receipt, Sink};

/// A delivery that takes longer after the last publish has been lost, or might as well be.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Connections that share a steady rate.
const STEADY_CONNECTIONS: u32 = 8;

/// Events that were published and acknowledged.
pub(crate) struct Published {
    /// When each was sent, by its number.
    pub(crate) sent: Vec<Instant>,
    /// When the first was sent.
    pub(crate) begin: Instant,
    /// When the last was acknowledged.
    pub(crate) end: Instant,
}

impl Published {
    /// Acknowledged events a second.
    pub(crate) fn rate(&self) -> f64 {
        self.sent.len() as f64 / (self.end - self.begin).as_secs_f64()
    }
}

/// Publishes `count` events over `connections`, each sending once it was answered.
pub(crate) async fn closed_loop(
    addresses: &[SocketAddr],
    request: &Numbered,
    count: usize,
    connections: usize,
) -> anyhow::Result<Published> {
    let mut opened = Vec::new();
    for address in addresses.iter().cycle().take(connections) {
        opened.push(Connection::open(*address).await?);
    }
    let begin = now();
    let sent = RefCell::new(vec![begin; count]);
    let next = Cell::new(0);
    let senders = opened.into_iter().map(async |mut connection| {
        let mut request = request.clone();
        loop {
            let first = next.get();
            if first >= count {
                return anyhow::Ok(());
            }
            next.set(first + request.events());
            let events = first..count.min(first + request.events());
            sent.borrow_mut()[events].fill(now());
            connection.send(request.with(first)).await?;
        }
    });
    try_join_all(senders).await?;
    Ok(Published {
        sent: sent.into_inner(),
        begin,
        end: now(),
    })
}

/// Publishes `rate` events a second for a while, whatever the server does.
pub(crate) async fn steady(
    addresses: &[SocketAddr],
    request: &Numbered,
    rate: u32,
    seconds: u32,
) -> anyhow::Result<Published> {
    let count = rate * seconds;
    let begin = now();
    let sent = RefCell::new(vec![begin; count as usize]);
    let senders = (0..STEADY_CONNECTIONS).zip(addresses.iter().cycle());
    let senders = senders.map(async |(first, address)| {
        let mut connection = Connection::open(*address).await?;
        let mut request = request.clone();
        for number in (first..count).step_by(STEADY_CONNECTIONS as usize) {
            let at = begin + Duration::from_secs(1) / rate * number;
            tokio::time::sleep_until(at.into()).await;
            let number = number as usize;
            let request = request.with(number);
            sent.borrow_mut()[number] = now();
            connection.send(request).await?;
        }
        anyhow::Ok(())
    });
    try_join_all(senders).await?;
    Ok(Published {
        sent: sent.into_inner(),
        begin,
        end: now(),
    })
}

/// Waits until so many different deliveries arrived, and takes the first receipt of each.
pub(crate) async fn all_delivered(sink: &Sink, count: usize) -> anyhow::Result<Vec<Receipt>> {
    let mut different = HashMap::new();
    let arrived = async {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        while different.len() < count {
            looks.tick().await;
            for receipt in sink.take() {
                let delivery = (receipt.endpoint, receipt.number);
                different.entry(delivery).or_insert(receipt);
            }
        }
    };
    if tokio::time::timeout(PATIENCE, arrived).await.is_err() {
        bail!("{} of {count} deliveries arrived", different.len());
    }
    Ok(different.into_values().collect())
}

/// From sending an event to receiving its delivery, in milliseconds, the shortest first.
pub(crate) fn latencies(published: &Published, receipts: &[Receipt]) -> anyhow::Result<Vec<f64>> {
    let latencies = receipts.iter().map(|receipt| {
        let sent = published.sent.get(receipt.number)?;
        Some((receipt.at - *sent).as_secs_f64() * 1e3)
    });
    let latencies: Option<Vec<_>> = latencies.collect();
    let mut latencies = latencies.context("a delivery of an event that was not published")?;
    latencies.sort_by(f64::total_cmp);
    Ok(latencies)
}
