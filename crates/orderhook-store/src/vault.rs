//! Secrets at rest: sealed on the way in, opened on the way out.

use std::sync::Arc;

use orderhook_types::Secret;
use zeroize::Zeroizing;

use crate::keyring::{Cell, key_id};
use crate::millis::Millis;
use crate::{EndpointId, Keyring, MerchantId, Randomness, StoreError};

/// The keys, and what nonces are made of.
#[derive(Clone)]
pub(crate) struct Vault {
    keyring: Keyring,
    randomness: Arc<dyn Randomness>,
}

impl Vault {
    pub(crate) fn new(keyring: Keyring, randomness: Arc<dyn Randomness>) -> Self {
        Self {
            keyring,
            randomness,
        }
    }

    pub(crate) fn seal(&self, plain: &[u8], cell: Cell) -> Result<Vec<u8>, StoreError> {
        self.keyring.seal(plain, cell, &*self.randomness)
    }

    pub(crate) fn open(&self, sealed: &[u8], cell: Cell) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        self.keyring.open(sealed, cell)
    }

    /// Whether `rekey` has nothing to do for a value.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        key_id(sealed) == Some(self.keyring.current())
    }

    pub(crate) fn random_bytes<const N: usize>(&self) -> Result<[u8; N], StoreError> {
        let mut bytes = [0; N];
        let filled = self.randomness.fill(&mut bytes);
        filled.map(|()| bytes).map_err(StoreError::Unavailable)
    }

    pub(crate) fn open_secret(&self, secret_id: i64, sealed: &[u8]) -> Result<Secret, StoreError> {
        let cell = secret_cell(secret_id);
        let plain = self.open(sealed, cell)?;
        let text = str::from_utf8(&plain).map_err(|_| cell.corrupt())?;
        Ok(Secret::from(text))
    }
}

/// Where a signing secret stands.
pub(crate) fn secret_cell(secret_id: i64) -> Cell {
    Cell {
        table: "signing_secret",
        column: "sealed",
        row: secret_id,
    }
}

/// Where the answer of a call that may be repeated stands.
pub(crate) fn answer_cell(idempotency_key_id: i64) -> Cell {
    Cell {
        table: "idempotency_key",
        column: "sealed",
        row: idempotency_key_id,
    }
}

/// Whose a signing secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Signer {
    pub(crate) merchant_id: MerchantId,
    /// `None` for the merchant's own.
    pub(crate) webhook_id: Option<EndpointId>,
}

impl Signer {
    /// The id that its rows are found by.
    pub(crate) fn id(self) -> i64 {
        match self.webhook_id {
            Some(webhook_id) => webhook_id.0,
            None => self.merchant_id.0,
        }
    }
}

/// The secrets that sign an attempt.
#[derive(Clone)]
pub(crate) struct LiveSecrets {
    /// The newest first.
    pub(crate) secrets: Arc<[Secret]>,
    /// When the first of them expires.
    pub(crate) until: Option<Millis>,
}
