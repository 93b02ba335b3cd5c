//! What is asked of the store, and when.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use orderhook_store::{Claim, EndpointId, Wanted};

use super::Dispatcher;
use crate::clock::after;
use crate::engine::lane::Lane;

/// The most deliveries that are asked of the store in one call, and the most endpoints.
const MAX_CLAIMS: usize = 1024;
const MAX_CLAIMED_ENDPOINTS: usize = 256;
/// How long it is at least between two looks at the whole queue that the store asked for.
const WAKE_GAP: Duration = Duration::from_millis(10);

impl Dispatcher {
    /// What the store is to be asked for; counts as asked.
    pub(in crate::engine) fn take_wanted(&mut self) -> Vec<Wanted> {
        self.changed.clear();
        let mut wanted = Vec::new();
        if !self.can_claim() {
            return wanted;
        }
        let share = MAX_CLAIMS / self.asking.len().clamp(1, MAX_CLAIMED_ENDPOINTS);
        let crowded = self.is_full();
        let mut free = self.settings.max_attempts.saturating_sub(self.attempting);
        while wanted.len() < MAX_CLAIMED_ENDPOINTS
            && free > 0
            && let Some(endpoint_id) = self.asking.pop_front()
        {
            let Some(lane) = self.lanes.get_mut(&endpoint_id) else {
                continue;
            };
            lane.in_asking = false;
            let mut count = lane.room(&self.settings).min(share);
            if crowded {
                // Only what is attempted at once.
                count = count.min(lane.free_slots(&self.settings)).min(free);
                free -= count;
            }
            if count > 0 && lane.backlog {
                lane.backlog = false;
                lane.claiming = count;
                wanted.push(Wanted {
                    endpoint_id,
                    count: u32::try_from(count).unwrap_or(u32::MAX),
                });
            }
        }
        wanted
    }

    /// The whole queue was looked at; the next time is at `next`.
    pub(in crate::engine) fn scanned(&mut self, next: Timestamp) {
        self.surveyed = true;
        self.scan_by(next);
    }

    pub(in crate::engine) fn can_claim(&self) -> bool {
        !self.draining
            && !self.asking.is_empty()
            && self.attempting < self.settings.max_attempts
            && self.recording < self.settings.max_unrecorded
    }

    /// What the store gave; `None` if it could not.
    pub(in crate::engine) fn claimed(
        &mut self,
        wanted: &[Wanted],
        claims: Option<Vec<Claim>>,
        now: Timestamp,
    ) {
        let mut counts: HashMap<EndpointId, u32> = HashMap::new();
        for claim in claims.iter().flatten() {
            *counts.entry(claim.endpoint_id).or_default() += 1;
        }
        for one in wanted {
            let Some(lane) = self.lanes.get_mut(&one.endpoint_id) else {
                continue;
            };
            lane.claiming = 0;
            let got = counts.get(&one.endpoint_id).copied().unwrap_or(0);
            // As many as were asked for: there may be more.
            lane.backlog |= got >= one.count || claims.is_none();
        }
        self.admit(claims.unwrap_or_default(), now);
        let changed = std::mem::take(&mut self.changed);
        for endpoint_id in wanted.iter().map(|one| one.endpoint_id) {
            if changed.contains(&endpoint_id) {
                // The change may be newer than the claims.
                self.give_back(endpoint_id);
            }
            self.settle(endpoint_id, now);
        }
    }

    /// An endpoint has something due in the queue.
    pub(in crate::engine) fn found_ready(&mut self, endpoint_id: EndpointId, now: Timestamp) {
        let lane = self.lanes.entry(endpoint_id).or_insert_with(Lane::new);
        lane.backlog = true;
        self.settle(endpoint_id, now);
    }

    /// How many lanes wait to be asked for.
    pub(in crate::engine) fn asking(&self) -> usize {
        self.asking.len()
    }

    /// The whole queue is looked at no later than `at`, but not all the time.
    pub(in crate::engine) fn scan_by(&mut self, at: Timestamp) {
        let earliest = after(self.scanned_at, self.settings.poll);
        self.scan_at = self.scan_at.min(at.max(earliest));
    }

    /// The whole queue is looked at soon: something may be due that is not known here. A store
    /// under load says so at every commit.
    pub(in crate::engine) fn scan_soon(&mut self, now: Timestamp) {
        self.scan_at = self.scan_at.min(now.max(after(self.scanned_at, WAKE_GAP)));
    }

    /// Whether the whole queue is to be looked at now; counts as done.
    pub(in crate::engine) fn take_scan(&mut self, now: Timestamp) -> bool {
        let due = self.scan_at <= now && !self.draining;
        if due {
            self.scanned_at = now;
            self.scan_at = Timestamp::MAX;
        }
        due
    }

    /// Until when the claimer has nothing to do; `None` if it has now.
    pub(in crate::engine) fn sleep(&mut self, now: Timestamp) -> Option<Timestamp> {
        let until = self.wakes_at();
        self.asleep_until = (until > now && !self.can_claim()).then_some(until);
        self.asleep_until
    }

    pub(in crate::engine) fn wakes_at(&self) -> Timestamp {
        let timer = self.timers.first().map_or(Timestamp::MAX, |(at, _)| *at);
        timer.min(self.scan_at)
    }
}
