//! Stopping without losing or repeating anything.

use std::sync::atomic::Ordering;
use std::time::Duration;

use orderhook_delivery::Drained;
use orderhook_store::{AttemptOutcome, DeliveryState};

use crate::world::{Manner, World, quiet};

const URL: &str = "https://a.example/";
const DEADLINE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_drain_ends_what_is_under_way_and_gives_back_the_rest() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 4;
    let mut world = World::with(settings, 0).await;
    world.webhook(URL).await;
    world.publish(100).await;
    let mut under_way = Vec::new();
    for _ in 0..4 {
        under_way.push(world.push().await);
    }
    let (drained, ()) = tokio::join!(world.engine.drain(DEADLINE), async {
        for push in under_way {
            push.answer(200);
        }
    });
    assert_eq!(drained, Drained::Finished);
    world.recorded_times(4).await;
    assert_eq!(world.receivers.counts(URL).begun, 4);

    // What comes meanwhile is durable and waits for the next process.
    world.publish(10).await;
    world.receivers.set(URL, Manner::Answer(200));
    world.restart().await;
    world.recorded_times(106).await;
    let deliveries = world.deliveries().await;
    assert_eq!(deliveries.len(), 110);
    for delivery in deliveries {
        assert_eq!(delivery.state, DeliveryState::Acknowledged);
        assert_eq!(delivery.attempts, 1, "none is made twice");
    }
    assert_eq!(world.receivers.counts(URL).begun, 110);
}

#[tokio::test]
async fn a_drain_waits_for_a_store_that_fails_for_a_while() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.publish(1).await;
    world.queue.finish_fails.store(true, Ordering::SeqCst);
    world.push().await.answer(200);
    world.store_failed().await;
    let again = world.after(Duration::from_millis(50));
    let (drained, ()) = tokio::join!(world.engine.drain(DEADLINE), async {
        world.clock.sleeper_until(again).await;
        world.queue.finish_fails.store(false, Ordering::SeqCst);
        world.clock.turn_to(again);
    });
    assert_eq!(drained, Drained::Finished);
    assert_eq!(world.delivery().await.state, DeliveryState::Acknowledged);
}

#[tokio::test]
async fn a_deadline_aborts_a_drain_and_the_rest_is_made_again() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.receivers.set(URL, Manner::Hang);
    world.publish(3).await;
    world.until_load(|load| load.attempting == 3).await;
    let deadline = world.after(DEADLINE);
    let (drained, ()) = tokio::join!(world.engine.drain(DEADLINE), async {
        world.clock.sleeper_until(deadline).await;
        world.clock.turn_to(deadline);
    });
    assert!(
        matches!(drained, Drained::Aborted { tasks } if tasks >= 3),
        "{drained:?}"
    );
    world.receivers.set(URL, Manner::Answer(200));
    world.restart().await;
    world.recorded_times(3).await;
    let delivery = world.deliveries().await.remove(0);
    let attempts = world.attempts(delivery.delivery_id).await;
    assert_eq!(attempts.len(), 1, "what was aborted is no attempt");
    assert_eq!(attempts[0].outcome, AttemptOutcome::Acknowledged);
}

#[tokio::test]
async fn a_second_signal_ends_a_drain() {
    let mut world = World::new().await;
    world.webhook(URL).await;
    world.receivers.set(URL, Manner::Hang);
    world.publish(1).await;
    world.until_load(|load| load.attempting == 1).await;
    let (drained, ()) = tokio::join!(world.engine.drain(DEADLINE), async {
        world.engine.abort();
    });
    assert!(matches!(drained, Drained::Aborted { .. }), "{drained:?}");
}
