//! JSON with nothing overlooked: a member that stands twice is a fault, text after the end as well.
//!
//! Values borrow from the body. They live from reading to the type that is made of them, and a
//! copy of each text on that way was a measurable part (`cargo xtask bench api`) of a small POST.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Number};

use crate::fault::MAX_FAULTS;
use crate::shape::Place;
use crate::{Fault, Location, Rule};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    /// The same without what it was read from.
    pub(crate) fn owned(self) -> Json<'static> {
        let text = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Json::Null => Json::Null,
            Json::Boolean(value) => Json::Boolean(value),
            Json::Number(number) => Json::Number(number),
            Json::Text(value) => Json::Text(text(value)),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::owned).collect()),
            Json::Object(members) => {
                let members = members.into_iter();
                let members = members.map(|(name, value)| (text(name), value.owned()));
                Json::Object(members.collect())
            }
        }
    }
}

/// Reads one JSON value; faults are added to `faults`, and there is no value if it is not JSON.
pub(crate) fn read<'a>(bytes: &'a [u8], faults: &mut Vec<Fault>) -> Option<Json<'a>> {
    let repeated = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let strict = Strict {
        place: &Place::Root,
        repeated: &repeated,
    };
    let value = strict
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(value) => {
            faults.append(&mut repeated.into_inner());
            Some(value)
        }
        Err(error) => {
            let message = format!("must be JSON: {error}");
            faults.push(Fault::new(Location::Body, "", Rule::Syntax, message));
            None
        }
    }
}

/// Reads the value at `place` and notes the members in it that stand twice.
struct Strict<'a> {
    place: &'a Place<'a>,
    repeated: &'a RefCell<Vec<Fault>>,
}

