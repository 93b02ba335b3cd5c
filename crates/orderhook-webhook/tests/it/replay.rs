//! The memory of handled messages, through its trait as a receiver uses it.

use std::thread;
use std::time::Duration;

use orderhook_webhook::MessageId;
use orderhook_webhook::replay::{Claim, InMemoryReplayStore, ReplayStore};

use crate::{at, now_or_panic};

const DAY: u64 = 24 * 60 * 60;

fn id(text: &str) -> MessageId {
    MessageId::new(text).unwrap()
}

fn claim(store: &impl ReplayStore, text: &str, seconds: u64) -> Claim {
    now_or_panic(store.claim(&id(text), at(seconds))).unwrap()
}

fn complete(store: &impl ReplayStore, text: &str, seconds: u64) {
    now_or_panic(store.complete(&id(text), at(seconds))).unwrap();
}

fn release(store: &impl ReplayStore, text: &str) {
    now_or_panic(store.release(&id(text))).unwrap();
}

#[test]
fn a_message_is_new_once() {
    let store = InMemoryReplayStore::new();
    assert_eq!(claim(&store, "a", 0), Claim::New);
    assert_eq!(claim(&store, "a", 1), Claim::InProgress);
    complete(&store, "a", 2);
    assert_eq!(claim(&store, "a", 3), Claim::Done);
    assert_eq!(claim(&store, "b", 3), Claim::New);
}

#[test]
fn a_released_message_is_handled_again() {
    let store = InMemoryReplayStore::new();
    claim(&store, "a", 0);
    release(&store, "a");
    assert_eq!(claim(&store, "a", 1), Claim::New);
}

#[test]
fn a_late_release_does_not_undo_a_completion() {
    let store = InMemoryReplayStore::new();
    claim(&store, "a", 0);
    claim(&store, "a", 60);
    complete(&store, "a", 61);
    release(&store, "a");
    assert_eq!(claim(&store, "a", 62), Claim::Done);
}

#[test]
fn a_release_after_the_lease_frees_the_claim_of_another_call() {
    let store = InMemoryReplayStore::new();
    claim(&store, "a", 0);
    assert_eq!(claim(&store, "a", 60), Claim::New);
    release(&store, "a");
    assert_eq!(claim(&store, "a", 61), Claim::New);
}

#[test]
fn releasing_what_nobody_claimed_does_nothing() {
    let store = InMemoryReplayStore::new();
    release(&store, "a");
    assert_eq!(claim(&store, "a", 0), Claim::New);
}

#[test]
fn a_claim_lapses_after_its_lease() {
    let store = InMemoryReplayStore::new();
    claim(&store, "a", 0);
    assert_eq!(claim(&store, "a", 59), Claim::InProgress);
    assert_eq!(claim(&store, "a", 60), Claim::New);

    let patient = InMemoryReplayStore::new().lease(Duration::from_secs(300));
    claim(&patient, "a", 0);
    assert_eq!(claim(&patient, "a", 299), Claim::InProgress);
    assert_eq!(claim(&patient, "a", 300), Claim::New);
}

#[test]
fn a_completion_counts_although_the_claim_lapsed() {
    let store = InMemoryReplayStore::new();
    claim(&store, "a", 0);
    claim(&store, "b", 90);
    complete(&store, "a", 90);
    assert_eq!(claim(&store, "a", 91), Claim::Done);
}

#[test]
fn memory_outlives_the_retry_schedule() {
    let store = InMemoryReplayStore::new();
    claim(&store, "a", 0);
    complete(&store, "a", 0);
    assert_eq!(claim(&store, "a", 75 * 60 * 60 * 12 / 10), Claim::Done);
    assert_eq!(claim(&store, "a", 4 * DAY - 1), Claim::Done);
    assert_eq!(claim(&store, "a", 4 * DAY), Claim::New);

    let short = InMemoryReplayStore::new().retention(Duration::from_secs(DAY));
    complete(&short, "a", 0);
    assert_eq!(claim(&short, "a", DAY), Claim::New);
}

#[test]
fn a_full_store_forgets_the_oldest_completion() {
    let store = InMemoryReplayStore::new().capacity(3);
    for (text, seconds) in [("a", 0), ("b", 1)] {
        claim(&store, text, seconds);
        complete(&store, text, seconds);
    }
    claim(&store, "running", 2);
    assert_eq!(claim(&store, "c", 3), Claim::New);
    assert_eq!(claim(&store, "running", 4), Claim::InProgress);
    assert_eq!(claim(&store, "b", 4), Claim::Done);
    assert_eq!(claim(&store, "a", 4), Claim::New);
}

#[test]
fn a_store_full_of_running_messages_takes_no_more() {
    let store = InMemoryReplayStore::new().capacity(1);
    assert_eq!(claim(&store, "a", 0), Claim::New);
    assert_eq!(claim(&store, "b", 1), Claim::InProgress);
    release(&store, "a");
    assert_eq!(claim(&store, "b", 2), Claim::New);
}

#[test]
fn the_longest_times_do_not_overflow() {
    let store = InMemoryReplayStore::new()
        .lease(Duration::MAX)
        .retention(Duration::MAX);
    assert_eq!(claim(&store, "a", 0), Claim::New);
    complete(&store, "a", 0);
    assert_eq!(claim(&store, "a", 364 * DAY), Claim::Done);
}

#[test]
fn of_many_claims_at_once_one_is_new() {
    let store = InMemoryReplayStore::new();
    let claims: Vec<Claim> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| claim(&store, "a", 0)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let new = claims.iter().filter(|claim| **claim == Claim::New).count();
    assert_eq!(new, 1, "{claims:?}");
}
