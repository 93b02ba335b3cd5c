//! The schemas of the hand-written types: their wire form is said once, and written as JSON Schema
//! (feature `schemars`) and as OpenAPI (feature `utoipa`).

/// What values of a type are on the wire.
#[cfg(any(feature = "schemars", feature = "utoipa"))]
pub(crate) struct WireForm {
    pub(crate) json_type: JsonType,
    /// The description, one item a line, as the compiler hands over doc comments.
    pub(crate) docs: &'static [&'static str],
    /// Texts known today, of an enum that others may extend; empty for any other type.
    pub(crate) known: &'static [&'static str],
    /// The OpenAPI `format`, a hint for people and tools.
    pub(crate) format: Option<&'static str>,
    /// What requests are held to, in Unicode scalar values; the type itself reads any length.
    pub(crate) min_length: Option<usize>,
    pub(crate) max_length: Option<usize>,
}

#[cfg(any(feature = "schemars", feature = "utoipa"))]
pub(crate) enum JsonType {
    Integer,
    String,
}

/// The keyword under which an open enum lists the values known today. A real `enum` would make
/// validators and other people's generated clients refuse the next value.
#[cfg(any(feature = "schemars", feature = "utoipa"))]
const EXTENSIBLE_ENUM: &str = "x-extensible-enum";

#[cfg(any(feature = "schemars", feature = "utoipa"))]
impl WireForm {
    /// Of which a type says what it has.
    pub(crate) const BARE: Self = Self {
        json_type: JsonType::String,
        docs: &[],
        known: &[],
        format: None,
        min_length: None,
        max_length: None,
    };

    fn description(&self) -> String {
        let lines: Vec<&str> = self.docs.iter().map(|line| line.trim()).collect();
        lines.join("\n").trim().to_owned()
    }

    #[cfg(feature = "schemars")]
    pub(crate) fn json_schema(&self) -> schemars::Schema {
        let json_type = match self.json_type {
            JsonType::Integer => "integer",
            JsonType::String => "string",
        };
        let mut schema = schemars::json_schema!({ "type": json_type });
        let description = self.description();
        if !description.is_empty() {
            schema.insert("description".to_owned(), description.into());
        }
        if let Some(format) = self.format {
            schema.insert("format".to_owned(), format.into());
        }
        for (keyword, length) in [
            ("minLength", self.min_length),
            ("maxLength", self.max_length),
        ] {
            if let Some(length) = length {
                schema.insert(keyword.to_owned(), length.into());
            }
        }
        if !self.known.is_empty() {
            schema.insert(EXTENSIBLE_ENUM.to_owned(), self.known.into());
        }
        schema
    }

    #[cfg(feature = "utoipa")]
    pub(crate) fn openapi_schema(&self) -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::extensions::ExtensionsBuilder;
        use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};

        let json_type = match self.json_type {
            JsonType::Integer => Type::Integer,
            JsonType::String => Type::String,
        };
        let description = self.description();
        let extensions = (!self.known.is_empty()).then(|| {
            ExtensionsBuilder::new()
                .add(EXTENSIBLE_ENUM, self.known)
                .build()
        });
        ObjectBuilder::new()
            .schema_type(json_type)
            .format(
                self.format
                    .map(|format| SchemaFormat::Custom(format.to_owned())),
            )
            .min_length(self.min_length)
            .max_length(self.max_length)
            .description((!description.is_empty()).then_some(description))
            .extensions(extensions)
            .into()
    }
}

/// Implements the schema traits of both features for a type, from its [`WireForm`].
///
/// Without a feature nothing is left of it, not even the wire form.
macro_rules! impl_schema {
    ($type:ident, $json_type:ident, $docs:expr, $known:expr $(, $limit:ident = $value:expr)* $(,)?) => {
        #[cfg(any(feature = "schemars", feature = "utoipa"))]
        impl $type {
            const WIRE_FORM: $crate::schema::WireForm = $crate::schema::WireForm {
                json_type: $crate::schema::JsonType::$json_type,
                docs: $docs,
                known: $known,
                $($limit: ::std::option::Option::Some($value),)*
                ..$crate::schema::WireForm::BARE
            };
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $type {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                Self::WIRE_FORM.json_schema()
            }
        }

        #[cfg(feature = "utoipa")]
        impl ::utoipa::PartialSchema for $type {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::Schema> {
                Self::WIRE_FORM.openapi_schema()
            }
        }

        #[cfg(feature = "utoipa")]
        impl ::utoipa::ToSchema for $type {
            fn name() -> ::std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }
        }
    };
}
pub(crate) use impl_schema;
