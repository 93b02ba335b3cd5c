//! What a request may hold, as tables that generated code fills in, and the check against them.

mod check;
mod choice;
mod format;
mod limit;

use std::fmt;

pub(crate) use check::Checker;
pub use choice::{Tagged, Variant};
pub use format::Format;
pub use limit::{Limit, Pattern};

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
    /// A whole number without a sign, bounds included; for bounds beyond those of an `Integer`.
    Unsigned {
        minimum: u64,
        maximum: u64,
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
    /// The shape; and what has it keeps within the limits.
    Limited(&'static Shape, &'static [Limit]),
    /// All of the shapes at once.
    All(&'static [Shape]),
    /// Exactly one of the shapes.
    OneOf(&'static [Variant]),
    /// One of the shapes or more.
    AnyOf(&'static [Variant]),
    /// The shape that the text of one member chooses.
    Tagged(Tagged),
    /// Any value but those of the shape.
    Not(&'static Shape),
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

#[cfg(test)]
mod tests;
