//! The symmetric secret that sender and receiver share.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A Standard Webhooks signing secret: 24 to 64 bytes, written as `whsec_` and their base64.
///
/// `Debug` never shows the bytes, and they are wiped from memory on drop.
#[derive(Clone)]
pub struct SigningSecret(Zeroizing<Vec<u8>>);

impl SigningSecret {
    /// What the text form begins with.
    pub const PREFIX: &str = "whsec_";
    /// The fewest bytes a secret may have.
    pub const MIN_BYTES: usize = 24;
    /// The most bytes a secret may have.
    pub const MAX_BYTES: usize = 64;

    /// Takes the raw bytes of a secret, such as fresh ones from a random source.
    ///
    /// # Errors
    ///
    /// [`SecretError::Length`] outside 24 to 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        if !(Self::MIN_BYTES..=Self::MAX_BYTES).contains(&bytes.len()) {
            return Err(SecretError::Length { bytes: bytes.len() });
        }
        Ok(Self(Zeroizing::new(bytes.to_vec())))
    }

    /// The text form, to be stored encrypted or handed to the secret's owner.
    #[must_use]
    pub fn expose_text(&self) -> Zeroizing<String> {
        let encoded = Zeroizing::new(STANDARD.encode(self.as_bytes()));
        Zeroizing::new([Self::PREFIX, &encoded].concat())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for SigningSecret {
    type Err = SecretError;

    /// Reads the text form; the prefix may be absent, because dashboards show it both ways.
    fn from_str(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(Self::PREFIX).unwrap_or(text);
        let bytes = STANDARD
            .decode(encoded)
            .map(Zeroizing::new)
            .map_err(|_| SecretError::NotBase64)?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningSecret(redacted)")
    }
}

/// Why a secret, or a set of secrets, cannot be used.
///
/// Nothing of the secret's text is kept: the error may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The text behind the prefix is not padded standard base64.
    #[error("signing secret is not base64")]
    NotBase64,
    /// The secret has too few or too many bytes.
    #[error("signing secret has {bytes} bytes, not 24 to 64")]
    Length {
        /// How many bytes it has.
        bytes: usize,
    },
    /// A signer or verifier was given no secret at all.
    #[error("no signing secret given")]
    None,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    #[test]
    fn parses_with_and_without_prefix() {
        let with: SigningSecret = TEXT.parse().unwrap();
        let without: SigningSecret = TEXT["whsec_".len()..].parse().unwrap();
        assert_eq!(with.as_bytes(), without.as_bytes());
        assert_eq!(with.expose_text().as_str(), TEXT);
    }

    #[test]
    fn refuses_what_is_no_secret() {
        #[track_caller]
        fn check(text: &str, expected: SecretError) {
            assert_eq!(text.parse::<SigningSecret>().unwrap_err(), expected);
        }
        check("", SecretError::Length { bytes: 0 });
        check("whsec_", SecretError::Length { bytes: 0 });
        check("whsec_not base64", SecretError::NotBase64);
        check(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS=",
            SecretError::NotBase64,
        );
        check(
            "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            SecretError::NotBase64,
        );
        check("whsec_c2hvcnQ=", SecretError::Length { bytes: 5 });
    }

    #[test]
    fn holds_24_to_64_bytes() {
        #[track_caller]
        fn check(bytes: usize, accepted: bool) {
            assert_eq!(SigningSecret::from_bytes(&vec![7; bytes]).is_ok(), accepted);
        }
        check(23, false);
        check(24, true);
        check(64, true);
        check(65, false);
    }

    #[test]
    fn debug_shows_nothing() {
        let secret: SigningSecret = TEXT.parse().unwrap();
        assert_eq!(format!("{secret:?}"), "SigningSecret(redacted)");
    }
}
