//! A clock that stands until it is turned.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use orderhook_delivery::Clock;
use tokio::sync::{Notify, oneshot};

pub(crate) struct ManualClock {
    state: Mutex<State>,
    slept: Notify,
}

struct State {
    now: Timestamp,
    sleepers: Vec<(Timestamp, oneshot::Sender<()>)>,
}

impl ManualClock {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            state: Mutex::new(State {
                now,
                sleepers: Vec::new(),
            }),
            slept: Notify::new(),
        }
    }

    /// Turns the clock, and wakes who slept until then.
    pub(crate) fn turn_to(&self, time: Timestamp) {
        let mut state = self.state();
        assert!(time >= state.now, "clocks are not turned back here");
        state.now = time;
        let (woken, asleep) = state
            .sleepers
            .drain(..)
            .partition(|(until, _)| *until <= time);
        state.sleepers = asleep;
        for (_, sleeper) in Vec::from_iter::<Vec<_>>(woken) {
            let _ = sleeper.send(());
        }
    }

    pub(crate) fn turn(&self, by: Duration) {
        self.turn_to(self.now() + by);
    }

    /// Waits until somebody sleeps until exactly `time`.
    pub(crate) async fn sleeper_until(&self, time: Timestamp) {
        loop {
            let mut slept = std::pin::pin!(self.slept.notified());
            slept.as_mut().enable();
            if self.awaited().contains(&time) {
                return;
            }
            slept.await;
        }
    }

    /// Until when somebody sleeps.
    pub(crate) fn awaited(&self) -> Vec<Timestamp> {
        let mut state = self.state();
        state.sleepers.retain(|(_, sleeper)| !sleeper.is_closed());
        state.sleepers.iter().map(|(until, _)| *until).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no test panics while it holds this")
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep_until(&self, time: Timestamp) -> BoxFuture<'static, ()> {
        let (sleeper, woken) = oneshot::channel();
        let mut state = self.state();
        if time > state.now {
            state.sleepers.push((time, sleeper));
        }
        drop(state);
        self.slept.notify_waiters();
        Box::pin(async move {
            let _ = woken.await;
        })
    }
}
