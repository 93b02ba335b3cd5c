//! The check of a value against its shape.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::choice::Memory;
use super::{Array, Member, Place, Shape, Text};
use crate::fault::MAX_FAULTS;
use crate::json::Json;
use crate::{Fault, Location, Rule};

/// Up to this many items, comparing each with each is quicker than to sort them.
const FEW_ITEMS: usize = 64;

/// Collects the faults of one part of a request.
pub(crate) struct Checker<'a> {
    pub(crate) location: Location,
    pub(crate) faults: &'a mut Vec<Fault>,
}

impl Checker<'_> {
    /// Adds every fault of `value` at `place` and below.
    pub(crate) fn check(&mut self, shape: &Shape, value: &Json<'_>, place: &Place<'_>) {
        let mut walk = Walk {
            location: self.location,
            faults: &mut *self.faults,
            memory: &mut Memory::default(),
        };
        walk.check(shape, value, place);
    }

    pub(crate) fn fault(
        &mut self,
        rule: Rule,
        message: impl Into<String>,
        field: impl fmt::Display,
    ) {
        let fault = Fault::new(self.location, field.to_string(), rule, message);
        self.faults.push(fault);
    }
}

/// A check under way: what it found, and what it need not look at again.
pub(super) struct Walk<'a> {
    pub(super) location: Location,
    pub(super) faults: &'a mut Vec<Fault>,
    pub(super) memory: &'a mut Memory,
}

