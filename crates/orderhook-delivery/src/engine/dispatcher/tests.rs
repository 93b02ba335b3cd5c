//! The rules of turns and bounds, without a store, a transport or a task.

mod claiming;
mod shards;

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::Bytes;
use orderhook_store::{DeliveryId, EndpointKind, EventId, Held, Lease, MerchantId, MessageId};
use orderhook_types::Secret;

use super::*;
use crate::Rate;
use crate::breaker::Health;
use crate::clock::after;

const ALIVE: Health = Health::Alive;
const FAILING: Health = Health::Failing { retry_after: None };
/// What an attempt takes that comes to nothing.
const LONG: Duration = Duration::from_secs(15);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("in range")
}

fn claim(endpoint_id: i64, delivery_id: i64, lease_until: Timestamp) -> Claim {
    Claim {
        delivery_id: DeliveryId(delivery_id),
        lease: Lease {
            token: delivery_id,
            until: lease_until,
        },
        due: at(0),
        endpoint_id: EndpointId(endpoint_id),
        endpoint_kind: EndpointKind::Webhook,
        merchant_id: MerchantId(1),
        message_id: MessageId {
            event_id: EventId(delivery_id),
            nonce: 0,
        },
        url: "https://example.com/".into(),
        body: Bytes::from_static(b"{}"),
        sign_secrets: [Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")].into(),
        attempts: 0,
        schedule_position: 0,
        failing_since: None,
    }
}

/// So many claims of an endpoint, numbered from `first`.
fn claims(endpoint_id: i64, first: i64, count: i64) -> Vec<Claim> {
    (first..first + count)
        .map(|delivery_id| claim(endpoint_id, delivery_id, at(120)))
        .collect()
}

fn dispatcher(settings: EngineSettings) -> Dispatcher {
    let mut dispatcher = Dispatcher::new(settings);
    let alone = Held {
        shards: Shards::ALL,
        until: None,
        leaving: Shards::NONE,
    };
    assert!(dispatcher.hold(alone, at(0)));
    assert!(
        dispatcher.take_scan(at(0)),
        "begins by looking at the queue"
    );
    assert!(
        dispatcher.appetite(at(0)).shards.is_empty(),
        "what a process before has left goes first"
    );
    dispatcher.begin_survey();
    dispatcher.saw_the_end();
    dispatcher.scan_by(at(5));
    dispatcher
}

/// The endpoints of the attempts that begin.
fn begun(dispatcher: &mut Dispatcher, now: Timestamp) -> Vec<i64> {
    let work = dispatcher.take_work(now);
    let endpoints = work.starts.iter().map(|start| start.claim.endpoint_id.0);
    endpoints.collect()
}

fn end(dispatcher: &mut Dispatcher, endpoint_id: i64, health: Health, now: Timestamp) {
    dispatcher.ended(EndpointId(endpoint_id), health, health == ALIVE, LONG, now);
    dispatcher.recorded(EndpointId(endpoint_id), lease(0), now);
}

fn lease(token: i64) -> Lease {
    Lease {
        token,
        until: at(120),
    }
}

#[test]
fn endpoints_take_turns_within_their_concurrency() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 3,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 5), at(0));
    dispatcher.admit(claims(2, 5, 2), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1, 2, 1, 2, 1]);
    assert!(begun(&mut dispatcher, at(0)).is_empty());
    end(&mut dispatcher, 2, ALIVE, at(0));
    assert!(begun(&mut dispatcher, at(0)).is_empty());
    end(&mut dispatcher, 1, ALIVE, at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
}

#[test]
fn endpoints_that_never_answer_leave_slots_to_those_with_few_attempts() {
    let mut dispatcher = dispatcher(EngineSettings {
        total_concurrency: 40,
        concurrency_per_endpoint: 16,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 100), at(0));
    dispatcher.admit(claims(2, 100, 100), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)).len(), 20, "half of all");
    dispatcher.admit(claims(3, 200, 100), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [3; FEW_ATTEMPTS]);
    end(&mut dispatcher, 3, ALIVE, at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [3]);
    for _ in 0..5 {
        end(&mut dispatcher, 1, ALIVE, at(0));
    }
    assert_eq!(begun(&mut dispatcher, at(0)).len(), 1, "half of all again");
}

