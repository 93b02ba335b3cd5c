//! The engine: takes deliveries out of the store's queue and makes attempts.
//!
//! A delivery comes to the engine in one of two ways. The store hands over what was just published,
//! leased in the transaction that created it, and it is attempted without a timer or a poll in
//! between. All else stays in the queue, where the claimer finds it. Either way nothing lives in
//! memory alone: a claim is a row with a lease, and if this process dies the row comes due.
//!
//! Delivery is at least once. The lease only saves work: an attempt whose result could not be
//! recorded, because the process died before the database took it, is made again.
//!
//! Any number of processes can deliver from one database. Each endpoint belongs to a shard, and each
//! shard is held by one of them, so the limits, the breaker and the turns of an endpoint are kept in
//! one memory and hold for all of them together. A shard changes hands when processes come and go,
//! once nothing is under way there; its new holder begins with a closed breaker. What a process that
//! dies leaves is taken over when its hold is over ([`EngineSettings::hold`]), but for what it had
//! leased, which comes due when the leases end ([`EngineSettings::lease`]). A process that is cut off
//! from the database begins nothing more before its hold is over. What it had begun goes on for up to
//! [`EngineSettings::attempt_timeout`], and that is the one case in which an endpoint can have more
//! attempts at a time than it may; none of them is a second one of a delivery, whose lease lasts.
//!
//! | part | does what |
//! |---|---|
//! | `dispatcher` | decides which delivery is attempted when; no input or output |
//! | `lane` | what it knows of one endpoint |
//! | `attempt` | signs, posts, judges |
//! | `recording` | what an attempt has come to, on its way into the store |
//! | `decision` | what becomes of a delivery and of its endpoint |
//! | `claimer` | asks the store for what was not handed over |
//! | `keeper` | keeps hold of this process's share of the endpoints |

mod attempt;
mod claimer;
mod decision;
mod dispatcher;
mod keeper;
mod lane;
mod observer;
mod recording;
mod settings;
mod throttle;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use orderhook_store::{Appetite, Claim, Dispatch, EndpointId, Queue, Released, Shards, StoreError};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::dispatcher::Load;
use self::dispatcher::{Dispatcher, Work};
pub use self::observer::{AttemptSeen, LostAttempt, Observer};
pub use self::settings::{EngineSettings, InvalidEngineSettings};
use self::throttle::Throttle;
use crate::Transport;
use crate::clock::{Clock, after};

/// Where jitter comes from.
pub trait Random: Send + Sync {
    /// Any number, drawn anew each time; it need not be hard to guess.
    fn number(&self) -> u64;
}

/// What the engine works with.
struct Engine {
    store: Arc<dyn Queue>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    observer: Arc<dyn Observer>,
    settings: EngineSettings,
    dispatcher: Mutex<Dispatcher>,
    throttles: Throttles,
    /// Wakes the claimer.
    claimer: Notify,
    runtime: Handle,
    tasks: TaskTracker,
    /// Stops the claimer.
    stop: CancellationToken,
    /// Stops everything.
    abort: CancellationToken,
    /// The keeper alone, which goes on while the others come to their ends.
    keeper: TaskTracker,
    /// Stops the keeper.
    let_go: CancellationToken,
    /// The claimer or the keeper ended by a panic.
    failed: CancellationToken,
}

/// For each log line that would come thousands of times while one thing is wrong.
#[derive(Debug, Default)]
struct Throttles {
    looking: Throttle,
    holding: Throttle,
    recording: Throttle,
    releasing: Throttle,
    shortage: Throttle,
}

