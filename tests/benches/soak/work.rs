//! What is done over and over: publish, claim, acknowledge, and sweep what is old.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use orderhook_store::postgres::Postgres;
use orderhook_store::{
    Access as _, AttemptOutcome, AttemptRecord, Claim, EndpointId, EndpointNews, Finished,
    MerchantId, NewEvent, NewPush, Next, Once, Operator, Publishing as _, Queue as _, Retention,
    Shards, Upkeep as _, Wanted, Webhooks as _,
};
use orderhook_types::Secret;

const WEBHOOKS: i64 = 10;
/// Events in one call, and calls at a time.
const BATCH: usize = 100;
const PUBLISHERS: u64 = 4;
/// What one claim takes of each webhook.
const CLAIMED: u32 = 100;
/// Rows of a kind that one sweep deletes, as the server has it.
const SWEPT: u32 = 1000;
const LEASE: SignedDuration = SignedDuration::from_mins(1);

pub(crate) struct Work {
    store: Arc<Postgres>,
    merchant_id: MerchantId,
    webhooks: Vec<EndpointId>,
    published: AtomicU64,
    kept: u64,
}

impl Work {
    pub(crate) async fn begin(store: Arc<Postgres>, kept: u64) -> anyhow::Result<Self> {
        let begin = Timestamp::UNIX_EPOCH;
        let hold = Duration::from_hours(24);
        store.hold(Shards::NONE, hold, begin).await?;
        let secret = Secret::from("whsec_c29hayBzb2FrIHNvYWsgc29hayBzb2Fr");
        let Once::Done(merchant) = store.create_merchant("soak", &secret, None, begin).await?
        else {
            bail!("the database is not empty");
        };
        let merchant_id = merchant.merchant_id;
        let by = Operator {
            id: 1,
            name: "soak".to_owned(),
        };
        let mut webhooks = Vec::new();
        for number in 0..WEBHOOKS {
            let url = format!("https://receiver.example/{number}");
            let created = store
                .create_webhook(merchant_id, "soak", Some(&url), &secret, &by, None, begin)
                .await?;
            let Some(Once::Done(webhook)) = created else {
                bail!("the merchant is not there");
            };
            let webhook_id = webhook.webhook_id;
            let event_type = event_type(number);
            store
                .subscribe(merchant_id, webhook_id, &event_type, &by, begin)
                .await?;
            webhooks.push(webhook_id);
        }
        Ok(Self {
            store,
            merchant_id,
            webhooks,
            published: AtomicU64::new(0),
            kept,
        })
    }

    /// Publishes so many events, each to one webhook, and delivers them; how many old ones went.
    pub(crate) async fn deliver(&self, count: u64) -> anyhow::Result<u64> {
        let end = self.published.load(Ordering::Relaxed) + count;
        let publishers = (0..PUBLISHERS).map(|_| self.publish(count / PUBLISHERS));
        let publishing = try_join_all(publishers);
        let sweeping = self.sweep(end);
        let (_, (), swept) =
            futures_util::try_join!(publishing, self.acknowledge(count), sweeping)?;
        Ok(swept)
    }

    /// A millisecond an event.
    fn time(&self) -> anyhow::Result<Timestamp> {
        let published = self.published.load(Ordering::Relaxed);
        Ok(Timestamp::from_millisecond(i64::try_from(published)?)?)
    }

    async fn publish(&self, count: u64) -> anyhow::Result<()> {
        let body = Bytes::from(vec![b'x'; 700]);
        for _ in 0..count / BATCH as u64 {
            let first = self.published.fetch_add(BATCH as u64, Ordering::Relaxed);
            let events = (first..first + BATCH as u64).map(|number| NewEvent {
                push: NewPush::CardEvent {
                    event_type: event_type(number as i64 % WEBHOOKS),
                },
                body: body.clone(),
                nonce: number,
            });
            let now = self.time()?;
            let published = self
                .store
                .publish(self.merchant_id, events.collect(), None, now)
                .await?;
            published.context("the merchant is there")?;
        }
        Ok(())
    }

    async fn acknowledge(&self, count: u64) -> anyhow::Result<()> {
        let wanted = self.webhooks.iter().map(|endpoint_id| Wanted {
            endpoint_id: *endpoint_id,
            count: CLAIMED,
        });
        let wanted: Vec<Wanted> = wanted.collect();
        let mut acknowledged = 0;
        while acknowledged < count {
            let now = self.time()?;
            let claims = self.store.claim(&wanted, now, now + LEASE).await?;
            acknowledged += claims.len() as u64;
            let finishing = claims
                .iter()
                .map(|claim| self.store.finish(acknowledgement(claim, now), now));
            try_join_all(finishing).await?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// Deletes what is old until so many events were ever published, and nothing old is left.
    async fn sweep(&self, end: u64) -> anyhow::Result<u64> {
        let mut swept = 0;
        let mut looks = tokio::time::interval(Duration::from_millis(100));
        loop {
            let published = self.published.load(Ordering::Relaxed);
            let before = i64::try_from(published.saturating_sub(self.kept))?;
            let before = Timestamp::from_millisecond(before)?;
            let retention = Retention {
                events_before: before,
                idempotency_before: before,
            };
            let now = self.time()?;
            let gone = self.store.sweep(retention, SWEPT, now).await?;
            swept += gone.events;
            if gone.is_empty() {
                if published >= end {
                    return Ok(swept);
                }
                looks.tick().await;
            }
        }
    }
}

fn event_type(webhook: i64) -> String {
    format!("card.soak{webhook}")
}

fn acknowledgement(claim: &Claim, now: Timestamp) -> Finished {
    Finished {
        delivery_id: claim.delivery_id,
        lease: claim.lease,
        endpoint_id: claim.endpoint_id,
        endpoint_kind: claim.endpoint_kind,
        attempt: AttemptRecord {
            attempt: claim.attempts + 1,
            attempted_at: now,
            duration_ms: 1,
            outcome: AttemptOutcome::Acknowledged,
            status: Some(200),
            reason: "200".to_owned(),
            answer: Bytes::from_static(b"{\"code\":\"00000\"}"),
        },
        next: Next::Acknowledged,
        endpoint: EndpointNews::Nothing,
    }
}
