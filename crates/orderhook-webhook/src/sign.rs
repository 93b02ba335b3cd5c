//! The sender's side of Standard Webhooks: three headers over the exact bytes sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use crate::message_id::MessageId;
use crate::secret::{SecretError, SigningSecret};

/// Carries the [`MessageId`].
pub const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
/// Carries the time of the attempt in Unix seconds.
pub const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// Carries one `v1,BASE64` part per live secret, separated by spaces.
pub const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The one version of the scheme with a shared secret: HMAC-SHA256.
pub(crate) const VERSION: &str = "v1";

/// Signs messages with every live secret of an endpoint.
///
/// While a secret is being rotated the endpoint has two, and a receiver that knows either accepts.
#[derive(Debug, Clone)]
pub struct Signer {
    secrets: Vec<SigningSecret>,
}

impl Signer {
    /// Signs with each of these secrets, in this order.
    ///
    /// # Errors
    ///
    /// [`SecretError::None`] without any secret: an unsigned push must not leave by accident.
    pub fn new(secrets: impl IntoIterator<Item = SigningSecret>) -> Result<Self, SecretError> {
        let secrets: Vec<_> = secrets.into_iter().collect();
        if secrets.is_empty() {
            return Err(SecretError::None);
        }
        Ok(Self { secrets })
    }

    /// Signs one attempt, made at `timestamp` (Unix seconds), to deliver `body`.
    ///
    /// The body must be the very bytes that are sent: serialise once, sign, send.
    /// A later attempt keeps the id and takes a fresh timestamp, else the receiver finds it too old.
    #[must_use]
    pub fn sign(&self, message_id: &MessageId, timestamp: u64, body: &[u8]) -> SignatureHeaders {
        let timestamp_text = timestamp.to_string();
        let parts: Vec<String> = self
            .secrets
            .iter()
            .map(|secret| {
                let mac = message_mac(secret, message_id, &timestamp_text, body);
                let signature = STANDARD.encode(mac.finalize().into_bytes());
                format!("{VERSION},{signature}")
            })
            .collect();
        SignatureHeaders {
            message_id: message_id.clone(),
            timestamp,
            signature: parts.join(" "),
        }
    }
}

/// The headers that [`Signer::sign`] computed for one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeaders {
    message_id: MessageId,
    timestamp: u64,
    signature: String,
}

impl SignatureHeaders {
    /// The text of `webhook-signature`.
    #[must_use]
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The three headers as pairs, for any HTTP client.
    #[must_use]
    pub fn to_pairs(&self) -> [(HeaderName, HeaderValue); 3] {
        let signature = HeaderValue::from_str(&self.signature)
            .expect("base64, commas and spaces are a legal header value");
        [
            (WEBHOOK_ID, self.message_id.to_header_value()),
            (WEBHOOK_TIMESTAMP, HeaderValue::from(self.timestamp)),
            (WEBHOOK_SIGNATURE, signature),
        ]
    }

    /// Sets the three headers, in place of any that were there.
    pub fn insert_into(&self, headers: &mut HeaderMap) {
        for (name, value) in self.to_pairs() {
            headers.insert(name, value);
        }
    }
}

/// HMAC-SHA256 over `id.timestamp.body`, not yet finalised.
///
/// The timestamp is the header's own text: a verifier must sign what was sent, not a number
/// printed anew.
pub(crate) fn message_mac(
    secret: &SigningSecret,
    message_id: &MessageId,
    timestamp: &str,
    body: &[u8],
) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(message_id.as_str().as_bytes());
    mac.update(b".");
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_an_error() {
        assert_eq!(Signer::new([]).unwrap_err(), SecretError::None);
    }

    #[test]
    fn replaces_headers_that_were_there() {
        let secret = SigningSecret::from_bytes(&[1; 24]).unwrap();
        let signed =
            Signer::new([secret])
                .unwrap()
                .sign(&MessageId::new("msg_1").unwrap(), 7, b"{}");
        let mut headers = HeaderMap::new();
        headers.append(WEBHOOK_ID, HeaderValue::from_static("stale"));
        headers.append(WEBHOOK_ID, HeaderValue::from_static("older"));
        signed.insert_into(&mut headers);
        assert_eq!(headers.len(), 3);
        assert_eq!(headers[WEBHOOK_ID], "msg_1");
        assert_eq!(headers[WEBHOOK_TIMESTAMP], "7");
        assert_eq!(headers[WEBHOOK_SIGNATURE], signed.signature());
    }
}
