//! Money on the wire: texts such as `fiatAmount` and `cryptoAmount` (`B.push.6`, `B.push.7`,
//! `B.push.9`, `B.push.24`), whose exact digits matter.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An amount as the exact text of the wire.
///
/// Any text is one, so that an amount nobody can read does not fail the payload around it.
/// Equality is that of the texts: `1.0` and `1.00` differ; compare the numbers, which `decimal`
/// gives (feature `decimal`), to compare amounts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DecimalText(String);

impl DecimalText {
    /// The text as it was read.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for DecimalText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for DecimalText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for DecimalText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

crate::schema::impl_schema!(
    DecimalText,
    String,
    &["An exact decimal number in plain notation."],
    &[],
    format = "decimal",
);

#[cfg(test)]
mod tests {
    use super::DecimalText;

    #[test]
    fn a_json_number_is_no_amount() {
        serde_json::from_str::<DecimalText>("1.5").unwrap_err();
    }

    #[test]
    fn the_text_is_kept() {
        for text in ["1.50", "-0", "1e3", "N/A", ""] {
            let amount: DecimalText = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_value(&amount).unwrap(), text);
            assert_eq!(amount.to_string(), text);
        }
    }
}
