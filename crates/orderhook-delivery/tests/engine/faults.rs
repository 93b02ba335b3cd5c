//! What fails on our own side: the store, and our code.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use orderhook_delivery::{
    BreakerState, Clock as _, EngineHandle, LostAttempt, StartError, SystemClock,
};
use orderhook_store::{
    Appetite, AttemptOutcome, Claim, DeliveryState, Dispatch, EndpointId, Queue as _,
};

use crate::world::{Fixed, Manner, World, quiet};

const URL: &str = "https://a.example/";

#[tokio::test]
async fn a_result_is_kept_until_the_store_takes_it_and_nothing_is_attempted_twice() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.publish(1).await;
    world.queue.finish_fails.store(true, Ordering::SeqCst);
    world.push().await.answer(200);
    for pause_ms in [50, 100, 200, 400, 800, 1600, 2000, 2000] {
        world.store_failed().await;
        let again = world.after(Duration::from_millis(pause_ms));
        world.asleep_until(again).await;
        assert_eq!(world.engine.load().recording, 1);
        world.clock.turn_to(again);
    }
    world.queue.finish_fails.store(false, Ordering::SeqCst);
    world.clock.turn(Duration::from_secs(2));
    assert!(world.recorded().await.1, "the lease was held");
    assert_eq!(world.delivery().await.state, DeliveryState::Acknowledged);
    assert_eq!(world.receivers.counts(URL).begun, 1);
}

#[tokio::test]
async fn a_result_outlives_its_lease_and_nothing_begins_until_it_is_recorded() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.publish(1).await;
    world.queue.finish_fails.store(true, Ordering::SeqCst);
    world.push().await.answer(200);
    world.store_failed().await;
    let again = world.after(Duration::from_millis(50));
    world.asleep_until(again).await;

    // Ten times as long as the lease.
    world.publish(3).await;
    for _ in 0..300 {
        world.clock.turn(Duration::from_secs(2));
        world.store_failed().await;
        world.until_load(|load| load.recording == 1).await;
    }
    world.assert_no_push();
    assert_eq!(world.queue.claimed.load(Ordering::SeqCst), 0);

    world.queue.finish_fails.store(false, Ordering::SeqCst);
    world.receivers.set(URL, Manner::Answer(200));
    world.clock.turn(Duration::from_secs(2));
    assert!(world.recorded().await.1, "nobody has taken it over");
    world.recorded_times(3).await;
    assert_eq!(world.receivers.counts(URL).begun, 4);
    let mut deliveries = world.deliveries().await.into_iter();
    assert!(deliveries.all(|one| (one.state, one.attempts) == (DeliveryState::Acknowledged, 1)));
}

#[tokio::test]
async fn a_result_that_the_store_refuses_holds_up_no_other_and_is_told() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.publish(1).await;
    world.queue.finish_is_refused.store(true, Ordering::SeqCst);
    world.push().await.answer(200);
    world.store_failed().await;
    let again = world.after(Duration::from_millis(50));
    world.asleep_until(again).await;
    world.publish(1).await;
    let other = world.push().await;
    world.queue.finish_is_refused.store(false, Ordering::SeqCst);
    other.answer(200);
    assert!(world.recorded().await.1);

    world.queue.finish_is_refused.store(true, Ordering::SeqCst);
    world.clock.turn(quiet().lease);
    assert_eq!(world.lost().await, LostAttempt::Unrecorded);
    world.queue.finish_is_refused.store(false, Ordering::SeqCst);
    world.push().await.answer(200);
    assert!(world.recorded().await.1);
    assert_eq!(world.receivers.counts(URL).begun, 3);
}

#[tokio::test]
async fn an_attempt_whose_lease_was_lost_is_history_and_decides_nothing() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.publish(1).await;
    let slow = world.push().await;
    // Another process takes over.
    let now = world.clock.now();
    world.store.recover(now).await.expect("works");
    world.clock.turn(Duration::from_millis(10));
    world.engine.dispatch().wake();
    let second = world.push().await;
    slow.answer(500);
    assert!(!world.recorded().await.1);
    assert_eq!(world.delivery().await.state, DeliveryState::Pending);
    second.answer(200);
    assert!(world.recorded().await.1);
    let delivery = world.delivery().await;
    assert_eq!(delivery.state, DeliveryState::Acknowledged);
    let attempts = world.attempts(delivery.delivery_id).await;
    let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(
        outcomes,
        [AttemptOutcome::Rejected, AttemptOutcome::Acknowledged]
    );
}

#[tokio::test]
async fn a_store_that_can_not_claim_is_asked_again() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.engine.abort();
    world.queue.claim_fails.store(true, Ordering::SeqCst);
    world.publish(4).await;
    world.restart().await;
    world.store_failed().await;
    let again = world.after(Duration::from_millis(200));
    world.asleep_until(again).await;
    world.queue.claim_fails.store(false, Ordering::SeqCst);
    world.clock.turn_to(again);
    for _ in 0..4 {
        world.push().await.answer(200);
    }
    world.recorded_times(4).await;
}

