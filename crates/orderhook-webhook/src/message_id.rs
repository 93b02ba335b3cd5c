//! The id of a message, the same in every attempt to deliver it.

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;

/// What `webhook-id` carries: 1 to 255 visible ASCII characters, none of them a dot.
///
/// Delivery is at least once, and every attempt and replay of a message carries the same id, so
/// this is the key by which a receiver recognises what it has already handled.
/// A dot is refused because the signed text joins id, timestamp and body by dots.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// The most characters an id may have.
    pub const MAX_LENGTH: usize = 255;

    /// Takes the text of an id.
    ///
    /// # Errors
    ///
    /// [`InvalidMessageId`] says which rule it breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidMessageId> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidMessageId::Empty);
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(InvalidMessageId::TooLong);
        }
        if !text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'.')
        {
            return Err(InvalidMessageId::Character);
        }
        Ok(Self(text))
    }

    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn to_header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("visible ASCII is a legal header value")
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for MessageId {
    type Err = InvalidMessageId;

    fn from_str(text: &str) -> Result<Self, InvalidMessageId> {
        Self::new(text)
    }
}

/// Why a text is no message id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMessageId {
    /// It is empty.
    #[error("message id is empty")]
    Empty,
    /// It has more than [`MessageId::MAX_LENGTH`] characters.
    #[error("message id is longer than 255 characters")]
    TooLong,
    /// It has a dot, a space, a control character or one outside ASCII.
    #[error("message id has a character other than visible ASCII without the dot")]
    Character,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_rules() {
        #[track_caller]
        fn check(text: &str, expected: Result<(), InvalidMessageId>) {
            assert_eq!(MessageId::new(text).map(|_| ()), expected);
        }
        check("m", Ok(()));
        check("msg_p5jXN8AQM9LWM0D4loKWxJek", Ok(()));
        check("!~", Ok(()));
        check(&"m".repeat(255), Ok(()));
        check("", Err(InvalidMessageId::Empty));
        check(&"m".repeat(256), Err(InvalidMessageId::TooLong));
        check("a.b", Err(InvalidMessageId::Character));
        check("a b", Err(InvalidMessageId::Character));
        check("a\nb", Err(InvalidMessageId::Character));
        check("ä", Err(InvalidMessageId::Character));
        check("a\u{7f}", Err(InvalidMessageId::Character));
    }
}