impl Engine {
    /// Changes the state, and does what has become possible by it.
    fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Dispatcher, Timestamp) -> T) -> T {
        let now = self.clock.now();
        let (result, work) = {
            let mut dispatcher = self
                .dispatcher
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut dispatcher, now);
            (result, dispatcher.take_work(now))
        };
        self.perform(work);
        result
    }

    fn perform(self: &Arc<Self>, work: Work) {
        for start in work.starts {
            let (engine, abort) = (Arc::clone(self), self.abort.clone());
            let attempt = async move {
                abort
                    .run_until_cancelled(attempt::attempt(engine, start))
                    .await;
            };
            self.tasks.spawn_on(attempt, &self.runtime);
        }
        for (endpoint_id, state) in work.breakers {
            tracing::info!(endpoint.id = endpoint_id.0, ?state, "breaker");
            self.observer.breaker_changed(endpoint_id, state);
        }
        if !work.releases.is_empty() {
            let release = Arc::clone(self).release(work.releases, work.releasing);
            self.tasks.spawn_on(release, &self.runtime);
        }
        if work.wake_claimer {
            self.claimer.notify_one();
        }
    }

    /// A failure of the store, for the log and for whoever counts.
    fn report(&self, throttle: &Throttle, error: &StoreError, what: &str) {
        self.observer.store_failed(error);
        if let Some(times) = throttle.count(self.clock.now()) {
            tracing::warn!(times, error = error as &dyn std::error::Error, "{what}");
        }
    }

    /// Runs a task without which nothing is delivered.
    async fn run_or_fail(self: Arc<Self>, task: &'static str, run: impl Future<Output = ()>) {
        if AssertUnwindSafe(run).catch_unwind().await.is_err() {
            tracing::error!(task, "ended by a panic: nothing is delivered any more");
            self.failed.cancel();
        }
    }

    /// Up to a tenth shorter, so that several processes do not ask at the same time.
    fn jittered(&self, duration: Duration) -> Duration {
        let tenth = duration / 10;
        let share = self.random.number() as f64 / u64::MAX as f64;
        duration - tenth.mul_f64(share)
    }

    /// Gives leases back; those that can't be given back end by themselves.
    async fn release(self: Arc<Self>, leases: Vec<Released>, shards: Shards) {
        let last = leases.iter().map(|released| released.lease.until).max();
        let released = self.store.release(leases, self.clock.now()).await;
        if let Err(error) = &released {
            let throttle = &self.throttles.releasing;
            self.report(
                throttle,
                error,
                "leases could not be given back before they end",
            );
        }
        self.change(|dispatcher, now| {
            dispatcher.released(shards);
            match (released, last) {
                (Err(_), Some(last)) => dispatcher.scan_by(last),
                _ => dispatcher.scan_by(now),
            }
        });
    }
}

/// An engine that runs, until it is drained or dropped.
pub struct EngineHandle {
    engine: Arc<Engine>,
}

impl std::fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EngineHandle").finish_non_exhaustive()
    }
}

