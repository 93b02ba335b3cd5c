//! Which endpoints are ours, and until when.

use super::*;

/// Shards by the endpoints of the same numbers.
fn shards<const N: usize>(endpoints: [i64; N]) -> Shards {
    endpoints
        .map(|id| Shards::of(EndpointId(id)))
        .into_iter()
        .collect()
}

/// A hold of these shards from `now` on, for 15 seconds.
fn held<const N: usize>(endpoints: [i64; N], now: i64) -> Held {
    Held {
        shards: shards(endpoints),
        until: Some(at(now + 15)),
        leaving: Shards::NONE,
    }
}

/// One that holds the shards of endpoints 1 and 2 since 0, and has looked at the queue.
fn holder() -> Dispatcher {
    let mut dispatcher = Dispatcher::new(EngineSettings {
        concurrency_per_endpoint: 1,
        ..EngineSettings::default()
    });
    dispatcher.pass_time(at(0));
    assert!(dispatcher.hold(held([1, 2], 0), at(0)));
    look(&mut dispatcher, at(0));
    dispatcher
}

fn look(dispatcher: &mut Dispatcher, now: Timestamp) {
    assert!(dispatcher.take_scan(now));
    dispatcher.begin_survey();
    dispatcher.saw_the_end();
    dispatcher.scan_by(at(5000));
}

#[test]
fn nothing_is_done_before_something_is_held() {
    let mut dispatcher = Dispatcher::new(EngineSettings::default());
    dispatcher.found_ready(EndpointId(1), at(0));
    assert_eq!(dispatcher.load(at(0)), Load::default());
    assert!(!dispatcher.take_scan(at(0)));
    assert_eq!(dispatcher.appetite(at(0)), Appetite::default());
    let idle = after(at(0), EngineSettings::default().idle_poll);
    assert_eq!(dispatcher.sleep(at(0)), Some(idle));
    dispatcher.hold(held([1], 0), at(0));
    assert!(dispatcher.take_work(at(0)).wake_claimer);
    assert!(dispatcher.take_scan(at(0)));
}

#[test]
fn what_waits_for_an_endpoint_that_leaves_is_given_back_and_nothing_more_begins_there() {
    let mut dispatcher = holder();
    dispatcher.admit(claims(1, 0, 3), at(0));
    dispatcher.admit(claims(2, 3, 3), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1, 2]);
    let leaves = Held {
        leaving: shards([1]),
        ..held([1, 2], 3)
    };
    assert!(dispatcher.hold(leaves, at(3)));
    assert_eq!(dispatcher.appetite(at(3)).shards, shards([2]));
    let work = dispatcher.take_work(at(3));
    assert_eq!((work.starts.len(), work.releases.len()), (0, 2));

    // A commit that had begun before hands over, and the queue is said to have more.
    dispatcher.admit(claims(1, 6, 1), at(3));
    dispatcher.left_in_queue(&[EndpointId(1)], at(3));
    dispatcher.endpoint_changed(EndpointId(1), at(3));
    dispatcher.found_ready(EndpointId(1), at(3));
    end(&mut dispatcher, 1, ALIVE, at(3));
    let work = dispatcher.take_work(at(3));
    assert_eq!((work.starts.len(), work.releases.len()), (0, 1));
    assert_eq!(dispatcher.take_wanted(at(3)), []);
    assert_eq!(dispatcher.load(at(3)).endpoints, 1, "that of endpoint 2");
}

