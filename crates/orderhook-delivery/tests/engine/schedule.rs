//! When a delivery is attempted, and what becomes of it.

use std::time::Duration;

use jiff::Timestamp;
use orderhook_delivery::{Clock as _, Schedule};
use orderhook_store::{AttemptOutcome, DeliveryState, Replayed, Replays as _};
use orderhook_webhook::{MessageId, Signer};

use crate::world::{SECRET, World, quiet};

/// The delays of the default schedule after the first attempt, in seconds.
const DELAYS: [u64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Fails ten times; each attempt is made at its millisecond and not one before.
async fn check_whole_schedule(random: u64, percent: u64) {
    let mut world = World::with(quiet(), random).await;
    world.webhook("https://a.example/").await;
    let begin = world.clock.now();
    world.publish(1).await;
    world.push().await.answer(500);
    world.recorded().await;
    for delay in DELAYS {
        let due = world.after(Duration::from_millis(delay * 10 * percent));
        world.asleep_until(due).await;
        world.clock.turn_to(due - Duration::from_millis(1));
        world.engine.dispatch().wake();
        world.asleep_until(due).await;
        world.assert_no_push();
        world.clock.turn_to(due);
        world.push().await.answer(500);
        world.recorded().await;
    }
    let total = DELAYS.iter().sum::<u64>() * 10 * percent;
    assert_eq!(world.clock.now(), begin + Duration::from_millis(total));

    let delivery = world.delivery().await;
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Failed, 10)
    );
    let last = world.attempts(delivery.delivery_id).await.pop();
    assert_eq!(last.map(|last| last.attempted_at), Some(world.clock.now()));

    // A replay begins anew, under the same id.
    let now = world.clock.now();
    let replayed = world.store.replay_delivery(delivery.delivery_id, now).await;
    assert!(matches!(replayed, Ok(Some(Replayed::Queued(_)))));
    // The tenth failure in a row opened the breaker.
    world.clock.turn(Duration::from_secs(5));
    let push = world.push().await;
    assert_eq!(push.webhook_id(), delivery.message_id.to_string());
    push.answer(200);
    world.recorded().await;
    let delivery = world.delivery().await;
    assert_eq!(delivery.state, DeliveryState::Acknowledged);
    assert_eq!(delivery.attempts, 11);
}

#[tokio::test]
async fn ten_attempts_over_60_hours_with_the_least_jitter() {
    check_whole_schedule(0, 80).await;
}

#[tokio::test]
async fn ten_attempts_over_91_hours_with_the_most_jitter() {
    check_whole_schedule(u64::MAX, 120).await;
}

#[tokio::test]
async fn is_acknowledged_on_the_third_attempt() {
    let mut world = World::new().await;
    let endpoint_id = world.webhook("https://a.example/").await;
    world.publish(1).await;
    for (status, wait) in [(500, 4), (404, 240)] {
        world.push().await.answer(status);
        world.recorded().await;
        assert!(world.endpoint(endpoint_id).await.failing_since.is_some());
        let due = world.after(Duration::from_secs(wait));
        world.asleep_until(due).await;
        world.clock.turn_to(due);
    }
    world.push().await.answer(204);
    world.recorded().await;

    let delivery = world.delivery().await;
    assert_eq!(delivery.state, DeliveryState::Acknowledged);
    assert_eq!(world.endpoint(endpoint_id).await.failing_since, None);
    let attempts = world.attempts(delivery.delivery_id).await;
    let outcomes: Vec<_> = attempts
        .iter()
        .map(|attempt| (attempt.outcome, attempt.status))
        .collect();
    assert_eq!(
        outcomes,
        [
            (AttemptOutcome::Rejected, Some(500)),
            (AttemptOutcome::Rejected, Some(404)),
            (AttemptOutcome::Acknowledged, Some(204)),
        ]
    );
}

#[tokio::test]
async fn an_attempt_is_told_with_its_times() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 1;
    let mut world = World::with(settings, 0).await;
    let endpoint_id = world.webhook("https://a.example/").await;
    world.publish(2).await;
    let first = world.push().await;
    world.clock.turn(Duration::from_millis(300));
    first.answer(200);
    let told = world.attempted().await;
    assert_eq!(
        (told.waited, told.duration),
        (Duration::ZERO, Duration::from_millis(300))
    );
    assert_eq!(
        (told.endpoint_id, told.merchant_id),
        (endpoint_id, world.merchant_id)
    );
    let second = world.push().await;
    world.clock.turn(Duration::from_millis(50));
    second.answer(500);
    let told = world.attempted().await;
    assert_eq!(told.waited, Duration::from_millis(300));
    assert_eq!(told.duration, Duration::from_millis(50));
    assert_eq!(
        (told.outcome, told.status),
        (AttemptOutcome::Rejected, Some(500))
    );
    assert_eq!(told.attempt, 1);
}

