//! Secrets at rest: XChaCha20-Poly1305 under one of several keys.

use std::fmt;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::{BoxError, StoreError};

const NONCE_BYTES: usize = 24;
const KEY_ID_BYTES: usize = 4;

/// Where nonces come from: bytes that nobody can guess.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`.
    ///
    /// # Errors
    /// The machine has no randomness to give.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError>;
}

/// A key of 32 bytes, and the id that rows name it by.
#[derive(Clone)]
pub struct Key {
    id: u32,
    cipher: XChaCha20Poly1305,
}

impl Key {
    /// How many bytes a key has.
    pub const BYTES: usize = 32;

    /// A key that was made of randomness; its id is never given to another.
    pub fn new(id: u32, bytes: &[u8; Self::BYTES]) -> Self {
        Self {
            id,
            cipher: XChaCha20Poly1305::new(bytes.into()),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Why keys make no keyring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is none.
    #[error("there is no encryption key")]
    Empty,
    /// Two have the same id.
    #[error("two encryption keys have the id {0}")]
    Duplicate(u32),
}

/// The keys that secrets are encrypted with: the first encrypts, every one decrypts.
#[derive(Debug, Clone)]
pub struct Keyring {
    keys: Vec<Key>,
}

/// The place of a value in the database; a value that was moved to another place is refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: i64,
}

impl Keyring {
    /// A keyring; the first of `keys` is what new secrets are encrypted with.
    ///
    /// # Errors
    /// [`KeyringError`] without a key, or with two of one id.
    pub fn new(keys: impl IntoIterator<Item = Key>) -> Result<Self, KeyringError> {
        let keys: Vec<_> = keys.into_iter().collect();
        if keys.is_empty() {
            return Err(KeyringError::Empty);
        }
        for (index, key) in keys.iter().enumerate() {
            if keys[..index].iter().any(|before| before.id == key.id) {
                return Err(KeyringError::Duplicate(key.id));
            }
        }
        Ok(Self { keys })
    }

    /// The id of the key that encrypts.
    pub(crate) fn current(&self) -> u32 {
        self.keys[0].id
    }

    /// Key id, nonce and ciphertext of `plain`, bound to `cell`.
    pub(crate) fn seal(
        &self,
        plain: &[u8],
        cell: Cell,
        randomness: &dyn Randomness,
    ) -> Result<Vec<u8>, StoreError> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE_BYTES];
        randomness
            .fill(&mut nonce)
            .map_err(StoreError::Unavailable)?;
        let payload = Payload {
            msg: plain,
            aad: &associated_data(key.id, cell),
        };
        let ciphertext = key
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| cell.sealed(key.id))?;
        Ok([&key.id.to_be_bytes()[..], &nonce, &ciphertext].concat())
    }

    /// What [`seal`](Self::seal) encrypted for the same cell.
    pub(crate) fn open(&self, sealed: &[u8], cell: Cell) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let key_id = key_id(sealed).ok_or_else(|| cell.corrupt())?;
        let key = self.keys.iter().find(|key| key.id == key_id);
        let key = key.ok_or_else(|| cell.sealed(key_id))?;
        let (nonce, ciphertext) = sealed[KEY_ID_BYTES..]
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(|| cell.corrupt())?;
        let payload = Payload {
            msg: ciphertext,
            aad: &associated_data(key_id, cell),
        };
        let plain = key.cipher.decrypt(&XNonce::from(*nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| cell.sealed(key_id))
    }
}

/// The id of the key that a value was sealed with.
pub(crate) fn key_id(sealed: &[u8]) -> Option<u32> {
    sealed.first_chunk().copied().map(u32::from_be_bytes)
}

fn associated_data(key_id: u32, cell: Cell) -> Vec<u8> {
    format!("{key_id}/{}/{}/{}", cell.table, cell.column, cell.row).into_bytes()
}

impl Cell {
    fn sealed(self, key_id: u32) -> StoreError {
        StoreError::Sealed {
            table: self.table,
            column: self.column,
            row: self.row,
            key_id,
        }
    }

    pub(crate) fn corrupt(self) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            column: self.column,
            row: self.row,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;

    impl Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
            for (place, byte) in bytes.iter_mut().zip(0..) {
                *place = byte;
            }
            Ok(())
        }
    }

    const CELL: Cell = Cell {
        table: "signing_secret",
        column: "sealed",
        row: 7,
    };

    fn keyring(ids: &[u32]) -> Keyring {
        let keys = ids.iter().map(|id| Key::new(*id, &[*id as u8; 32]));
        Keyring::new(keys).expect("different ids")
    }

    #[test]
    fn opens_what_any_of_its_keys_sealed() {
        let old = keyring(&[1])
            .seal(b"secret", CELL, &Counting)
            .expect("seals");
        let both = keyring(&[2, 1]);

        assert_eq!(both.open(&old, CELL).expect("opens").as_slice(), b"secret");
        let new = both.seal(b"secret", CELL, &Counting).expect("seals");
        assert_eq!((key_id(&old), key_id(&new)), (Some(1), Some(2)));
        assert!(matches!(
            keyring(&[1]).open(&new, CELL),
            Err(StoreError::Sealed { key_id: 2, .. })
        ));
    }

    #[test]
    fn refuses_what_was_moved_changed_or_cut() {
        let keyring = keyring(&[1]);
        let sealed = keyring.seal(b"secret", CELL, &Counting).expect("seals");
        #[track_caller]
        fn check(keyring: &Keyring, sealed: &[u8], cell: Cell) {
            assert!(keyring.open(sealed, cell).is_err());
        }
        check(&keyring, &sealed, Cell { row: 8, ..CELL });
        check(
            &keyring,
            &sealed,
            Cell {
                column: "other",
                ..CELL
            },
        );
        check(
            &keyring,
            &sealed,
            Cell {
                table: "other",
                ..CELL
            },
        );
        for length in 0..sealed.len() {
            check(&keyring, &sealed[..length], CELL);
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            check(&keyring, &changed, CELL);
        }
    }

    #[test]
    fn needs_keys_of_different_ids() {
        let keys = |ids: &[u32]| {
            ids.iter()
                .map(|id| Key::new(*id, &[0; 32]))
                .collect::<Vec<_>>()
        };
        assert_eq!(Keyring::new(keys(&[])).unwrap_err(), KeyringError::Empty);
        assert_eq!(
            Keyring::new(keys(&[3, 1, 3])).unwrap_err(),
            KeyringError::Duplicate(3)
        );
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(
            format!("{:?}", keyring(&[5])),
            "Keyring { keys: [Key { id: 5, .. }] }"
        );
    }
}
