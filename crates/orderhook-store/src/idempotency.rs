//! Calls that are safe to repeat.

/// The key that a caller gave to a call, with what the call asked for.
///
/// It is kept in the transaction of the call itself, so that there is no moment at which one is
/// durable and the other not; the answer is kept encrypted, since some answers hold secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The `operationId`; a key is good for one operation.
    pub operation: &'static str,
    /// The caller's key.
    pub key: String,
    /// SHA-256 of the request.
    pub request_sha256: [u8; 32],
}

/// What came of a call that may carry a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<T> {
    /// It was done now.
    Done(T),
    /// It was done before, under the same key and for the same request; this was the answer.
    Repeated(T),
    /// The key belongs to another request, and nothing was done.
    KeyUsed,
}

impl<T> Once<T> {
    /// The answer in another form.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Once<U> {
        match self {
            Self::Done(answer) => Once::Done(to(answer)),
            Self::Repeated(answer) => Once::Repeated(to(answer)),
            Self::KeyUsed => Once::KeyUsed,
        }
    }
}
