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
        assert!(time >= state.now, "to be set back by another call");
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

    /// Sets the clock back. As with the machine's, who sleeps sleeps for as long as before.
    pub(crate) fn set_back(&self, by: Duration) {
        let mut state = self.state();
        state.now -= by;
        for (until, _) in &mut state.sleepers {
            *until -= by;
        }
    }

    pub(crate) fn turn(&self, by: Duration) {
        self.turn_to(self.now() + by);
    }

    /// Waits until somebody sleeps until exactly `time`.
    pub(crate) async fn sleeper_until(&self, time: Timestamp) {
        self.sleepers(|awaited| awaited.contains(&time)).await;
    }

    /// Waits until somebody sleeps.
    pub(crate) async fn sleeper(&self) {
        self.sleepers(|awaited| !awaited.is_empty()).await;
    }

    async fn sleepers(&self, wanted: impl Fn(&[Timestamp]) -> bool) {
        loop {
            let mut slept = std::pin::pin!(self.slept.notified());
            slept.as_mut().enable();
            if wanted(&self.awaited()) {
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
