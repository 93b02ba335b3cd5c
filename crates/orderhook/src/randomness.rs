//! Random bytes of the machine, and the tokens that are made of them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use orderhook_delivery::Random;
use orderhook_store::{BoxError, Randomness, TokenHash};
use orderhook_types::Secret;
use orderhook_webhook::SigningSecret;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What a merchant's token begins with, so that people and scanners recognise it.
pub(crate) const MERCHANT_TOKEN: &str = "ohm_";
/// What a token of the operator side begins with.
pub(crate) const OPERATOR_TOKEN: &str = "oho_";

/// Of a token, and of a signing secret.
const SECRET_BYTES: usize = 32;

/// The machine's own randomness.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), BoxError> {
        getrandom::fill(bytes).map_err(BoxError::from)
    }
}

impl Random for SystemRandomness {
    /// Without randomness, retries are not spread; that is no reason not to retry.
    fn number(&self) -> u64 {
        getrandom::u64().unwrap_or_default()
    }
}

/// A new signing secret.
///
/// # Errors
/// `randomness` has none to give.
pub(crate) fn new_sign_secret(randomness: &dyn Randomness) -> Result<Secret, BoxError> {
    let text = Zeroizing::new(STANDARD.encode(secret_bytes(randomness)?.as_slice()));
    Ok(Secret::from([SigningSecret::PREFIX, &text].concat()))
}

/// A new token that begins with `prefix`.
///
/// # Errors
/// `randomness` has none to give.
pub(crate) fn new_token(prefix: &str, randomness: &dyn Randomness) -> Result<Secret, BoxError> {
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret_bytes(randomness)?.as_slice()));
    Ok(Secret::from([prefix, &text].concat()))
}

fn secret_bytes(randomness: &dyn Randomness) -> Result<Zeroizing<[u8; SECRET_BYTES]>, BoxError> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    randomness.fill(bytes.as_mut_slice())?;
    Ok(bytes)
}

/// What is stored of a token.
pub(crate) fn token_hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_its_prefix_and_256_random_bits() {
        let first = new_token(OPERATOR_TOKEN, &SystemRandomness).unwrap();
        let second = new_token(OPERATOR_TOKEN, &SystemRandomness).unwrap();
        assert!(first.reveal().starts_with("oho_"));
        assert_eq!(first.reveal().len(), 4 + 43);
        assert_ne!(token_hash(first.reveal()), token_hash(second.reveal()));
    }
}
