//! When a push counts as acknowledged: the rules of `B.ack.1` to `B.ack.4`.
//!
//! The sender asks [`acknowledges`] or [`acknowledges_card_event`] about each answer. Delivery is
//! at least once: whatever is not an acknowledgement is sent again, with the same message id.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// The code of an acknowledgement (`B.ack.1`).
pub const SUCCESS: &str = "00000";
/// The code of a receiver that does not trust the push, such as for a wrong signature.
pub const AUTHORIZATION_FAILED: &str = "00001";
/// The code of a receiver that cannot read the push.
pub const PARAMETER_INVALID: &str = "00002";
/// The code of a receiver that failed on its own side and wants the push again.
pub const SYSTEM_ERROR: &str = "99999";

/// How much of a receiver's own code is kept, in Unicode scalar values.
const MAX_CODE_LENGTH: usize = 64;

/// Whether an answer acknowledges an order-status push.
///
/// It does if the status is 2xx and the body is a JSON object whose member `code` is the text
/// `00000`. The code alone decides: `msg`, `data` and `requestTime` may be absent or of any type.
/// `body` is the whole body; a sender that cut it off must not ask.
///
/// # Errors
///
/// [`NotAcknowledged`] says what is wrong with the answer, in words for the receiver's operator.
pub fn acknowledges(status: u16, body: &[u8]) -> Result<(), NotAcknowledged> {
    acknowledges_card_event(status)?;
    // The parser does not look into texts that it skips, so a broken one would pass.
    let text = std::str::from_utf8(body).map_err(|_| NotAcknowledged::NotJson)?;
    let CodeMember(code) = serde_json::from_str(text).map_err(|error| {
        // The only complaint of ours about well-formed JSON is that it is not an object.
        if error.is_data() {
            NotAcknowledged::NotObject
        } else {
            NotAcknowledged::NotJson
        }
    })?;
    match code {
        Code::Missing => Err(NotAcknowledged::CodeMissing),
        Code::Repeated => Err(NotAcknowledged::CodeRepeated),
        Code::Once(Value::String(code)) if code == SUCCESS => Ok(()),
        Code::Once(Value::String(code)) => Err(NotAcknowledged::OtherCode {
            code: code.chars().take(MAX_CODE_LENGTH).collect(),
        }),
        Code::Once(_) => Err(NotAcknowledged::CodeNotText),
    }
}

/// Whether an answer acknowledges a card event: any 2xx does, whatever the body.
///
/// # Errors
///
/// [`NotAcknowledged::Status`] for every other status.
pub fn acknowledges_card_event(status: u16) -> Result<(), NotAcknowledged> {
    if (200..300).contains(&status) {
        Ok(())
    } else {
        Err(NotAcknowledged::Status { status })
    }
}

/// Why an answer is not an acknowledgement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAcknowledged {
    /// The status is not 2xx.
    #[error("answered with status {status}, not 2xx")]
    Status {
        /// The status of the answer.
        status: u16,
    },
    /// The body is empty, is not JSON in UTF-8, or has something behind the JSON.
    #[error("answer is not JSON")]
    NotJson,
    /// The body is JSON of another kind: an array, a text, a number, a truth value or null.
    #[error("answer is not a JSON object")]
    NotObject,
    /// The object has no member `code`.
    #[error("answer has no `code`")]
    CodeMissing,
    /// The object has the member `code` more than once, and readers differ on which one counts.
    #[error("answer has more than one `code`")]
    CodeRepeated,
    /// `code` is not a text, such as the number 0.
    #[error("`code` of the answer is not a text")]
    CodeNotText,
    /// `code` is a text other than `00000`.
    #[error("answer has code {code:?}, not \"00000\"")]
    OtherCode {
        /// The receiver's code, cut off after 64 characters.
        code: String,
    },
}

/// The member `code` of a JSON object, all else skipped.
struct CodeMember(Code);

enum Code {
    Missing,
    Once(Value),
    Repeated,
}

impl<'de> Deserialize<'de> for CodeMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CodeVisitor).map(CodeMember)
    }
}

struct CodeVisitor;

impl<'de> Visitor<'de> for CodeVisitor {
    type Value = Code;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Code, A::Error> {
        let mut code = Code::Missing;
        while let Some(name) = members.next_key::<Cow<'de, str>>()? {
            if name != "code" {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = members.next_value()?;
            code = match code {
                Code::Missing => Code::Once(value),
                Code::Once(_) | Code::Repeated => Code::Repeated,
            };
        }
        Ok(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_sentences_for_the_operator() {
        #[track_caller]
        fn check(status: u16, body: &str, expected: &str) {
            let error = acknowledges(status, body.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        check(502, "", "answered with status 502, not 2xx");
        check(200, "ok", "answer is not JSON");
        check(200, "[]", "answer is not a JSON object");
        check(200, "{}", "answer has no `code`");
        check(200, r#"{"code":0}"#, "`code` of the answer is not a text");
        check(
            200,
            r#"{"code":"00002"}"#,
            "answer has code \"00002\", not \"00000\"",
        );
    }

    #[test]
    fn a_long_code_is_cut_off() {
        let body = format!(r#"{{"code":"{}"}}"#, "é".repeat(65));
        assert_eq!(
            acknowledges(200, body.as_bytes()),
            Err(NotAcknowledged::OtherCode {
                code: "é".repeat(64)
            })
        );
    }
}