#[test]
fn a_shard_is_busy_until_nothing_is_under_way_there() {
    let mut dispatcher = holder();
    let leave_all = Held {
        leaving: shards([1, 2]),
        ..held([1, 2], 0)
    };
    assert_eq!(dispatcher.busy(), Shards::NONE);
    dispatcher.found_ready(EndpointId(2), at(0));
    let wanted = dispatcher.take_wanted(at(0));
    assert_eq!(dispatcher.busy(), shards([2]), "claims are asked for");
    dispatcher.admit(claims(1, 0, 2), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    dispatcher.hold(leave_all, at(0));
    let released = dispatcher.take_work(at(0)).releasing;
    assert_eq!(released, shards([1]));

    dispatcher.claimed(&wanted, Some(claims(2, 2, 1)), at(0));
    let more = dispatcher.take_work(at(0)).releasing;
    assert_eq!(dispatcher.busy(), shards([1, 2]), "leases are given back");
    dispatcher.released(more);
    assert_eq!(dispatcher.busy(), shards([1]));
    dispatcher.released(released);
    assert_eq!(dispatcher.busy(), shards([1]), "an attempt is under way");
    dispatcher.ended(EndpointId(1), ALIVE, true, LONG, at(0));
    assert_eq!(dispatcher.busy(), shards([1]), "it is not recorded");
    dispatcher.recorded(EndpointId(1), lease(0), at(0));
    assert_eq!(dispatcher.busy(), Shards::NONE);
    assert!(dispatcher.lanes.is_empty() && dispatcher.releasing.is_empty());
}

#[test]
fn nothing_begins_shortly_before_a_hold_is_over_until_it_is_renewed() {
    let mut dispatcher = holder();
    dispatcher.admit(claims(1, 0, 4), at(0));
    dispatcher.found_ready(EndpointId(2), at(0));
    assert_eq!(begun(&mut dispatcher, at(11)), [1]);
    end(&mut dispatcher, 1, ALIVE, at(12));
    assert!(begun(&mut dispatcher, at(12)).is_empty());
    assert_eq!(dispatcher.take_wanted(at(12)), []);
    assert_eq!(dispatcher.appetite(at(12)), Appetite::default());
    assert_eq!(dispatcher.load(at(12)).shards, 0);
    assert!(dispatcher.sleep(at(12)).is_some(), "there is nothing to do");

    assert!(dispatcher.hold(held([1, 2], 20), at(20)));
    let work = dispatcher.take_work(at(20));
    assert_eq!((work.starts.len(), work.releases.len()), (1, 0));
    assert!(work.wake_claimer);
    assert_eq!(dispatcher.take_wanted(at(20)).len(), 1);
    // Another may have had them in between, and left something.
    assert!(dispatcher.appetite(at(20)).shards.is_empty());
    look(&mut dispatcher, at(20));
    assert_eq!(dispatcher.appetite(at(20)).shards, shards([1, 2]));
}

#[test]
fn a_clock_that_is_set_back_makes_no_hold_longer() {
    let mut dispatcher = holder();
    dispatcher.pass_time(at(5));
    dispatcher.pass_time(at(-1000));
    assert_eq!(dispatcher.load(at(-994)).shards, 2);
    assert_eq!(dispatcher.load(at(-993)).shards, 0, "12 seconds in all");
    // The store was asked before, and has answered since.
    dispatcher.hold(held([1, 2], 5), at(-993));
    assert_eq!(dispatcher.load(at(-982)).shards, 2);
    assert_eq!(dispatcher.load(at(-981)).shards, 0);
}

#[test]
fn what_is_newly_taken_is_looked_at_before_anything_is_handed_over_for_it() {
    let wanted = |dispatcher: &Dispatcher| dispatcher.appetite(at(6)).shards;
    let mut dispatcher = holder();
    dispatcher.scan_by(at(6));
    assert!(dispatcher.take_scan(at(6)));
    dispatcher.begin_survey();
    assert!(dispatcher.hold(held([1, 2, 3], 6), at(6)));
    assert_eq!(wanted(&dispatcher), shards([1, 2]));
    dispatcher.saw_the_end();
    assert_eq!(wanted(&dispatcher), shards([1, 2]), "it began before");

    assert!(dispatcher.take_scan(after(at(6), Duration::from_millis(10))));
    dispatcher.begin_survey();
    assert!(!dispatcher.hold(held([1, 2, 3], 6), at(6)));
    dispatcher.saw_the_end();
    assert_eq!(wanted(&dispatcher), shards([1, 2, 3]));

    dispatcher.begin_survey();
    assert!(dispatcher.hold(held([1, 2], 6), at(6)));
    assert!(dispatcher.hold(held([1, 2, 3], 6), at(6)));
    dispatcher.saw_the_end();
    assert_eq!(wanted(&dispatcher), shards([1, 2]), "another had it");
}

#[test]
fn an_endpoint_that_comes_back_begins_with_a_closed_breaker() {
    let mut dispatcher = holder();
    let hour = Health::Failing {
        retry_after: Some(Duration::from_hours(1)),
    };
    dispatcher.admit(claims(1, 0, 1), at(0));
    dispatcher.admit(claims(2, 1, 1), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1, 2]);
    end(&mut dispatcher, 1, hour, at(0));
    assert_eq!(dispatcher.take_work(at(0)).breakers.len(), 1);
    dispatcher.hold(held([], 0), at(0));
    let closed = [(EndpointId(1), BreakerState::Closed)];
    assert_eq!(dispatcher.take_work(at(0)).breakers, closed);
    // This one fails while it is another's.
    end(&mut dispatcher, 2, hour, at(0));
    assert!(dispatcher.lanes.is_empty() && dispatcher.timers.is_empty());
    assert_eq!(dispatcher.take_work(at(0)).breakers, []);

    dispatcher.hold(held([1, 2], 0), at(0));
    dispatcher.admit(claims(1, 2, 1), at(0));
    dispatcher.admit(claims(2, 3, 1), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1, 2]);
}
