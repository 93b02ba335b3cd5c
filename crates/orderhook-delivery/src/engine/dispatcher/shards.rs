//! Which endpoints are ours, and until when.

use std::time::Duration;

use jiff::Timestamp;
use orderhook_store::{EndpointId, Held, Shards};

use super::Dispatcher;
use crate::clock::{after, before};

/// The shards of the endpoints that this process delivers to.
#[derive(Debug)]
pub(super) struct Holding {
    shards: Shards,
    /// Those of them in which something older than what is published now may wait, because the queue
    /// was not looked at since they were taken. Until it is, nothing is handed over for them.
    unsurveyed: Shards,
    /// Those that have been ours since the look that is under way began.
    surveying: Shards,
    /// From then on nothing begins; `None` where there is nobody who could take them.
    until: Option<Timestamp>,
}

impl Holding {
    pub(super) fn nothing() -> Self {
        Self {
            shards: Shards::NONE,
            unsurveyed: Shards::NONE,
            surveying: Shards::NONE,
            until: None,
        }
    }

    pub(super) fn contains(&self, endpoint_id: EndpointId) -> bool {
        self.shards.contain(endpoint_id)
    }

    /// What may be delivered to just now: nothing once the hold is over.
    pub(super) fn current(&self, now: Timestamp) -> Shards {
        let is_over = self.until.is_some_and(|until| until <= now);
        if is_over { Shards::NONE } else { self.shards }
    }

    /// What publishers may hand over for.
    pub(super) fn surveyed(&self, now: Timestamp) -> Shards {
        self.current(now).without(self.unsurveyed)
    }

    /// The clock was set back by so much: the hold lasts no longer for it.
    pub(super) fn set_back(&mut self, by: Duration) {
        self.until = self.until.map(|until| before(until, by));
    }

    /// Returns what is newly taken. That is all, if the hold was over: another may have had them in
    /// between.
    fn change(&mut self, shards: Shards, until: Option<Timestamp>, now: Timestamp) -> Shards {
        let taken = shards.without(self.current(now));
        self.unsurveyed = shards.without(self.surveyed(now));
        self.surveying = self.surveying.without(taken);
        self.shards = shards;
        self.until = until;
        taken
    }
}

impl Dispatcher {
    /// What the store says about the shards. Returns whether others than before are ours.
    ///
    /// What waits for endpoints that were ours is given back.
    pub(in crate::engine) fn hold(&mut self, held: Held, now: Timestamp) -> bool {
        let longest = after(now, self.settings.hold);
        let margin = self.settings.hold_margin();
        let until = held.until.map(|until| before(until.min(longest), margin));
        let shards = held.shards.without(held.leaving);
        let changed = shards != self.holding.current(now);
        let taken = self.holding.change(shards, until, now);
        if !taken.is_empty() {
            self.scan_soon(now);
        }
        let lanes = self.lanes.keys().copied();
        let left = lanes.filter(|endpoint_id| !self.holding.contains(*endpoint_id));
        for endpoint_id in left.collect::<Vec<_>>() {
            self.settle(endpoint_id, now);
        }
        changed
    }

    /// Shards that must not be another's yet: those of endpoints at which an attempt is under way or
    /// not recorded, or for which leases are held, asked for or being given back.
    pub(in crate::engine) fn busy(&self) -> Shards {
        let lanes = self.lanes.iter().filter(|(_, lane)| !lane.is_idle());
        let lanes = lanes.map(|(endpoint_id, _)| Shards::of(*endpoint_id));
        let releasing = self.releasing.iter().flat_map(|shards| shards.iter());
        lanes.chain(releasing).collect()
    }

    /// Leases in these shards were given back, or could not be and end by themselves.
    pub(in crate::engine) fn released(&mut self, shards: Shards) {
        if let Some(index) = self.releasing.iter().position(|one| *one == shards) {
            self.releasing.swap_remove(index);
        }
    }

    /// A look at the queue begins at its start.
    pub(in crate::engine) fn begin_survey(&mut self) {
        self.holding.surveying = self.holding.shards;
    }

    /// The queue was looked at to its end.
    pub(in crate::engine) fn saw_the_end(&mut self) {
        let surveyed = std::mem::take(&mut self.holding.surveying);
        self.holding.unsurveyed = self.holding.unsurveyed.without(surveyed);
    }

    /// Leaves an endpoint that is not ours to its holder: what waits goes back to the queue, and what
    /// is known of its failures will not be true when it is ours again.
    pub(super) fn leave(&mut self, endpoint_id: EndpointId) {
        self.give_back(endpoint_id);
        if let Some(lane) = self.lanes.get_mut(&endpoint_id) {
            lane.start_anew();
        }
    }
}
