//! Which delivery is attempted when: the engine's state, without any input or output.
//!
//! Each endpoint with something to do has a [`Lane`]; the lanes that can begin an attempt stand in
//! line and take turns. Every method that changes a lane ends with [`Dispatcher::settle`], which
//! puts the lane into the lines where it belongs, and forgets it when nothing is left to know.

mod attempts;
mod claiming;
mod shards;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::mem::discriminant;
use std::sync::Arc;

use jiff::Timestamp;
use orderhook_store::{Appetite, Claim, EndpointId, Released, Shards};
use orderhook_webhook::{SecretError, Signer};

use self::shards::Holding;
use super::lane::{Lane, Standing, bytes_of, released};
use super::settings::{EngineSettings, FEW_ATTEMPTS};
use crate::breaker::{Breaker, BreakerState};
use crate::clock::between;

/// An attempt that begins now.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) claim: Claim,
    pub(super) signer: Result<Arc<Signer>, SecretError>,
}

/// What is to be done after the state has changed.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) starts: Vec<Start>,
    /// Leases to give back.
    pub(super) releases: Vec<Released>,
    /// The shards of their endpoints.
    pub(super) releasing: Shards,
    pub(super) breakers: Vec<(EndpointId, BreakerState)>,
    /// Whether the claimer has to look again.
    pub(super) wake_claimer: bool,
}

impl Work {
    fn release(&mut self, endpoint_id: EndpointId, released: Released) {
        self.releases.push(released);
        self.releasing.insert(Shards::of(endpoint_id));
    }
}

/// What the engine holds in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Shards of endpoints that are this process's to deliver to; none once its hold on them is over.
    pub shards: u32,
    /// Endpoints that it has something to do with, or remembers a failure of.
    pub endpoints: usize,
    /// Deliveries that wait for their turn.
    pub waiting: usize,
    /// About how many bytes they take.
    pub waiting_bytes: usize,
    /// Attempts that are under way.
    pub attempting: usize,
    /// Attempts that ended and are not recorded yet.
    pub recording: usize,
}

#[derive(Debug)]
pub(super) struct Dispatcher {
    settings: EngineSettings,
    lanes: HashMap<EndpointId, Lane>,
    /// Lanes that can begin an attempt, in turns.
    turns: VecDeque<EndpointId>,
    /// Those that have to wait until attempts that any endpoint may use are free, by their ticket.
    held_back: BTreeMap<u64, EndpointId>,
    next_ticket: u64,
    /// Lanes that want claims, in turns.
    asking: VecDeque<EndpointId>,
    timers: BTreeSet<(Timestamp, EndpointId)>,
    /// What publishers leave in the queue.
    sated: HashSet<EndpointId>,
    attempting: usize,
    recording: usize,
    /// The tokens of leases whose attempts the store did not take when it was asked last.
    unrecordable: HashSet<i64>,
    buffered_bytes: usize,
    draining: bool,
    holding: Holding,
    /// The shards of each call that gives leases back and is under way.
    releasing: Vec<Shards>,
    /// Endpoints that changed since the claim that is under way was asked for.
    changed: HashSet<EndpointId>,
    /// When to look for due deliveries in the whole queue, and when that was done last.
    scan_at: Timestamp,
    scanned_at: Timestamp,
    /// When timers were looked at last.
    time: Timestamp,
    /// Until when the claimer sleeps, if it does.
    asleep_until: Option<Timestamp>,
    work: Work,
}

impl Dispatcher {
    pub(super) fn new(settings: EngineSettings) -> Self {
        Self {
            settings,
            lanes: HashMap::new(),
            turns: VecDeque::new(),
            held_back: BTreeMap::new(),
            next_ticket: 0,
            asking: VecDeque::new(),
            timers: BTreeSet::new(),
            sated: HashSet::new(),
            attempting: 0,
            recording: 0,
            unrecordable: HashSet::new(),
            buffered_bytes: 0,
            draining: false,
            holding: Holding::nothing(),
            releasing: Vec::new(),
            changed: HashSet::new(),
            scan_at: Timestamp::MIN,
            scanned_at: Timestamp::MIN,
            time: Timestamp::MIN,
            asleep_until: None,
            work: Work::default(),
        }
    }

    /// What publishers may hand over.
    pub(super) fn appetite(&self, now: Timestamp) -> Appetite {
        let shards = self.holding.surveyed(now);
        if self.draining || self.is_full() || shards.is_empty() {
            return Appetite::default();
        }
        Appetite {
            shards,
            except: self.sated.clone(),
        }
    }

    pub(super) fn load(&self, now: Timestamp) -> Load {
        Load {
            shards: self.holding.current(now).count(),
            endpoints: self.lanes.len(),
            waiting: self.lanes.values().map(|lane| lane.buffer.len()).sum(),
            waiting_bytes: self.buffered_bytes,
            attempting: self.attempting,
            recording: self.recording,
        }
    }

    fn is_full(&self) -> bool {
        self.buffered_bytes >= self.settings.max_buffered_bytes
            || self.recording >= self.settings.max_unrecorded
            || !self.unrecordable.is_empty()
    }

