//! A member of a request that may be absent, null or a value: `webhook_url` of the update
//! (`A.webhook-update.request.2`), where absent means "as it was" and null means "removed".

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Error as _, Serialize, Serializer};

/// What a partial update says about one member.
///
/// A struct field of this type needs both of these attributes, or absent and null become one:
///
/// ```
/// use orderhook_types::Patch;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Update {
///     #[serde(default, skip_serializing_if = "Patch::is_absent")]
///     webhook_url: Patch<String>,
/// }
///
/// # fn main() -> Result<(), serde_json::Error> {
/// let update: Update = serde_json::from_str(r#"{"webhook_url":null}"#)?;
/// let mut url = Some("https://example.com/hooks".to_owned());
/// update.webhook_url.apply(&mut url);
/// assert_eq!(url, None);
/// # Ok(())
/// # }
/// ```
///
/// A value converts into it; an `Option` on purpose does not, because its `None` could mean either
/// of two things, of which one deletes. Say which with [`Patch::value_or_absent`] or
/// [`Patch::value_or_null`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Patch<T> {
    /// The member is not there: what is stored stays as it was.
    #[default]
    Absent,
    /// The member is null: what is stored is removed.
    Null,
    /// The member has a value, which replaces what is stored.
    Value(T),
}

impl<T> Patch<T> {
    /// The value if there is one, else nothing is said and what is stored stays.
    #[must_use]
    pub fn value_or_absent(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }

    /// The value if there is one, else what is stored is removed.
    #[must_use]
    pub fn value_or_null(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }

    /// Whether the member is not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, which neither absent nor null has.
    #[must_use]
    pub fn as_option(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// Does to `current` what the member says.
    pub fn apply(self, current: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *current = None,
            Self::Value(value) => *current = Some(value),
        }
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

/// [`Patch::Absent`] has no JSON form of its own: outside of a field that skips it, it is an error
/// rather than a null that would delete.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => Err(S::Error::custom(
                "an absent member cannot be written, its field must be skipped",
            )),
            Self::Null => serializer.serialize_none(),
            Self::Value(value) => serializer.serialize_some(value),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::value_or_null)
    }
}

/// The schema of a nullable `T`; that it may be absent is said by the struct around it.
#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}

/// The schema of a nullable `T`; that it may be absent is said by the struct around it.
///
/// A struct that derives `ToSchema` names it as `#[schema(value_type = Option<T>)]`: that derive
/// takes generic types of utoipa's own only.
#[cfg(feature = "utoipa")]
impl<T: utoipa::ToSchema> utoipa::PartialSchema for Patch<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};

        OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(Type::Null))
            .item(T::schema())
            .into()
    }
}

#[cfg(feature = "utoipa")]
impl<T: utoipa::ToSchema> utoipa::ToSchema for Patch<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Nullable_{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        T::schemas(schemas);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Patch;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
    struct Update {
        #[serde(default, skip_serializing_if = "Patch::is_absent")]
        webhook_url: Patch<String>,
    }

    fn value(text: &str) -> Patch<String> {
        Patch::Value(text.to_owned())
    }

    #[test]
    fn absent_null_and_value_are_told_apart_both_ways() {
        fn check(json: &str, webhook_url: Patch<String>) {
            let update = Update { webhook_url };
            assert_eq!(serde_json::from_str::<Update>(json).unwrap(), update);
            assert_eq!(serde_json::to_string(&update).unwrap(), json);
        }

        check("{}", Patch::Absent);
        check(r#"{"webhook_url":null}"#, Patch::Null);
        check(r#"{"webhook_url":""}"#, value(""));
        check(
            r#"{"webhook_url":"https://example.com"}"#,
            value("https://example.com"),
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused() {
        serde_json::from_value::<Update>(json!({ "webhook_url": 1 })).unwrap_err();
    }

    #[test]
    fn absent_is_never_written_as_null() {
        serde_json::to_string(&Patch::<String>::Absent).unwrap_err();
        serde_json::to_string(&[Patch::Value(1), Patch::Absent]).unwrap_err();
    }

    #[test]
    fn apply_does_what_the_member_says() {
        fn check(patch: Patch<String>, before: Option<&str>, after: Option<&str>) {
            let mut current = before.map(str::to_owned);
            patch.apply(&mut current);
            assert_eq!(current.as_deref(), after);
        }

        check(Patch::Absent, Some("old"), Some("old"));
        check(Patch::Absent, None, None);
        check(Patch::Null, Some("old"), None);
        check(Patch::Null, None, None);
        check(value("new"), Some("old"), Some("new"));
        check(value("new"), None, Some("new"));
    }

    #[test]
    fn a_missing_option_means_what_the_caller_says() {
        assert_eq!(Patch::value_or_absent(Some(1)), Patch::Value(1));
        assert_eq!(Patch::value_or_null(Some(1)), Patch::Value(1));
        assert_eq!(Patch::<i32>::value_or_absent(None), Patch::Absent);
        assert_eq!(Patch::<i32>::value_or_null(None), Patch::Null);
    }

    #[test]
    fn only_a_value_is_some() {
        assert_eq!(Patch::from(1).as_option(), Some(&1));
        assert_eq!(Patch::<i32>::Null.as_option(), None);
        assert_eq!(Patch::<i32>::default().as_option(), None);
    }

    #[cfg(feature = "schemars")]
    #[test]
    fn json_schema_is_nullable_and_optional() {
        let schema = schemars::schema_for!(Update).to_value();
        assert_eq!(
            schema["properties"]["webhook_url"],
            json!({ "type": ["string", "null"] })
        );
        assert_eq!(schema.get("required"), None);
    }

    #[cfg(feature = "utoipa")]
    #[test]
    fn openapi_schema_is_nullable() {
        let schema = <Patch<String> as utoipa::PartialSchema>::schema();
        assert_eq!(
            serde_json::to_value(schema).unwrap(),
            json!({ "oneOf": [{ "type": "null" }, { "type": "string" }] })
        );
    }
}
