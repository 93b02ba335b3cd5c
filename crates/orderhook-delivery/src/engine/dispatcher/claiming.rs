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
/// How many endpoints wait for claims before no more are looked for.
const ENOUGH: usize = 512;
/// How long it is at least between two looks at the whole queue that the store asked for.
const WAKE_GAP: Duration = Duration::from_millis(10);

impl Dispatcher {
    /// What the store is to be asked for; counts as asked.
    pub(in crate::engine) fn take_wanted(&mut self, now: Timestamp) -> Vec<Wanted> {
        self.changed.clear();
        let mut wanted = Vec::new();
        if !self.can_claim(now) {
            return wanted;
        }
        let share = MAX_CLAIMS / self.asking.len().clamp(1, MAX_CLAIMED_ENDPOINTS);
        let crowded = self.is_full();
        let mut free = self
            .settings
            .total_concurrency
            .saturating_sub(self.attempting);
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

    pub(in crate::engine) fn can_claim(&self, now: Timestamp) -> bool {
        !self.draining && !self.asking.is_empty() && self.can_attempt(now)
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

    /// What was asked of the store will not come: asking panicked.
    pub(in crate::engine) fn forget_claims(&mut self, now: Timestamp) {
        let endpoints: Vec<_> = self.lanes.keys().copied().collect();
        for endpoint_id in endpoints {
            if let Some(lane) = self.lanes.get_mut(&endpoint_id)
                && lane.claiming > 0
            {
                lane.claiming = 0;
                lane.backlog = true;
                self.settle(endpoint_id, now);
            }
        }
    }

    /// An endpoint has something due in the queue.
    pub(in crate::engine) fn found_ready(&mut self, endpoint_id: EndpointId, now: Timestamp) {
        let lane = self.lanes.entry(endpoint_id).or_insert_with(Lane::new);
        lane.backlog = true;
        self.settle(endpoint_id, now);
    }

    /// Due deliveries of these endpoints were left in the queue.
    ///
    /// When many endpoints wait for claims already, they are left to a look at the whole queue, so
    /// that what is known here does not grow with the queue.
    pub(in crate::engine) fn left_in_queue(&mut self, endpoints: &[EndpointId], now: Timestamp) {
        if self.draining {
            return;
        }
        for endpoint_id in endpoints {
            if !self.holding.contains(*endpoint_id) {
                continue;
            }
            if self.has_enough() && !self.lanes.contains_key(endpoint_id) {
                self.scan_soon(now);
            } else {
                self.found_ready(*endpoint_id, now);
            }
        }
    }

    /// Whether so many endpoints wait for claims that no more are looked for.
    pub(in crate::engine) fn has_enough(&self) -> bool {
        self.asking.len() >= ENOUGH
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
        let due = self.scan_due(now) <= now && !self.draining;
        if due {
            self.scanned_at = now;
            self.scan_at = Timestamp::MAX;
        }
        due
    }

    /// Until when the claimer has nothing to do; `None` if it has now.
    pub(in crate::engine) fn sleep(&mut self, now: Timestamp) -> Option<Timestamp> {
        // A sleep that outlasts a clock that is set back would be as long as that.
        let until = self.wakes_at(now).min(after(now, self.settings.idle_poll));
        self.asleep_until = (until > now && !self.can_claim(now)).then_some(until);
        self.asleep_until
    }

    pub(in crate::engine) fn wakes_at(&self, now: Timestamp) -> Timestamp {
        let timer = self.timers.first().map_or(Timestamp::MAX, |(at, _)| *at);
        timer.min(self.scan_due(now))
    }

    /// When to look at the whole queue: not before something of it is ours.
    fn scan_due(&self, now: Timestamp) -> Timestamp {
        if self.holding.current(now).is_empty() {
            return Timestamp::MAX;
        }
        self.scan_at
    }
}
