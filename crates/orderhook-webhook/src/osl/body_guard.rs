//! Ties a triple of authentic headers to the first body it came with.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::HeadersAuthentic;
use crate::expiring_map::ExpiringMap;

/// Refuses headers that come again with another body.
///
/// It remembers the SHA-256 of the first body for as long as the headers are acceptable. The same
/// headers with the same body pass every time, because delivery is at least once. Two genuine
/// pushes signed in the same millisecond carry the same headers, so the second is refused until
/// the platform sends it again with a fresh timestamp.
///
/// The memory is this process's own: with several behind one address, each ties for itself.
#[derive(Debug)]
pub struct BodyGuard {
    bodies: Mutex<ExpiringMap<String, [u8; 32]>>,
    capacity: usize,
}

impl BodyGuard {
    /// How many triples are remembered at most by default: 10 pushes a second, the platform's
    /// limit, over 10 minutes make 6,000.
    pub const DEFAULT_CAPACITY: usize = 10_000;

    /// A guard that remembers at most this many triples of headers; 0 admits nothing.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            bodies: Mutex::new(ExpiringMap::new()),
            capacity,
        }
    }

    /// Admits the first body of these headers, and that body again.
    ///
    /// An admitted body is **not authenticated**: the first to arrive may be the forged one.
    ///
    /// # Errors
    ///
    /// [`BodyGuardError::OtherBody`] for a second body, [`BodyGuardError::Full`] when nothing more
    /// can be remembered; nothing is forgotten early, since that would let a second body in.
    pub fn admit(
        &self,
        headers: &HeadersAuthentic,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), BodyGuardError> {
        let hash: [u8; 32] = Sha256::digest(body).into();
        // Nothing panics while the lock is held, so a poisoned map is a whole one.
        let mut bodies = self.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        bodies.remove_expired(now);
        // The signed text stands for the triple: PKCS#1 v1.5 has one signature for each text.
        match bodies.get(&headers.signed_text) {
            Some(first) if *first == hash => Ok(()),
            Some(_) => Err(BodyGuardError::OtherBody),
            None if bodies.len() >= self.capacity => Err(BodyGuardError::Full),
            None => {
                bodies.insert(headers.signed_text.clone(), headers.refused_from, hash);
                Ok(())
            }
        }
    }
}

impl Default for BodyGuard {
    fn default() -> Self {
        Self::new(Self::DEFAULT_CAPACITY)
    }
}

/// Why a body was not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyGuardError {
    /// The same headers came with another body before: one of the two is not the platform's.
    #[error("headers were seen before with another body")]
    OtherBody,
    /// The guard remembers as many triples as it may.
    #[error("body guard is full")]
    Full,
}
