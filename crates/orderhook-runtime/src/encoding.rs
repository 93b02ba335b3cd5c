//! Percent-encoding, as it is in each place of a request.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// How a text is encoded where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// A header: not at all.
    Nothing,
    /// A path or a cookie.
    Percent,
    /// A query or a form, where a plus is a space as well.
    Form,
}

impl Encoding {
    /// What can't be decoded was told of before.
    pub(crate) fn decode(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Nothing => text.into(),
            Self::Percent => percent_decode_str(text).decode_utf8_lossy(),
            Self::Form => decode(text).unwrap_or(text.into()),
        }
    }
}

/// The text of a query or a form; `None` where it is not encoded well.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains(['%', '+']) {
        return Some(text.into());
    }
    if !has_whole_escapes(text) {
        return None;
    }
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok()?;
    Some(decoded.into_owned().into())
}

/// Whether every `%` is followed by two hexadecimal digits. Decoders let others pass as they are,
/// and then `%2` and `%252` are one text.
pub(crate) fn has_whole_escapes(text: &str) -> bool {
    text.split('%').skip(1).all(|escape| {
        let digits = escape.bytes().take_while(u8::is_ascii_hexdigit);
        digits.take(2).count() == 2
    })
}
