//! What is asked of the store, and what is left to the queue.

use super::*;

#[test]
fn more_is_asked_for_where_attempts_are_quick() {
    let mut dispatcher = dispatcher(EngineSettings::default());
    let mut wanted_after = |took: Duration| {
        dispatcher.admit(claims(1, 0, 1), at(0));
        assert_eq!(begun(&mut dispatcher, at(0)), [1]);
        dispatcher.ended(EndpointId(1), ALIVE, true, took, at(0));
        dispatcher.found_ready(EndpointId(1), at(0));
        let wanted = dispatcher.take_wanted(at(0));
        dispatcher.claimed(&wanted, Some(Vec::new()), at(0));
        wanted[0].count
    };
    let quick = Duration::from_millis(2);
    assert_eq!(wanted_after(LONG), 128);
    let soon = (0..20)
        .map(|_| wanted_after(quick))
        .find(|count| *count > 128);
    assert!(soon.is_some(), "one that was long is forgotten");
    assert_eq!((0..20).map(|_| wanted_after(quick)).last(), Some(512));
    assert_eq!(wanted_after(LONG), 128, "one that is long counts at once");
}

#[test]
fn a_full_buffer_is_left_to_the_queue_until_the_queue_is_empty() {
    let mut dispatcher = dispatcher(EngineSettings {
        concurrency_per_endpoint: 1,
        max_buffered: 4,
        ..EngineSettings::default()
    });
    let except = |dispatcher: &mut Dispatcher| dispatcher.appetite(at(0)).except.len();
    dispatcher.admit(claims(1, 0, 5), at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    assert_eq!(except(&mut dispatcher), 1, "4 wait");
    for _ in 0..2 {
        dispatcher.left_in_queue(&[EndpointId(1)], at(0));
    }

    end(&mut dispatcher, 1, ALIVE, at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    assert_eq!(except(&mut dispatcher), 1, "the queue goes first");
    assert_eq!(dispatcher.take_wanted(at(0)), [], "one is no bite");

    end(&mut dispatcher, 1, ALIVE, at(0));
    assert_eq!(begun(&mut dispatcher, at(0)), [1]);
    let wanted = dispatcher.take_wanted(at(0));
    assert_eq!(wanted[0].count, 2);
    dispatcher.claimed(&wanted, Some(claims(1, 5, 1)), at(0));
    assert_eq!(
        except(&mut dispatcher),
        0,
        "the queue had less than was asked for"
    );
}
