//! One attempt: sign, post, judge, have it recorded.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use orderhook_store::{AttemptOutcome, AttemptRecord, Claim, Finished, MAX_ANSWER_KEPT};
use orderhook_webhook::{InvalidMessageId, MessageId, SecretError};

use super::Engine;
use super::decision;
use super::dispatcher::Start;
use super::lane::released;
use super::observer::{AttemptSeen, LostAttempt};
use super::recording::record;
use crate::breaker::Health;
use crate::clock::between;
use crate::{Answer, OutgoingRequest, SendError, Verdict, judge};

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
pub(super) async fn attempt(engine: Arc<Engine>, start: Start) {
    let claim = &start.claim;
    let (endpoint_id, lease) = (claim.endpoint_id, claim.lease);
    let ended = match caught(claim, post(&engine, &start)).await.flatten() {
        Ok(ended) => ended,
        Err(why) => return lose(&engine, claim, why),
    };
    let acknowledged = ended.verdict.outcome == AttemptOutcome::Acknowledged;
    let health = decision::health(&ended.verdict);
    let took = between(ended.began, ended.ended);
    let failed_before = engine
        .change(|dispatcher, now| dispatcher.ended(endpoint_id, health, acknowledged, took, now));
    let conclusion = async {
        let finished = conclude(&engine, claim, ended, failed_before);
        record(&engine, finished).await
    };
    let recorded = caught(claim, conclusion).await.flatten();
    engine.change(|dispatcher, now| {
        dispatcher.recorded(endpoint_id, lease, now);
        if recorded.is_err() {
            dispatcher.scan_by(lease.until);
        }
    });
    if let Err(why) = recorded {
        engine.observer.attempt_lost(claim.delivery_id, why);
    }
}

/// One bad attempt must not end the others.
async fn caught<T>(claim: &Claim, future: impl Future<Output = T>) -> Result<T, LostAttempt> {
    let result = AssertUnwindSafe(future).catch_unwind().await;
    result.map_err(|_| {
        tracing::error!(
            delivery.id = claim.delivery_id.0,
            endpoint.id = claim.endpoint_id.0,
            "attempt panicked"
        );
        LostAttempt::Panicked
    })
}

/// Leaves no trace in the history: no outcome that it knows would be true, and the receiver may have
/// done nothing wrong.
///
/// What can't be signed waits for an operator to repair the key. A panic counts for the breaker, so
/// that what breaks our code over and over is tried less and less often. Both come due again when
/// their lease ends.
fn lose(engine: &Arc<Engine>, claim: &Claim, why: LostAttempt) {
    let (endpoint_id, lease) = (claim.endpoint_id, claim.lease);
    let health = match why {
        LostAttempt::Panicked => Health::Failing { retry_after: None },
        _ => Health::Unknown,
    };
    engine.change(|dispatcher, now| match why {
        LostAttempt::NotConnected => dispatcher.not_made(endpoint_id, released(claim), now),
        _ => dispatcher.lost(endpoint_id, lease, health, now),
    });
    engine.observer.attempt_lost(claim.delivery_id, why);
}

async fn post(engine: &Engine, start: &Start) -> Result<Ended, LostAttempt> {
    let claim = &start.claim;
    let began = engine.clock.now();
    let request = signed_request(engine, start, began).map_err(|error| {
        tracing::error!(
            delivery.id = claim.delivery_id.0,
            endpoint.id = claim.endpoint_id.0,
            error = &error as &dyn std::error::Error,
            "attempt can't be signed"
        );
        LostAttempt::Unsigned
    })?;
    let result = engine.transport.post(request).await;
    let ended = engine.clock.now();
    if let Err(error) = &result
        && error.is_own_shortage()
    {
        if let Some(times) = engine.throttles.shortage.count(ended) {
            let error: &dyn std::error::Error = error;
            tracing::error!(times, error, "this machine can make no more connections");
        }
        return Err(LostAttempt::NotConnected);
    }
    Ok(Ended {
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
        endpoint_kind: claim.endpoint_kind,
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
        deadline: engine.settings.attempt_timeout,
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
    // Without the reason: it quotes the receiver, whose text can be a secret address.
    tracing::info!(
        message.id = %claim.message_id,
        delivery.id = claim.delivery_id.0,
        endpoint.id = claim.endpoint_id.0,
        merchant.id = claim.merchant_id.0,
        endpoint.host = host(&claim.url),
        attempt,
        outcome = ?verdict.outcome,
        status = verdict.status,
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
