//! The one thing in JSON that is not YAML: characters written as two escapes.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// The same text with `\ud83d\ude00` as YAML writes it, `\U0001f600`; what is not JSON stays as it is.
pub(super) fn without_surrogates(text: &str) -> Cow<'_, str> {
    let surrogates = text.contains("\\ud") || text.contains("\\uD");
    if !surrogates || serde_json::from_str::<IgnoredAny>(text).is_err() {
        return text.into();
    }
    let mut rewritten = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        rewritten.push_str(before);
        let length = match pair(escape) {
            Some(character) => {
                rewritten.push_str(&format!("\\U{:08x}", u32::from(character)));
                12
            }
            // The escaped character may be a backslash itself; JSON has none but these.
            None => {
                rewritten.push_str(&escape[..2]);
                2
            }
        };
        rest = &escape[length..];
    }
    rewritten.push_str(rest);
    rewritten.into()
}

/// The character that two escapes at the beginning of `text` are.
fn pair(text: &str) -> Option<char> {
    let unit = |escape: &str| u16::from_str_radix(escape.strip_prefix("\\u")?, 16).ok();
    let units = [unit(text.get(..6)?)?, unit(text.get(6..12)?)?];
    // Two that are characters each by themselves are no pair.
    let mut characters = char::decode_utf16(units);
    let first = characters.next()?.ok()?;
    characters.next().is_none().then_some(first)
}
