//! The receiver's side of Standard Webhooks.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use http::HeaderMap;

use crate::headers::{HeaderError, only_line, unix_time};
use crate::message_id::MessageId;
use crate::secret::{SecretError, SigningSecret};
use crate::sign::{VERSION, WEBHOOK_ID, WEBHOOK_SIGNATURE, WEBHOOK_TIMESTAMP, message_mac};
use crate::tolerance::{ClockError, DEFAULT_TOLERANCE, within};

/// The most parts of `webhook-signature` that are read.
///
/// A sender has a part per live secret, so two while it rotates; the bound keeps a stranger from
/// buying work with a long header.
pub const MAX_SIGNATURE_PARTS: usize = 16;

/// Verifies messages against every secret that is live on the receiver's side.
#[derive(Debug, Clone)]
pub struct Verifier {
    secrets: Vec<SigningSecret>,
    tolerance: Duration,
}

impl Verifier {
    /// Accepts what was signed with any of these secrets, at most five minutes from now.
    ///
    /// # Errors
    ///
    /// [`SecretError::None`] without any secret, which would refuse every message.
    pub fn new(secrets: impl IntoIterator<Item = SigningSecret>) -> Result<Self, SecretError> {
        let secrets: Vec<_> = secrets.into_iter().collect();
        if secrets.is_empty() {
            return Err(SecretError::None);
        }
        Ok(Self {
            secrets,
            tolerance: DEFAULT_TOLERANCE,
        })
    }

    /// How far the timestamp may lie from `now`, in either direction.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Checks that the body was signed, with this id and this timestamp, by a holder of a secret.
    ///
    /// The body is the bytes as they arrived, before any decoding. Delivery is at least once: a
    /// verified message may still be one that was handled before, see [`crate::replay`].
    ///
    /// # Errors
    ///
    /// [`VerifyError`] says what failed first; only [`VerifyError::NoMatch`] means that all three
    /// headers were readable and in time.
    pub fn verify<'b>(
        &self,
        headers: &HeaderMap,
        body: &'b [u8],
        now: SystemTime,
    ) -> Result<Verified<'b>, VerifyError> {
        let message_id = MessageId::new(only_line(headers, &WEBHOOK_ID)?)
            .map_err(|_| HeaderError::Malformed(WEBHOOK_ID))?;
        let timestamp_text = only_line(headers, &WEBHOOK_TIMESTAMP)?;
        let (timestamp, signed_at) = unix_time(timestamp_text)
            .and_then(|seconds| {
                let signed_at = UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
                Some((seconds, signed_at))
            })
            .ok_or(HeaderError::Malformed(WEBHOOK_TIMESTAMP))?;
        let signatures = known_signatures(only_line(headers, &WEBHOOK_SIGNATURE)?)?;
        within(self.tolerance, signed_at, now)?;

        let authentic = self.secrets.iter().any(|secret| {
            let mac = message_mac(secret, &message_id, timestamp_text, body);
            // `verify_slice` compares in constant time.
            signatures
                .iter()
                .any(|signature| mac.clone().verify_slice(signature).is_ok())
        });
        if !authentic {
            return Err(VerifyError::NoMatch);
        }
        Ok(Verified {
            message_id,
            timestamp,
            body,
        })
    }
}

/// The decoded signatures of the version we know.
///
/// Parts of other versions are skipped, as the scheme asks, so that senders can add some.
fn known_signatures(header: &str) -> Result<Vec<Vec<u8>>, VerifyError> {
    let malformed = || HeaderError::Malformed(WEBHOOK_SIGNATURE);
    let mut signatures = Vec::new();
    for (index, part) in header.split(' ').enumerate() {
        if index == MAX_SIGNATURE_PARTS {
            return Err(VerifyError::TooManySignatures);
        }
        let (version, encoded) = part.split_once(',').ok_or_else(malformed)?;
        if version == VERSION {
            signatures.push(STANDARD.decode(encoded).map_err(|_| malformed())?);
        }
    }
    if signatures.is_empty() {
        return Err(VerifyError::UnknownVersion);
    }
    Ok(signatures)
}

/// A message whose body is authentic: proof that [`Verifier::verify`] accepted it.
///
/// There is no other way to make one, so a function that takes `Verified` cannot be called with
/// a body that nobody checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<'b> {
    message_id: MessageId,
    timestamp: u64,
    body: &'b [u8],
}

impl<'b> Verified<'b> {
    /// The id, the same in every attempt: the key for [`crate::replay::ReplayStore`].
    #[must_use]
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// When this attempt was signed, in Unix seconds.
    #[must_use]
    pub fn timestamp(&self) -> u64 {
        self.timestamp
    }

    /// The authentic bytes.
    #[must_use]
    pub fn body(&self) -> &'b [u8] {
        self.body
    }
}

/// Shows the body's length only: a body can hold personal data and secrets (`B.push.27`).
impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("message_id", &self.message_id)
            .field("timestamp", &self.timestamp)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Why a message was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// One of the three headers is missing, repeated or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// `webhook-signature` has more than [`MAX_SIGNATURE_PARTS`] parts.
    #[error("header `webhook-signature` has more than 16 parts")]
    TooManySignatures,
    /// Every part of `webhook-signature` is of a version other than `v1`.
    #[error("header `webhook-signature` has no part of version `v1`")]
    UnknownVersion,
    /// The timestamp is outside the tolerance, see [`ClockError`] for the direction.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// No signature fits any secret: another secret, or id, timestamp or body were changed.
    #[error("no signature matches")]
    NoMatch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_body() {
        let verified = Verified {
            message_id: MessageId::new("msg_1").unwrap(),
            timestamp: 7,
            body: br#"{"privateSecret":"s3cret"}"#,
        };
        let shown = format!("{verified:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("body_bytes: 26"), "{shown}");
    }

    #[test]
    fn no_secret_is_an_error() {
        assert_eq!(Verifier::new([]).unwrap_err(), SecretError::None);
    }
}
