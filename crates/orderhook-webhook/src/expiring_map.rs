//! A map whose entries end at a time of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

/// Every entry stands in both collections, so the first to expire is found without a scan.
#[derive(Debug)]
pub(crate) struct ExpiringMap<K, V> {
    entries: BTreeMap<K, (SystemTime, V)>,
    by_expiry: BTreeSet<(SystemTime, K)>,
}

impl<K: Ord + Clone, V> ExpiringMap<K, V> {
    pub(crate) fn new() -> Self {
        Self {
            entries: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Adds an entry, or gives an existing one a new value and a new end.
    pub(crate) fn insert(&mut self, key: K, expiry: SystemTime, value: V) {
        self.remove(&key);
        self.by_expiry.insert((expiry, key.clone()));
        self.entries.insert(key, (expiry, value));
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some((expiry, _)) = self.entries.remove(key) {
            self.by_expiry.remove(&(expiry, key.clone()));
        }
    }

    /// Drops what has ended; an entry is gone at the very time it ends.
    pub(crate) fn remove_expired(&mut self, now: SystemTime) {
        while let Some((expiry, _)) = self.by_expiry.first()
            && *expiry <= now
        {
            if let Some((_, key)) = self.by_expiry.pop_first() {
                self.entries.remove(&key);
            }
        }
    }

    /// Of the entries that `candidate` accepts, the key of the one that ends first.
    pub(crate) fn first_to_expire(&self, candidate: impl Fn(&V) -> bool) -> Option<K> {
        self.by_expiry
            .iter()
            .map(|(_, key)| key)
            .find(|key| self.get(key).is_some_and(&candidate))
            .cloned()
    }
}