/// The name of a member, borrowed where no escape is in it.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl Strict<'_> {
    /// Sorts, because comparing each name with each takes too long for the largest body; but most
    /// objects are small, and have no name twice.
    fn note_repeated(&self, members: &[(Cow<'_, str>, Json<'_>)]) {
        let is_repeated = |index: usize| {
            let (before, rest) = members.split_at(index);
            before.iter().any(|(name, _)| *name == rest[0].0)
        };
        if members.len() <= 8 && !(0..members.len()).any(is_repeated) {
            return;
        }
        let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        let mut repeated: Vec<&str> = names
            .windows(2)
            .filter(|pair| pair[0] == pair[1])
            .map(|pair| pair[0])
            .collect();
        repeated.dedup();
        // As many as are told anyway: each of them holds the whole path to its object.
        let room = MAX_FAULTS.saturating_sub(self.repeated.borrow().len());
        for name in repeated.into_iter().take(room) {
            let field = Place::Member(self.place, name).to_string();
            let fault = Fault::new(
                Location::Body,
                field,
                Rule::Duplicate,
                "must stand once only",
            );
            self.repeated.borrow_mut().push(fault);
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(value.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut values = Vec::new();
        loop {
            let place = Place::Item(self.place, values.len());
            let item = Strict {
                place: &place,
                repeated: self.repeated,
            };
            match items.next_element_seed(item)? {
                Some(value) => values.push(value),
                None => return Ok(Json::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let mut values = Vec::new();
        while let Some(Name(name)) = members.next_key()? {
            let place = Place::Member(self.place, &name);
            let member = Strict {
                place: &place,
                repeated: self.repeated,
            };
            let value = members.next_value_seed(member)?;
            values.push((name, value));
        }
        self.note_repeated(&values);
        Ok(Json::Object(values))
    }
}

impl<'de> Deserializer<'de> for Json<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Boolean(value) => visitor.visit_bool(value),
            Self::Number(number) => number.deserialize_any(visitor),
            Self::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Self::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Self::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter())),
            Self::Object(members) => visitor.visit_map(MapDeserializer::new(members.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self {
            Self::Null => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// A text is a variant without content; an object with one member, the variant of its name.
    /// Enumerations with a tag inside, or with none, are read as any value is.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self {
            Self::Text(text) => visitor.visit_enum(text.into_deserializer()),
            Self::Object(members) if members.len() == 1 => {
                let members = MapDeserializer::new(members.into_iter());
                visitor.visit_enum(MapAccessDeserializer::new(members))
            }
            other => other.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Json<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Value>, fields: &[(&str, Rule)]) {
        let mut faults = Vec::new();
        let value = read(text.as_bytes(), &mut faults);
        let value = value.map(|value| Value::deserialize(value).unwrap());
        assert_eq!(value, expected);
        let found: Vec<_> = faults
            .iter()
            .map(|fault| (fault.field.as_str(), fault.rule))
            .collect();
        assert_eq!(found, fields);
    }

    #[test]
    fn values_are_kept_exactly() {
        let text = r#"{"a":[null,true,-1,18446744073709551615,1.5,"\u00e9"],"b":{}}"#;
        let expected = json!({"a": [null, true, -1, 18446744073709551615_u64, 1.5, "é"], "b": {}});
        check(text, Some(expected), &[]);
    }

    #[test]
    fn every_member_that_stands_twice_is_named() {
        let text = r#"{"a":1,"a":2,"b":[{"c":1,"c":1}],"a":3}"#;
        let expected = json!({"a": 3, "b": [{"c": 1}]});
        let faults = ["b[0].c", "a"].map(|field| (field, Rule::Duplicate));
        check(text, Some(expected), &faults);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "{} {}",
            "nul",
            "{\"a\":1,}",
            "\u{feff}{}",
            "1e400",
            "'a'",
        ] {
            check(text, None, &[("", Rule::Syntax)]);
        }
        let deep = "[".repeat(100_000);
        check(&deep, None, &[("", Rule::Syntax)]);
    }

    /// The ways in which enumerations are written.
    #[test]
    fn enumerations_are_read() {
        #[derive(Debug, PartialEq, Deserialize)]
        enum External {
            Unit,
            One(i64),
            Two(i64, String),
            Members { a: Option<bool> },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(tag = "kind", content = "value")]
        enum Adjacent {
            Unit,
            One(u64),
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(tag = "kind")]
        enum Internal {
            Members { a: Vec<External> },
        }
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(untagged)]
        enum Untagged {
            Number(u64),
            External(External),
            Internal(Internal),
            Adjacent(Adjacent),
            Nothing,
        }

        #[track_caller]
        fn check(text: &str, expected: Option<Untagged>) {
            let value = read(text.as_bytes(), &mut Vec::new()).unwrap();
            assert_eq!(Untagged::deserialize(value).ok(), expected, "{text}");
        }
        #[track_caller]
        fn check_external(text: &str, expected: Option<External>) {
            let value = read(text.as_bytes(), &mut Vec::new()).unwrap();
            assert_eq!(External::deserialize(value).ok(), expected, "{text}");
        }
        check_external(r#""Unit""#, Some(External::Unit));
        check_external(r#"{"Unit":null}"#, Some(External::Unit));
        check_external(r#"{"One":7}"#, Some(External::One(7)));
        check_external(r#"{"Two":[7,"b"]}"#, Some(External::Two(7, "b".to_owned())));
        check_external(
            r#"{"Members":{"a":true}}"#,
            Some(External::Members { a: Some(true) }),
        );
        check_external(r#"{"One":7,"Unit":null}"#, None);
        check_external(r#"{"Three":7}"#, None);
        check_external("{}", None);
        check_external("7", None);

        check("18446744073709551615", Some(Untagged::Number(u64::MAX)));
        check(r#"{"One":-7}"#, Some(Untagged::External(External::One(-7))));
        check(
            r#"{"kind":"Members","a":["Unit",{"One":1}]}"#,
            Some(Untagged::Internal(Internal::Members {
                a: vec![External::Unit, External::One(1)],
            })),
        );
        check(
            r#"{"value":18446744073709551615,"kind":"One"}"#,
            Some(Untagged::Adjacent(Adjacent::One(u64::MAX))),
        );
        check("null", Some(Untagged::Nothing));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let mut faults = Vec::new();
        assert_eq!(read(b"\"\xff\"", &mut faults), None);
        assert_eq!(faults[0].rule, Rule::Syntax);
    }

    #[test]
    fn a_hostile_body_gives_few_and_short_faults() {
        let members: Vec<_> = (0..1000)
            .map(|index| format!("\"{index}\":1,\"{index}\":1"))
            .collect();
        let text = format!("{{\"{}\":{{{}}}}}", "k".repeat(30_000), members.join(","));
        let mut faults = Vec::new();
        read(text.as_bytes(), &mut faults);
        assert_eq!(faults.len(), MAX_FAULTS);
        assert!(faults.iter().all(|fault| fault.field == "k".repeat(128)));

        let refusal = crate::Refusal::bad_request([faults.clone(), faults].concat());
        let problem = refusal.problem();
        assert_eq!(problem.message(), "the request breaks more than 64 rules");
        assert_eq!(problem.faults().len(), MAX_FAULTS);
    }
}
