//! Reading a header that must stand exactly once.

use http::{HeaderMap, HeaderName};

/// Why a header that a signature needs could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The header is absent.
    #[error("header `{0}` is missing")]
    Missing(HeaderName),
    /// The header stands on more than one line.
    #[error("header `{0}` stands more than once")]
    Repeated(HeaderName),
    /// The header has bytes or a form that no sender of the scheme writes.
    #[error("header `{0}` is malformed")]
    Malformed(HeaderName),
}

/// The text of the only line of a header.
///
/// A sender writes each of these headers once. Two lines mean that something on the way added
/// one, and any choice between them could differ from the choice of whoever reads them next, so
/// they are refused.
pub(crate) fn only_line<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> Result<&'h str, HeaderError> {
    let mut lines = headers.get_all(name).iter();
    let line = lines
        .next()
        .ok_or_else(|| HeaderError::Missing(name.clone()))?;
    if lines.next().is_some() {
        return Err(HeaderError::Repeated(name.clone()));
    }
    line.to_str()
        .map_err(|_| HeaderError::Malformed(name.clone()))
}

/// Unix time as a sender writes it: digits only, no sign and no space.
pub(crate) fn unix_time(digits: &str) -> Option<u64> {
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())
        .flatten()
}
