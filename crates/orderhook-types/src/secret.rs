//! A text that must not appear in logs: `sign_secret` of document A (`A.webhook-list.response.11`
//! and its likes in the mutations) and `privateSecret` of document B (`B.push.27`).

use std::fmt;
use std::hint::black_box;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

/// A text that `Debug` and errors never show.
///
/// The documents put secrets into answers, so it is written to the wire as its exact text. In code
/// the text comes out through [`Secret::reveal`] alone: there is no `Display`.
///
/// ```compile_fail
/// println!("{}", orderhook_types::Secret::from("whsec_1234"));
/// ```
#[derive(Clone, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself. Each call is a place where the secret can leak.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(REDACTED)")
    }
}

/// Looks at every byte whatever the first difference, so that the time taken tells no more than
/// whether the lengths are equal.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        let difference = ours
            .iter()
            .zip(theirs)
            // the black box keeps the optimiser from leaving at the first difference
            .fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
        ours.len() == theirs.len() && difference == 0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // not `deserialize_string`: a deserializer that holds a number where we ask for a string
        // writes the error itself, with the number in it
        deserializer.deserialize_any(SecretVisitor)
    }
}

/// Takes the numbers too, only to refuse them: serde's own refusal quotes the value, which may be
/// a secret whose quotes were forgotten.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse_number<E: Error>() -> Result<Secret, E> {
        Err(E::custom("invalid type: number, expected a string"))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = Secret;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Secret, E> {
        Ok(Secret(text))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Secret, E> {
        Self::refuse_number()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Secret, E> {
        Self::refuse_number()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Secret, E> {
        Self::refuse_number()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<Secret, E> {
        Self::refuse_number()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Secret, E> {
        Self::refuse_number()
    }
}

crate::schema::impl_schema!(
    Secret,
    String,
    &["A secret, to be kept out of logs."],
    &[],
    format = "password",
);

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Secret;

    #[test]
    fn the_wire_has_the_exact_text() {
        for text in ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "", " a\"b\nü "] {
            let secret: Secret = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(secret.reveal(), text);
            assert_eq!(serde_json::to_value(&secret).unwrap(), json!(text));
            assert_eq!(
                secret,
                serde_json::from_str(&json!(text).to_string()).unwrap()
            );
        }
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by `Debug` only")]
        struct Webhook {
            sign_secret: Option<Secret>,
        }

        let webhook = Webhook {
            sign_secret: Some(Secret::from("whsec_1234")),
        };
        assert_eq!(
            format!("{webhook:?}"),
            "Webhook { sign_secret: Some(Secret(REDACTED)) }"
        );
        assert!(!format!("{webhook:#?}").contains("whsec"));
    }

    #[test]
    fn errors_show_nothing_of_it() {
        for value in [
            json!(48_151_623),
            json!(-48_151_623),
            json!(48_151_623.42),
            json!(["48151623"]),
        ] {
            for error in [
                serde_json::from_value::<Secret>(value.clone()).unwrap_err(),
                serde_json::from_str::<Secret>(&value.to_string()).unwrap_err(),
            ] {
                let message = format!("{error} {error:?}");
                assert!(message.contains("expected a string"), "{message}");
                assert!(!message.contains("48151623"), "{message}");
            }
        }
    }

    #[test]
    fn equality_sees_every_byte_and_the_length() {
        fn check(a: &str, b: &str, equal: bool) {
            assert_eq!(Secret::from(a) == Secret::from(b), equal, "{a:?} {b:?}");
            assert_eq!(Secret::from(b) == Secret::from(a), equal, "{b:?} {a:?}");
        }

        check("whsec_1", "whsec_1", true);
        check("", "", true);
        check("whsec_1", "whsec_2", false);
        check("xhsec_1", "whsec_1", false);
        check("whsec_1", "whsec_", false);
        check("", "w", false);
    }
}
