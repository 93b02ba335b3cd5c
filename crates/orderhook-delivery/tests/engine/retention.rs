//! What is kept, and for how long.

use std::sync::Arc;
use std::time::Duration;

use orderhook_delivery::{Clock as _, RetentionSettings, retain};
use tokio_util::sync::CancellationToken;

use crate::world::{Manner, World, quiet};

#[tokio::test]
async fn finished_events_go_a_chunk_at_a_time_and_pending_ones_stay() {
    let mut world = World::with(quiet(), 0).await;
    world.webhook_for("https://a.example/", "done").await;
    world.webhook_for("https://b.example/", "pending").await;
    world
        .receivers
        .set("https://a.example/", Manner::Answer(200));
    world.receivers.set("https://b.example/", Manner::Hang);
    world.publish_as("done", 5).await;
    world.publish_as("pending", 1).await;
    world.recorded_times(5).await;

    let day = Duration::from_hours(24);
    let settings = RetentionSettings {
        events: 10 * day,
        interval: day,
        chunk: 2,
        ..RetentionSettings::default()
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(retain(
        Arc::clone(&world.store) as _,
        Arc::clone(&world.clock) as _,
        settings,
        stop.clone(),
    ));
    // It goes when it is older than ten days, and so in the sweep of the eleventh.
    for _ in 0..11 {
        let next = world.after(day);
        world.asleep_until(next).await;
        assert_eq!(world.deliveries().await.len(), 6, "{}", world.clock.now());
        world.clock.turn_to(next);
    }
    world.asleep_until(world.after(day)).await;
    assert_eq!(world.deliveries().await.len(), 1);
    stop.cancel();
    task.await.expect("ends");
}