#[test]
fn a_lease_too_short_for_an_attempt_is_given_back() {
    let mut dispatcher = dispatcher(EngineSettings::default());
    dispatcher.admit(vec![claim(1, 1, at(15)), claim(1, 2, at(16))], at(0));
    let work = dispatcher.take_work(at(0));
    assert_eq!(work.starts.len(), 1);
    assert_eq!(work.starts[0].claim.delivery_id, DeliveryId(2));
    assert_eq!(work.releases.len(), 1);
    assert_eq!(work.releases[0].delivery_id, DeliveryId(1));
}

#[test]
fn a_rate_spaces_attempts() {
    let mut dispatcher = dispatcher(EngineSettings {
        rate: Some(Rate {
            per_second: NonZeroU32::new(2).expect("not zero"),
        }),
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 4), at(0));
    let mut now = at(0);
    for expected_ms in [0, 500, 1000, 1500] {
        assert_eq!(
            now,
            Timestamp::from_millisecond(expected_ms).expect("in range")
        );
        dispatcher.pass_time(now);
        assert_eq!(begun(&mut dispatcher, now), [1]);
        assert!(begun(&mut dispatcher, now).is_empty());
        now = after(now, Duration::from_millis(500));
    }
}

#[test]
fn an_open_breaker_gives_back_what_waits_and_asks_for_one_probe() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 10,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 30), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)).len(), 10);
    for _ in 0..9 {
        end(&mut dispatcher, 1, FAILING, at(0));
    }
    dispatcher.ended(EndpointId(1), FAILING, false, LONG, at(0));
    let work = dispatcher.take_work(at(0));
    assert_eq!(
        work.breakers,
        [(EndpointId(1), BreakerState::Open { until: at(5) })]
    );
    // The nine slots that became free before it opened stayed empty only because no work was taken.
    assert_eq!((work.starts.len(), work.releases.len()), (0, 20));
    assert!(dispatcher.appetite(at(0)).except.contains(&EndpointId(1)));
    assert_eq!(dispatcher.take_wanted(at(0)), []);

    dispatcher.pass_time(at(5));
    let wanted = dispatcher.take_wanted(at(0));
    assert_eq!(
        wanted,
        [orderhook_store::Wanted {
            endpoint_id: EndpointId(1),
            count: 1
        }]
    );
    dispatcher.claimed(&wanted, Some(claims(1, 30, 1)), at(5));
    assert_eq!(begun(&mut dispatcher, at(5)), [1]);
    assert_eq!(dispatcher.take_wanted(at(0)), []);
    end(&mut dispatcher, 1, ALIVE, at(6));
    assert_eq!(dispatcher.take_wanted(at(0))[0].count, 64);
}

#[test]
fn too_many_bytes_stop_publishers_but_not_free_slots() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 2,
        max_buffered_bytes: 1,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 5), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)).len(), 2);
    assert!(dispatcher.appetite(at(0)).shards.is_empty());
    dispatcher.found_ready(EndpointId(2), at(0));
    assert_eq!(
        dispatcher.take_wanted(at(0))[0].count,
        2,
        "no more than begins at once"
    );
}

#[test]
fn claims_older_than_a_change_of_their_endpoint_are_given_back() {
    let mut dispatcher = dispatcher(EngineSettings::default());
    dispatcher.found_ready(EndpointId(1), at(0));
    let wanted = dispatcher.take_wanted(at(0));
    dispatcher.endpoint_changed(EndpointId(1), at(0));
    dispatcher.claimed(&wanted, Some(claims(1, 0, 3)), at(0));
    let work = dispatcher.take_work(at(0));
    assert_eq!((work.starts.len(), work.releases.len()), (0, 3));
}

#[test]
fn a_drain_gives_back_what_waits_and_what_still_comes() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 1,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 3), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    dispatcher.drain(at(0));
    assert!(dispatcher.appetite(at(0)).shards.is_empty());
    assert_eq!(dispatcher.take_work(at(0)).releases.len(), 2);
    dispatcher.admit(claims(2, 3, 1), at(0));
    let work = dispatcher.take_work(at(0));
    assert_eq!((work.starts.len(), work.releases.len()), (0, 1));
}

