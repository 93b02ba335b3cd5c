//! Bytes that never repeat within a run.

use std::sync::atomic::{AtomicU64, Ordering};

use orderhook_store::{BoxError, Randomness};

#[derive(Default)]
pub(crate) struct Seeded(AtomicU64);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        for chunk in bytes.chunks_mut(8) {
            let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            chunk.copy_from_slice(&count[..chunk.len()]);
        }
        Ok(())
    }
}
