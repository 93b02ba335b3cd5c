//! Several processes on one database: each endpoint is delivered to by one of them at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use orderhook_delivery::{Clock as _, Drained, EngineHandle, EngineSettings};
use orderhook_store::{DeliveryState, EndpointId, Shards};

use crate::world::{Manner, Replica, Shared, World, quiet, until};

/// The endpoint of shard 1, which two replicas deal to the second; that of shard 2 is the first's.
const ODD: &str = "https://odd.example/";
const EVEN: &str = "https://even.example/";
const DEADLINE: Duration = Duration::from_secs(20);
/// How often a hold is renewed, and how often while others wait for shards.
const RENEWAL: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(200);

/// Two endpoints, subscribed to `odd` and `even`, and a first replica that holds all shards.
async fn world(settings: EngineSettings) -> (World, Arc<Shared>, Arc<Replica>) {
    let mut world = World::with(settings, 0).await;
    world.engine.abort();
    assert_eq!(world.webhook_for(ODD, "odd").await, EndpointId(1));
    assert_eq!(world.webhook_for(EVEN, "even").await, EndpointId(2));
    let shared = Shared::new(&world.store);
    let replica = shared.replica();
    world.engine = world.start(Arc::clone(&replica) as _).await;
    let idle = world.after(quiet().idle_poll);
    world.asleep_until(idle).await;
    assert_eq!(world.engine.load().shards, Shards::COUNT);
    (world, shared, replica)
}

fn one_at_a_time() -> EngineSettings {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 1;
    settings
}

