//! Limits of values beyond those that every value of a type has.

use std::borrow::Cow;
use std::sync::OnceLock;

use regress::Regex;

use super::check::Walk;
use super::{Place, Shape};
use crate::Rule;
use crate::fault::MAX_FAULTS;
use crate::json::{self, Json};

/// A limit; values of a JSON type that it says nothing about are within it.
#[derive(Debug)]
pub enum Limit {
    Pattern(&'static Pattern),
    /// The values that are allowed, as JSON texts.
    Values(&'static [&'static str]),
    MultipleOf(f64),
    /// An exclusive lower bound.
    Above(f64),
    /// An exclusive upper bound.
    Below(f64),
    MinProperties(usize),
    MaxProperties(usize),
    /// The shape of all members but those known; without one there must be no other.
    OtherMembers {
        known: &'static [&'static str],
        shape: Option<&'static Shape>,
    },
}

/// A regular expression of ECMA-262, compiled when it is first needed.
///
/// It is searched for by backtracking, and nothing bounds the time of that: a pattern that repeats
/// what is repeated already, such as `(a+)+$`, is for callers who are trusted. A text that breaks
/// `maxLength` is not searched.
#[derive(Debug)]
pub struct Pattern {
    text: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The generator has seen that `text` is a pattern; nothing would match one that is none.
    pub const fn new(text: &'static str) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    fn is_match(&self, value: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(self.text).ok());
        let found = compiled.as_ref().and_then(|pattern| pattern.find(value));
        found.is_some()
    }
}

impl Limit {
    /// Whether values of the same JSON type as `value` can be within the limit.
    pub(super) fn takes(&self, value: &Json<'_>) -> bool {
        match self {
            Self::Values(values) => any_value(values, |allowed| {
                std::mem::discriminant(allowed) == std::mem::discriminant(value)
            }),
            _ => true,
        }
    }
}

impl Walk<'_> {
    pub(super) fn limited(
        &mut self,
        shape: &Shape,
        limits: &[Limit],
        value: &Json<'_>,
        place: &Place<'_>,
    ) {
        let before = self.faults.len();
        self.check(shape, value, place);
        if !shape.takes(value) {
            return;
        }
        let is_clean = self.faults.len() == before && before <= MAX_FAULTS;
        for limit in limits {
            match (limit, value) {
                (Limit::Pattern(pattern), Json::Text(text))
                    if is_clean && !pattern.is_match(text) =>
                {
                    let message = format!("must match the pattern {}", pattern.text);
                    self.fault(Rule::Pattern, message, place);
                }
                (Limit::Values(values), value)
                    if !any_value(values, |allowed| is_equal(allowed, value)) =>
                {
                    let message = format!("must be one of {}", values.join(", "));
                    self.fault(Rule::OneOf, message, place);
                }
                (Limit::OtherMembers { known, shape }, Json::Object(members)) => {
                    self.other_members(known, *shape, members, place);
                }
                (limit, Json::Number(number)) => {
                    self.number_limit(limit, number.as_f64().unwrap_or(f64::NAN), number, place);
                }
                (limit, Json::Object(members)) => self.count_limit(limit, members.len(), place),
                _ => {}
            }
        }
    }

    fn number_limit(
        &mut self,
        limit: &Limit,
        value: f64,
        exact: &serde_json::Number,
        place: &Place<'_>,
    ) {
        match limit {
            Limit::Above(bound) if value <= *bound => {
                self.fault(Rule::Minimum, format!("must be more than {bound}"), place);
            }
            Limit::Below(bound) if value >= *bound => {
                self.fault(Rule::Maximum, format!("must be less than {bound}"), place);
            }
            Limit::MultipleOf(unit) if !is_multiple(exact, *unit) => {
                let message = format!("must be a multiple of {unit}");
                self.fault(Rule::MultipleOf, message, place);
            }
            _ => {}
        }
    }

    fn count_limit(&mut self, limit: &Limit, count: usize, place: &Place<'_>) {
        match limit {
            Limit::MinProperties(least) if count < *least => {
                let message = format!("must have at least {least} members");
                self.fault(Rule::MinProperties, message, place);
            }
            Limit::MaxProperties(most) if count > *most => {
                let message = format!("must have at most {most} members");
                self.fault(Rule::MaxProperties, message, place);
            }
            _ => {}
        }
    }

    fn other_members(
        &mut self,
        known: &[&str],
        shape: Option<&Shape>,
        members: &[(Cow<'_, str>, Json<'_>)],
        place: &Place<'_>,
    ) {
        for (name, value) in members.iter().filter(|(name, _)| !known.contains(&&**name)) {
            let place = Place::Member(place, name);
            match shape {
                Some(shape) => self.check(shape, value, &place),
                None => self.fault(Rule::AdditionalProperties, "must not be present", place),
            }
        }
    }
}

fn any_value(values: &[&str], is_wanted: impl Fn(&Json<'_>) -> bool) -> bool {
    values.iter().any(|text| {
        let value = json::read(text.as_bytes(), &mut Vec::new());
        value.is_some_and(|value| is_wanted(&value))
    })
}

/// Numbers are equal however they are written: 1 is 1.0.
fn is_equal(one: &Json<'_>, other: &Json<'_>) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) if one.is_f64() || other.is_f64() => {
            one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}

/// Exactly, as decimals: 0.3 is three times 0.1, though not as floating-point numbers.
fn is_multiple(number: &serde_json::Number, unit: f64) -> bool {
    let value = number.as_f64().unwrap_or(f64::NAN);
    let text = match number.is_f64() {
        true => value.to_string(),
        false => number.to_string(),
    };
    let remainder = decimal(&text).zip(decimal(&unit.to_string())).and_then(
        |((value, value_scale), (unit, unit_scale))| {
            let scale = value_scale.max(unit_scale);
            let value = value.checked_mul(10_i128.checked_pow(scale - value_scale)?)?;
            let unit = unit.checked_mul(10_i128.checked_pow(scale - unit_scale)?)?;
            value.checked_rem(unit)
        },
    );
    match remainder {
        Some(remainder) => remainder == 0,
        None => value % unit == 0.0,
    }
}

/// The digits of a plain decimal number, and how many of them stand behind the point.
fn decimal(text: &str) -> Option<(i128, u32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, u32::try_from(fraction.len()).ok()?))
}
