//! What attempts do to an endpoint, and what an endpoint's state does to attempts.

use std::time::Duration;

use orderhook_delivery::{BreakerState, Clock as _};
use orderhook_store::{DeliveryState, EndpointState, Endpoints as _};

use crate::world::{Manner, World, quiet};

const URL: &str = "https://a.example/";

/// Publishes one at a time until the breaker opens, and returns how many it took.
async fn fail_until_open(world: &mut World) -> BreakerState {
    for _ in 0..10 {
        world.publish(1).await;
        world.push().await.answer(502);
        world.recorded().await;
    }
    world.breaker().await
}

#[tokio::test]
async fn a_breaker_opens_lets_one_probe_through_and_closes() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    let opened = fail_until_open(&mut world).await;
    let until = world.after(Duration::from_secs(5));
    assert_eq!(opened, BreakerState::Open { until });

    // All ten are due after 4 s, and five more are new: none is attempted, none is counted.
    world.publish(5).await;
    world.clock.turn(Duration::from_secs(4));
    world.engine.dispatch().wake();
    world.asleep_until(until).await;
    world.assert_no_push();
    assert_eq!(world.receivers.counts(URL).begun, 10);

    world.clock.turn_to(until);
    assert_eq!(world.breaker().await, BreakerState::HalfOpen);
    let probe = world.push().await;
    world.assert_no_push();
    probe.answer(500);
    let until = world.after(Duration::from_secs(10));
    assert_eq!(world.breaker().await, BreakerState::Open { until });

    // The probe's own delivery is due before.
    world.recorded().await;
    let due = world.after(Duration::from_secs(4));
    world.asleep_until(due).await;
    world.clock.turn_to(due);
    world.asleep_until(until).await;
    world.assert_no_push();
    world.receivers.set(URL, Manner::Answer(200));
    world.clock.turn_to(until);
    assert_eq!(world.breaker().await, BreakerState::HalfOpen);
    assert_eq!(world.breaker().await, BreakerState::Closed);
    world.recorded_times(15).await;
    let attempts: Vec<_> = world
        .deliveries()
        .await
        .iter()
        .map(|one| one.attempts)
        .collect();
    assert_eq!(attempts.iter().sum::<u32>(), 10 + 1 + 15);
}

#[tokio::test]
async fn failures_that_are_not_the_endpoints_fault_open_no_breaker() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.receivers.set(URL, Manner::Answer(404));
    world.publish(40).await;
    world.recorded_times(40).await;
    assert_eq!(world.receivers.counts(URL).begun, 40);
}

#[tokio::test]
async fn gone_disables_a_webhook_and_the_delivery_waits_until_it_is_resumed() {
    let mut world = World::new().await;
    let endpoint_id = world.webhook(URL).await;
    world.publish(1).await;
    world.push().await.answer(410);
    world.recorded().await;
    let endpoint = world.endpoint(endpoint_id).await;
    assert_eq!(endpoint.state, EndpointState::Disabled);
    assert!(endpoint.state_reason.expect("says why").contains("410"));
    assert_eq!(world.delivery().await.state, DeliveryState::Pending);

    let now = world.after(Duration::from_hours(24 * 30));
    world.clock.turn_to(now);
    world.engine.dispatch().wake();
    world.publish(1).await;
    world.clock.turn(Duration::from_secs(1));
    let resumed = world
        .store
        .set_endpoint_state(endpoint_id, EndpointState::Active, None, world.clock.now())
        .await;
    assert!(matches!(resumed, Ok(Some(_))));
    for _ in 0..2 {
        world.push().await.answer(200);
    }
    world.recorded_times(2).await;
    assert_eq!(world.receivers.counts(URL).begun, 3);
}

#[tokio::test]
async fn gone_for_one_order_says_nothing_of_other_orders() {
    let mut world = World::new().await;
    world
        .publish_order("o-1", "https://orders.example/1", "1")
        .await;
    world.push().await.answer(410);
    world.recorded().await;
    world
        .publish_order("o-2", "https://orders.example/2", "2")
        .await;
    world.push().await.answer_body(r#"{"code":"00000"}"#);
    world.recorded().await;
    let states: Vec<_> = world
        .deliveries()
        .await
        .iter()
        .map(|one| one.state)
        .collect();
    assert_eq!(
        states,
        [DeliveryState::Pending, DeliveryState::Acknowledged]
    );
}

#[tokio::test]
async fn an_endpoint_that_fails_for_too_long_is_disabled_with_the_reason() {
    let mut settings = quiet();
    settings.disable_after = Duration::from_secs(200);
    let mut world = World::with(settings, 0).await;
    let endpoint_id = world.webhook(URL).await;
    world.publish(1).await;
    for wait in [4, 240] {
        world.push().await.answer(500);
        world.recorded().await;
        assert_eq!(
            world.endpoint(endpoint_id).await.state,
            EndpointState::Active
        );
        let due = world.after(Duration::from_secs(wait));
        world.asleep_until(due).await;
        world.clock.turn_to(due);
    }
    world.push().await.answer(500);
    world.recorded().await;
    let endpoint = world.endpoint(endpoint_id).await;
    assert_eq!(endpoint.state, EndpointState::Disabled);
    let reason = endpoint.state_reason.expect("says why");
    assert!(
        reason.starts_with("has failed since 2026-03-01T00:00:00Z, last: "),
        "{reason}"
    );
    assert!(reason.contains("500"), "{reason}");

    // Resumed, it has all its time again.
    let now = world.clock.now();
    let resumed = world
        .store
        .set_endpoint_state(endpoint_id, EndpointState::Active, None, now);
    assert!(matches!(resumed.await, Ok(Some(_))));
    world.clock.turn(Duration::from_millis(10));
    world.push().await.answer(500);
    world.recorded().await;
    assert_eq!(
        world.endpoint(endpoint_id).await.state,
        EndpointState::Active
    );
}

#[tokio::test]
async fn what_waits_for_a_paused_endpoint_goes_back_to_the_queue() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 1;
    let mut world = World::with(settings, 0).await;
    let endpoint_id = world.webhook(URL).await;
    world.publish(5).await;
    let first = world.push().await;
    assert_eq!(world.engine.load().waiting, 4);

    let now = world.clock.now();
    let paused =
        world
            .store
            .set_endpoint_state(endpoint_id, EndpointState::Paused, Some("moving"), now);
    assert!(matches!(paused.await, Ok(Some(_))));
    world.until_load(|load| load.waiting == 0).await;
    first.answer(200);
    world.recorded().await;
    world.assert_no_push();

    world.receivers.set(URL, Manner::Answer(200));
    let resumed = world
        .store
        .set_endpoint_state(endpoint_id, EndpointState::Active, None, now);
    assert!(matches!(resumed.await, Ok(Some(_))));
    let all = |world: &World| world.receivers.counts(URL).begun == 5;
    world.look_until(all).await;
    world.recorded_times(4).await;
    assert_eq!(world.receivers.counts(URL).begun, 5);
}
