//! The operator's id, which document A gives as an int in the webhook list
//! (`A.webhook-list.response.15`) and as a string in the mutations (`A.webhook-create.response.12`,
//! `A.webhook-update.response.12` and the two of the subscriptions).
//!
//! Each is written as its row says, and both forms are read in both places, because a platform
//! that contradicts itself on paper will do so on the wire.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An operator's id written as a JSON number, read from a number or from its decimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorIdNumber(i64);

/// An operator's id written as a JSON string, read from a string or from an integer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperatorIdText(String);

/// Why a text is no [`OperatorIdNumber`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperatorIdError {
    /// The text is not what a 64-bit integer is written as: `-?digits` without leading zeros.
    /// `007` is refused because as the number 7 it would come back as another id.
    #[error("operator id is not a 64-bit integer in plain decimal")]
    NotANumber,
}

impl OperatorIdNumber {
    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl OperatorIdText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<i64> for OperatorIdNumber {
    fn from(id: i64) -> Self {
        Self(id)
    }
}

impl FromStr for OperatorIdNumber {
    type Err = OperatorIdError;

    fn from_str(text: &str) -> Result<Self, OperatorIdError> {
        match text.parse::<i64>() {
            Ok(id) if id.to_string() == text => Ok(Self(id)),
            _ => Err(OperatorIdError::NotANumber),
        }
    }
}

impl TryFrom<&str> for OperatorIdNumber {
    type Error = OperatorIdError;

    fn try_from(text: &str) -> Result<Self, OperatorIdError> {
        text.parse()
    }
}

impl TryFrom<&OperatorIdText> for OperatorIdNumber {
    type Error = OperatorIdError;

    fn try_from(id: &OperatorIdText) -> Result<Self, OperatorIdError> {
        id.0.parse()
    }
}

impl From<String> for OperatorIdText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for OperatorIdText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<i64> for OperatorIdText {
    fn from(id: i64) -> Self {
        Self(id.to_string())
    }
}

impl From<OperatorIdNumber> for OperatorIdText {
    fn from(id: OperatorIdNumber) -> Self {
        Self::from(id.0)
    }
}

impl FromStr for OperatorIdText {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(text))
    }
}

impl fmt::Display for OperatorIdNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for OperatorIdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for OperatorIdNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl Serialize for OperatorIdText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Either form on the wire.
///
/// The number is serde_json's own, because with its feature `arbitrary_precision`, which any crate
/// of a build can turn on, a visitor no longer sees numbers as such.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a 64-bit integer or a string")]
enum EitherForm {
    Number(serde_json::Number),
    Text(String),
}

impl<'de> Deserialize<'de> for OperatorIdNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match EitherForm::deserialize(deserializer)? {
            EitherForm::Number(number) => number.as_i64().map(Self),
            EitherForm::Text(text) => text.parse().ok(),
        }
        .ok_or_else(|| D::Error::custom(OperatorIdError::NotANumber))
    }
}

impl<'de> Deserialize<'de> for OperatorIdText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match EitherForm::deserialize(deserializer)? {
            EitherForm::Number(number) if number.is_i64() || number.is_u64() => {
                Ok(Self(number.to_string()))
            }
            EitherForm::Number(_) => Err(D::Error::custom("operator id is not a 64-bit integer")),
            EitherForm::Text(text) => Ok(Self(text)),
        }
    }
}

crate::schema::impl_schema!(
    OperatorIdNumber,
    Integer,
    &["The id of an operator, as a number."],
    &[],
    format = "int64",
);

crate::schema::impl_schema!(
    OperatorIdText,
    String,
    &["The id of an operator, as a text."],
    &[],
);

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{OperatorIdError, OperatorIdNumber, OperatorIdText};

    #[test]
    fn both_forms_are_read_in_both_places_and_written_as_the_row_says() {
        fn check(id: i64) {
            let text = id.to_string();
            for form in [json!(id), json!(text)] {
                let number: OperatorIdNumber = serde_json::from_value(form.clone()).unwrap();
                assert_eq!(number, serde_json::from_str(&form.to_string()).unwrap());
                assert_eq!(number.get(), id);
                assert_eq!(serde_json::to_value(number).unwrap(), json!(id));

                let as_text: OperatorIdText = serde_json::from_value(form.clone()).unwrap();
                assert_eq!(as_text, serde_json::from_str(&form.to_string()).unwrap());
                assert_eq!(as_text.as_str(), text);
                assert_eq!(serde_json::to_value(&as_text).unwrap(), json!(text));

                assert_eq!(OperatorIdText::from(number), as_text);
                assert_eq!(OperatorIdNumber::try_from(&as_text), Ok(number));
                assert_eq!(number.to_string(), as_text.to_string());
            }
        }

        check(0);
        check(10086);
        check(9_999_999_999);
        check(-1);
        check(i64::MAX);
        check(i64::MIN);
    }

    #[test]
    fn a_text_that_is_no_canonical_number_is_kept_as_text_only() {
        for text in [
            "",
            "op_17",
            "007",
            "+7",
            "-0",
            " 7",
            "7.0",
            "1e3",
            "9223372036854775808",
        ] {
            let id: OperatorIdText = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(id.to_string(), text);
            assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
            assert_eq!(
                OperatorIdNumber::try_from(&id),
                Err(OperatorIdError::NotANumber),
                "{text}"
            );
            serde_json::from_value::<OperatorIdNumber>(json!(text)).unwrap_err();
        }
    }

    #[test]
    fn an_integer_beyond_64_bits_signed_fits_the_text_only() {
        let id = json!(u64::MAX);
        let text: OperatorIdText = serde_json::from_value(id.clone()).unwrap();
        assert_eq!(text.as_str(), "18446744073709551615");
        serde_json::from_value::<OperatorIdNumber>(id).unwrap_err();
    }

    #[test]
    fn nothing_else_is_read() {
        for value in [
            json!(1.5),
            json!(7.0),
            json!(true),
            Value::Null,
            json!([7]),
            json!({}),
        ] {
            serde_json::from_value::<OperatorIdNumber>(value.clone()).unwrap_err();
            serde_json::from_value::<OperatorIdText>(value).unwrap_err();
        }
    }

    #[test]
    fn errors_say_what_is_expected() {
        fn check(json: &str, message: &str) {
            let error = serde_json::from_str::<OperatorIdNumber>(json).unwrap_err();
            assert_eq!(error.to_string(), message);
        }

        check("true", "expected a 64-bit integer or a string");
        check(
            r#""op_17""#,
            "operator id is not a 64-bit integer in plain decimal",
        );
    }
}