#[test]
fn endpoints_without_anything_to_do_are_forgotten() {
    let mut dispatcher = dispatcher(EngineSettings::default());
    for endpoint_id in 0..100 {
        dispatcher.admit(claims(endpoint_id, endpoint_id, 1), at(0));
    }
    assert_eq!(begun(&mut dispatcher, at(0)).len(), 100);
    for endpoint_id in 0..99 {
        end(&mut dispatcher, endpoint_id, ALIVE, at(0));
    }
    end(&mut dispatcher, 99, FAILING, at(0));
    assert_eq!(dispatcher.lanes.len(), 1, "one failed");
    dispatcher.pass_time(at(3600));
    assert_eq!(dispatcher.lanes.len(), 0);
    assert!(dispatcher.timers.is_empty() && dispatcher.sated.is_empty());
    assert_eq!((dispatcher.attempting, dispatcher.recording), (0, 0));
    assert_eq!(dispatcher.buffered_bytes, 0);
}

#[test]
fn a_full_buffer_that_left_nothing_in_the_queue_asks_for_nothing() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 1,
        max_buffered: 1,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 2), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    end(&mut dispatcher, 1, ALIVE, at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    assert_eq!(dispatcher.take_wanted(at(0)), []);
    assert!(dispatcher.appetite(at(0)).except.is_empty());
}

#[test]
fn what_is_left_in_the_queue_while_claims_are_under_way_is_asked_for_next() {
    let mut dispatcher = dispatcher(EngineSettings::default());
    dispatcher.found_ready(EndpointId(1), at(0));
    let wanted = dispatcher.take_wanted(at(0));
    dispatcher.left_in_queue(&[EndpointId(1)], at(0));
    dispatcher.claimed(&wanted, Some(Vec::new()), at(0));
    assert_eq!(dispatcher.take_wanted(at(0)), wanted);
    dispatcher.claimed(&wanted, Some(Vec::new()), at(0));
    assert_eq!(dispatcher.take_wanted(at(0)), []);
}

#[test]
fn endpoints_left_in_the_queue_do_not_fill_the_memory() {
    let mut dispatcher = dispatcher(EngineSettings::default());
    let endpoints: Vec<_> = (0..10_000).map(EndpointId).collect();
    dispatcher.left_in_queue(&endpoints, at(1));
    assert_eq!(dispatcher.load(at(0)).endpoints, 512);
    assert!(dispatcher.take_scan(at(1)), "the rest is looked for");
}

#[test]
fn nothing_begins_while_a_result_can_not_be_recorded() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 2,
        ..EngineSettings::default()
    });
    dispatcher.admit(claims(1, 0, 5), at(0));
    dispatcher.found_ready(EndpointId(2), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1, 1]);
    for token in [0, 1] {
        dispatcher.ended(EndpointId(1), ALIVE, true, LONG, at(0));
        dispatcher.recording_fails(lease(token));
        dispatcher.recording_fails(lease(token));
    }
    assert!(dispatcher.appetite(at(0)).shards.is_empty());
    for token in [0, 1] {
        assert!(begun(&mut dispatcher, at(0)).is_empty());
        assert_eq!(dispatcher.take_wanted(at(0)), []);
        dispatcher.recorded(EndpointId(1), lease(token), at(0));
    }
    assert_eq!(begun(&mut dispatcher, at(0)), [1, 1]);
    assert_eq!(dispatcher.take_wanted(at(0)).len(), 1);
}

#[test]
fn a_clock_that_is_set_back_wakes_what_would_wait_for_it() {
    let mut dispatcher = dispatcher(EngineSettings {
        rate: Some(Rate {
            per_second: NonZeroU32::MIN,
        }),
        idle_poll: Duration::from_secs(5),
        ..EngineSettings::default()
    });
    dispatcher.pass_time(at(10_000));
    assert!(dispatcher.take_scan(at(10_000)));
    dispatcher.scan_by(at(10_005));
    let lasting = |delivery_id| claim(1, delivery_id, at(20_000));
    dispatcher.admit(vec![lasting(1), lasting(2)], at(10_000));
    assert_eq!(begun(&mut dispatcher, at(10_000)), [1], "one a second");
    assert_eq!(dispatcher.sleep(at(10_000)), Some(at(10_001)));

    dispatcher.pass_time(at(400));
    assert!(dispatcher.take_scan(at(400)));
    assert!(begun(&mut dispatcher, at(400)).is_empty());
    assert_eq!(dispatcher.sleep(at(400)), Some(at(401)));
    dispatcher.pass_time(at(401));
    assert_eq!(begun(&mut dispatcher, at(401)), [1]);
}
