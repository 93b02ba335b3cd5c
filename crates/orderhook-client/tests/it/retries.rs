use std::time::Duration;

use orderhook_client::types::{ErrorResponse, EventType};
use orderhook_client::{Client, Error, ErrorExt, RetryPolicy};

use crate::builder;
use crate::clock::TestClock;
use crate::server::{Answer, Server};

type Result<T = ()> = std::result::Result<T, Error<ErrorResponse>>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Call {
    List,
    Create,
    Update,
    Subscribe,
    Unsubscribe,
    Events,
}

const CALLS: [Call; 6] = [
    Call::List,
    Call::Create,
    Call::Update,
    Call::Subscribe,
    Call::Unsubscribe,
    Call::Events,
];

impl Call {
    async fn send(self, client: &Client) -> Result {
        match self {
            Self::List => client.list_webhooks().send().await.map(drop),
            Self::Events => client.list_events().send().await.map(drop),
            Self::Create => {
                let call = client.create_webhook();
                call.body_map(|body| body.webhook_name("a"))
                    .send()
                    .await
                    .map(drop)
            }
            Self::Update => {
                let call = client.update_webhook().webhook_id(3);
                call.body_map(|body| body.webhook_name("a"))
                    .send()
                    .await
                    .map(drop)
            }
            Self::Subscribe => {
                let call = client.subscribe_event().webhook_id(3);
                call.body_map(|body| body.event_type(EventType::CardLoad))
                    .send()
                    .await
                    .map(drop)
            }
            Self::Unsubscribe => {
                let call = client.unsubscribe_event().webhook_id(3);
                call.event_type(EventType::CardLoad).send().await.map(drop)
            }
        }
    }

    fn success(self) -> Answer {
        match self {
            Self::List | Self::Events => Answer::empty_page(),
            _ => Answer::webhook(),
        }
    }
}

/// Makes the call against these answers; what it ended in and the waits before each retry.
async fn run(call: Call, answers: Vec<Answer>) -> (Result, usize, Vec<u128>) {
    let clock = TestClock::new();
    let server = Server::start(answers, &clock).await;
    let client = builder(&server, &clock).build().unwrap();
    let result = call.send(&client).await;
    (result, server.seen().len(), clock.waits_ms())
}

/// The waits of every operation whose first attempt meets this answer, and each further one none
/// that asks for another.
async fn check(first: Answer, waits_ms: &[u128]) {
    let is_retried = !waits_ms.is_empty();
    let script = CALLS.iter().flat_map(|call| {
        let then = is_retried.then(|| call.success());
        [first.clone()].into_iter().chain(then)
    });
    let clock = TestClock::new();
    let server = Server::start(script, &clock).await;
    let client = builder(&server, &clock).build().unwrap();
    for (before, call) in CALLS.into_iter().enumerate() {
        let result = call.send(&client).await;
        assert_eq!(result.is_ok(), is_retried, "{call:?} after {first:?}");
        let waits = waits_ms.repeat(before + 1);
        assert_eq!(clock.waits_ms(), waits, "{call:?} after {first:?}");
        let requests = (before + 1) * (1 + waits_ms.len());
        assert_eq!(server.seen().len(), requests, "{call:?} after {first:?}");
    }
}

