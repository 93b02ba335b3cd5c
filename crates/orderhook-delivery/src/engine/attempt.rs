//! One attempt: sign, post, judge, record.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use orderhook_store::{
    AttemptOutcome, AttemptRecord, Claim, Finished, Lease, MAX_ANSWER_KEPT, Next, StoreError,
};
use orderhook_webhook::{InvalidMessageId, MessageId, SecretError};

use super::Engine;
use super::decision;
use super::dispatcher::Start;
use super::observer::AttemptSeen;
use crate::clock::{after, between};
use crate::{Answer, OutgoingRequest, SendError, Verdict, judge};

/// How long a result waits before the store is asked again: at first, and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Why an attempt could not even begin.
#[derive(Debug, thiserror::Error)]
enum Unsigned {
    #[error("signing secret can't be used")]
    Secret(#[from] SecretError),
    #[error("message id can't be sent")]
    MessageId(#[from] InvalidMessageId),
}

/// An attempt that ended.
struct Ended {
    result: Result<Answer, SendError>,
    verdict: Verdict,
    began: Timestamp,
    ended: Timestamp,
}

/// Makes an attempt and records it. Whatever happens, the slot is free afterwards.
///
/// What can't be signed, and what panics, is left to its lease: it comes due again.
pub(super) async fn attempt(engine: Arc<Engine>, start: Start) {
    let claim = &start.claim;
    let (endpoint_id, lease) = (claim.endpoint_id, claim.lease);
    let Some(ended) = caught(claim, post(&engine, &start)).await.flatten() else {
        return engine.change(|dispatcher, now| dispatcher.lost(endpoint_id, lease, now));
    };
    let acknowledged = ended.verdict.outcome == AttemptOutcome::Acknowledged;
    let health = decision::health(&ended.verdict);
    let failed_before =
        engine.change(|dispatcher, now| dispatcher.ended(endpoint_id, health, acknowledged, now));
    let conclusion = async {
        let finished = conclude(&engine, claim, ended, failed_before);
        record(&engine, finished).await;
    };
    caught(claim, conclusion).await;
    engine.change(|dispatcher, now| dispatcher.recorded(endpoint_id, now));
}

/// `None` if the future panics: one bad attempt must not end the others.
async fn caught<T>(claim: &Claim, future: impl Future<Output = T>) -> Option<T> {
    let result = AssertUnwindSafe(future).catch_unwind().await;
    if result.is_err() {
        tracing::error!(
            delivery.id = claim.delivery_id.0,
            endpoint.id = claim.endpoint_id.0,
            "attempt panicked"
        );
    }
    result.ok()
}

async fn post(engine: &Engine, start: &Start) -> Option<Ended> {
    let claim = &start.claim;
    let began = engine.clock.now();
    let request = match signed_request(engine, start, began) {
        Ok(request) => request,
        Err(error) => {
            tracing::error!(
                delivery.id = claim.delivery_id.0,
                endpoint.id = claim.endpoint_id.0,
                error = &error as &dyn std::error::Error,
                "attempt can't be signed"
            );
            return None;
        }
    };
    let result = engine.transport.post(request).await;
    let ended = engine.clock.now();
    Some(Ended {
        verdict: judge(claim.endpoint_kind, &result, ended),
        result,
        began,
        ended,
    })
}

fn conclude(engine: &Engine, claim: &Claim, attempt: Ended, failed_before: bool) -> Finished {
    announce(engine, claim, &attempt);
    let Ended {
        result,
        verdict,
        began,
        ended,
    } = attempt;
    let settings = &engine.settings;
    let random = engine.random.number();
    Finished {
        delivery_id: claim.delivery_id,
        lease: claim.lease,
        endpoint_id: claim.endpoint_id,
        next: decision::next(claim, &verdict, settings, random, ended),
        endpoint: decision::endpoint_news(claim, &verdict, failed_before, settings, ended),
        attempt: AttemptRecord {
            attempt: number(claim),
            attempted_at: began,
            duration_ms: u32::try_from(between(began, ended).as_millis()).unwrap_or(u32::MAX),
            outcome: verdict.outcome,
            status: verdict.status,
            reason: verdict.reason,
            answer: kept(&result),
        },
    }
}

/// 1 for the first attempt of a delivery.
fn number(claim: &Claim) -> u32 {
    claim.attempts.saturating_add(1)
}

fn signed_request(
    engine: &Engine,
    start: &Start,
    now: Timestamp,
) -> Result<OutgoingRequest, Unsigned> {
    let claim = &start.claim;
    let signer = start.signer.as_ref().map_err(|error| *error)?;
    let message_id = MessageId::new(claim.message_id.to_string())?;
    // Before 1970 only if the machine's clock is badly wrong; the receiver refuses that itself.
    let timestamp = u64::try_from(now.as_second()).unwrap_or_default();
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    signer
        .sign(&message_id, timestamp, &claim.body)
        .insert_into(&mut headers);
    Ok(OutgoingRequest {
        url: Arc::clone(&claim.url),
        headers,
        body: claim.body.clone(),
        deadline: engine.settings.attempt_deadline,
    })
}

/// The beginning of an answer; a copy, so that it does not keep the whole in memory.
fn kept(result: &Result<Answer, SendError>) -> Bytes {
    match result {
        Ok(answer) if answer.body.len() <= MAX_ANSWER_KEPT => answer.body.clone(),
        Ok(answer) => Bytes::copy_from_slice(&answer.body[..MAX_ANSWER_KEPT]),
        Err(_) => Bytes::new(),
    }
}

fn announce(engine: &Engine, claim: &Claim, ended: &Ended) {
    let Ended {
        verdict,
        began,
        ended,
        ..
    } = ended;
    let attempt = number(claim);
    let duration = between(*began, *ended);
    let lease_left = between(*began, claim.lease.until);
    engine.observer.attempted(&AttemptSeen {
        merchant_id: claim.merchant_id,
        endpoint_id: claim.endpoint_id,
        delivery_id: claim.delivery_id,
        message_id: claim.message_id,
        attempt,
        outcome: verdict.outcome,
        status: verdict.status,
        duration,
        waited: engine.settings.lease.saturating_sub(lease_left),
    });
    tracing::info!(
        message.id = %claim.message_id,
        delivery.id = claim.delivery_id.0,
        endpoint.id = claim.endpoint_id.0,
        merchant.id = claim.merchant_id.0,
        endpoint.host = host(&claim.url),
        attempt,
        outcome = ?verdict.outcome,
        status = verdict.status,
        reason = verdict.reason,
        duration_ms = duration.as_secs_f64() * 1e3,
        "attempt",
    );
}

/// Host and port of a URL. Neither user and password before them nor the path behind them are for
/// the log: the paths of some receivers are secrets.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
}

/// Records an attempt, again and again until its lease ends if the store fails: an attempt that was
/// made and is not recorded is made twice.
async fn record(engine: &Arc<Engine>, finished: Finished) {
    let Finished {
        delivery_id,
        lease,
        next,
        ..
    } = finished;
    let mut pause = FIRST_PAUSE;
    loop {
        let now = engine.clock.now();
        match engine.store.finish(finished.clone(), now).await {
            Ok(held) => {
                engine.observer.recorded(delivery_id, held);
                return schedule_look(engine, held, next);
            }
            Err(error) => engine.report(&error, "attempt is not recorded yet"),
        }
        if engine.clock.now() >= lease.until {
            return give_up(engine, delivery_id.0, lease);
        }
        let again = after(engine.clock.now(), pause);
        engine.clock.sleep_until(again).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The queue is looked at when the delivery is due again.
fn schedule_look(engine: &Arc<Engine>, held: bool, next: Next) {
    if let Next::Retry { due } = next
        && held
    {
        engine.change(|dispatcher, _| dispatcher.scan_by(due));
    }
}

fn give_up(engine: &Arc<Engine>, delivery_id: i64, lease: Lease) {
    tracing::error!(
        delivery.id = delivery_id,
        "attempt could not be recorded before its lease ended; it will be made again"
    );
    engine.change(|dispatcher, _| dispatcher.scan_by(lease.until));
}

/// A failure of the store, for the log and for whoever counts.
impl Engine {
    pub(super) fn report(&self, error: &StoreError, what: &str) {
        self.observer.store_failed(error);
        tracing::warn!(error = error as &dyn std::error::Error, "{what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_logged_without_what_can_be_secret() {
        #[track_caller]
        fn check(url: &str, expected: &str) {
            assert_eq!(host(url), expected);
        }
        check("https://example.com", "example.com");
        check(
            "https://example.com:8443/hook/SECRET?token=SECRET",
            "example.com:8443",
        );
        check("https://user:SECRET@example.com/", "example.com");
        check("https://user:SE@CRET@example.com?x", "example.com");
        check("https://[::1]:80#SECRET", "[::1]:80");
        check("https://example.com\\@SECRET", "example.com");
        check("", "");
    }
}