    /// Takes deliveries that are leased to us.
    pub(super) fn admit(&mut self, claims: Vec<Claim>, now: Timestamp) {
        let mut endpoints: Vec<EndpointId> = Vec::new();
        for claim in claims {
            if endpoints.last() != Some(&claim.endpoint_id) {
                endpoints.push(claim.endpoint_id);
            }
            self.buffered_bytes += bytes_of(&claim);
            let lane = self
                .lanes
                .entry(claim.endpoint_id)
                .or_insert_with(Lane::new);
            lane.buffer.push_back(claim);
        }
        for endpoint_id in endpoints {
            if self.draining {
                self.give_back(endpoint_id);
            }
            self.settle(endpoint_id, now);
        }
    }

    /// An endpoint was paused, resumed, disabled or deleted, or has another address or other secrets:
    /// what waits for it goes back to the queue, and what is known of its failures is no longer true.
    pub(super) fn endpoint_changed(&mut self, endpoint_id: EndpointId, now: Timestamp) {
        self.changed.insert(endpoint_id);
        self.give_back(endpoint_id);
        let lane = self.lanes.entry(endpoint_id).or_insert_with(Lane::new);
        lane.breaker = Breaker::new();
        lane.backlog = true;
        self.settle(endpoint_id, now);
    }

    /// Takes no more, and gives back what waits.
    pub(super) fn drain(&mut self, now: Timestamp) {
        self.draining = true;
        let endpoints: Vec<_> = self.lanes.keys().copied().collect();
        for endpoint_id in endpoints {
            self.give_back(endpoint_id);
            self.settle(endpoint_id, now);
        }
    }

    fn give_back(&mut self, endpoint_id: EndpointId) {
        let Some(lane) = self.lanes.get_mut(&endpoint_id) else {
            return;
        };
        for claim in lane.give_back() {
            self.buffered_bytes -= bytes_of(&claim);
            self.work.release(endpoint_id, released(&claim));
        }
    }

    /// Puts a lane where it belongs, or forgets it.
    fn settle(&mut self, endpoint_id: EndpointId, now: Timestamp) {
        let ours = self.holding.contains(endpoint_id);
        if !ours {
            self.leave(endpoint_id);
        }
        self.settle_breaker(endpoint_id, now);
        self.settle_lines(endpoint_id, now);
        let Some(lane) = self.lanes.get_mut(&endpoint_id) else {
            return;
        };
        let forget = if ours {
            lane.is_forgettable(&self.settings, now)
        } else {
            lane.is_idle()
        };
        let change = lane.next_change(&self.settings);
        let timer = change.filter(|at| *at > now && !forget);
        if timer != lane.timer {
            if let Some(before) = lane.timer {
                self.timers.remove(&(before, endpoint_id));
            }
            lane.timer = timer;
            self.timers.extend(timer.map(|at| (at, endpoint_id)));
        }
        if forget {
            self.lanes.remove(&endpoint_id);
        }
    }

    fn settle_breaker(&mut self, endpoint_id: EndpointId, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&endpoint_id) else {
            return;
        };
        lane.pass_time(&self.settings, now);
        let state = lane.breaker.state();
        if discriminant(&state) != discriminant(&lane.announced) {
            lane.announced = state;
            self.work.breakers.push((endpoint_id, state));
        }
        if matches!(state, BreakerState::Open { .. }) {
            self.give_back(endpoint_id);
        }
    }

    fn settle_lines(&mut self, endpoint_id: EndpointId, now: Timestamp) {
        let Some(lane) = self.lanes.get_mut(&endpoint_id) else {
            return;
        };
        if lane.is_sated(&self.settings) {
            self.sated.insert(endpoint_id);
        } else {
            self.sated.remove(&endpoint_id);
        }
        if let Standing::HeldBack { ticket } = lane.standing
            && lane.attempting < FEW_ATTEMPTS
        {
            self.held_back.remove(&ticket);
            lane.standing = Standing::Nowhere;
        }
        if lane.standing == Standing::Nowhere && lane.can_begin(&self.settings, now) {
            lane.standing = Standing::InTurns;
            self.turns.push_back(endpoint_id);
        }
        if !lane.in_asking && lane.wants_claims(&self.settings) {
            lane.in_asking = true;
            self.asking.push_back(endpoint_id);
        }
    }

    /// Settles the lanes whose time has come, and all of them if the clock was set back: their
    /// timers, and the next look at the queue, would wait until it is there again.
    pub(super) fn pass_time(&mut self, now: Timestamp) {
        let before = std::mem::replace(&mut self.time, now);
        if now < before {
            self.holding.set_back(between(now, before));
            self.scan_at = self.scan_at.min(now);
            self.scanned_at = self.scanned_at.min(now);
            let endpoints: Vec<_> = self.lanes.keys().copied().collect();
            for endpoint_id in endpoints {
                self.settle(endpoint_id, now);
            }
        }
        while let Some((at, endpoint_id)) = self.timers.first().copied()
            && at <= now
        {
            self.timers.pop_first();
            if let Some(lane) = self.lanes.get_mut(&endpoint_id) {
                lane.timer = None;
            }
            self.settle(endpoint_id, now);
        }
    }

    /// What has become possible; to be called after each change.
    pub(super) fn take_work(&mut self, now: Timestamp) -> Work {
        while let Some(start) = self.begin(now) {
            self.work.starts.push(start);
        }
        let alarm = self.wakes_at(now);
        if self
            .asleep_until
            .is_some_and(|until| alarm < until || self.can_claim(now))
        {
            self.asleep_until = None;
            self.work.wake_claimer = true;
        }
        if !self.work.releases.is_empty() {
            self.releasing.push(self.work.releasing);
        }
        std::mem::take(&mut self.work)
    }
}

#[cfg(test)]
mod tests;
