//! What one endpoint may take of the machine, and what it leaves to others.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::atomic::Ordering;
use std::time::Duration;

use orderhook_delivery::{Clock as _, Load, Rate};

use crate::world::{Manner, World, quiet};

const HANGS: &str = "https://hangs.example/";
const WORKS: &str = "https://works.example/";

#[tokio::test]
async fn an_endpoint_has_no_more_attempts_at_a_time_than_it_may() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 3;
    let mut world = World::with(settings, 0).await;
    world.webhook(WORKS).await;
    world.publish(20).await;
    let mut under_way: VecDeque<_> = VecDeque::new();
    for _ in 0..3 {
        under_way.push_back(world.push().await);
    }
    for left in (0..20).rev() {
        world.assert_no_push();
        under_way.pop_front().expect("3 at a time").answer(200);
        world.recorded().await;
        if left >= 3 {
            under_way.push_back(world.push().await);
        }
    }
    let counts = world.receivers.counts(WORKS);
    assert_eq!((counts.begun, counts.most_at_a_time), (20, 3));
}

#[tokio::test]
async fn a_rate_spaces_attempts_to_the_millisecond() {
    let mut settings = quiet();
    settings.rate = NonZeroU32::new(4).map(|per_second| Rate { per_second });
    let mut world = World::with(settings, 0).await;
    world.webhook(WORKS).await;
    world.receivers.set(WORKS, Manner::Answer(200));
    world.publish(5).await;
    world.recorded().await;
    for begun in 1..5 {
        assert_eq!(world.receivers.counts(WORKS).begun, begun);
        let next = world.after(Duration::from_millis(250));
        world.asleep_until(next).await;
        world.clock.turn_to(next);
        world.recorded().await;
    }
}

#[tokio::test]
async fn an_endpoint_that_hangs_with_10_000_queued_delays_no_other() {
    let mut world = World::new().await;
    world.webhook_for(HANGS, "hangs").await;
    world.webhook_for(WORKS, "works").await;
    world.receivers.set(HANGS, Manner::Hang);
    world.receivers.set(WORKS, Manner::Answer(200));
    for _ in 0..100 {
        world.publish_as("hangs", 100).await;
    }
    for _ in 0..40 {
        world.publish_as("works", 50).await;
    }
    // The clock stands: not one of them waits for a poll or for a time-out of the other.
    let begun = world.clock.now();
    world.recorded_times(2000).await;
    assert_eq!(world.clock.now(), begun);
    assert_eq!(world.receivers.counts(WORKS).begun, 2000);
    let hangs = world.receivers.counts(HANGS);
    assert_eq!((hangs.begun, hangs.at_a_time), (32, 32));
}

#[tokio::test]
async fn endpoints_that_hang_leave_slots_to_others() {
    let mut settings = quiet();
    settings.total_concurrency = 32;
    settings.concurrency_per_endpoint = 8;
    let mut world = World::with(settings, 0).await;
    for number in 0..10 {
        let url = format!("https://hangs.example/{number}");
        world.webhook_for(&url, "hangs").await;
        world.receivers.set(&url, Manner::Hang);
    }
    world.webhook_for(WORKS, "works").await;
    world.receivers.set(WORKS, Manner::Answer(200));
    // Two of them could take the common half alone; all ten have one attempt in the other half.
    world.publish_as("hangs", 1).await;
    world.publish_as("works", 100).await;
    world.recorded_times(100).await;
}

#[tokio::test]
async fn memory_is_bounded_whatever_is_queued() {
    let mut world = World::new().await;
    world.webhook(HANGS).await;
    world.receivers.set(HANGS, Manner::Hang);
    let mut most = Load::default();
    for _ in 0..200 {
        world.publish(100).await;
        let load = world.engine.load();
        most.waiting = most.waiting.max(load.waiting);
        most.waiting_bytes = most.waiting_bytes.max(load.waiting_bytes);
    }
    assert_eq!(world.receivers.counts(HANGS).begun, 32);
    // What one commit hands over may be too much by so much.
    assert!(most.waiting <= 128 + 512, "{most:?}");
    assert!(most.waiting_bytes < 1024 * 1024, "{most:?}");
    assert_eq!(world.engine.load().endpoints, 1);
}

#[tokio::test]
async fn what_found_no_room_is_claimed_as_soon_as_there_is_some() {
    let mut settings = quiet();
    settings.max_buffered = 8;
    settings.concurrency_per_endpoint = 4;
    let mut world = World::with(settings, 0).await;
    world.webhook(WORKS).await;
    for _ in 0..100 {
        world.publish(1).await;
    }
    world.receivers.set(WORKS, Manner::Answer(200));
    for _ in 0..4 {
        world.push().await.answer(200);
    }
    world.recorded_times(100).await;
    assert!(world.queue.claimed.load(Ordering::SeqCst) >= 80);
    assert_eq!(world.receivers.counts(WORKS).begun, 100);
}

#[tokio::test]
async fn an_engine_with_nothing_to_do_sleeps() {
    let mut world = World::new().await;
    let idle = world.after(quiet().idle_poll);
    world.asleep_until(idle).await;
    world.webhook(WORKS).await;
    world.publish(1).await;
    world.push().await.answer(200);
    world.recorded().await;
    let nothing = Load {
        shards: 64,
        ..Load::default()
    };
    world.until_load(|load| load == nothing).await;
    let awaited = world.clock.awaited();
    assert!(awaited.iter().all(|time| *time == idle), "{awaited:?}");
}

#[tokio::test]
async fn publishers_hand_over_once_the_whole_queue_was_looked_at() {
    let mut world = World::new().await;
    world.webhook(WORKS).await;
    world.engine.abort();
    world.queue.ready_fails.store(true, Ordering::SeqCst);
    world.restart().await;
    world.store_failed().await;
    world.publish(1).await;
    // It is not handed over but left in the queue, behind what an earlier process may have left.
    world.until_load(|load| load.endpoints == 1).await;
    world.assert_no_push();

    world.queue.ready_fails.store(false, Ordering::SeqCst);
    world.clock.turn(quiet().poll);
    world.push().await.answer(200);
    world.recorded().await;
    assert_eq!(world.queue.claimed.load(Ordering::SeqCst), 1);
    let idle = world.after(quiet().idle_poll);
    world.asleep_until(idle).await;
    world.publish(1).await;
    world.push().await.answer(200);
    world.recorded().await;
    assert_eq!(world.queue.claimed.load(Ordering::SeqCst), 1);
}
