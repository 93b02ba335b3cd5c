//! What is wrong with a request, place by place.

/// One place in a request, and the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The part of the request.
    pub location: Location,
    /// The parameter, header or member; a path such as `a.b[0]` inside a body, empty for all of it.
    pub field: String,
    /// The rule.
    pub rule: Rule,
    /// The rule for a person, lower case, to be read after the field's name.
    pub message: String,
}

/// How many scalar values of a field's name are kept: a hostile body has names of its own length,
/// and would get them back many times.
const MAX_FIELD_LENGTH: usize = 128;

/// How many faults of a request are told.
pub(crate) const MAX_FAULTS: usize = 64;

impl Fault {
    /// A fault of `field` in `location`; what is beyond 128 scalar values of `field` is cut off.
    pub fn new(
        location: Location,
        field: impl Into<String>,
        rule: Rule,
        message: impl Into<String>,
    ) -> Self {
        let mut field = field.into();
        if let Some((end, _)) = field.char_indices().nth(MAX_FIELD_LENGTH) {
            field.truncate(end);
        }
        Self {
            location,
            field,
            rule,
            message: message.into(),
        }
    }
}

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Location {
    Path,
    Query,
    Header,
    Cookie,
    Body,
}

impl Location {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Body => "body",
        }
    }
}

/// A rule that a part of a request can break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names say it, and the messages at length")]
pub enum Rule {
    Required,
    Type,
    MinLength,
    MaxLength,
    Minimum,
    Maximum,
    OneOf,
    MinItems,
    MaxItems,
    UniqueItems,
    Format,
    Pattern,
    MultipleOf,
    MinProperties,
    MaxProperties,
    AdditionalProperties,
    AnyOf,
    Not,
    Duplicate,
    Syntax,
    Size,
    MediaType,
    Credential,
    Exists,
    Unique,
}

impl Rule {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::MinLength => "min_length",
            Self::MaxLength => "max_length",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::OneOf => "one_of",
            Self::MinItems => "min_items",
            Self::MaxItems => "max_items",
            Self::UniqueItems => "unique_items",
            Self::Format => "format",
            Self::Pattern => "pattern",
            Self::MultipleOf => "multiple_of",
            Self::MinProperties => "min_properties",
            Self::MaxProperties => "max_properties",
            Self::AdditionalProperties => "additional_properties",
            Self::AnyOf => "any_of",
            Self::Not => "not",
            Self::Duplicate => "duplicate",
            Self::Syntax => "syntax",
            Self::Size => "size",
            Self::MediaType => "media_type",
            Self::Credential => "credential",
            Self::Exists => "exists",
            Self::Unique => "unique",
        }
    }
}
