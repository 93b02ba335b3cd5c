//! How attempts begin, and how they end.

use std::time::Duration;

use jiff::Timestamp;
use orderhook_store::{EndpointId, Lease, Released};

use super::{Dispatcher, Start};
use crate::breaker::Health;
use crate::clock::between;
use crate::engine::lane::{Standing, bytes_of, released};
use crate::engine::settings::FEW_ATTEMPTS;

impl Dispatcher {
    /// The next attempt; it counts as begun.
    ///
    /// Nothing begins while a result can't be recorded: what a receiver acknowledged and the store
    /// does not know may be sent again, and each attempt more would add to that.
    pub(super) fn begin(&mut self, now: Timestamp) -> Option<Start> {
        while self.can_attempt(now) {
            let endpoint_id = self.next_in_turn()?;
            let start = self.begin_at(endpoint_id, now);
            self.settle(endpoint_id, now);
            if start.is_some() {
                return start;
            }
        }
        None
    }

    /// Whether one attempt more could be made and recorded, and endpoints are ours to make it to.
    pub(super) fn can_attempt(&self, now: Timestamp) -> bool {
        !self.holding.current(now).is_empty()
            && self.unrecordable.is_empty()
            && self.attempting < self.settings.total_concurrency
            && self.recording < self.settings.max_unrecorded
    }

    fn next_in_turn(&mut self) -> Option<EndpointId> {
        let common_is_free = self.attempting < self.settings.common_attempts();
        let held_back = common_is_free.then(|| self.held_back.pop_first()).flatten();
        let endpoint_id = match held_back {
            Some((_ticket, endpoint_id)) => endpoint_id,
            None => self.turns.pop_front()?,
        };
        if let Some(lane) = self.lanes.get_mut(&endpoint_id) {
            lane.standing = Standing::Nowhere;
        }
        Some(endpoint_id)
    }

    fn begin_at(&mut self, endpoint_id: EndpointId, now: Timestamp) -> Option<Start> {
        let common_is_taken = self.attempting >= self.settings.common_attempts();
        let lane = self.lanes.get_mut(&endpoint_id)?;
        if !lane.can_begin(&self.settings, now) {
            return None;
        }
        if common_is_taken && lane.attempting >= FEW_ATTEMPTS {
            lane.standing = Standing::HeldBack {
                ticket: self.next_ticket,
            };
            self.held_back.insert(self.next_ticket, endpoint_id);
            self.next_ticket += 1;
            return None;
        }
        let claim = lane.buffer.pop_front()?;
        self.buffered_bytes -= bytes_of(&claim);
        if between(now, claim.lease.until) < self.settings.least_lease() {
            // Its lease could end while it is attempted, and then it would be attempted twice.
            lane.backlog = true;
            self.work.release(endpoint_id, released(&claim));
            return None;
        }
        lane.attempting += 1;
        self.attempting += 1;
        lane.breaker.begin();
        if let Some(rate) = self.settings.rate {
            lane.limiter.take(rate, now);
        }
        let signer = lane.signer(&claim.sign_secrets);
        Some(Start { claim, signer })
    }

    /// An attempt ended, and is to be recorded. Returns whether the endpoint failed since its last
    /// acknowledgement.
    pub(in crate::engine) fn ended(
        &mut self,
        endpoint_id: EndpointId,
        health: Health,
        acknowledged: bool,
        took: Duration,
        now: Timestamp,
    ) -> bool {
        let Some(lane) = self.lanes.get_mut(&endpoint_id) else {
            return false;
        };
        self.attempting -= 1;
        self.recording += 1;
        lane.attempting -= 1;
        lane.recording += 1;
        lane.took(took);
        let failed_before = lane.failed;
        if health != Health::Unknown {
            lane.failed = !acknowledged;
        }
        lane.breaker.end(health, &self.settings.breaker, now);
        self.settle(endpoint_id, now);
        failed_before
    }

    /// The store does not take a result; it is asked again.
    pub(in crate::engine) fn recording_fails(&mut self, lease: Lease) {
        self.unrecordable.insert(lease.token);
    }

    /// What [`ended`](Self::ended) is recorded, or was given up.
    pub(in crate::engine) fn recorded(
        &mut self,
        endpoint_id: EndpointId,
        lease: Lease,
        now: Timestamp,
    ) {
        self.unrecordable.remove(&lease.token);
        if let Some(lane) = self.lanes.get_mut(&endpoint_id) {
            self.recording -= 1;
            lane.recording -= 1;
            self.settle(endpoint_id, now);
        }
    }

    /// An attempt that is left to its lease.
    pub(in crate::engine) fn lost(
        &mut self,
        endpoint_id: EndpointId,
        lease: Lease,
        health: Health,
        now: Timestamp,
    ) {
        self.ended(
            endpoint_id,
            health,
            false,
            self.settings.attempt_timeout,
            now,
        );
        self.recorded(endpoint_id, lease, now);
        self.scan_by(lease.until);
    }

    /// An attempt that could not be made for want of what connections take of this machine: its
    /// delivery goes back to its place in the queue, and its endpoint rests for a moment.
    pub(in crate::engine) fn not_made(
        &mut self,
        endpoint_id: EndpointId,
        released: Released,
        now: Timestamp,
    ) {
        if let Some(lane) = self.lanes.get_mut(&endpoint_id) {
            lane.rest(now);
            lane.backlog = true;
        }
        self.work.release(endpoint_id, released);
        self.ended(
            endpoint_id,
            Health::Unknown,
            false,
            self.settings.attempt_timeout,
            now,
        );
        self.recorded(endpoint_id, released.lease, now);
    }
}
