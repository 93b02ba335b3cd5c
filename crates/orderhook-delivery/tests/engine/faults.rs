//! What fails on our own side: the store, and our code.

use std::sync::atomic::Ordering;
use std::time::Duration;

use orderhook_delivery::Clock as _;
use orderhook_store::{AttemptOutcome, DeliveryState, Queue as _};

use crate::world::{Manner, World, quiet};

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
async fn a_result_that_outlives_its_lease_is_given_up_and_the_attempt_made_again() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.publish(1).await;
    world.queue.finish_fails.store(true, Ordering::SeqCst);
    world.push().await.answer(200);
    world.store_failed().await;
    world
        .asleep_until(world.after(Duration::from_millis(50)))
        .await;
    world.clock.turn(Duration::from_mins(2));
    world.until_load(|load| load.recording == 0).await;
    world.queue.finish_fails.store(false, Ordering::SeqCst);
    world.push().await.answer(200);
    assert!(world.recorded().await.1);
    assert_eq!(world.delivery().await.state, DeliveryState::Acknowledged);
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
    let mut settings = quiet();
    settings.max_buffered = 1;
    let mut world = World::with(settings, 0).await;
    world.webhook(URL).await;
    world.queue.claim_fails.store(true, Ordering::SeqCst);
    world.publish(3).await;
    world.publish(1).await;
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
    settings.max_concurrency = 1;
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
    let lease_end = world.after(Duration::from_mins(2));
    world.asleep_until(lease_end).await;
    world.clock.turn_to(lease_end);
    world.recorded_times(3).await;
    let mut deliveries = world.deliveries().await.into_iter();
    assert!(deliveries.all(|one| one.state == DeliveryState::Acknowledged));
}

#[tokio::test]
async fn a_restart_takes_up_what_the_process_before_had_leased() {
    let mut settings = quiet();
    settings.max_concurrency = 2;
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