/// Turns the clock to the next renewal of a hold.
async fn renew(world: &World) {
    let next = world.clock.awaited().into_iter().min();
    let soon = world.after(RENEWAL);
    let next = next.filter(|next| *next <= soon);
    world.clock.turn_to(next.expect("a renewal is awaited"));
    // All who were woken fall asleep again: these replicas wait for nothing when they renew.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// Turns the clock to one renewal after the other, until `wanted`.
async fn renew_until(world: &World, wanted: impl Fn() -> bool) {
    let latest = world.after(3 * RENEWAL);
    while !wanted() {
        renew(world).await;
        assert!(world.clock.now() <= latest, "it does not become so");
    }
}

/// One more replica, once it has its half of the shards and has looked at the queue.
async fn join(world: &World, shared: &Arc<Shared>) -> (EngineHandle, Arc<Replica>) {
    let replica = shared.replica();
    let engine = world.start(Arc::clone(&replica) as _).await;
    let halves = || [&engine, &world.engine].map(|engine| engine.load().shards) == [32, 32];
    renew_until(world, halves).await;
    // Later than any renewal: then both have nothing to look for.
    let later = world.after(2 * RENEWAL);
    let idle = || world.clock.awaited().into_iter().filter(|at| *at > later);
    until(|| idle().count() == 2).await;
    (engine, replica)
}

async fn assert_each_was_attempted_once(world: &World, count: usize) {
    let deliveries = world.deliveries().await;
    assert_eq!(deliveries.len(), count);
    for delivery in deliveries {
        assert_eq!(delivery.state, DeliveryState::Acknowledged);
        assert_eq!(delivery.attempts, 1);
    }
}

#[tokio::test]
async fn an_endpoint_changes_hands_once_its_attempts_are_recorded_and_its_limit_holds() {
    let mut settings = quiet();
    settings.concurrency_per_endpoint = 2;
    let (mut world, shared, first) = world(settings).await;
    world.publish_as("odd", 6).await;
    let under_way = [world.push().await, world.push().await];
    let second = shared.replica();
    let engine = world.start(Arc::clone(&second) as _).await;
    assert_eq!(engine.load().shards, 0, "the first has all");

    // The first is told to leave half of them, and gives back what waits there.
    world.asleep_until(world.after(RENEWAL)).await;
    world.clock.turn(RENEWAL);
    until(|| first.released.load(Ordering::SeqCst) == 4).await;
    assert_eq!(world.engine.load().shards, 32);
    world.asleep_until(world.after(POLL)).await;
    world.clock.turn(POLL);
    until(|| first.held().count() == 33).await;
    renew_until(&world, || engine.load().shards == 31).await;
    assert!(first.held().contain(EndpointId(1)), "two are under way");

    let [one, other] = under_way;
    one.answer(200);
    world.recorded().await;
    renew_until(&world, || engine.load().shards == 31).await;
    first.finish_fails.store(true, Ordering::SeqCst);
    other.answer(200);
    world.store_failed().await;
    world.clock.turn(POLL);
    world.store_failed().await;
    assert!(first.held().contain(EndpointId(1)), "one is not recorded");
    world.assert_no_push();

    first.finish_fails.store(false, Ordering::SeqCst);
    world.clock.turn(POLL);
    world.recorded().await;
    renew_until(&world, || engine.load().shards == 32).await;
    for _ in 0..2 {
        let [one, other] = [world.push().await, world.push().await];
        world.assert_no_push();
        one.answer(200);
        other.answer(200);
        world.recorded_times(2).await;
    }
    assert_each_was_attempted_once(&world, 6).await;
    let counts = world.receivers.counts(ODD);
    assert_eq!((counts.begun, counts.most_at_a_time), (6, 2));
}

#[tokio::test]
async fn a_rolling_restart_loses_and_repeats_nothing() {
    let (mut world, shared, _) = world(one_at_a_time()).await;
    let mut published = 0;
    for _ in 0..3 {
        let (next, _) = join(&world, &shared).await;
        // What is published goes to the new one; the old one is told of its own as by a hint.
        for event_type in ["odd", "even"] {
            world.publish_as(event_type, 20).await;
            published += 20;
        }
        world.engine.dispatch().wake();
        world.clock.turn(Duration::from_millis(10));
        let mut under_way = [world.push().await, world.push().await];
        under_way.sort_by_key(|push| Arc::clone(&push.request.url));
        let [even, odd] = under_way;
        let (drained, ()) = tokio::join!(world.engine.drain(DEADLINE), async {
            even.answer(200);
        });
        assert_eq!(drained, Drained::Finished);
        world.engine = next;
        for url in [ODD, EVEN] {
            world.receivers.set(url, Manner::Answer(200));
        }
        odd.answer(200);
        renew_until(&world, || world.engine.load().shards == Shards::COUNT).await;
        world.recorded_times(40).await;
        for url in [ODD, EVEN] {
            world.receivers.set(url, Manner::Ask);
        }
    }
    assert_each_was_attempted_once(&world, published).await;
    for url in [ODD, EVEN] {
        let counts = world.receivers.counts(url);
        assert_eq!((counts.begun, counts.most_at_a_time), (published / 2, 1));
    }
}

#[tokio::test]
async fn a_process_that_can_not_renew_its_hold_begins_nothing_after_it() {
    let (mut world, _, replica) = world(one_at_a_time()).await;
    world.publish_as("odd", 4).await;
    let push = world.push().await;
    replica.hold_fails.store(true, Ordering::SeqCst);
    world.asleep_until(world.after(RENEWAL)).await;
    world.clock.turn(Duration::from_millis(11_999));
    world.store_failed().await;
    world.asleep_until(world.after(POLL)).await;
    push.answer(200);
    world.recorded().await;
    let push = world.push().await;

    world.clock.turn(Duration::from_millis(1));
    push.answer(200);
    world.recorded().await;
    assert_eq!(world.engine.load().shards, 0);
    // What is published meanwhile is not handed over.
    world.publish_as("even", 1).await;
    world.clock.turn(Duration::from_mins(1));
    world.store_failed().await;
    world.assert_no_push();
    let load = world.engine.load();
    assert_eq!((load.attempting, load.recording, load.waiting), (0, 0, 2));

    replica.hold_fails.store(false, Ordering::SeqCst);
    world.asleep_until(world.after(POLL)).await;
    world.clock.turn(POLL);
    // The leases of two are over: they are claimed anew.
    for _ in 0..3 {
        world.push().await.answer(200);
        world.recorded().await;
    }
    assert_each_was_attempted_once(&world, 5).await;
}

#[tokio::test]
async fn what_was_queued_before_a_shard_is_taken_goes_before_what_comes_after() {
    let (mut world, shared, _) = world(one_at_a_time()).await;
    let quick = "https://quick.example/";
    world.receivers.set(quick, Manner::Answer(200));
    world.webhook_for(quick, "quick odd").await;
    world.webhook_for(quick, "quick even").await;
    let (next, second) = join(&world, &shared).await;
    // The new one is handed over what is its own; nobody tells the first of this.
    world.publish_as("even", 1).await;
    world.assert_no_push();
    assert_eq!(world.engine.drain(DEADLINE).await, Drained::Finished);
    world.engine = next;
    second.ready_fails.store(true, Ordering::SeqCst);
    renew_until(&world, || world.engine.load().shards == Shards::COUNT).await;
    world.store_failed().await;
    for event_type in ["even", "quick even", "quick odd"] {
        world.publish_as(event_type, 1).await;
    }
    world.recorded().await;
    assert_eq!(world.receivers.counts(quick).begun, 1, "the odd one");
    world.assert_no_push();

    second.ready_fails.store(false, Ordering::SeqCst);
    world.clock.turn(POLL);
    for delivery in world.deliveries().await.into_iter().take(2) {
        let push = world.push().await;
        assert_eq!(push.webhook_id(), delivery.message_id.to_string());
        push.answer(200);
    }
    world.recorded_times(3).await;
    assert_eq!(world.receivers.counts(quick).begun, 2);
    assert_each_was_attempted_once(&world, 4).await;
}

#[tokio::test]
async fn a_drain_goes_on_renewing_and_then_lets_others_take_over_at_once() {
    let (mut world, shared, first) = world(quiet()).await;
    world.publish_as("even", 1).await;
    let push = world.push().await;
    let (next, second) = join(&world, &shared).await;
    let (drained, ()) = tokio::join!(world.engine.drain(DEADLINE), async {
        // Longer than a hold.
        for _ in 0..6 {
            world.asleep_until(world.after(RENEWAL)).await;
            world.clock.turn(RENEWAL);
        }
        assert_eq!(first.held().count(), 32, "an attempt is under way");
        push.answer(200);
    });
    assert_eq!(drained, Drained::Finished);
    assert_eq!(first.held(), Shards::NONE);
    renew_until(&world, || next.load().shards == Shards::COUNT).await;

    second.let_go_fails.store(true, Ordering::SeqCst);
    assert_eq!(next.drain(DEADLINE).await, Drained::Finished);
    world.store_failed().await;
    assert_eq!(second.held(), Shards::ALL, "until it ends by itself");
}

#[tokio::test]
async fn a_process_that_dies_is_followed_when_its_hold_and_its_leases_end() {
    let (mut world, shared, _) = world(quiet()).await;
    world.receivers.set(EVEN, Manner::Hang);
    world.publish_as("even", 1).await;
    let lease_end = world.after(quiet().lease);
    until(|| world.receivers.counts(EVEN).begun == 1).await;
    let (next, _) = join(&world, &shared).await;
    let died = world.clock.now();
    world.engine.abort();
    world.engine = next;
    world.receivers.set(EVEN, Manner::Ask);
    world.publish_as("even", 1).await;
    while world.engine.load().shards < Shards::COUNT {
        world.assert_no_push();
        renew(&world).await;
    }
    assert!(world.clock.now() <= died + quiet().hold + RENEWAL);
    world.push().await.answer(200);
    world.recorded().await;
    while world.clock.now() < lease_end {
        world.assert_no_push();
        renew(&world).await;
    }
    world.push().await.answer(200);
    assert!(world.recorded().await.1);
    let mut deliveries = world.deliveries().await.into_iter();
    assert!(deliveries.all(|one| (one.state, one.attempts) == (DeliveryState::Acknowledged, 1)));
    assert_eq!(world.receivers.counts(EVEN).begun, 3, "one is made again");
}

#[tokio::test]
async fn a_hold_that_panics_is_told() {
    let (world, _, replica) = world(quiet()).await;
    replica.hold_panics.store(true, Ordering::SeqCst);
    world.asleep_until(world.after(RENEWAL)).await;
    world.clock.turn(RENEWAL);
    world.engine.failed().await;
}
