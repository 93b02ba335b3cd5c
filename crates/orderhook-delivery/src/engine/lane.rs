//! What the engine knows of one endpoint while it has something to do with it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orderhook_store::{Claim, Released};
use orderhook_types::Secret;
use orderhook_webhook::{SecretError, Signer, SigningSecret};

use super::settings::EngineSettings;
use crate::breaker::{Breaker, BreakerState};
use crate::clock::after;
use crate::rate::RateLimiter;

/// How long nothing begins at an endpoint after this machine could not connect to it.
const REST: Duration = Duration::from_secs(1);

/// Where a lane stands to begin an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Nowhere,
    InTurns,
    HeldBack { ticket: u64 },
}

#[derive(Debug)]
pub(super) struct Lane {
    /// Claims that wait for their turn, the longest waiting first.
    pub(super) buffer: VecDeque<Claim>,
    /// How many claims were asked of the store and are not here yet.
    pub(super) claiming: usize,
    pub(super) attempting: usize,
    /// How many ended attempts are not recorded yet.
    pub(super) recording: usize,
    /// The queue may have more that is due. While it may, nothing is taken from publishers, so that
    /// what is older goes first.
    pub(super) backlog: bool,
    /// An attempt failed after the last acknowledgement.
    pub(super) failed: bool,
    /// How long attempts take: the longest of late, if any has ended.
    attempts_take: Option<Duration>,
    pub(super) breaker: Breaker,
    /// What was said last about the breaker.
    pub(super) announced: BreakerState,
    pub(super) limiter: RateLimiter,
    /// Until when nothing begins, for want of what connections take of this machine.
    pub(super) rests_until: Timestamp,
    pub(super) standing: Standing,
    /// Whether it stands in the line for claims.
    pub(super) in_asking: bool,
    /// When to look at it again.
    pub(super) timer: Option<Timestamp>,
    signer: Option<(Arc<[Secret]>, Arc<Signer>)>,
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            buffer: VecDeque::new(),
            claiming: 0,
            attempting: 0,
            recording: 0,
            backlog: false,
            failed: false,
            attempts_take: None,
            breaker: Breaker::new(),
            announced: BreakerState::Closed,
            limiter: RateLimiter::new(),
            rests_until: Timestamp::MIN,
            standing: Standing::Nowhere,
            in_asking: false,
            timer: None,
            signer: None,
        }
    }

    /// Whether an attempt may begin now.
    pub(super) fn can_begin(&self, settings: &EngineSettings, now: Timestamp) -> bool {
        !self.buffer.is_empty()
            && self.free_slots(settings) > 0
            && self.breaker.permits(1) > 0
            && self.may_begin_at(settings) <= now
    }

    /// From when on neither the rate nor a rest is in the way.
    fn may_begin_at(&self, settings: &EngineSettings) -> Timestamp {
        let rate = settings.rate.map(|rate| self.limiter.next(rate));
        rate.unwrap_or(Timestamp::MIN).max(self.rests_until)
    }

    /// Half opens the breaker when it is time, and brings back what lies too far in the future
    /// because the clock was set back.
    pub(super) fn pass_time(&mut self, settings: &EngineSettings, now: Timestamp) {
        self.breaker.pass_time(now);
        if let Some(rate) = settings.rate {
            self.limiter.pass_time(rate, now);
        }
        self.rests_until = self.rests_until.min(after(now, REST));
    }

    /// This machine could not connect: it would not a moment later.
    pub(super) fn rest(&mut self, now: Timestamp) {
        self.rests_until = after(now, REST);
    }

    pub(super) fn free_slots(&self, settings: &EngineSettings) -> usize {
        settings
            .concurrency_per_endpoint
            .saturating_sub(self.attempting)
    }

    /// An attempt has taken so long.
    pub(super) fn took(&mut self, duration: Duration) {
        let before = self.attempts_take.unwrap_or_default();
        self.attempts_take = Some(duration.max(before * 7 / 8));
    }

    fn buffer_limit(&self, settings: &EngineSettings) -> usize {
        let attempts_take = self.attempts_take.unwrap_or(settings.attempt_timeout);
        self.breaker.permits(settings.buffer_limit(attempts_take))
    }

    /// How many more claims it would take.
    pub(super) fn room(&self, settings: &EngineSettings) -> usize {
        let held = self.buffer.len() + self.claiming;
        self.buffer_limit(settings).saturating_sub(held)
    }

    /// Whether to ask the store for more: in large bites, because each costs a statement.
    pub(super) fn wants_claims(&self, settings: &EngineSettings) -> bool {
        let bite = self.buffer_limit(settings).div_ceil(2);
        self.backlog && self.claiming == 0 && bite > 0 && self.room(settings) >= bite
    }

    /// Whether publishers are better told to leave new deliveries in the queue.
    pub(super) fn is_sated(&self, settings: &EngineSettings) -> bool {
        self.backlog || self.room(settings) == 0
    }

    /// When something about it changes by time alone.
    pub(super) fn next_change(&self, settings: &EngineSettings) -> Option<Timestamp> {
        if let BreakerState::Open { until } = self.breaker.state() {
            return Some(until);
        }
        if !self.buffer.is_empty() {
            return (self.free_slots(settings) > 0).then(|| self.may_begin_at(settings));
        }
        self.forgettable_at(settings)
    }

    /// Whether nothing of it is under way, waits here or is asked of the store.
    pub(super) fn is_idle(&self) -> bool {
        self.attempting + self.recording + self.claiming + self.buffer.len() == 0
    }

    /// Forgets what is known of the queue, and of failures.
    pub(super) fn start_anew(&mut self) {
        self.backlog = false;
        self.breaker = Breaker::new();
    }

    /// When nothing is left of it to know; `None` while it has something to do.
    pub(super) fn forgettable_at(&self, settings: &EngineSettings) -> Option<Timestamp> {
        if !self.is_idle() || self.backlog {
            return None;
        }
        let breaker = self.breaker.forgettable_at(&settings.breaker)?;
        Some(breaker.max(self.limiter.unused_at()))
    }

    /// Whether it can be forgotten now.
    pub(super) fn is_forgettable(&self, settings: &EngineSettings, now: Timestamp) -> bool {
        self.limiter.is_unused(now) && self.forgettable_at(settings).is_some_and(|at| at <= now)
    }

    /// Empties the buffer: the deliveries are left to the queue.
    pub(super) fn give_back(&mut self) -> impl Iterator<Item = Claim> {
        self.backlog |= !self.buffer.is_empty();
        self.buffer.drain(..)
    }

    /// What signs with these secrets; made once for as long as they stay the same.
    pub(super) fn signer(&mut self, secrets: &Arc<[Secret]>) -> Result<Arc<Signer>, SecretError> {
        if let Some((known, signer)) = &self.signer
            && (Arc::ptr_eq(known, secrets) || known == secrets)
        {
            return Ok(Arc::clone(signer));
        }
        let parsed: Result<Vec<SigningSecret>, _> = secrets
            .iter()
            .map(|secret| secret.reveal().parse())
            .collect();
        let signer = Arc::new(Signer::new(parsed?)?);
        self.signer = Some((Arc::clone(secrets), Arc::clone(&signer)));
        Ok(signer)
    }
}

/// What gives a claim back.
pub(super) fn released(claim: &Claim) -> Released {
    Released {
        delivery_id: claim.delivery_id,
        lease: claim.lease,
        due: claim.due,
    }
}

/// About how much memory a waiting claim takes.
pub(super) fn bytes_of(claim: &Claim) -> usize {
    claim.body.len() + size_of::<Claim>()
}