#[tokio::test]
async fn what_is_tried_again() {
    check(Answer::status(429), &[250]).await;
    check(Answer::status(502), &[250]).await;
    check(Answer::status(503), &[250]).await;
    check(Answer::status(504), &[250]).await;
    check(Answer::status(408), &[250]).await;
    check(Answer::Nothing, &[250]).await;
    check(Answer::Half, &[250]).await;

    check(Answer::status(302), &[]).await;
    check(Answer::status(400), &[]).await;
    check(Answer::status(401), &[]).await;
    check(Answer::status(404), &[]).await;
    check(Answer::status(409), &[]).await;
    check(Answer::status(413), &[]).await;
    check(Answer::status(415), &[]).await;
    check(Answer::status(500), &[]).await;
    check(Answer::status(501), &[]).await;
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_asked_for_again() {
    let answers = vec![Answer::Whole(200, Vec::new(), "<html>".to_owned())];
    let (result, requests, _) = run(Call::List, answers).await;
    assert_eq!(requests, 1);
    assert!(matches!(result, Err(Error::InvalidResponsePayload(..))));
}

/// The waits while the server answers 503 with each of these values of `Retry-After`, then well.
async fn check_retry_after(values: &[&str], waits_ms: &[u128]) {
    let refusals = values.iter().map(|value| Answer::retry_after(503, value));
    let answers = refusals.chain([Answer::empty_page()]).collect();
    let (result, requests, waits) = run(Call::List, answers).await;
    assert_eq!(waits, waits_ms, "{values:?}");
    assert_eq!(requests, 1 + waits_ms.len(), "{values:?}");
    // What the server asks for beyond the deadline ends the call with the server's own answer.
    match result {
        Ok(()) => assert_eq!(values.len(), waits_ms.len(), "{values:?}"),
        Err(error) => {
            assert!(waits_ms.len() < values.len(), "{values:?}");
            assert!(error.has_status(reqwest::StatusCode::SERVICE_UNAVAILABLE));
        }
    }
}

#[tokio::test]
async fn retry_after_is_honoured_within_reason() {
    // Seconds, and the jitter on top.
    check_retry_after(&["0"], &[250]).await;
    check_retry_after(&["5"], &[5_250]).await;
    check_retry_after(&["5", "1", "0"], &[5_250, 1_500, 1_000]).await;
    check_retry_after(&["0007"], &[7_250]).await;

    // Dates; it is 09:30:00.
    check_retry_after(&["Sun, 01 Nov 2026 09:30:10 GMT"], &[10_250]).await;
    check_retry_after(&["Sunday, 01-Nov-26 09:30:10 GMT"], &[10_250]).await;
    check_retry_after(&["Sun Nov  1 09:30:10 2026"], &[10_250]).await;
    check_retry_after(&["Sun, 01 Nov 2026 09:29:00 GMT"], &[250]).await;
    check_retry_after(&["Thu, 01 Jan 1970 00:00:00 GMT"], &[250]).await;

    // More than is left of the 30 s.
    check_retry_after(&["30"], &[]).await;
    check_retry_after(&["20", "20"], &[20_250]).await;
    check_retry_after(&["86400"], &[]).await;
    check_retry_after(&["18446744073709551615"], &[]).await;
    check_retry_after(&["99999999999999999999999999999999999999"], &[]).await;
    check_retry_after(&["Fri, 31 Dec 9999 23:59:59 GMT"], &[]).await;

    // Neither seconds nor a date: as if it were absent.
    check_retry_after(&[""], &[250]).await;
    check_retry_after(&["-5"], &[250]).await;
    check_retry_after(&["+5"], &[250]).await;
    check_retry_after(&["1.5"], &[250]).await;
    check_retry_after(&["1e300"], &[250]).await;
    check_retry_after(&["inf"], &[250]).await;
    check_retry_after(&["NaN"], &[250]).await;
    check_retry_after(&["5 s"], &[250]).await;
    check_retry_after(&["soon"], &[250]).await;
    check_retry_after(&["Sun, 32 Nov 2026 09:30:10 GMT"], &[250]).await;
    check_retry_after(&["Fri, 31 Dec 99999 23:59:59 GMT"], &[250]).await;
}

/// The waits under a policy while the server answers 503 for ever; `random` chooses the jitter.
async fn check_policy(policy: RetryPolicy, random: u64, waits_ms: &[u128]) {
    let clock = TestClock::new();
    let server = Server::start(vec![Answer::status(503); 20], &clock).await;
    let client = builder(&server, &clock)
        .random(move || random)
        .retry(policy)
        .build()
        .unwrap();
    let error = client.list_webhooks().send().await.unwrap_err();

    assert_eq!(clock.waits_ms(), waits_ms, "{policy:?}");
    assert_eq!(server.seen().len(), 1 + waits_ms.len(), "{policy:?}");
    assert_eq!(error.trace_id(), Some("trace-1"));
}

#[tokio::test]
async fn backoff_doubles_up_to_its_maximum_with_full_jitter() {
    let policy = RetryPolicy::default();
    check_policy(policy, u64::MAX, &[250, 500, 1000]).await;
    check_policy(policy, u64::MAX / 2, &[125, 250, 500]).await;
    check_policy(policy, 0, &[0, 0, 0]).await;
    check_policy(RetryPolicy::never(), u64::MAX, &[]).await;
    check_policy(policy.max_attempts(0), u64::MAX, &[]).await;
    check_policy(policy.max_attempts(2), u64::MAX, &[250]).await;

    let capped = policy
        .max_attempts(6)
        .base_backoff(Duration::from_millis(10))
        .max_backoff(Duration::from_millis(35));
    check_policy(capped, u64::MAX, &[10, 20, 35, 35, 35]).await;
    // 1, 2, 4 and 8 s are 15 s; another 16 s would pass the deadline.
    let slow = policy
        .max_attempts(20)
        .base_backoff(Duration::from_secs(1))
        .max_backoff(Duration::from_secs(60));
    check_policy(slow, u64::MAX, &[1000, 2000, 4000, 8000]).await;
}

#[tokio::test]
async fn the_time_that_attempts_take_counts_towards_the_deadline() {
    let slowly = |seconds| Answer::status(503).after(Duration::from_secs(seconds));
    let (result, requests, waits) = run(Call::List, vec![slowly(14), slowly(15), slowly(1)]).await;
    assert!(result.unwrap_err().is_retryable());
    // After 14 s, 250 ms and 15 s there is room for 500 ms, and after the third for nothing.
    assert_eq!((requests, waits), (3, vec![250, 500]));

    let (result, requests, waits) = run(Call::List, vec![slowly(14), slowly(16), slowly(1)]).await;
    assert!(result.unwrap_err().is_retryable());
    assert_eq!((requests, waits), (2, vec![250]));
}

/// How often a call is sent where this much time is left after its second attempt and the wait.
async fn check_left(left_ms: u64, requests: usize) {
    // The deadline of 30 s without the waits of 250 and 500 ms.
    let second = Duration::from_millis(30_000 - 750 - left_ms);
    let answers = vec![
        Answer::status(503),
        Answer::status(503).after(second),
        Answer::Silence,
    ];
    let clock = TestClock::new();
    let server = Server::start(answers, &clock).await;
    let client = builder(&server, &clock).build().unwrap();
    let error = client.list_webhooks().send().await.unwrap_err();
    assert_eq!(server.seen().len(), requests, "{left_ms} ms");
    // Without a third attempt the call ends in the second's outcome, not in a timeout.
    assert_eq!(error.status().is_some(), requests == 2, "{left_ms} ms");
}

#[tokio::test]
async fn no_attempt_begins_shortly_before_the_deadline() {
    check_left(100, 3).await;
    check_left(99, 2).await;
    check_left(1, 2).await;
}

#[tokio::test]
async fn no_attempt_begins_after_a_timer_that_is_too_late() {
    let clock = TestClock::new().with_late_timer(Duration::from_secs(3600));
    let server = Server::start(vec![Answer::status(503); 4], &clock).await;
    let client = builder(&server, &clock).build().unwrap();
    let error = client.list_webhooks().send().await.unwrap_err();
    assert_eq!(error.trace_id(), Some("trace-1"));
    assert_eq!((server.seen().len(), clock.waits_ms()), (1, vec![250]));
}

/// The waits with this timeout and deadline where the server says nothing.
async fn check_timeout(attempt: Duration, deadline: Duration, waits_ms: &[u128]) {
    let clock = TestClock::new();
    let server = Server::start(vec![Answer::Silence; 20], &clock).await;
    let client = builder(&server, &clock)
        .attempt_timeout(attempt)
        .deadline(deadline)
        .build()
        .unwrap();
    let call = client.list_webhooks().send();
    let result = tokio::time::timeout(Duration::from_secs(20), call).await;
    let Err(Error::CommunicationError(error)) = result.expect("the call ends by itself") else {
        panic!("no timeout");
    };
    assert!(error.is_timeout());
    assert_eq!(clock.waits_ms(), waits_ms);
}

#[tokio::test]
async fn an_attempt_ends_at_its_timeout_or_at_the_deadline() {
    let short = Duration::from_millis(200);
    let long = Duration::from_secs(30);
    check_timeout(short, long, &[250, 500, 1000]).await;
    // On the clock no time has passed, but the first wait would already reach the deadline.
    check_timeout(long, short, &[]).await;
}

#[tokio::test]
async fn the_machines_clock_serves_as_well() {
    let answers = [Answer::retry_after(503, "0"), Answer::empty_page()];
    let server = Server::start(answers, &TestClock::new()).await;
    let client = Client::builder(&server.base(), "token").random(|| 0);
    let client = client.build().unwrap();
    client.list_webhooks().send().await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn no_connection_is_tried_again() {
    let clock = TestClock::new();
    let mut server = Server::start([], &clock).await;
    let client = builder(&server, &clock).build().unwrap();
    server.stop().await;

    for call in CALLS {
        let Err(Error::CommunicationError(error)) = call.send(&client).await else {
            panic!("{call:?} met no connection error");
        };
        assert!(error.is_connect(), "{error:?}");
    }
    assert_eq!(clock.waits_ms(), [250, 500, 1000].repeat(CALLS.len()));
}

#[tokio::test]
async fn unsubscribing_twice_because_an_answer_was_lost_ends_in_not_found() {
    let answers = vec![Answer::Nothing, Answer::status(404)];
    let (result, requests, _) = run(Call::Unsubscribe, answers).await;
    assert_eq!(requests, 2);
    assert!(result.unwrap_err().is_not_found());
}
