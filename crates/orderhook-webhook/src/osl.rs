//! The header check of OSL-style platforms, which **does not authenticate the body**.
//!
//! Such a platform signs `appId=…&timestamp=…` with its RSA key and sends the two values and the
//! signature as the headers `appId`, `timestamp` (Unix milliseconds) and `signature`. Nothing of
//! the body goes in: whoever has seen one triple of headers can put it on any body until the
//! timestamp is too old. So:
//!
//! - the result is [`HeadersAuthentic`], never [`crate::Verified`];
//! - [`BodyGuard`] refuses a triple that comes again with another body, which stops forgery by
//!   those who see a push after the receiver does, not by those who stand in between;
//! - before money moves, fetch the order from the platform or compare with what is on file.
//!
//! Delivery is at least once here too, and there is no message id: recognise a push that was
//! handled before by the order and its state.

mod body_guard;
mod key;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName};

pub use body_guard::{BodyGuard, BodyGuardError};
pub use key::{Digest, KeyError};

use crate::headers::{HeaderError, only_line, unix_time};
use crate::tolerance::{ClockError, DEFAULT_TOLERANCE, within};
use key::VerifyingKey;

/// Carries the merchant's application id.
pub const APP_ID: HeaderName = HeaderName::from_static("appid");
/// Carries the time of the push in Unix milliseconds.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("timestamp");
/// Carries the base64 of the RSA signature.
pub const SIGNATURE: HeaderName = HeaderName::from_static("signature");

/// Checks the headers of one application.
#[derive(Debug)]
pub struct HeaderVerifier {
    app_id: String,
    key: VerifyingKey,
    tolerance: Duration,
}

impl HeaderVerifier {
    /// Begins a verifier for pushes to `app_id`, signed by the owner of `public_key`.
    ///
    /// The key is PEM or the bare base64 of DER, in either case `SubjectPublicKeyInfo` or PKCS#1.
    #[must_use]
    pub fn builder(
        app_id: impl Into<String>,
        public_key: impl Into<String>,
    ) -> HeaderVerifierBuilder {
        HeaderVerifierBuilder {
            app_id: app_id.into(),
            public_key: public_key.into(),
            digest: Digest::default(),
            allow_rsa_1024: false,
            tolerance: DEFAULT_TOLERANCE,
        }
    }

    /// Checks that the platform signed this application's id and this timestamp.
    ///
    /// It takes no body, because the signature says nothing about one: pass the result and the
    /// body to [`BodyGuard::admit`].
    ///
    /// # Errors
    ///
    /// [`HeadersError`] says what failed first.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<HeadersAuthentic, HeadersError> {
        // The platform may sign for all its merchants with one key: without this comparison
        // another merchant's push would pass.
        if only_line(headers, &APP_ID)? != self.app_id {
            return Err(HeadersError::OtherApp);
        }
        let timestamp = only_line(headers, &TIMESTAMP)?;
        let (timestamp_ms, signed_at) = unix_time(timestamp)
            .and_then(|millis| {
                let signed_at = UNIX_EPOCH.checked_add(Duration::from_millis(millis))?;
                Some((millis, signed_at))
            })
            .ok_or(HeaderError::Malformed(TIMESTAMP))?;
        let signature = STANDARD
            .decode(only_line(headers, &SIGNATURE)?)
            .map_err(|_| HeaderError::Malformed(SIGNATURE))?;
        within(self.tolerance, signed_at, now)?;

        let signed_text = format!("appId={}&timestamp={timestamp}", self.app_id);
        if !self.key.verifies(signed_text.as_bytes(), &signature) {
            return Err(HeadersError::NoMatch);
        }
        Ok(HeadersAuthentic {
            signed_text,
            timestamp_ms,
            // The tolerance itself is still accepted, the very next moment no more.
            refused_from: signed_at
                .checked_add(self.tolerance.saturating_add(Duration::from_nanos(1)))
                .ok_or(HeaderError::Malformed(TIMESTAMP))?,
        })
    }
}

/// Sets up a [`HeaderVerifier`].
#[derive(Debug, Clone)]
pub struct HeaderVerifierBuilder {
    app_id: String,
    public_key: String,
    digest: Digest,
    allow_rsa_1024: bool,
    tolerance: Duration,
}

impl HeaderVerifierBuilder {
    /// Which digest the platform signs with; its public pages do not say. SHA-256 by default.
    #[must_use]
    pub fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// Accepts keys from 1024 bits, which are within reach of a well-funded attacker.
    ///
    /// For platforms that hand out nothing better; without it a key has 2048 bits or more.
    #[must_use]
    pub fn allow_rsa_1024(mut self) -> Self {
        self.allow_rsa_1024 = true;
        self
    }

    /// How far the timestamp may lie from now, in either direction; five minutes by default.
    ///
    /// A captured triple of headers is good for this long.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// Reads the key.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if it is no RSA public key, or one of a length that is not allowed.
    pub fn build(self) -> Result<HeaderVerifier, KeyError> {
        let key = VerifyingKey::parse(&self.public_key, self.digest, self.allow_rsa_1024)?;
        Ok(HeaderVerifier {
            app_id: self.app_id,
            key,
            tolerance: self.tolerance,
        })
    }
}

/// The platform made these headers: **the body that came with them is not authenticated**.
///
/// Anyone who has seen the headers could have put them on another body. Deliberately not
/// convertible to [`crate::Verified`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadersAuthentic {
    signed_text: String,
    timestamp_ms: u64,
    refused_from: SystemTime,
}

impl HeadersAuthentic {
    /// When the platform signed the headers, in Unix milliseconds.
    #[must_use]
    pub fn timestamp_ms(&self) -> u64 {
        self.timestamp_ms
    }
}

/// Why headers were not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadersError {
    /// One of the three headers is missing, repeated or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// `appId` names another application than this receiver's.
    #[error("header `appid` names another application")]
    OtherApp,
    /// The timestamp is outside the tolerance, see [`ClockError`] for the direction.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The signature does not fit: another key, another digest, or headers that were changed.
    #[error("signature of the headers does not match")]
    NoMatch,
}