/// Why an engine did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// It could not work with these settings.
    #[error("settings of the engine are not valid")]
    Settings(#[from] InvalidEngineSettings),
    /// The leases of the process before could not be ended, or no hold could be taken.
    #[error("queue can't be taken over")]
    Store(#[from] StoreError),
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Drained {
    /// Every attempt ended and was recorded, and every other lease was given back.
    Finished,
    /// Some tasks were stopped; what they held comes due when its lease ends or the next process
    /// starts, and can be attempted a second time.
    Aborted {
        /// How many.
        tasks: usize,
    },
}

impl EngineHandle {
    /// Starts the engine in the tokio runtime of the caller. Ends the leases of the process before,
    /// and takes hold of this process's share of the endpoints.
    ///
    /// Until the store knows [`dispatch`](Self::dispatch), new deliveries are found by polling.
    ///
    /// # Errors
    ///
    /// [`StartError`] when the settings break a rule or the store can't be reached.
    pub async fn start(
        store: Arc<dyn Queue>,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        settings: EngineSettings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StartError> {
        settings.check()?;
        let recovered = store.recover(clock.now()).await?;
        tracing::info!(recovered, "engine starts");
        let engine = Arc::new(Engine {
            store,
            transport,
            clock,
            random,
            observer,
            dispatcher: Mutex::new(Dispatcher::new(settings.clone())),
            settings,
            throttles: Throttles::default(),
            claimer: Notify::new(),
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            abort: CancellationToken::new(),
            keeper: TaskTracker::new(),
            let_go: CancellationToken::new(),
            failed: CancellationToken::new(),
        });
        if let Some(renew_at) = keeper::renew(&engine).await? {
            let keeper = keeper::run(Arc::clone(&engine), renew_at);
            let keeper = Arc::clone(&engine).run_or_fail("keeper", keeper);
            engine.keeper.spawn(keeper);
        }
        let claimer = claimer::run(Arc::clone(&engine));
        let claimer = Arc::clone(&engine).run_or_fail("claimer", claimer);
        engine.tasks.spawn(claimer);
        Ok(Self { engine })
    }

    /// What the store hands new deliveries to. It outlives the engine, and then takes nothing.
    pub fn dispatch(&self) -> Arc<dyn Dispatch> {
        Arc::new(Door {
            engine: Arc::downgrade(&self.engine),
            lease: self.engine.settings.lease,
        })
    }

    /// What the engine holds in memory just now.
    pub fn load(&self) -> Load {
        let now = self.engine.clock.now();
        let dispatcher = self.engine.dispatcher.lock();
        let dispatcher = dispatcher.unwrap_or_else(PoisonError::into_inner);
        dispatcher.load(now)
    }

    /// Waits until nothing is taken out of the queue any more because of a defect of the engine. It
    /// never returns otherwise, nor by a [`drain`](Self::drain): the process is to be replaced then.
    pub async fn failed(&self) {
        self.engine.failed.cancelled().await;
    }

    /// Takes nothing more, gives back what waits, and lets attempts end until `deadline`; what is
    /// not over by then is aborted. No event is lost by it, and none is repeated if it finishes; then
    /// other processes take over this one's endpoints at once.
    pub async fn drain(&self, deadline: Duration) -> Drained {
        let engine = &self.engine;
        let deadline = after(engine.clock.now(), deadline);
        engine.change(Dispatcher::drain);
        engine.stop.cancel();
        engine.tasks.close();
        tokio::select! {
            biased; // what was aborted ends too, and is not finished
            () = engine.abort.cancelled() => {}
            () = engine.tasks.wait() => {
                self.let_go(deadline).await;
                return Drained::Finished;
            }
            () = engine.clock.sleep_until(deadline) => {}
        }
        let tasks = engine.tasks.len();
        self.abort();
        Drained::Aborted { tasks }
    }

    async fn let_go(&self, deadline: Timestamp) {
        let engine = &self.engine;
        tokio::select! {
            biased;
            () = engine.abort.cancelled() => {}
            () = keeper::let_go(engine) => {}
            () = engine.clock.sleep_until(deadline) => {
                tracing::warn!("hold could not be let go in time; it ends by itself");
            }
        }
    }

    /// Stops at once. Attempts that are under way can be made a second time.
    pub fn abort(&self) {
        self.engine.stop.cancel();
        self.engine.let_go.cancel();
        self.engine.abort.cancel();
    }
}

impl Drop for EngineHandle {
    fn drop(&mut self) {
        self.abort();
    }
}

/// The engine's end of the store; weak, because the engine holds the store.
struct Door {
    engine: Weak<Engine>,
    lease: Duration,
}

impl Dispatch for Door {
    fn appetite(&self) -> Appetite {
        match self.engine.upgrade() {
            Some(engine) => engine.change(|dispatcher, now| dispatcher.appetite(now)),
            None => Appetite::default(),
        }
    }

    fn lease_until(&self, now: Timestamp) -> Timestamp {
        after(now, self.lease)
    }

    fn hand_over(&self, claims: Vec<Claim>) {
        if let Some(engine) = self.engine.upgrade() {
            engine.change(|dispatcher, now| dispatcher.admit(claims, now));
        }
    }

    fn endpoint_changed(&self, endpoint_id: EndpointId) {
        if let Some(engine) = self.engine.upgrade() {
            engine.change(|dispatcher, now| dispatcher.endpoint_changed(endpoint_id, now));
        }
    }

    fn left_in_queue(&self, endpoints: &[EndpointId]) {
        if let Some(engine) = self.engine.upgrade() {
            engine.change(|dispatcher, now| dispatcher.left_in_queue(endpoints, now));
        }
    }

    /// An endpoint whose breaker is open stays left alone until its pause is over, also when its
    /// deliveries are replayed: the probe that half opens it is then one of them. Who knows that the
    /// receiver works again can pause and resume the endpoint, which closes the breaker.
    fn wake(&self) {
        if let Some(engine) = self.engine.upgrade() {
            engine.change(Dispatcher::scan_soon);
        }
    }
}