impl Walk<'_> {
    pub(super) fn check(&mut self, shape: &Shape, value: &Json<'_>, place: &Place<'_>) {
        match (shape, value) {
            (Shape::Any, _) | (Shape::Boolean, Json::Boolean(_)) => {}
            (Shape::Nullable(_), Json::Null) => {}
            (
                Shape::Nullable(shape)
                | Shape::Named(shape)
                | Shape::Written(_, shape)
                | Shape::Default(_, shape),
                value,
            ) => {
                self.check(shape, value, place);
            }
            (Shape::Integer { minimum, maximum }, Json::Number(number)) => {
                match (number.as_i64(), number.as_f64()) {
                    (Some(number), _) => self.bounds(&number, Some(minimum), Some(maximum), place),
                    // Beyond 64 bits, and so beyond any bound.
                    (None, Some(number)) if number >= i64::MAX as f64 => {
                        self.too_large(maximum, place);
                    }
                    (None, Some(number)) if number < i64::MIN as f64 => {
                        self.too_small(minimum, place);
                    }
                    _ => self.wrong_type(shape, place),
                }
            }
            (Shape::Unsigned { minimum, maximum }, Json::Number(number)) => {
                match (number.as_u64(), number.as_f64()) {
                    (Some(number), _) => self.bounds(&number, Some(minimum), Some(maximum), place),
                    (None, Some(number)) if number >= u64::MAX as f64 => {
                        self.too_large(maximum, place);
                    }
                    (None, Some(number)) if number < 0.0 && number.fract() == 0.0 => {
                        self.too_small(minimum, place);
                    }
                    _ => self.wrong_type(shape, place),
                }
            }
            (Shape::Number { minimum, maximum }, Json::Number(number)) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                self.bounds(&number, minimum.as_ref(), maximum.as_ref(), place);
            }
            (Shape::Text(text), Json::Text(value)) => self.text(text, value, place),
            (Shape::Array(array), Json::Array(values)) => self.array(array, values, place),
            (Shape::Object(members), Json::Object(values)) => self.object(members, values, place),
            (Shape::Limited(shape, limits), value) => self.limited(shape, limits, value, place),
            (Shape::All(shapes), value) => self.all(shapes, value, place),
            (Shape::OneOf(variants), value) => self.one_of(variants, value, place),
            (Shape::AnyOf(variants), value) => self.any_of(variants, value, place),
            (Shape::Tagged(tagged), Json::Object(values)) => {
                self.tagged(tagged, values, value, place);
            }
            (Shape::Not(shape), value) => self.not(shape, value, place),
            _ => self.wrong_type(shape, place),
        }
    }

    /// One more than are told is enough, and a hostile body has room for many.
    pub(super) fn fault(
        &mut self,
        rule: Rule,
        message: impl Into<String>,
        field: impl fmt::Display,
    ) {
        if self.faults.len() <= MAX_FAULTS {
            let fault = Fault::new(self.location, field.to_string(), rule, message);
            self.faults.push(fault);
        }
    }

    fn wrong_type(&mut self, shape: &Shape, place: &Place<'_>) {
        let message = match shape {
            Shape::Boolean => "must be true or false",
            Shape::Integer { .. } | Shape::Unsigned { .. } => "must be an integer",
            Shape::Number { .. } => "must be a number",
            Shape::Text(_) => "must be a text",
            Shape::Array(_) => "must be an array",
            Shape::Object(_) | Shape::Tagged(_) => "must be an object",
            _ => "must be another value",
        };
        self.fault(Rule::Type, message, place);
    }

    fn bounds<N: PartialOrd + fmt::Display>(
        &mut self,
        number: &N,
        minimum: Option<&N>,
        maximum: Option<&N>,
        place: &Place<'_>,
    ) {
        if let Some(minimum) = minimum.filter(|minimum| number < minimum) {
            self.too_small(minimum, place);
        }
        if let Some(maximum) = maximum.filter(|maximum| number > maximum) {
            self.too_large(maximum, place);
        }
    }

    fn too_small(&mut self, minimum: &impl fmt::Display, place: &Place<'_>) {
        self.fault(Rule::Minimum, format!("must be {minimum} or more"), place);
    }

    fn too_large(&mut self, maximum: &impl fmt::Display, place: &Place<'_>) {
        self.fault(Rule::Maximum, format!("must be {maximum} or less"), place);
    }

    fn text(&mut self, text: &Text, value: &str, place: &Place<'_>) {
        // A text has at most as many scalar values as bytes, so most are not counted.
        let bytes = value.len();
        if text.min_length > 0 && value.chars().take(text.min_length).count() < text.min_length {
            let message = format!("must have at least {}", characters(text.min_length));
            self.fault(Rule::MinLength, message, place);
        }
        if let Some(max_length) = text.max_length.filter(|&max_length| bytes > max_length)
            && value.chars().count() > max_length
        {
            let message = format!("must have at most {}", characters(max_length));
            self.fault(Rule::MaxLength, message, place);
        }
        if value.contains('\0') {
            self.fault(Rule::Format, "must not contain U+0000", place);
        }
        if !text.one_of.is_empty() && !text.one_of.contains(&value) {
            let message = format!("must be one of {}", text.one_of.join(", "));
            self.fault(Rule::OneOf, message, place);
        }
        if let Some(format) = &text.format
            && let Some(problem) = format.problem(value)
        {
            self.fault(Rule::Format, problem, place);
        }
    }

    fn array(&mut self, array: &Array, values: &[Json<'_>], place: &Place<'_>) {
        if values.len() < array.min_items {
            let message = format!("must have at least {} items", array.min_items);
            self.fault(Rule::MinItems, message, place);
        }
        if let Some(max_items) = array
            .max_items
            .filter(|&max_items| values.len() > max_items)
        {
            self.fault(
                Rule::MaxItems,
                format!("must have at most {max_items} items"),
                place,
            );
        }
        let mut seen = Seen::default();
        for (index, value) in values.iter().enumerate() {
            let place = Place::Item(place, index);
            if array.unique_items && seen.is_repeated(values, index) {
                self.fault(Rule::UniqueItems, "must not repeat an item", &place);
            }
            self.check(array.items, value, &place);
        }
    }

    fn object(
        &mut self,
        members: &[Member],
        values: &[(Cow<'_, str>, Json<'_>)],
        place: &Place<'_>,
    ) {
        for member in members {
            let place = Place::Member(place, member.name);
            let value = values.iter().find(|(name, _)| name == member.name);
            match value {
                Some((_, value)) => self.check(&member.shape, value, &place),
                None if member.required => self.fault(Rule::Required, "must be present", &place),
                None => {}
            }
        }
    }
}

/// The items of an array that were looked at.
#[derive(Default)]
struct Seen(BTreeSet<String>);

impl Seen {
    /// Whether the item at `index`, which is asked for in order, stands before it as well.
    fn is_repeated(&mut self, items: &[Json<'_>], index: usize) -> bool {
        match items.len() <= FEW_ITEMS {
            true => items[..index].contains(&items[index]),
            false => !self.0.insert(format!("{:?}", items[index])),
        }
    }
}

fn characters(count: usize) -> String {
    match count {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}
