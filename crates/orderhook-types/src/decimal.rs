//! The exact number behind a [`DecimalText`].
//!
//! It is a [`BigDecimal`], not a `rust_decimal`: that has 96 bits, which is 28 digits, and rounds or
//! refuses what has more. Amounts of coins with 18 fractional digits exceed it from eleven whole
//! digits on.

use std::str::FromStr as _;

use bigdecimal::BigDecimal;

use crate::DecimalText;

/// Why a text or a number has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecimalError {
    /// The text is not `-?digits[.digits]` in ASCII: it is empty, has an exponent, a plus sign, a
    /// separator, white space, or no digit on one side of the point.
    #[error("not a decimal number in plain notation")]
    NotPlain,
    /// There are more than [`DecimalText::MAX_DIGITS`] digits before and after the point together.
    #[error("a decimal number of more than {} digits", DecimalText::MAX_DIGITS)]
    TooLong,
}

impl DecimalText {
    /// The most digits a text may have to be read as a number.
    ///
    /// No amount needs more, and the cost of reading a hostile text stays nil.
    pub const MAX_DIGITS: usize = 64;

    /// The exact number, with as many fractional digits as the text has.
    ///
    /// # Errors
    ///
    /// [`DecimalError::NotPlain`] if the text is not `-?digits[.digits]`, such as `1e9` or `1,5`;
    /// [`DecimalError::TooLong`] if it has more than [`Self::MAX_DIGITS`] digits.
    pub fn decimal(&self) -> Result<BigDecimal, DecimalError> {
        check_plain(self.as_str())?;
        BigDecimal::from_str(self.as_str()).map_err(|_| DecimalError::NotPlain)
    }
}

fn check_plain(text: &str) -> Result<(), DecimalError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    // the digits and one point: a longer text is not looked at
    if unsigned.len() > DecimalText::MAX_DIGITS + 1 {
        return Err(DecimalError::TooLong);
    }
    let is_plain = match unsigned.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(unsigned),
    };
    if !is_plain {
        return Err(DecimalError::NotPlain);
    }
    let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
    if digits > DecimalText::MAX_DIGITS {
        return Err(DecimalError::TooLong);
    }
    Ok(())
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes the number in plain notation with all its fractional digits, trailing zeros included.
///
/// Refuses with [`DecimalError::TooLong`] what [`DecimalText::decimal`] would not read back.
impl TryFrom<&BigDecimal> for DecimalText {
    type Error = DecimalError;

    fn try_from(decimal: &BigDecimal) -> Result<Self, DecimalError> {
        // counted before it is written: 1e999999999 is small as a number and a gigabyte as a text
        if plain_digits(decimal) > Self::MAX_DIGITS as u64 {
            return Err(DecimalError::TooLong);
        }
        Ok(Self::from(decimal.to_plain_string()))
    }
}

/// How many digits the number has in plain notation.
fn plain_digits(decimal: &BigDecimal) -> u64 {
    let significant = decimal.digits();
    let scale = decimal.fractional_digit_count();
    if scale > 0 {
        let with_leading_zero = scale.unsigned_abs().saturating_add(1);
        significant.max(with_leading_zero)
    } else {
        significant.saturating_add(scale.unsigned_abs())
    }
}

impl TryFrom<BigDecimal> for DecimalText {
    type Error = DecimalError;

    fn try_from(decimal: BigDecimal) -> Result<Self, DecimalError> {
        Self::try_from(&decimal)
    }
}

#[cfg(test)]
mod tests {
    use super::{BigDecimal, DecimalError, DecimalText};

    /// `text` is the number `coefficient` / 10^`scale`, and the number is `text` again.
    fn check(text: &str, coefficient: i128, scale: i64) {
        let decimal = DecimalText::from(text).decimal().unwrap();
        assert_eq!(
            decimal,
            BigDecimal::new(coefficient.into(), scale),
            "{text}"
        );
        assert_eq!(DecimalText::try_from(&decimal).unwrap().as_str(), text);
    }

    #[test]
    fn numbers_are_exact() {
        check("0", 0, 0);
        check("100", 100, 0);
        check("0.1", 1, 1);
        check("-12.50", -1250, 2);
        check("0.00", 0, 2);
        check("0.000000000000000001", 1, 18);
        // beyond the 28 digits of rust_decimal
        check(
            "123456789012345678901.000000000000000001",
            123_456_789_012_345_678_901_000_000_000_000_000_001,
            18,
        );
    }

    #[test]
    fn all_digits_of_the_longest_text_are_kept() {
        for text in [
            "9".repeat(64),
            format!("-{}.{}", "8".repeat(32), "7".repeat(32)),
        ] {
            let decimal = DecimalText::from(text.as_str()).decimal().unwrap();
            assert_eq!(DecimalText::try_from(decimal).unwrap().to_string(), text);
        }
    }

    fn check_refused(text: &str, error: DecimalError) {
        let amount: DecimalText = serde_json::from_value(text.into()).unwrap();
        assert_eq!(amount.decimal(), Err(error), "{text}");
        assert_eq!(amount.as_str(), text);
        assert_eq!(amount.to_string(), text);
        assert_eq!(serde_json::to_value(&amount).unwrap(), text);
    }

    #[test]
    fn what_is_no_plain_number_stays_a_text() {
        let not_plain = [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "-.5",
            "+1",
            "--1",
            "1.2.3",
            "1e3",
            "1E-3",
            "1e999999999",
            "-1e-999999999",
            "1,5",
            "1_000",
            "1 000",
            " 1",
            "1\n",
            "0x10",
            "NaN",
            "inf",
            "١٢",
            "N/A",
        ];
        for text in not_plain {
            check_refused(text, DecimalError::NotPlain);
        }
        check_refused(&"1".repeat(65), DecimalError::TooLong);
        check_refused(&format!("0.{}", "1".repeat(64)), DecimalError::TooLong);
        check_refused(&"1".repeat(1_000_000), DecimalError::TooLong);
    }

    #[test]
    fn a_number_too_long_to_write_is_refused_before_it_is_written() {
        for scale in [64, 999_999_999, i64::MAX, -64, -999_999_999, i64::MIN] {
            let decimal = BigDecimal::new(1.into(), scale);
            assert_eq!(
                DecimalText::try_from(&decimal),
                Err(DecimalError::TooLong),
                "{scale}"
            );
        }
    }

    #[test]
    fn a_number_with_an_exponent_is_written_plainly() {
        let decimal = BigDecimal::new(15.into(), -2);
        assert_eq!(DecimalText::try_from(decimal).unwrap().as_str(), "1500");
        let decimal = BigDecimal::new((-15).into(), 12);
        assert_eq!(
            DecimalText::try_from(decimal).unwrap().as_str(),
            "-0.000000000015"
        );
    }

    #[test]
    fn equality_is_that_of_the_texts() {
        let (short, long) = (DecimalText::from("1.0"), DecimalText::from("1.00"));
        assert_ne!(short, long);
        assert_eq!(short.decimal(), long.decimal());
    }

    #[test]
    fn errors_say_the_limit() {
        let message = DecimalError::TooLong.to_string();
        assert_eq!(message, "a decimal number of more than 64 digits");
    }
}
