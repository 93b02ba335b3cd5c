//! Enums that others may extend: the values known today are variants, any other text is kept.
//!
//! A closed enum fails the whole payload when the platform adds one `state` (`B.push.11`); a bare
//! string leaves every reader to spell the values, two of which are misspelt in the documents.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};

/// Defines an enum over texts with the given variants and `Unknown(String)`.
///
/// `#[schema(max_length = 50)]` before it says in its schemas what requests are held to; the type
/// itself reads any text.
///
/// ```text
/// open_enum! {
///     /// Where an order stands.
///     pub enum OrderState {
///         /// The order was created.
///         Created = "CREATEED",
///         /// The payment link was generated.
///         Processing = "PROCESSING",
///     }
/// }
/// ```
macro_rules! open_enum {
    (
        $(#[doc = $doc:literal])*
        $(#[schema($($limit:ident = $value:literal),+)])?
        $vis:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident = $text:literal),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        ///
        /// Values compare, order and hash by their text. `From` turns a known text into its
        /// variant and keeps any other as it is.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$variant_attribute])* $variant,)+
            /// A text that was not known when this code was generated, exactly as it was read.
            Unknown(::std::string::String),
        }

        impl $name {
            /// The texts known today, in the order of the variants.
            $vis const KNOWN: &'static [&'static str] = &[$($text),+];

            /// The text on the wire.
            #[must_use]
            $vis fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }

            /// Whether the text is one of [`Self::KNOWN`].
            #[must_use]
            $vis fn is_known(&self) -> bool {
                Self::from_known(self.as_str()).is_some()
            }

            fn from_known(text: &str) -> ::std::option::Option<Self> {
                match text {
                    $($text => ::std::option::Option::Some(Self::$variant),)+
                    _ => ::std::option::Option::None,
                }
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::from_known(text).unwrap_or_else(|| Self::Unknown(text.to_owned()))
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                Self::from_known(&text).unwrap_or(Self::Unknown(text))
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                ::std::result::Result::Ok(Self::from(text))
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::cmp::PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::std::cmp::Eq for $name {}

        impl ::std::cmp::PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> ::std::option::Option<::std::cmp::Ordering> {
                ::std::option::Option::Some(self.cmp(other))
            }
        }

        impl ::std::cmp::Ord for $name {
            fn cmp(&self, other: &Self) -> ::std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl ::std::hash::Hash for $name {
            fn hash<H: ::std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                deserializer.deserialize_string($crate::open_enum::TextVisitor::new())
            }
        }

        $crate::schema::impl_schema!(
            $name,
            String,
            &[$($doc),*],
            $name::KNOWN,
            $($($limit = $value),+)?
        );
    };
}
pub(crate) use open_enum;

/// Reads a text into `T`, handing it over borrowed or owned as the input has it, so that a known
/// value is read without an allocation.
pub(crate) struct TextVisitor<T>(PhantomData<T>);

impl<T> TextVisitor<T> {
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Visitor<'_> for TextVisitor<T>
where
    T: From<String> + for<'a> From<&'a str>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        Ok(T::from(text))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use serde_json::json;

    crate::open_enum::open_enum! {
        /// Where an order stands.
        ///
        /// Two of the texts are misspelt in the documents.
        enum OrderState {
            /// The order was created.
            Created = "CREATEED",
            /// The payment link was generated.
            Processing = "PROCESSING",
        }
    }

    /// `text` is read as `expected` from every kind of input, and written back exactly.
    fn check(text: &str, expected: &OrderState, known: bool) {
        let json = json!(text).to_string();
        let read: [OrderState; 6] = [
            OrderState::from(text),
            OrderState::from(text.to_owned()),
            text.parse().unwrap(),
            serde_json::from_str(&json).unwrap(),
            serde_json::from_reader(json.as_bytes()).unwrap(),
            serde_json::from_value(json!(text)).unwrap(),
        ];
        for state in read {
            assert_eq!(format!("{state:?}"), format!("{expected:?}"));
            assert_eq!(state.as_str(), text);
            assert_eq!(state.to_string(), text);
            assert_eq!(serde_json::to_string(&state).unwrap(), json);
            assert_eq!(state.is_known(), known, "{text:?}");
        }
    }

    #[test]
    fn every_text_is_read_and_written_back_exactly() {
        use OrderState::{Created, Processing, Unknown};

        check("CREATEED", &Created, true);
        check("PROCESSING", &Processing, true);
        check("REFUNDED", &Unknown("REFUNDED".to_owned()), false);
        check("CREATED", &Unknown("CREATED".to_owned()), false);
        check("createed", &Unknown("createed".to_owned()), false);
        check(" CREATEED", &Unknown(" CREATEED".to_owned()), false);
        check("", &Unknown(String::new()), false);
        check("état \"1\"\n", &Unknown("état \"1\"\n".to_owned()), false);
    }

    #[test]
    fn an_escaped_text_is_the_same_text() {
        let state: OrderState = serde_json::from_str(r#""\u0043REATEED""#).unwrap();
        assert!(matches!(state, OrderState::Created));
    }

    #[test]
    fn only_a_string_is_read() {
        for json in ["1", "null", "true", "{}", r#"["CREATEED"]"#] {
            serde_json::from_str::<OrderState>(json).unwrap_err();
        }
    }

    #[test]
    fn equal_texts_are_one_value() {
        let spelt_out = OrderState::Unknown("CREATEED".to_owned());
        assert_eq!(spelt_out, OrderState::Created);
        assert!(spelt_out.is_known());
        assert_ne!(OrderState::Processing, OrderState::Created);

        let both = [spelt_out, OrderState::Created];
        assert_eq!(both.iter().collect::<HashSet<_>>().len(), 1);
        assert_eq!(both.iter().collect::<BTreeSet<_>>().len(), 1);
    }

    #[test]
    fn order_is_that_of_the_texts() {
        let mut states = ["PROCESSING", "OTHER", "CREATEED"].map(OrderState::from);
        states.sort();
        assert_eq!(
            states.each_ref().map(OrderState::as_str),
            ["CREATEED", "OTHER", "PROCESSING"]
        );
    }

    #[test]
    fn known_texts_are_listed_in_order() {
        assert_eq!(OrderState::KNOWN, ["CREATEED", "PROCESSING"]);
    }

    #[cfg(any(feature = "schemars", feature = "utoipa"))]
    fn expected_schema() -> serde_json::Value {
        json!({
            "type": "string",
            "description":
                "Where an order stands.\n\nTwo of the texts are misspelt in the documents.",
            "x-extensible-enum": ["CREATEED", "PROCESSING"],
        })
    }

    #[cfg(feature = "schemars")]
    #[test]
    fn json_schema_is_an_open_string() {
        let mut generator = schemars::SchemaGenerator::default();
        let schema = <OrderState as schemars::JsonSchema>::json_schema(&mut generator);
        assert_eq!(schema.to_value(), expected_schema());
    }

    #[cfg(feature = "utoipa")]
    #[test]
    fn openapi_schema_is_an_open_string() {
        let schema = <OrderState as utoipa::PartialSchema>::schema();
        assert_eq!(serde_json::to_value(schema).unwrap(), expected_schema());
    }
}
