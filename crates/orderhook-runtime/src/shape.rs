//! What a request may hold, as tables that generated code fills in, and the check against them.

use std::borrow::Cow;
use std::fmt;

use crate::json::Json;
use crate::{Fault, Location, Rule};

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// Any JSON value.
    Any,
    Boolean,
    /// A whole number, bounds included.
    Integer {
        minimum: i64,
        maximum: i64,
    },
    /// Any number, bounds included.
    Number {
        minimum: Option<f64>,
        maximum: Option<f64>,
    },
    Text(Text),
    Array(Array),
    /// The members that are known; others are ignored.
    Object(&'static [Member]),
    /// The shape, or null.
    Nullable(&'static Shape),
    /// The shape of a component schema.
    Named(&'static Shape),
    /// Of a parameter: written in this style.
    Written(Style, &'static Shape),
    /// Of a parameter: this JSON stands for one that is absent.
    Default(&'static str, &'static Shape),
}

/// Limits of a text; a length counts Unicode scalar values. Beside them no text may contain U+0000,
/// which not everything that keeps texts can keep.
#[derive(Debug)]
pub struct Text {
    pub min_length: usize,
    pub max_length: Option<usize>,
    pub format: Option<Format>,
    /// The texts that are allowed; empty if any is.
    pub one_of: &'static [&'static str],
}

/// A format that texts are checked for.
#[derive(Debug)]
pub enum Format {
    /// A decimal number in plain notation: `-?digits[.digits]`.
    Decimal,
    /// An absolute URI with an authority (RFC 3986).
    Uri,
}

/// Limits of an array.
#[derive(Debug)]
pub struct Array {
    pub items: &'static Shape,
    pub min_items: usize,
    pub max_items: Option<usize>,
    pub unique_items: bool,
}

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    pub required: bool,
    pub shape: Shape,
}

/// A parameter of a path, of a query or among the headers.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub required: bool,
    /// Whether an empty value stands for none.
    pub allow_empty: bool,
    pub shape: Shape,
}

/// How a list, an object or a marked scalar is written as a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Form,
    FormExploded,
    Simple,
    SimpleExploded,
    Label,
    LabelExploded,
    Matrix,
    MatrixExploded,
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
    Json,
}

impl Style {
    /// What a value looks like, for a caller that wrote it another way.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Form | Self::Simple => "a,b or name,value",
            Self::FormExploded => "name=value&name=value",
            Self::SimpleExploded => "a,b or name=value,name=value",
            Self::Label => ".a,b",
            Self::LabelExploded => ".a.b or .name=value",
            Self::Matrix => ";name=a,b",
            Self::MatrixExploded => ";name=a;name=b",
            Self::SpaceDelimited => "a b",
            Self::PipeDelimited => "a|b",
            Self::DeepObject => "name[member]=value",
            Self::Json => "JSON",
        }
    }
}

/// A part of a body of parts.
#[derive(Debug)]
pub struct PartRow {
    pub name: &'static str,
    pub required: bool,
    /// Whether it may stand more than once.
    pub repeats: bool,
    pub kind: PartKind,
    /// Of one value.
    pub shape: Shape,
}

/// How a part is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartKind {
    /// In pieces.
    File,
    /// A scalar as it is.
    Text,
    Json,
}

/// Where in a body a value stands; written only when there is a fault.
pub(crate) enum Place<'a> {
    Root,
    Member(&'a Place<'a>, &'a str),
    Item(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Collects the faults of one part of a request.
pub(crate) struct Checker<'a> {
    pub(crate) location: Location,
    pub(crate) faults: &'a mut Vec<Fault>,
}

impl Checker<'_> {
    /// Adds every fault of `value` at `place` and below.
    pub(crate) fn check(&mut self, shape: &Shape, value: &Json<'_>, place: &Place<'_>) {
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
            (Shape::Number { minimum, maximum }, Json::Number(number)) => {
                let number = number.as_f64().unwrap_or(f64::NAN);
                self.bounds(&number, minimum.as_ref(), maximum.as_ref(), place);
            }
            (Shape::Text(text), Json::Text(value)) => self.text(text, value, place),
            (Shape::Array(array), Json::Array(values)) => self.array(array, values, place),
            (Shape::Object(members), Json::Object(values)) => self.object(members, values, place),
            _ => self.wrong_type(shape, place),
        }
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

    fn wrong_type(&mut self, shape: &Shape, place: &Place<'_>) {
        let message = match shape {
            Shape::Boolean => "must be true or false",
            Shape::Integer { .. } => "must be an integer",
            Shape::Number { .. } => "must be a number",
            Shape::Text(_) => "must be a text",
            Shape::Array(_) => "must be an array",
            Shape::Object(_) => "must be an object",
            Shape::Any
            | Shape::Nullable(_)
            | Shape::Named(_)
            | Shape::Written(..)
            | Shape::Default(..) => "must be another value",
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
        match text.format {
            Some(Format::Decimal) if !is_decimal(value) => {
                self.fault(
                    Rule::Format,
                    "must be a decimal number, such as 120.00",
                    place,
                );
            }
            Some(Format::Uri) if !is_absolute_uri(value) => {
                self.fault(
                    Rule::Format,
                    "must be an absolute URI, such as https://example.com/path",
                    place,
                );
            }
            _ => {}
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
        for (index, value) in values.iter().enumerate() {
            let place = Place::Item(place, index);
            if array.unique_items && values[..index].contains(value) {
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

fn characters(count: usize) -> String {
    match count {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}

fn is_decimal(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(unsigned),
    }
}

fn is_absolute_uri(text: &str) -> bool {
    let uri = text.parse::<axum::http::Uri>();
    uri.is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some_and(|host| !host.is_empty()))
}

#[cfg(test)]
mod tests;