#[tokio::test]
async fn each_attempt_is_signed_anew_under_one_id() {
    let mut world = World::new().await;
    world.webhook("https://a.example/").await;
    world.publish(1).await;
    for wait in [4, 240] {
        let push = world.push().await;
        let timestamp: u64 = push.request.headers["webhook-timestamp"]
            .to_str()
            .expect("visible ASCII")
            .parse()
            .expect("a number");
        assert_eq!(timestamp.cast_signed(), world.clock.now().as_second());
        let id = world.delivery().await.message_id.to_string();
        assert_eq!(push.webhook_id(), id);
        let signed = Signer::new([SECRET.parse().expect("a secret")])
            .expect("one secret")
            .sign(
                &MessageId::new(id).expect("an id"),
                timestamp,
                &push.request.body,
            );
        assert_eq!(
            push.request.headers["webhook-signature"],
            signed.signature()
        );
        assert_eq!(push.request.headers["content-type"], "application/json");
        push.answer(500);
        world.recorded().await;
        let due = world.after(Duration::from_secs(wait));
        world.asleep_until(due).await;
        world.clock.turn_to(due);
    }
}

#[tokio::test]
async fn retry_after_delays_the_delivery_and_its_endpoint() {
    let mut world = World::new().await;
    world.webhook("https://a.example/").await;
    world.publish(1).await;
    let push = world.push().await;
    push.answer_with(503, "retry-after", "60");
    world.recorded().await;
    let asked = world.after(Duration::from_secs(60));
    world.asleep_until(asked).await;

    // Another event of the same endpoint waits too, and no attempt of it is counted.
    world.publish(1).await;
    world.clock.turn(Duration::from_secs(59));
    world.engine.dispatch().wake();
    world.asleep_until(asked).await;
    world.assert_no_push();
    world.clock.turn_to(asked);
    // One probe, then the rest.
    world.push().await.answer(200);
    world.push().await.answer(200);
    world.recorded_times(2).await;
    let attempts: Vec<_> = world
        .deliveries()
        .await
        .iter()
        .map(|one| one.attempts)
        .collect();
    assert_eq!(attempts, [2, 1]);
}

#[tokio::test]
async fn pushes_of_one_order_keep_their_order() {
    let mut world = World::new().await;
    let url = "https://orders.example/a";
    for body in ["1", "2", "3"] {
        world.publish_order("o-1", url, body).await;
    }
    world.publish_order("o-2", url, "other").await;
    let first = world.push().await;
    let other = world.push().await;
    assert_eq!((first.text(), other.text()), ("1", "other"));
    world.assert_no_push();

    // 200 alone acknowledges no order's push.
    first.answer(200);
    world.recorded().await;
    let due = world.after(Duration::from_secs(4));
    world.asleep_until(due).await;
    world.assert_no_push();
    world.clock.turn_to(due);
    let again = world.push().await;
    assert_eq!(again.text(), "1");
    again.answer_body(r#"{"code":"00000"}"#);
    for text in ["2", "3"] {
        let push = world.push().await;
        assert_eq!(push.text(), text);
        push.answer_body(r#"{"code":"00000"}"#);
    }
    other.answer_body(r#"{"code":"00000"}"#);
    world.recorded_times(4).await;
    let states: Vec<_> = world
        .deliveries()
        .await
        .iter()
        .map(|one| one.state)
        .collect();
    assert_eq!(states, [DeliveryState::Acknowledged; 4]);
}

#[tokio::test]
async fn what_is_given_up_lets_the_next_of_its_order_go() {
    let mut settings = quiet();
    settings.schedule =
        Schedule::new(vec![Duration::ZERO], 0, Duration::ZERO).expect("one attempt");
    let mut world = World::with(settings, 0).await;
    world
        .publish_order("o-1", "https://orders.example/a", "1")
        .await;
    world
        .publish_order("o-1", "https://orders.example/a", "2")
        .await;
    world.push().await.answer_body(r#"{"code":"00002"}"#);
    let second = world.push().await;
    assert_eq!(second.text(), "2");
    second.answer_body(r#"{"code":"00000"}"#);
    world.recorded_times(2).await;
    let states: Vec<_> = world
        .deliveries()
        .await
        .iter()
        .map(|one| one.state)
        .collect();
    assert_eq!(states, [DeliveryState::Failed, DeliveryState::Acknowledged]);
}

#[tokio::test]
async fn what_became_due_while_nobody_ran_is_attempted_at_once() {
    let mut world = World::new().await;
    world.webhook("https://a.example/").await;
    world.publish(1).await;
    world.push().await.answer(500);
    world.recorded().await;
    world.engine.abort();
    let due: Timestamp = world.after(Duration::from_hours(24));
    world.clock.turn_to(due);
    world.restart().await;
    world.push().await.answer(200);
    world.recorded().await;
    assert_eq!(world.delivery().await.state, DeliveryState::Acknowledged);
}
