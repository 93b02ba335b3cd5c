//! How endpoints are dealt out to the processes that deliver.
//!
//! Each endpoint belongs to a shard, and each shard is held by one process at a time. That is why the
//! limits of an endpoint, its breaker and its turns hold however many processes there are: one of
//! them alone has to keep them.

use std::fmt;

use jiff::Timestamp;

use crate::EndpointId;

/// Some of the shards.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Shards(u64);

impl Shards {
    /// How many there are. It is part of the schema: a process with another number would take
    /// endpoints that are not its own.
    pub const COUNT: u32 = 64;
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);
    /// None of them.
    pub const NONE: Self = Self(0);

    /// The shard of an endpoint.
    pub fn of(endpoint_id: EndpointId) -> u32 {
        // In 0..64, whatever the id.
        u32::try_from(endpoint_id.0.rem_euclid(i64::from(Self::COUNT))).unwrap_or(0)
    }

    /// Adds a shard.
    pub fn insert(&mut self, shard: u32) {
        self.0 |= 1 << (shard % Self::COUNT);
    }

    /// Whether a shard is among them.
    pub fn contains(self, shard: u32) -> bool {
        self.0 & 1 << (shard % Self::COUNT) != 0
    }

    /// Whether an endpoint's shard is among them.
    pub fn contain(self, endpoint_id: EndpointId) -> bool {
        self.contains(Self::of(endpoint_id))
    }

    /// Those that are not in `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// How many they are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..Self::COUNT).filter(move |shard| self.contains(*shard))
    }
}

impl FromIterator<u32> for Shards {
    fn from_iter<I: IntoIterator<Item = u32>>(shards: I) -> Self {
        let mut set = Self::NONE;
        shards.into_iter().for_each(|shard| set.insert(shard));
        set
    }
}

/// `{0, 5, 63}`.
impl fmt::Debug for Shards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The endpoints that a process delivers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Their shards.
    pub shards: Shards,
    /// From then on others may take them, and nothing more may be begun; `None` where there are no
    /// others.
    pub until: Option<Timestamp>,
    /// Shards that are another's as soon as nothing of ours is under way there any more: to be let go
    /// by the next [`hold`](crate::Queue::hold).
    pub leaving: Shards,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_endpoint_has_one_shard() {
        for (endpoint_id, shard) in [(1, 1), (63, 63), (64, 0), (130, 2), (-1, 63)] {
            assert_eq!(Shards::of(EndpointId(endpoint_id)), shard, "{endpoint_id}");
        }
        let some: Shards = [0, 5, 63].into_iter().collect();
        assert_eq!(format!("{some:?}"), "{0, 5, 63}");
        assert!(some.contain(EndpointId(64)) && !some.contain(EndpointId(1)));
        assert_eq!(Shards::ALL.without(some).count(), 61);
        assert!(Shards::NONE.is_empty() && some.without(Shards::ALL).is_empty());
    }
}