#[tokio::test]
async fn a_panic_costs_one_attempt_and_no_slot() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 1;
    let mut world = World::with(settings, 0).await;
    let [bad, good] = ["https://bad.example/", "https://good.example/"];
    world.webhook_for(bad, "bad").await;
    world.webhook_for(good, "good").await;
    world.receivers.set(bad, Manner::Panic);
    world.receivers.set(good, Manner::Answer(200));
    world.publish_as("bad", 3).await;
    world.publish_as("good", 3).await;
    world.recorded_times(3).await;
    world.until_load(|load| load.attempting == 0).await;
    assert_eq!(world.receivers.counts(bad).begun, 3);

    // The three come due when their leases end.
    world.receivers.set(bad, Manner::Answer(200));
    let lease_end = world.after(quiet().lease);
    world.asleep_until(lease_end).await;
    world.clock.turn_to(lease_end);
    world.recorded_times(3).await;
    let mut deliveries = world.deliveries().await.into_iter();
    assert!(deliveries.all(|one| one.state == DeliveryState::Acknowledged));
}

#[tokio::test]
async fn a_restart_takes_up_what_the_process_before_had_leased() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 2;
    let mut world = World::with(settings, 0).await;
    world.webhook(URL).await;
    world.publish(10).await;
    let held = [world.push().await, world.push().await];
    world.engine.abort();
    drop(held);
    world.receivers.set(URL, Manner::Answer(200));
    world.restart().await;
    world.recorded_times(10).await;
    assert_eq!(
        world.receivers.counts(URL).begun,
        2 + 10,
        "two are made again"
    );
}

#[tokio::test]
async fn what_panics_over_and_over_is_left_alone_by_the_breaker() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.receivers.set(URL, Manner::Panic);
    world.publish(40).await;
    for _ in 0..10 {
        assert_eq!(world.lost().await, LostAttempt::Panicked);
    }
    let until = world.after(Duration::from_secs(5));
    assert_eq!(world.breaker().await, BreakerState::Open { until });
    assert!(world.receivers.counts(URL).begun <= 10 + quiet().concurrency_per_endpoint);
    let mut deliveries = world.deliveries().await.into_iter();
    assert!(deliveries.all(|one| one.attempts == 0), "none is made up");
}

#[tokio::test]
async fn a_shortage_of_our_own_is_no_attempt_and_rests_for_a_second() {
    let mut world = World::new().await;
    let endpoint_id = world.webhook(URL).await;
    world.receivers.set(URL, Manner::OutOfFiles);
    world.publish(1).await;
    assert_eq!(world.lost().await, LostAttempt::NotConnected);
    let again = world.after(Duration::from_secs(1));
    // It was given back, so the queue is looked at.
    world.asleep_until(world.after(quiet().poll)).await;
    world.clock.turn(quiet().poll);
    world.asleep_until(again).await;
    assert_eq!(world.engine.load().waiting, 1);
    assert_eq!(world.receivers.counts(URL).begun, 1, "not again at once");
    assert_eq!(world.endpoint(endpoint_id).await.failing_since, None);

    world.receivers.set(URL, Manner::Answer(200));
    world.clock.turn_to(again);
    world.recorded().await;
    let delivery = world.delivery().await;
    assert_eq!(
        (delivery.state, delivery.attempts),
        (DeliveryState::Acknowledged, 1)
    );
}

#[tokio::test]
async fn a_claimer_that_panics_goes_on_and_one_that_does_nothing_else_is_told() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.receivers.set(URL, Manner::Answer(200));
    world.engine.abort();
    world.publish(1).await;
    world.queue.claim_panics.store(true, Ordering::SeqCst);
    world.restart().await;
    let again = world.after(Duration::from_millis(200));
    world.asleep_until(again).await;
    world.queue.claim_panics.store(false, Ordering::SeqCst);
    world.clock.turn_to(again);
    world.recorded().await;

    world.engine.abort();
    world.publish(1).await;
    world.queue.claim_panics.store(true, Ordering::SeqCst);
    world.restart().await;
    for _ in 0..2 {
        let again = world.after(Duration::from_millis(200));
        world.asleep_until(again).await;
        assert!(world.engine.failed().now_or_never().is_none());
        world.clock.turn_to(again);
    }
    world.engine.failed().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_delays_no_look_at_the_queue() {
    let mut settings = quiet();
    settings.idle_poll = Duration::from_secs(5);
    let mut world = World::with(settings, 0).await;
    world.webhook(URL).await;
    world
        .asleep_until(world.after(Duration::from_secs(5)))
        .await;
    world.clock.set_back(Duration::from_hours(1));
    // As another process would publish.
    world.store.dispatch_to(Arc::new(Nobody));
    world.publish(1).await;
    world.clock.turn(Duration::from_secs(5));
    world.push().await.answer(200);
    world.recorded().await;
}

#[tokio::test]
async fn an_engine_does_not_start_with_settings_that_can_not_work() {
    let world = World::new().await;
    let mut settings = quiet();
    settings.lease = settings.attempt_timeout + Duration::from_secs(1);
    let started = EngineHandle::start(
        Arc::clone(&world.queue) as _,
        Arc::clone(&world.receivers) as _,
        Arc::new(SystemClock),
        Arc::new(Fixed(0)),
        settings,
        Arc::new(()),
    );
    let error = started.await.expect_err("its leases are too short");
    assert!(matches!(error, StartError::Settings(error) if error.setting == "lease"));
}

/// Takes nothing, and tells nobody.
struct Nobody;

impl Dispatch for Nobody {
    fn appetite(&self) -> Appetite {
        Appetite::default()
    }

    fn lease_until(&self, now: Timestamp) -> Timestamp {
        now
    }

    fn hand_over(&self, _: Vec<Claim>) {}

    fn endpoint_changed(&self, _: EndpointId) {}

    fn left_in_queue(&self, _: &[EndpointId]) {}

    fn wake(&self) {}
}
